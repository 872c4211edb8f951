package checks_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/checks"
)

// A task of a service costs few calls in all, none of them twice, and takes no longer than 1.3 times the longest chain of calls
// that wait for one another: 26 calls where it has one image, one role and one VPC. What lies beyond that is read as well.
func TestOneTaskTakesFewCalls(t *testing.T) {
	for name, most := range map[string]struct{ calls, chain int }{
		// The chain: the service, its task definition, the role's policies, which version of them, that version, and what the
		// organization says of the role, which may not be asked here.
		"healthy-nat":         {26, 6},
		"healthy-privatelink": {26, 6},
		"healthy-public":      {26, 6},
		// Where it may be asked, what it says of the token comes before what it says of the image.
		"healthy-organization": {27, 7},
		// A secret of Docker Hub's and its key, in place of an image in ECR.
		"healthy-credentials-key": {26, 5},
		// The rule, the image, and what takes its place: the upstream's secret and key, and the repository's.
		"healthy-cache-key": {28, 6},
		// The VPC of the NAT gateway, with the gateway, its attachments and its tables. The chain: the service, its task
		// definition, subnets, the VPC's route tables, attachments, the task's transit table, the other VPC, and the organization.
		"healthy-transit-gateway": {37, 8},
	} {
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
			if err != nil || d.Status() != checks.Pass && d.Status() != checks.Warn {
				t.Errorf("%s: %s, %v", name, d.Status(), err)
			}
			if len(sim.facts) > most.calls {
				t.Errorf("%s takes %d calls: %q", name, len(sim.facts), slices.Sorted(maps.Keys(sim.facts)))
			}
			for question, n := range sim.facts {
				if n > 1 {
					t.Errorf("%s: %d times %s", name, n, question)
				}
			}
			if most := time.Duration(1.3 * float64(most.chain) * float64(callTime)); took > most {
				t.Errorf("%s took %s, want %s at most", name, took, most)
			}
			t.Logf("%s: %d calls, %s", name, len(sim.facts), took)
		})
	}
}
