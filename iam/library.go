package iam

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// library reads everything once: a boundary is often attached as well, roles have policies in common, and two ARNs may name
// one role, because IAM looks it up by its name.
type library struct {
	api              API
	roles            shelf[*iam.GetRoleOutput]
	inline, attached shelf[facts] // by role
	managed          shelf[facts]
}

// shelf keeps answers by what was asked for.
type shelf[V any] struct {
	mu    sync.Mutex
	books map[string]*kept[V]
}

func (s *shelf[V]) get(ctx context.Context, name string, ask func() (V, error)) (V, error) {
	s.mu.Lock()
	book := s.books[name]
	if book == nil {
		if s.books == nil {
			s.books = map[string]*kept[V]{}
		}
		book = newKept[V]()
		s.books[name] = book
	}
	s.mu.Unlock()
	return book.get(ctx, ask)
}

// factsOf returns what is kept under a name, or fetched. action is what a context that ended kept from being called.
func factsOf(ctx context.Context, s *shelf[facts], name, action string, fetch func() facts) facts {
	found, err := s.get(ctx, name, func() (facts, error) { return fetch(), nil })
	if err != nil {
		found = facts{}
		found.fail(action, err)
	}
	return found
}

type managed struct{ name, arn string }

func (l *library) read(ctx context.Context, m managed) facts {
	return factsOf(ctx, &l.managed, m.arn, "iam:GetPolicy", func() facts { return l.fetch(ctx, m) })
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
