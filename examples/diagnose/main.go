// Diagnose says whether an ECS task on Fargate can pull its images, and if not, why.
//
// Without arguments it diagnoses an embedded scenario, offline. Run it with -h for the other invocations.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/report"
)

var program = command.Program[options]{Name: "diagnose", Usage: usage, Parse: parse}

func main() { program.Main() }

// Run is the program.
func (o options) Run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	if o.mode == "scenarios" {
		return command.CanPull, listScenarios(stdout)
	}
	ctx, cancel := command.WithTimeout(ctx, o.timeout)
	defer cancel()
	d, err := o.diagnose(ctx, stderr)
	switch {
	case err != nil && !errors.Is(err, ctx.Err()):
		return command.ToolError, err
	case err != nil:
		fmt.Fprintf(stderr, "diagnose: the run ended early (%v); this is what it found until then\n", ctx.Err())
	case o.mode == "":
		fmt.Fprintf(stderr, "diagnose: no task was named, so this is the embedded scenario %s; -h says how to name one\n", checkstest.DefaultScenario)
	}
	plan, err := d.Plan(ctx)
	if err != nil && ctx.Err() == nil {
		return command.ToolError, err
	}
	var b bytes.Buffer // nothing is printed unless all of it can be
	if err := o.encode(&b, d, append(o.fit(stdout), report.WithPlan(plan))...); err != nil {
		return command.ToolError, err
	}
	if o.capture != "" {
		if err := o.captured(ctx, d.Snapshot()); err != nil {
			return command.ToolError, err
		}
	}
	if err := o.write(stdout, b.Bytes()); err != nil {
		return command.ToolError, err
	}
	return exitStatus(d.Status()), nil
}

// diagnose loads the task, runs the checks and tries out what would fix what they find. Beside the error of a context that
// ended stands what was found until then.
func (o options) diagnose(ctx context.Context, stderr io.Writer) (checks.Diagnosis, error) {
	progress := newProgress(stderr)
	defer progress.clear()
	progress.show("loading the task")
	task, sources, err := o.load(ctx)
	if err != nil && !errors.Is(err, ctx.Err()) {
		return checks.Diagnosis{}, err
	}
	checkers, err := checks.Select(checks.Default(sources), o.only, o.skip)
	if err != nil {
		return checks.Diagnosis{}, err
	}
	d, err := checks.Runner{Observe: progress.observer(checkers)}.Run(ctx, task, checkers...)
	if err != nil {
		return d, err
	}
	return checks.Prove(ctx, d)
}

// format is what -format takes: a name of an encoder.
type format struct {
	name   string
	encode func(io.Writer, checks.Diagnosis, ...report.Option) error
}

var formats = []format{
	{"text", report.Text},
	{"json", report.JSON},
	{"markdown", report.Markdown},
	{"html", report.HTML},
	{"sarif", report.SARIF},
	{"junit", report.JUnit},
}

func (o options) encode(w io.Writer, d checks.Diagnosis, fitting ...report.Option) error {
	settings := append(fitting, report.WithLanguage(o.speak()))
	if o.mask {
		settings = append(settings, report.MaskAccounts())
	}
	if o.artifact != "" {
		settings = append(settings, report.WithArtifact(o.artifact))
	}
	return formats[slices.IndexFunc(formats, o.isFormat)].encode(w, d, settings...)
}

func (o options) isFormat(f format) bool { return f.name == o.format }

func formatNames() (names []string) {
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func exitStatus(s checks.Status) int {
	switch s {
	case checks.Pass, checks.Warn:
		return command.CanPull
	case checks.Fail:
		return command.CannotPull
	}
	return command.Undetermined
}
