package checks

import (
	"cmp"
	"slices"
)

// Tally counts diagnoses by what stops the pull, so that one security group that breaks 214 services is one line. It keeps
// nothing of a diagnosis but that; its zero value is ready. It is not for several goroutines at once.
type Tally struct {
	Tasks    int            // all that were added
	Statuses map[Status]int // of them
	causes   map[causeKey]*Impact
	missing  map[string]int
}

// Impact is a root cause with what it stops.
type Impact struct {
	Code     Code
	Subject  string
	Stage    Stage
	Summary  string   // of the first finding: others may differ in subnets and hosts
	Tasks    int      // how many tasks it stops
	Services []string // the services that these are of, sorted
	Scope    []string // the subnets or containers that it was found for, sorted
}

type causeKey struct {
	code    Code
	subject string
}

// Add counts a diagnosis.
func (t *Tally) Add(d Diagnosis) {
	if t.causes == nil {
		t.Statuses, t.causes, t.missing = map[Status]int{}, map[causeKey]*Impact{}, map[string]int{}
	}
	t.Tasks++
	t.Statuses[d.Status()]++
	for _, f := range d.RootCauses() {
		key := causeKey{f.Code, f.Subject}
		i := t.causes[key]
		if i == nil {
			i = &Impact{Code: f.Code, Subject: f.Subject, Stage: f.Stage, Summary: f.Summary}
			t.causes[key] = i
		}
		i.Tasks++
		i.Scope = inserted(i.Scope, f.Scope...)
		if d.Task.Service != "" {
			i.Services = inserted(i.Services, d.Task.subject())
		}
	}
	missing := map[string]bool{}
	for _, f := range d.Findings {
		for _, action := range f.Missing {
			missing[action] = true
		}
	}
	for action := range missing {
		t.missing[action]++
	}
}

// Impacts returns the root causes, the one that stops the most tasks first.
func (t *Tally) Impacts() []Impact {
	impacts := make([]Impact, 0, len(t.causes))
	for _, i := range t.causes {
		impacts = append(impacts, *i)
	}
	slices.SortFunc(impacts, func(a, b Impact) int {
		return cmp.Or(cmp.Compare(b.Tasks, a.Tasks), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject))
	})
	return impacts
}

// Missing returns for how many tasks the answer of an IAM action was missing.
func (t *Tally) Missing() map[string]int { return t.missing }

// inserted adds items to a sorted list, once each.
func inserted(list []string, items ...string) []string {
	for _, item := range items {
		if i, found := slices.BinarySearch(list, item); !found {
			list = slices.Insert(list, i, item)
		}
	}
	return list
}
