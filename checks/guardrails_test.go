package checks_test

import (
	"slices"
	"strings"
	"testing"
)

// That service control policies deny nothing is assumed only as long as nobody answered for them.
func TestAnAnsweredAssumptionIsNotStated(t *testing.T) {
	for name, want := range map[string]bool{"healthy-privatelink": true, "healthy-organization": false, "role-organization-deny": false} {
		for _, s := range scenarios(t) {
			if s.Name != name {
				continue
			}
			d := diagnose(t, s)
			about := func(kind string) bool {
				return slices.ContainsFunc(d.Assumptions, func(a string) bool { return strings.Contains(a, kind) })
			}
			if about("service control") != want || !about("resource control") {
				t.Errorf("%s assumes %q", name, d.Assumptions)
			}
		}
	}
}
