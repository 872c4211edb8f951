// Fleet says which services of a cluster, of all clusters or of several accounts cannot pull their images, and what few
// causes that has.
//
// Without arguments it scans an embedded cluster, offline. Run it with -h for the other invocations.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/canpull/canpull/checks"
)

// Exit statuses.
const (
	canPull      = 0
	cannotPull   = 1
	toolError    = 2
	undetermined = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return canPull
	}
	status := toolError
	if err == nil {
		status, err = o.run(ctx, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "fleet:", err)
	}
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(stderr, "Run fleet -h for help.")
	}
	return status
}

func (o options) run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	accounts, err := o.accounts(ctx, stderr)
	if err != nil {
		return toolError, err
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
				return toolError, err
			}
		}
	}
	fmt.Fprint(stderr, progress.erase())
	if o.format == "text" {
		if err := r.table(stdout); err != nil {
			return toolError, err
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
		return cannotPull
	case s[checks.Unknown] > 0 || len(r.notLoaded) > 0 || none || early:
		return undetermined
	}
	return canPull
}

// named names a task for people: by its service, or itself.
func named(t checks.Task) string { return cmp.Or(t.Service, t.ARN, t.Cluster) }
