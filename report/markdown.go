package report

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/canpull/canpull/checks"
)

// Markdown writes a diagnosis for a pull request or a ticket on GitHub or GitLab: the verdict, each root cause with what
// would fix it, in which order (see [WithPlan]), the ways of the pull as a Mermaid flow, and the rest folded. [MaskAccounts]
// keeps account IDs out of it.
//
// What comes from the diagnosis stands in code spans, where nothing is markup, a mention or a reference.
func Markdown(w io.Writer, d checks.Diagnosis, options ...Option) error {
	o := settingsOf(options)
	words, err := wordsFor(o.language)
	if err != nil {
		return err
	}
	m, s := markdown{bufio.NewWriter(w), words, words, o.masking()}, sectionsOf(d)
	m.value, m.prose = m.code, m.text
	m.print("## ", m.verdict(d, s), "\n\n", m.about(d.Task), "\n")
	m.causes(s.causes, d)
	m.plan(o.plan)
	m.flow(d.Paths)
	m.folded("heading.consequences", len(s.consequences), func() {
		for _, f := range s.consequences {
			m.finding("", f, false)
		}
	})
	m.folded("heading.warnings", len(s.warnings), func() {
		for _, f := range s.warnings {
			m.finding("", f, true)
			m.item("  ", "label.scope", m.held(f, d.Task))
		}
	})
	m.folded("heading.unknowns", len(s.unknowns), func() { m.unknowns(s.unknowns) })
	m.folded("heading.left-out", len(s.leftOut), func() {
		for _, check := range checksOf(s.leftOut) {
			m.print("- ", m.code(check), "\n")
		}
	})
	for _, part := range []struct {
		heading  string
		findings []checks.Finding
	}{{"heading.passed", s.passed}, {"heading.skipped", s.skipped}} {
		m.folded(part.heading, len(part.findings), func() {
			for _, f := range part.findings {
				m.print("- ", m.code(f.Check), " ", m.summary(f), "\n")
			}
		})
	}
	m.folded("heading.assumptions", len(d.Assumptions), func() {
		for _, a := range d.Assumptions {
			m.print("- ", m.assumption(a), "\n")
		}
	})
	return m.Flush()
}

// markdown writes in a language. Its writer keeps the first error until it is flushed.
type markdown struct {
	*bufio.Writer
	words
	plainWords words // they set nothing off
	mask       func(string) string
}

func (m markdown) print(texts ...string) {
	for _, text := range texts {
		m.WriteString(text)
	}
}

// folded writes a section that readers open. n is how much it holds.
func (m markdown) folded(heading string, n int, write func()) {
	if n == 0 {
		return
	}
	m.print("\n<details>\n<summary>", m.say(heading), fmt.Sprintf(" (%d)", n), "</summary>\n\n")
	write()
	m.print("\n</details>\n")
}

// causes writes the root causes in full.
func (m markdown) causes(causes []checks.Finding, d checks.Diagnosis) {
	if len(causes) == 0 {
		return
	}
	m.print("\n### ", m.count("heading.causes", len(causes)), "\n")
	for _, f := range causes {
		m.print("\n**", m.summary(f), "** ", m.code(string(f.Code)), "\n\n")
		m.item("", "label.step", m.doing(f.Stage))
		m.item("", "label.observed", m.observation(f, d))
		m.details("", f, true)
		m.item("", "label.scope", m.held(f, d.Task))
	}
}

// plan writes the steps of a plan that has several, and what comes of them.
func (m markdown) plan(plan checks.Plan) {
	if len(plan.Steps) < 2 {
		return
	}
	m.print("\n### ", m.say("heading.plan"), "\n\n")
	for i, s := range plan.Steps {
		m.print(fmt.Sprintf("%d. ", i+1), m.step(s), " ", m.code(string(s.Cause.Code)), "\n")
	}
	if plan.Proven {
		m.print("\n", m.say("plan.proven"), "\n")
		return
	}
	m.print("\n", m.say("plan.left"), "\n\n")
	for _, f := range plan.Left {
		m.print("- ", m.summary(f), " ", m.code(string(f.Code)), "\n")
	}
}

// finding writes a finding as an item of a list.
func (m markdown) finding(margin string, f checks.Finding, withFixes bool) {
	m.print(margin, "- ", m.summary(f), " ", m.code(string(f.Code)), "\n")
	m.details(margin+"  ", f, withFixes)
}

// item writes a labelled item of a list, if there is anything to it.
func (m markdown) item(margin, label, text string) {
	if text != "" {
		m.print(margin, "- ", m.say(label), ": ", text, "\n")
	}
}

// details writes a finding's evidence and fixes.
func (m markdown) details(margin string, f checks.Finding, withFixes bool) {
	for _, e := range newEvidence(f) {
		m.item(margin, "label.evidence", m.code(e.Fact)+" ("+m.code(e.Source)+")")
	}
	if !withFixes {
		return
	}
	label := "label.fix"
	for i, fix := range f.Fixes {
		text := m.fix(f, i)
		if isVerified(fix) {
			text += " (**" + m.say("label.verified") + "**)"
		}
		if cost := m.tradeOff(f, i); cost != "" {
			text += " (" + m.say("label.trade-off") + ": " + cost + ")"
		}
		m.item(margin, label, text+m.link(fix.Docs))
		m.commands(margin+"  ", fix)
		label = "label.or"
	}
}

// commands writes a fix's commands as a block that can be copied.
func (m markdown) commands(margin string, fix checks.Fix) {
	all := commandsOf(fix)
	if len(all) == 0 {
		return
	}
	var block strings.Builder
	for _, argv := range all {
		block.WriteString(margin + m.safe(strings.Join(argv, " ")) + "\n")
	}
	fence := fenceOf(block.String(), 3)
	m.print("\n", margin, fence, "sh\n", block.String(), margin, fence, "\n\n")
}

// unknowns writes what was not decided, and once for all of it what would decide it.
func (m markdown) unknowns(unknowns []checks.Finding) {
	for _, f := range unknowns {
		m.finding("", f, true)
	}
	if missing := missingOf(unknowns); len(missing) > 0 {
		m.print("\n", m.say("heading.missing"), "\n\n")
		for _, a := range missing {
			m.print("- ", m.code(a.action))
			if a.why != "" {
				m.print(": ", m.code(a.why))
			}
			m.print("\n")
		}
	}
}

// link writes a page about a fix.
func (m markdown) link(page string) string {
	if page == "" {
		return ""
	}
	if webPage(page) == "" {
		return " (" + m.code(page) + ")"
	}
	return " ([" + m.say("label.docs") + "](" + page + "))"
}

// webPage returns the address of a page if it is one that may be linked, else "".
func webPage(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" || strings.Trim(page, bare+"#?&~") != "" {
		return ""
	}
	return page
}

// safe makes a string one line of what can be shown, and masks what is to be masked.
func (m markdown) safe(text string) string { return strings.TrimSpace(m.mask(plain(text))) }

// code writes what comes from a diagnosis as a code span.
// https://spec.commonmark.org/0.31.2/#code-spans
func (m markdown) code(text string) string {
	safe := m.safe(text)
	if safe == "" {
		return ""
	}
	lead := ""
	if strings.HasPrefix(text, " ") { // an argument that follows a word
		lead = " "
	}
	fence := fenceOf(safe, 1)
	if strings.HasPrefix(safe, "`") || strings.HasSuffix(safe, "`") {
		safe = " " + safe + " "
	}
	return lead + fence + safe + fence
}

// fenceOf returns backticks that a text holds no run of.
func fenceOf(text string, least int) string {
	fence := strings.Repeat("`", least)
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}

// text writes a sentence that the catalogue does not have. One in which anything could be markup, a link, a mention or a
// reference becomes a code span.
func (m markdown) text(sentence string) string {
	safe := m.safe(sentence)
	if harmless.MatchString(safe) && !strings.Contains(safe, "://") && !strings.Contains(safe, "www.") && !hash.MatchString(safe) {
		return safe
	}
	return m.code(sentence)
}

var (
	harmless = regexp.MustCompile(`^\pL[\pL\pN ,;.:'"()/-]*$`)
	// hash matches what GitHub links as a commit or an issue.
	hash = regexp.MustCompile(`\b[0-9a-f]{7,}\b|\bGH-|:[a-z0-9_+-]+:`)
)

// The most that a flow shows: Mermaid refuses longer ones (maxEdges, maxTextSize), and nobody reads them.
const (
	mostWays  = 24
	mostNodes = 16
	mostRunes = 80
)

// flow draws the ways of the pull as Mermaid does, each as a line from the task to its hosts.
func (m markdown) flow(paths []checks.Path) {
	if len(paths) == 0 {
		return
	}
	m.print("\n### ", m.say("heading.paths"), "\n\n```mermaid\nflowchart LR\n")
	ways := m.plainWords.drawings(paths)
	for i, d := range ways[:min(len(ways), mostWays)] {
		m.way(i, d)
	}
	m.print("  classDef closed stroke:#c00,stroke-width:3px\n  classDef unknown stroke-dasharray:5 5\n```\n")
	if more := len(ways) - mostWays; more > 0 {
		m.print("\n", m.count("path.more", more), "\n")
	}
}

// way draws one way.
func (m markdown) way(i int, d drawing) {
	w := m.plainWords
	m.print(fmt.Sprintf("  w%dn0([%s])\n", i, m.label(w.say("path.task", "subnets", strings.Join(d.subnets, ", ")))))
	last := 0
	step := func(a arrow, open, close string, lines ...string) {
		m.print(fmt.Sprintf("  w%dn%d %s w%dn%d%s%s%s%s\n", i, last, a.link, i, last+1, open, m.label(lines...), close, a.class))
		last++
	}
	for _, n := range d.nodes[:min(len(d.nodes), mostNodes)] {
		a := arrows[marks[n.status].mark]
		if n.reason == "" {
			step(a, "[", "]", n.name)
		} else {
			step(a, "[", "]", n.name, a.sign+" "+n.reason)
		}
	}
	if len(d.nodes) > mostNodes {
		step(arrows["──"], "[", "]", "…")
	}
	step(arrows[d.end().mark], "([", "])", append([]string{w.stagesOf(d)}, d.hosts...)...)
}

// arrow leads to a node.
type arrow struct{ link, sign, class string }

// arrows are by the marks of a line of steps.
var arrows = map[string]arrow{
	"──": {"-->", "", ""},
	"─✗": {"--x", "✗", ":::closed"},
	"─?": {"-.->", "?", ":::unknown"},
	"─~": {"-.->", "~", ":::unknown"},
}

// label writes lines as the text of a node. Whatever could be markup becomes an entity code.
// https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
func (m markdown) label(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, line := range lines {
		if i == mostNodes {
			b.WriteString("<br/>…")
			break
		}
		if i > 0 {
			b.WriteString("<br/>")
		}
		line = m.safe(line)
		if utf8.RuneCountInString(line) > mostRunes {
			line = string([]rune(line)[:mostRunes]) + "…"
		}
		for _, r := range line {
			if r < utf8.RuneSelf && !strings.ContainsRune(letters+"0123456789 .,:/-_()?", r) {
				fmt.Fprintf(&b, "#%d;", r)
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
