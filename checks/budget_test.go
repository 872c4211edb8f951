package checks_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/checks"
)

// A task of a service costs at most 26 calls in all, none of them twice, and takes no longer than 1.3 times the longest chain
// of calls that wait for one another.
func TestOneTaskTakesFewCalls(t *testing.T) {
	const most = 26
	for _, name := range []string{"healthy-nat", "healthy-privatelink", "healthy-public"} {
		synctest.Test(t, func(t *testing.T) {
			s, sim := scenario(t, name), &simulator{}
			s.Before(sim.before)
			began := time.Now()
			task, err := s.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			d, err := checks.Run(t.Context(), task, checks.Default(s.Sources())...)
			took := time.Since(began)
			if err != nil || d.Status() != checks.Pass {
				t.Errorf("%s: %s, %v", name, d.Status(), err)
			}
			if len(sim.facts) > most {
				t.Errorf("%s takes %d calls: %q", name, len(sim.facts), slices.Sorted(maps.Keys(sim.facts)))
			}
			for question, n := range sim.facts {
				if n > 1 {
					t.Errorf("%s: %d times %s", name, n, question)
				}
			}
			// The service, its task definition, the role's policies, which version of them, that version, and what the
			// organization says of the role.
			const chain = 6
			if most := time.Duration(1.3 * chain * float64(callTime)); took > most {
				t.Errorf("%s took %s, want %s at most", name, took, most)
			}
			t.Logf("%s: %d calls, %s", name, len(sim.facts), took)
		})
	}
}
