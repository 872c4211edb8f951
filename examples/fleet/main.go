// Fleet says which services of a cluster, of all clusters or of several accounts cannot pull their images, and what few
// causes that has.
//
// Without arguments it scans an embedded cluster, offline. Run it with -h for the other invocations.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/examples/internal/command"
)

var program = command.Program[options]{Name: "fleet", Usage: usage, Parse: parse}

func main() { program.Main() }

// Run is the program.
func (o options) Run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	ctx, cancel := command.WithTimeout(ctx, o.timeout)
	defer cancel()
	accounts, err := o.accounts(ctx, stderr)
	if err != nil {
		return command.ToolError, err
	}
	if !o.live() {
		fmt.Fprintln(stderr, "fleet: no cluster was named, so this is the embedded one; -h says how to name one")
	}
	r := results{stopped: o.stopped}
	progress := newProgress(stderr, func() int { return accounts.total(ctx, o.stopped) })
	for d, err := range accounts.runner().RunAll(ctx, accounts.tasks(ctx, o)) {
		if err != nil && errors.Is(err, ctx.Err()) {
			fmt.Fprintf(stderr, "%sfleet: the scan ended early (%v); this is what it found until then\n", progress.erase(), ctx.Err())
			break
		}
		r.add(d, err)
		progress.show(r)
		if o.format == "jsonl" {
			if err := r.line(stdout, d, err); err != nil {
				return command.ToolError, err
			}
		}
	}
	fmt.Fprint(stderr, progress.erase())
	if o.format == "text" {
		if err := r.table(stdout); err != nil {
			return command.ToolError, err
		}
	}
	return r.exitStatus(ctx.Err() != nil), nil
}

// results is what a scan came to.
type results struct {
	tally     checks.Tally
	stopped   bool // it is of tasks that failed to start
	elsewhere int  // services and tasks that are not on Fargate
	notLoaded []string
}

func (r *results) add(d checks.Diagnosis, err error) {
	switch {
	case err == nil:
		r.tally.Add(d)
	case errors.As(err, new(*checks.NotFargateError)):
		r.elsewhere++
	default:
		r.notLoaded = append(r.notLoaded, err.Error())
	}
}

// exitStatus is that of the worst task. Where nothing was diagnosed nothing is known, unless no task has failed.
func (r *results) exitStatus(early bool) int {
	none := r.tally.Tasks == 0 && !r.stopped
	switch s := r.tally.Statuses; {
	case s[checks.Fail] > 0:
		return command.CannotPull
	case s[checks.Unknown] > 0 || len(r.notLoaded) > 0 || none || early:
		return command.Undetermined
	}
	return command.CanPull
}

// named names a task for people: by its service, or itself.
func named(t checks.Task) string { return cmp.Or(t.Service, t.ARN, t.Cluster) }
