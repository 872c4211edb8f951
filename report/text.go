package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/canpull/canpull/checks"
)

// Text writes a diagnosis for people: the verdict in the first line, what was diagnosed, each root cause with its
// evidence and what would fix it, in which order (see [WithPlan]), the ways of the pull with what breaks them, what follows
// from the causes, warnings, what is not known and which permissions would settle that, what was left out, passed and did
// not apply, and the assumptions.
//
// A way is a line of steps: ── leads to what lets the traffic pass, ─✗ to what does not, ─? to what is not known, ─~ to
// what lets some of it pass.
func Text(w io.Writer, d checks.Diagnosis, options ...Option) error {
	o := settingsOf(options)
	words, err := wordsFor(o.language)
	if err != nil {
		return err
	}
	p, s := page{bufio.NewWriter(w), words, o.width, o.color, o.masking()}, sectionsOf(d)
	p.line(verdictStyles[d.Status()], p.verdict(d, s))
	p.line(plainly, p.about(d.Task))
	p.causes(s.causes, d)
	p.plan(o.plan)
	p.paths(d.Paths)
	if len(s.consequences) > 0 {
		p.heading(p.say("heading.consequences"))
		for _, f := range s.consequences {
			p.finding("  - ", f, p.evidence(f)) // what fixes the cause ends them
		}
	}
	if len(s.warnings) > 0 {
		p.heading(p.say("heading.warnings"))
		for _, f := range s.warnings {
			p.finding("  - ", f, slices.Concat(p.evidence(f), p.fixes(f), p.scope(f, d.Task)))
		}
	}
	p.unknowns(s.unknowns)
	if len(s.leftOut) > 0 {
		p.heading(p.say("heading.left-out"))
		p.paragraph("  ", span{strings.Join(checksOf(s.leftOut), ", "), plainly})
	}
	p.summaries(p.say("heading.passed"), s.passed)
	p.summaries(p.say("heading.skipped"), s.skipped)
	if len(d.Assumptions) > 0 {
		p.heading(p.say("heading.assumptions"))
		for _, a := range d.Assumptions {
			p.paragraph("  - ", span{p.assumption(a), plainly})
		}
	}
	return p.Flush()
}

// verdictStyles are by the status of a diagnosis.
var verdictStyles = map[checks.Status]ansi.Style{
	checks.Unknown: warning, checks.Pass: passing, checks.Warn: warning, checks.Fail: failing,
}

// causes writes the root causes in full, numbered when there are several.
func (p page) causes(causes []checks.Finding, d checks.Diagnosis) {
	if len(causes) == 0 {
		return
	}
	lead := "  "
	p.heading(p.count("heading.causes", len(causes)))
	for i, f := range causes {
		if len(causes) > 1 {
			lead = fmt.Sprintf("  %d. ", i+1)
		}
		step := []row{said(p.say("label.step"), span{p.doing(f.Stage), plainly})}
		p.finding(lead, f, slices.Concat(step, p.observed(f, d), p.evidence(f), p.fixes(f), p.scope(f, d.Task)))
	}
}

// plan writes the steps of a plan that has several, and what comes of them.
func (p page) plan(plan checks.Plan) {
	if len(plan.Steps) < 2 {
		return
	}
	p.heading(p.say("heading.plan"))
	for i, s := range plan.Steps {
		p.paragraph(fmt.Sprintf("  %d. ", i+1), span{p.step(s), plainly}, span{fmt.Sprintf("[%s]", s.Cause.Code), faint})
	}
	if plan.Proven {
		p.paragraph("  ", span{p.say("plan.proven"), passing})
		return
	}
	p.paragraph("  ", span{p.say("plan.left"), plainly})
	for _, f := range plan.Left {
		p.finding("  - ", f, nil)
	}
}

// unknowns writes what was not decided, and once for all of it what would decide it.
func (p page) unknowns(unknowns []checks.Finding) {
	if len(unknowns) == 0 {
		return
	}
	p.heading(p.say("heading.unknowns"))
	for _, f := range unknowns {
		p.finding("  - ", f, slices.Concat(p.evidence(f), p.fixes(f)))
	}
	var rows []row
	for _, a := range missingOf(unknowns) {
		rows = append(rows, said(a.action, span{a.why, plainly}))
	}
	if len(rows) > 0 {
		p.WriteString("\n")
		p.paragraph("  ", span{p.say("heading.missing"), plainly})
		p.rows(4, rows)
	}
}

// finding writes a finding's sentence and its details.
func (p page) finding(lead string, f checks.Finding, details []row) {
	p.paragraph(lead, span{p.summary(f), plainly}, span{fmt.Sprintf("[%s]", f.Code), faint})
	p.rows(len(lead), details)
}

// summaries writes what each check says.
func (p page) summaries(heading string, findings []checks.Finding) {
	if len(findings) == 0 {
		return
	}
	p.heading(heading)
	byCheck := map[string][]span{}
	for _, f := range findings {
		byCheck[f.Check] = append(byCheck[f.Check], span{p.summary(f), plainly})
	}
	var rows []row
	for _, check := range checksOf(findings) {
		rows = append(rows, said(check, byCheck[check]...))
	}
	p.rows(2, rows)
}

// checksOf returns the IDs of the checks that findings come from.
func checksOf(findings []checks.Finding) (ids []string) {
	seen := map[string]bool{}
	for _, f := range findings {
		if !seen[f.Check] {
			ids, seen[f.Check] = append(ids, f.Check), true
		}
	}
	return ids
}

// observed holds a root cause against the error that the task stopped with.
func (w words) observed(f checks.Finding, d checks.Diagnosis) []row {
	if text := w.observation(f, d); text != "" {
		return []row{said(w.say("label.observed"), span{text, plainly})}
	}
	return nil
}

// evidence writes what the sentence does not say.
func (w words) evidence(f checks.Finding) (rows []row) {
	label := w.say("label.evidence")
	for _, e := range newEvidence(f) {
		rows = append(rows, said(label, span{e.Fact, plainly}, span{"(" + e.Source + ")", faint}))
		label = ""
	}
	return rows
}

// fixes writes a page that several alternatives share after the last of them.
func (w words) fixes(f checks.Finding) (rows []row) {
	label := w.say("label.fix")
	for i, fix := range f.Fixes {
		text := []span{{w.fix(f, i), plainly}}
		if isVerified(fix) {
			text = append(text, span{"[" + w.say("label.verified") + "]", passing})
		}
		rows = append(rows, said(label, text...))
		if cost := w.tradeOff(f, i); cost != "" {
			rows = append(rows, said("", span{w.say("label.trade-off") + ": " + cost, plainly}))
		}
		for _, argv := range commandsOf(fix) {
			rows = append(rows, row{"", func(p page, lead string) { p.command(lead, argv) }})
		}
		last := i == len(f.Fixes)-1
		if fix.Docs != "" && (last || f.Fixes[i+1].Docs != fix.Docs) {
			rows = append(rows, said("", span{fix.Docs, faint}))
		}
		label = w.say("label.or")
	}
	return rows
}

// scope names what a finding holds for.
func (w words) scope(f checks.Finding, t checks.Task) []row {
	if len(f.Scope) == 0 {
		return nil
	}
	return []row{said(w.say("label.scope"), span{w.held(f, t), plainly})}
}
