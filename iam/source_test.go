package iam_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

const (
	trust     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	ecrRead   = `{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`
	fence     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`
	policyARN = "arn:aws:iam::111122223333:policy/"
)

func managedPolicy(name, document string) types.ManagedPolicyDetail {
	return types.ManagedPolicyDetail{
		Arn: new(policyARN + name), PolicyName: new(name), DefaultVersionId: new("v2"),
		PolicyVersionList: []types.PolicyVersion{
			{VersionId: new("v1"), Document: new(denyAll)},
			{VersionId: new("v2"), Document: new(document), IsDefaultVersion: true},
		},
	}
}

// accountOf is an account with one role; change may alter it.
func accountOf(change func(*types.RoleDetail)) *iamtest.Fake {
	role := types.RoleDetail{
		Arn: new(roleARN), RoleName: new("exec"), RoleId: new("AROAEXAMPLE"), Path: new("/app/"),
		AssumeRolePolicyDocument: new(trust),
		PermissionsBoundary:      &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: new(policyARN + "fence")},
		Tags:                     []types.Tag{{Key: new("team"), Value: new("platform")}},
	}
	for i := range 3 {
		role.RolePolicyList = append(role.RolePolicyList, types.PolicyDetail{PolicyName: new(fmt.Sprintf("inline-%d", i)), PolicyDocument: new(allowNone)})
	}
	for _, name := range []string{"read", "fence", "logs"} {
		role.AttachedManagedPolicies = append(role.AttachedManagedPolicies, types.AttachedPolicy{PolicyName: new(name), PolicyArn: new(policyARN + name)})
	}
	if change != nil {
		change(&role)
	}
	return &iamtest.Fake{Details: &sdk.GetAccountAuthorizationDetailsOutput{
		RoleDetailList: []types.RoleDetail{role},
		Policies:       []types.ManagedPolicyDetail{managedPolicy("read", ecrRead), managedPolicy("fence", fence), managedPolicy("logs", allowNone)},
	}}
}

func read(t testing.TB, api iam.API, arn string) *iam.Role {
	t.Helper()
	role, err := iam.New(api).Role(context.Background(), arn)
	if err != nil {
		t.Fatal(err)
	}
	return role
}

func names(l iam.Layer) []string {
	var out []string
	for _, p := range l.Policies {
		out = append(out, p.Name)
	}
	return out
}

var operations = []string{
	"iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:GetPolicy", "iam:GetPolicyVersion",
}

func TestRoleIsReadWhole(t *testing.T) {
	role := read(t, accountOf(nil), roleARN)
	if diff := cmp.Diff([]string{"inline-0", "inline-1", "inline-2", "read", "fence", "logs"}, names(role.Identity)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&iam.Role{
		ARN: roleARN, Name: "exec", Path: "/app/", ID: "AROAEXAMPLE", Exists: new(true), Tags: map[string]string{"team": "platform"},
	}, role, cmpopts.IgnoreFields(iam.Role{}, "Trust", "Identity", "Boundary")); diff != "" {
		t.Error(diff)
	}
	if role.Boundary == nil || !slices.Equal(names(*role.Boundary), []string{"fence"}) || role.Boundary.Missing != nil {
		t.Errorf("boundary %+v", role.Boundary)
	}
	if role.Identity.Policies[3].ARN != policyARN+"read" || role.Trust == nil {
		t.Errorf("%+v", role)
	}
	want(t, role.Can(iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"}), iam.Allowed)
	want(t, role.Assumable("ecs-tasks.amazonaws.com", "", ""), iam.Allowed)
}

func TestRoleByNameOrSession(t *testing.T) {
	for _, asked := range []string{"exec", sessionARN, roleARN} {
		if role := read(t, accountOf(nil), asked); role.ARN != roleARN || role.Exists == nil || !*role.Exists {
			t.Errorf("%s: %+v", asked, role)
		}
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func TestRoleOfAnotherPartition(t *testing.T) {
	for _, partition := range []string{"aws-cn", "aws-us-gov", "aws-iso", "aws-eusc"} {
		arn := strings.Replace(roleARN, "arn:aws:", "arn:"+partition+":", 1)
		fake := accountOf(func(r *types.RoleDetail) { r.Arn = &arn })
		if role := read(t, fake, arn); role.ARN != arn || role.Path != "/app/" || role.Exists == nil || !*role.Exists {
			t.Errorf("%s: %+v", partition, role)
		}
		if role := read(t, fake, roleARN); role.Exists != nil {
			t.Errorf("%s: the role of partition aws is said to exist: %v", partition, *role.Exists)
		}
		here := iam.Request{Action: pull, Resource: strings.Replace(repository, "arn:aws:", "arn:"+partition+":", 1)}
		want(t, read(t, fake, arn).Can(here), iam.Allowed)
	}
}

func TestEveryPageIsReadAndNothingTwice(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3} {
		fake := accountOf(nil)
		fake.PageSize = size
		var mu sync.Mutex
		calls := map[string]int{}
		fake.Before = func(_ context.Context, action string, input any) error {
			mu.Lock()
			defer mu.Unlock()
			raw, err := json.Marshal(input)
			calls[action+string(raw)]++
			return err
		}
		if role := read(t, fake, roleARN); len(role.Identity.Policies) != 6 {
			t.Errorf("page size %d: %v", size, names(role.Identity))
		}
		for call, n := range calls {
			if n != 1 {
				t.Errorf("page size %d: %s was called %d times", size, call, n)
			}
		}
	}
}

func TestReadingIsDeterministic(t *testing.T) {
	first := read(t, accountOf(nil), roleARN)
	for range 20 {
		if diff := cmp.Diff(first, read(t, accountOf(nil), roleARN)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func deny(denied ...string) func(context.Context, string, any) error {
	return func(_ context.Context, action string, _ any) error {
		if slices.Contains(denied, action) {
			return iamtest.Denied(action)
		}
		return nil
	}
}

// The law: taking a permission away never makes an answer more certain, for any set of permissions, and any answer.
func TestTakingPermissionsAwayNeverMakesAnAnswerMoreCertain(t *testing.T) {
	accounts := map[string]func(*types.RoleDetail){
		"allowed":     nil,
		"no boundary": func(r *types.RoleDetail) { r.PermissionsBoundary = nil },
		"boundary denies": func(r *types.RoleDetail) {
			r.PermissionsBoundary.PermissionsBoundaryArn = new(policyARN + "logs")
		},
		"no policies":   func(r *types.RoleDetail) { r.RolePolicyList, r.AttachedManagedPolicies = nil, nil },
		"inline denies": func(r *types.RoleDetail) { r.RolePolicyList[1].PolicyDocument = new(denyAll) },
		"inline malformed": func(r *types.RoleDetail) {
			r.RolePolicyList[1].PolicyDocument = new(`{"Statement":[{"Effect":"Deny","Action":7}]}`)
		},
		"wrong trust": func(r *types.RoleDetail) {
			r.AssumeRolePolicyDocument = new(strings.ReplaceAll(trust, "ecs-tasks", "ecs"))
		},
	}
	for name, change := range accounts {
		whole := read(t, accountOf(change), roleARN)
		for set := range 1 << len(operations) {
			var denied []string
			for i, operation := range operations {
				if set&(1<<i) != 0 {
					denied = append(denied, operation)
				}
			}
			fake := accountOf(change)
			fake.Before = deny(denied...)
			partial := read(t, fake, roleARN)
			for _, decide := range []func(*iam.Role) iam.Decision{
				func(r *iam.Role) iam.Decision { return r.Can(iam.Request{Action: pull, Resource: repository}) },
				func(r *iam.Role) iam.Decision { return r.Can(iam.Request{Action: "sqs:SendMessage", Resource: "*"}) },
				func(r *iam.Role) iam.Decision { return r.Assumable("ecs-tasks.amazonaws.com", "", "") },
			} {
				less, more := decide(partial), decide(whole)
				if less.Outcome != iam.Unknown && less.Outcome != more.Outcome && (less.Outcome != iam.ImplicitDeny || more.Outcome != iam.ExplicitDeny) {
					t.Errorf("%s, denied %v: %v, with all read %v", name, denied, less.Outcome, more.Outcome)
				}
				for _, action := range less.Missing {
					if !slices.Contains(denied, action) {
						t.Errorf("%s, denied %v: %s is said to be missing", name, denied, action)
					}
				}
			}
		}
	}
}

func TestWhatIsDeniedIsNamed(t *testing.T) {
	for _, operation := range operations {
		t.Run(operation, func(t *testing.T) {
			fake := accountOf(nil)
			fake.Before = deny(operation)
			role := read(t, fake, roleARN)
			var api smithy.APIError
			if !errors.As(role.Unread[operation], &api) || api.ErrorCode() != "AccessDenied" || len(role.Unread) != 1 {
				t.Errorf("unread %v", role.Unread)
			}
			d := role.Can(iam.Request{Action: pull, Resource: repository})
			want(t, d, iam.Unknown)
			if diff := cmp.Diff([]string{operation}, d.Missing); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetRoleDenied(t *testing.T) {
	fake := accountOf(nil)
	fake.Before = deny("iam:GetRole")
	role := read(t, fake, roleARN)
	if role.Exists != nil || role.Trust != nil || role.Tags != nil || role.ARN != roleARN {
		t.Errorf("%+v", role)
	}
	if diff := cmp.Diff(&iam.Layer{Missing: []string{"iam:GetRole"}}, role.Boundary); diff != "" {
		t.Error(diff)
	}
	assumable := role.Assumable("ecs-tasks.amazonaws.com", "", "")
	want(t, assumable, iam.Unknown)
	if diff := cmp.Diff([]string{"iam:GetRole"}, assumable.Missing); diff != "" {
		t.Error(diff)
	}
}

func TestRoleThatDoesNotExist(t *testing.T) {
	role := read(t, accountOf(nil), "arn:aws:iam::111122223333:role/other")
	if role.Exists == nil || *role.Exists || role.Unread != nil || role.Identity.Missing != nil || role.Boundary != nil {
		t.Errorf("%+v", role)
	}
	want(t, role.Can(iam.Request{Action: pull, Resource: repository}), iam.ImplicitDeny)
	want(t, role.Assumable("ecs-tasks.amazonaws.com", "", ""), iam.ImplicitDeny)
}

// IAM looks up by name in the caller's own account, so the answer may be another role than the one asked for.
func TestAnotherRoleOfTheSameName(t *testing.T) {
	for _, asked := range []string{
		"arn:aws:iam::444455556666:role/app/exec", // another account
		"arn:aws:iam::111122223333:role/exec",     // without the path
		"arn:aws:sts::444455556666:assumed-role/exec/task",
	} {
		role := read(t, accountOf(nil), asked)
		var mismatch *iam.MismatchError
		if !errors.As(role.Unread["iam:GetRole"], &mismatch) || mismatch.Found != roleARN {
			t.Errorf("unread %v", role.Unread)
		}
		if role.Exists != nil || role.ARN != asked || len(role.Identity.Policies) != 0 || role.Trust != nil || role.Tags != nil {
			t.Errorf("wrong data: %+v", role)
		}
		want(t, role.Can(iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"}), iam.Unknown)
	}
}

func TestAManagedPolicyThatIsGone(t *testing.T) {
	fake := accountOf(func(r *types.RoleDetail) {
		r.AttachedManagedPolicies[0].PolicyArn = new("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
	})
	role := read(t, fake, roleARN)
	var none *types.NoSuchEntityException
	if !errors.As(role.Unread["iam:GetPolicy"], &none) || !slices.Equal(role.Identity.Missing, []string{"iam:GetPolicy"}) {
		t.Errorf("%+v", role)
	}
}

func TestABoundaryThatCannotBeRead(t *testing.T) {
	fake := accountOf(func(r *types.RoleDetail) {
		r.PermissionsBoundary.PermissionsBoundaryArn = new(policyARN + "gone")
	})
	role := read(t, fake, roleARN)
	if role.Boundary == nil || !slices.Equal(role.Boundary.Missing, []string{"iam:GetPolicy"}) || role.Identity.Missing != nil {
		t.Errorf("%+v", role)
	}
	d := role.Can(iam.Request{Action: pull, Resource: repository})
	want(t, d, iam.Unknown)
	if d.Layer != iam.BoundaryLayer {
		t.Errorf("%+v", d)
	}
}

func TestAMalformedPolicyIsKept(t *testing.T) {
	fake := accountOf(func(r *types.RoleDetail) {
		r.RolePolicyList[0].PolicyDocument = new(`{"Statement":[{"Effect":"Deny"}]}`)
	})
	role := read(t, fake, roleARN)
	if m := role.Identity.Policies[0].Document.Statements[0].Malformed; m == nil || m.Element != "Action" {
		t.Errorf("%+v", role.Identity.Policies[0])
	}
	want(t, role.Can(iam.Request{Action: pull, Resource: repository}), iam.Unknown)
}

func TestContextThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	fake := accountOf(nil)
	fake.Before = func(_ context.Context, action string, _ any) error {
		if action == "iam:GetRolePolicy" {
			cancel()
		}
		return nil
	}
	role, err := iam.New(fake).Role(ctx, roleARN)
	if !errors.Is(err, context.Canceled) || role == nil || !slices.Contains(role.Identity.Missing, "iam:GetRolePolicy") {
		t.Errorf("%v %+v", err, role)
	}
}

func TestBadInput(t *testing.T) {
	for _, arn := range []string{"", "arn:aws:iam::111122223333:user/bob", "arn:aws:ecs:x", "arn:aws:iam::111122223333:role/"} {
		if role, err := iam.New(&iamtest.Fake{}).Role(context.Background(), arn); err == nil {
			t.Errorf("%q: %+v", arn, role)
		}
	}
}

func TestRoleSurvivesJSON(t *testing.T) {
	for _, denied := range append([]string{""}, operations...) {
		fake := accountOf(func(r *types.RoleDetail) {
			r.RolePolicyList[0].PolicyDocument = new(`{"Statement":[{"Effect":"Deny"}]}`)
		})
		fake.Before = deny(denied)
		role := read(t, fake, roleARN)
		raw, err := json.Marshal(role)
		if err != nil {
			t.Fatal(err)
		}
		var back *iam.Role
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(role, back, cmpopts.IgnoreFields(iam.Role{}, "Unread")); diff != "" {
			t.Errorf("denied %q: %s", denied, diff)
		}
		r := iam.Request{Action: pull, Resource: repository}
		if diff := cmp.Diff(role.Can(r), back.Can(r)); diff != "" {
			t.Errorf("denied %q: %s", denied, diff)
		}
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func TestRoleName(t *testing.T) {
	for arn, name := range map[string]string{
		roleARN: "exec", "arn:aws-cn:iam::1:role/a/b/c": "c", "arn:aws:iam::111122223333:role/exec": "exec",
		sessionARN: "exec", "exec": "exec", "app/exec": "exec", "": "", "arn:aws:iam::1:user/x": "", "arn:aws:iam": "",
		"arn:aws:iam::1:role/": "", "arn:aws:ecs:r:1:role/x": "",
	} {
		if got := iam.RoleName(arn); got != name {
			t.Errorf("RoleName(%q) = %q, want %q", arn, got, name)
		}
	}
}

func TestAnAnswerWithoutATrustPolicy(t *testing.T) {
	role := read(t, accountOf(func(r *types.RoleDetail) { r.AssumeRolePolicyDocument = nil }), roleARN)
	if role.Trust != nil || role.Unread["iam:GetRole"] == nil || role.Identity.Missing != nil {
		t.Errorf("%+v", role)
	}
	want(t, role.Assumable("ecs-tasks.amazonaws.com", "", ""), iam.Unknown)
}
