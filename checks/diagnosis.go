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
	failed := slices.DeleteFunc(slices.Clone(d.Findings), func(f Finding) bool { return f.Status != Fail })
	found := []Finding{}
	for _, f := range failed {
		if slices.ContainsFunc(failed, func(g Finding) bool { return d.follows(f, g) }) == following {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Stage, b.Stage) })
	return found
}

// follows reports whether f is only a consequence of g.
func (d Diagnosis) follows(f, g Finding) bool {
	switch {
	case f.Check == g.Check:
		return false
	case f.Check == stoppedReasonID: // an error that nothing found explains stands for itself
		e, _ := d.Explain(g)
		return e.Explains
	case f.Code == "dns.unreachable":
		return strings.HasSuffix(string(g.Code), "-dns") // what closes the way to the name servers
	}
	return false
}
