package network

import (
	"slices"
	"strings"
)

// transit is how traffic came to a VPC through a transit gateway.
type transit struct {
	gateway *TransitGateway
	here    *TransitAttachment // of the VPC that it came to
	home    *TransitAttachment // of the task's VPC
	spoke   *walk              // in the task's VPC
	subnet  *Subnet            // the task's
}

// transitHops walks through a transit gateway: out by the VPC's attachment, by the gateway's own table, into the VPC behind
// it, and back. What another account owns is not shown, and Unknown.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (w *walk) transitHops(f flow, id string) []Hop {
	if f.transit != nil {
		return []Hop{beyond(id)} // a VPC that only hands over is one with an appliance
	}
	g := w.transits[id]
	switch {
	case w.account.TransitGateways == nil, g != nil && g.Attachments == nil:
		h := Hop{Kind: KindTransitGateway, Subject: id, Reason: Unread, Missing: []string{"ec2:DescribeTransitGatewayAttachments"}}
		w.cut(h.Missing...)
		return []Hop{h}
	case g == nil:
		return []Hop{beyond(id)}
	}
	hops, home, border := w.leaving(g, f.at.AvailabilityZone, false)
	if home == nil {
		return hops
	}
	// An ACL of the attachment's subnet sees what comes to it, in whichever subnet that started.
	// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
	hops = append(hops, w.aclHop(border.ID, true, false, packets{f.source, w.request()}, false))
	var ways [][]Hop
	for _, l := range w.transitRoutes(g, home, f.target) {
		ways = append(ways, append([]Hop{l.hop}, w.across(f, l, g, home)...))
	}
	return append(hops, f.join(ways)...)
}

// attachmentHop judges the attachment of a VPC.
func (w *walk) attachmentHop(g *TransitGateway, vpc string) (Hop, *TransitAttachment) {
	h := Hop{Kind: KindTransitGateway, Subject: g.ID}
	a := g.attachmentOf(vpc)
	if a == nil {
		h.Reason, h.Detail = TransitAbsent, "no attachment of "+vpc+" is shown"
		return h, nil
	}
	h.Subject = a.ID
	switch strings.ToLower(a.State) {
	case "available":
		h.Status = Open
		return h, a
	case "", "modifying", "rollingback":
		h.Reason, h.Detail = TransitState, "the state is "+a.State
	default:
		h.Status, h.Reason, h.Detail = Closed, TransitState, "the state is "+a.State
	}
	return h, nil
}

// leaving judges how traffic of a zone leaves a VPC for a transit gateway: by the attachment's subnet in that zone. It is
// nil where traffic cannot go on, or it is not known how.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func (w *walk) leaving(g *TransitGateway, zone string, reply bool) ([]Hop, *TransitAttachment, *Subnet) {
	h, a := w.attachmentHop(g, w.VPC.ID)
	h.Reply = reply
	if a == nil {
		return []Hop{h}, nil, nil
	}
	subnets, missing, complete := w.entrances(a)
	if missing != nil {
		h.Status, h.Reason, h.Missing = Unknown, Unread, missing
		w.cut(missing...)
		return []Hop{h}, nil, nil
	}
	for _, s := range subnets {
		if s.AvailabilityZone == zone && zone != "" {
			return []Hop{h}, a, s
		}
		complete = complete && s.AvailabilityZone != ""
	}
	if !complete || zone == "" {
		h.Status, h.Reason, h.Detail = Unknown, TransitZone, "the zones of its subnets are not shown"
		return []Hop{h}, nil, nil
	}
	h.Status, h.Reason, h.Detail = Closed, TransitZone, a.ID+" has no subnet in "+zone
	return []Hop{h}, nil, nil
}

// entrances returns the subnets of an attachment. complete is false when some of them are not shown.
func (w *walk) entrances(a *TransitAttachment) (subnets []*Subnet, missing []string, complete bool) {
	switch {
	case a.Subnets == nil:
		return nil, []string{"ec2:DescribeTransitGatewayVpcAttachments"}, false
	case w.Subnets == nil:
		return nil, []string{"ec2:DescribeSubnets"}, false
	}
	complete = true
	for _, id := range a.Subnets {
		if s := w.subnets[id]; s != nil {
			subnets = append(subnets, s)
		} else {
			complete = false
		}
	}
	return subnets, nil, complete
}

// transitRoutes returns how a transit gateway routes what comes from an attachment.
func (w *walk) transitRoutes(g *TransitGateway, from *TransitAttachment, t target) []leg {
	h := Hop{Kind: KindTransitRoute, Subject: from.RouteTable}
	table := g.table(from.RouteTable)
	association := strings.ToLower(from.Association)
	switch {
	case from.PolicyTable != "":
		h.Subject, h.Reason, h.Detail = from.PolicyTable, RouteUnclear, "a policy table picks the route table"
		return []leg{{h, t.addrs}}
	case from.RouteTable == "" && from.Foreign, from.RouteTable == "" && association != "":
		h.Subject, h.Reason, h.Detail = from.ID, TransitAbsent, "the route table that "+from.ID+" is associated with is not shown"
		return []leg{{h, t.addrs}}
	case from.RouteTable == "":
		h.Subject, h.Status, h.Reason, h.Detail = from.ID, Closed, TransitUnassociated, from.ID+" is associated with no route table"
		return []leg{{h, t.addrs}}
	case association != "associated" && association != "":
		h.Reason, h.Detail = TransitState, "the association is "+from.Association
		return []leg{{h, t.addrs}}
	case g.RouteTables == nil, table == nil, table.Routes == nil:
		return []leg{w.unrouted(h, t, Unread, "ec2:SearchTransitGatewayRoutes")}
	}
	return w.lookup(w.transitTable(table), h, t)
}

// transitTable works out which route of a transit gateway carries which addresses: at equal length static routes go before
// those of prefix lists, and these before propagated ones.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-evaluation-overview
func (w *walk) transitTable(table *TransitRouteTable) *tableView {
	return w.transit.get(table, func() *tableView {
		out := &tableView{id: table.ID, action: "ec2:SearchTransitGatewayRoutes"}
		ranks := map[string]int{"vpc": 2, "direct-connect-gateway": 3, "connect": 4, "vpn": 5}
		var list []candidate
		var all []string
		for _, t := range table.Routes {
			r := &Route{CIDR: t.CIDR, PrefixList: t.PrefixList, Target: strings.Join(t.Attachments, ","), State: t.State, Propagated: t.Propagated}
			blocks, rank := []CIDR{t.CIDR}, 0
			switch {
			case t.CIDR.IsValid() && t.PrefixList != "":
				r.PrefixList, rank = "", 1
			case t.PrefixList != "":
				entries, missing := w.entriesOf(t.PrefixList)
				if blocks, rank = entries, 1; missing != nil {
					out.unread = append(out.unread, unreadPart{part{hop: Hop{}.by(r)}, t.PrefixList, missing})
				}
			case t.Propagated:
				if rank = ranks[t.Type]; rank == 0 {
					rank = 6
				}
			}
			out.malformed = out.malformed || t.Attachments == nil // where it leads was not read
			all = append(all, r.String())
			for _, c := range blocks {
				out.malformed = out.malformed || !c.IsValid()
				if c.IsValid() {
					one := *r
					if one.PrefixList == "" {
						one.CIDR = c
					}
					one.Propagated = false // there are no local routes to go before it
					list = append(list, candidate{c, rank, &one})
				}
			}
		}
		out.destinations = strings.Join(all, "; ")
		out.divide(list, nil)
		return out
	})
}

// across walks on to where a transit gateway's route leads.
func (w *walk) across(f flow, l leg, g *TransitGateway, home *TransitAttachment) []Hop {
	if l.hop.Status != Open {
		return nil
	}
	f.addrs = l.addrs
	var ways [][]Hop
	for _, id := range strings.Split(l.hop.Target, ",") {
		a := g.attachment(func(a *TransitAttachment) bool { return a.ID == id })
		if a == nil || a.Type != "vpc" || a == home {
			ways = append(ways, []Hop{beyond(id)})
			continue
		}
		ways = append(ways, w.into(f, g, a, home))
	}
	return oneOf(ways, nil) // which of several is used depends on the connection
}

// into walks into the VPC of an attachment. Traffic enters in the attachment's subnet of its own zone, if there is one,
// and that subnet's table routes it on.
func (w *walk) into(f flow, g *TransitGateway, a, home *TransitAttachment) []Hop {
	v := w.far[a.Resource]
	h := Hop{Kind: KindTransitGateway, Subject: a.ID}
	if v == nil {
		h.Reason, h.Detail = TransitAbsent, a.Resource+" is not shown"
		if w.account.Neighbours == nil {
			h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcs"}
			w.cut(h.Missing...)
		}
		return []Hop{h}
	}
	far := &walk{vpc: v, view: v.viewOf(w.to), from: w.from, to: w.to, missing: w.missing}
	h, found := far.attachmentHop(g, a.Resource)
	if found == nil {
		return []Hop{h}
	}
	subnets, missing, complete := far.entrances(a)
	if missing != nil {
		h.Status, h.Reason, h.Missing = Unknown, Unread, missing
		w.cut(missing...)
		return []Hop{h}
	}
	near := slices.IndexFunc(subnets, func(s *Subnet) bool { return s.AvailabilityZone == f.at.AvailabilityZone && s.AvailabilityZone != "" })
	if near >= 0 && !a.ApplianceMode {
		subnets, complete = subnets[near:near+1], true
	}
	if len(subnets) == 0 || !complete {
		h.Status, h.Reason, h.Detail = Unknown, TransitAbsent, "the subnets of "+a.ID+" are not shown"
		return []Hop{h}
	}
	var ways [][]Hop
	for _, s := range subnets {
		on := f
		on.at, on.own = s, false
		on.transit = &transit{gateway: g, here: a, home: home, spoke: w, subnet: f.at}
		var legs [][]Hop
		for _, l := range far.routes(s.ID, on.target) {
			legs = append(legs, append([]Hop{l.hop}, far.through(on, l)...))
		}
		ways = append(ways, on.join(legs))
	}
	return append([]Hop{h}, oneOf(ways, nil)...)
}
