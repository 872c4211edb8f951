package iam_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

const describeOrganization = "organizations:DescribeOrganization"

// member is the account of accountOf, whose organization may be asked for.
func member(organization string) *iamtest.Fake {
	fake := accountOf(nil)
	fake.Organization = &organization
	return fake
}

// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
func TestOrganizationOfARole(t *testing.T) {
	for _, test := range []struct {
		rule  string
		fake  *iamtest.Fake
		asked string
		want  string // "?": not read
	}{
		{"of the caller's account", member("o-example1"), roleARN, "o-example1"},
		{"asked for by its name", member("o-example1"), "exec", "o-example1"},
		{"asked for by a session", member("o-example1"), sessionARN, "o-example1"},
		{"in no organization", member(""), roleARN, ""},
		{"DescribeOrganization is denied", accountOf(nil), roleARN, "?"},
		{"another account's: only the caller's organization was told", member("o-example1"), "arn:aws:iam::444455556666:role/app/exec", "?"},
		{"not there: it may be in another account", member("o-example1"), "arn:aws:iam::444455556666:role/none", "?"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			role, err := iam.New(test.fake, iam.WithOrganization(test.fake)).Role(t.Context(), test.asked)
			if err != nil {
				t.Fatal(err)
			}
			switch got := role.Organization; {
			case got == nil && test.want != "?", got != nil && *got != test.want:
				t.Errorf("%+v", got)
			}
			raw, err := json.Marshal(role)
			var back iam.Role
			if err != nil || json.Unmarshal(raw, &back) != nil || (back.Organization == nil) != (role.Organization == nil) {
				t.Errorf("%v, %s", err, raw)
			}
		})
	}
}

// A role that IAM does not show may be of any account.
func TestOrganizationWithoutGetRole(t *testing.T) {
	fake := member("o-example1")
	fake.Before = deny("iam:GetRole")
	role, err := iam.New(fake, iam.WithOrganization(fake)).Role(t.Context(), roleARN)
	if err != nil || role.Organization != nil {
		t.Errorf("%v, %+v", err, role.Organization)
	}
	d := iam.Evaluate(iam.Request{Action: pull, Resource: repository, Principal: role.Principal(), Context: role.Context()},
		iam.Policies{Identity: *layer(t, statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-example1"}}`))})
	want(t, d, iam.Unknown)
	if diff := cmp.Diff([]string{"iam:GetRole"}, d.Missing); diff != "" {
		t.Error(diff)
	}
}

func TestOrganizationThatIsDeniedIsNamed(t *testing.T) {
	fake := accountOf(nil)
	role, err := iam.New(fake, iam.WithOrganization(fake)).Role(t.Context(), roleARN)
	var api smithy.APIError
	if err != nil || !errors.As(role.Unread[describeOrganization], &api) || api.ErrorCode() != "AccessDeniedException" {
		t.Errorf("%v, %v", err, role.Unread)
	}
	want(t, role.Can(iam.Request{Action: pull, Resource: repository}), iam.Allowed) // no policy asks for it
}

// A thousand roles at once ask for their account's organization once, also if it is denied.
func TestOrganizationIsAskedOnce(t *testing.T) {
	for _, fake := range []*iamtest.Fake{member("o-example1"), accountOf(nil)} {
		var calls atomic.Int64
		fake.Before = func(_ context.Context, action string, _ any) error {
			if action == describeOrganization {
				calls.Add(1)
			}
			return nil
		}
		source := iam.New(fake, iam.WithOrganization(fake))
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if role, err := source.Role(t.Context(), roleARN); err != nil || (role.Organization == nil) != (fake.Organization == nil) {
					t.Errorf("%v, %+v", err, role)
				}
			})
		}
		all.Wait()
		if calls.Load() != 1 {
			t.Errorf("asked %d times", calls.Load())
		}
	}
}

// What a cancelled caller did not hear is asked again for the next, and who waits for another's answer can give up.
func TestOrganizationAfterACancelledAttempt(t *testing.T) {
	fake := member("o-example1")
	asked, release := make(chan bool), make(chan bool)
	fake.Before = func(_ context.Context, action string, _ any) error {
		if action == describeOrganization {
			asked <- true
			<-release
		}
		return nil
	}
	source := iam.New(fake, iam.WithOrganization(fake))
	first, cancelFirst := context.WithCancel(t.Context())
	firstEnded := make(chan error)
	go func() {
		_, err := source.Role(first, roleARN)
		firstEnded <- err
	}()
	<-asked
	second, cancelSecond := context.WithCancel(t.Context())
	cancelSecond()
	if _, err := source.Role(second, roleARN); !errors.Is(err, context.Canceled) {
		t.Errorf("who waits: %v", err)
	}
	cancelFirst()
	release <- true
	if err := <-firstEnded; !errors.Is(err, context.Canceled) {
		t.Errorf("who asked: %v", err)
	}
	go func() { <-asked; release <- true }()
	if role, err := source.Role(t.Context(), roleARN); err != nil || role.Organization == nil || *role.Organization != "o-example1" {
		t.Errorf("the next: %v, %+v", err, role)
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func TestConditionsOnTheOrganization(t *testing.T) {
	cross, any := readable(), readable()
	cross.Resource, any.Resource = foreign, "*"
	for _, test := range []struct {
		rule         string
		request      iam.Request
		organization *string
		condition    string
		want         string
	}{
		{"its organization", readable(), new("o-1"), `"StringEquals":{"aws:PrincipalOrgID":"o-1"}`, "yes"},
		{"another organization", readable(), new("o-2"), `"StringEquals":{"aws:PrincipalOrgID":"o-1"}`, "no"},
		{"no organization: the key is absent", readable(), new(""), `"StringEquals":{"aws:PrincipalOrgID":"o-1"}`, "no"},
		{"no organization and a negated operator", readable(), new(""), `"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}`, "yes"},
		{"no organization and IfExists", readable(), new(""), `"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}`, "yes"},
		{"not read", readable(), nil, `"StringEquals":{"aws:PrincipalOrgID":"o-1"}`, "unknown"},
		{"not read and a negated operator", readable(), nil, `"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}`, "unknown"},
		{"the units above the account are not read", readable(), new("o-1"), `"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/*"}`, "unknown"},
		{"…but that there are such", readable(), new("o-1"), `"Null":{"aws:PrincipalOrgPaths":"false"}`, "yes"},
		{"no organization: there are none", readable(), new(""), `"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/*"}`, "no"},
		{"a resource of the role's account is in its organization", readable(), new("o-1"), `"StringEquals":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"}`, "yes"},
		{"a resource of an account in no organization", readable(), new(""), `"Null":{"aws:ResourceOrgID":"true","aws:ResourceOrgPaths":"true"}`, "yes"},
		{"a resource of another account may be in any", cross, new("o-1"), `"StringEquals":{"aws:ResourceOrgID":"o-1"}`, "unknown"},
		{"an action without a resource", any, new("o-1"), `"StringEquals":{"aws:ResourceOrgID":"o-1"}`, "unknown"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			role := iam.Role{ARN: roleARN, Exists: new(true), Organization: test.organization, Identity: *layer(t, statement(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+test.condition+`}`))}
			decision := role.Can(test.request)
			if test.request.Resource == foreign { // the other account's side
				decision = iam.Evaluate(iam.Request{Action: pull, Resource: foreign, Principal: role.Principal(), Context: role.Context()},
					iam.Policies{Identity: role.Identity, Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*"`))})
			}
			want(t, decision, verdict[test.want])
			var missing []string
			if test.organization == nil {
				missing = []string{describeOrganization}
			}
			if diff := cmp.Diff(missing, decision.Missing); diff != "" || decision.Outcome == iam.Unknown && len(decision.Keys) == 0 {
				t.Errorf("keys %v, missing %s", decision.Keys, diff)
			}
		})
	}
}

func TestLoadOrganization(t *testing.T) {
	for content, want := range map[string]string{
		`{"Organization": {"Id": "o-example1", "FeatureSet": "ALL", "MasterAccountId": "111122223333"}}`: "o-example1",
		`{}`: "",
	} {
		fake, err := iamtest.Load(fstest.MapFS{iamtest.OrganizationFile: {Data: []byte(content)}})
		if err != nil || fake.Organization == nil || *fake.Organization != want {
			t.Errorf("%s: %v, %+v", content, err, fake)
		}
	}
	if _, err := iamtest.Load(fstest.MapFS{iamtest.OrganizationFile: {Data: []byte(`{`)}}); err == nil {
		t.Error("nonsense is taken")
	}
}
