package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
)

// log is a SARIF log as its readers see it.
type log struct {
	Version string
	Runs    []struct {
		Tool              struct{ Driver sarifDriver }
		AutomationDetails sarifAutomation
		Invocations       []sarifInvocation
		Results           []sarifResult
		Properties        struct{ Status, Verdict string }
	}
}

func logOf(t *testing.T, d checks.Diagnosis, options ...Option) log {
	t.Helper()
	var b bytes.Buffer
	if err := SARIF(&b, d, options...); err != nil {
		t.Fatal(err)
	}
	var l log
	if err := json.Unmarshal(b.Bytes(), &l); err != nil {
		t.Fatalf("%v in\n%s", err, &b)
	}
	if l.Version != "2.1.0" || len(l.Runs) != 1 {
		t.Fatalf("version %s, %d runs", l.Version, len(l.Runs))
	}
	return l
}

// In every scenario, what does not pass is a result whose rule has what GitHub wants of one, and no two are alike.
func TestSARIFHasWhatDoesNotPass(t *testing.T) {
	for name, d := range diagnoses(t) {
		run := logOf(t, d).Runs[0]
		if run.Properties.Status != d.Status().String() {
			t.Errorf("%s: status %s", name, run.Properties.Status)
		}
		var want, got []string
		for _, f := range d.Findings {
			if f.Status != checks.Pass && f.Status != checks.Skip {
				want = append(want, string(f.Code)+" "+levels[f.Status])
			}
		}
		seen := map[string]bool{}
		for _, r := range run.Results {
			got = append(got, r.RuleID+" "+r.Level)
			print := r.Fingerprints["primaryLocationLineHash"]
			if seen[print] || print == "" {
				t.Errorf("%s: the fingerprint %q of %s is not its own", name, print, r.RuleID)
			}
			seen[print] = true
			i := slices.IndexFunc(run.Tool.Driver.Rules, func(rule sarifRule) bool { return rule.ID == r.RuleID })
			if i < 0 {
				t.Errorf("%s: %s has no rule", name, r.RuleID)
				continue
			}
			if rule := run.Tool.Driver.Rules[i]; rule.Short.Text == "" || rule.Full.Text == "" || rule.Help.Text == "" || strings.Contains(rule.Short.Text, "{") {
				t.Errorf("%s: rule %+v", name, rule)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestSARIFResult(t *testing.T) {
	unknown := checks.Finding{Check: "image", Stage: checks.Resolve, Code: "image.unread", Subject: "web:1", Summary: "Not known.", Missing: []string{"ecr:DescribeImages"}}
	twice := blackhole()
	twice.Scope = []string{"subnet-b"}
	d := checks.Diagnosis{Task: planned(), Findings: []checks.Finding{unknown, blackhole(), twice}}
	run := logOf(t, d, WithArtifact("infra/task.tf")).Runs[0]
	if run.AutomationDetails.ID != "canpull/web:7/" || len(run.Invocations) != 0 {
		t.Errorf("%+v, %+v", run.AutomationDetails, run.Invocations)
	}
	r := run.Results[0]
	const want = "The route of rtb-1 leads to nat-1, which no longer exists.\nEvidence: rtb-1: 0.0.0.0/0 to nat-1, blackhole (ec2:DescribeRouteTables)\nFix: Replace the target\nor: Delete the route"
	if diff := cmp.Diff(want, r.Message.Text); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p := r.Locations[0].Physical; p == nil || p.Artifact.URI != "infra/task.tf" || p.Region.StartLine != 1 || r.Locations[0].Logical[0].Full != "rtb-1" {
		t.Errorf("locations: %+v", r.Locations)
	}
	if a, b := r.Fingerprints["primaryLocationLineHash"], run.Results[1].Fingerprints["primaryLocationLineHash"]; !strings.HasSuffix(a, ":1") || b != strings.TrimSuffix(a, "1")+"2" {
		t.Errorf("the fingerprints of results that are alike: %s, %s", a, b)
	}
	if r := run.Results[2]; r.Level != "note" || !strings.Contains(r.Message.Text, "ecr:DescribeImages") {
		t.Errorf("what is not known: %+v", r)
	}
	if run := logOf(t, d).Runs[0]; run.Results[0].Locations[0].Physical != nil {
		t.Error("a place in a file that nobody named")
	}
}

// What comes from AWS is no link in a viewer.
func TestSARIFMessagesHoldNoLinks(t *testing.T) {
	f := blackhole()
	f.Summary, f.Evidence[0].Fact = "Press [here](https://evil.example)", `[x](1)`
	r := logOf(t, checks.Diagnosis{Findings: []checks.Finding{f}}).Runs[0].Results[0]
	if strings.Contains(strings.ReplaceAll(r.Message.Text, `\[`, ""), "[") {
		t.Error(r.Message.Text)
	}
}

func TestSARIFRefusesABadArtifact(t *testing.T) {
	var b bytes.Buffer
	if err := SARIF(&b, checks.Diagnosis{}, WithArtifact("a%zz")); err == nil || !strings.Contains(err.Error(), "a%zz") {
		t.Error(err)
	}
}
