package checks

import (
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

// wayBack routes the addresses of the task's VPC back to it: in a VPC's table to the transit gateway, in a transit gateway's
// table to the VPC's attachment.
func wayBack(s *scene) []Change {
	var changes []Change
	for _, m := range s.met(func(_ way, h network.Hop) bool { return h.Subject == s.Subject && h.Reason == network.NoReturnRoute }) {
		for _, block := range s.topology.VPC.CIDRs {
			if c := s.back(m, block.String()); c != nil {
				changes = with(changes, c)
			}
		}
	}
	return changes
}

func (s *scene) back(m met, block string) Change {
	if m.hop.Kind == network.KindTransitRoute {
		if home, _ := s.attachments(); home != nil {
			return CreateTransitGatewayRoute{s.Subject, block, home.ID}
		}
		return nil
	}
	t := s.vpcWith(m.hop.Subnet)
	if t == nil || routeTableIn(t, s.Subject) == nil {
		return nil
	}
	for _, h := range m.way.path.Hops {
		if h.Kind == network.KindRoute && strings.HasPrefix(h.Target, "tgw-") {
			return routed(routeTableIn(t, s.Subject), block, h.Target)
		}
	}
	return nil
}

// attachments returns the attachment of the task's VPC to the transit gateway that the finding is about, and those of other
// VPCs.
func (s *scene) attachments() (home *network.TransitAttachment, others []network.TransitAttachment) {
	for _, g := range s.topology.TransitGateways {
		about := slices.ContainsFunc(g.Attachments, func(a network.TransitAttachment) bool { return a.ID == s.Subject }) ||
			slices.ContainsFunc(g.RouteTables, func(r network.TransitRouteTable) bool { return r.ID == s.Subject })
		if !about {
			continue
		}
		for i, a := range g.Attachments {
			switch {
			case a.Type != "vpc" || strings.HasPrefix(strings.ToLower(a.State), "delet"): // which is shown for a while
			case a.Resource == s.topology.VPC.ID:
				home = &g.Attachments[i]
			default:
				others = append(others, a)
			}
		}
	}
	return home, others
}

// acceptAttachment accepts an attachment that waits for it.
func acceptAttachment(s *scene) []Change {
	a := attachmentIn(s.topology, s.Subject)
	if a == nil || !strings.EqualFold(a.State, "pendingAcceptance") {
		return nil
	}
	return []Change{AcceptTransitGatewayVPCAttachment{s.Subject}}
}

// addZone adds a subnet of the zone that traffic comes from to an attachment: one of those that no task is placed in, if
// there is one. An attachment takes one subnet of a zone.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func addZone(s *scene) []Change {
	a := attachmentIn(s.topology, s.Subject)
	if a == nil {
		return nil
	}
	at := slices.IndexFunc(s.vpcs(), func(t *network.Topology) bool { return t.VPC.ID == a.Resource })
	if at < 0 {
		return nil
	}
	t := s.vpcs()[at]
	var changes []Change
	for _, m := range s.atSubject(network.KindTransitGateway) {
		from := zone(s.topology, m.way.subnet)
		if m.hop.Reply { // what answers is a NAT gateway
			from = ""
			for _, h := range m.way.path.Hops {
				if nat := natGatewayIn(t, h.Subject); h.Kind == network.KindNATGateway && nat != nil {
					from = zone(t, nat.Subnet)
				}
			}
		}
		subnet := ""
		for _, candidate := range t.Subnets {
			if candidate.AvailabilityZone == from && from != "" && (subnet == "" || slices.Contains(s.task.Placement.Subnets, subnet)) {
				subnet = candidate.ID
			}
		}
		if subnet == "" {
			return nil
		}
		changes = with(changes, Change(ModifyTransitGatewayVPCAttachment{s.Subject, subnet}))
	}
	return changes
}

// associateTable associates an attachment with the route table that the attachments of all other VPCs share. Where these
// have several, which one is meant is not shown.
func associateTable(s *scene) []Change {
	_, others := s.attachments()
	if len(others) < 2 || others[0].RouteTable == "" ||
		slices.ContainsFunc(others, func(a network.TransitAttachment) bool { return a.RouteTable != others[0].RouteTable }) {
		return nil
	}
	return []Change{AssociateTransitGatewayRouteTable{others[0].RouteTable, s.Subject}}
}

// transitRoute leads what a transit gateway's table has no route for, or drops, to the only other VPC that is attached.
func transitRoute(s *scene) []Change {
	_, others := s.attachments()
	table := transitTableIn(s.topology, s.Subject)
	if len(others) != 1 || table == nil || !s.toInternet(s.atSubject(network.KindTransitRoute)) {
		return nil
	}
	if slices.ContainsFunc(table.Routes, func(r network.TransitRoute) bool { return staticFor(r, anyIPv4) }) {
		return []Change{ReplaceTransitGatewayRoute{s.Subject, anyIPv4, others[0].ID}}
	}
	return []Change{CreateTransitGatewayRoute{s.Subject, anyIPv4, others[0].ID}}
}
