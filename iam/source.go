package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// API is the part of the IAM client that [New] uses. An answer whose list is nil is none, as IAM writes a list of nothing:
// another implementation gives an empty list where there is nothing, else it was not read.
type API interface {
	iam.GetRoleAPIClient
	iam.ListRolePoliciesAPIClient
	iam.ListAttachedRolePoliciesAPIClient
	iam.GetPolicyAPIClient
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
}

var _ API = (*iam.Client)(nil)

// Source finds out about roles. A role that could not be read, or does not exist, is an answer and not an error; an error
// means that the context ended, beside what was read until then, or that arn names no role.
type Source interface {
	Role(ctx context.Context, arn string) (*Role, error)
}

// SourceFunc makes a function a [Source].
type SourceFunc func(ctx context.Context, arn string) (*Role, error)

// Role calls f.
func (f SourceFunc) Role(ctx context.Context, arn string) (*Role, error) { return f(ctx, arn) }

// New reads roles from the account that the API's credentials belong to. IAM looks roles up by name within that account:
// if the role asked for turns out to be another one of the same name, it stays unread, with a [MismatchError]; that
// there is no such role says nothing about other accounts.
func New(api API, opts ...Option) Source {
	s := &source{api: api}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Option is a setting of [New].
type Option func(*source)

type source struct {
	api        API
	membership *membership // nil: the organization is not asked for
	library    *library    // nil: one for each question
}

// Sharer is a [Source] for many roles.
type Sharer interface {
	Source
	// Shared returns a Source that reads each managed policy once, however many roles it is attached to, each role once, by
	// whichever ARN it is asked for, and which organization the account belongs to. It keeps what it read.
	Shared() Source
}

// Shared returns a Source whose questions have their answers in common.
func (s *source) Shared() Source {
	shared := &source{api: s.api, library: &library{api: s.api}}
	if s.membership != nil {
		WithOrganization(s.membership.api)(shared)
	}
	return shared
}

// MismatchError says that the account has a role of the name asked for, but it is not the role asked for: the credentials
// belong to another account, or the path in the ARN is wrong.
type MismatchError struct {
	Asked, Found string // ARNs
}

func (e *MismatchError) Error() string {
	return "asked for " + e.Asked + ", this account's role of that name is " + e.Found
}
