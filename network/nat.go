package network

import (
	"slices"
	"strings"
)

// natHops judges a NAT gateway, the border of its subnet, its own way to an internet gateway, and the answers' way from it
// to where the traffic came from.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
func (w *walk) natHops(f flow, id string) []Hop {
	h := Hop{Kind: KindNATGateway, Subject: id}
	nat, read := w.nats[id], w.NATGateways != nil
	switch {
	case !read:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeNatGateways"}
		w.cut(h.Missing...)
		return []Hop{h}
	case nat == nil:
		h.Reason = NATAbsent
		return []Hop{h}
	case !strings.EqualFold(nat.State, "available"):
		h.Status, h.Reason, h.Detail = Closed, NATState, "the state is "+nat.State
		if nat.FailureMessage != "" {
			h.Detail += ": " + nat.FailureCode + ": " + nat.FailureMessage
		}
		return []Hop{h}
	}
	if f.v6() {
		if f.addrs = extracted(f.addrs); f.addrs.empty() {
			h.Status, h.Reason, h.Detail = Closed, NATFamily, "a NAT gateway takes IPv6 traffic to 64:ff9b::/96 only"
			return []Hop{h}
		}
	}
	if nat.Regional {
		return w.regionalHops(f, nat, h)
	}
	h.Status = Open
	home, read := w.subnet(nat.Subnet)
	if home == nil || !home.CIDR.IsValid() {
		lost := Hop{Kind: KindSubnet, Subject: nat.Subnet, Reason: SubnetAbsent}
		if !read {
			lost.Reason, lost.Missing = Unread, []string{"ec2:DescribeSubnets"}
			w.cut(lost.Missing...)
		}
		return []Hop{h, lost}
	}
	crosses := home.ID != f.at.ID
	hops := append(make([]Hop, 0, 8), h)
	if crosses {
		if f.transit != nil {
			hops = append(hops, w.aclHop(f.at.ID, false, false, packets{f.outside(), w.request()}, f.depends))
		}
		hops = append(hops, w.aclHop(home.ID, true, false, packets{f.source, w.request()}, false))
	}
	hops = append(hops, w.aclHop(home.ID, false, false, packets{f.addrs, w.request()}, f.depends))
	var ways [][]Hop
	onward := f
	onward.at = home
	for _, l := range w.routes(home.ID, f.target) {
		ways = append(ways, w.natWay(onward, nat, l, home.ID, home.BlockPublicAccess))
	}
	hops = append(hops, f.join(ways)...)
	hops = append(hops, w.aclHop(home.ID, true, true, packets{f.addrs, natPorts}, f.depends))
	switch {
	case f.transit != nil:
		hops = append(hops, w.aclHop(home.ID, false, true, packets{f.source, w.from.ReplyPorts()}, false))
		hops = append(hops, f.transit.answers(w, f, w.routes(home.ID, sources(f.source)), home.AvailabilityZone)...)
	case crosses:
		hops = append(hops, w.answerRoutes(home, f.source)...)
		hops = append(hops, w.aclHop(home.ID, false, true, packets{f.source, w.from.ReplyPorts()}, false))
	}
	return hops
}

// sources is where answers go.
func sources(s addrs) target { return target{peers: peers{addrs: s}} }

// outside is the traffic's destination as an ACL sees it ahead of a NAT gateway.
func (f flow) outside() addrs {
	if f.source6() {
		return embedded(f.addrs)
	}
	return f.addrs
}

// regionalHops judges a NAT gateway that spans the VPC's zones: it is in no subnet, and has a route table of its own.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
func (w *walk) regionalHops(f flow, nat *NATGateway, h Hop) []Hop {
	h.Status = Open
	if !strings.EqualFold(nat.AutoProvision, "enabled") && !slices.Contains(nat.Zones, f.at.AvailabilityZone) {
		switch {
		case nat.Zones == nil || f.at.AvailabilityZone == "" || !strings.EqualFold(nat.AutoProvision, "disabled"):
			h.Status, h.Reason, h.Detail = Unknown, NATRegional, "whether it serves the zone "+f.at.AvailabilityZone+" is not shown"
			if nat.Zones == nil {
				h.Missing = []string{"ec2:DescribeNatGateways"}
			}
		default:
			h.Status, h.Reason = Closed, NATZone
			h.Detail = "its zones are set by hand: " + strings.Join(nat.Zones, ", ") + "; " + f.at.ID + " is in " + f.at.AvailabilityZone
		}
	}
	hops := []Hop{h}
	if f.transit != nil {
		hops = append(hops, w.aclHop(f.at.ID, false, false, packets{f.outside(), w.request()}, f.depends))
	}
	table, read := w.ownTable(nat)
	r := Hop{Kind: KindRoute}
	switch {
	case !read, table != nil && table.Routes == nil:
		return append(hops, w.unrouted(r, f.target, Unread, "ec2:DescribeRouteTables").hop)
	case table == nil:
		return append(hops, Hop{Kind: KindNATGateway, Subject: nat.ID, Reason: NATRegional, Detail: "its route table " + nat.RouteTable + " is not shown"})
	}
	tv := w.view.table(table)
	var ways [][]Hop
	zone := f.at.AvailabilityZone
	onward := f
	onward.at = nil
	for _, l := range w.lookup(tv, r, f.target) {
		ways = append(ways, w.natWay(onward, nat, l, "", ""))
	}
	hops = append(hops, f.join(ways)...)
	back := w.lookup(tv, r, sources(f.source))
	if f.transit != nil {
		return append(hops, f.transit.answers(w, f, back, zone)...)
	}
	return append(hops, unusual(back)...)
}

// ownTable returns a regional NAT gateway's route table.
func (w *walk) ownTable(nat *NATGateway) (table *RouteTable, read bool) {
	for i := range w.RouteTables {
		if t := &w.RouteTables[i]; t.ID == nat.RouteTable && t.ID != "" || slices.Contains(t.Gateways, nat.ID) {
			return t, true
		}
	}
	return nil, w.RouteTables != nil
}

// natWay judges one route of a NAT gateway's own table: it has to lead to an internet gateway, which translates for public
// NAT gateways only.
func (w *walk) natWay(f flow, nat *NATGateway, l leg, subnet, shown string) []Hop {
	f.addrs, f.own, f.transit = l.addrs, false, nil // from here on it comes from the NAT gateway's own address
	if f.source6() {
		f.source = nil
	}
	h := l.hop
	switch {
	case h.Reason == NoRoute:
		h.Reason = NATNoInternet
	case h.Status != Open:
	case h.Target == nat.ID:
		h.Status, h.Reason = Closed, NATLoop
	case strings.HasPrefix(h.Target, "igw-") && nat.Private:
		return []Hop{h, {Kind: KindNATGateway, Subject: nat.ID, Status: Closed, Reason: NATPrivate, Detail: "ConnectivityType is private"}}
	case strings.HasPrefix(h.Target, "igw-"):
		return append([]Hop{h}, w.internetGatewayHops(f, h.Target, subnet, shown, true)...)
	case strings.HasPrefix(h.Target, "vpce-") && f.at != nil:
		return append([]Hop{h}, w.routedEndpointHops(f, h.Target)...)
	case strings.HasPrefix(h.Target, "pcx-"):
		return append([]Hop{h}, w.peeringHops(f, h.Target)...)
	default:
		return []Hop{h, beyond(h.Target)}
	}
	return []Hop{h}
}
