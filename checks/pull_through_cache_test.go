package checks_test

import (
	"slices"
	"testing"

	"github.com/canpull/canpull/checks"
)

// The registry's policy, or the repository's, may allow an import that the role's own do not: beside its leave a Deny of theirs
// that may match leaves the answer open, and where nobody allows it does not matter.
func TestADenyThatMayMatchBesideTheLeaveToImport(t *testing.T) {
	const deny = `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "ecr:BatchImportUpstreamImage", "Resource": "*",
		"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}}`
	for scenario, want := range map[string]checks.Code{
		"healthy-cache-registry-policy":   "cache.unread",
		"healthy-cache-repository-policy": "cache.unread",
		"cache-nobody-allows":             "cache.not-allowed",
	} {
		d := altered(t, scenario, func(s *checks.Snapshot) {
			role := s.Facts.Roles[0].Fact
			role.Identity.Policies = append(role.Identity.Policies, policy(t, deny))
		})
		if found := byCheck(d)["pull-through-cache"]; !slices.ContainsFunc(found, func(f checks.Finding) bool { return f.Code == want }) {
			t.Errorf("%s: %+v", scenario, found)
		}
	}
}
