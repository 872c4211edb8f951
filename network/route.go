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
	block addrs
	bits  int
	rank  int // at equal length: static before prefix list before propagated
	route *Route
}

// routes returns how a subnet's table carries a target: the longest prefix wins whatever its kind, a blackhole wins and
// drops, and a target that is not understood is never skipped.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
func (w *walk) routes(subnet string, t target) []leg {
	h := Hop{Kind: KindRoute, Subnet: subnet}
	if w.RouteTables == nil {
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeRouteTables"}
		w.cut(h.Missing...)
		return []leg{{h, t.addrs}}
	}
	table := w.routeTable(subnet)
	if table == nil {
		h.Reason = TableAbsent
		return []leg{{h, t.addrs}}
	}
	h.Subject = table.ID
	candidates, whole, missing := w.candidates(table, t)
	if whole != nil {
		return []leg{{h.by(whole), t.addrs}}
	}
	if len(missing) > 0 {
		h.Reason, h.Missing = ListUnread, missing
		w.cut(missing...)
		return []leg{{h, t.addrs}}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(a.rank, b.rank))
	})
	var legs []leg
	left := t.addrs
	for _, c := range candidates {
		part := left.and(c.block)
		if part.empty() {
			continue
		}
		left = left.minus(part)
		hop := h.by(c.route)
		if i := slices.IndexFunc(legs, func(l leg) bool { return l.hop.key() == hop.key() }); i >= 0 {
			legs[i].addrs = union(append(legs[i].addrs, part...))
			continue
		}
		legs = append(legs, leg{hop, part})
	}
	if !left.empty() {
		h.Status, h.Reason = Closed, NoRoute
		h.Detail = table.ID + " has no route that covers it; its routes: " + table.destinations()
		if len(legs) > 0 {
			h.Detail = fmt.Sprintf("%s has no route for %s; its routes: %s", table.ID, left, table.destinations())
		}
		legs = append(legs, leg{h, left})
	}
	return legs
}

// candidates returns the blocks of a table's routes. whole is the route whose prefix list is the target's own: it
// carries all of it, and its entries need not be known. missing is what keeps other lists from being known.
func (w *walk) candidates(table *RouteTable, t target) (list []candidate, whole *Route, missing []string) {
	for i := range table.Routes {
		r := &table.Routes[i]
		rank := 0
		if r.Propagated {
			rank = 2
		}
		if r.PrefixList == "" {
			if r.CIDR.IsValid() && r.CIDR.Addr().Is4() {
				list = append(list, candidate{addrsOf(r.CIDR), r.CIDR.Bits(), rank, r})
			}
			continue
		}
		if r.PrefixList == t.list {
			whole = r
			continue
		}
		entries := w.prefixList(r.PrefixList)
		if entries == nil || entries.CIDRs == nil {
			if e, _ := w.Endpoint(r.Target); e != nil && strings.EqualFold(e.Type, "Gateway") && !e.Serves(w.to.Service, w.to.Region) && w.to.Host != "" {
				continue // another service's list, which does not hold this host
			}
			if w.PrefixLists == nil {
				missing = append(missing, "ec2:DescribeManagedPrefixLists")
			}
			missing = uniq(append(missing, "ec2:GetManagedPrefixListEntries"))
			continue
		}
		for _, c := range entries.CIDRs {
			if c.IsValid() && c.Addr().Is4() {
				list = append(list, candidate{addrsOf(c), c.Bits(), 1, r})
			}
		}
	}
	return list, whole, missing
}

// by returns the hop as a route decides it.
func (h Hop) by(r *Route) Hop {
	h.Target, h.Detail = r.Target, r.String()
	h.Status = Open
	if strings.EqualFold(r.State, "blackhole") {
		h.Status, h.Reason = Closed, Blackhole
	}
	return h
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
