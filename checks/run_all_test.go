package checks_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
)

// numbered yields n tasks of as many services. Its error is of the one with the number bad.
func numbered(n, bad int, taken *atomic.Int32) iter.Seq2[checks.Task, error] {
	return func(yield func(checks.Task, error) bool) {
		for i := range n {
			task, err := checks.Task{Service: fmt.Sprintf("svc-%03d", i)}, error(nil)
			if i == bad {
				err = errors.New("not on Fargate")
			}
			if taken != nil {
				taken.Add(1)
			}
			if !yield(task, err) {
				return
			}
		}
	}
}

// checkFunc is a checker that does what a function says.
type checkFunc func(context.Context, checks.Task) ([]checks.Finding, error)

func (checkFunc) Info() checks.Info { return checks.Info{ID: "test", Title: "A test"} }
func (f checkFunc) Check(ctx context.Context, t checks.Task) ([]checks.Finding, error) {
	return f(ctx, t)
}

func fails(code checks.Code, subject string) checkFunc {
	return func(_ context.Context, t checks.Task) ([]checks.Finding, error) {
		return []checks.Finding{{Check: "test", Status: checks.Fail, Code: code, Subject: subject}}, nil
	}
}

func TestRunAllYieldsEveryTaskOnce(t *testing.T) {
	seen := map[string]int{}
	var errs []error
	for d, err := range checks.RunAll(t.Context(), numbered(100, 7, nil), fails("group.closed", "sg-1")) {
		seen[d.Task.Service]++
		if err != nil {
			errs = append(errs, err)
		} else if d.Status() != checks.Fail {
			t.Errorf("%s is %s", d.Task.Service, d.Status())
		}
	}
	if len(seen) != 100 || len(errs) != 1 {
		t.Errorf("%d services and the errors %v came out of 100 services of which one is not loaded", len(seen), errs)
	}
	for service, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", service, n)
		}
	}
}

// Whoever takes one diagnosis and waits is not flooded: no more tasks are taken than there are hands.
func TestRunAllTakesNoMoreTasksThanItRuns(t *testing.T) {
	var taken atomic.Int32
	next, stop := iter.Pull2(checks.Runner{Tasks: 4}.RunAll(t.Context(), numbered(1000, -1, &taken), fails("group.closed", "sg-1")))
	defer stop()
	if _, _, ok := next(); !ok {
		t.Fatal("nothing was yielded")
	}
	time.Sleep(50 * time.Millisecond)
	if n := taken.Load(); n > 4+4+2 {
		t.Errorf("%d tasks were taken while one was yielded", n)
	}
}

// A bubble ends only after all of its goroutines have.
func TestRunAllEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waits := checkFunc(func(ctx context.Context, task checks.Task) ([]checks.Finding, error) {
			if task.Service == "svc-000" {
				return fails("group.closed", "sg-1")(ctx, task)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		began := time.Now()
		var last error
		var done int
		for d, err := range checks.RunAll(ctx, numbered(1000, -1, nil), waits) {
			if last = err; err == nil {
				done++
				if d.Task.Service != "svc-000" {
					t.Errorf("%s was yielded as done", d.Task.Service)
				}
				cancel()
			}
		}
		if done != 1 || !errors.Is(last, context.Canceled) {
			t.Errorf("%d were done and the last error is %v", done, last)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it went on for %v after it was cancelled", took)
		}
	})
}

// What was done when the context ended is yielded, although nobody had taken it yet.
func TestRunAllYieldsWhatWasDoneWhenItsContextEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		const hands = 4
		done := 0
		var last error
		for _, err := range (checks.Runner{Tasks: hands}).RunAll(ctx, numbered(1000, -1, nil), fails("group.closed", "sg-1")) {
			if last = err; err == nil {
				done++
			}
			synctest.Wait() // until every hand holds what it has done
			cancel()
		}
		if done != 1+hands || !errors.Is(last, context.Canceled) {
			t.Errorf("%d were done and the last error is %v", done, last)
		}
	})
}

func TestRunAllStopsWithItsCaller(t *testing.T) {
	var taken atomic.Int32
	synctest.Test(t, func(t *testing.T) {
		for range checks.RunAll(t.Context(), numbered(1000, -1, &taken), fails("group.closed", "sg-1")) {
			break
		}
	})
	if taken.Load() == 1000 {
		t.Error("every task was taken, although the caller had enough of the first")
	}
}

func TestTallyPutsTheWidestCauseFirst(t *testing.T) {
	var tally checks.Tally
	for d := range checks.RunAll(t.Context(), numbered(3, -1, nil), fails("group.closed", "sg-1")) {
		tally.Add(d)
	}
	for d := range checks.RunAll(t.Context(), numbered(1, -1, nil), fails("route.none", "rtb-1")) {
		tally.Add(d)
	}
	tally.Add(checks.Diagnosis{Findings: []checks.Finding{{Status: checks.Unknown, Missing: []string{"iam:GetRole"}}, {Missing: []string{"iam:GetRole"}}}})
	want := []checks.Impact{
		{Code: "group.closed", Subject: "sg-1", Tasks: 3, Services: []string{"svc-000", "svc-001", "svc-002"}},
		{Code: "route.none", Subject: "rtb-1", Tasks: 1, Services: []string{"svc-000"}},
	}
	if diff := cmp.Diff(want, tally.Impacts()); diff != "" {
		t.Errorf("impacts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"iam:GetRole": 1}, tally.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if tally.Tasks != 5 || tally.Statuses[checks.Fail] != 4 || tally.Statuses[checks.Unknown] != 1 {
		t.Errorf("%d tasks with the statuses %v", tally.Tasks, tally.Statuses)
	}
}

// Tasks of several accounts meet the checks of their own.
func TestRunAllRunsTheChecksOfATasksAccount(t *testing.T) {
	tasks := func(yield func(checks.Task, error) bool) {
		for _, account := range []string{"111122223333", "444455556666"} {
			if !yield(checks.Task{Account: account, Service: "web"}, nil) {
				return
			}
		}
	}
	runner := checks.Runner{CheckersFor: func(task checks.Task) []checks.Checker {
		return []checks.Checker{fails("group.closed", task.Account)}
	}}
	for d, err := range runner.RunAll(t.Context(), tasks, finds("everywhere", checks.Pass)) {
		if err != nil || len(d.Findings) != 2 || d.Findings[0].Subject != d.Task.Account || d.Findings[1].Check != "everywhere" {
			t.Errorf("%s: %+v, %v", d.Task.Account, d.Findings, err)
		}
	}
}
