package checks_test

import (
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

func TestExplain(t *testing.T) {
	const timeout = `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref reg.corp/app:1: failed to do request: Head "https://reg.corp/v2/app/manifests/1": dial tcp %IP%:443: i/o timeout`
	public, private := strings.Replace(timeout, "%IP%", "203.0.113.9", 1), strings.Replace(timeout, "%IP%", "10.0.1.9", 1)
	found := func(check string, code checks.Code, stage checks.Stage, hosts string) checks.Finding {
		return checks.Finding{Check: check, Code: code, Stage: stage, Status: checks.Fail, Args: map[string]string{"hosts": hosts}}
	}
	for _, c := range []struct {
		name, text string
		finding    checks.Finding
		want       bool
	}{
		{"a missing route gives a timeout to a public address", public, found("route", "route.none", checks.Resolve, "reg.corp"), true},
		{"a closed group of an endpoint gives a timeout to a private address", private, found("security-group", "endpoint.group-closed", checks.Resolve, "a, reg.corp"), true},
		{"but not to a public one", public, found("security-group", "endpoint.group-closed", checks.Resolve, "reg.corp"), false},
		{"and a missing route none to a private one", private, found("route", "route.none", checks.Resolve, "reg.corp"), false},
		{"a policy never gives a timeout", public, found("execution-role", "role.denied", checks.Resolve, ""), false},
		{"nor does a missing image", public, found("image", "image.absent", checks.Resolve, ""), false},
		{"what stops an earlier step does not explain a later one", public, found("route", "route.none", checks.Authenticate, "reg.corp"), false},
		{"nor the other way round", public, found("route", "route.none", checks.Download, "reg.corp"), false},
		{"what stands before another host does not explain it", public, found("route", "route.none", checks.Resolve, "other.corp"), false},
		{"an untrusting role gives its own error", "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.", found("execution-role", "role.not-assumable", checks.Assume, ""), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := checks.Diagnosis{Task: checks.Task{StoppedReason: "Task failed to start", Containers: []checks.Container{{Reason: c.text}}}}
			got, ok := d.Explain(c.finding)
			if !ok || got.Explains != c.want || got.Reason == "" {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
	if _, ok := (checks.Diagnosis{}).Explain(found("route", "route.none", checks.Resolve, "")); ok {
		t.Error("without an error there is nothing to explain")
	}
}

// A check that gives no form of error could never explain one.
func TestEveryCheckCanExplain(t *testing.T) {
	for _, c := range checks.Default(checks.Sources{}) {
		id, explains := c.Info().ID, false
		for _, symptom := range symptoms {
			s, _ := checks.ParseSymptom(symptom.text)
			f := checks.Finding{Check: id, Stage: s.Stage, Status: checks.Fail, Code: "group.egress-closed"}
			e, _ := checks.Diagnosis{Task: checks.Task{StoppedReason: symptom.text}}.Explain(f)
			explains = explains || e.Explains
		}
		if !explains && id != "stopped-reason" {
			t.Errorf("%s explains no error", id)
		}
	}
}

// The root cause of each scenario that has an error text is held against it.
func TestScenariosExplainTheirErrors(t *testing.T) {
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		for _, f := range d.RootCauses() {
			if e, ok := d.Explain(f); ok && !e.Explains {
				t.Errorf("%s: %s does not explain the observed error: %s", s.Name, f.Code, e.Reason)
			}
		}
	}
}
