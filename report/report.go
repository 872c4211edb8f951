// Package report writes a [checks.Diagnosis] for its readers: [Text] for people at a terminal or in a log, [JSON] for
// programs.
//
// Every encoder is a function of an io.Writer and a diagnosis, and returns the writer's first error. The same diagnosis
// gives the same bytes: neither times nor the order of maps show.
//
// # Strings from AWS
//
// Names, error texts and policies are written by whoever may write to the account. No encoder passes on a character that
// a terminal obeys: Text replaces it with U+FFFD, JSON escapes it.
//
// # Limits
//
// Text is English, has no colour and takes every character to be one column wide.
package report

import "github.com/canpull/canpull/checks"

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
