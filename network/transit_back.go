package network

import (
	"slices"
	"strings"
)

// answers judges the answers' way from a VPC back to the task: legs are how what sends them routes the task's addresses.
func (t *transit) answers(far *walk, f flow, legs []leg, zone string) []Hop {
	var ways [][]Hop
	for _, l := range legs {
		h := l.hop
		h.Reply = true
		switch {
		case h.Reason == NoRoute:
			h.Reason = NoReturnRoute
			ways = append(ways, []Hop{h})
		case h.Status != Open:
			ways = append(ways, []Hop{h})
		case strings.HasPrefix(h.Target, "igw-") && !l.addrs.overlaps(internet) && !l.addrs.v6(): // which drops private destinations
			h.Status, h.Reason = Closed, NoReturnRoute
			ways = append(ways, []Hop{h})
		case h.Target == t.gateway.ID:
			ways = append(ways, append([]Hop{h}, t.back(far, f, zone)...))
		default: // local included: then the two VPCs have the same addresses
			ways = append(ways, []Hop{h, beyond(h.Target)})
		}
	}
	return allOf(ways, false)
}

// back walks from the far VPC's attachment to the task's subnet.
func (t *transit) back(far *walk, f flow, zone string) []Hop {
	hops, from, border := far.leaving(t.gateway, zone, true)
	if from == nil {
		return hops
	}
	hops = append(hops, far.aclHop(border.ID, true, true, packets{f.outside(), far.from.ReplyPorts()}, f.depends))
	var ways [][]Hop
	for _, l := range far.transitRoutes(t.gateway, from, sources(f.source)) {
		h := l.hop
		h.Reply = true
		way := []Hop{h}
		switch {
		case h.Reason == NoRoute:
			way[0].Reason = NoReturnRoute
		case h.Status != Open:
		case h.Target == t.home.ID:
			way = append(way, t.arrive(f, zone)...)
		default:
			way = append(way, beyond(h.Target))
		}
		ways = append(ways, way)
	}
	return append(hops, allOf(ways, false)...)
}

// arrive judges how answers come from the task's VPC's attachment to the task's subnet.
func (t *transit) arrive(f flow, zone string) []Hop {
	subnets, _, complete := t.spoke.entrances(t.home)
	if near := slices.IndexFunc(subnets, func(s *Subnet) bool { return s.AvailabilityZone == zone && zone != "" }); near >= 0 && !t.home.ApplianceMode {
		subnets, complete = subnets[near:near+1], true
	}
	if !complete {
		return []Hop{{Kind: KindTransitGateway, Subject: t.home.ID, Reply: true, Reason: TransitAbsent}}
	}
	var ways [][]Hop
	for _, s := range subnets {
		way := t.spoke.answerRoutes(s, f.source)
		if s.ID != t.subnet.ID { // what stays in a subnet after a transit gateway is not judged
			way = append(way, t.spoke.aclHop(s.ID, false, true, packets{f.source, t.spoke.from.ReplyPorts()}, false))
		}
		ways = append(ways, way)
	}
	return oneOf(ways, nil)
}

// unfiltered reports whether answers that a transit gateway brings to a subnet pass its ACL without being judged, because
// the gateway's attachment is in that same subnet. known is false when it depends on the zone that they come by.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
func (w *walk) unfiltered(subnet *Subnet, l leg) (yes, known bool, missing []string) {
	if l.hop.Status == Unknown {
		return false, false, l.hop.Missing // that may lead there
	}
	if l.hop.Status != Open || !strings.HasPrefix(l.hop.Target, "tgw-") {
		return false, true, nil
	}
	g := w.transits[l.hop.Target]
	if w.account.TransitGateways == nil || g != nil && g.Attachments == nil {
		return false, false, []string{"ec2:DescribeTransitGatewayAttachments"}
	}
	if g == nil {
		return false, false, nil
	}
	a := g.attachmentOf(w.VPC.ID)
	switch {
	case a == nil:
		return false, false, nil
	case a.Subnets == nil:
		return false, false, []string{"ec2:DescribeTransitGatewayVpcAttachments"}
	case !slices.Contains(a.Subnets, subnet.ID):
		return false, true, nil
	}
	return true, len(a.Subnets) == 1, nil
}
