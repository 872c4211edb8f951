package checks_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/canpull/canpull/checks"
)

// policyChecks are the checks whose fixes are about policies, secrets, images and the task definition.
var policyChecks = []string{"execution-role", "endpoint-policy", "repository-policy", "registry-credentials", "pull-through-cache", "image", "rate-limit",
	"platform", "image-format", "storage", "stopped-reason"}

// advice are the codes of these checks that fail and have no fix that could be shown to work, with the reason. The codes
// of the stopped reason are not listed: its text says what happened and not what to change, which the other checks find out.
var advice = map[checks.Code]string{
	"role.organization-deny":     "a service control policy is for the organization's administrators, and is not read",
	"credentials.key-not-shared": "the owner of the secret has to make a key and decide who may use it",
	"credentials.malformed":      "a secret's value is never read for a fix nor part of one",
	"image.malformed":            "only the author knows which image was meant",
	"image.absent":               "the image must be pushed, or another one meant; what else there is was not read",
	"image.repository-absent":    "a repository alone holds no image: it must be pushed, or another one meant",
}

// unseen are the codes that no scenario has.
var unseen = map[checks.Code]string{
	"credentials.malformed": "a scenario has no values of secrets; the checks' own test of credentials covers it",
}

// offer is a fix with the diagnosis and the finding that it is of.
type offer struct {
	scenario  string
	diagnosis checks.Diagnosis
	finding   checks.Finding
	fix       checks.Fix
}

func (o offer) String() string {
	return o.scenario + ": " + string(o.finding.Code) + ": " + o.fix.Summary
}

// offers returns the fixes of what these checks found in all scenarios, of findings that stop the pull or warn.
func offers(t *testing.T) (all []offer) {
	t.Helper()
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		for _, f := range d.Findings {
			if slices.Contains(policyChecks, f.Check) && (f.Status == checks.Fail || f.Status == checks.Warn) {
				for _, fix := range f.Fixes {
					all = append(all, offer{s.Name, d, f, fix})
				}
			}
		}
	}
	return all
}

func has(d checks.Diagnosis, f checks.Finding) bool {
	return slices.ContainsFunc(d.Findings, func(g checks.Finding) bool { return g.Code == f.Code && g.Subject == f.Subject })
}

// Every fix that has changes takes its finding away, and nothing fails after it that did not before.
func TestPolicyFixesAreProven(t *testing.T) {
	for _, o := range offers(t) {
		if len(o.fix.Changes) == 0 {
			continue
		}
		after, err := checks.Verify(t.Context(), o.diagnosis, o.fix)
		if err != nil {
			t.Errorf("%s: %v", o, err)
			continue
		}
		if has(after, o.finding) {
			t.Errorf("%s: it is still there", o)
		}
		for _, f := range after.Findings {
			if f.Status == checks.Fail && !has(o.diagnosis, f) {
				t.Errorf("%s: then %s of %s fails: %s", o, f.Code, f.Subject, f.Summary)
			}
		}
	}
}

// Where a fix is not proven to make the pull work, this says why. All other fixes of a scenario's only cause do.
func TestPolicyFixesMakeThePullWork(t *testing.T) {
	open := map[checks.Code]string{
		"credentials.role-none":      "the secret is not asked about where nobody could read it",
		"role.wrong-path":            "the policies of the other role were not read",
		"cache.library":              "the other image was not asked for",
		"image.credentials-required": "what a registry shows to whom it knows is not known",
		"rate-limit.anonymous":       "in image-credentials-required the image is private as well",
	}
	for _, o := range offers(t) {
		if len(o.fix.Changes) == 0 || len(o.diagnosis.RootCauses()) > 1 {
			continue
		}
		after, err := checks.Verify(t.Context(), o.diagnosis, o.fix)
		if err != nil {
			t.Errorf("%s: %v", o, err)
			continue
		}
		if s := after.Status(); s != checks.Pass && s != checks.Warn && open[o.finding.Code] == "" {
			t.Errorf("%s: then the pull is %s", o, s)
		}
	}
}

func TestEveryPolicyFailureHasAScenarioAndAFix(t *testing.T) {
	seen, proven := map[checks.Code]bool{}, map[checks.Code]bool{}
	for _, o := range offers(t) {
		seen[o.finding.Code] = true
		if len(o.fix.Changes) > 0 {
			proven[o.finding.Code] = true
		}
	}
	for _, c := range checks.Default(checks.Sources{}) {
		if !slices.Contains(policyChecks, c.Info().ID) || c.Info().ID == "stopped-reason" {
			continue
		}
		for code, m := range c.Info().Codes {
			if m.Status != checks.Fail {
				continue
			}
			if seen[code] == (unseen[code] != "") {
				t.Errorf("%s is in a scenario: %t", code, seen[code])
			}
			if proven[code] == (advice[code] != "") {
				t.Errorf("%s has a fix with changes: %t", code, proven[code])
			}
		}
	}
}

// In an account without a fault the text of the stop is what is reported, and it alone shows nothing to change.
func TestEveryStoppedCodeIsACauseWithAdvice(t *testing.T) {
	s := scenario(t, "stopped-digest-gone")
	seen := map[checks.Code]bool{}
	for _, symptom := range symptoms {
		s.Task.StoppedReason = symptom.text
		for i := range s.Task.Containers {
			s.Task.Containers[i].Reason = ""
		}
		d := diagnose(t, s)
		causes := d.RootCauses()
		if len(causes) == 0 && symptom.want.Kind == "" {
			continue // a text of something else
		}
		if len(causes) != 1 || causes[0].Code != checks.Code("stopped."+string(symptom.want.Kind)) {
			t.Errorf("%s: the causes are %v", symptom.name, causes)
			continue
		}
		seen[causes[0].Code] = true
		for _, fix := range causes[0].Fixes {
			if len(fix.Changes) > 0 {
				t.Errorf("%s: the text alone shows changes: %v", symptom.name, fix.Changes)
			}
		}
	}
	for code, m := range (checks.StoppedReason{}).Info().Codes {
		if m.Status == checks.Fail && !seen[code] {
			t.Errorf("no text gives %s", code)
		}
	}
}

// To work fixes out, and to verify them, leaves the facts as they were read.
func TestFixesLeaveTheFactsAlone(t *testing.T) {
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		before, err := json.Marshal(d.Facts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := checks.Run(t.Context(), d.Task, checks.Default(d.Facts.Sources())...) // on these very facts
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range again.Findings {
			for _, fix := range f.Fixes {
				if len(fix.Changes) == 0 {
					continue
				}
				if _, err := checks.Verify(t.Context(), again, fix); err != nil {
					t.Errorf("%s: %v", s.Name, err)
				}
			}
		}
		if after, err := json.Marshal(d.Facts); err != nil || string(after) != string(before) {
			t.Errorf("%s: the facts have changed (%v)", s.Name, err)
		}
	}
}
