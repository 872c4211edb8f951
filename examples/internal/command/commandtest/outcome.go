// Package commandtest tests the programs among the examples.
package commandtest

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/canpull/canpull/examples/internal/command"
)

// Outcome is what a run of a program leaves.
type Outcome struct {
	Status         int
	Stdout, Stderr string
}

// Run runs a program.
func Run(ctx context.Context, program interface {
	Run(ctx context.Context, args []string, stdout, stderr io.Writer) int
}, args ...string) Outcome {
	var stdout, stderr strings.Builder
	status := program.Run(ctx, args, &stdout, &stderr)
	return Outcome{status, stdout.String(), stderr.String()}
}

// Expect fails the test unless a run ended with a status and printed some text on each output. Beside an error of the program
// stands no result.
func (o Outcome) Expect(t *testing.T, status int, stdout, stderr string) {
	t.Helper()
	if o.Status != status {
		t.Errorf("exit status %d, want %d", o.Status, status)
	}
	if !strings.Contains(o.Stdout, stdout) {
		t.Errorf("stdout has no %q:\n%s", stdout, o.Stdout)
	}
	if !strings.Contains(o.Stderr, stderr) {
		t.Errorf("stderr has no %q:\n%s", stderr, o.Stderr)
	}
	if status == command.ToolError && o.Stdout != "" {
		t.Errorf("stdout holds something beside an error:\n%s", o.Stdout)
	}
}
