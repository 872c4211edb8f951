package registry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

func TestRegistryPolicy(t *testing.T) {
	const document, getPolicy, getSetting = `{"Statement": []}`, "ecr:GetRegistryPolicy", "ecr:GetAccountSetting"
	scope := func(value string) []ecr.GetAccountSettingOutput {
		return []ecr.GetAccountSettingOutput{{Name: new("REGISTRY_POLICY_SCOPE"), Value: &value}}
	}
	of := func(account, text string) []ecr.GetRegistryPolicyOutput {
		p := ecr.GetRegistryPolicyOutput{RegistryId: &account, PolicyText: &text}
		if text == "" {
			p.PolicyText = nil
		}
		return []ecr.GetRegistryPolicyOutput{p}
	}
	for name, tt := range map[string]struct {
		fake   registrytest.Fake
		want   *registry.RegistryPolicy
		unread string
	}{
		"denied":                          {registrytest.Fake{}, nil, getPolicy},
		"none":                            {registrytest.Fake{RegistryPolicies: of(account, "")}, &registry.RegistryPolicy{}, ""},
		"none, and nobody knows of whose": {registrytest.Fake{RegistryPolicies: []ecr.GetRegistryPolicyOutput{}}, nil, getPolicy},
		"none in another account":         {registrytest.Fake{RegistryPolicies: of("444455556666", "")}, nil, getPolicy},
		"another account's":               {registrytest.Fake{RegistryPolicies: of("444455556666", document), Settings: scope("V2")}, nil, getPolicy},
		"for every action":                {registrytest.Fake{RegistryPolicies: of(account, document), Settings: scope("V2")}, &registry.RegistryPolicy{Document: document, Scope: "V2"}, ""},
		"for three actions":               {registrytest.Fake{RegistryPolicies: of(account, document), Settings: scope("V1")}, &registry.RegistryPolicy{Document: document, Scope: "V1"}, ""},
		"a scope of the future":           {registrytest.Fake{RegistryPolicies: of(account, document), Settings: scope("V3")}, &registry.RegistryPolicy{Document: document}, getSetting},
		"for nobody knows what":           {registrytest.Fake{RegistryPolicies: of(account, document)}, &registry.RegistryPolicy{Document: document}, getSetting},
	} {
		t.Run(name, func(t *testing.T) {
			image, err := registry.New(&tt.fake).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, image.RegistryPolicy); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, action := range []string{getPolicy, getSetting} {
				if got := image.Unread[action] != nil; got != (action == tt.unread) {
					t.Errorf("Unread[%s] = %v", action, image.Unread[action])
				}
			}
		})
	}
}

// What holds for a registry or a repository is asked once, however many images are in it, and without a policy
// nobody asks what it is enforced for.
func TestWhatImagesShareIsAskedOnce(t *testing.T) {
	var calls []string
	fake := encrypted("Enabled")
	fake.RegistryPolicies = []ecr.GetRegistryPolicyOutput{{RegistryId: new(account)}}
	fake.Before = func(_ context.Context, action string, _ any) error {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, action)
		return nil
	}
	source := registry.New(fake, registry.WithKeys(fake.keys.state))
	for _, tag := range []string{"1", "2", "3"} {
		if _, err := source.Image(t.Context(), mustParse(t, ecrHost+"/team/app:"+tag)); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	for _, action := range calls {
		counts[action]++
	}
	for _, action := range []string{"ecr:DescribePullThroughCacheRules", "ecr:GetRegistryPolicy", "ecr:GetRepositoryPolicy", "ecr:DescribeRepositories"} {
		if counts[action] != 1 {
			t.Errorf("%s was called %d times", action, counts[action])
		}
	}
	if counts["ecr:GetAccountSetting"] != 0 {
		t.Errorf("the scope of no policy was asked for")
	}
}

// A source that is shared keeps what it read of registries and repositories, but for the rules: on an old answer about those it
// could import an image.
func TestASharedSourceReadsPoliciesAndKeysOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts := map[string]int{}
		fake := encrypted("Enabled")
		fake.RegistryPolicies = []ecr.GetRegistryPolicyOutput{{RegistryId: new(account)}}
		fake.Before = func(_ context.Context, action string, _ any) error {
			mu.Lock()
			defer mu.Unlock()
			counts[action]++
			return nil
		}
		source := registry.New(fake, registry.WithKeys(fake.keys.state)).(registry.Sharer).Shared()
		for range 3 {
			if _, err := source.Image(t.Context(), mustParse(t, ecrHost+"/team/app:1")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		for action, want := range map[string]int{"ecr:DescribePullThroughCacheRules": 3, "ecr:GetRegistryPolicy": 1, "ecr:GetRepositoryPolicy": 1, "ecr:DescribeRepositories": 1} {
			if counts[action] != want {
				t.Errorf("%s was called %d times, want %d", action, counts[action], want)
			}
		}
	})
}

// An image that ECR hands out is there: nothing else is asked of it, and it is read in four calls and one for its index.
func TestAReadableImageTakesFiveCalls(t *testing.T) {
	var calls []string
	fake := withManifests()
	fake.RegistryPolicies = []ecr.GetRegistryPolicyOutput{{RegistryId: new(account)}}
	fake.Before = func(_ context.Context, action string, _ any) error {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, action)
		return nil
	}
	image, err := fake.Source().Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	if err != nil || image.Status != registry.Present || image.Digest != "sha256:1" || image.MediaType != ociIndex || len(image.Unread) != 0 {
		t.Errorf("%+v, %v", image, err)
	}
	if len(calls) != 5 {
		t.Errorf("calls: %v", calls)
	}
}
