package iam_test

import (
	"context"
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

func simulated(action string, allowed *bool) types.EvaluationResult {
	r := types.EvaluationResult{EvalActionName: &action}
	if allowed != nil {
		r.OrganizationsDecisionDetail = &types.OrganizationsDecisionDetail{AllowedByOrganizations: *allowed}
	}
	return r
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
func TestOrganization(t *testing.T) {
	for rule, test := range map[string]struct {
		results []types.EvaluationResult
		want    map[string]bool
	}{
		"allowed":                     {[]types.EvaluationResult{simulated(pull, new(true))}, map[string]bool{pull: true}},
		"denied":                      {[]types.EvaluationResult{simulated(pull, new(false))}, map[string]bool{pull: false}},
		"denied on one resource":      {[]types.EvaluationResult{simulated(pull, new(true)), simulated(pull, new(false)), simulated(pull, new(true))}, map[string]bool{pull: false}},
		"the action in another case":  {[]types.EvaluationResult{simulated("ECR:batchgetimage", new(true))}, map[string]bool{pull: true}},
		"no word of any organization": {[]types.EvaluationResult{simulated(pull, nil)}, map[string]bool{}},
		"no answer for the action":    {[]types.EvaluationResult{simulated("ecr:ListImages", new(true))}, map[string]bool{}},
		"no answer at all":            {[]types.EvaluationResult{}, map[string]bool{}},
	} {
		t.Run(rule, func(t *testing.T) {
			fake := accountOf(nil)
			fake.Simulated = test.results
			var asked *sdk.SimulatePrincipalPolicyInput
			fake.Before = func(_ context.Context, _ string, input any) error {
				asked = input.(*sdk.SimulatePrincipalPolicyInput)
				return nil
			}
			org, err := iam.NewOrganizations(fake).Organization(t.Context(), iam.Guardrails{
				Role: roleARN, Actions: []string{pull}, Resources: []string{repository},
				Context: iam.Context{"aws:SecureTransport": v("true"), "aws:SourceVpce": absent, "aws:SourceIp": some, "aws:RequestedRegion": v("eu-west-1")},
			})
			if err != nil || org.Unread != nil {
				t.Fatal(err, org.Unread)
			}
			if diff := cmp.Diff(test.want, org.Allowed); diff != "" {
				t.Error(diff)
			}
			if len(asked.ContextEntries) != 2 || *asked.ContextEntries[0].ContextKeyName != "aws:RequestedRegion" || *asked.PolicySourceArn != roleARN {
				t.Errorf("%+v", asked)
			}
		})
	}
}

func TestOrganizationThatDoesNotAnswer(t *testing.T) {
	broken := errors.New("HTTP 500")
	for rule, before := range map[string]error{"denied": nil, "not implemented": broken} {
		fake := &iamtest.Fake{Before: func(context.Context, string, any) error { return before }}
		org, err := iam.NewOrganizations(fake).Organization(t.Context(), iam.Guardrails{Role: roleARN, Actions: []string{pull}})
		if err != nil || org.Unread == nil || len(org.Allowed) != 0 || before != nil && !errors.Is(org.Unread, before) {
			t.Errorf("%s: %+v, %v", rule, org, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := iam.NewOrganizations(&iamtest.Fake{}).Organization(ctx, iam.Guardrails{Role: roleARN, Actions: []string{pull}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
