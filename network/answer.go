package network

import "slices"

// within is what a leg meets that stays inside the VPC.
func (l leg) within() []Hop {
	if l.hop.Status == Open && l.hop.Target != "local" {
		return []Hop{l.hop, beyond(l.hop.Target)}
	}
	return []Hop{l.hop}
}

// answerRoutes judges the routes by which answers go from one subnet back to where requests came from in the VPC. Where these lead around,
// to an appliance, the answers do not come the way that the requests went.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
func (w *walk) answerRoutes(from *Subnet, to addrs) []Hop {
	return unusual(w.routes(from.ID, sources(to)))
}

// ingressRoutes judges the table by which an internet gateway sends answers to a subnet, if it has one. (Such a table holds
// no prefix lists.)
// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (w *walk) ingressRoutes(gateway, subnet string, to addrs) (hops []Hop) {
	if to.empty() {
		return nil
	}
	for _, table := range w.RouteTables {
		if table.Gateways != nil && !slices.Contains(table.Gateways, gateway) {
			continue
		}
		h := Hop{Kind: KindRoute, Subject: table.ID, Subnet: subnet}
		known := table.Routes != nil
		if known {
			table.Routes = slices.DeleteFunc(slices.Clone(table.Routes), func(r Route) bool { return r.PrefixList != "" })
			around := unusual(w.lookup(w.view.compile(&table), h, sources(to)))
			if table.Gateways != nil {
				hops = append(hops, around...)
			}
			known = table.Gateways != nil || len(around) == 0
		}
		if !known {
			hops = append(hops, unusual([]leg{w.unrouted(h, target{}, Unread, "ec2:DescribeRouteTables")})...)
		}
	}
	return hops
}

// unusual returns the hops of answers that the VPC's own routes do not carry. Those are in every table, so a table that
// shows none has them all the same.
func unusual(legs []leg) []Hop {
	var ways [][]Hop
	for _, l := range legs {
		if l.hop.Reason == NoRoute {
			l.hop = Hop{Kind: KindRoute, Target: "local", Status: Open}
		}
		l.hop.Reply = true
		ways = append(ways, l.within())
	}
	return slices.DeleteFunc(allOf(ways, false), func(h Hop) bool { return h.Status == Open && h.Target == "local" })
}
