package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
)

// PutRolePolicy adds an inline policy to a role, or replaces the one of that name.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
type PutRolePolicy struct {
	Role           string       `json:"role"` // its ARN
	PolicyName     string       `json:"policyName"`
	PolicyDocument iam.Document `json:"policyDocument"`
}

// Commands is one call of put-role-policy.
func (c PutRolePolicy) Commands() [][]string {
	return [][]string{awsCommand("", "iam", "put-role-policy", "--role-name", iam.RoleName(c.Role), "--policy-name", c.PolicyName,
		"--policy-document", documentText(c.PolicyDocument))}
}

// Terraform is an aws_iam_role_policy.
func (c PutRolePolicy) Terraform() string {
	role := iam.RoleName(c.Role)
	return resource("aws_iam_role_policy", role+"_"+c.PolicyName, argument{"name", c.PolicyName},
		argument{"role", role}, argument{"policy", c.PolicyDocument})
}

// Apply puts the policy among the role's.
func (c PutRolePolicy) Apply(s *Snapshot) error {
	return s.eachRole(c.Role, func(r *iam.Role) error {
		i := slices.IndexFunc(r.Identity.Policies, func(p iam.Policy) bool { return p.ARN == "" && p.Name == c.PolicyName })
		if i < 0 {
			r.Identity.Policies = append(r.Identity.Policies, iam.Policy{Name: c.PolicyName})
			i = len(r.Identity.Policies) - 1
		}
		r.Identity.Policies[i].Document = c.PolicyDocument
		return nil
	})
}

// DeleteRolePolicy deletes an inline policy of a role.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html
type DeleteRolePolicy struct {
	Role       string `json:"role"` // its ARN
	PolicyName string `json:"policyName"`
}

// Commands is one call of delete-role-policy.
func (c DeleteRolePolicy) Commands() [][]string {
	return [][]string{awsCommand("", "iam", "delete-role-policy", "--role-name", iam.RoleName(c.Role), "--policy-name", c.PolicyName)}
}

// Terraform is a comment: what is deleted is a resource that is left out.
func (c DeleteRolePolicy) Terraform() string {
	return note("Remove the aws_iam_role_policy " + c.PolicyName + " of the role " + iam.RoleName(c.Role) + ".")
}

// Apply takes the policy from the role.
func (c DeleteRolePolicy) Apply(s *Snapshot) error {
	return s.eachRole(c.Role, func(r *iam.Role) error {
		return withoutPolicy(r, c.PolicyName, func(p iam.Policy) bool { return p.ARN == "" && p.Name == c.PolicyName })
	})
}

// AttachRolePolicy attaches a managed policy to a role.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
type AttachRolePolicy struct {
	Role           string       `json:"role"` // its ARN
	PolicyARN      string       `json:"policyARN"`
	PolicyDocument iam.Document `json:"policyDocument"` // what the policy says
}

// Commands is one call of attach-role-policy.
func (c AttachRolePolicy) Commands() [][]string {
	return [][]string{awsCommand("", "iam", "attach-role-policy", "--role-name", iam.RoleName(c.Role), "--policy-arn", c.PolicyARN)}
}

// Terraform is an aws_iam_role_policy_attachment.
func (c AttachRolePolicy) Terraform() string {
	role := iam.RoleName(c.Role)
	return resource("aws_iam_role_policy_attachment", role+"_"+nameIn(c.PolicyARN), argument{"role", role},
		argument{"policy_arn", c.PolicyARN})
}

// Apply puts the policy among the role's.
func (c AttachRolePolicy) Apply(s *Snapshot) error {
	return s.eachRole(c.Role, func(r *iam.Role) error {
		r.Identity.Policies = append(r.Identity.Policies, iam.Policy{Name: nameIn(c.PolicyARN), ARN: c.PolicyARN, Document: c.PolicyDocument})
		return nil
	})
}

// DetachRolePolicy takes a managed policy from a role.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html
type DetachRolePolicy struct {
	Role      string `json:"role"` // its ARN
	PolicyARN string `json:"policyARN"`
}

// Commands is one call of detach-role-policy.
func (c DetachRolePolicy) Commands() [][]string {
	return [][]string{awsCommand("", "iam", "detach-role-policy", "--role-name", iam.RoleName(c.Role), "--policy-arn", c.PolicyARN)}
}

// Terraform is a comment: what is detached is a resource that is left out.
func (c DetachRolePolicy) Terraform() string {
	return note("Remove the aws_iam_role_policy_attachment of " + c.PolicyARN + " to the role " + iam.RoleName(c.Role) + ".")
}

// Apply takes the policy from the role.
func (c DetachRolePolicy) Apply(s *Snapshot) error {
	return s.eachRole(c.Role, func(r *iam.Role) error {
		return withoutPolicy(r, c.PolicyARN, func(p iam.Policy) bool { return p.ARN == c.PolicyARN })
	})
}

// CreatePolicyVersion gives a customer managed policy another document, for everybody who has it, also as a permissions
// boundary. A policy has five versions at most: where it has as many, one has to be deleted first.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
type CreatePolicyVersion struct {
	PolicyARN      string       `json:"policyARN"`
	PolicyDocument iam.Document `json:"policyDocument"`
}

// Commands is one call of create-policy-version, which also makes the version the one in force.
func (c CreatePolicyVersion) Commands() [][]string {
	return [][]string{awsCommand("", "iam", "create-policy-version", "--policy-arn", c.PolicyARN, "--policy-document", documentText(c.PolicyDocument), "--set-as-default")}
}

// Terraform is the aws_iam_policy.
func (c CreatePolicyVersion) Terraform() string {
	return setting("aws_iam_policy", nameIn(c.PolicyARN), argument{"name", nameIn(c.PolicyARN)},
		argument{"path", pathOf(c.PolicyARN)}, argument{"policy", c.PolicyDocument})
}

// Apply replaces the policy's document wherever it is attached or a boundary.
func (c CreatePolicyVersion) Apply(s *Snapshot) error {
	found := false
	replace := func(l *iam.Layer) {
		for i := range l.Policies {
			if l.Policies[i].ARN == c.PolicyARN {
				l.Policies[i].Document, found = c.PolicyDocument, true
			}
		}
	}
	for _, a := range s.Facts.Roles {
		if a.Fact != nil {
			replace(&a.Fact.Identity)
			if a.Fact.Boundary != nil {
				replace(a.Fact.Boundary)
			}
		}
	}
	if !found {
		return fmt.Errorf("the policy %s is not among the facts", c.PolicyARN)
	}
	return nil
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
type UpdateAssumeRolePolicy struct {
	Role           string       `json:"role"` // its ARN
	PolicyDocument iam.Document `json:"policyDocument"`
}

// Commands is one call of update-assume-role-policy.
func (c UpdateAssumeRolePolicy) Commands() [][]string {
	return [][]string{awsCommand("", "iam", "update-assume-role-policy", "--role-name", iam.RoleName(c.Role), "--policy-document", documentText(c.PolicyDocument))}
}

// Terraform is the aws_iam_role.
func (c UpdateAssumeRolePolicy) Terraform() string { return terraformRole(c.Role, c.PolicyDocument) }

// Apply replaces the trust policy.
func (c UpdateAssumeRolePolicy) Apply(s *Snapshot) error {
	return s.eachRole(c.Role, func(r *iam.Role) error {
		r.Trust = &iam.Policy{Name: trustPolicy, Document: c.PolicyDocument}
		return nil
	})
}

// CreateRole creates a role without policies of its own.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
type CreateRole struct {
	Role                     string       `json:"role"` // the ARN that it will have
	AssumeRolePolicyDocument iam.Document `json:"assumeRolePolicyDocument"`
}

// Commands is one call of create-role.
func (c CreateRole) Commands() [][]string {
	words := awsCommand("", "iam", "create-role", "--role-name", iam.RoleName(c.Role), "--assume-role-policy-document", documentText(c.AssumeRolePolicyDocument))
	if path := pathOf(c.Role); path != "/" {
		words = append(words, "--path", path)
	}
	return [][]string{words}
}

// Terraform is an aws_iam_role.
func (c CreateRole) Terraform() string { return terraformRole(c.Role, c.AssumeRolePolicyDocument) }

// Apply lets the role be there, under the ARN and under its bare name.
func (c CreateRole) Apply(s *Snapshot) error {
	name := iam.RoleName(c.Role)
	if name == "" {
		return fmt.Errorf("%q names no role", c.Role)
	}
	exists := true
	for _, asked := range []string{c.Role, name} {
		learn(&s.Facts.Roles, asked, &iam.Role{ARN: c.Role, Name: name, Path: pathOf(c.Role), Exists: &exists, Tags: map[string]string{},
			Trust: &iam.Policy{Name: trustPolicy, Document: c.AssumeRolePolicyDocument}})
	}
	return nil
}

func withoutPolicy(r *iam.Role, called string, is func(iam.Policy) bool) error {
	if !slices.ContainsFunc(r.Identity.Policies, is) {
		return fmt.Errorf("%s has no policy %s among the facts", r.ARN, called)
	}
	r.Identity.Policies = slices.DeleteFunc(r.Identity.Policies, is)
	return nil
}

// trustPolicy is what iam calls a role's trust policy.
const trustPolicy = "trust policy"

func terraformRole(arn string, trust iam.Document) string {
	name := iam.RoleName(arn)
	return resource("aws_iam_role", name, argument{"name", name}, argument{"path", pathOf(arn)},
		argument{"assume_role_policy", trust})
}

// nameIn returns what an ARN ends in after its last slash: the name of a managed policy, or the ID of a key.
func nameIn(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// pathOf returns the path in the ARN of a role or a policy: "/", or "/app/".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func pathOf(arn string) string {
	_, resource, _ := strings.Cut(arn, "/")
	return "/" + resource[:strings.LastIndexByte(resource, '/')+1]
}
