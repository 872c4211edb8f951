package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/canpull/canpull/checks"
)

// JUnit writes a diagnosis as JUnit XML: a suite for the task, in it a case for each check. A check that found what stops
// the pull has failed. One that could not decide is an error, so that nobody takes it for passed. One that does not apply,
// or was left out, was skipped. A warning has passed and says so in its output.
func JUnit(w io.Writer, d checks.Diagnosis, options ...Option) error {
	o := settingsOf(options)
	words, err := wordsFor(o.language)
	if err != nil {
		return err
	}
	j := junitReport{words, o.masking()}
	suite := junit.Testsuite{Name: j.safe(nameOf(d.Task)), Time: fmt.Sprintf("%.3f", d.Elapsed.Seconds())}
	if !d.Started.IsZero() {
		suite.Timestamp = d.Started.UTC().Format("2006-01-02T15:04:05") // the schemas want it without a zone
	}
	suite.AddProperty("status", d.Status().String())
	suite.AddProperty("verdict", j.safe(j.verdict(d, sectionsOf(d))))
	for _, a := range d.Assumptions {
		suite.AddProperty("assumption", j.safe(j.assumption(a)))
	}
	byCheck := map[string][]checks.Finding{}
	for _, f := range d.Findings {
		byCheck[f.Check] = append(byCheck[f.Check], f)
	}
	for _, check := range checksOf(d.Findings) {
		suite.AddTestcase(j.testcase(check, byCheck[check], d))
	}
	suites := junit.Testsuites{Name: "canpull", Time: suite.Time}
	suites.AddSuite(suite)
	b := bufio.NewWriter(w)
	b.WriteString(xml.Header)
	e := xml.NewEncoder(b)
	e.Indent("", "  ")
	if err := e.Encode(suites); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	b.WriteByte('\n')
	return b.Flush()
}

type junitReport struct {
	words
	mask func(string) string
}

// safe makes a string safe to show. That XML 1.0 admits what is left of it follows: it is valid UTF-8 without controls.
func (j junitReport) safe(text string) string { return j.mask(plain(text)) }

// testcase returns what a check found as a case: the most serious of it decides.
func (j junitReport) testcase(check string, findings []checks.Finding, d checks.Diagnosis) junit.Testcase {
	c := junit.Testcase{Name: j.safe(j.title(check, check)), Classname: "canpull." + j.safe(check)}
	status := checks.Diagnosis{Findings: findings}.Status()
	decisive, leftOut := []checks.Finding{}, true
	for _, f := range findings {
		if f.Status == status {
			decisive = append(decisive, f)
			leftOut = leftOut && f.Code == checks.LeftOut
		}
	}
	if len(decisive) == 0 { // nothing but what does not apply
		status, decisive = checks.Skip, findings
	}
	first := decisive[0]
	result := junit.Result{Message: j.safe(j.summary(first)), Type: j.safe(string(first.Code))}
	switch {
	case status == checks.Skip, leftOut:
		c.Skipped = &result
	case status == checks.Fail:
		result.Data = j.details(decisive, d)
		c.Failure = &result
	case status == checks.Unknown:
		result.Data = j.details(decisive, d)
		c.Error = &result
	case status == checks.Warn:
		c.SystemOut = &junit.Output{Data: j.status(status) + "\n" + j.details(decisive, d)}
	}
	return c
}

// details tells findings in full.
func (j junitReport) details(findings []checks.Finding, d checks.Diagnosis) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %s: %s\n", j.say(label), j.safe(text))
		}
	}
	for _, f := range findings {
		fmt.Fprintf(&b, "%s [%s]\n", j.safe(j.summary(f)), j.safe(string(f.Code)))
		line("label.step", j.doing(f.Stage))
		line("label.observed", j.observation(f, d))
		for _, e := range newEvidence(f) {
			line("label.evidence", fmt.Sprintf("%s (%s)", e.Fact, e.Source))
		}
		label := "label.fix"
		for i, fix := range f.Fixes {
			line(label, j.fix(f, i))
			for _, argv := range commandsOf(fix) {
				b.WriteString("    " + j.safe(strings.Join(argv, " ")) + "\n")
			}
			label = "label.or"
		}
		line("label.scope", j.held(f, d.Task))
		if len(f.Missing) > 0 {
			b.WriteString("  " + j.say("heading.missing") + " " + j.safe(strings.Join(f.Missing, ", ")) + "\n")
		}
	}
	return b.String()
}
