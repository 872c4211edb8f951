package report

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func md(t *testing.T, d checks.Diagnosis, options ...Option) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, d, options...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// names are what GitHub, GitLab or Mermaid would take for markup, a mention or a reference.
var names = []string{
	"@everyone", "#123", "GH-7", "owner/repo#1", "!45", "~bug", "&2", "$9", "%1", ":tada:", "<script>alert(1)</script>", "<!--x", "</details>",
	"[x](javascript:x)", "![x](https://x.example/p.png)", "https://evil.example", "www.evil.example", "**bold**", "_it_", "a|b", "`", "``", "```", "```mermaid",
	"`x", "x`", "# x", "- x", "+ x", "1. x", "&lt;b&gt;", `\`, "deadbeefcafe0123", "\"];click w0n0 href \"x", "--> w9n9", "%%{init: {}}%%", "subgraph", "end",
}

func TestMarkdownNeutralisesNames(t *testing.T) {
	ours := outsideCode(t, md(t, checks.Diagnosis{Findings: []checks.Finding{{Status: checks.Fail}, {}, {Status: checks.Pass}}, Assumptions: []string{"x"}}))
	for _, name := range names {
		docs := name
		if strings.HasPrefix(name, "https://") {
			docs = "" // a page is a link
		}
		said := func(before string) string {
			if strings.HasSuffix(name, " x") { // markup where a line begins
				return name
			}
			return before + name
		}
		f := checks.Finding{Check: name, Code: "own.code", Status: checks.Fail, Subject: name, Summary: said("Something is wrong with "), Scope: []string{name},
			Evidence: []checks.Evidence{{Source: name, Fact: said("It reads ")}}, Fixes: []checks.Fix{{Summary: said("Repair "), TradeOff: said("It breaks "), Docs: docs}}}
		known := checks.Finding{Check: "route", Code: "route.none", Status: checks.Fail, Subject: name, Summary: "x",
			Args: map[string]string{"subject": name, "subnets": name, "hosts": name}, Fixes: []checks.Fix{{Summary: "x"}, {Summary: "y"}}}
		unknown, passed := f, f
		unknown.Status, unknown.Missing = checks.Unknown, []string{name}
		passed.Status = checks.Pass
		d := checks.Diagnosis{Task: checks.Task{ARN: name, Service: name, PlatformVersion: name, Containers: []checks.Container{{Image: name}},
			Placement: network.Placement{Subnets: []string{name, "b"}, SecurityGroups: []string{name}}},
			Findings: []checks.Finding{f, known, unknown, passed}, Assumptions: []string{said("It holds that ")},
			Paths: []checks.Path{way(checks.Resolve, name, name, hop(network.KindRoute, name, network.Closed, network.Reason(name)))}}
		for _, tag := range Languages() {
			doc := md(t, d, WithLanguage(tag))
			rest := outsideCode(t, doc)
			if strings.Contains(rest, name) && strings.Trim(name, letters) != "" && !strings.Contains(ours, name) {
				t.Errorf("%q is outside of code in\n%s", name, rest)
			}
			if n := strings.Count(rest, "<details>"); n != strings.Count(rest, "</details>") || n != 3 {
				t.Errorf("%q changes what is folded:\n%s", name, doc)
			}
			diagram(t, doc)
		}
	}
}

// outsideCode returns a document without its blocks and spans of code, read as CommonMark does.
func outsideCode(t *testing.T, doc string) string {
	t.Helper()
	var lines []string
	fence := ""
	for line := range strings.Lines(doc) {
		trimmed := strings.TrimSpace(line)
		run := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
		switch {
		case fence == "" && len(run) >= 3 && !strings.Contains(trimmed[len(run):], "`"):
			fence = run
		case fence != "" && strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, "`") == "":
			fence = ""
		case fence == "":
			lines = append(lines, line)
		}
	}
	if fence != "" {
		t.Errorf("a block of code does not end in\n%s", doc)
	}
	var out strings.Builder
	for _, line := range lines { // no span goes over a line
		for line != "" {
			before, rest, found := strings.Cut(line, "`")
			out.WriteString(before)
			if !found {
				break
			}
			run := 1 + len(rest) - len(strings.TrimLeft(rest, "`"))
			rest = strings.TrimLeft(rest, "`")
			end := closing(rest, run)
			if end < 0 {
				t.Errorf("a span of code does not end in %s", line)
				break
			}
			line = rest[end+run:]
		}
	}
	return out.String()
}

// closing returns where a run of exactly so many backticks begins.
func closing(text string, run int) int {
	for _, at := range regexp.MustCompile("`+").FindAllStringIndex(text, -1) {
		if at[1]-at[0] == run {
			return at[0]
		}
	}
	return -1
}

// Nothing but such lines may stand in a diagram.
var (
	label   = `"[^"\x60<>&%]*(<br/>[^"\x60<>&%]*)*"`
	diagram = func(t *testing.T, doc string) {
		t.Helper()
		line := regexp.MustCompile(`^(flowchart LR|  w\d+n0\(\[` + label + `\]\)|  w\d+n\d+ (-->|--x|-\.->) w\d+n\d+(\[` + label + `\]|\(\[` + label + `\]\))(:::[a-z]+)?|  classDef [a-z]+ [a-z#0-9:, -]+)$`)
		_, block, found := strings.Cut(doc, "```mermaid\n")
		if !found {
			t.Errorf("no diagram in\n%s", doc)
		}
		block, _, _ = strings.Cut(block, "```\n")
		for text := range strings.Lines(block) {
			if !line.MatchString(strings.TrimSuffix(text, "\n")) {
				t.Errorf("not a line of a diagram: %s", text)
			}
		}
	}
)

// The catalogue's own words are no markup, so that Markdown need not escape them.
func TestMessagesAreNoMarkup(t *testing.T) {
	markup := regexp.MustCompile(`[<>|\[\]_*~@\\]|#[0-9]|^[-+#]|^[0-9]+[.]|&[a-z]|:[a-z]+:|://|www[.]`)
	for _, tag := range Languages() {
		entries := file(t, tag.String()+".json")
		if tag == language.English {
			entries = inEnglish(t)
		}
		for _, id := range slices.Sorted(maps.Keys(entries)) {
			for _, text := range entries[id].forms {
				if bad := markup.FindString(text); bad != "" && id != "arg.principal.any" {
					t.Errorf("%s: %s holds %q: %s", tag, id, bad, text)
				}
			}
		}
	}
}

func TestMarkdownMarksWhatIsBroken(t *testing.T) {
	doc := md(t, checks.Diagnosis{Paths: []checks.Path{way(checks.Resolve, "quay.io", "subnet-a", hop(network.KindSecurityGroup, "sg-1", network.Open, ""),
		hop(network.KindRoute, "rtb-1", network.Closed, network.NoRoute), hop(network.KindNATGateway, "nat-1", network.Unknown, network.Unread))}})
	for _, want := range []string{
		`w0n0(["task in subnet-a"])`, `w0n0 --> w0n1["sg-1"]`, `w0n1 --x w0n2["rtb-1<br/>✗ no route covers the host"]:::closed`,
		`w0n2 -.-> w0n3["nat-1<br/>? not read"]:::unknown`, `w0n3 --> w0n4(["resolve<br/>quay.io"])`,
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %s in\n%s", want, doc)
		}
	}
	diagram(t, doc)
}

// Mermaid refuses long diagrams.
func TestDiagramsAreBounded(t *testing.T) {
	var paths []checks.Path
	for i := range 100 {
		var hops []network.Hop
		for j := range 100 {
			hops = append(hops, hop(network.KindRoute, fmt.Sprintf("rtb-%d-%d-%s", i, j, strings.Repeat("x", 10_000)), network.Open, ""))
		}
		paths = append(paths, way(checks.Resolve, "quay.io", fmt.Sprint("subnet-", i), hops...))
	}
	doc := md(t, checks.Diagnosis{Paths: paths})
	if n := strings.Count(doc, "--"); n > 500 || len(doc) > 50_000 {
		t.Errorf("%d edges, %d bytes", n, len(doc))
	}
	if !strings.Contains(doc, "76 more ways are not drawn.") {
		t.Error("it does not say what is not drawn")
	}
	diagram(t, doc)
}

func TestMarkdownShowsCommands(t *testing.T) {
	f := blackhole()
	f.Fixes = []checks.Fix{{Summary: "Replace the target", Docs: "https://docs.example/routes#x", Changes: []checks.Change{change{{"aws", "ec2", "x", "it's ```"}}}}}
	doc := md(t, checks.Diagnosis{Findings: []checks.Finding{f}})
	const want = "- Fix: Replace the target ([Documentation](https://docs.example/routes#x))\n\n  ````sh\n  aws ec2 x 'it'\\''s ```'\n  ````\n"
	if !strings.Contains(doc, want) {
		t.Errorf("no\n%s in\n%s", want, doc)
	}
}
