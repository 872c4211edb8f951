package checks_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/canpull/canpull/checks"
)

// The benchmark runs briefly with the other tests. By hand, with all that examples/fleet/README.md shows:
//
//	go test ./checks -run TestFleet -v -fleet
var large = flag.Bool("fleet", false, "have the benchmark diagnose 10,000 services and tasks, too")

// sizes are so many services or tasks.
func sizes(brief ...int) []int {
	if *large {
		brief = append(brief, 10_000)
	}
	return brief
}

// One service: no call is repeated, and the calls that wait for one another are few.
func TestFleetOfOne(t *testing.T) {
	one := scanned(t, fleet(t, 1), &simulator{}, services)
	t.Log(one)
	if one.statuses[checks.Pass] != 1 || len(one.repeated) > 0 {
		t.Errorf("%v, repeated: %v", one.statuses, one.repeated)
	}
	// Of the cluster: services, one service, its definition. Of the role: its policies, which version, the version. Then what
	// the organization says.
	const chain = 7
	if most := time.Duration(1.3 * chain * float64(callTime)); one.wall > most {
		t.Errorf("it took %s, want %s at most", one.wall, most)
	}
}

// What a scan costs grows with the distinct facts, and its time with what cannot be asked at once.
func TestFleetOfServices(t *testing.T) {
	const atOnce = 4 * 20 // definitions: of the parts that are loaded ahead
	shown := readmeIn(t, "examples/fleet/README.md")
	one := scanned(t, fleet(t, 1), &simulator{}, services)
	for _, n := range sizes(10, 100, 1000) {
		all := scanned(t, fleet(t, n), &simulator{}, services)
		t.Log(all)
		if all.loaded != n || all.statuses[checks.Pass] != n {
			t.Errorf("of %d services %d were loaded, with the statuses %v", n, all.loaded, all.statuses)
		}
		if most := distinct(n) + distinct(n)/10; all.calls > most {
			t.Errorf("%d services take %d calls, want %d at most", n, all.calls, most)
		}
		if len(all.repeated) > 0 {
			t.Errorf("asked more than once: %v", all.repeated)
		}
		if all.atOnce > atOnce {
			t.Errorf("%d calls of one operation were under way at a time, want %d at most", all.atOnce, atOnce)
		}
		if row := fmt.Sprintf("| %d | %d | %d | %.2f | ", n, all.calls, distinct(n), float64(all.calls)/float64(distinct(n))); !strings.Contains(shown, row) {
			t.Errorf("examples/fleet/README.md does not show this row: %s", row)
		}
		if n > 1000 {
			continue
		}
		if most := 12 * one.wall; all.wall > most {
			t.Errorf("%d services take %s, want %s at most", n, all.wall, most)
		}
		if all.peak > 150<<20 && !raced {
			t.Errorf("%d services take %d MiB", n, all.peak>>20)
		}
	}
}

// Stopped tasks of one VPC cost the calls that list them, and no memory that stays.
func TestFleetOfStoppedTasks(t *testing.T) {
	const kinds = 20
	var few, many scan
	shown := readmeIn(t, "examples/fleet/README.md")
	for _, n := range sizes(10, 100, 500, 1000) { // some hundred are in memory at a time
		few, many = many, scanned(t, fleet(t, kinds), &simulator{}, stopped(n, kinds))
		t.Log(many)
		if row := fmt.Sprintf("| %d | %d | ", n, many.calls); !strings.Contains(shown, row) {
			t.Errorf("examples/fleet/README.md does not show this row: %s", row)
		}
		if many.loaded != n || many.failed > 0 {
			t.Errorf("of %d tasks %d were loaded, %d were not", n, many.loaded, many.failed)
		}
		if len(many.repeated) > 0 {
			t.Errorf("asked more than once: %v", many.repeated)
		}
	}
	if more, pages := many.calls-few.calls, 3*(many.loaded-few.loaded+99)/100; more > pages { // of tasks, their description and their interfaces
		t.Errorf("%d tasks more took %d calls more, want %d at most", many.loaded-few.loaded, more, pages)
	}
	if most := few.held + 8<<20; many.held > most && !raced {
		t.Errorf("%d tasks hold %d KiB at most, and %d held %d KiB", many.loaded, many.held>>10, few.loaded, few.held>>10)
	}
}

// tenTimes is the SDK's retryer with more attempts, as examples/fleet configures it, but for the rate limit of its adaptive
// mode: in virtual time that waits for ever, a little less than a nanosecond at a time.
func tenTimes() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 10 })
}

// Where a fifth of all calls is throttled nothing is lost, and nothing is read again but by the SDK.
func TestFleetUnderThrottling(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sim := &simulator{retryer: tenTimes, throttle: func(string) bool { return random.Float64() < 0.2 }}
	all := scanned(t, fleet(t, 300), sim, services)
	t.Log(all)
	if all.loaded != 300 || all.statuses[checks.Pass] != 300 {
		t.Errorf("of 300 services %d were loaded, with the statuses %v", all.loaded, all.statuses)
	}
	if all.calls < distinct(300) || len(all.repeated) > 0 {
		t.Errorf("%d calls for %d facts, and asked more than once: %v", all.calls, distinct(300), all.repeated)
	}
}

// bucket is a token bucket, as AWS throttles with.
type bucket struct {
	size, refill, tokens float64
	last                 time.Time
}

func (b *bucket) refuses() bool {
	now := time.Now()
	b.tokens = min(b.size, b.tokens+b.refill*now.Sub(b.last).Seconds())
	b.last = now
	if b.tokens < 1 {
		return true
	}
	b.tokens--
	return false
}

// published are the rates at which AWS throttles calls that only read. EC2's go for each operation; ECS's smallest, for
// reading clusters, are taken for each of its operations; the others publish higher ones, or none.
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
func published() func(string) bool {
	buckets := map[string]*bucket{}
	return func(action string) bool {
		size := map[string]float64{"ec2": 100, "ecs": 50}[strings.SplitN(action, ":", 2)[0]]
		if size == 0 {
			return false
		}
		if buckets[action] == nil {
			buckets[action] = &bucket{size: size, refill: 20, tokens: size, last: time.Now()}
		}
		return buckets[action].refuses()
	}
}

// At AWS's rates a scan loses nothing either. It takes up to twice as long as the rate for task definitions comes to.
func TestFleetAtPublishedRates(t *testing.T) {
	all := scanned(t, fleet(t, 300), &simulator{retryer: tenTimes, throttle: published()}, services)
	t.Log(all)
	if all.loaded != 300 || all.statuses[checks.Pass] != 300 || all.calls < distinct(300) || len(all.repeated) > 0 {
		t.Errorf("of 300 services %d were loaded in %d calls, with the statuses %v; asked more than once: %v", all.loaded, all.calls, all.statuses, all.repeated)
	}
}

// A scan that is cancelled in the middle returns with what is done: at once but for what it computes, which takes the race
// detector up to ten times as long.
func TestFleetCancelled(t *testing.T) {
	const most = 200 * time.Millisecond
	synctest.Test(t, func(t *testing.T) { cancelled(t, most) })
	cancelled(t, 10*most)
}

func cancelled(t *testing.T, most time.Duration) {
	t.Helper()
	s := fleet(t, 1000)
	s.Before((&simulator{}).before)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	done := 0
	var last error
	for _, err := range checks.RunAll(ctx, services(ctx, checks.Loader{ECS: s.ECS, Interfaces: s.EC2}), checks.Default(s.Sources())...) {
		if last = err; err == nil {
			done++
		}
	}
	ended, _ := ctx.Deadline()
	took := time.Since(ended)
	t.Logf("%d tasks were done; it returned after %s", done, took)
	if took > most || done == 0 || !errors.Is(last, context.DeadlineExceeded) {
		t.Errorf("it went on for %s, with %d tasks done and %v as the last error", took, done, last)
	}
}
