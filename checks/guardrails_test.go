package checks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

// That service control policies deny nothing is assumed only as long as nobody answered for them.
func TestAnAnsweredAssumptionIsNotStated(t *testing.T) {
	for name, want := range map[string]bool{"healthy-privatelink": true, "healthy-organization": false, "role-organization-deny": false, "role-organization-address": false} {
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

// A denial that the simulator gives without the address that a request comes from is not proven: a service control policy
// may hang on it.
func TestADenialWithoutTheSourceAddressIsUnknown(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Name != "role-organization-address" {
			continue
		}
		d := diagnose(t, s)
		if causes := d.RootCauses(); len(causes) > 0 || d.Status() != checks.Unknown {
			t.Errorf("%s: %v", d.Status(), causes)
		}
	}
}
