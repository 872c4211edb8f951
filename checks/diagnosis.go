package checks

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Diagnosis is everything that was found about a task.
type Diagnosis struct {
	Task        Task
	Findings    []Finding
	Paths       []Path   // from each subnet to each host, in the order of the pull; empty if the network was not asked about
	Assumptions []string // what no account shows and was taken for granted
	Facts       Facts    // what the findings were made from, as far as it came from shared sources
	Started     time.Time
	Elapsed     time.Duration
}

// Status is the strongest status of the findings: Fail > Unknown > Warn > Pass > Skip. A diagnosis without findings is
// Unknown.
func (d Diagnosis) Status() Status {
	if len(d.Findings) == 0 {
		return Unknown
	}
	status := Skip
	for _, f := range d.Findings {
		if f.Status.outranks(status) {
			status = f.Status
		}
	}
	if status == Skip {
		return Unknown // nothing applied, so nothing was shown
	}
	return status
}

// settles reports whether what was read makes an assumption superfluous.
func (d Diagnosis) settles(assumption string) bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return slices.Contains(f.Settles, assumption) })
}

// RootCauses returns the findings that stop the pull, the earliest stage first and without those that only follow from
// another. The first is the root cause.
func (d Diagnosis) RootCauses() []Finding {
	return d.failures(false)
}

// Consequences returns the findings that stop the pull but only follow from a root cause.
func (d Diagnosis) Consequences() []Finding {
	return d.failures(true)
}

func (d Diagnosis) failures(following bool) []Finding {
	found := []Finding{}
	for _, f := range d.Findings {
		if f.Status == Fail && d.isConsequence(f) == following {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Stage, b.Stage) })
	return found
}

// isConsequence reports whether a finding that stops the pull only follows from another.
func (d Diagnosis) isConsequence(f Finding) bool {
	leads := d.leadsTo(f)
	return leads != nil && slices.ContainsFunc(d.Findings, func(g Finding) bool { return g.Status == Fail && g.Check != f.Check && leads(g) })
}

// leadsTo returns what tells which other checks' findings f follows from; nil if it stands for itself.
func (d Diagnosis) leadsTo(f Finding) func(Finding) bool {
	switch {
	case f.Check == stoppedReasonID: // an error that nothing found explains stands for itself
		s, ok := ParseSymptom(f.Args["text"])
		if _, container, _ := d.Task.observed(); ok && container != f.Container {
			return func(g Finding) bool { return d.explain(g, s, f.Container).Explains }
		}
		return func(g Finding) bool { e, _ := d.Explain(g); return e.Explains }
	case f.Code == "dns.unreachable":
		return func(g Finding) bool { return strings.HasSuffix(string(g.Code), "-dns") } // what closes the way to the name servers
	case f.Code == "cache.denied": // by a statement that denies the pull, too
		return func(g Finding) bool {
			return (g.Code == "role.explicit-deny" || g.Code == "repository.explicit-deny") && g.Args["cite"] == f.Args["cite"]
		}
	case f.Code == "credentials.role-none":
		return func(g Finding) bool { return g.Code == "role.none" }
	}
	return nil
}
