package iam_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

// two is an account whose two roles have their managed policies in common.
func two() *iamtest.Fake {
	fake := accountOf(nil)
	other := fake.Details.RoleDetailList[0]
	other.RoleName, other.Arn = new("other"), new("arn:aws:iam::111122223333:role/app/other")
	fake.Details.RoleDetailList = append(fake.Details.RoleDetailList, other)
	return fake
}

func TestSharedReadsAManagedPolicyOnce(t *testing.T) {
	fake := two()
	fake.Organization = new("o-exampleorgid")
	var mu sync.Mutex
	asked := map[string]int{}
	fake.Before = func(_ context.Context, action string, input any) error {
		mu.Lock()
		defer mu.Unlock()
		if in, ok := input.(*sdk.GetPolicyInput); ok {
			action += " " + *in.PolicyArn
		}
		asked[action]++
		return nil
	}
	shared := iam.New(fake, iam.WithOrganization(fake)).(iam.Sharer).Shared()
	alone := iam.New(two(), iam.WithOrganization(fake))
	for _, name := range []string{"exec", "other"} {
		got, err := shared.Role(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := alone.Role(t.Context(), name)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s (-alone +shared): %v\n%s", name, err, diff)
		}
	}
	for _, name := range []string{"read", "fence", "logs"} {
		if n := asked["iam:GetPolicy "+policyARN+name]; n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
	if asked["iam:GetRole"] != 2 {
		t.Errorf("the roles were read %d times", asked["iam:GetRole"])
	}
}

// A read that was cancelled leaves nothing behind for the next role.
func TestSharedForgetsACancelledPolicy(t *testing.T) {
	fake := two()
	ctx, cancel := context.WithCancel(t.Context())
	fake.Before = func(_ context.Context, action string, _ any) error {
		if action == "iam:GetPolicyVersion" {
			cancel()
			return ctx.Err()
		}
		return nil
	}
	shared := iam.New(fake).(iam.Sharer).Shared()
	if _, err := shared.Role(ctx, "exec"); err == nil {
		t.Fatal("a cancelled attempt gives no error")
	}
	fake.Before = nil
	role, err := shared.Role(t.Context(), "other")
	if err != nil || len(role.Identity.Missing) > 0 || !slices.Contains(names(role.Identity), "read") {
		t.Errorf("the next attempt gives %+v, %v", role, err)
	}
}
