package checks

import (
	"context"
	"fmt"
	"slices"
)

// Verify makes a fix's changes to a copy of the facts of a diagnosis, runs the standard checks again and returns what is
// left. The error that was observed is left out: it tells of the time before the fix. A fix that does not say what to change
// leaves everything as it is; one whose changes do not fit the facts gives an error.
func Verify(ctx context.Context, d Diagnosis, fix Fix) (Diagnosis, error) {
	return Prover{}.Verify(ctx, d, fix)
}

// Prover tries fixes out with other checkers than the standard ones. Its zero value is what Verify, Prove and Diagnosis.Plan
// use.
type Prover struct {
	// Checkers returns the checkers to run again; nil means Default.
	Checkers func(Sources) []Checker
	// States bounds how many sets of fixes a plan is looked for among; 0 means 256. One takes as long as a run of the
	// checks that asks nobody: about a millisecond.
	States int
}

// Verify does as the function Verify does.
func (p Prover) Verify(ctx context.Context, d Diagnosis, fix Fix) (Diagnosis, error) {
	s, err := Snapshot{d.Task, d.Facts}.clone()
	if err != nil {
		return Diagnosis{}, fmt.Errorf("checks: the facts cannot be copied: %w", err)
	}
	s.Task.StopCode, s.Task.StoppedReason = "", ""
	for i := range s.Task.Containers {
		s.Task.Containers[i].Reason = ""
	}
	for _, c := range fix.Changes {
		if err := c.Apply(&s); err != nil {
			return Diagnosis{}, fmt.Errorf("checks: %s: %w", fix.Summary, err)
		}
	}
	checkers := p.Checkers
	if checkers == nil {
		checkers = Default
	}
	after, err := Run(ctx, s.Task, checkers(s.Facts.Sources())...)
	after.Facts = s.Facts // also what no check asked about this time, and a later fix may bring up again
	return after, err
}

// Proof is what comes of a fix: tried out on the facts that a diagnosis was made from.
type Proof struct {
	// Verified is set when the cause is certainly gone, nothing fails or is open that did not and was not before, and nothing
	// more is taken for granted.
	Verified bool `json:"verified"`
	// Gone is set when the cause does not fail any more. What came in its place may be unknown.
	Gone bool `json:"gone"`
	// Reason says why the fix is not verified; "" when it is.
	Reason string `json:"reason,omitempty"`
	// Status is what the diagnosis would say after the fix alone.
	Status Status `json:"status"`
	// Left is what would then still stop the pull, the earliest stage first, and what would leave it open. Its findings have
	// neither evidence nor fixes.
	Left []Finding `json:"left"`
	// Assumes is what would then be taken for granted and was known before, or did not matter.
	Assumes []string `json:"assumes,omitempty"`
}

// Prove returns a diagnosis in which every fix of a root cause that says what to change has its Proof. The error is for a
// context that ended, and then the diagnosis has the proofs that were made until then.
func Prove(ctx context.Context, d Diagnosis) (Diagnosis, error) { return Prover{}.Prove(ctx, d) }

// Prove does as the function Prove does.
func (p Prover) Prove(ctx context.Context, d Diagnosis) (Diagnosis, error) {
	d.Findings = slices.Clone(d.Findings)
	for i, f := range d.Findings {
		if f.Status != Fail || d.isConsequence(f) {
			continue
		}
		fixes := slices.Clone(f.Fixes)
		for j, fix := range fixes {
			if len(fix.Changes) == 0 {
				continue
			}
			after, err := p.Verify(ctx, d, fix)
			if ctx.Err() != nil {
				return d, ctx.Err()
			}
			if err != nil {
				fixes[j].Proof = &Proof{Reason: err.Error(), Left: []Finding{}}
				continue
			}
			fixes[j].Proof = d.proof(f, after)
		}
		d.Findings[i].Fixes = fixes
	}
	return d, nil
}

// proof compares a diagnosis with the one after a fix of a cause.
func (d Diagnosis) proof(cause Finding, after Diagnosis) *Proof {
	p := &Proof{Status: after.Status(), Left: briefly(after.left()), Assumes: after.assumesBeyond(d), Gone: after.ran(cause.Check) &&
		!slices.ContainsFunc(after.Findings, func(f Finding) bool { return f.Status == Fail && f.Code == cause.Code && f.Subject == cause.Subject })}
	fails, open := "", ""
	for _, f := range after.Findings {
		fresh := !slices.ContainsFunc(d.Findings, func(g Finding) bool { return g.covers(f) })
		switch {
		case f.Status == Fail && fresh && fails == "":
			fails = f.Summary
		case f.Status == Unknown && open == "" && (fresh || f.Check == cause.Check && scopesMeet(f.Scope, cause.Scope)):
			open = f.Summary
		}
	}
	switch {
	case !after.ran(cause.Check):
		p.Reason = "the check " + cause.Check + " is not among those that ran again"
	case !p.Gone:
		p.Reason = "the cause is still there"
	case fails != "":
		p.Reason = "the cause is gone, and then: " + fails
	case open != "":
		p.Reason = "the cause is gone, and whether that is enough is not known: " + open
	case len(p.Assumes) > 0:
		p.Reason = "the cause is gone, and whether that is enough rests on what was not read: " + p.Assumes[0]
	default:
		p.Verified = true
	}
	return p
}

// assumesBeyond returns what a diagnosis takes for granted and another does not.
func (d Diagnosis) assumesBeyond(before Diagnosis) (more []string) {
	for _, a := range d.Assumptions {
		if !slices.Contains(before.Assumptions, a) {
			more = append(more, a)
		}
	}
	return more
}

// left returns what stops the pull and what leaves it open.
func (d Diagnosis) left() []Finding {
	return slices.Concat(d.RootCauses(), slices.DeleteFunc(slices.Clone(d.Findings), func(f Finding) bool { return f.Status != Unknown }))
}

func (d Diagnosis) ran(check string) bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Check == check && f.Code != LeftOut })
}

// briefly returns findings without their evidence and fixes.
func briefly(findings []Finding) []Finding {
	for i := range findings {
		findings[i].Evidence, findings[i].Fixes = []Evidence{}, []Fix{}
	}
	return findings
}

// covers reports whether a finding says at least as much as another of the same code and subject: for its scope and hosts,
// for the same reason, and with all that it misses.
func (f Finding) covers(g Finding) bool {
	return f.Check == g.Check && f.Status == g.Status && f.Code == g.Code && f.Subject == g.Subject && f.Container == g.Container &&
		f.Args["reason"] == g.Args["reason"] && within(g.Scope, f.Scope) && within(listed(g, "hosts"), listed(f, "hosts")) && within(g.Missing, f.Missing)
}

func within(items, all []string) bool {
	return !slices.ContainsFunc(items, func(item string) bool { return !slices.Contains(all, item) })
}

// scopesMeet reports whether two scopes have a part in common. An empty one is everything.
func scopesMeet(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(item string) bool { return slices.Contains(b, item) })
}
