package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/canpull/canpull/checks"
)

// progress is a line on a terminal that says what is being waited for. A nil progress says nothing.
type progress struct {
	w io.Writer

	mu      sync.Mutex
	done    int
	running []string
}

// newProgress returns nil when w is not a terminal.
func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &progress{w: f}
}

// show replaces the line. It is cut so that it never wraps on 80 columns, as a wrapped line cannot be replaced.
func (p *progress) show(text string) {
	if p == nil {
		return
	}
	if len(text) > 75 {
		text = text[:75] + "…"
	}
	fmt.Fprint(p.w, "\r\x1b[K", text)
}

func (p *progress) clear() { p.show("") }

// observer returns what a checks.Runner tells of its checks; nil when nobody watches.
func (p *progress) observer(checkers []checks.Checker) func(context.Context, checks.Event) {
	if p == nil {
		return nil
	}
	return func(_ context.Context, e checks.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if e.Ended {
			p.done++
			p.running = slices.DeleteFunc(p.running, func(id string) bool { return id == e.Check })
		} else {
			p.running = append(p.running, e.Check)
		}
		text := fmt.Sprintf("%d of %d checks done", p.done, len(checkers))
		if len(p.running) > 0 {
			text += "; waiting for " + strings.Join(p.running, ", ")
		}
		p.show(text)
	}
}
