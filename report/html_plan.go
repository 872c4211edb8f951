package report

import "github.com/canpull/canpull/checks"

// htmlPlan is what to do in which order, as the template shows it.
type htmlPlan struct {
	*htmlPage
	checks.Plan
}

// InOrder returns the plan where it takes more than one step, else nil.
func (p *htmlPage) InOrder() *htmlPlan {
	if len(p.plan.Steps) < 2 {
		return nil
	}
	return &htmlPlan{p, p.plan}
}

// htmlStep is a step of a plan.
type htmlStep struct {
	*htmlPage
	step checks.Step
}

func (s htmlStep) Text() []part { return s.parts(s.htmlWords.step(s.step)) }
func (s htmlStep) Code() string { return s.safe(string(s.step.Cause.Code)) }

func (p htmlPlan) Steps() (steps []htmlStep) {
	for _, s := range p.Plan.Steps {
		steps = append(steps, htmlStep{p.htmlPage, s})
	}
	return steps
}

// Left returns what the steps leave.
func (p htmlPlan) Left() []htmlFinding { return p.section("", "", p.Plan.Left, false).Findings }
