package command_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/command/commandtest"
)

// options are those of the tests' program.
type options struct {
	names command.List
	err   error
}

func (o options) Run(_ context.Context, stdout, _ io.Writer) (int, error) {
	if o.err != nil {
		return command.ToolError, o.err
	}
	_, err := io.WriteString(stdout, strings.Join(o.names, " "))
	return command.CannotPull, err
}

func program(failure error) command.Program[options] {
	return command.Program[options]{Name: "try", Usage: "Try tries.\n", Parse: func(args []string) (options, error) {
		o := options{err: failure}
		flags := flag.NewFlagSet("try", flag.ContinueOnError)
		flags.Var(&o.names, "names", "")
		_, err := command.Parse(flags, args)
		return o, err
	}}
}

func TestProgram(t *testing.T) {
	for _, tt := range []struct {
		args           string
		failure        error
		status         int
		stdout, stderr string
	}{
		{"-names a,,b -names c", nil, command.CannotPull, "a b c", ""},
		{"-h", nil, command.CanPull, "Try tries.\n", ""},
		{"-names=", nil, command.ToolError, "", "try: -names is empty\nRun try -h for help.\n"},
		{"-names a b", nil, command.ToolError, "", "try: unexpected argument \"b\"\nRun try -h for help.\n"},
		{"-nope", nil, command.ToolError, "", "not defined: -nope\nRun try -h for help.\n"},
		{"", errors.New("it is gone"), command.ToolError, "", "try: it is gone\n"},
	} {
		o := commandtest.Run(t.Context(), program(tt.failure), strings.Fields(tt.args)...)
		o.Expect(t, tt.status, tt.stdout, tt.stderr)
		if strings.Contains(o.Stderr, "help") != (tt.failure == nil && tt.status == command.ToolError) {
			t.Errorf("%s: %s", tt.args, o.Stderr)
		}
	}
}

func TestParseNamesWhatWasGiven(t *testing.T) {
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	flags.Int("n", 0, "")
	flags.Bool("b", false, "")
	flags.Bool("other", false, "")
	if given, err := command.Parse(flags, []string{"-n", "1", "-b"}); err != nil || !slices.Equal(given, []string{"b", "n"}) {
		t.Errorf("%q, %v", given, err)
	}
}

func TestWithTimeout(t *testing.T) {
	ctx, cancel := command.WithTimeout(t.Context(), 0)
	defer cancel()
	if _, bounded := ctx.Deadline(); bounded {
		t.Error("0 bounds it")
	}
	ctx, cancel = command.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if _, bounded := ctx.Deadline(); !bounded {
		t.Error("an hour does not bound it")
	}
}
