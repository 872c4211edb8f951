package iam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Role asks for the role, its inline policies, its attached policies and the organization at once. None stops the others:
// what one may not read they may.
func (s *source) Role(ctx context.Context, arn string) (*Role, error) {
	name := RoleName(arn)
	if name == "" {
		return nil, fmt.Errorf("iam: %q names no role", arn)
	}
	l := s.library
	if l == nil {
		l = &library{api: s.api}
	}
	r := &Role{Name: name}
	if _, ok := segments(arn); ok {
		r.ARN = arn
	}
	var self, inline, attached facts
	var organization *string
	var unread error
	var all sync.WaitGroup
	all.Go(func() { self = l.role(ctx, r) })
	all.Go(func() {
		inline = factsOf(ctx, &l.inline, name, "iam:ListRolePolicies", func() facts { return l.inlineOf(ctx, name) })
	})
	all.Go(func() {
		attached = factsOf(ctx, &l.attached, name, "iam:ListAttachedRolePolicies", func() facts { return l.attachedTo(ctx, name) })
	})
	all.Go(func() { organization, unread = s.membership.read(ctx) })
	all.Wait()

	r.settle(self, inline, attached)
	r.join(organization, unread)
	return r, ctx.Err()
}

// facts is what one branch found: policies, and the first error of each action that failed.
type facts struct {
	Layer
	errs map[string]error
}

// note keeps the first error of an action.
func (f *facts) note(action string, err error) {
	if f.errs == nil {
		f.errs = map[string]error{}
	}
	if f.errs[action] == nil {
		f.errs[action] = err
	}
}

// fail notes an error that leaves the policies incomplete.
func (f *facts) fail(action string, err error) {
	f.note(action, err)
	if !slices.Contains(f.Missing, action) {
		f.Missing = append(f.Missing, action)
	}
}

func (f *facts) add(other facts) {
	f.Policies = append(f.Policies, other.Policies...)
	for _, action := range other.Missing {
		f.fail(action, other.errs[action])
	}
}

const getRole = "iam:GetRole"

// role fills in what GetRole tells, and finds the boundary, which is a managed policy.
func (l *library) role(ctx context.Context, r *Role) (boundary facts) {
	out, err := l.roles.get(ctx, r.Name, func() (*iam.GetRoleOutput, error) {
		return l.api.GetRole(ctx, &iam.GetRoleInput{RoleName: &r.Name})
	})
	switch {
	case absent(err):
		r.Exists = new(false)
		return boundary
	case err == nil && (out == nil || out.Role == nil):
		err = errors.New("the answer holds no role")
	case err == nil && r.ARN != "" && !r.is(aws.ToString(out.Role.Arn)):
		r.Namesake = aws.ToString(out.Role.Arn)
		err = &MismatchError{Asked: r.ARN, Found: r.Namesake}
	}
	if err != nil {
		boundary.fail(getRole, err)
		r.Boundary = &Layer{Missing: []string{getRole}}
		return boundary
	}
	role := out.Role
	r.Exists = new(true)
	r.ARN, r.Name = aws.ToString(role.Arn), aws.ToString(role.RoleName)
	r.Path, r.ID = aws.ToString(role.Path), aws.ToString(role.RoleId)
	r.Tags = map[string]string{}
	for _, tag := range role.Tags {
		r.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	if doc := role.AssumeRolePolicyDocument; doc != nil {
		r.Trust = new(policy("trust policy", "", *doc))
	} else {
		boundary.note(getRole, errors.New("the answer holds no trust policy"))
	}
	if b := role.PermissionsBoundary; b != nil {
		found := l.read(ctx, managed{arn: aws.ToString(b.PermissionsBoundaryArn)})
		boundary.add(found)
		r.Boundary = &boundary.Layer
	}
	return boundary
}

// is compares the ARN asked for with IAM's answer. A session's ARN carries account and name only.
func (r *Role) is(answer string) bool {
	if strings.Contains(r.ARN, ":assumed-role/") {
		return account(r.ARN) == account(answer) && strings.EqualFold(r.Name, RoleName(answer))
	}
	return strings.EqualFold(r.ARN, answer)
}

// inlineOf reads the policies embedded in the role.
func (l *library) inlineOf(ctx context.Context, role string) (found facts) {
	pages := iam.NewListRolePoliciesPaginator(l.api, &iam.ListRolePoliciesInput{RoleName: &role})
	var names []string
	var listed listing
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err == nil {
			err = listed.page(page.PolicyNames != nil, page.Marker)
		}
		if err != nil {
			found.fail("iam:ListRolePolicies", err)
			break
		}
		names = append(names, page.PolicyNames...)
	}
	collect(&found, names, func(name string) (one facts) {
		out, err := l.api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if err == nil && (out == nil || out.PolicyDocument == nil) {
			err = errors.New("the answer holds no document")
		}
		if err != nil {
			one.fail("iam:GetRolePolicy", err)
			return one
		}
		one.Policies = []Policy{policy(name, "", *out.PolicyDocument)}
		return one
	})
	return found
}

// attachedTo reads the managed policies attached to the role.
func (l *library) attachedTo(ctx context.Context, role string) (found facts) {
	pages := iam.NewListAttachedRolePoliciesPaginator(l.api, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	var names []managed
	var listed listing
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err == nil {
			err = listed.page(page.AttachedPolicies != nil, page.Marker)
		}
		if err != nil {
			found.fail("iam:ListAttachedRolePolicies", err)
			break
		}
		for _, p := range page.AttachedPolicies {
			names = append(names, managed{name: aws.ToString(p.PolicyName), arn: aws.ToString(p.PolicyArn)})
		}
	}
	collect(&found, names, func(m managed) facts { return l.read(ctx, m) })
	return found
}

// listing looks after the pages of a list. IAM writes a list that holds nothing, and no marker twice. An answer without a
// list is none of IAM's (the SDK takes an empty body and a portal's page for one), and after a marker that repeats nobody
// knows what is missing.
type listing struct{ seen map[string]bool }

func (l *listing) page(isList bool, marker *string) error {
	switch m := aws.ToString(marker); {
	case !isList:
		return errors.New("the answer holds no list")
	case m == "":
		return nil
	case l.seen[m]:
		return errors.New("the marker of a page repeats")
	case l.seen == nil:
		l.seen = map[string]bool{m: true}
	default:
		l.seen[m] = true
	}
	return nil
}

// absent is whether IAM says that there is no such thing.
func absent(err error) bool {
	var none *types.NoSuchEntityException
	return errors.As(err, &none)
}

func policy(name, arn, document string) Policy {
	d, _ := Parse(document) // what is malformed stays in the document, as unknown
	return Policy{Name: name, ARN: arn, Document: d}
}
