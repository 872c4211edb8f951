package network

import (
	"net/netip"
	"slices"
	"strings"
)

// globalUnicast is the part of IPv6 from which public addresses are given out.
// https://www.iana.org/assignments/ipv6-unicast-address-assignments
var globalUnicast = addrsIn("2000::/3")

// nat64 is the block in which DNS64 writes IPv4 addresses (RFC 6052), and which a NAT gateway translates.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// v6 reports whether a set is of IPv6 addresses. No set is of both.
func (s addrs) v6() bool { return len(s) > 0 && s[0].first.Is6() }

func (f flow) v6() bool { return f.addrs.v6() }

// source6 reports whether the traffic was IPv6 before a NAT gateway translated it.
func (f flow) source6() bool { return f.source.v6() }

// embedded writes IPv4 addresses as DNS64 does.
func embedded(s addrs) (out addrs) {
	for _, r := range s {
		out = append(out, addrRange{embed(r.first), embed(r.last)})
	}
	return out
}

func embed(a netip.Addr) netip.Addr {
	b, four := nat64.Addr().As16(), a.As4()
	copy(b[12:], four[:])
	return netip.AddrFrom16(b)
}

// extracted reads the IPv4 addresses that DNS64 wrote.
func extracted(s addrs) (out addrs) {
	for _, r := range s.and(addrs{rangeOf(nat64)}) {
		out = append(out, addrRange{extract(r.first), extract(r.last)})
	}
	return out
}

func extract(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

// families tells which kinds of addresses a host has. Neither is set where that is not known. Amazon ECR's hosts have IPv4
// addresses only, but for those that are named for being dual-stack.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
func families(to Destination) (four, six bool) {
	host := strings.ToLower(to.Host)
	if host == "" && to.Service == "s3" {
		return true, true // the unnamed host of a dual-stack image's layers: AWS documents such pulls without IPv4
	}
	for _, end := range []string{".on.aws", ".api.aws", ".on.amazonwebservices.com.cn", ".api.amazonwebservices.com.cn"} {
		if strings.HasSuffix(host, end) {
			return true, true
		}
	}
	switch {
	case strings.Contains(host, ".dualstack."):
		return true, true
	case !strings.HasSuffix(host, ".amazonaws.com") && !strings.HasSuffix(host, ".amazonaws.com.cn"):
		return false, false
	case strings.HasPrefix(host, "api.ecr.") || strings.HasPrefix(host, "api.ecr-fips."),
		strings.Contains(host, ".dkr.ecr."), strings.Contains(host, ".dkr.ecr-fips."), strings.Contains(host, "-starport-layer-bucket.s3."):
		return true, false
	}
	return false, false
}

// disputed returns the hop of an endpoint that may not answer for a dual-stack name: one of AWS's guides says that Amazon ECR
// takes no PrivateLink traffic by such names, the other that its endpoints have addresses of both families. Which name the
// layers of a dual-stack image have is not documented.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
func (w *walk) disputed(targets []target) (h Hop, yes bool) {
	if _, six := families(w.to); !six || len(targets) == 0 || targets[0].endpoint == nil {
		return Hop{}, false
	}
	return Hop{Kind: KindVPCEndpoint, Subject: targets[0].endpoint.ID, Reason: EndpointFamily}, true
}

// recording returns the hop of an endpoint that has records of some types made for the destination's name: of an interface
// endpoint among the targets, or of a gateway endpoint, which changes what names resolve to and not where that leads. What
// IPv4 traffic does where there are IPv6 addresses only, and IPv6 traffic where there were none, is not decided.
// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#aws-services-dns-record-ip-type
// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html#gateway-endpoint-dns-record-ip-type
func (w *walk) recording(targets []target, types ...string) (Hop, bool) {
	for i := range w.VPCEndpoints {
		e := &w.VPCEndpoints[i]
		answers := slices.ContainsFunc(targets, func(t target) bool { return t.endpoint == e }) ||
			strings.EqualFold(e.Type, "Gateway") && e.Serves(w.to.Service, w.to.Region) && !e.gone() && !hostCIDR(w.to.Host).IsValid()
		if answers && slices.Contains(types, strings.ToLower(e.DNSRecordIPType)) {
			return Hop{Kind: KindVPCEndpoint, Subject: e.ID, Reason: EndpointFamily, Detail: "DnsRecordIpType is " + e.DNSRecordIPType}, true
		}
	}
	return Hop{}, false
}

// orSix weakens what closes the way over IPv4 where the host may be reached over IPv6 instead: from a dual-stack subnet to
// a dual-stack host. (AWS documents that a pull from such a subnet takes IPv4; the calls that do have hosts of their own.)
func (w *walk) orSix(subnet *Subnet, hops []Hop) []Hop {
	four, six := families(w.to)
	if !four || !six || (Path{Hops: hops}).Status() != Closed || subnet.IPv6CIDRs != nil && len(subnet.IPv6CIDRs) == 0 {
		return hops
	}
	var missing []string
	if subnet.IPv6CIDRs == nil {
		missing = []string{"ec2:DescribeSubnets"}
	} else {
		way := w.ways(subnet, addrsOf(subnet.IPv6CIDRs...), []target{w.anyPublic6()})[0]
		if (Path{Hops: way}).Status() == Closed {
			return hops
		}
	}
	return weakened(hops, missing)
}

// weakened makes unknown what stops traffic on its way, as it may take another.
func weakened(hops []Hop, missing []string) []Hop {
	for i, h := range hops {
		if h.Kind != KindName && (h.Status == Closed || h.Status == Partial) {
			hops[i].Status, hops[i].Depends, hops[i].Missing = Unknown, false, uniq(append(slices.Clone(h.Missing), missing...))
		}
	}
	return hops
}

// anyPublic6 is a host with some public IPv6 address.
func (w *walk) anyPublic6() target {
	t := target{peers: peers{addrs: w.public6}, depends: true}
	if w.VPC.IPv6CIDRs == nil {
		t.narrower = []string{"ec2:DescribeVpcs"}
	}
	return t
}

// sixOnly walks from a subnet without IPv4: to the IPv6 addresses of hosts that have some, and to those that DNS64 makes
// of the IPv4 addresses of hosts that have no others.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
func (w *walk) sixOnly(subnet *Subnet) []Hop {
	lost := Hop{Kind: KindSubnet, Subject: subnet.ID, Reason: IPv6Only}
	if len(subnet.IPv6CIDRs) == 0 {
		if subnet.IPv6CIDRs == nil {
			lost.Missing = []string{"ec2:DescribeSubnets"}
		}
		return []Hop{lost}
	}
	source := addrsOf(subnet.IPv6CIDRs...)
	if source.empty() {
		return []Hop{lost}
	}
	hops, targets := w.resolve(subnet)
	if hostCIDR(w.to.Host).IsValid() {
		if len(targets) == 0 || !targets[0].addrs.v6() {
			return []Hop{beyond(w.to.Host)}
		}
		return distinct(append(hops, w.toAddresses(subnet, source, targets[0])...))
	}
	for _, t := range targets {
		if t.endpoint != nil || t.undecided != nil {
			// AWS's guides disagree on whether endpoints of Amazon ECR serve IPv6-only tasks.
			h := Hop{Kind: KindVPCEndpoint, Reason: EndpointFamily, Missing: t.undecided}
			if t.endpoint != nil {
				h.Subject = t.endpoint.ID
			}
			w.cut(t.undecided...)
			return append(hops, h)
		}
	}
	four, six := families(w.to)
	if h, recorded := w.recording(targets, "ipv6", "dualstack"); recorded && !six {
		return append(hops, h)
	}
	name := slices.IndexFunc(hops, func(h Hop) bool { return h.Kind == KindName })
	var ways [][]Hop
	if six || !four {
		ways = append(ways, w.toAddresses(subnet, source, w.anyPublic6()))
	}
	switch {
	case six:
	case subnet.DNS64 == nil:
		hops[name] = hops[name].family("", "ec2:DescribeSubnets")
	case *subnet.DNS64:
		t := w.view.anyPublic(nil)
		t.addrs = embedded(t.addrs)
		ways = append(ways, w.toAddresses(subnet, source, t))
	case four && !w.asksOthers() && hops[name].Status != Closed: // other servers may make addresses of their own
		hops[name].Status, hops[name].Reason, hops[name].Missing = Closed, IPv4Host, nil
		hops[name].Detail = w.to.Host + " has IPv4 addresses only, and EnableDns64 of " + subnet.ID + " is false"
	case !four:
		hops[name] = hops[name].family("whether " + w.to.Host + " has IPv6 addresses is not known, and EnableDns64 of " + subnet.ID + " is false")
	}
	return distinct(append(hops, oneOf(ways, nil)...))
}

// family makes a name's hop unknown for want of what tells its addresses' family.
func (h Hop) family(detail string, missing ...string) Hop {
	if h.Status == Unknown {
		h.Missing = uniq(append(slices.Clone(h.Missing), missing...))
	}
	if h.Status == Open {
		h.Status, h.Reason, h.Detail, h.Missing = Unknown, IPv4Host, detail, missing
		if len(missing) > 0 {
			h.Reason = Unread
		}
	}
	return h
}
