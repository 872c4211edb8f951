package network

import "strings"

// routedEndpointHops judges an endpoint that a route leads to: a gateway endpoint carries its service; behind a Gateway
// Load Balancer endpoint (AWS Network Firewall's are such) stands an appliance, after which the endpoint's own subnet
// routes on.
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html
func (w *walk) routedEndpointHops(f flow, id string) []Hop {
	h := Hop{Kind: KindVPCEndpoint, Subject: id}
	e, read := w.points[id], w.VPCEndpoints != nil
	switch {
	case !read:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcEndpoints"}
		w.cut(h.Missing...)
	case e == nil:
		h.Reason = EndpointAbsent
	case strings.EqualFold(e.Type, "GatewayLoadBalancer"):
		return w.inspected(f, e)
	case !strings.EqualFold(e.Type, "Gateway"):
		return []Hop{beyond(id)}
	case !strings.EqualFold(e.State, "available"):
		h.Status, h.Reason, h.Detail = Closed, EndpointState, "the state is "+e.State
	case f.transit != nil:
		h.Status, h.Reason, h.Detail = Closed, EndpointForeign, "traffic from another VPC cannot use "+id
	default:
		h.Status, h.Detail = Open, e.Service
	}
	return []Hop{h}
}

// inspected walks on behind a Gateway Load Balancer endpoint: what the appliance lets pass comes out in the endpoint's
// subnet. Whether it lets the traffic pass is in no answer of EC2's, so this is Unknown at best.
func (w *walk) inspected(f flow, e *VPCEndpoint) []Hop {
	hops := []Hop{}
	if e.gone() {
		hops = append(hops, Hop{Kind: KindVPCEndpoint, Subject: e.ID, Status: Closed, Reason: EndpointState, Detail: "the state is " + e.State})
	}
	end := beyond(e.ID)
	if e.Subnets == nil {
		end.Missing = []string{"ec2:DescribeVpcEndpoints"}
		w.cut(end.Missing...)
	} else if w.Subnets == nil {
		end.Missing = []string{"ec2:DescribeSubnets"}
		w.cut(end.Missing...)
	}
	hops = append(hops, end)
	if len(e.Subnets) != 1 || f.transit != nil || f.inspected {
		return hops
	}
	home, _ := w.subnet(e.Subnets[0])
	if home == nil || home.ID == f.at.ID {
		return hops
	}
	f.at, f.inspected = home, true
	var ways [][]Hop
	for _, l := range w.routes(home.ID, f.target) {
		ways = append(ways, append([]Hop{l.hop}, w.through(f, l)...))
	}
	return append(hops, f.join(ways)...)
}
