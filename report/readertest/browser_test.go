package readertest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/report"
)

// browser is a Chromium with one tab.
type browser struct {
	ctx context.Context
	dir string

	mu       sync.Mutex
	messages []string // errors and warnings of the console
	requests []string
}

func open(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program(t, "chromium")), chromedp.NoSandbox)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx, dir: t.TempDir()}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, cdplog.Enable, cdp.Empty{})
	call(t, b, runtime.Enable, cdp.Empty{})
	return b
}

// call sends a command of the DevTools protocol.
func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// run carries out an action and returns its value.
func run[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.messages = append(b.messages, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.messages = append(b.messages, fmt.Sprint(e.Type, e.Args))
		}
	case *cdplog.EventEntryAdded:
		b.messages = append(b.messages, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// show opens the report of a diagnosis.
func (b *browser) show(t *testing.T, name string, d checks.Diagnosis, options ...report.Option) {
	t.Helper()
	var page bytes.Buffer
	if err := report.HTML(&page, d, options...); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, name+".html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	b.messages, b.requests = nil, nil
	b.mu.Unlock()
	run(t, b, chromedp.Navigate("file://"+file))
}

// width is that of a phone or of a desk, in CSS pixels.
type width int64

var widths = []width{360, 1440}

func (b *browser) as(t *testing.T, w width, scheme string) {
	t.Helper()
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(w), Height: 900, DeviceScaleFactor: 1})
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// fits tests that nothing lies outside the page's width, whatever hop is looked at, and that the console has nothing to
// say.
func (b *browser) fits(t *testing.T, what string) {
	t.Helper()
	wide := run(t, b, chromedp.Evaluate[[]string](`(() => {
		const wide = [], root = document.scrollingElement;
		const look = what => { if (root.scrollWidth > innerWidth) wide.push(what + ": " + root.scrollWidth + " of " + innerWidth) };
		look("the page");
		document.querySelectorAll("details").forEach(d => d.open = true);
		look("opened");
		document.querySelectorAll(".hop button").forEach(hop => {
			hop.focus();
			const tip = hop.parentElement.querySelector(".tip").getBoundingClientRect();
			if (tip.width == 0) wide.push("no tip at " + hop.innerText);
			if (tip.left < 0 || tip.right > innerWidth) wide.push("the tip at " + hop.innerText + " goes from " + tip.left + " to " + tip.right);
			look(hop.innerText);
		});
		document.activeElement.blur();
		document.querySelectorAll("details").forEach(d => d.open = false);
		return wide;
	})()`))
	for _, problem := range wide {
		t.Errorf("%s: %s", what, problem)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.messages {
		t.Errorf("%s: the console says %s", what, m)
	}
	if len(b.requests) != 1 || !strings.HasPrefix(b.requests[0], "file://") {
		t.Errorf("%s: it asks for %q", what, b.requests)
	}
}

// Every scenario's page stands alone and is as wide as its window.
func TestPagesFit(t *testing.T) {
	t.Parallel()
	all := diagnoses(t)
	for _, tag := range report.Languages() {
		t.Run(tag.String(), func(t *testing.T) {
			t.Parallel()
			b := open(t)
			for name, d := range all {
				b.show(t, name, d, report.WithLanguage(tag))
				for _, w := range widths {
					b.as(t, w, "light")
					b.fits(t, fmt.Sprintf("%s at %d", name, w))
				}
			}
		})
	}
}

// shown are the scenarios that are looked at more closely: one of each kind of page.
var shown = []string{"endpoint-group-closed", "healthy-nat", "two-faults-of-two-stages", "unread-nat-gateways", "transit-gateway", "acl-answers-partly-denied",
	"dns-custom-unreachable", "docker-hub-anonymous", "hostile"}

// axe-core finds nothing to object to where all is opened and a rule is shown, light and dark. CANPULL_SCREENSHOTS gets a picture of each.
// https://github.com/dequelabs/axe-core
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(npm(t, "axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := open(t)
	all := diagnoses(t)
	for _, name := range shown {
		if _, ok := all[name]; !ok {
			t.Fatalf("there is no scenario %s", name)
		}
		proven, err := checks.Prove(t.Context(), all[name])
		if err != nil {
			t.Fatal(err)
		}
		plan, err := proven.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range report.Languages() {
			b.show(t, name, proven, report.WithLanguage(tag), report.WithPlan(plan))
			run(t, b, chromedp.Evaluate[chromedp.Void](string(axe)))
			for _, w := range widths {
				for _, scheme := range []string{"light", "dark"} {
					what := fmt.Sprintf("%s.%s.%d.%s", name, tag, w, scheme)
					b.as(t, w, scheme)
					b.picture(t, what)
					b.accessible(t, what)
				}
			}
		}
	}
}

func (b *browser) accessible(t *testing.T, what string) {
	t.Helper()
	violations := run(t, b, chromedp.Evaluate[[]string](`(async () => {
		const found = [], hop = document.querySelector(".hop.fail button, .hop button");
		document.querySelectorAll("details").forEach(d => d.open = true);
		if (hop) hop.focus();
		const results = await axe.run({resultTypes: ["violations"]});
		for (const v of results.violations) for (const n of v.nodes) found.push(v.id + ": " + n.failureSummary + " " + n.html);
		document.querySelectorAll("details").forEach(d => d.open = false);
		document.activeElement.blur();
		return found;
	})()`, chromedp.EvalAwaitPromise))
	slices.Sort(violations)
	for _, v := range slices.Compact(violations) {
		t.Errorf("%s: %s", what, v)
	}
}

// picture leaves a screenshot where one is wanted.
func (b *browser) picture(t *testing.T, what string) {
	t.Helper()
	dir := os.Getenv("CANPULL_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, what+".png"), run(t, b, chromedp.FullScreenshot(100)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is folded on the screen is on paper as well.
func TestPagesArePrintedWhole(t *testing.T) {
	t.Parallel()
	b := open(t)
	d := diagnoses(t)["endpoint-group-closed"]
	b.show(t, "print", d)
	folded := func() string {
		return run(t, b, chromedp.Evaluate[string](`[...document.querySelectorAll("details > table, details > ul, details > pre")].filter(e => e.parentElement.getBoundingClientRect().height < e.getBoundingClientRect().height || e.getBoundingClientRect().height == 0).map(e => e.parentElement.innerText).join("\n")`))
	}
	b.as(t, 1440, "light")
	if folded() == "" {
		t.Error("nothing is folded on the screen")
	}
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if hidden := folded(); hidden != "" {
		t.Errorf("on paper these are folded: %s", hidden)
	}
}

// The rule of each hop is shown to whoever moves there with the keyboard alone.
func TestHopsAreReachedByKeyboard(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.as(t, 1440, "light")
	b.show(t, "keyboard", diagnoses(t)["endpoint-group-closed"])
	hops := run(t, b, chromedp.Evaluate[int](`document.querySelectorAll(".hop button").length`))
	reached := map[string]bool{}
	for range 3 * hops {
		run(t, b, chromedp.KeyEvent("\t"))
		at := run(t, b, chromedp.Evaluate[struct{ ID, Shown string }](`(() => {
			const id = document.activeElement.getAttribute("aria-describedby") ?? "";
			return {ID: id, Shown: id && getComputedStyle(document.getElementById(id)).display};
		})()`))
		if at.ID != "" {
			reached[at.ID] = true
			if at.Shown != "block" {
				t.Errorf("%s is at the focus and not shown", at.ID)
			}
		}
	}
	if len(reached) != hops || hops == 0 {
		t.Errorf("%d of %d hops were reached", len(reached), hops)
	}
}
