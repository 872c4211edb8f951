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

var everyFault = flag.Bool("faults", false, "try every fault with every operation in every scenario, not a part of them")

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
	"ecs:DescribeClusters", "ecs:DescribeServiceRevisions", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "kms:ListGrants",
}

// cell is one place of the fault matrix.
type cell struct {
	scenario checkstest.Scenario
	action   string
	mishap   *mishap
}

func (c cell) String() string { return c.scenario.Name + "/" + c.action + "/" + c.mishap.name }

// Whatever goes wrong on the wire to an operation, through the SDK's own clients with their own retries: nothing panics,
// nothing goes on after its time, no goroutine is left (a bubble would not end), what could not be read is named, and no
// answer is more certain than it was without the fault.
//
// A part of the matrix is tried, in which each operation meets each fault and each scenario each fault; with -faults, all
// of it.
func TestFaultMatrix(t *testing.T) {
	for _, c := range cells(t) {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, c.try)
		})
	}
}

// cells returns the places to try. An operation that a scenario does not call makes no difference to it.
func cells(t *testing.T) []cell {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	var all []cell
	for _, s := range scenarios(t) {
		w := &wire{scenario: s}
		synctest.Test(t, func(t *testing.T) { diagnoseOver(t, w) })
		for _, action := range slices.Sorted(maps.Keys(w.asked)) {
			for i := range mishaps {
				all = append(all, cell{s, action, &mishaps[i]})
			}
		}
	}
	if *everyFault {
		return all
	}
	t.Logf("seed %d; -faults tries all %d", seed, len(all))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	met := map[string]bool{}
	var some []cell
	for _, c := range all {
		byAction, byScenario := c.action+c.mishap.name, c.scenario.Name+c.mishap.name
		if !met[byAction] || !met[byScenario] {
			met[byAction], met[byScenario] = true, true
			some = append(some, c)
		}
	}
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
	before := diagnose(t, c.scenario)
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
	var text, document bytes.Buffer
	if err := errors.Join(report.Text(&text, after), report.JSON(&document, after)); err != nil {
		t.Errorf("the report: %v", err)
	}
	if len(w.struck) == 0 || c.mishap.name == "empty result" && slices.Contains(mayBeEmpty, c.action) {
		return
	}
	lessCertain(t, slices.Sorted(maps.Keys(w.struck)), before, after)
	for _, f := range after.Findings {
		for _, action := range f.Missing {
			if w.struck[action] && !strings.Contains(text.String(), action) {
				t.Errorf("the report does not name %s:\n%s", action, text.String())
			}
		}
	}
}
