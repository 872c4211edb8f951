package network_test

import "github.com/canpull/canpull/network"

// regional has a task behind a NAT gateway that spans the VPC's zones.
func regional() *trip {
	t := nat()
	t.NATGateways = append(t.NATGateways, network.NATGateway{ID: "nat-regional", State: "available", Regional: true, RouteTable: "rtb-nat",
		Zones: []string{"eu-west-1a"}, AutoProvision: "disabled"})
	t.RouteTables = append(t.RouteTables, network.RouteTable{ID: "rtb-nat", Subnets: []string{}, Gateways: []string{"nat-regional"},
		Routes: []network.Route{route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1")}})
	t.reroute("rtb-task", "0.0.0.0/0", "nat-regional")
	return t
}

// transit has a task whose VPC leads through a transit gateway to one with a NAT gateway.
func transit() *trip {
	t := &trip{vpc(), task(), hub}
	t.Subnets = append(t.Subnets, network.Subnet{ID: "subnet-transit", AvailabilityZone: "eu-west-1a", CIDR: network.ParseCIDR("10.0.9.0/28"),
		IPv6CIDRs: []network.CIDR{}, DNS64: new(false)})
	t.addRoute("rtb-task", route("0.0.0.0/0", "tgw-1"))
	far := *vpc()
	far.VPC = network.VPC{ID: "vpc-hub", CIDRs: cidrs("10.1.0.0/16"), IPv6CIDRs: []network.CIDR{}, BlockPublicAccess: "off"}
	far.Subnets = []network.Subnet{
		{ID: "hub-transit", AvailabilityZone: "eu-west-1a", CIDR: network.ParseCIDR("10.1.1.0/24"), IPv6CIDRs: []network.CIDR{}},
		{ID: "hub-public", AvailabilityZone: "eu-west-1a", CIDR: network.ParseCIDR("10.1.0.0/24"), IPv6CIDRs: []network.CIDR{}},
	}
	far.RouteTables = []network.RouteTable{
		{ID: "rtb-hub-transit", Subnets: []string{"hub-transit"}, Gateways: []string{}, Routes: []network.Route{route("10.1.0.0/16", "local"), route("0.0.0.0/0", "nat-hub")}},
		{ID: "rtb-hub-public", Subnets: []string{"hub-public"}, Gateways: []string{},
			Routes: []network.Route{route("10.1.0.0/16", "local"), route("0.0.0.0/0", "igw-hub"), route("10.0.0.0/16", "tgw-1")}},
	}
	far.NetworkACLs = append(far.NetworkACLs[:1:1], network.NetworkACL{ID: "acl-hub", Subnets: []string{"hub-transit"}, Entries: far.NetworkACLs[1].Entries})
	far.InternetGateways = []network.InternetGateway{{ID: "igw-hub", VPC: "vpc-hub", State: "available"}}
	far.NATGateways = []network.NATGateway{{ID: "nat-hub", Subnet: "hub-public", State: "available", Zones: []string{}}}
	far.SecurityGroups, far.Interfaces, far.PrefixLists, far.PublicAccessExclusions = nil, nil, nil, nil
	far.EgressOnlyGateways, far.Instances, far.Peerings, far.TransitGateways, far.Neighbours = nil, nil, nil, nil, nil
	t.Neighbours = []network.Topology{far}
	t.TransitGateways = []network.TransitGateway{{ID: "tgw-1",
		Attachments: []network.TransitAttachment{
			{ID: "attach-spoke", Type: "vpc", Resource: "vpc-1", State: "available", RouteTable: "tgw-rtb-spoke", Association: "associated",
				Subnets: []string{"subnet-transit", "subnet-endpoints"}},
			{ID: "attach-hub", Type: "vpc", Resource: "vpc-hub", State: "available", RouteTable: "tgw-rtb-hub", Association: "associated",
				Subnets: []string{"hub-transit"}},
			{ID: "attach-vpn", Type: "vpn", Resource: "vpn-1", State: "available", RouteTable: "tgw-rtb-hub", Association: "associated"},
		},
		RouteTables: []network.TransitRouteTable{
			{ID: "tgw-rtb-spoke", Routes: []network.TransitRoute{transitRoute("0.0.0.0/0", "attach-hub")}},
			{ID: "tgw-rtb-hub", Routes: []network.TransitRoute{{CIDR: network.ParseCIDR("10.0.0.0/16"), Attachments: []string{"attach-spoke"}, Type: "vpc", State: "active", Propagated: true}}},
		}}}
	return t
}

func transitRoute(destination string, attachments ...string) network.TransitRoute {
	return network.TransitRoute{CIDR: network.ParseCIDR(destination), Attachments: attachments, Type: "vpc", State: "active"}
}

var sixHub = network.Destination{Service: "ecr.dkr", Region: "eu-west-1", Host: "111122223333.dkr-ecr.eu-west-1.on.aws"}

// sixOnly has a task in a subnet without IPv4, behind an egress-only internet gateway.
func sixOnly() *trip {
	t := &trip{vpc(), task(), sixHub}
	t.VPC.IPv6CIDRs = cidrs("2600:1f18::/56")
	t.Subnets[0].CIDR, t.Subnets[0].IPv6CIDRs = network.CIDR{}, cidrs("2600:1f18:0:1::/64")
	t.EgressOnlyGateways = []network.InternetGateway{{ID: "eigw-1", VPC: "vpc-1", State: "attached"}}
	t.addRoute("rtb-task", route("2600:1f18::/56", "local"), route("::/0", "eigw-1"))
	six := network.ParseCIDR("::/0")
	for i := range t.SecurityGroups {
		t.SecurityGroups[i].Egress = append(t.SecurityGroups[i].Egress, network.Rule{Protocol: "-1", CIDRs: []network.CIDR{six}})
	}
	for i := range t.NetworkACLs {
		for _, egress := range []bool{false, true} {
			t.NetworkACLs[i].Entries = append(t.NetworkACLs[i].Entries, network.ACLEntry{Number: 101, Egress: egress, Allow: true, Protocol: "-1", CIDR: six})
		}
	}
	return t
}

// translated has such a task reach a host without IPv6 addresses, through DNS64 and a NAT gateway.
func translated() *trip {
	t := sixOnly()
	t.to, t.Subnets[0].DNS64 = ecrAPI, new(true)
	t.NATGateways = append(t.NATGateways, network.NATGateway{ID: "nat-1", Subnet: "subnet-public", State: "available", Zones: []string{}})
	t.addRoute("rtb-task", route("64:ff9b::/96", "nat-1"))
	return t
}
