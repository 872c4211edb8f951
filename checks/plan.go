package checks

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// Plan is what to do about a diagnosis: the smallest set of fixes after which the pull is proven to work.
//
// Only fixes that say what to change are part of a plan. Of two plans that leave as little, the one of fewer fixes is better,
// then the one of fewer changes, then the one of narrower changes (see Broad), then the one whose fixes their findings name
// first.
type Plan struct {
	Steps []Step `json:"steps"` // in the order in which to take them
	// Proven is set when the checks say, on the facts as the steps leave them, that the pull works: Pass or Warn, and with
	// nothing taken for granted that the diagnosis does not.
	Proven bool `json:"proven"`
	// Smallest is set when every smaller set of the fixes that there are was tried.
	Smallest bool `json:"smallest"`
	// Left is what keeps the plan from being proven: what still stops the pull, the earliest stage first, what is not known,
	// and an observed error that nothing found explains. Unlike a Proof's, these findings have their evidence and fixes.
	Left []Finding `json:"left"`
	// Assumes is what After takes for granted and the diagnosis knows, or does not need.
	Assumes []string `json:"assumes,omitempty"`
	// After is the diagnosis once all steps are taken.
	After Diagnosis `json:"-"`
}

// Step is a fix of a plan with the root cause that it removes, as it is when its turn comes.
type Step struct {
	Cause Finding `json:"cause"`
	Fix   Fix     `json:"fix"` // its Proof is that of this step, after those before it
}

// Broad is a Change that may be wider than what it is for. A plan prefers narrow ones; a Change that is not Broad counts as one
// whose breadth is 0.
type Broad interface {
	Change
	// Breadth is 0 for what lets through exactly what the cause keeps out, 1 for what lets through more of the same kind (a
	// whole managed policy, all addresses), 2 for what alters other tasks' traffic or permissions as well.
	Breadth() int
}

// Plan looks for the smallest set of fixes after which the pull is proven to work. Where no set is proven, it returns what
// leaves the fewest root causes, then the fewest open questions. The error is for a context that ended, beside which stands
// the best plan found until then, and for facts that cannot be copied.
func (d Diagnosis) Plan(ctx context.Context) (Plan, error) { return Prover{}.Plan(ctx, d) }

// Plan does as Diagnosis.Plan does.
//
// A root cause that others hide appears only once they are fixed, so this is a search over sequences of fixes, each of a root
// cause that is left when its turn comes; those that make the same changes (of one type and one JSON) are one state. The
// cheapest state is tried first, so the first that is proven is the smallest plan.
func (p Prover) Plan(ctx context.Context, d Diagnosis) (Plan, error) {
	s := search{Prover: p, d: d, budget: cmp.Or(p.States, 256)}
	start := &state{after: d}
	if err := s.run(ctx, start); err != nil {
		return Plan{Steps: []Step{}, Left: d.left(), After: d}, err
	}
	for _, f := range d.left() { // what no run of the checks can prove to be gone
		if f.Check == stoppedReasonID || !start.after.ran(f.Check) {
			s.beyond = append(s.beyond, f)
		}
	}
	start.left = slices.Concat(s.beyond, start.left)
	s.best = start
	if err := s.greedy(ctx, start); err != nil {
		return s.plan(), err
	}
	err := s.exhaust(ctx, start)
	plan := s.plan()
	plan.Smallest = err == nil && s.budget > 0
	return plan, err
}

// search looks for the best set of fixes.
type search struct {
	Prover
	d      Diagnosis // what it is about
	beyond []Finding
	best   *state
	tried  map[string]bool // the changes of states
	budget int             // how many more states may be tried
}

// greedy follows the best fix of one root cause after the other. It finds a plan where there are too many sets of fixes to try
// them all, and a bound for those that have to be tried.
func (s *search) greedy(ctx context.Context, at *state) error {
	s.tried = map[string]bool{}
	for at != nil && s.budget > 0 {
		var best *state
		for _, t := range at.next() {
			if best != nil && t.turn() != best.turn() {
				break
			}
			ok, err := s.consider(ctx, t)
			if err != nil {
				return err
			}
			if ok && (best == nil || t.rank(best) < 0) {
				best = t
			}
		}
		at = best
	}
	return nil
}

// exhaust tries sets of fixes, the cheapest first, until none that is left can be better than the best.
func (s *search) exhaust(ctx context.Context, start *state) error {
	s.tried = map[string]bool{}
	var queue []*state
	add := func(states []*state) {
		for _, t := range states {
			i, _ := slices.BinarySearchFunc(queue, t, (*state).cost)
			queue = slices.Insert(queue, i, t)
		}
	}
	for add(start.next()); len(queue) > 0 && s.budget > 0; {
		t := queue[0]
		queue = queue[1:]
		if s.best.proven() && t.cost(s.best) >= 0 {
			return nil
		}
		ok, err := s.consider(ctx, t)
		if err != nil {
			return err
		}
		if ok {
			add(t.next())
		}
	}
	return nil
}

// consider tries a state out, unless its changes were tried in another order, and keeps it if it is the best. ok is false for
// one that is of no use. The error is for a context that ended.
func (s *search) consider(ctx context.Context, t *state) (ok bool, err error) {
	key := t.key()
	if s.tried[key] {
		return false, nil
	}
	s.tried[key] = true
	if err := s.run(ctx, t); err != nil {
		return false, ctx.Err()
	}
	if t.rank(s.best) < 0 {
		s.best = t
	}
	return true, nil
}

// run tries a state out. It fails for a fix that does not apply, or that leaves its cause as it is.
func (s *search) run(ctx context.Context, t *state) error {
	s.budget--
	before := t.after // the start's own
	if t.before != nil {
		before = t.before.after
	}
	after, err := s.Verify(ctx, before, t.fix)
	if err != nil {
		return err
	}
	if t.before != nil {
		if slices.ContainsFunc(after.Findings, func(f Finding) bool { return f.covers(t.cause) }) {
			return errors.New("it leaves the cause as it is")
		}
		t.fix.Proof = before.proof(t.cause, after)
	}
	t.after, t.left, t.assumes = after, slices.Concat(s.beyond, after.left()), after.assumesBeyond(s.d)
	return nil
}

// plan returns the best state as a plan.
func (s *search) plan() Plan {
	p := Plan{Steps: []Step{}, Left: append([]Finding{}, s.best.left...), Assumes: s.best.assumes, After: s.best.after, Proven: s.best.proven()}
	for t := s.best; t.before != nil; t = t.before {
		p.Steps = append(p.Steps, Step{t.cause, t.fix})
	}
	slices.Reverse(p.Steps)
	return p
}
