package report

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/canpull/canpull/checks"
)

func suiteOf(t *testing.T, d checks.Diagnosis) junit.Testsuite {
	t.Helper()
	var b bytes.Buffer
	if err := JUnit(&b, d); err != nil {
		t.Fatal(err)
	}
	var suites junit.Testsuites
	if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
		t.Fatalf("%v in\n%s", err, &b)
	}
	if len(suites.Suites) != 1 {
		t.Fatalf("%d suites", len(suites.Suites))
	}
	return suites.Suites[0]
}

func outcome(c junit.Testcase) string {
	switch {
	case c.Failure != nil:
		return "failure"
	case c.Error != nil:
		return "error"
	case c.Skipped != nil:
		return "skipped"
	case c.SystemOut != nil:
		return "passed, with output"
	}
	return "passed"
}

func TestJUnitOutcomes(t *testing.T) {
	pass, warn, fail, skip := checks.Finding{Status: checks.Pass, Code: "p"}, checks.Finding{Status: checks.Warn, Code: "w"}, checks.Finding{Status: checks.Fail, Code: "f"}, checks.Finding{Status: checks.Skip, Code: "s"}
	unknown, leftOut := checks.Finding{Code: "u"}, checks.Finding{Code: checks.LeftOut}
	for _, tt := range []struct {
		findings []checks.Finding
		want     string
	}{
		{[]checks.Finding{pass}, "passed"},
		{[]checks.Finding{skip, pass}, "passed"},
		{[]checks.Finding{skip, skip}, "skipped"},
		{[]checks.Finding{leftOut}, "skipped"},
		{[]checks.Finding{leftOut, unknown}, "error"},
		{[]checks.Finding{pass, warn}, "passed, with output"},
		{[]checks.Finding{pass, unknown, warn}, "error"},
		{[]checks.Finding{unknown, fail, pass}, "failure"},
	} {
		for i := range tt.findings {
			tt.findings[i].Check = "own"
		}
		s := suiteOf(t, checks.Diagnosis{Findings: tt.findings})
		if len(s.Testcases) != 1 || outcome(s.Testcases[0]) != tt.want {
			t.Errorf("%v: %+v, want %s", tt.findings, s.Testcases, tt.want)
		}
	}
}

// In every scenario, the counts say what the diagnosis does: nothing fails but what stops the pull, and what is not known
// is an error.
func TestJUnitCounts(t *testing.T) {
	for name, d := range diagnoses(t) {
		s := suiteOf(t, d)
		status := checks.Unknown
		switch {
		case s.Failures > 0:
			status = checks.Fail
		case s.Errors > 0:
		case d.Status() == checks.Warn:
			status = checks.Warn
		default:
			status = checks.Pass
		}
		if status != d.Status() || s.Tests != len(checks.Default(checks.Sources{})) {
			t.Errorf("%s is %s, and of %d tests %d failed and %d were errors", name, d.Status(), s.Tests, s.Failures, s.Errors)
		}
	}
}

func TestJUnitTellsAFailure(t *testing.T) {
	d := checks.Diagnosis{Task: planned(), Findings: []checks.Finding{blackhole()}, Started: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), Elapsed: 1234 * time.Millisecond}
	s := suiteOf(t, d)
	if s.Name != "web:7" || s.Time != "1.234" || s.Timestamp != "2026-01-02T02:04:05" {
		t.Errorf("suite %s, time %s, timestamp %s", s.Name, s.Time, s.Timestamp)
	}
	f := s.Testcases[0].Failure
	if f.Message != blackhole().Summary || f.Type != "route.blackhole" {
		t.Errorf("%+v", f)
	}
	const want = `The route of rtb-1 leads to nat-1, which no longer exists. [route.blackhole]
  Step: authenticating to the registry
  Evidence: rtb-1: 0.0.0.0/0 to nat-1, blackhole (ec2:DescribeRouteTables)
  Fix: Replace the target
  or: Delete the route
  Scope: subnet-a (1 of 2 subnets)
`
	if diff := cmp.Diff(want, f.Data); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJUnitCannotBeEndedByWhatItQuotes(t *testing.T) {
	f := blackhole()
	f.Summary = `]]></failure></testcase><testcase name="forged"/>`
	if s := suiteOf(t, checks.Diagnosis{Findings: []checks.Finding{f}}); len(s.Testcases) != 1 || !strings.Contains(s.Testcases[0].Failure.Data, f.Summary) {
		t.Errorf("%+v", s)
	}
}
