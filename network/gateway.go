package network

import "strings"

// flow is traffic at a subnet whose table routes it on.
type flow struct {
	target            // where to
	at        *Subnet // whose table it is
	source    addrs   // where it comes from, as seen here
	own       bool    // it comes from the task's own interface, which may have a public address
	inspected bool    // it passed an appliance already
	// transit is how it came from another VPC; nil within the task's.
	transit *transit
}

func (w *walk) request() Ports { return Ports{w.to.Port, w.to.Port} }

// through walks on behind a route: to what its target is, and to where that leads in turn.
func (w *walk) through(f flow, l leg) []Hop {
	if l.hop.Status != Open {
		return nil
	}
	f.addrs = l.addrs
	id := l.hop.Target
	switch kind, _, _ := strings.Cut(id, "-"); kind {
	case "igw":
		return w.outward(f, id)
	case "eigw":
		return w.egressOnlyHops(f, id)
	case "nat":
		return w.natHops(f, id)
	case "vpce":
		return w.routedEndpointHops(f, id)
	case "tgw":
		return w.transitHops(f, id)
	case "pcx":
		return w.peeringHops(f, id)
	case "eni", "i":
		return w.applianceHops(f, id)
	}
	return []Hop{beyond(id)} // local included: what has that address in the VPC is not read
}

// beyond is where the path leaves what EC2 shows.
func beyond(target string) Hop {
	h := Hop{Kind: KindBeyond, Subject: target, Reason: Opaque}
	switch kind, _, _ := strings.Cut(target, "-"); {
	case kind == "local":
		h.Detail = "what has the address in the VPC is not read"
	case kind == "vgw":
		h.Detail = "a virtual private gateway leads to a VPN or Direct Connect, whose far side no EC2 call shows"
	case kind == "lgw", kind == "cagw":
		h.Detail = "what routes on behind a local or carrier gateway is not read"
	case kind == "vpce":
		h.Detail = "what inspects the traffic behind the endpoint is not in EC2's answers"
	case kind == "eni", kind == "i":
		h.Detail = "what the appliance's software does is not in EC2's answers"
	case strings.Contains(target, ":core-network/"):
		h.Detail = "how AWS Cloud WAN routes on is not read"
	case strings.Contains(target, ":odb-network/"):
		h.Detail = "an Oracle Database@AWS network is not read"
	}
	return h
}

// outward judges an internet gateway for traffic that comes to it from a subnet's own interfaces.
func (w *walk) outward(f flow, id string) []Hop {
	hops := w.internetGatewayHops(f, id, f.at.ID, f.at.BlockPublicAccess, !f.own)
	switch {
	case f.transit != nil && f.v6(): // AWS documents neither that this works nor that it does not
		hops = append(hops, beyond(id))
	case f.transit != nil:
		hops = append(hops, Hop{Kind: KindInternetGateway, Subject: id, Subnet: f.at.ID, Status: Closed, Reason: NotTranslated,
			Detail: "traffic that a transit gateway hands over in " + f.at.ID + " goes straight to " + id + ", with its private address"})
	case f.v6(): // an IPv6 address needs no translation
		hops = append(hops, w.advertised(f)...)
	case f.own:
		hops = append(hops, w.publicIPHop(f.at))
	}
	return hops
}

// advertised judges the task's own IPv6 address: what is not advertised on the internet gets no answers.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SubnetIpv6CidrBlockAssociation.html
func (w *walk) advertised(f flow) []Hop {
	home, _ := w.subnet(w.from.Subnet)
	if globalUnicast.covers(f.source) && (home == nil || !strings.EqualFold(home.IPv6AddressAttribute, "private")) {
		return nil
	}
	return []Hop{{Kind: KindPublicIP, Subject: w.from.Subnet, Subnet: w.from.Subnet, Status: Closed, Reason: PrivateIPv6,
		Detail: "the IPv6 addresses of " + w.from.Subnet + " are private: " + f.source.String()}}
}

// internetGatewayHops judges an internet gateway for traffic that comes to it from a subnet, or from a regional NAT
// gateway. outbound is set for what only opens connections: NAT gateways.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
func (w *walk) internetGatewayHops(f flow, id, subnet, shown string, outbound bool) []Hop {
	hops := append(make([]Hop, 0, 4), w.attached(id, w.gateways[id], w.InternetGateways != nil, "ec2:DescribeInternetGateways"))
	hops = append(hops, w.publicAccessHops(id, subnet, shown, outbound)...)
	if !f.v6() && !f.addrs.overlaps(internet) {
		hops = append(hops, Hop{Kind: KindRoute, Subject: id, Subnet: subnet, Status: Closed, Reason: PrivateAddress,
			Detail: id + " forwards no private destination: " + f.addrs.String()})
	}
	return append(hops, w.ingressRoutes(id, subnet, f.home())...)
}

// home is the addresses to which a gateway sends answers.
func (f flow) home() addrs {
	if f.v6() || f.at == nil {
		return f.source
	}
	return addrsOf(f.at.CIDR)
}

// attached judges whether a gateway is attached to the VPC.
func (w *walk) attached(id string, gateway *InternetGateway, read bool, action string) Hop {
	h := Hop{Kind: KindInternetGateway, Subject: id}
	switch {
	case !read:
		h.Reason, h.Missing = Unread, []string{action}
	case gateway == nil || gateway.VPC != w.VPC.ID:
		h.Status, h.Reason, h.Detail = Closed, GatewayDetached, id+" is not attached to "+w.VPC.ID
	case !strings.EqualFold(gateway.State, "available") && !strings.EqualFold(gateway.State, "attached"):
		h.Status, h.Reason, h.Detail = Closed, GatewayDetached, "the attachment is "+gateway.State
	default:
		h.Status = Open
	}
	return h
}

// egressOnlyHops judges an egress-only internet gateway: IPv6, outbound and stateful.
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
func (w *walk) egressOnlyHops(f flow, id string) []Hop {
	if !f.v6() {
		return []Hop{beyond(id)} // EC2 takes no such route for IPv4
	}
	gateway := w.egressOnly[id]
	hops := []Hop{w.attached(id, gateway, w.EgressOnlyGateways != nil, "ec2:DescribeEgressOnlyInternetGateways")}
	hops = append(hops, w.publicAccessHops(id, f.at.ID, f.at.BlockPublicAccess, true)...)
	if f.transit != nil {
		return append(hops, beyond(id))
	}
	return append(hops, w.advertised(f)...)
}

// publicIPHop judges the task's own address: an internet gateway translates only for interfaces that have a public one.
func (w *walk) publicIPHop(subnet *Subnet) Hop {
	h := Hop{Kind: KindPublicIP, Subject: subnet.ID, Subnet: subnet.ID}
	switch {
	case w.from.PublicIP == nil:
		h.Reason = PublicIPUnknown
	case *w.from.PublicIP:
		h.Status, h.Detail = Open, "assignPublicIp is ENABLED"
	default:
		h.Status, h.Reason, h.Detail = Closed, NoPublicIP, "assignPublicIp is DISABLED"
	}
	return h
}
