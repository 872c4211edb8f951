// Package report writes a [checks.Diagnosis] for its readers: [Text] for people at a terminal or in a log, [Markdown] for
// pull requests and tickets, [HTML] for a browser, [SARIF] and [JUnit] for CI systems, [JSON] for programs.
//
// Every encoder is a function of an io.Writer, a diagnosis and [Option]s, and returns the writer's first error. The same
// diagnosis gives the same bytes: the order of maps does not show. Neither the environment nor the terminal is
// asked: language, width and colour are options.
//
// # Strings from AWS
//
// Names, error texts and policies are written by whoever may write to the account. No encoder passes on a character that
// a terminal obeys: JSON escapes it, the others replace it with U+FFFD. Markdown sets such strings in code spans, so that
// they are neither markup nor mentions; to HTML they are text, and its page may neither run nor load anything.
//
// # Limits
//
// What AWS or a registry said stays in the language it was said in: error texts, rules, the names of resources.
package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/canpull/canpull/checks"
)

// sections is what a diagnosis holds, in the order in which it is told.
type sections struct {
	causes       []checks.Finding // they stop the pull
	consequences []checks.Finding // they stop it too, and go away with their cause
	warnings     []checks.Finding
	unknowns     []checks.Finding
	leftOut      []checks.Finding
	passed       []checks.Finding
	skipped      []checks.Finding
}

func sectionsOf(d checks.Diagnosis) sections {
	s := sections{causes: d.RootCauses(), consequences: d.Consequences()}
	for _, f := range d.Findings {
		switch {
		case f.Status == checks.Fail: // told above
		case f.Status == checks.Warn:
			s.warnings = append(s.warnings, f)
		case f.Status == checks.Pass:
			s.passed = append(s.passed, f)
		case f.Status == checks.Skip:
			s.skipped = append(s.skipped, f)
		case f.Code == checks.LeftOut:
			s.leftOut = append(s.leftOut, f)
		default:
			s.unknowns = append(s.unknowns, f)
		}
	}
	return s
}

// newEvidence leaves out what a finding's sentence says already, and the missing answers, which are told together.
func newEvidence(f checks.Finding) (evidence []checks.Evidence) {
	for _, e := range f.Evidence {
		if !slices.Contains(f.Missing, e.Source) && !strings.Contains(f.Summary, e.Fact) {
			evidence = append(evidence, e)
		}
	}
	return evidence
}

// absence is an answer that was not given.
type absence struct{ action, why string }

// missingOf returns the answers that would settle findings, sorted, each with why it is missing.
func missingOf(findings []checks.Finding) (missing []absence) {
	why := map[string]string{}
	for _, f := range findings {
		for _, action := range f.Missing {
			if _, known := why[action]; !known {
				why[action] = ""
			}
		}
		for _, e := range f.Evidence {
			if slices.Contains(f.Missing, e.Source) {
				why[e.Source] = e.Fact
			}
		}
	}
	for _, action := range slices.Sorted(maps.Keys(why)) {
		missing = append(missing, absence{action, why[action]})
	}
	return missing
}
