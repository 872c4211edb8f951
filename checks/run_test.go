package checks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/canpull/canpull/checks"
)

// fakeCheck is a checker that does what a test wants.
type fakeCheck struct {
	id    string
	check func(context.Context) ([]checks.Finding, error)
}

func (f fakeCheck) Info() checks.Info { return checks.Info{ID: f.id, Title: strings.ToUpper(f.id)} }

func (f fakeCheck) Check(ctx context.Context, _ checks.Task) ([]checks.Finding, error) {
	return f.check(ctx)
}

func finds(id string, status checks.Status) fakeCheck {
	return fakeCheck{id, func(context.Context) ([]checks.Finding, error) {
		return []checks.Finding{{Check: id, Status: status, Code: "x"}}, nil
	}}
}

func TestOneChecksErrorDoesNotStopAnother(t *testing.T) {
	broken := fakeCheck{"broken", func(context.Context) ([]checks.Finding, error) {
		return []checks.Finding{{Check: "broken", Status: checks.Fail, Code: "found"}}, errors.New("the disk is on fire")
	}}
	d, err := checks.Run(t.Context(), checks.Task{}, broken, finds("fine", checks.Pass))
	if err != nil {
		t.Fatal(err)
	}
	var codes []checks.Code
	for _, f := range d.Findings {
		codes = append(codes, f.Code)
	}
	if want := []checks.Code{"found", checks.Unfinished, "x"}; !slices.Equal(codes, want) {
		t.Errorf("found %v, want %v", codes, want)
	}
	if !strings.Contains(d.Findings[1].Summary, "the disk is on fire") {
		t.Errorf("the reason is lost: %s", d.Findings[1].Summary)
	}
}

func TestASilentCheckIsUnknown(t *testing.T) {
	silent := fakeCheck{"silent", func(context.Context) ([]checks.Finding, error) { return nil, nil }}
	d, err := checks.Run(t.Context(), checks.Task{}, silent)
	if err != nil || d.Status() != checks.Unknown {
		t.Errorf("a check that says nothing is %s (%v)", d.Status(), err)
	}
}

func TestATimeoutKeepsWhatWasFound(t *testing.T) {
	slow := fakeCheck{"slow", func(ctx context.Context) ([]checks.Finding, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	d, err := checks.Runner{Timeout: 10 * time.Millisecond}.Run(t.Context(), checks.Task{}, slow, finds("fast", checks.Fail))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if len(d.Findings) != 2 || d.Findings[0].Code != checks.Unfinished || d.Findings[1].Status != checks.Fail {
		t.Errorf("found %+v", d.Findings)
	}
}

func TestACancelledRunStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	started := false
	d, err := checks.Run(ctx, checks.Task{}, fakeCheck{"late", func(context.Context) ([]checks.Finding, error) {
		started = true
		return nil, nil
	}})
	if started || !errors.Is(err, context.Canceled) || d.Status() != checks.Unknown {
		t.Errorf("started %v, status %s, error %v", started, d.Status(), err)
	}
}

func TestLimitBoundsHowManyRunAtATime(t *testing.T) {
	for _, limit := range []int{0, 1, 2} {
		var running, most atomic.Int32
		var checkers []checks.Checker
		for _, id := range []string{"a", "b", "c", "d"} {
			checkers = append(checkers, fakeCheck{id, func(context.Context) ([]checks.Finding, error) {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(2 * time.Millisecond)
				running.Add(-1)
				return []checks.Finding{{Status: checks.Pass}}, nil
			}})
		}
		if _, err := (checks.Runner{Limit: limit}).Run(t.Context(), checks.Task{}, checkers...); err != nil {
			t.Fatal(err)
		}
		if limit > 0 && int(most.Load()) > limit {
			t.Errorf("with Limit %d, %d ran at a time", limit, most.Load())
		}
	}
}

func TestObserveSeesEveryCheckStartAndEnd(t *testing.T) {
	type key struct{}
	var mu sync.Mutex
	seen := map[string]int{}
	r := checks.Runner{Observe: func(ctx context.Context, e checks.Event) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Value(key{}) != "parent" || e.Task.Service != "web" || e.Started.IsZero() || e.Ended != (e.Elapsed > 0) {
			t.Errorf("%v, %+v", ctx, e)
		}
		if seen[e.Check]++; e.Ended != (seen[e.Check] == 2) {
			t.Errorf("%s: %+v out of order", e.Check, e)
		}
	}}
	if _, err := r.Run(context.WithValue(t.Context(), key{}, "parent"), checks.Task{Service: "web"}, finds("a", checks.Pass), finds("b", checks.Pass)); err != nil {
		t.Fatal(err)
	}
	if seen["a"] != 2 || seen["b"] != 2 {
		t.Errorf("saw %v", seen)
	}
}

func TestStatusIsTheStrongest(t *testing.T) {
	const unknown, skip, pass, warn, fail = checks.Unknown, checks.Skip, checks.Pass, checks.Warn, checks.Fail
	for _, c := range []struct {
		found []checks.Status
		want  checks.Status
	}{
		{nil, unknown}, {[]checks.Status{skip}, unknown}, {[]checks.Status{pass, skip}, pass}, {[]checks.Status{pass, warn}, warn},
		{[]checks.Status{warn, unknown, pass}, unknown}, {[]checks.Status{unknown, fail, pass}, fail},
	} {
		var d checks.Diagnosis
		for _, s := range c.found {
			d.Findings = append(d.Findings, checks.Finding{Status: s})
		}
		if got := d.Status(); got != c.want {
			t.Errorf("%v is %s, want %s", c.found, got, c.want)
		}
	}
}

func TestWhatIsSelectedAwayIsUnknown(t *testing.T) {
	all := []checks.Checker{finds("a", checks.Pass), finds("b", checks.Pass), finds("c", checks.Pass)}
	for _, c := range []struct {
		only, skip, left []string
	}{
		{nil, []string{"b"}, []string{"b"}}, {[]string{"a"}, nil, []string{"b", "c"}}, {[]string{"a", "b"}, []string{"b"}, []string{"b", "c"}}, {nil, nil, nil},
	} {
		selected, err := checks.Select(all, c.only, c.skip)
		if err != nil {
			t.Fatal(err)
		}
		d, err := checks.Run(t.Context(), checks.Task{}, selected...)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, f := range d.Findings {
			if f.Code == checks.LeftOut && f.Status == checks.Unknown {
				left = append(left, f.Check)
			}
		}
		if !slices.Equal(left, c.left) {
			t.Errorf("only %v, skip %v left out %v, want %v", c.only, c.skip, left, c.left)
		}
	}
	if _, err := checks.Select(all, []string{"nope"}, nil); err == nil || !strings.Contains(err.Error(), `"nope"`) || !strings.Contains(err.Error(), "a, b, c") {
		t.Errorf("an unknown check gives %v", err)
	}
}
