package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
)

// Text writes a diagnosis for people: the verdict in the first line, what was diagnosed, each root cause with its
// evidence and what would fix it, what follows from them, warnings, what is not known and which permissions would settle
// that, what was left out, passed and did not apply, and the assumptions. Lines are wrapped at 100 columns.
func Text(w io.Writer, d checks.Diagnosis, options ...Option) error {
	o := settingsOf(options)
	words, err := wordsFor(o.language)
	if err != nil {
		return err
	}
	p, s := page{bufio.NewWriter(w), words, o.width, o.masking()}, sectionsOf(d)
	p.line(p.verdict(d, s))
	p.line(p.about(d.Task))
	p.causes(s.causes, d)
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
		p.paragraph("  ", strings.Join(checksOf(s.leftOut), ", "))
	}
	p.summaries(p.say("heading.passed"), s.passed)
	p.summaries(p.say("heading.skipped"), s.skipped)
	if len(d.Assumptions) > 0 {
		p.heading(p.say("heading.assumptions"))
		for _, a := range d.Assumptions {
			p.paragraph("  - ", p.assumption(a))
		}
	}
	return p.Flush()
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
		step := []row{{p.say("label.step"), p.doing(f.Stage)}}
		p.finding(lead, f, slices.Concat(step, p.observed(f, d), p.evidence(f), p.fixes(f), p.scope(f, d.Task)))
	}
}

// unknowns writes what was not decided, and once for all of it what would decide it.
func (p page) unknowns(unknowns []checks.Finding) {
	if len(unknowns) == 0 {
		return
	}
	p.heading(p.say("heading.unknowns"))
	var missing []string
	why := map[string]string{}
	for _, f := range unknowns {
		p.finding("  - ", f, slices.Concat(p.evidence(f), p.fixes(f)))
		missing = append(missing, f.Missing...)
		for _, e := range f.Evidence {
			why[e.Source] = e.Fact
		}
	}
	slices.Sort(missing)
	var rows []row
	for _, action := range slices.Compact(missing) {
		rows = append(rows, row{action, why[action]})
	}
	if len(rows) > 0 {
		p.WriteString("\n  " + p.say("heading.missing") + "\n")
		p.rows(4, rows)
	}
}

// finding writes a finding's sentence and its details.
func (p page) finding(lead string, f checks.Finding, details []row) {
	p.paragraph(lead, fmt.Sprintf("%s [%s]", p.summary(f), f.Code))
	p.rows(len(lead), details)
}

// summaries writes one line for each check.
func (p page) summaries(heading string, findings []checks.Finding) {
	if len(findings) == 0 {
		return
	}
	p.heading(heading)
	var rows []row
	for _, check := range checksOf(findings) {
		var said []string
		for _, f := range findings {
			if f.Check == check {
				said = append(said, p.summary(f))
			}
		}
		rows = append(rows, row{check, strings.Join(said, " ")})
	}
	p.rows(2, rows)
}

// checksOf returns the IDs of the checks that findings come from.
func checksOf(findings []checks.Finding) (ids []string) {
	for _, f := range findings {
		if !slices.Contains(ids, f.Check) {
			ids = append(ids, f.Check)
		}
	}
	return ids
}

// observed holds a root cause against the error that the task stopped with.
func (w words) observed(f checks.Finding, d checks.Diagnosis) []row {
	e, ok := d.Explain(f)
	switch {
	case !ok:
		return nil
	case e.Explains:
		return []row{{w.say("label.observed"), w.say("observed.explains", "reason", w.explanation(e))}}
	}
	return []row{{w.say("label.observed"), w.say("observed.other", "reason", w.explanation(e))}}
}

// evidence leaves out what the sentence says already, and the missing answers, which are told together.
func (w words) evidence(f checks.Finding) (rows []row) {
	label := w.say("label.evidence")
	for _, e := range f.Evidence {
		if slices.Contains(f.Missing, e.Source) || strings.Contains(f.Summary, e.Fact) {
			continue
		}
		rows = append(rows, row{label, fmt.Sprintf("%s (%s)", e.Fact, e.Source)})
		label = ""
	}
	return rows
}

// fixes writes a page that several alternatives share after the last of them.
func (w words) fixes(f checks.Finding) (rows []row) {
	label := w.say("label.fix")
	for i, fix := range f.Fixes {
		rows = append(rows, row{label, w.fix(f, i)})
		last := i == len(f.Fixes)-1
		if fix.Docs != "" && (last || f.Fixes[i+1].Docs != fix.Docs) {
			rows = append(rows, row{"", fix.Docs})
		}
		if cost := w.tradeOff(f, i); cost != "" {
			rows = append(rows, row{"", w.say("label.trade-off") + ": " + cost})
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
	text := strings.Join(f.Scope, ", ")
	if some := w.someSubnets(f, t); some != "" {
		text += " (" + some + ")"
	}
	return []row{{w.say("label.scope"), text}}
}
