package network

import "strings"

// through walks on behind a route: to what its target is, and to where that leads in turn.
func (w *walk) through(subnet *Subnet, l leg, t target) []Hop {
	if l.hop.Status != Open {
		return nil
	}
	t.addrs = l.addrs
	id := l.hop.Target
	switch kind, _, _ := strings.Cut(id, "-"); kind {
	case "igw":
		return append(w.internetGatewayHops(subnet, id, t), w.publicIPHop(subnet))
	case "nat":
		return w.natHops(subnet, id, t)
	case "vpce":
		return []Hop{w.routedEndpointHop(id)}
	}
	return []Hop{beyond(id)} // local included: what has that address in the VPC is not read
}

// beyond is where the path leaves what EC2 shows.
func beyond(target string) Hop { return Hop{Kind: KindBeyond, Subject: target, Reason: Opaque} }

// internetGatewayHops judges an internet gateway for traffic that comes to it from a subnet.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
func (w *walk) internetGatewayHops(subnet *Subnet, id string, t target) []Hop {
	h := Hop{Kind: KindInternetGateway, Subject: id}
	gateway, read := w.gateways[id], w.InternetGateways != nil
	switch {
	case !read:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeInternetGateways"}
	case gateway == nil || gateway.VPC != w.VPC.ID:
		h.Status, h.Reason, h.Detail = Closed, GatewayDetached, id+" is not attached to "+w.VPC.ID
	case !strings.EqualFold(gateway.State, "available") && !strings.EqualFold(gateway.State, "attached"):
		h.Status, h.Reason, h.Detail = Closed, GatewayDetached, "the attachment is "+gateway.State
	default:
		h.Status = Open
	}
	hops := append([]Hop{h}, w.publicAccessHops(id, subnet.ID, subnet.BlockPublicAccess, subnet.ID != w.from.Subnet)...)
	if t.addrs.and(internet).empty() {
		hops = append(hops, Hop{Kind: KindRoute, Subject: id, Subnet: subnet.ID, Status: Closed, Reason: PrivateAddress,
			Detail: id + " forwards no private destination: " + t.addrs.String()})
	}
	return append(hops, w.ingressRoutes(id, subnet)...)
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

// natHops judges a NAT gateway, the border of its subnet, and its own way to an internet gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
func (w *walk) natHops(subnet *Subnet, id string, t target) []Hop {
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
	case nat.Regional:
		h.Reason = NATRegional
		return []Hop{h}
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
	source := addrsOf(subnet.CIDR)
	request := Ports{w.to.Port, w.to.Port}
	crosses := home.ID != subnet.ID
	hops := append(make([]Hop, 0, 8), h)
	if crosses {
		hops = append(hops, w.aclHop(home.ID, true, false, packets{source, request}, false))
	}
	hops = append(hops, w.aclHop(home.ID, false, false, packets{t.addrs, request}, t.depends))
	var ways [][]Hop
	for _, l := range w.routes(home.ID, t) {
		ways = append(ways, w.natWay(home, nat, l, t))
	}
	hops = append(hops, t.join(ways)...)
	hops = append(hops, w.aclHop(home.ID, true, true, packets{t.addrs, natPorts}, t.depends))
	if crosses {
		hops = append(hops, w.answerRoutes(home, subnet)...)
		hops = append(hops, w.aclHop(home.ID, false, true, packets{source, w.replyPorts()}, false))
	}
	return hops
}

// natWay judges one route of a NAT gateway's own subnet: it has to lead to an internet gateway, which translates for public
// NAT gateways only.
func (w *walk) natWay(home *Subnet, nat *NATGateway, l leg, t target) []Hop {
	t.addrs = l.addrs
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
		return append([]Hop{h}, w.internetGatewayHops(home, h.Target, t)...)
	case strings.HasPrefix(h.Target, "vpce-"):
		return []Hop{h, w.routedEndpointHop(h.Target)}
	default:
		return []Hop{h, beyond(h.Target)}
	}
	return []Hop{h}
}

// routedEndpointHop judges an endpoint that a route leads to: a gateway endpoint carries its service; behind another
// kind stands an appliance.
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func (w *walk) routedEndpointHop(id string) Hop {
	h := Hop{Kind: KindVPCEndpoint, Subject: id}
	e, read := w.points[id], w.VPCEndpoints != nil
	switch {
	case !read:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcEndpoints"}
		w.cut(h.Missing...)
	case e == nil:
		h.Reason = EndpointAbsent
	case !strings.EqualFold(e.Type, "Gateway"):
		return beyond(id)
	case !strings.EqualFold(e.State, "available"):
		h.Status, h.Reason, h.Detail = Closed, EndpointState, "the state is "+e.State
	default:
		h.Status, h.Detail = Open, e.Service
	}
	return h
}
