package checks

import (
	"maps"
	"slices"
	"strings"
)

// joint returns one finding for the one cause of two of a code: it is as early as the earlier, and holds where either does.
// The Args that are named hold lists, in which the two may differ; where "subject" is one, the sentence is about both.
func (i Info) joint(f, g Finding, lists ...string) Finding {
	args := maps.Clone(f.Args)
	for _, name := range lists {
		args[name] = united(f.Args[name], g.Args[name])
	}
	for _, name := range []string{"cite", "reason"} { // phrases
		if other := g.Args[name]; other != "" && !strings.Contains(args[name], other) {
			args[name] = strings.TrimPrefix(args[name]+"; "+other, "; ")
		}
	}
	one := i.Finding(min(f.Stage, g.Stage), f.Code, f.Subject, args)
	if f.Container == g.Container {
		one.Container = f.Container
	}
	one.Scope = compacted(slices.Concat(f.Scope, g.Scope))
	one.Evidence = compacted(slices.Concat(f.Evidence, g.Evidence))
	one.Missing = compacted(slices.Concat(f.Missing, g.Missing))
	slices.Sort(one.Missing)
	return one
}

// joinTo adds a finding to a list, or to the one there that has the same cause.
func (i Info) joinTo(found []Finding, f Finding, same func(Finding) bool, lists ...string) []Finding {
	at := slices.IndexFunc(found, func(g Finding) bool { return g.Code == f.Code && same(g) })
	if at < 0 {
		return append(found, f)
	}
	found[at] = i.joint(found[at], f, lists...)
	return found
}

// united joins what two lists name.
func united(a, b string) string {
	var names []string
	for _, list := range []string{a, b} {
		for name := range strings.SplitSeq(list, ", ") {
			if name != "" {
				names = with(names, name)
			}
		}
	}
	return joined(names)
}
