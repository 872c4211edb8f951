package checks

import (
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
)

// turnOn sets an attribute of the VPC to true.
func turnOn(attribute VPCAttribute) func(*scene) []Change {
	return func(s *scene) []Change {
		if s.topology.VPC.ID == "" {
			return nil
		}
		return []Change{ModifyVPCAttribute{s.topology.VPC.ID, attribute}}
	}
}

// amazonDNS gives the VPC a DHCP option set with the Amazon resolver.
func amazonDNS(s *scene) []Change {
	if s.topology.VPC.ID == "" {
		return nil
	}
	servers := []string{"AmazonProvidedDNS"}
	return []Change{CreateDHCPOptions{servers}, AssociateDHCPOptions{newDHCPOptions, servers, s.topology.VPC.ID}}
}

// translateNames turns on DNS64 in the finding's subnets, and leads the addresses that it makes to a NAT gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html
func translateNames(s *scene) []Change {
	const nat64 = "64:ff9b::/96"
	var changes []Change
	for _, id := range s.Scope {
		changes = append(changes, ModifySubnetAttribute{Subnet: id, DNS64: true})
	}
	var subnets []string
	for _, id := range s.Scope {
		table := s.topology.RouteTable(id)
		if table == nil {
			return nil
		}
		if r := routeFor(table, nat64); r == nil || natGatewayIn(s.topology, r.Target) == nil {
			subnets = append(subnets, id)
		}
	}
	if len(subnets) == 0 {
		return changes
	}
	lead := s.toNAT(nat64, subnets)
	if lead == nil {
		return nil
	}
	return append(changes, lead...)
}

// nameDualStack names registries of ECR by their hosts that have IPv6 addresses.
func nameDualStack(r Repair) []Change {
	return r.rename(func(_ Container, ref registry.Reference) bool { return ref.ECR != nil && !ref.ECR.DualStack },
		func(ref registry.Reference) registry.Reference {
			return otherHost(ref, func(e *registry.ECR) { e.DualStack = true })
		})
}

// openDNS opens what closes the way to the VPC's own name servers.
func openDNS(s *scene) []Change {
	hops := s.met(func(_ way, h network.Hop) bool { return h.DNS && h.Status == network.Closed })
	if len(hops) == 0 {
		return nil
	}
	first := hops[0].hop
	about := &scene{Finding{Subject: first.Subject, Scope: s.Scope}, s.survey}
	switch first.Kind {
	case network.KindSecurityGroup:
		return letDNSOut(about)
	case network.KindNetworkACL:
		return allowDNS(about)
	}
	return nil // what lies between is not the VPC's to open
}
