package network

import "slices"

// walk is one way from an interface to a host, while it is being walked.
type walk struct {
	*vpc
	view    *view
	from    Endpoint
	to      Destination
	missing *[]string // what would have shown more hops
}

// target is what the destination's name resolves to.
type target struct {
	peers
	// depends is set when the host has some of these addresses, but it is not known which.
	depends  bool
	endpoint *VPCEndpoint // the interface endpoint that has these addresses
	// undecided names what would tell which addresses these are, where they may be any.
	undecided []string
	// narrower names what would tell which of these addresses the host has.
	narrower []string
}

// join joins the ways of a target's legs.
func (t target) join(ways [][]Hop) []Hop {
	if t.narrower != nil { // it may have the addresses of some legs only
		return oneOf(ways, t.narrower)
	}
	return allOf(ways, t.depends)
}

// narrowed makes the hops unknown that depend on which addresses the host has, where that could have been read.
func narrowed(hops []Hop, missing []string) []Hop {
	for i := range hops {
		if missing != nil && hops[i].Depends {
			hops[i].Status, hops[i].Reason, hops[i].Depends = Unknown, Unread, false
			hops[i].Missing = uniq(slices.Concat(hops[i].Missing, missing))
		}
	}
	return hops
}

// cut notes why the walk ends early.
func (w *walk) cut(actions ...string) { *w.missing = append(*w.missing, actions...) }

func (w *walk) hops() []Hop {
	subnet, read := w.subnet(w.from.Subnet)
	switch {
	case subnet == nil && !read:
		w.cut("ec2:DescribeSubnets")
		return []Hop{{Kind: KindSubnet, Subject: w.from.Subnet, Reason: Unread, Missing: []string{"ec2:DescribeSubnets"}}}
	case subnet == nil:
		return []Hop{{Kind: KindSubnet, Subject: w.from.Subnet, Reason: SubnetAbsent}}
	case !subnet.CIDR.IsValid() || !subnet.CIDR.Addr().Is4():
		return w.sixOnly(subnet)
	}
	hops, targets := w.resolve(subnet)
	if h, disputed := w.disputed(targets); disputed {
		hops, targets = append(hops, h), append(targets, w.view.publicTarget())
	} else if h, recorded := w.recording(targets, "ipv6"); recorded {
		hops = append(hops, h)
	}
	ways := w.ways(subnet, addrsOf(subnet.CIDR), targets)
	var undecided []string
	for _, h := range hops {
		undecided = append(undecided, h.Missing...)
	}
	hops = append(hops, oneOf(ways, undecided)...)
	return distinct(w.orElsewhere(subnet, w.orSix(subnet, hops))) // which work in place: nothing here is shared
}

// ways walks to each of several targets.
func (w *walk) ways(subnet *Subnet, source addrs, targets []target) (ways [][]Hop) {
	for _, t := range targets {
		switch {
		case t.undecided != nil:
			ways = append(ways, w.toAnywhere(subnet, t))
		case t.endpoint != nil:
			ways = append(ways, w.toEndpoint(subnet, t.endpoint))
		case t.addrs.v6() && !source.v6():
			ways = append(ways, w.toAddresses(subnet, addrsOf(subnet.IPv6CIDRs...), t))
		default:
			ways = append(ways, w.toAddresses(subnet, source, t))
		}
	}
	return ways
}

// toAnywhere judges what every way shares: a filter that lets nothing out closes them all.
func (w *walk) toAnywhere(subnet *Subnet, t target) []Hop {
	w.cut(t.undecided...)
	hops := []Hop{
		w.groupHop(w.taskGroups(), false, t.peers, true),
		w.aclHop(subnet.ID, false, false, packets{t.addrs, Ports{w.to.Port, w.to.Port}}, true),
	}
	for i, h := range hops {
		if h.Status == Open || h.Status == Partial {
			hops[i].Status, hops[i].Reason, hops[i].Depends = Unknown, Unread, false
			hops[i].Missing = uniq(append(slices.Clone(h.Missing), t.undecided...))
		}
	}
	return hops
}

// toAddresses walks to hosts outside the VPC's own interfaces: out by whatever the subnet's routes lead to.
func (w *walk) toAddresses(subnet *Subnet, source addrs, t target) []Hop {
	hops := append(make([]Hop, 0, 16), w.groupHop(w.taskGroups(), false, t.peers, t.depends))
	outside := t.addrs // an ACL sees only what crosses its subnet's border
	if source.overlaps(outside) {
		outside = outside.minus(source)
	}
	crosses := !outside.empty()
	if crosses {
		hops = append(hops, w.aclHop(subnet.ID, false, false, packets{outside, w.request()}, t.depends))
	}
	f := flow{target: t, at: subnet, source: source, own: true}
	var ways [][]Hop
	var unsure addrs // whose answers pass the ACL, or may
	var missing []string
	for _, leg := range w.routes(subnet.ID, t) {
		ways = append(ways, append(append(make([]Hop, 0, 10), leg.hop), w.through(f, leg)...))
		yes, known, actions := w.unfiltered(subnet, leg)
		if yes && known {
			outside = outside.minus(leg.addrs)
		} else if yes || !known {
			unsure, missing = union(append(unsure, leg.addrs...)), append(missing, actions...)
		}
	}
	hops = append(hops, t.join(ways)...)
	if !crosses {
		return narrowed(hops, t.narrower)
	}
	if !unsure.empty() {
		if h := w.aclHop(subnet.ID, true, true, packets{outside.and(unsure), w.from.ReplyPorts()}, t.depends); h.Status == Closed || h.Status == Partial {
			h.Status, h.Reason, h.Depends, h.Missing = Unknown, TransitAbsent, false, uniq(missing)
			if len(h.Missing) > 0 {
				h.Reason = Unread
			}
			hops = append(hops, h)
			outside = outside.minus(unsure)
		}
	}
	if !outside.empty() {
		hops = append(hops, w.aclHop(subnet.ID, true, true, packets{outside, w.from.ReplyPorts()}, t.depends))
	}
	return narrowed(hops, t.narrower)
}

// toEndpoint walks to an interface endpoint: its name answers with the interfaces of all its zones, so each is a way that
// is used.
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
func (w *walk) toEndpoint(subnet *Subnet, e *VPCEndpoint) []Hop {
	if e.Subnets == nil {
		return []Hop{{Kind: KindVPCEndpoint, Subject: e.ID, Reason: EndpointInterfaces, Missing: []string{"ec2:DescribeVpcEndpoints"}}}
	}
	var ways [][]Hop
	for _, id := range e.Subnets {
		there, addresses, missing := w.endpointAddresses(e, id)
		if there == nil {
			ways = append(ways, []Hop{{Kind: KindVPCEndpoint, Subject: e.ID, Subnet: id, Reason: EndpointInterfaces, Missing: missing}})
			continue
		}
		t := target{peers: peers{addrs: addresses, groups: e.SecurityGroups, groupsUnknown: len(e.SecurityGroups) == 0}, depends: missing != nil, narrower: missing}
		ways = append(ways, narrowed(w.toInterface(subnet, there, e, t), missing))
	}
	if len(ways) == 0 {
		return []Hop{{Kind: KindVPCEndpoint, Subject: e.ID, Reason: EndpointInterfaces}}
	}
	return allOf(ways, false)
}

// toInterface walks to an endpoint's interface in one subnet.
func (w *walk) toInterface(subnet, there *Subnet, e *VPCEndpoint, t target) []Hop {
	source := addrsOf(subnet.CIDR)
	request := Ports{w.to.Port, w.to.Port}
	crosses := there.ID != subnet.ID // an ACL sees only what crosses its subnet's border
	way := []Hop{w.groupHop(w.taskGroups(), false, t.peers, t.depends)}
	if crosses {
		way = append(way, w.aclHop(subnet.ID, false, false, packets{t.addrs, request}, t.depends))
	}
	var legs [][]Hop
	for _, leg := range w.routes(subnet.ID, t) {
		legs = append(legs, leg.within())
	}
	way = append(way, t.join(legs)...)
	if crosses {
		way = append(way, w.aclHop(there.ID, true, false, packets{source, request}, false))
	}
	way = append(way, Hop{Kind: KindVPCEndpoint, Subject: e.ID, Status: Open, Detail: e.Service})
	if len(e.SecurityGroups) > 0 {
		way = append(way, w.groupHop(e.SecurityGroups, true, w.taskPeers(source), false))
	} else { // every interface endpoint has groups: these were not shown
		way = append(way, Hop{Kind: KindSecurityGroup, Inbound: true, Reason: GroupsUnknown, Missing: []string{"ec2:DescribeVpcEndpoints"}})
	}
	if crosses {
		way = append(way, w.answerRoutes(there, source)...)
		way = append(way,
			w.aclHop(there.ID, false, true, packets{source, w.from.ReplyPorts()}, false),
			w.aclHop(subnet.ID, true, true, packets{t.addrs, w.from.ReplyPorts()}, t.depends))
	}
	return way
}

// endpointAddresses returns the addresses of an endpoint's interfaces in a subnet. Where they were not read, they are
// somewhere in its block, and missing names what would tell.
func (w *walk) endpointAddresses(e *VPCEndpoint, subnet string) (home *Subnet, addresses addrs, missing []string) {
	there, read := w.subnet(subnet)
	if there == nil || !there.CIDR.IsValid() {
		if !read {
			return nil, nil, []string{"ec2:DescribeSubnets"}
		}
		return nil, nil, nil
	}
	block := addrsOf(there.CIDR)
	if e.Interfaces == nil {
		return there, block, []string{"ec2:DescribeVpcEndpoints"}
	}
	for _, i := range w.Interfaces {
		if i.Subnet == subnet && slices.Contains(e.Interfaces, i.ID) {
			addresses = union(append(addresses, addrsOf(hostCIDR(i.Address)).and(block)...))
		}
	}
	if addresses.empty() {
		return there, block, []string{"ec2:DescribeNetworkInterfaces"}
	}
	return there, addresses, nil
}

// taskPeers are the task as an endpoint's groups see it: any address of its subnet, with its groups.
func (w *walk) taskPeers(source addrs) peers {
	groups := w.taskGroups()
	return peers{addrs: source, groups: groups, groupsUnknown: groups == nil}
}
