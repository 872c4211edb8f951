// Package command is what the programs among the examples have in common: how they start and end, and what they make of
// their flags.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit statuses.
const (
	CanPull      = 0
	CannotPull   = 1
	ToolError    = 2
	Undetermined = 3
)

// Options are what a program's flags say.
type Options interface {
	// Run does what they say, and returns the exit status.
	Run(ctx context.Context, stdout, stderr io.Writer) (int, error)
}

// Program is a program with flags.
type Program[O Options] struct {
	Name, Usage string
	Parse       func(args []string) (O, error)
}

// Main runs the program with the process's arguments, and exits with its status. An interrupt ends its context, a second one
// the process.
func (p Program[O]) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs the program and returns its exit status.
func (p Program[O]) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := p.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, p.Usage)
		return CanPull
	}
	status := ToolError
	if err == nil {
		status, err = o.Run(ctx, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
	}
	if errors.As(err, new(misuse)) {
		fmt.Fprintf(stderr, "Run %s -h for help.\n", p.Name)
	}
	return status
}

// WithTimeout bounds a context, unless d is 0.
func WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
