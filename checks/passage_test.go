package checks_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

func scenario(t testing.TB, name string) checkstest.Scenario {
	t.Helper()
	data, err := os.ReadFile("checkstest/scenarios/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, err := checkstest.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// finding returns what one check found first.
func finding(t *testing.T, s checkstest.Scenario, check string) checks.Finding {
	t.Helper()
	for _, f := range diagnose(t, s).Findings {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("%s found nothing", check)
	return checks.Finding{}
}

func denyEC2(_ context.Context, action string, _ any) error {
	if strings.HasPrefix(action, "ec2:") {
		return failed(action, &smithy.GenericAPIError{Code: "UnauthorizedOperation"})
	}
	return nil
}

// A role that does not ask where requests come from is judged without knowing the way; one that asks names what would
// show it.
func TestTheWayMattersOnlyToWhoAsks(t *testing.T) {
	for _, test := range []struct {
		scenario, check string
		want            checks.Status
	}{
		{"healthy-nat", "execution-role", checks.Pass},
		{"healthy-nat", "repository-policy", checks.Pass},
		{"healthy-role-source-endpoint", "execution-role", checks.Unknown},
		{"healthy-role-source-endpoint", "repository-policy", checks.Pass},
		{"role-source-endpoint-behind-nat", "execution-role", checks.Unknown},
		{"repository-policy-source-vpc", "execution-role", checks.Pass},
		{"repository-policy-source-vpc", "repository-policy", checks.Unknown},
	} {
		s := scenario(t, test.scenario)
		s.Before(denyEC2)
		f := finding(t, s, test.check)
		named := slices.ContainsFunc(f.Missing, func(action string) bool { return strings.HasPrefix(action, "ec2:") })
		if f.Status != test.want || named != (test.want == checks.Unknown) {
			t.Errorf("%s, %s: %s %v: %s", test.scenario, test.check, f.Status, f.Missing, f.Summary)
		}
	}
}

// Without a network source the way is not known, and that is no error.
func TestTheWayWithoutASource(t *testing.T) {
	s := scenario(t, "healthy-role-source-endpoint")
	found, err := checks.ExecutionRole{Roles: s.Sources().Roles, Images: s.Sources().Images}.Check(t.Context(), s.Task)
	if err != nil || len(found) != 1 || found[0].Code != "role.unread" || !strings.Contains(found[0].Summary, "aws:SourceVpce") {
		t.Errorf("%v, %+v", err, found)
	}
}

// …and what AWS contradicts itself on is said to be so.
func TestTheWayOfTheTokenIsSaidToBeContradictory(t *testing.T) {
	f := finding(t, scenario(t, "role-source-endpoint-token"), "execution-role")
	if f.Status != checks.Unknown || len(f.Missing) > 0 || !strings.Contains(f.Summary, "AWS documents both") {
		t.Errorf("%s %v", f.Summary, f.Missing)
	}
}

// What a custom name server answers, and where a transit gateway leads, is not in the account.
func TestTheWayBeyondWhatIsSeenIsNotKnown(t *testing.T) {
	pull := scenario(t, "role-source-endpoint-behind-nat")
	for _, beyond := range []string{"transit-gateway", "dns-custom"} {
		s := scenario(t, beyond)
		s.IAM, s.Images = pull.IAM, pull.Images
		if f := finding(t, s, "execution-role"); f.Code != "role.unread" || !strings.Contains(f.Summary, "not known") {
			t.Errorf("%s: %s", beyond, f.Summary)
		}
	}
}
