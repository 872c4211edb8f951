package checks_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// That service control policies deny nothing is assumed as long as nobody answered for them, and of what IAM's simulator was
// not told it is also then; an account in no organization has none.
func TestWhatIsAssumedOfServiceControlPolicies(t *testing.T) {
	alone := scenario(t, "healthy-privatelink")
	alone.IAM.Organization = new("")
	member := scenario(t, "healthy-privatelink")
	member.IAM.Organization = new("o-exampleorgid")
	for rule, test := range map[string]struct {
		d    checks.Diagnosis
		want string // how the assumption ends; "": there is none
	}{
		"nobody answered":              {diagnose(t, scenario(t, "healthy-privatelink")), "what the pull calls."},
		"nobody answered for a member": {diagnose(t, member), "what the pull calls."},
		"the simulator allows":         {diagnose(t, scenario(t, "healthy-organization")), "was not told."},
		"the simulator denies":         {diagnose(t, scenario(t, "role-organization-deny")), "was not told."},
		"no organization":              {diagnose(t, alone), ""},
	} {
		about := func(kind string) (found []string) {
			for _, a := range test.d.Assumptions {
				if strings.Contains(a, kind) {
					found = append(found, a)
				}
			}
			return found
		}
		scp := about("service control")
		if (test.want == "") != (len(scp) == 0) || len(scp) > 1 || len(scp) == 1 && !strings.HasSuffix(scp[0], test.want) || len(about("resource control")) != 1 {
			t.Errorf("%s: assumes %q", rule, test.d.Assumptions)
		}
	}
}

// The simulator is asked about the actions of ECR. Where a pull calls others too, its word on those leaves the assumption.
func TestTheSimulatorDoesNotAnswerForWhatItIsNotAsked(t *testing.T) {
	for rule, alter := range map[string]func(*checks.Snapshot){
		"credentials": func(s *checks.Snapshot) {
			s.Task.Containers = append(s.Task.Containers, checks.Container{Name: "proxy", Image: "nginx:1.27", RepositoryCredentials: secretARN})
		},
		"an import": func(s *checks.Snapshot) {
			image := s.Facts.Images[0].Fact
			image.Status, image.CacheRule = registry.RepositoryAbsent, &registry.CacheRule{Prefix: "web", Upstream: "ecr-public", UpstreamURL: "public.ecr.aws"}
		},
	} {
		d := altered(t, "healthy-organization", alter)
		if !slices.Contains(d.Assumptions, "No service control policy of an AWS Organization denies what the pull calls.") ||
			slices.ContainsFunc(d.Assumptions, func(a string) bool { return strings.HasSuffix(a, "was not told.") }) {
			t.Errorf("%s: assumes %q", rule, d.Assumptions)
		}
	}
}

// The simulator takes what it is not told for absent and does not say what it missed, so that a policy which spares the role
// by such a key looks like one that denies it: whichever way the requests take, its denial proves nothing.
func TestASimulatedDenialIsUnknown(t *testing.T) {
	for name, untold := range map[string][]string{
		"role-organization-deny":    {"aws:VpcSourceIp", "aws:PrincipalOrgID", "aws:CurrentTime"},
		"role-organization-address": {"aws:SourceIp", "aws:PrincipalOrgID"},
		"role-organization-unknown": {"aws:SourceIp", "aws:SourceVpce", "aws:VpcSourceIp"},
	} {
		d := diagnose(t, scenario(t, name))
		if causes := d.RootCauses(); len(causes) > 0 || d.Status() != checks.Unknown {
			t.Errorf("%s: %s, %v", name, d.Status(), causes)
		}
		f := finding(t, scenario(t, name), "execution-role")
		for _, key := range untold {
			if f.Code != "role.organization-unknown" || !strings.Contains(f.Args["untold"], key) {
				t.Errorf("%s: %s is not said to be untold: %s", name, key, f.Summary)
			}
		}
	}
}

// What is read is told.
func TestWhatTheSimulatorIsTold(t *testing.T) {
	s := scenario(t, "role-organization-deny")
	s.IAM.Organization = new("o-exampleorgid")
	sources := s.Sources()
	var told []iam.Guardrails
	sources.Organizations = iam.OrganizationSourceFunc(func(_ context.Context, g iam.Guardrails) (*iam.Organization, error) {
		told = append(told, g)
		return &iam.Organization{Allowed: map[string]bool{"ecr:BatchGetImage": false}}, nil
	})
	found, err := checks.ExecutionRole{Roles: sources.Roles, Images: sources.Images, Network: sources.Network, Organizations: sources.Organizations}.Check(t.Context(), s.Task)
	if err != nil || len(found) != 1 || strings.Contains(found[0].Args["untold"], "aws:PrincipalOrgID") || len(told) != 2 {
		t.Fatalf("%v, %+v, %d", err, found, len(told))
	}
	for key, want := range map[string]string{
		"aws:PrincipalOrgID": "o-exampleorgid", "aws:PrincipalArn": "arn:aws:iam::111122223333:role/web-execution", "aws:PrincipalAccount": "111122223333",
		"aws:SourceVpce": "vpce-0ecrdkr", "aws:SourceVpc": "vpc-0a1b2c3d", "aws:RequestedRegion": "eu-west-1", "aws:ResourceAccount": "111122223333", "aws:SecureTransport": "true",
	} {
		if value := told[1].Context[key]; !slices.Equal(value.Values, []string{want}) {
			t.Errorf("%s: %+v", key, value)
		}
	}
	if _, way := told[0].Context["aws:SourceVpce"]; way { // see the ECS guide on task execution roles
		t.Error("the way of the token was told")
	}
}

// An account in no organization has no policies to ask about.
func TestTheSimulatorIsNotAskedWithoutAnOrganization(t *testing.T) {
	s := scenario(t, "healthy-organization")
	s.IAM.Organization = new("")
	var recorded calls
	s.Before(recorded.record)
	if d := diagnose(t, s); d.Status() != checks.Pass || recorded.counts["iam:SimulatePrincipalPolicy"] != nil {
		t.Errorf("%s, %v", d.Status(), recorded.counts["iam:SimulatePrincipalPolicy"])
	}
}

// Whoever may not ask the simulator is not asked to try again for the next action.
func TestTheSimulatorIsNotAskedAgainAfterItRefused(t *testing.T) {
	s := scenario(t, "healthy-privatelink")
	var recorded calls
	s.Before(recorded.record)
	diagnose(t, s)
	if n := len(recorded.counts["iam:SimulatePrincipalPolicy"]); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	s = scenario(t, "healthy-organization")
	recorded = calls{}
	s.Before(recorded.record)
	diagnose(t, s)
	if n := len(recorded.counts["iam:SimulatePrincipalPolicy"]); n != 2 {
		t.Errorf("where it answers, it was asked %d times", n)
	}
}
