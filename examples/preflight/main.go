// Preflight says, before a deploy, whether the tasks that it plans will pull their images: those of an ECS task definition,
// a CloudFormation template or a Terraform plan, in the account as it is.
//
// Without arguments it diagnoses an embedded plan in an embedded account, offline. Run it with -h for the other invocations.
package main

import (
	"context"
	"fmt"
	"io"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/examples/internal/command"
)

var program = command.Program[options]{Name: "preflight", Usage: usage, Parse: parse}

func main() { program.Main() }

// Run is the program.
func (o options) Run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	ctx, cancel := command.WithTimeout(ctx, o.timeout)
	defer cancel()
	account, err := o.account(ctx)
	if err != nil {
		return command.ToolError, err
	}
	plan, err := o.read(account)
	if err != nil {
		return command.ToolError, err
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
	status := command.CanPull
	for _, r := range results {
		switch s := r.diagnosis.Status(); {
		case r.err == nil && s == checks.Fail:
			return command.CannotPull
		case r.err != nil || s == checks.Unknown:
			status = command.Undetermined
		}
	}
	return status
}
