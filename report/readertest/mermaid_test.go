package readertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/report"
)

// flowOf returns the flow of a diagnosis's Markdown, "" where it has none.
func flowOf(t *testing.T, d checks.Diagnosis, tag language.Tag) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Markdown(&b, d, report.WithLanguage(tag)); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(b.String(), "\n```mermaid\n")
	flow, _, _ := strings.Cut(rest, "\n```\n")
	return flow
}

// Mermaid reads the flow of every scenario, and draws it as GitHub has it do: strictly, so that nothing in a label runs.
// https://mermaid.js.org/config/usage.html#securitylevel
func TestFlowsAreDrawn(t *testing.T) {
	t.Parallel()
	mermaid, err := os.ReadFile(npm(t, "mermaid/dist/mermaid.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := open(t)
	blank := filepath.Join(b.dir, "blank.html")
	if err := os.WriteFile(blank, []byte(`<!DOCTYPE html><title>blank</title>`), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, b, chromedp.Navigate("file://"+blank))
	run(t, b, chromedp.Evaluate[chromedp.Void](string(mermaid)))
	all, drawn := diagnoses(t), 0
	for name, d := range all {
		for _, tag := range report.Languages() {
			if tag != language.English && !slices.Contains(shown, name) {
				continue
			}
			flow := flowOf(t, d, tag)
			if (flow == "") != (len(d.Paths) == 0) {
				t.Errorf("%s in %s has %d paths and the flow %q", name, tag, len(d.Paths), flow)
			}
			if flow == "" {
				continue
			}
			if got := b.draw(t, flow); got.Problem != "" || got.Nodes == 0 || got.Nodes != strings.Count(flow, "n0(")+edges(flow) {
				t.Errorf("%s in %s: %+v\n%s", name, tag, got, flow)
			}
			drawn++
		}
	}
	if drawn < 100 {
		t.Errorf("only %d flows were drawn", drawn)
	}
}

// edges counts the lines of a flow that lead on to another node.
func edges(flow string) (n int) {
	for _, link := range []string{" --> ", " --x ", " -.-> "} {
		n += strings.Count(flow, link)
	}
	return n
}

// drawn is what came of a flow.
type drawn struct {
	Problem string // why Mermaid refuses it, or what in the drawing does more than be seen
	Nodes   int
}

func (b *browser) draw(t *testing.T, flow string) drawn {
	t.Helper()
	text, err := json.Marshal(flow)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, b, chromedp.Evaluate[drawn](fmt.Sprintf(`(async () => {
		mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
		try {
			document.body.innerHTML = (await mermaid.render("flow", %s)).svg;
		} catch (e) {
			return {Problem: String(e)};
		}
		const odd = document.body.querySelector("script, img, a, iframe, [onerror], [onclick]");
		return {Problem: document.title != "blank" ? "it ran" : odd ? odd.outerHTML : "", Nodes: document.querySelectorAll("g.node").length};
	})()`, text), chromedp.EvalAwaitPromise))
}
