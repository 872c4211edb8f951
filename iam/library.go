package iam

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// library reads every managed policy once: a boundary is often attached as well, and roles have policies in common.
type library struct {
	api   API
	mu    sync.Mutex
	books map[string]*kept[facts]
}

type managed struct{ name, arn string }

func newLibrary(api API) *library {
	return &library{api: api, books: map[string]*kept[facts]{}}
}

func (l *library) read(ctx context.Context, m managed) facts {
	l.mu.Lock()
	book := l.books[m.arn]
	if book == nil {
		book = newKept[facts]()
		l.books[m.arn] = book
	}
	l.mu.Unlock()
	found, err := book.get(ctx, func() (facts, error) { return l.fetch(ctx, m), nil })
	if err != nil { // of a context that ended
		found = facts{}
		found.fail("iam:GetPolicy", err)
	}
	return found
}

// fetch reads the default version, the only one in force.
func (l *library) fetch(ctx context.Context, m managed) (found facts) {
	out, err := l.api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &m.arn})
	if err == nil && (out == nil || out.Policy == nil || out.Policy.DefaultVersionId == nil) {
		err = errors.New("the answer names no default version")
	}
	if err != nil {
		found.fail("iam:GetPolicy", err)
		return found
	}
	version, err := l.api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &m.arn, VersionId: out.Policy.DefaultVersionId})
	if err == nil && (version == nil || version.PolicyVersion == nil || version.PolicyVersion.Document == nil) {
		err = errors.New("the answer holds no document")
	}
	if err != nil {
		found.fail("iam:GetPolicyVersion", err)
		return found
	}
	name := or(aws.ToString(out.Policy.PolicyName), m.name)
	found.Policies = []Policy{policy(name, m.arn, *version.PolicyVersion.Document)}
	return found
}

// atOnce is how many policies of a role are read at a time. IAM throttles per account, and others use it too.
const atOnce = 4

// collect reads all and adds what it finds in the order of the names, so that two readings of one role are equal.
func collect[T any](into *facts, names []T, read func(T) facts) {
	out := make([]facts, len(names))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, name := range names {
		turns <- struct{}{}
		all.Go(func() {
			out[i] = read(name)
			<-turns
		})
	}
	all.Wait()
	for _, one := range out {
		into.add(one)
	}
}
