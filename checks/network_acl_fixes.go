package checks

import (
	"slices"

	"github.com/canpull/canpull/network"
)

// allowPull adds the rules that an ACL lacks for the pull, ahead of those that deny it; allowDNS those for the VPC's own name
// servers.
func allowPull(s *scene) []Change { return s.allow(false) }
func allowDNS(s *scene) []Change  { return s.allow(true) }

func (s *scene) allow(dns bool) []Change {
	var entries []network.ACLEntry
	for _, m := range s.atSubject(network.KindNetworkACL) {
		if m.hop.DNS != dns {
			continue
		}
		for _, e := range s.denied(m) {
			if !slices.Contains(entries, e) {
				entries = append(entries, e)
			}
		}
	}
	for _, t := range s.vpcs() {
		acl := find(t.NetworkACLs, s.Subject, func(a network.NetworkACL) string { return a.ID })
		if acl == nil || acl.Entries == nil {
			continue
		}
		taken := slices.Clone(acl.Entries)
		var changes []Change
		for _, e := range entries {
			if e.Number = numberAhead(taken, e); e.Number == 0 {
				return nil
			}
			taken = append(taken, e)
			changes = append(changes, CreateNetworkACLEntry{s.Subject, e})
		}
		return changes
	}
	return nil
}

// denied returns what to allow of the traffic that was judged at a hop: requests come from the task's subnet, and answers go
// there; the other side of both is the destination.
func (s *scene) denied(m met) (entries []network.ACLEntry) {
	h := m.hop
	var remote []network.CIDR
	if h.Inbound != h.Reply {
		if subnet := subnetIn(s.topology, m.way.subnet); subnet != nil && subnet.CIDR.IsValid() {
			remote = []network.CIDR{subnet.CIDR}
		} else if subnet != nil {
			remote = subnet.IPv6CIDRs
		}
	} else {
		remote = s.remote(m)
	}
	ports := network.Ports{From: m.way.to.Port, To: m.way.to.Port}
	protocols := []string{"6"} // TCP
	if h.DNS {
		ports, protocols = network.Ports{From: 53, To: 53}, []string{"17", "6"} // UDP, and TCP for long answers (RFC 7766)
	}
	if h.Reply {
		ports = s.replyPorts(m)
	}
	for _, protocol := range protocols {
		for _, c := range remote {
			entries = append(entries, network.ACLEntry{Egress: !h.Inbound, Allow: true, Protocol: protocol, Ports: ports, CIDR: c})
		}
	}
	return entries
}

// remote returns the addresses that a way leads to: the subnets of an endpoint, the name servers, or all of the internet. (An
// ACL takes too few entries for the addresses of S3, and takes no prefix list.)
func (s *scene) remote(m met) (blocks []network.CIDR) {
	if m.hop.DNS {
		return s.nameServers()
	}
	for _, id := range m.way.endpoints() {
		e := endpointIn(s.topology, id)
		if e == nil {
			continue
		}
		for _, subnet := range e.Subnets {
			if there := subnetIn(s.topology, subnet); there != nil && there.CIDR.IsValid() && subnet != m.way.subnet {
				blocks = append(blocks, there.CIDR)
			}
		}
	}
	if len(blocks) > 0 {
		return blocks
	}
	return []network.CIDR{network.ParseCIDR(s.anywhere(m.way))}
}

// replyPorts returns the ports to which answers come at a hop: those that the task picks or, where a NAT gateway stands in the
// subnet, those that it picks.
func (s *scene) replyPorts(m met) network.Ports {
	ports := s.task.in(m.way.subnet).ReplyPorts()
	for _, h := range m.way.path.Hops {
		for _, t := range s.vpcs() {
			if nat := natGatewayIn(t, h.Subject); h.Kind == network.KindNATGateway && nat != nil && nat.Subnet == m.hop.Subnet && m.hop.Inbound {
				ports = network.Ports{From: min(ports.From, nat.ReplyPorts().From), To: max(ports.To, nat.ReplyPorts().To)}
			}
		}
	}
	return ports
}

// numberAhead returns a free number ahead of the first rule that denies some of what an entry is to allow; 0 if there is none.
func numberAhead(entries []network.ACLEntry, e network.ACLEntry) int32 {
	const most = 32766 // https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
	taken := map[int32]bool{}
	first, last := int32(most+1), int32(0)
	for _, o := range entries {
		if o.Egress != e.Egress || o.Number > most {
			continue
		}
		taken[o.Number] = true
		last = max(last, o.Number)
		if !o.Allow && overlap(o, e) {
			first = min(first, o.Number)
		}
	}
	if first > most { // the last rule denies, so behind all others
		first = min(last+10, most) + 1
	}
	for n := first - 1; n > 0; n-- {
		if !taken[n] {
			return n
		}
	}
	return 0
}

// overlap reports whether two entries are about some of the same traffic.
func overlap(a, b network.ACLEntry) bool {
	if a.Protocol != "-1" {
		name := map[string]string{"tcp": "6", "udp": "17"}
		protocol := a.Protocol
		if n, ok := name[protocol]; ok {
			protocol = n
		}
		if protocol != b.Protocol || a.Ports.From > b.Ports.To || b.Ports.From > a.Ports.To {
			return false
		}
	}
	return a.CIDR.Overlaps(b.CIDR.Prefix)
}
