package checks_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/report"
)

var (
	faultShare = flag.Float64("faults", 0, "the `share` of the fault matrix to try; 1 is all, and what is asked of the least is always tried")
	faultSeed  = flag.Uint64("seed", 1, "what the share is chosen by")
)

// raced says that the race detector watches, under which all takes five times as long, and more memory.
var raced = false

// limit is how long a diagnosis under a fault may take, of a bubble's time.
const limit = time.Minute

// mayBeEmpty are the operations whose empty list is an answer like any other, after which everything may be different. Of
// the rest AWS does not answer so: a VPC has route tables, a network ACL and a security group, and what is asked for by its
// ID is there or is an error.
var mayBeEmpty = []string{
	"ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeInstances", "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways",
	"ec2:DescribeNetworkInterfaces", "ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayVpcAttachments",
	"ec2:DescribeVpcBlockPublicAccessExclusions", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcPeeringConnections",
	"ec2:GetManagedPrefixListEntries", "ec2:SearchTransitGatewayRoutes", "ecr:DescribePullThroughCacheRules",
	"iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "kms:ListGrants",
}

// cell is one place of the fault matrix.
type cell struct {
	scenario checkstest.Scenario
	before   *checks.Diagnosis // without the fault
	action   string
	mishap   *mishap
}

// Whatever goes wrong on the wire to an operation, through the SDK's own clients with their own retries: nothing panics,
// nothing goes on after its time, no goroutine is left (a bubble would not end), what could not be read is named, and no
// answer is more certain than it was without the fault.
//
// At least a part of the matrix is tried in which each operation meets each fault and, without the race detector, each
// scenario each fault.
func TestFaultMatrix(t *testing.T) {
	for scenario, cells := range cells(t) {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			for _, c := range cells {
				t.Run(c.action+"/"+c.mishap.name, func(t *testing.T) { synctest.Test(t, c.try) })
			}
		})
	}
}

// cells returns the places to try, by scenario. An operation that a scenario does not call makes no difference to it.
func cells(t *testing.T) map[string][]cell {
	random := rand.New(rand.NewPCG(*faultSeed, *faultSeed))
	var all []cell
	for _, s := range scenarios(t) {
		w, before := &wire{scenario: s}, diagnose(t, s)
		synctest.Test(t, func(t *testing.T) { diagnoseOver(t, w) })
		for _, action := range slices.Sorted(maps.Keys(w.asked)) {
			for i := range mishaps {
				all = append(all, cell{s, &before, action, &mishaps[i]})
			}
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	met := map[string]bool{}
	some, n := map[string][]cell{}, 0
	for i, c := range all {
		byAction, byScenario := c.action+c.mishap.name, c.scenario.Name+c.mishap.name
		if float64(i) < *faultShare*float64(len(all)) || !met[byAction] || !met[byScenario] && !raced {
			met[byAction], met[byScenario] = true, true
			some[c.scenario.Name], n = append(some[c.scenario.Name], c), n+1
		}
	}
	t.Logf("%d of %d cells, by -seed %d", n, len(all), *faultSeed)
	return some
}

// diagnoseOver loads and diagnoses a scenario's task over HTTP.
func diagnoseOver(t *testing.T, w *wire) (checks.Diagnosis, error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	task, err := w.load(ctx)
	if err != nil {
		return checks.Diagnosis{}, err
	}
	return checks.Runner{Timeout: limit}.Run(t.Context(), task, checks.Default(w.sources())...)
}

func (c cell) try(t *testing.T) {
	w := &wire{scenario: c.scenario, fault: c.mishap, action: c.action}
	started := time.Now()
	after, err := diagnoseOver(t, w)
	if took := time.Since(started); took > 2*limit+time.Second {
		t.Errorf("it took %s", took)
	}
	if len(after.Findings) == 0 {
		if err == nil {
			t.Fatal("nothing was found, and no error says why")
		}
		return // the task was not loaded
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an error that is not that of the context: %v", err)
	}
	if len(w.struck) == 0 || c.mishap.name == "empty result" && slices.Contains(mayBeEmpty, c.action) {
		return
	}
	lessCertain(t, slices.Sorted(maps.Keys(w.struck)), *c.before, after)
	missing := map[string]bool{}
	for _, f := range after.Findings {
		for _, action := range f.Missing {
			missing[action] = missing[action] || w.struck[action]
		}
	}
	tells(t, after, slices.Sorted(maps.Keys(missing)))
}

// tells fails the test if a report does not name every one of some actions.
func tells(t *testing.T, d checks.Diagnosis, actions []string) {
	if len(actions) == 0 {
		return
	}
	var text, document bytes.Buffer
	if err := errors.Join(report.Text(&text, d), report.JSON(&document, d)); err != nil {
		t.Errorf("the report: %v", err)
	}
	for _, action := range actions {
		if !strings.Contains(text.String(), action) {
			t.Errorf("the report does not name %s:\n%s", action, text.String())
		}
	}
}
