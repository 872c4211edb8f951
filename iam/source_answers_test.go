package iam_test

import (
	"context"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

// odd answers some operations as IAM does not.
type odd struct {
	*iamtest.Fake
	inline   func(*sdk.ListRolePoliciesOutput)
	attached func(*sdk.ListAttachedRolePoliciesOutput)
	simulate func(*sdk.SimulatePrincipalPolicyOutput)
}

func (o odd) ListRolePolicies(ctx context.Context, in *sdk.ListRolePoliciesInput, opts ...func(*sdk.Options)) (*sdk.ListRolePoliciesOutput, error) {
	out, err := o.Fake.ListRolePolicies(ctx, in, opts...)
	o.inline(out)
	return out, err
}

func (o odd) ListAttachedRolePolicies(ctx context.Context, in *sdk.ListAttachedRolePoliciesInput, opts ...func(*sdk.Options)) (*sdk.ListAttachedRolePoliciesOutput, error) {
	out, err := o.Fake.ListAttachedRolePolicies(ctx, in, opts...)
	o.attached(out)
	return out, err
}

func (o odd) SimulatePrincipalPolicy(ctx context.Context, in *sdk.SimulatePrincipalPolicyInput, opts ...func(*sdk.Options)) (*sdk.SimulatePrincipalPolicyOutput, error) {
	out, err := o.Fake.SimulatePrincipalPolicy(ctx, in, opts...)
	o.simulate(out)
	return out, err
}

// The SDK takes an empty body, and a portal's page, for an answer without a list. IAM writes a list of nothing. After a
// marker that was given before, nobody knows what is missing, and asking again would never end.
func TestAListThatIsNoneOrNeverEndsIsNotRead(t *testing.T) {
	for name, o := range map[string]odd{
		"no list": {
			inline:   func(out *sdk.ListRolePoliciesOutput) { out.PolicyNames = nil },
			attached: func(out *sdk.ListAttachedRolePoliciesOutput) { out.AttachedPolicies = nil },
			simulate: func(out *sdk.SimulatePrincipalPolicyOutput) { out.EvaluationResults = nil },
		},
		"a marker that repeats": {
			inline:   func(out *sdk.ListRolePoliciesOutput) { out.IsTruncated, out.Marker = true, new("again") },
			attached: func(out *sdk.ListAttachedRolePoliciesOutput) { out.IsTruncated, out.Marker = true, new("again") },
			simulate: func(out *sdk.SimulatePrincipalPolicyOutput) { out.IsTruncated, out.Marker = true, new("again") },
		},
	} {
		o.Fake = accountOf(nil)
		o.Simulated = []types.EvaluationResult{}
		role, err := iam.New(o).Role(t.Context(), roleARN)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"iam:ListRolePolicies", "iam:ListAttachedRolePolicies"} {
			if role.Unread[action] == nil {
				t.Errorf("%s: %s is not named: %v", name, action, role.Unread)
			}
		}
		if d := role.Can(iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"}); d.Outcome != iam.Unknown && d.Outcome != iam.Allowed {
			t.Errorf("%s: a policy that was not read denies: %v", name, d)
		}
		organization, err := iam.NewOrganizations(o).Organization(t.Context(), iam.Guardrails{Role: roleARN, Actions: []string{"ecr:GetAuthorizationToken"}})
		if err != nil || organization.Unread == nil {
			t.Errorf("%s: the organization is %+v, %v", name, organization, err)
		}
	}
}
