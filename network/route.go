package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// leg is the part of a destination that one route carries.
type leg struct {
	hop   Hop
	addrs addrs
}

// candidate is one block of a route's destination.
type candidate struct {
	cidr  CIDR
	rank  int // at equal length: static before prefix list before propagated
	route *Route
}

// routes returns how a subnet's table carries a target.
func (w *walk) routes(subnet string, t target) []leg {
	h := Hop{Kind: KindRoute, Subnet: subnet}
	table, read := w.routeTable(subnet)
	switch {
	case !read, table != nil && table.Routes == nil:
		return []leg{w.unrouted(h, t, Unread, "ec2:DescribeRouteTables")}
	case table == nil:
		h.Reason = TableAbsent
		return []leg{{h, t.addrs}}
	}
	h.Subject = table.ID
	return w.lookup(table, h, t)
}

// unrouted is the leg of a target whose route depends on what was not read.
func (w *walk) unrouted(h Hop, t target, reason Reason, actions ...string) leg {
	h.Reason, h.Missing = reason, uniq(actions)
	w.cut(h.Missing...)
	return leg{h, t.addrs}
}

// lookup returns how a table carries a target: the longest prefix wins whatever its kind, a blackhole wins and drops, and a
// target that is not understood is never skipped.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func (w *walk) lookup(table *RouteTable, h Hop, t target) []leg {
	candidates, local, whole, missing := w.candidates(table, t)
	if slices.ContainsFunc(table.Routes, func(r Route) bool { return r.PrefixList == "" && !r.CIDR.IsValid() }) {
		return []leg{w.unrouted(h, t, Unread, "ec2:DescribeRouteTables")}
	}
	if whole != nil && slices.ContainsFunc(candidates, func(c candidate) bool {
		return c.cidr.Bits() > 0 && !addrsOf(c.cidr).and(t.addrs).empty()
	}) {
		missing = append(missing, "ec2:GetManagedPrefixListEntries") // that one may be more specific
	}
	if len(missing) > 0 {
		return []leg{w.unrouted(h, t, ListUnread, missing...)}
	}
	if whole != nil {
		return []leg{{h.by(whole), t.addrs}}
	}
	var legs []leg
	left := t.addrs
	for len(candidates) > 0 && !left.empty() {
		best := candidates[0]
		equal := 1
		for equal < len(candidates) && candidates[equal].prefers(best) == 0 {
			equal++
		}
		part := left.and(addrsOf(best.cidr))
		if best.route.Propagated {
			part = part.minus(local) // which takes precedence over propagated routes that are more specific
		}
		hop := h.byAny(candidates[:equal])
		candidates = candidates[equal:]
		if part.empty() {
			continue
		}
		left = left.minus(part)
		if i := slices.IndexFunc(legs, func(l leg) bool { return l.hop.key() == hop.key() }); i >= 0 {
			legs[i].addrs = union(append(legs[i].addrs, part...))
			continue
		}
		legs = append(legs, leg{hop, part})
	}
	if !left.empty() {
		h.Status, h.Reason = Closed, NoRoute
		h.Detail = "no route covers the destination; the routes are: " + table.destinations()
		if len(legs) > 0 {
			h.Detail = fmt.Sprintf("no route covers %s; the routes are: %s", left, table.destinations())
		}
		legs = append(legs, leg{h, left})
	}
	return legs
}

// prefers orders candidates by precedence; it is 0 for two of which nothing tells which one is used.
func (c candidate) prefers(d candidate) int {
	return cmp.Or(cmp.Compare(d.cidr.Bits(), c.cidr.Bits()), c.cidr.Addr().Compare(d.cidr.Addr()), cmp.Compare(c.rank, d.rank))
}

// candidates returns the blocks of a table's routes by precedence, and what its local routes cover. whole is the route whose
// prefix list is the target's own, where that list's entries are not known. missing is what keeps other lists from being
// known.
func (w *walk) candidates(table *RouteTable, t target) (list []candidate, local addrs, whole *Route, missing []string) {
	add := func(c CIDR, rank int, r *Route) {
		if c.IsValid() && c.Addr().Is4() {
			list = append(list, candidate{c, rank, r})
		}
	}
	for i := range table.Routes {
		switch r := &table.Routes[i]; {
		case r.PrefixList == "" && r.Propagated:
			add(r.CIDR, 2, r)
		case r.PrefixList == "":
			add(r.CIDR, 0, r)
			if r.Target == "local" {
				local = append(local, addrsOf(r.CIDR)...)
			}
		case w.foreign(r.PrefixList):
		default:
			entries, unread := w.entries(r.PrefixList)
			for _, c := range entries {
				add(c, 1, r)
			}
			if unread != nil && r.PrefixList == t.list {
				whole = r
				continue
			}
			missing = append(missing, unread...)
		}
	}
	for _, c := range w.VPC.CIDRs { // has a local route in every table, unless that was given another target
		add(c, 3, &Route{CIDR: c, Target: "local", State: "active"})
		local = append(local, addrsOf(c)...)
	}
	slices.SortStableFunc(list, candidate.prefers)
	return list, union(local), whole, missing
}

// by returns the hop as a route decides it.
func (h Hop) by(r *Route) Hop {
	h.Target, h.Detail = r.Target, r.String()
	switch {
	case strings.EqualFold(r.State, "blackhole"):
		h.Status, h.Reason = Closed, Blackhole
	case r.State == "" || strings.EqualFold(r.State, "active"):
		h.Status = Open
	default:
		h.Reason = RouteUnclear
	}
	return h
}

// byAny returns the hop as one of several routes of equal precedence decides it.
func (h Hop) byAny(equal []candidate) Hop {
	hop := h.by(equal[0].route)
	for _, c := range equal[1:] {
		if other := h.by(c.route); other.key() != hop.key() {
			h.Reason, h.Detail = RouteUnclear, hop.Detail+"; "+other.Detail
			return h
		}
	}
	return hop
}

// String writes a route as "destination → target (state)".
func (r Route) String() string {
	destination := r.PrefixList
	if destination == "" {
		destination = r.CIDR.String()
	}
	return fmt.Sprintf("%s → %s (%s)", destination, r.Target, r.State)
}

func (t *RouteTable) destinations() string {
	var all []string
	for _, r := range t.Routes {
		all = append(all, r.String())
	}
	return strings.Join(all, "; ")
}
