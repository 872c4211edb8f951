package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// hostCIDR returns the block of one address.
func hostCIDR(address string) CIDR {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return CIDR{}
	}
	return CIDR{netip.PrefixFrom(a, a.BitLen())}
}

// resolve decides who answers for the destination's name and with which addresses. Several targets mean that it is not
// known which of them the name resolves to.
func (w *walk) resolve() ([]Hop, []target) {
	if address := hostCIDR(w.to.Host); address.IsValid() {
		return nil, []target{{peers: peers{addrs: addrsOf(address)}}}
	}
	h := Hop{Kind: KindName, Subject: w.VPC.DHCPOptions}
	if h.Subject == "" || h.Subject == "default" {
		h.Subject = w.VPC.ID
	}
	hops, custom := w.resolver(&h)
	if w.to.Service == "" {
		return append(hops, h), []target{w.publicTarget()}
	}
	if w.VPCEndpoints == nil {
		actions := []string{"ec2:DescribeVpcEndpoints"}
		return append(hops, h), []target{{peers: peers{addrs: everywhere, groupsUnknown: true}, undecided: actions}}
	}
	endpoint, certain, missing := w.captures()
	if endpoint == nil {
		return append(hops, h), []target{w.publicTarget()}
	}
	captured := target{endpoint: endpoint}
	if certain && !custom {
		if h.Detail == "" && h.Status == Open {
			h.Detail = "private DNS of " + endpoint.ID
		}
		return append(hops, h), []target{captured}
	}
	h.Missing = uniq(append(h.Missing, missing...))
	if h.Status == Open {
		h.Status, h.Reason = Unknown, Unread
		if len(missing) == 0 {
			h.Reason, h.Detail = EndpointState, fmt.Sprintf("%s is %s", endpoint.ID, endpoint.State)
		}
	}
	return append(hops, h), []target{captured, w.publicTarget()}
}

// resolver decides whether the task's name server answers at all. custom is set when that server is not, or may not be,
// Amazon's: then private DNS names of endpoints are answered only if it forwards to Amazon's, which EC2 does not show.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
func (w *walk) resolver(h *Hop) (hops []Hop, custom bool) {
	var others []string
	for _, server := range w.VPC.NameServers {
		switch amazon, known := w.amazonResolver(server); {
		case !known:
			h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcs"}
			w.cut(h.Missing...)
			return nil, true
		case !amazon:
			others = append(others, server)
		}
	}
	switch {
	case w.VPC.NameServers == nil:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeDhcpOptions"}
		w.cut(h.Missing...)
		return nil, true
	case len(others) > 0:
		return w.customResolver(h, others), true
	case w.VPC.DNSSupport == nil:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcAttribute"}
	case !*w.VPC.DNSSupport:
		h.Status, h.Reason, h.Detail = Closed, DNSSupportOff, "enableDnsSupport is false"
	default:
		h.Status = Open
	}
	return nil, false
}

// amazonResolver reports whether a name server is Amazon's: by its symbolic name, its link-local address, or the VPC's
// network address plus two.
func (w *walk) amazonResolver(server string) (amazon, known bool) {
	if strings.EqualFold(server, "AmazonProvidedDNS") || server == "169.254.169.253" || strings.EqualFold(server, "fd00:ec2::253") {
		return true, true
	}
	for _, c := range w.VPC.CIDRs {
		if c.IsValid() && c.Addr().Next().Next().String() == server {
			return true, true
		}
	}
	return false, w.VPC.CIDRs != nil
}

// customResolver walks to name servers that are not Amazon's; one that can be reached is enough for a client.
func (w *walk) customResolver(h *Hop, servers []string) []Hop {
	var ways [][]Hop
	for _, server := range servers {
		p := w.Path(w.from, Destination{Host: server, Port: 53, UDP: true})
		w.cut(p.Missing...)
		for i := range p.Hops {
			p.Hops[i].DNS = true
		}
		ways = append(ways, p.Hops)
	}
	h.Reason, h.Detail = CustomResolver, "domain-name-servers: "+strings.Join(w.VPC.NameServers, ", ")
	reached := func(way []Hop) bool { return (Path{Hops: way}).Status() != Closed }
	if len(servers) == len(w.VPC.NameServers) && !slices.ContainsFunc(ways, reached) {
		h.Status, h.Reason = Closed, ResolverUnreachable
	}
	// What the servers answer is unknown whether or not they are reached: only what stands in the way is worth a hop.
	return slices.DeleteFunc(allOf(ways, false), func(h Hop) bool {
		return h.Status == Open || h.Status == Unknown && len(h.Missing) == 0
	})
}

// captures returns the interface endpoint whose private DNS answers for the destination's name, if there is one. It
// needs private DNS on the endpoint and enableDnsHostnames on the VPC, and then holds for the whole VPC. certain is
// false when what decides was not read, or the endpoint is only about to be available.
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-private-dns
func (w *walk) captures() (endpoint *VPCEndpoint, certain bool, missing []string) {
	for i := range w.VPCEndpoints {
		e := &w.VPCEndpoints[i]
		if !strings.EqualFold(e.Type, "Interface") || !e.Serves(w.to.Service, w.to.Region) {
			continue
		}
		if e.PrivateDNSInboundOnly || (e.PrivateDNS != nil && !*e.PrivateDNS) || w.VPC.DNSHostnames != nil && !*w.VPC.DNSHostnames {
			continue
		}
		switch strings.ToLower(e.State) {
		case "available":
			if e.PrivateDNS != nil && w.VPC.DNSHostnames != nil {
				return e, true, nil
			}
			endpoint = e
		case "pending", "pendingacceptance", "partial":
			endpoint = e
		}
	}
	if endpoint != nil && w.VPC.DNSHostnames == nil {
		missing = append(missing, "ec2:DescribeVpcAttribute")
	}
	if endpoint != nil && endpoint.PrivateDNS == nil {
		missing = append(missing, "ec2:DescribeVpcEndpoints")
	}
	return endpoint, false, missing
}

// publicTarget returns the public addresses of the destination. Those of S3 are in the region's prefix list; those of
// other hosts are anywhere on the internet, but not in the lists of services that have gateway endpoints: a gateway
// endpoint would carry them away.
func (w *walk) publicTarget() target {
	if w.to.Service == "s3" {
		if list := w.serviceList(); list != nil && list.CIDRs != nil {
			return target{peers: peers{addrs: addrsOf(list.CIDRs...), list: list.ID}}
		} else if list != nil {
			return target{peers: peers{addrs: internet, list: list.ID}, depends: true}
		}
	}
	set := internet.minus(addrsOf(w.VPC.CIDRs...))
	if w.to.Host != "" {
		for _, list := range w.PrefixLists {
			if strings.HasPrefix(list.Name, "com.amazonaws.") && !strings.HasSuffix(list.Name, "."+w.to.Region+"."+w.to.Service) {
				set = set.minus(addrsOf(list.CIDRs...))
			}
		}
	}
	return target{peers: peers{addrs: set}, depends: true}
}

// serviceList returns the prefix list of the destination's service: by its name, or else as the one that a route to the
// service's gateway endpoint names.
func (w *walk) serviceList() *PrefixList {
	for i, list := range w.PrefixLists {
		if strings.HasSuffix(list.Name, "."+w.to.Region+"."+w.to.Service) {
			return &w.PrefixLists[i]
		}
	}
	for _, table := range w.RouteTables {
		for _, r := range table.Routes {
			if e, _ := w.Endpoint(r.Target); e != nil && r.PrefixList != "" && e.Serves(w.to.Service, w.to.Region) {
				return &PrefixList{ID: r.PrefixList}
			}
		}
	}
	return nil
}
