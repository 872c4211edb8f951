// Package iamtest fakes the part of IAM that reads roles and policies, and which organization their account belongs to.
//
// A [Fake] answers from what `aws iam get-account-authorization-details` prints, so that any account can be captured with
// one read-only call and replayed. It keeps to IAM's own habits: documents are URL-encoded, lists come in pages, what is
// not there gives NoSuchEntity, and a policy of AWS's own is there only if the capture holds it.
package iamtest

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/smithy-go"

	canpull "github.com/canpull/canpull/iam"
)

var (
	_ canpull.API         = (*Fake)(nil)
	_ canpull.SimulateAPI = (*Fake)(nil)

	_ canpull.OrganizationsAPI = (*Fake)(nil)
)

// Fake is an IAM to be read from. Its zero value denies everything. It may be used by several goroutines at once if Before
// may; the fields must not change meanwhile.
type Fake struct {
	// Details is the account. Nil: every operation is denied. Documents may be plain or URL-encoded.
	Details *iam.GetAccountAuthorizationDetailsOutput
	// Simulated is what the policy simulator answers, by action. Nil: it may not be called.
	Simulated []types.EvaluationResult
	// Organization is the id of the organization that the account belongs to; "": to none; nil: it may not be asked for.
	Organization *string
	// Before is called before each operation with its IAM action, such as "iam:GetRole", and its input. An error is
	// returned to the caller as it is; see [Denied].
	Before func(ctx context.Context, action string, input any) error
	// PageSize limits the items of a page. 0: everything is one page.
	PageSize int
}

// GetRole answers with the role and its boundary.
func (f *Fake) GetRole(ctx context.Context, in *iam.GetRoleInput, _ ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	role, err := f.role(ctx, "GetRole", in, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: &types.Role{
		Arn:                      role.Arn,
		RoleName:                 role.RoleName,
		RoleId:                   role.RoleId,
		Path:                     role.Path,
		CreateDate:               role.CreateDate,
		Tags:                     role.Tags,
		PermissionsBoundary:      role.PermissionsBoundary,
		AssumeRolePolicyDocument: encoded(role.AssumeRolePolicyDocument),
	}}, nil
}

// ListRolePolicies lists the inline policies.
func (f *Fake) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput, _ ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error) {
	role, err := f.role(ctx, "ListRolePolicies", in, in.RoleName)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range role.RolePolicyList {
		names = append(names, aws.ToString(p.PolicyName))
	}
	out := &iam.ListRolePoliciesOutput{}
	out.PolicyNames, out.Marker = page(f.PageSize, names, in.Marker)
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// ListAttachedRolePolicies lists the managed policies.
func (f *Fake) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput, _ ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	role, err := f.role(ctx, "ListAttachedRolePolicies", in, in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListAttachedRolePoliciesOutput{}
	out.AttachedPolicies, out.Marker = page(f.PageSize, role.AttachedManagedPolicies, in.Marker)
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// GetRolePolicy answers with one inline policy.
func (f *Fake) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput, _ ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error) {
	const operation = "GetRolePolicy"
	role, err := f.role(ctx, operation, in, in.RoleName)
	if err != nil {
		return nil, err
	}
	for _, p := range role.RolePolicyList {
		if aws.ToString(p.PolicyName) == aws.ToString(in.PolicyName) {
			return &iam.GetRolePolicyOutput{RoleName: role.RoleName, PolicyName: p.PolicyName, PolicyDocument: encoded(p.PolicyDocument)}, nil
		}
	}
	return nil, none(operation, "The role policy with name %s cannot be found.", in.PolicyName)
}

// GetPolicy answers with a managed policy, without its document.
func (f *Fake) GetPolicy(ctx context.Context, in *iam.GetPolicyInput, _ ...func(*iam.Options)) (*iam.GetPolicyOutput, error) {
	p, err := f.policy(ctx, "GetPolicy", in, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyOutput{Policy: &types.Policy{
		Arn:              p.Arn,
		PolicyName:       p.PolicyName,
		PolicyId:         p.PolicyId,
		Path:             p.Path,
		DefaultVersionId: p.DefaultVersionId,
		IsAttachable:     p.IsAttachable,
	}}, nil
}

// GetPolicyVersion answers with one version of a managed policy.
func (f *Fake) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionInput, _ ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error) {
	const operation = "GetPolicyVersion"
	p, err := f.policy(ctx, operation, in, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	for _, version := range p.PolicyVersionList {
		if aws.ToString(version.VersionId) == aws.ToString(in.VersionId) {
			version.Document = encoded(version.Document)
			return &iam.GetPolicyVersionOutput{PolicyVersion: &version}, nil
		}
	}
	return nil, none(operation, "Policy version %s does not exist or is not attachable.", in.VersionId)
}

// SimulatePrincipalPolicy answers with what Simulated holds of the actions asked about, whatever the resources.
func (f *Fake) SimulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyInput, _ ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	const operation = "SimulatePrincipalPolicy"
	if err := f.enter(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Simulated == nil {
		return nil, Denied(operation)
	}
	out := &iam.SimulatePrincipalPolicyOutput{EvaluationResults: []types.EvaluationResult{}}
	for _, r := range f.Simulated {
		if slices.ContainsFunc(in.ActionNames, func(action string) bool { return strings.EqualFold(action, aws.ToString(r.EvalActionName)) }) {
			out.EvaluationResults = append(out.EvaluationResults, r)
		}
	}
	return out, nil
}

// DescribeOrganization answers for AWS Organizations.
func (f *Fake) DescribeOrganization(ctx context.Context, in *organizations.DescribeOrganizationInput, _ ...func(*organizations.Options)) (*organizations.DescribeOrganizationOutput, error) {
	const operation = "DescribeOrganization"
	if f.Before != nil {
		if err := f.Before(ctx, "organizations:"+operation, in); err != nil {
			return nil, err
		}
	}
	fail := func(err error) error {
		return &smithy.OperationError{ServiceID: "Organizations", OperationName: operation, Err: err}
	}
	switch {
	case ctx.Err() != nil:
		return nil, fail(ctx.Err())
	case f.Organization == nil:
		return nil, fail(&smithy.GenericAPIError{Code: "AccessDeniedException", Message: "You don't have permissions to access this resource.", Fault: smithy.FaultClient})
	case *f.Organization == "":
		return nil, fail(&orgtypes.AWSOrganizationsNotInUseException{Message: aws.String("Your account is not a member of an organization.")})
	}
	return &organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{Id: f.Organization}}, nil
}

// enter runs what every operation has in common.
func (f *Fake) enter(ctx context.Context, operation string, in any) error {
	if f.Before != nil {
		if err := f.Before(ctx, "iam:"+operation, in); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return failed(operation, err)
	}
	if f.Details == nil {
		return Denied(operation)
	}
	return nil
}

// role finds a role by name, as IAM does without regard to case.
func (f *Fake) role(ctx context.Context, operation string, in any, name *string) (types.RoleDetail, error) {
	if err := f.enter(ctx, operation, in); err != nil {
		return types.RoleDetail{}, err
	}
	for _, role := range f.Details.RoleDetailList {
		if strings.EqualFold(aws.ToString(role.RoleName), aws.ToString(name)) {
			return role, nil
		}
	}
	return types.RoleDetail{}, none(operation, "The role with name %s cannot be found.", name)
}

func (f *Fake) policy(ctx context.Context, operation string, in any, arn *string) (types.ManagedPolicyDetail, error) {
	if err := f.enter(ctx, operation, in); err != nil {
		return types.ManagedPolicyDetail{}, err
	}
	for _, p := range f.Details.Policies {
		if aws.ToString(p.Arn) == aws.ToString(arn) {
			return p, nil
		}
	}
	return types.ManagedPolicyDetail{}, none(operation, "Policy %s was not found.", arn)
}

// page cuts one page, which is never nil; the marker is the index at which the next one starts.
func page[T any](size int, all []T, marker *string) ([]T, *string) {
	if all == nil {
		all = []T{}
	}
	from, _ := strconv.Atoi(aws.ToString(marker))
	from = max(0, min(from, len(all)))
	if size <= 0 || from+size >= len(all) {
		return all[from:], nil
	}
	return all[from : from+size], aws.String(strconv.Itoa(from + size))
}
