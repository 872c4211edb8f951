package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// hostCIDR returns the block of one address; it is invalid for what is not an address.
func hostCIDR(address string) CIDR {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return CIDR{}
	}
	a = a.Unmap().WithZone("")
	return CIDR{netip.PrefixFrom(a, a.BitLen())}
}

// resolve decides who answers for the destination's name and with which addresses. Several targets mean that it is not
// known which of them the name resolves to.
func (w *walk) resolve(subnet *Subnet) ([]Hop, []target) {
	if address := hostCIDR(w.to.Host); address.IsValid() {
		if address.Addr().IsLinkLocalUnicast() || address.Addr().Is4() != subnet.CIDR.IsValid() && len(subnet.IPv6CIDRs) == 0 {
			return []Hop{beyond(w.to.Host)}, nil // no route table of the subnet has a say in it
		}
		set := addrsOf(address)
		// An interface here or in a peer may have this address, and carry groups.
		inside := w.VPC.CIDRs == nil || !w.public.covers(set) && !w.public6.covers(set)
		return nil, []target{{peers: peers{addrs: set, groupsUnknown: inside}}}
	}
	h := Hop{Kind: KindName, Subject: w.VPC.DHCPOptions}
	if h.Subject == "" || h.Subject == "default" {
		h.Subject = w.VPC.ID
	}
	hops, custom := w.resolver(&h)
	if w.to.Service == "" {
		return append(hops, h), []target{w.view.publicTarget()}
	}
	if w.VPCEndpoints == nil {
		actions := []string{"ec2:DescribeVpcEndpoints"}
		if h.Status == Open {
			h.Status, h.Reason, h.Missing = Unknown, Unread, actions
		}
		return append(hops, h), []target{{peers: peers{addrs: everywhere, groupsUnknown: true}, undecided: actions}}
	}
	endpoints, certain, missing := w.captures()
	if len(endpoints) == 0 {
		return append(hops, h), []target{w.view.publicTarget()}
	}
	var targets []target
	for _, e := range endpoints {
		targets = append(targets, target{endpoint: e})
	}
	if certain && !custom {
		if h.Detail == "" && h.Status == Open {
			h.Detail = "private DNS of " + endpoints[0].ID
		}
		return append(hops, h), targets
	}
	h.Missing = uniq(append(h.Missing, missing...))
	if h.Status == Open {
		h.Status, h.Reason = Unknown, Unread
		if len(missing) == 0 {
			e := endpoints[0]
			h.Reason, h.Subject, h.Detail = EndpointState, e.ID, fmt.Sprintf("%s is %s", e.ID, e.State)
		}
	}
	return append(hops, h), append(targets, w.view.publicTarget())
}

// resolver decides whether the task's name server answers at all. custom is set when that server is not, or may not be,
// Amazon's: then private DNS names of endpoints are answered only if it forwards to Amazon's, which EC2 does not show.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
func (w *walk) resolver(h *Hop) (hops []Hop, custom bool) {
	unread := func(actions ...string) {
		h.Reason, h.Missing = Unread, actions
		w.cut(actions...)
	}
	var others []string
	for _, server := range w.VPC.NameServers {
		switch amazon, known := w.amazonResolver(server); {
		case !known:
			unread("ec2:DescribeVpcs")
			return nil, true
		case !amazon:
			others = append(others, server)
		}
	}
	switch {
	case w.VPC.NameServers == nil && w.VPC.CIDRs == nil: // the VPC was not read, which names its DHCP options
		unread("ec2:DescribeDhcpOptions", "ec2:DescribeVpcs")
		return nil, true
	case w.VPC.NameServers == nil:
		unread("ec2:DescribeDhcpOptions")
		return nil, true
	case w.VPC.DNSSupport == nil:
		h.Reason, h.Missing = Unread, []string{"ec2:DescribeVpcAttribute"}
	case !*w.VPC.DNSSupport:
		h.Status, h.Reason, h.Detail = Closed, DNSSupportOff, "enableDnsSupport is false"
	case len(w.VPC.NameServers) == 0 && h.Subject != w.VPC.ID: // it is the DHCP option set's
		// Instances have no DNS then, says AWS. Whether Amazon's resolver serves a task all the same is not documented.
		// https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html
		h.Reason, h.Detail = NoNameServers, "no domain-name-servers"
	default:
		h.Status = Open
	}
	if len(others) > 0 {
		return w.customResolver(h, others), true
	}
	return nil, false
}

// amazonResolver reports whether a name server is Amazon's: by its symbolic name, its link-local address, or the VPC's
// network address plus two.
func (w *walk) amazonResolver(server string) (amazon, known bool) {
	if strings.EqualFold(server, "AmazonProvidedDNS") || server == "169.254.169.253" || strings.EqualFold(server, "fd00:ec2::253") {
		return true, true
	}
	return len(w.VPC.CIDRs) > 0 && plusTwo(w.VPC.CIDRs[0]) == server, w.VPC.CIDRs != nil
}

// plusTwo returns the third address of a block, which Amazon reserves. Only the primary block's is sure to be a resolver.
func plusTwo(c CIDR) string {
	if !c.IsValid() {
		return ""
	}
	return c.Masked().Addr().Next().Next().String()
}

// private is what a name server may answer with in place of public addresses: those of interfaces in other VPCs.
var private = addrsIn("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")

// orElsewhere weakens what closes the way to a service of AWS where other name servers than Amazon's are asked and the task
// may reach private addresses beyond its VPC: the servers may answer with those of interface endpoints there.
// https://docs.aws.amazon.com/whitepapers/latest/building-scalable-secure-multi-vpc-network-infrastructure/centralized-access-to-vpc-private-endpoints.html
func (w *walk) orElsewhere(subnet *Subnet, hops []Hop) []Hop {
	i := slices.IndexFunc(hops, func(h Hop) bool { return h.Kind == KindName && !h.DNS })
	if i < 0 || hops[i].Status != Unknown || w.to.Service == "" || !w.asksOthers() || (Path{Hops: hops}).Status() != Closed {
		return hops
	}
	elsewhere := private.minus(addrsOf(w.VPC.CIDRs...))
	if table, _ := w.routeTable(subnet.ID); table != nil {
		for _, r := range table.Routes {
			if r.Target == "local" {
				elsewhere = elsewhere.minus(addrsOf(r.CIDR))
			}
		}
	}
	way := w.toAddresses(subnet, addrsOf(subnet.CIDR), target{peers: peers{addrs: elsewhere, groupsUnknown: true}, depends: true})
	if (Path{Hops: way}).Status() == Closed {
		return hops
	}
	return weakened(hops, hops[i].Missing)
}

// asksOthers reports whether names are asked of a server that is not, or may not be, Amazon's.
func (w *walk) asksOthers() bool {
	return w.VPC.NameServers == nil || slices.ContainsFunc(w.VPC.NameServers, func(server string) bool {
		amazon, _ := w.amazonResolver(server)
		return !amazon
	})
}

// customResolver walks to name servers that are not Amazon's; one that can be reached is enough for a client. h says whether
// Amazon's, where it is among the servers too, answers.
func (w *walk) customResolver(h *Hop, others []string) []Hop {
	var ways [][]Hop
	for _, server := range others {
		ways = append(ways, w.serverHops(server))
	}
	if len(others) < len(w.VPC.NameServers) {
		ways = append(ways, []Hop{*h})
	} else {
		h.Missing = nil
	}
	h.Status, h.Reason, h.Detail = Unknown, CustomResolver, "domain-name-servers: "+strings.Join(w.VPC.NameServers, ", ")
	reached := func(way []Hop) bool { return (Path{Hops: way}).Status() != Closed }
	if !slices.ContainsFunc(ways, reached) {
		h.Status, h.Reason = Closed, ResolverUnreachable
	}
	// What the servers answer is unknown whether or not they are reached: only what stands in the way is worth a hop.
	return slices.DeleteFunc(allOf(ways, false), func(h Hop) bool {
		return h.Kind == KindName || h.Status == Open || h.Status == Unknown && len(h.Missing) == 0
	})
}

// serverHops walks to a name server.
func (w *walk) serverHops(server string) []Hop {
	reserved := slices.ContainsFunc(w.VPC.CIDRs, func(c CIDR) bool { return plusTwo(c) == server })
	if reserved || !hostCIDR(server).IsValid() {
		return []Hop{beyond(server)}
	}
	p := (&Paths{w.vpc}).Path(w.from, Destination{Host: server, Port: 53, UDP: true})
	w.cut(p.Missing...)
	for i := range p.Hops {
		p.Hops[i].DNS = true
	}
	return p.Hops
}

// captures returns the interface endpoints whose private DNS may answer for the destination's name; it is one of them. It
// needs private DNS on the endpoint and enableDnsHostnames on the VPC, and then holds for the whole VPC. certain is false
// when what decides was not read, or the endpoint is about to change its state: then it may be none of them.
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-private-dns
func (w *walk) captures() (endpoints []*VPCEndpoint, certain bool, missing []string) {
	for _, e := range w.view.serving {
		inbound := e.PrivateDNSInboundOnly && !w.asksOthers() // other servers may ask an inbound endpoint
		if inbound || (e.PrivateDNS != nil && !*e.PrivateDNS) || w.VPC.DNSHostnames != nil && !*w.VPC.DNSHostnames {
			continue
		}
		switch {
		case e.gone():
			continue
		case strings.EqualFold(e.State, "available"):
			certain = certain || e.PrivateDNS != nil && w.VPC.DNSHostnames != nil
		}
		if e.PrivateDNS == nil {
			missing = append(missing, "ec2:DescribeVpcEndpoints")
		}
		endpoints = append(endpoints, e)
	}
	if len(endpoints) > 0 && w.VPC.DNSHostnames == nil {
		missing = append(missing, "ec2:DescribeVpcAttribute")
	}
	return endpoints, certain, uniq(missing)
}

// publicTarget returns the public addresses of the destination. Those of S3 are in the region's prefix list; those of
// other hosts are anywhere on the internet.
func (v *view) publicTarget() target {
	return v.target.get(struct{}{}, func() target {
		if v.key.service != "s3" {
			return v.anyPublic(nil)
		}
		list := v.serviceList()
		if list == nil {
			if v.vpc.account.PrefixLists == nil {
				return v.anyPublic([]string{"ec2:DescribePrefixLists", "ec2:GetManagedPrefixListEntries"})
			}
			return v.anyPublic(nil)
		}
		entries, missing := v.vpc.entriesOf(list.ID)
		if set := addrsOf(entries...); !set.empty() {
			return target{peers: peers{addrs: set, list: list.ID}}
		}
		t := v.anyPublic(missing)
		t.list = list.ID
		return t
	})
}

// anyPublic is a host with some public address; narrower names what would tell which.
func (v *view) anyPublic(narrower []string) target {
	if v.vpc.VPC.CIDRs == nil { // which are not public, whatever they are
		narrower = append(narrower, "ec2:DescribeVpcs")
	}
	return target{peers: peers{addrs: v.vpc.public}, depends: true, narrower: narrower}
}
