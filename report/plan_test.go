package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// proven returns the diagnosis of a scenario with its proofs, and its plan.
func proven(t *testing.T, name string) (checks.Diagnosis, checks.Plan) {
	t.Helper()
	all, err := checkstest.Read(os.DirFS("../checks/checkstest/scenarios"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Name != name {
			continue
		}
		d, err := checks.Run(t.Context(), s.Task, checks.Default(s.Sources())...)
		if err == nil {
			d, err = checks.Prove(t.Context(), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		plan, err := d.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d, plan
	}
	t.Fatalf("no scenario is called %s", name)
	return checks.Diagnosis{}, checks.Plan{}
}

// A fix that is proven says so, and a plan of several steps stands behind the root causes, with what comes of it.
func TestProofsAndPlans(t *testing.T) {
	for _, tt := range []struct {
		scenario     string
		verified     int // fixes
		steps        int // of a plan that is worth showing
		proven, left bool
	}{
		{"two-faults-of-two-stages", 3, 2, true, false},
		{"endpoint-group-closed", 1, 0, false, false},
		{"nat-instance-stopped", 0, 0, false, false},
	} {
		d, plan := proven(t, tt.scenario)
		for name, encode := range map[string]func(io.Writer, checks.Diagnosis, ...Option) error{"text": Text, "markdown": Markdown, "html": mainText} {
			for _, tag := range Languages() {
				var b bytes.Buffer
				if err := encode(&b, d, WithLanguage(tag), WithPlan(plan), WithWidth(widest)); err != nil {
					t.Fatal(err)
				}
				w, err := wordsFor(tag)
				if err != nil {
					t.Fatal(err)
				}
				got := b.String()
				if n := strings.Count(got, w.say("label.verified")); n != tt.verified {
					t.Errorf("%s as %s in %s: %d fixes are verified, want %d", tt.scenario, name, tag, n, tt.verified)
				}
				_, after, found := strings.Cut(got, w.say("heading.plan"))
				if found != (tt.steps > 0) || name != "html" && found && (!strings.Contains(after, "1. ") || !strings.Contains(after, " 2. ") && !strings.Contains(after, "\n2. ")) {
					t.Errorf("%s as %s in %s: the plan is shown: %t\n%s", tt.scenario, name, tag, found, after)
				}
				if strings.Contains(got, w.say("plan.proven")) != tt.proven || strings.Contains(got, w.say("plan.left")) != tt.left {
					t.Errorf("%s as %s in %s: the plan does not say whether it is enough:\n%s", tt.scenario, name, tag, after)
				}
			}
		}
	}
}

// A plan that is not proven names what it leaves.
func TestAPlanThatLeavesSomething(t *testing.T) {
	d, plan := proven(t, "two-faults-of-two-stages")
	plan.Proven, plan.Left = false, []checks.Finding{{Code: "own.code", Summary: "A shelf is full."}}
	plan.Steps[1].Fix.Summary = "Empty the shelf" // none of its cause's
	var text, markdown, page bytes.Buffer
	if err := errors.Join(Text(&text, d, WithPlan(plan)), mainText(&page, d, WithPlan(plan))); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&markdown, d, WithPlan(plan), WithLanguage(language.Korean)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2. Empty the shelf [group.egress-closed]", "these steps leave:\n  - A shelf is full. [own.code]"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	if want := "Empty the shelf group.egress-closed\nTried out on what was read, these steps leave:\nA shelf is full. own.code\n"; !strings.Contains(page.String(), want) {
		t.Errorf("the page lacks %q:\n%s", want, page.String())
	}
	if want := "- A shelf is full. `own.code`"; !strings.Contains(markdown.String(), want) {
		t.Errorf("the Markdown lacks %q:\n%s", want, markdown.String())
	}
}
