package checks

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run runs checkers on a task, all at once, and returns what they found. The error is for a context that ended, and then
// the diagnosis still holds what was found until then.
func Run(ctx context.Context, task Task, checkers ...Checker) (Diagnosis, error) {
	return Runner{}.Run(ctx, task, checkers...)
}

// Runner runs checkers with other settings than Run's. Its zero value is what Run uses.
type Runner struct {
	Limit   int           // how many checks may run at a time; 0 means all
	Tasks   int           // how many tasks RunAll runs at a time; 0 means 32
	Timeout time.Duration // bounds each run; 0 means the context's own deadline only
	// CheckersFor, when set, returns what RunAll runs on a task beside the checkers that it is given: those of the account and
	// Region that the task is in, where tasks come from several. It is called from several goroutines at once.
	CheckersFor func(Task) []Checker
	// Observe, when set, is told of every check when it starts and when it ends, with the context that Run was given. It may be
	// called from several goroutines at once.
	Observe func(context.Context, Event)
}

// Event is the start or the end of a check.
type Event struct {
	Task    Task
	Check   string // its ID
	Started time.Time
	Ended   bool
	Elapsed time.Duration // of a check that ended
	Err     error         // of a check that ended
}

// Run runs checkers on a task. One check's error never stops another.
func (r Runner) Run(ctx context.Context, task Task, checkers ...Checker) (Diagnosis, error) {
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	observe := r.Observe
	if observe == nil {
		observe = func(context.Context, Event) {}
	}
	started := time.Now()
	ctx, heard := recording(ctx, task)
	out := make([][]Finding, len(checkers))
	var group errgroup.Group
	if r.Limit > 0 { // errgroup takes 0 to mean that nothing may run
		group.SetLimit(r.Limit)
	}
	for i, c := range checkers {
		group.Go(func() error {
			e := Event{Task: task, Check: c.Info().ID, Started: time.Now()}
			observe(ctx, e)
			out[i], e.Err = guarded(ctx, c, task)
			e.Ended, e.Elapsed = true, time.Since(e.Started)
			observe(ctx, e)
			return nil
		})
	}
	_ = group.Wait() // the checks' errors are findings
	d := Diagnosis{Task: task, Findings: slices.Concat(out...), Facts: heard.facts, Started: started}
	d.Paths = heard.paths()
	d.observe()
	d.sayUnexplained()
	d.propose(checkers)
	var assumed []string
	for _, c := range checkers {
		assumed = append(assumed, c.Info().Assumes...)
	}
	for _, f := range d.Findings {
		assumed = append(assumed, f.Assumes...)
	}
	for _, a := range assumed {
		if !d.settles(a) {
			d.Assumptions = with(d.Assumptions, a)
		}
	}
	d.Elapsed = time.Since(started)
	return d, ctx.Err()
}

// guarded runs a check. Its error, and a check that says nothing at all, become Unknown findings.
func guarded(ctx context.Context, c Checker, task Task) ([]Finding, error) {
	var findings []Finding
	err := ctx.Err()
	if err == nil {
		findings, err = c.Check(ctx, task)
	}
	if err == nil && len(findings) > 0 {
		return findings, nil
	}
	reason := "the check said nothing"
	if err != nil {
		reason = explain(err)
	}
	f := about(c, Unfinished, task, map[string]string{"reason": reason})
	f.Evidence = append(f.Evidence, Evidence{c.Info().ID, reason})
	return append(findings, f), err
}

// The codes of what is said in place of a check, whichever it is.
const (
	Unfinished Code = "check.unfinished" // it ended with an error, or said nothing
	LeftOut    Code = "check.left-out"   // it was not run
)

// about returns a finding about a checker itself.
func about(c Checker, code Code, task Task, args map[string]string) Finding {
	args["title"] = c.Info().Title
	return Info{ID: c.Info().ID, Codes: standIns()}.Finding(Assume, code, task.subject(), args)
}

func standIns() map[Code]Meaning {
	return map[Code]Meaning{
		Unfinished: {Unknown, "{title}: not checked to the end, because {reason}.", nil},
		LeftOut:    {Unknown, "{title}: left out of this run, so nothing is known.", nil},
	}
}

// Meanings returns what every code says that the findings of checkers may have: their own codes, and those in place of a
// check that did not run to its end. Translations start from it.
func Meanings(checkers ...Checker) map[Code]Meaning {
	meanings := standIns()
	for _, c := range checkers {
		maps.Copy(meanings, c.Info().Codes)
	}
	return meanings
}

// subject names a task: by its ARN, its service's, or its task definition's.
func (t Task) subject() string {
	service := t.Service
	if cluster, ok := strings.CutPrefix(t.Cluster, "arn:"); ok && service != "" {
		service = "arn:" + strings.Replace(cluster, ":cluster/", ":service/", 1) + "/" + service
	}
	return cmp.Or(t.ARN, service, t.TaskDefinition, "task")
}

// Select returns checkers of which those not named in only (when it names any), and those named in skip, do not run: in
// their place stands one that says so, as Unknown, because what was not checked has not passed.
func Select(checkers []Checker, only, skip []string) ([]Checker, error) {
	var ids []string
	for _, c := range checkers {
		ids = append(ids, c.Info().ID)
	}
	for _, id := range slices.Concat(only, skip) {
		if !slices.Contains(ids, id) {
			return nil, fmt.Errorf("checks: no check is called %q; there are %s", id, strings.Join(ids, ", "))
		}
	}
	var selected []Checker
	for i, c := range checkers {
		if len(only) > 0 && !slices.Contains(only, ids[i]) || slices.Contains(skip, ids[i]) {
			c = unchecked{c}
		}
		selected = append(selected, c)
	}
	return selected, nil
}

// unchecked stands for a check that was left out.
type unchecked struct{ Checker }

func (u unchecked) Check(_ context.Context, task Task) ([]Finding, error) {
	return []Finding{about(u.Checker, LeftOut, task, map[string]string{})}, nil
}
