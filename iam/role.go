package iam

import (
	"maps"
	"strings"
)

// Role is what was read about an IAM role. Nil means not read; empty means read, and there is none.
type Role struct {
	ARN      string // as IAM answered, or as asked for if it did not; "": only a name was asked for, and nobody answered
	Name     string
	Path     string // "/" or "/app/"; "": not read
	ID       string // the unique id, "AROA…"; "": not read
	Exists   *bool  // nil: not read
	Namesake string `json:",omitempty"` // the ARN of this account's role of that name, where it is not the one asked for
	Trust    *Policy
	Identity Layer // inline policies, then attached managed ones; none and nothing Missing: read, and there are none
	// Boundary is nil if the role has none. If that was not read, it is a layer with no policy and Missing iam:GetRole.
	Boundary *Layer
	Tags     map[string]string
	// Organization is the id, "o-…", of the AWS organization that the role's account belongs to; "": to none; nil: not read.
	Organization *string `json:",omitempty"`
	// Unread holds the first error of each action, keyed "iam:GetRole". It is for the reason given to people only: no
	// decision consults it, and it does not survive JSON.
	Unread map[string]error `json:"-"`
}

// WrongPath reports whether the ARN asked for is certain to be nobody's: names are unique in an account whatever the path,
// and its role of that name has another ARN.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func (r *Role) WrongPath() bool {
	return r.Exists == nil && r.Namesake != "" && account(r.Namesake) == account(r.ARN) &&
		strings.EqualFold(RoleName(r.Namesake), RoleName(r.ARN)) && !strings.EqualFold(r.Namesake, r.ARN)
}

// Policies are the layers that the role brings to every request of its own.
func (r *Role) Policies() Policies {
	return Policies{Identity: r.Identity, Boundary: r.Boundary}
}

// Principal is a session of the role. Its name is not known: ECS chooses one per task.
func (r *Role) Principal() Principal {
	return Principal{ARN: r.ARN, Account: account(r.ARN), ID: r.ID}
}

// Context is what the role itself contributes to the context of its requests: its tags and its account's organization, or
// what would read them. The organizational units above the account are not read.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgid
func (r *Role) Context() Context {
	c := Context{"aws:PrincipalTag/*": Absent()}
	if r.Tags == nil {
		c["aws:PrincipalTag/*"] = Unread(getRole)
	}
	for key, value := range r.Tags {
		c["aws:PrincipalTag/"+key] = Present(value)
	}
	id, paths := Unread(describeOrganization), Unread(describeOrganization)
	switch {
	case r.Organization == nil && r.Exists == nil: // and so not known to be of the account that the answer is about
		id, paths = Unread(getRole), Unread(getRole)
	case r.Organization == nil:
	case *r.Organization == "":
		id, paths = Absent(), Absent()
	default:
		id, paths = Present(*r.Organization), PresentUnknown()
	}
	c["aws:PrincipalOrgID"], c["aws:PrincipalOrgPaths"] = id, paths
	return c
}

// Can evaluates a request of this role against the role's own policies alone, with the role as principal and its tags in
// the context. It suits actions that no resource policy governs, such as ecr:GetAuthorizationToken.
func (r *Role) Can(request Request) Decision {
	request.Principal = r.Principal()
	known := r.Context()
	maps.Copy(known, request.Context)
	request.Context = known
	return Evaluate(request, r.Policies())
}

// Assumable evaluates the trust policy: whether the service, such as "ecs-tasks.amazonaws.com", may assume the role. The
// account and the ARN on whose behalf it does so are the guard against a confused deputy; "" means that the service sends
// one which is not known.
//
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (r *Role) Assumable(service, sourceAccount, sourceARN string) Decision {
	trust := &Layer{}
	switch {
	case r.Trust != nil:
		trust.Policies = []Policy{*r.Trust}
	case r.Exists == nil || *r.Exists:
		trust.Missing = []string{"iam:GetRole"}
	}
	sent := func(value string) Value {
		if value == "" {
			return PresentUnknown()
		}
		return Present(value)
	}
	return Evaluate(Request{
		Action:          "sts:AssumeRole",
		Resource:        r.ARN,
		ResourceAccount: account(r.ARN),
		Principal:       Principal{Service: service},
		Context: Context{
			"aws:SourceAccount": sent(sourceAccount),
			"aws:SourceArn":     sent(sourceARN),
		},
	}, Policies{Resource: trust})
}
