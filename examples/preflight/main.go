// Preflight says, before a deploy, whether the tasks that it plans will pull their images: those of an ECS task definition,
// a CloudFormation template or a Terraform plan, in the account as it is.
//
// Without arguments it diagnoses an embedded plan in an embedded account, offline. Run it with -h for the other invocations.
package main

import (
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
		fmt.Fprintln(stderr, "preflight:", err)
	}
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(stderr, "Run preflight -h for help.")
	}
	return status
}

func (o options) run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	account, err := o.account(ctx)
	if err != nil {
		return toolError, err
	}
	plan, err := o.read(account)
	if err != nil {
		return toolError, err
	}
	if o.demo() {
		fmt.Fprintln(stderr, "preflight: no file was named, so this is the embedded plan; -h says how to name one")
	}
	account.open(plan.pending)
	results := plan.diagnose(ctx, account)
	if err := ctx.Err(); err != nil {
		fmt.Fprintf(stderr, "preflight: the run ended early (%v); this is what it found until then\n", err)
	}
	return statusOf(results), o.write(stdout, plan, results)
}

// result is what became of one planned service.
type result struct {
	name      string
	diagnosis checks.Diagnosis
	err       error // why it could not be diagnosed
}

// diagnose runs the checks on every service, which share what they read.
func (p plan) diagnose(ctx context.Context, a *account) (results []result) {
	checkers := checks.Default(a.sources)
	for _, s := range p.services {
		r := result{name: s.name}
		var task checks.Task
		if task, r.err = s.task(ctx, a); r.err == nil {
			r.diagnosis, _ = checks.Run(ctx, task, checkers...) // a context that ended shows in the diagnosis
		}
		results = append(results, r)
	}
	return results
}

// statusOf returns the exit status: one task that cannot pull decides, then one that is not known.
func statusOf(results []result) int {
	status := canPull
	for _, r := range results {
		switch s := r.diagnosis.Status(); {
		case r.err == nil && s == checks.Fail:
			return cannotPull
		case r.err != nil || s == checks.Unknown:
			status = undetermined
		}
	}
	return status
}
