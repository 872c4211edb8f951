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
	return w.lookup(w.view.table(table), h, t)
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
func (w *walk) lookup(table *tableView, h Hop, t target) []leg {
	h.Subject = table.id
	if table.malformed {
		return []leg{w.unrouted(h, t, Unread, table.action)}
	}
	var whole *part
	var missing []string
	for i, u := range table.unread {
		if t.list != "" && u.list == t.list {
			whole = &table.unread[i].part
			continue
		}
		missing = append(missing, u.missing...)
	}
	if whole != nil && slices.ContainsFunc(table.parts, func(p part) bool { return p.bits > 0 && p.addrs.overlaps(t.addrs) }) {
		missing = append(missing, "ec2:GetManagedPrefixListEntries") // that one may be more specific
	}
	if len(missing) > 0 {
		return []leg{w.unrouted(h, t, ListUnread, missing...)}
	}
	if whole != nil {
		return []leg{{whole.at(h), t.addrs}}
	}
	if only := table.only(t.addrs); only >= 0 {
		return []leg{{table.parts[only].at(h), t.addrs}}
	}
	legs := table.split(h, t.addrs)
	if left := t.addrs.minus(table.covered); !left.empty() {
		h.Status, h.Reason = Closed, NoRoute
		h.Detail = "no route covers the destination; the routes are: " + table.destinations
		if len(legs) > 0 {
			h.Detail = fmt.Sprintf("no route covers %s; the routes are: %s", left, table.destinations)
		}
		legs = append(legs, leg{h, left})
	}
	return legs
}

// tableView is a route table as traffic to one service meets it: which route carries which addresses.
type tableView struct {
	id           string
	parts        []part   // by precedence
	ranges       []ranged // the parts' addresses, sorted
	covered      addrs    // all of them
	unread       []unreadPart
	malformed    bool   // a destination could not be read
	action       string // that reads the table
	destinations string
}

// part is the addresses that a route carries, or several of which nothing tells which one does.
type part struct {
	hop   Hop
	bits  int // the length of the route's prefix
	addrs addrs
}

// at returns the part's hop where another stands.
func (p *part) at(h Hop) Hop {
	h.Target, h.Detail, h.Status, h.Reason = p.hop.Target, p.hop.Detail, p.hop.Status, p.hop.Reason
	return h
}

type ranged struct {
	addrRange
	part int
}

// unreadPart is a route for a prefix list whose entries were not read.
type unreadPart struct {
	part
	list    string
	missing []string
}

// candidate is one block of a route's destination.
type candidate struct {
	cidr  CIDR
	rank  int // at equal length: static before prefix list before propagated
	route *Route
}

// prefers orders candidates by precedence; it is 0 for two of which nothing tells which one is used.
func (c candidate) prefers(d candidate) int {
	return cmp.Or(cmp.Compare(d.cidr.Bits(), c.cidr.Bits()), c.cidr.Addr().Compare(d.cidr.Addr()), cmp.Compare(c.rank, d.rank))
}

// table returns a table as this view meets it.
func (v *view) table(t *RouteTable) *tableView {
	return v.tables.get(t, func() *tableView { return v.compile(t) })
}

// compile works out which route carries which addresses.
func (v *view) compile(table *RouteTable) *tableView {
	out := &tableView{id: table.ID, action: "ec2:DescribeRouteTables"}
	var list []candidate
	var local addrs
	add := func(c CIDR, rank int, r *Route) {
		if c.IsValid() {
			list = append(list, candidate{c, rank, r})
		}
	}
	var all []string
	for i := range table.Routes {
		r := &table.Routes[i]
		all = append(all, r.String())
		switch {
		case r.PrefixList == "" && r.Propagated:
			out.malformed = out.malformed || !r.CIDR.IsValid()
			add(r.CIDR, 2, r)
		case r.PrefixList == "":
			out.malformed = out.malformed || !r.CIDR.IsValid()
			add(r.CIDR, 0, r)
			if r.Target == "local" {
				local = append(local, addrsOf(r.CIDR)...)
			}
		case v.foreign(r.PrefixList):
		default:
			entries, missing := v.vpc.entriesOf(r.PrefixList)
			for _, c := range entries {
				add(c, 1, r)
			}
			if missing != nil {
				out.unread = append(out.unread, unreadPart{part{hop: Hop{}.by(r)}, r.PrefixList, missing})
			}
		}
	}
	for _, c := range slices.Concat(v.vpc.VPC.CIDRs, v.vpc.VPC.IPv6CIDRs) { // has a local route in every table, unless that was given another target
		add(c, 3, &Route{CIDR: c, Target: "local", State: "active"})
		local = append(local, addrsOf(c)...)
	}
	out.destinations = strings.Join(all, "; ")
	out.divide(list, union(local))
	return out
}

// divide gives every address to the candidates that take precedence.
func (t *tableView) divide(list []candidate, local addrs) {
	slices.SortStableFunc(list, candidate.prefers)
	for len(list) > 0 {
		best := list[0]
		equal := 1
		for equal < len(list) && list[equal].prefers(best) == 0 {
			equal++
		}
		p := part{hop: Hop{}.byAny(list[:equal]), bits: best.cidr.Bits(), addrs: addrsOf(best.cidr)}
		if best.route.Propagated {
			p.addrs = p.addrs.minus(local) // which takes precedence over propagated routes that are more specific
		}
		list = list[equal:]
		if p.addrs = p.addrs.minus(t.covered); p.addrs.empty() {
			continue
		}
		t.covered = union(slices.Concat(t.covered, p.addrs))
		for _, r := range p.addrs {
			t.ranges = append(t.ranges, ranged{r, len(t.parts)})
		}
		t.parts = append(t.parts, p)
	}
	slices.SortFunc(t.ranges, func(a, b ranged) int { return a.first.Compare(b.first) })
}

// from returns the first range that does not end before an address.
func (t *tableView) from(r addrRange) int {
	i, _ := slices.BinarySearchFunc(t.ranges, r, func(a ranged, b addrRange) int { return a.last.Compare(b.first) })
	return i
}

// only returns the part that carries all of a set, or -1.
func (t *tableView) only(set addrs) int {
	one := -1
	for _, r := range set {
		i := t.from(r)
		next := r.first
		for {
			if i == len(t.ranges) || next.Less(t.ranges[i].first) || one >= 0 && t.ranges[i].part != one {
				return -1
			}
			one = t.ranges[i].part
			if !t.ranges[i].last.Less(r.last) {
				break
			}
			next = t.ranges[i].last.Next()
			i++
		}
	}
	return one
}

// split returns the legs of a set, by precedence; those that are alike are one.
func (t *tableView) split(h Hop, set addrs) []leg {
	pieces := map[int][]addrRange{}
	for _, r := range set {
		for i := t.from(r); i < len(t.ranges) && !r.last.Less(t.ranges[i].first); i++ {
			piece := t.ranges[i].addrRange
			if piece.first.Less(r.first) {
				piece.first = r.first
			}
			if r.last.Less(piece.last) {
				piece.last = r.last
			}
			pieces[t.ranges[i].part] = append(pieces[t.ranges[i].part], piece)
		}
	}
	var legs []leg
	for i := range t.parts {
		if pieces[i] == nil {
			continue
		}
		hop := t.parts[i].at(h)
		if same := slices.IndexFunc(legs, func(l leg) bool { return l.hop.key() == hop.key() }); same >= 0 {
			legs[same].addrs = union(append(legs[same].addrs, pieces[i]...))
			continue
		}
		legs = append(legs, leg{hop, union(pieces[i])})
	}
	return legs
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
	return destination + " → " + r.Target + " (" + r.State + ")"
}
