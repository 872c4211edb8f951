package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// natForTable leads what a route table has no route for to a NAT gateway.
func natForTable(s *scene) []Change {
	hops := s.atSubject(network.KindRoute)
	if !s.toInternet(hops) {
		return nil
	}
	return s.toNAT(anyIPv4, subnetsOf(hops))
}

// toInternet reports whether hops are met on ways over IPv4 to the internet only: a NAT gateway carries no others.
func (s *scene) toInternet(hops []met) bool {
	for _, m := range hops {
		if subnet := subnetIn(s.topology, m.way.subnet); subnet == nil || !subnet.CIDR.IsValid() || !m.way.toInternet() || m.hop.Reply {
			return false
		}
	}
	return len(hops) > 0
}

// natInPlace leads the routes to the finding's subject to a NAT gateway.
func natInPlace(s *scene) []Change {
	subnets, block := s.leadingTo(s.Subject)
	if block != anyIPv4 {
		return nil
	}
	return s.toNAT(block, subnets)
}

// otherTable associates subnets that use the main route table with a table that leads to a NAT gateway.
func otherTable(s *scene) []Change {
	var changes []Change
	hops := s.atSubject(network.KindRoute)
	if !s.toInternet(hops) {
		return nil
	}
	for _, id := range subnetsOf(hops) {
		t := s.vpcWith(id)
		if t == nil {
			return nil
		}
		if now := t.RouteTable(id); now == nil || slices.Contains(now.Subnets, id) {
			return nil // what replaces an association takes its ID, which is not among the facts
		}
		table := slices.IndexFunc(t.RouteTables, func(r network.RouteTable) bool {
			route := routeFor(&r, anyIPv4)
			return route != nil && slices.ContainsFunc(t.NATGateways, func(n network.NATGateway) bool { return n.ID == route.Target && usableNAT(t, n, zone(t, id)) })
		})
		if table < 0 {
			return nil
		}
		changes = append(changes, AssociateRouteTable{t.RouteTables[table].ID, id})
	}
	return changes
}

// liveTarget leads a route whose target is gone to a gateway of the same kind that is there.
func liveTarget(s *scene) []Change {
	target := s.Subject
	hops := s.met(func(_ way, h network.Hop) bool { return h.Kind == network.KindRoute && h.Target == target })
	if len(hops) == 0 {
		return nil
	}
	subnets, block := s.leadingTo(target)
	if block == "" {
		return nil
	}
	switch {
	case strings.HasPrefix(target, "igw-"):
		return s.toInternetGateway(subnets, block)
	case strings.HasPrefix(target, "eigw-"):
		return s.toEgressOnlyGateway(subnets, block)
	}
	if block != anyIPv4 || !s.toInternet(hops) {
		return nil
	}
	return s.toNAT(block, subnets)
}

// toInternetGateway leads a block by the tables of some subnets to their VPC's internet gateway, which is created where the
// VPC has none.
func (s *scene) toInternetGateway(subnets []string, block string) []Change {
	var changes []Change
	for _, table := range s.tablesOf(subnets) {
		gateway := internetGateway(table.vpc)
		switch {
		case table.vpc.InternetGateways == nil:
			return nil
		case gateway == "" && len(changes) == 0:
			changes = append(changes, CreateInternetGateway{}, AttachInternetGateway{newInternetGateway, table.vpc.VPC.ID})
		}
		changes = append(changes, routed(table.RouteTable, block, cmp.Or(gateway, newInternetGateway)))
	}
	return changes
}

// attach attaches the internet gateway that the finding is about, or leads the routes to it to another: a VPC has one at most,
// and an egress-only internet gateway is attached by being created.
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
func attach(s *scene) []Change {
	subnets, block := s.leadingTo(s.Subject)
	if block == "" {
		return nil
	}
	t := s.vpcWith(subnets[0])
	switch {
	case strings.HasPrefix(s.Subject, "eigw-"):
		return s.toEgressOnlyGateway(subnets, block)
	case internetGateway(t) != "":
		return s.toInternetGateway(subnets, block)
	}
	return []Change{AttachInternetGateway{s.Subject, t.VPC.ID}}
}

// toEgressOnlyGateway leads a block by the tables of some subnets to an egress-only internet gateway of their VPC's, which is
// created where none is shown.
func (s *scene) toEgressOnlyGateway(subnets []string, block string) []Change {
	var changes []Change
	for _, table := range s.tablesOf(subnets) {
		gateway := newEgressOnlyGateway
		for _, g := range table.vpc.EgressOnlyGateways {
			if g.VPC == table.vpc.VPC.ID && strings.EqualFold(g.State, "attached") {
				gateway = g.ID
			}
		}
		if gateway == newEgressOnlyGateway && len(changes) == 0 {
			changes = append(changes, CreateEgressOnlyInternetGateway{table.vpc.VPC.ID})
		}
		changes = append(changes, routed(table.RouteTable, block, gateway))
	}
	return changes
}

// egressOnly leads IPv6 routes to a NAT gateway to an egress-only internet gateway.
func egressOnly(s *scene) []Change {
	subnets, block := s.leadingTo(s.Subject)
	if block != anyIPv6 {
		return nil
	}
	return s.toEgressOnlyGateway(subnets, block)
}

// exclude exempts the subnets that lead to the gateway from VPC Block Public Access: for what a NAT gateway or an
// egress-only internet gateway sends out, nothing has to come in.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-exclusions.html
func exclude(s *scene) []Change {
	var changes []Change
	for _, m := range s.atSubject(network.KindInternetGateway) {
		if m.hop.Reason != network.PublicAccessBlocked {
			continue
		}
		c := CreateVPCBlockPublicAccessExclusion{Subnet: m.hop.Subnet, EgressOnly: strings.HasPrefix(s.Subject, "eigw-")}
		for _, h := range m.way.path.Hops {
			if h.Kind != network.KindNATGateway {
				continue
			}
			c.EgressOnly = true
			for _, t := range s.vpcs() {
				if c.Subnet == "" && natGatewayIn(t, h.Subject) != nil { // a regional NAT gateway is in no subnet
					c.VPC = t.VPC.ID
				}
			}
		}
		if c.Subnet != "" || c.VPC != "" {
			changes = with(changes, Change(c))
		}
	}
	return changes
}

// natOut leads a NAT gateway's own subnet to the internet gateway. A table that the task's subnets use too is left alone:
// they would lose their way.
func natOut(s *scene) []Change {
	hops := s.atSubject(network.KindRoute)
	subnets := subnetsOf(hops)
	for _, id := range subnets {
		t := s.vpcWith(id)
		if t == nil {
			return nil
		}
		for _, placed := range s.task.Placement.Subnets {
			if table := t.RouteTable(placed); table != nil && table.ID == s.Subject {
				return nil
			}
		}
	}
	if len(subnets) == 0 {
		return nil
	}
	return s.toInternetGateway(subnets, anyIPv4)
}

// natElsewhere leads the routes to a NAT gateway whose own subnet leads nowhere to another one.
func natElsewhere(s *scene) []Change {
	hops := s.atSubject(network.KindRoute)
	if len(hops) == 0 {
		return nil
	}
	var subnets []string
	for _, m := range hops {
		for _, h := range m.way.path.Hops {
			if h.Kind == network.KindRoute && h.Subnet != m.hop.Subnet && strings.HasPrefix(h.Target, "nat-") && !h.Reply {
				subnets = with(subnets, h.Subnet)
			}
		}
		if t := s.vpcWith(m.way.subnet); t != nil && t.RouteTable(m.way.subnet) != nil && t.RouteTable(m.way.subnet).ID == s.Subject {
			subnets = with(subnets, m.way.subnet)
		}
	}
	return s.toNAT(anyIPv4, subnets)
}

// addZones gives a regional NAT gateway addresses in the zones of the finding's subnets.
func addZones(s *scene) []Change {
	var changes []Change
	for _, m := range s.atSubject(network.KindNATGateway) {
		if name := zone(s.topology, m.way.subnet); name != "" {
			changes = with(changes, Change(AssociateNATGatewayAddress{s.Subject, name}))
		}
	}
	return changes
}

// acceptPeering accepts a peering connection that waits for it.
func acceptPeering(s *scene) []Change {
	p := find(s.topology.Peerings, s.Subject, func(p network.Peering) string { return p.ID })
	if p == nil || !strings.EqualFold(p.State, "pending-acceptance") {
		return nil
	}
	return []Change{AcceptVPCPeeringConnection{s.Subject}}
}

// uncheck lets an interface forward what is addressed to others.
func uncheck(s *scene) []Change {
	return []Change{ModifyNetworkInterfaceAttribute{Interface: s.Subject, SourceDestCheck: false}}
}

// start starts an instance that can be started again.
func start(s *scene) []Change {
	for _, t := range s.vpcs() {
		if i := find(t.Instances, s.Subject, func(i network.Instance) string { return i.ID }); i != nil && strings.HasPrefix(strings.ToLower(i.State), "stop") {
			return []Change{StartInstances{s.Subject}}
		}
	}
	return nil
}
