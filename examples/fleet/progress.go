package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/canpull/canpull/checks"
)

// progress is a bar on a terminal. A nil progress says nothing.
type progress struct {
	w     io.Writer
	total int // of services; 0: not known
}

// newProgress returns nil when w is not a terminal, and then does not ask for the total.
func newProgress(w io.Writer, total func() int) *progress {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &progress{f, total()}
}

// show replaces the bar.
func (p *progress) show(r results) {
	if p == nil {
		return
	}
	const cells = 30
	done := r.tally.Tasks + r.elsewhere + len(r.notLoaded)
	text := fmt.Sprintf("%d done, %d cannot pull", done, r.tally.Statuses[checks.Fail])
	if p.total > 0 {
		full := min(cells*done/p.total, cells)
		text = fmt.Sprintf("[%s%s] %d of %d, %d cannot pull", strings.Repeat("#", full), strings.Repeat(".", cells-full), done, p.total, r.tally.Statuses[checks.Fail])
	}
	fmt.Fprint(p.w, p.erase(), text)
}

// erase is what takes the bar away.
func (p *progress) erase() string {
	if p == nil {
		return ""
	}
	return "\r\x1b[K"
}
