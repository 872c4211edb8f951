package network

import (
	"slices"
	"strings"
)

// peeringHops judges a VPC peering connection. It carries traffic between the addresses of its two VPCs; a gateway or an
// endpoint of the peer is out of reach.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (w *walk) peeringHops(f flow, id string) []Hop {
	h := Hop{Kind: KindPeering, Subject: id}
	i := slices.IndexFunc(w.Peerings, func(p Peering) bool { return p.ID == id })
	switch {
	case w.Peerings == nil:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcPeeringConnections"}
		return []Hop{h}
	case i < 0:
		return []Hop{beyond(id)}
	}
	p := &w.Peerings[i]
	switch strings.ToLower(p.State) {
	case "active":
	case "", "provisioning":
		h.Reason, h.Detail = PeeringState, "the state is "+p.State
		return []Hop{h}
	default:
		h.Status, h.Reason, h.Detail = Closed, PeeringState, "the state is "+p.State
		return []Hop{h}
	}
	var peer addrs
	known := false
	for _, v := range p.VPCs {
		if v.ID == w.VPC.ID {
			continue
		}
		if v.CIDRs == nil || slices.ContainsFunc(v.CIDRs, func(c CIDR) bool { return !c.IsValid() }) {
			known = false
			break
		}
		known = true
		peer = union(append(peer, addrsOf(v.CIDRs...)...))
	}
	switch {
	case !known:
		h = beyond(id)
		h.Missing = []string{"ec2:DescribeVpcPeeringConnections"}
		return []Hop{h}
	case peer.covers(f.addrs):
		return []Hop{beyond(id)} // what has that address in the peer is not read
	case peer.overlaps(f.addrs): // a part of them is the peer's
		return allOf([][]Hop{{beyond(id)}, {h.edge(peer)}}, f.depends)
	}
	return []Hop{h.edge(peer)}
}

func (h Hop) edge(peer addrs) Hop {
	h.Status, h.Reason, h.Detail = Closed, PeeringEdge, h.Subject+" carries traffic to the peer's own addresses only: "+peer.String()
	return h
}

// applianceHops judges a network interface that a route leads to, such as a NAT instance's: it has to take traffic that is
// addressed to others, its groups have to admit it, and its instance has to run. What its software does is in no answer
// of EC2's, so this is Unknown at best.
// https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html
func (w *walk) applianceHops(f flow, id string) []Hop {
	hops := []Hop{}
	instance, end := id, beyond(id)
	if strings.HasPrefix(id, "eni-") {
		i := w.enis[id]
		switch {
		case w.Interfaces == nil:
			return []Hop{{Kind: KindAppliance, Subject: id, Reason: Unread, Missing: []string{"ec2:DescribeNetworkInterfaces"}}}
		case i == nil:
			return []Hop{beyond(id)}
		}
		if instance = i.Instance; i.SourceDestCheck != nil && *i.SourceDestCheck {
			hops = append(hops, Hop{Kind: KindAppliance, Subject: id, Status: Closed, Reason: SourceDestChecked, Detail: "SourceDestCheck is true"})
		}
		if home, _ := w.subnet(i.Subnet); home != nil && home.ID != f.at.ID {
			hops = append(hops, w.aclHop(home.ID, true, false, packets{f.source, w.request()}, false))
		}
		if i.SourceDestCheck == nil || i.SecurityGroups == nil {
			end.Missing = append(end.Missing, "ec2:DescribeNetworkInterfaces")
		}
		if i.SecurityGroups != nil && f.transit == nil {
			hops = append(hops, w.groupHop(i.SecurityGroups, true, w.taskPeers(f.source), false))
		}
	}
	n := slices.IndexFunc(w.Instances, func(i Instance) bool { return i.ID == instance })
	if n >= 0 && slices.Contains([]string{"stopping", "stopped", "shutting-down", "terminated"}, strings.ToLower(w.Instances[n].State)) {
		hops = append(hops, Hop{Kind: KindAppliance, Subject: instance, Status: Closed, Reason: InstanceState, Detail: "the state is " + w.Instances[n].State})
	}
	if n < 0 && w.Instances == nil && instance != "" {
		end.Missing = append(end.Missing, "ec2:DescribeInstances")
	}
	return append(hops, end)
}
