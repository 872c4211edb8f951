package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// admitting returns the narrowest inbound rule for the task, if what it names was read: its first group, or its subnets where
// its groups are not known.
func (s *scene) admitting(port uint16) (rule network.Rule, known bool) {
	r := network.Rule{Protocol: "tcp", Ports: network.Ports{From: port, To: port}}
	if group := s.taskGroup(); group != "" {
		r.Groups = []string{group}
		return r, true
	}
	for _, id := range s.task.Placement.Subnets {
		if subnet := subnetIn(s.topology, id); subnet != nil && subnet.CIDR.IsValid() {
			r.CIDRs = append(r.CIDRs, subnet.CIDR)
		}
	}
	return r, len(r.CIDRs) > 0
}

// taskGroup returns one of the task's groups, which all of its interfaces carry; "" where they are not known. A task for
// which no group was named has the VPC's default group.
func (s *survey) taskGroup() string {
	groups := s.task.Placement.SecurityGroups
	if len(groups) > 0 {
		return groups[0]
	}
	for _, g := range s.topology.SecurityGroups {
		if groups != nil && g.Name == "default" {
			return g.ID
		}
	}
	return ""
}

// source names what traffic on a way comes from as an inbound rule can: by the task's group, or by its subnet.
func (s *survey) source(w way) string { return cmp.Or(s.taskGroup(), w.subnet) }

// admitTask adds an inbound rule for the task to the endpoints' group.
func admitTask(s *scene) []Change {
	var changes []Change
	var ports []uint16
	for _, m := range s.atSubject(network.KindSecurityGroup) {
		port := m.way.to.Port
		if !m.hop.Inbound || m.hop.DNS || slices.Contains(ports, port) {
			continue
		}
		ports = append(ports, port)
		rule, known := s.admitting(port)
		if !known {
			return nil
		}
		changes = append(changes, AuthorizeSecurityGroupIngress{firstOf(s.Subject), rule})
	}
	return changes
}

// firstOf returns the first of the groups that a hop's subject names: any of them may get the rule.
func firstOf(groups string) string {
	first, _, _ := strings.Cut(groups, ",")
	return first
}

// letOut adds outbound rules for what the task's group does not let out: to the groups of the endpoints and the prefix list of
// S3 that the traffic goes to, or to anywhere where it goes to the internet.
func letOut(s *scene) []Change {
	var rules []network.Rule
	for _, m := range s.atSubject(network.KindSecurityGroup) {
		if m.hop.Inbound || m.hop.DNS {
			continue
		}
		r, known := s.destination(m.way)
		if !known {
			return nil
		}
		r.Protocol, r.Ports = "tcp", network.Ports{From: m.way.to.Port, To: m.way.to.Port}
		if !slices.ContainsFunc(rules, func(o network.Rule) bool { return o.String() == r.String() }) {
			rules = append(rules, r)
		}
	}
	return authorized(firstOf(s.Subject), rules)
}

// authorized returns the changes that add rules to a group, without those that a rule to anywhere makes superfluous.
func authorized(group string, rules []network.Rule) []Change {
	var changes []Change
	for _, r := range rules {
		wider := slices.ContainsFunc(rules, func(o network.Rule) bool {
			return o.Ports == r.Ports && len(o.CIDRs) == 1 && o.CIDRs[0].String() == anyIPv4 && !slices.ContainsFunc(r.CIDRs, func(c network.CIDR) bool { return c.Addr().Is6() || c == o.CIDRs[0] })
		})
		if !wider {
			changes = append(changes, AuthorizeSecurityGroupEgress{group, r})
		}
	}
	return changes
}

// destination returns the peers of a rule that lets a way's traffic out, as narrow as can be.
func (s *scene) destination(w way) (peers network.Rule, known bool) {
	for _, id := range w.endpoints() {
		e := endpointIn(s.topology, id)
		if e != nil && strings.EqualFold(e.Type, "Interface") && len(e.SecurityGroups) > 0 {
			peers.Groups = with(peers.Groups, e.SecurityGroups[0])
		}
	}
	switch {
	case len(peers.Groups) > 0:
	case w.to.Service == "s3" && s.anywhere(w) == anyIPv4: // its addresses are in its prefix list, whichever way the traffic takes
		list := s.prefixList(w)
		return network.Rule{PrefixLists: []string{list}}, list != ""
	default:
		peers.CIDRs = []network.CIDR{network.ParseCIDR(s.anywhere(w))}
	}
	return peers, true
}

// anywhere returns the block of all addresses of the family that a way takes.
func (s *survey) anywhere(w way) string {
	if subnet := subnetIn(s.topology, w.subnet); subnet != nil && !subnet.CIDR.IsValid() {
		return anyIPv6
	}
	return anyIPv4
}

// prefixList returns the prefix list of S3 in a way's Region.
func (s *scene) prefixList(w way) string {
	for _, l := range s.topology.PrefixLists {
		if l.Name == "com.amazonaws."+w.to.Region+".s3" {
			return l.ID
		}
	}
	return ""
}

// letDNSOut adds outbound rules for the VPC's own name servers, over UDP and, for long answers, TCP (RFC 7766).
func letDNSOut(s *scene) []Change {
	servers := s.nameServers()
	if len(servers) == 0 {
		return nil
	}
	var changes []Change
	for _, protocol := range []string{"udp", "tcp"} {
		changes = append(changes, AuthorizeSecurityGroupEgress{firstOf(s.Subject), network.Rule{Protocol: protocol, Ports: network.Ports{From: 53, To: 53}, CIDRs: servers}})
	}
	return changes
}

// nameServers returns the addresses of the VPC's own name servers.
func (s *scene) nameServers() (blocks []network.CIDR) {
	for _, server := range s.topology.VPC.NameServers {
		if c := network.ParseCIDR(server + "/32"); c.IsValid() {
			blocks = append(blocks, c)
		} else if c := network.ParseCIDR(server + "/128"); c.IsValid() {
			blocks = append(blocks, c)
		}
	}
	return blocks
}
