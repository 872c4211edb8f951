package checks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// state is a set of fixes with what they leave.
type state struct {
	before  *state // nil: the start
	cause   Finding
	fix     Fix
	at      []int // for every step, which root cause it is about and which of its fixes it takes
	changes map[string]Change
	breadth int
	after   Diagnosis
	left    []Finding
	assumes []string
}

// next returns the states that one more fix leads to, by the root causes that are left.
func (s *state) next() (states []*state) {
	for i, cause := range s.after.RootCauses() {
		for j, fix := range cause.Fixes {
			if len(fix.Changes) == 0 {
				continue
			}
			n := &state{before: s, cause: cause, fix: fix, at: append(slices.Clone(s.at), i, j), changes: map[string]Change{}}
			maps.Copy(n.changes, s.changes)
			for _, c := range fix.Changes {
				n.changes[changeKey(c)] = c
			}
			for _, c := range n.changes {
				if b, ok := c.(Broad); ok {
					n.breadth += b.Breadth()
				}
			}
			states = append(states, n)
		}
	}
	return states
}

// turn is which root cause the last step is about.
func (s *state) turn() int { return s.at[len(s.at)-2] }

// key names the state by its changes.
func (s *state) key() string { return fmt.Sprintf("%q", slices.Sorted(maps.Keys(s.changes))) }

func changeKey(c Change) string {
	data, err := json.Marshal(c)
	if err != nil { // a change that looks like no other is tried once more
		return fmt.Sprintf("%T%+v", c, c)
	}
	return fmt.Sprintf("%T%s", c, data)
}

// cost orders sets of fixes: fewer fixes, fewer changes, narrower ones, those that are named first.
func (s *state) cost(t *state) int {
	return cmp.Or(cmp.Compare(len(s.at), len(t.at)), cmp.Compare(len(s.changes), len(t.changes)),
		cmp.Compare(s.breadth, t.breadth), slices.Compare(s.at, t.at))
}

// rank orders sets of fixes by what they leave, then by what they cost.
func (s *state) rank(t *state) int {
	return cmp.Or(cmp.Compare(s.fails(), t.fails()), cmp.Compare(len(s.left), len(t.left)), cmp.Compare(len(s.assumes), len(t.assumes)), s.cost(t))
}

func (s *state) fails() (n int) {
	for _, f := range s.left {
		if f.Status == Fail {
			n++
		}
	}
	return n
}

// proven reports whether the checks say that the pull works.
func (s *state) proven() bool {
	status := s.after.Status()
	return len(s.left)+len(s.assumes) == 0 && (status == Pass || status == Warn)
}
