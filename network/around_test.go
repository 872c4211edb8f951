package network_test

import (
	"slices"
	"testing"

	"github.com/canpull/canpull/network"
)

func TestRegionalNATGateway(t *testing.T) {
	const open, closed, unknown = network.Open, network.Closed, network.Unknown
	zones := func(auto string, zones ...string) func(*trip) {
		return func(t *trip) { t.NATGateways[1].AutoProvision, t.NATGateways[1].Zones = auto, zones }
	}
	check(t, []row{
		{"N10 it needs no subnet", regional, nil, open, "", ""},
		{"N10 every zone is served where AWS manages them", regional, zones("enabled", "eu-west-1c"), open, "", ""},
		{"N10 set by hand, only those that it has addresses in", regional, zones("Disabled", "eu-west-1b", "eu-west-1c"), closed, network.KindNATGateway, network.NATZone},
		{"N10 who manages them may not be shown", regional, zones("", "eu-west-1b"), unknown, network.KindNATGateway, network.NATRegional},
		{"N10 nor the task's zone", regional, func(t *trip) { t.Subnets[0].AvailabilityZone = "" }, unknown, network.KindNATGateway, network.NATRegional},
		{"N10 nor its table", regional, func(t *trip) { t.RouteTables = t.RouteTables[:len(t.RouteTables)-1] }, unknown, network.KindNATGateway, network.NATRegional},
		{"N10 no ACL of a subnet stands around it", regional, func(t *trip) { t.acl("subnet-public") }, open, "", ""},
		{"N10 B4 an exclusion of the VPC counts", regional, func(t *trip) {
			t.VPC.BlockPublicAccess = "block-bidirectional"
			t.PublicAccessExclusions = []network.PublicAccessExclusion{{VPC: "vpc-1", Mode: "allow-egress", State: "create-complete"}}
		}, open, "", ""},
	})
}

func TestPeering(t *testing.T) {
	const closed, unknown = network.Closed, network.Unknown
	peer := func(state string, blocks ...string) func() *trip {
		return func() *trip {
			t := public()
			t.reroute("rtb-task", anywhere, "pcx-1")
			t.Peerings = []network.Peering{{ID: "pcx-1", State: state, VPCs: []network.PeeredVPC{{ID: "vpc-8", CIDRs: cidrs(blocks...)}, {ID: "vpc-1"}}}}
			return t
		}
	}
	check(t, []row{
		{"T1 it does not lead to the peer's gateways", peer("active", "10.8.0.0/16"), nil, closed, network.KindPeering, network.PeeringEdge},
		{"T1 G4 nor to its gateway endpoint", peer("active", "10.8.0.0/16"), func(t *trip) { t.to = layers }, closed, network.KindPeering, network.PeeringEdge},
		{"T1 it leads to the peer's addresses", peer("active", "10.8.0.0/16"), func(t *trip) { t.to.Host = "10.8.1.1" }, unknown, network.KindBeyond, network.Opaque},
		{"T1 in any case of letters", peer("Active", "10.8.0.0/16"), func(t *trip) { t.to.Host = "10.8.1.1" }, unknown, network.KindBeyond, network.Opaque},
		{"T1 it must be active", peer("pending-acceptance", "10.8.0.0/16"), nil, closed, network.KindPeering, network.PeeringState},
		{"T1 one that is being made decides nothing", peer("provisioning"), nil, unknown, network.KindPeering, network.PeeringState},
		{"T1 one whose peer is not shown decides nothing", peer("active"), func(t *trip) { t.Peerings[0].VPCs = nil }, unknown, network.KindBeyond, network.Opaque},
		{"T1 nor does one whose peer has a malformed block", peer("active", "10.8.0.0/16", "10.9.0.0"), nil, unknown, network.KindBeyond, network.Opaque},
		{"T1 one that is not shown decides nothing", peer("active"), func(t *trip) { t.Peerings = []network.Peering{} }, unknown, network.KindBeyond, network.Opaque},
		{"T1 connections that were not read decide nothing", peer("active"), func(t *trip) { t.Peerings = nil }, unknown, network.KindPeering, network.Unread},
		{"S5 a group of the peer may admit what a reference names", peer("active", "10.8.0.0/16"), func(t *trip) {
			t.to.Host = "10.8.1.1"
			t.group("sg-task").Egress = []network.Rule{https(network.Rule{Groups: []string{"sg-peer"}})}
		}, unknown, network.KindSecurityGroup, network.GroupsUnknown},
		{"S4 S5 and one of the task's own VPC, for an address in it", public, func(t *trip) {
			t.to.Host = "10.0.2.53"
			t.group("sg-task").Egress = []network.Rule{https(network.Rule{Groups: []string{"sg-dns"}})}
		}, unknown, network.KindSecurityGroup, network.GroupsUnknown},
	})
}

func TestAppliance(t *testing.T) {
	const unknown = network.Unknown
	instance := func() *trip {
		t := public()
		natInstance(t, false, "running")
		return t
	}
	check(t, []row{
		{"R11 what its software does is unknown", instance, nil, unknown, network.KindBeyond, network.Opaque},
		{"R11 so it is for a route by the instance", instance, func(t *trip) { t.reroute("rtb-task", anywhere, "i-nat") }, unknown, network.KindBeyond, network.Opaque},
		{"R11 interfaces that were not read decide nothing", instance, func(t *trip) { t.Interfaces = nil }, unknown, network.KindAppliance, network.Unread},
		{"R11 a stopped instance stops a route by its ID", instance, func(t *trip) {
			t.reroute("rtb-task", anywhere, "i-nat")
			t.Instances[0].State = "Terminated"
		}, network.Closed, network.KindAppliance, network.InstanceState},
		{"T4 behind a firewall's endpoint the walk goes on, and is unknown", public, func(t *trip) {
			firewalled(t, "vpce-fw")
			t.addRoute("rtb-main", route(anywhere, "igw-1"))
		}, unknown, network.KindBeyond, network.Opaque},
		{"T4 I2 what is closed behind it is closed", public, func(t *trip) {
			firewalled(t, "vpce-fw")
			t.addRoute("rtb-main", route(anywhere, "igw-1"))
			t.from.PublicIP = new(false)
		}, network.Closed, network.KindPublicIP, network.NoPublicIP},
		{"B5 so it is where public access is blocked", public, func(t *trip) {
			firewalled(t, "vpce-fw")
			t.addRoute("rtb-main", route(anywhere, "igw-1"))
			t.VPC.BlockPublicAccess = "block-bidirectional"
		}, network.Closed, network.KindInternetGateway, network.PublicAccessBlocked},
		{"T4 an endpoint that failed carries nothing", public, func(t *trip) {
			firewalled(t, "vpce-fw")
			t.VPCEndpoints[0].State = "Failed"
		}, network.Closed, network.KindVPCEndpoint, network.EndpointState},
	})
}

func TestTransitGateway(t *testing.T) {
	const open, closed, unknown = network.Open, network.Closed, network.Unknown
	check(t, []row{
		{"T2 into the far VPC and back", transit, nil, open, "", ""},
		{"T2 longest prefix: a more specific blackhole takes the host", transit, func(t *trip) {
			t.to = network.Destination{Host: "198.51.100.7"}
			g := &t.TransitGateways[0].RouteTables[0]
			g.Routes = append(g.Routes, network.TransitRoute{CIDR: network.ParseCIDR("198.51.100.0/24"), Attachments: []string{}, State: "blackhole"})
		}, closed, network.KindTransitRoute, network.Blackhole},
		{"T2 static before propagated", transit, gateway(func(g *network.TransitGateway) {
			g.RouteTables[0].Routes = append(g.RouteTables[0].Routes, network.TransitRoute{CIDR: network.ParseCIDR(anywhere), Attachments: []string{"attach-vpn"}, Type: "vpn", State: "active", Propagated: true})
		}), open, "", ""},
		{"T2 a VPC's propagated route before a VPN's", transit, gateway(func(g *network.TransitGateway) {
			g.RouteTables[1].Routes = append(g.RouteTables[1].Routes, network.TransitRoute{CIDR: network.ParseCIDR("10.0.0.0/16"), Attachments: []string{"attach-vpn"}, Type: "vpn", State: "active", Propagated: true})
		}), open, "", ""},
		{"T2 by a prefix list", transit, func(t *trip) {
			t.to = network.Destination{Host: "198.51.100.7"}
			t.TransitGateways[0].RouteTables[0].Routes = []network.TransitRoute{{PrefixList: "pl-own", Attachments: []string{"attach-hub"}, Type: "vpc", State: "active"}}
		}, open, "", ""},
		{"T2 beyond a VPN's attachment nothing is decided", transit, gateway(func(g *network.TransitGateway) { g.RouteTables[0].Routes[0].Attachments = []string{"attach-vpn"} }), unknown, network.KindBeyond, network.Opaque},
		{"T2 nor beyond one that is not shown", transit, gateway(func(g *network.TransitGateway) { g.RouteTables[0].Routes[0].Attachments = []string{"attach-peering"} }), unknown, network.KindBeyond, network.Opaque},
		{"T2 a policy table decides nothing", transit, gateway(func(g *network.TransitGateway) { g.Attachments[0].PolicyTable = "tgw-ptb-1" }), unknown, network.KindTransitRoute, network.RouteUnclear},
		{"T2 nor a table that another account keeps", transit, gateway(func(g *network.TransitGateway) { g.RouteTables = []network.TransitRouteTable{} }), unknown, network.KindTransitRoute, network.Unread},
		{"T2 nor an association that it does not show", transit, gateway(func(g *network.TransitGateway) {
			g.Attachments[0].RouteTable, g.Attachments[0].Foreign = "", true
		}), unknown, network.KindTransitRoute, network.TransitAbsent},
		{"T2 an association on its way decides nothing", transit, gateway(func(g *network.TransitGateway) { g.Attachments[0].Association = "associating" }), unknown, network.KindTransitRoute, network.TransitState},
		{"T2 an attachment that is being modified decides nothing", transit, gateway(func(g *network.TransitGateway) { g.Attachments[0].State = "modifying" }), unknown, network.KindTransitGateway, network.TransitState},
		{"T2 nor one that is not shown", transit, gateway(func(g *network.TransitGateway) { g.Attachments = g.Attachments[1:] }), unknown, network.KindTransitGateway, network.TransitAbsent},
		{"T2 nor a far VPC that is not shown", transit, func(t *trip) { t.Neighbours = []network.Topology{} }, unknown, network.KindTransitGateway, network.TransitAbsent},
		{"T2 in another zone traffic enters by any subnet", transit, func(t *trip) {
			n := &t.Neighbours[0]
			for i := range n.Subnets {
				n.Subnets[i].AvailabilityZone = "eu-west-1b"
			}
		}, open, "", ""},
		{"T2 in appliance mode the zone does not tell which", transit, func(t *trip) {
			t.TransitGateways[0].Attachments[1].ApplianceMode = true
			t.TransitGateways[0].Attachments[1].Subnets = []string{"hub-transit", "hub-other"}
			n := &t.Neighbours[0]
			n.Subnets = append(n.Subnets, network.Subnet{ID: "hub-other", AvailabilityZone: "eu-west-1b", CIDR: network.ParseCIDR("10.1.2.0/24")})
			n.RouteTables = append(n.RouteTables, network.RouteTable{ID: "rtb-other", Subnets: []string{"hub-other"}, Gateways: []string{}, Routes: []network.Route{}})
		}, unknown, network.KindRoute, network.NoRoute},
		{"T2 behind a firewall there nothing is decided", transit, func(t *trip) {
			n := &t.Neighbours[0]
			retarget(&n.RouteTables[0], "nat-hub", "vpce-fw")
			n.VPCEndpoints = []network.VPCEndpoint{{ID: "vpce-fw", Type: "GatewayLoadBalancer", State: "available", Subnets: []string{"hub-public"}}}
		}, unknown, network.KindBeyond, network.Opaque},
		{"N6 N10 a regional NAT gateway there", transit, func(t *trip) {
			n := &t.Neighbours[0]
			n.NATGateways[0] = network.NATGateway{ID: "nat-hub", State: "available", Regional: true, RouteTable: "rtb-hub-public", Zones: []string{"eu-west-1a"}, AutoProvision: "enabled"}
		}, open, "", ""},
		{"G1 S3 by a gateway endpoint of the NAT gateway's subnet", transit, func(t *trip) {
			t.to = layers
			n := &t.Neighbours[0]
			n.VPCEndpoints = []network.VPCEndpoint{{ID: "vpce-hub", Type: "Gateway", Service: "com.amazonaws.eu-west-1.s3", State: "available"}}
			n.RouteTables[1].Routes = append(n.RouteTables[1].Routes, route("pl-s3", "vpce-hub"))
		}, open, "", ""},
		{"A9 with the attachment in the task's own subnet answers are not judged", transit, func(t *trip) {
			t.TransitGateways[0].Attachments[0].Subnets = []string{"subnet-task"}
			t.acl("subnet-task", entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", "10.0.1.0/24", 443, 443))
		}, open, "", ""},
		{"A9 but requests are, both ways", transit, func(t *trip) {
			t.TransitGateways[0].Attachments[0].Subnets = []string{"subnet-task"}
			t.acl("subnet-task", entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", anywhere, 1024, 65535))
		}, closed, network.KindNetworkACL, network.Denied},
		{"A9 in several subnets it depends on the zone", transit, func(t *trip) {
			t.TransitGateways[0].Attachments[0].Subnets = []string{"subnet-task", "subnet-endpoints"}
			t.acl("subnet-task", entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", "10.0.1.0/24", 443, 443))
		}, unknown, network.KindNetworkACL, network.TransitAbsent},
	})
}

// EC2 shows an attachment that was deleted for a while, beside the one that was made in its place.
func TestT2AnAttachmentThatIsGoneDoesNotStandForTheOneThatIsThere(t *testing.T) {
	trip := transit()
	g := &trip.TransitGateways[0]
	for _, state := range []string{"deleted", "failed", "rejected"} {
		for _, vpc := range []string{"vpc-1", "vpc-hub"} {
			g.Attachments = slices.Insert(g.Attachments, 0, network.TransitAttachment{ID: "attach-" + state, Type: "vpc", Resource: vpc, State: state})
		}
		if p := trip.path(); p.Status() != network.Open {
			t.Errorf("beside one that is %s the path is %s\n%s", state, p.Status(), show(p))
		}
	}
}

func TestIPv6(t *testing.T) {
	const open, closed, unknown = network.Open, network.Closed, network.Unknown
	dual := func() *trip {
		t := sixOnly()
		t.Subnets[0].CIDR = network.ParseCIDR("10.0.1.0/24")
		return t
	}
	check(t, []row{
		{"I4 a public address needs no translation", sixOnly, func(t *trip) { t.reroute("rtb-task", "::/0", "igw-1") }, open, "", ""},
		{"I4 addresses that are not advertised do not reach the internet", sixOnly, func(t *trip) { t.Subnets[0].IPv6AddressAttribute = "private" },
			closed, network.KindPublicIP, network.PrivateIPv6},
		{"I4 nor by an internet gateway", sixOnly, func(t *trip) {
			t.reroute("rtb-task", "::/0", "igw-1")
			t.Subnets[0].IPv6AddressAttribute = "private"
		}, closed, network.KindPublicIP, network.PrivateIPv6},
		{"I4 those that are do", sixOnly, func(t *trip) { t.Subnets[0].IPv6AddressAttribute = "public" }, open, "", ""},
		{"I4 an egress-only gateway takes IPv6 only", public, func(t *trip) { t.reroute("rtb-task", anywhere, "eigw-1") }, unknown, network.KindBeyond, network.Opaque},
		{"B3 I4 it is not hit by blocking of ingress", sixOnly, func(t *trip) { t.VPC.BlockPublicAccess = "block-ingress" }, open, "", ""},
		{"I4 B3 an internet gateway is", sixOnly, func(t *trip) {
			t.reroute("rtb-task", "::/0", "igw-1")
			t.VPC.BlockPublicAccess = "block-ingress"
		}, closed, network.KindInternetGateway, network.PublicAccessBlocked},
		{"I4 gateways that were not read decide nothing", sixOnly, func(t *trip) { t.EgressOnlyGateways = nil }, unknown, network.KindInternetGateway, network.Unread},
		{"I4 an IPv6 address is decided", sixOnly, func(t *trip) { t.to = network.Destination{Host: "2606:4700::1"} }, open, "", ""},
		{"I5 an IPv4 address is not", sixOnly, func(t *trip) { t.to = network.Destination{Host: "198.51.100.7"} }, unknown, network.KindBeyond, network.Opaque},
		{"I5 DNS64 and a NAT gateway reach IPv4 hosts", translated, nil, open, "", ""},
		{"I5 whether DNS64 is on may not have been read", translated, func(t *trip) { t.Subnets[0].DNS64 = nil }, unknown, network.KindName, network.Unread},
		{"I5 N5 the NAT gateway's subnet lets IPv6 answers out", translated, closing("subnet-public", deny(1, "out", 1024, 65535, "::/0")), closed, network.KindNetworkACL, network.Denied},
		{"I5 a host of which families are not known, both ways open", translated, func(t *trip) { t.to = hub }, open, "", ""},
		{"I5 one of them closed", translated, func(t *trip) {
			t.to = hub
			t.EgressOnlyGateways[0].State = "detached"
		}, unknown, network.KindInternetGateway, network.GatewayDetached},
		{"I5 without DNS64 it is not known whether it has an address", sixOnly, func(t *trip) { t.to = hub }, unknown, network.KindName, network.IPv4Host},
		{"I5 without any way out it is closed", sixOnly, func(t *trip) {
			t.to = hub
			t.EgressOnlyGateways[0].State = "detached"
		}, closed, network.KindInternetGateway, network.GatewayDetached},
		{"I5 E-rules: guides disagree on endpoints", sixOnly, func(t *trip) {
			e := privateLink()
			t.to, t.VPCEndpoints, t.Interfaces = ecrAPI, e.VPCEndpoints, e.Interfaces
		}, unknown, network.KindVPCEndpoint, network.EndpointFamily},
		{"I5 G7 a gateway endpoint may make IPv6 addresses of an IPv4 host", sixOnly, func(t *trip) {
			t.to, t.VPCEndpoints = layers, gatewayEndpoint().VPCEndpoints
			records("dualstack")(t)
		}, unknown, network.KindVPCEndpoint, network.EndpointFamily},
		{"I5 G7 by default it does not", sixOnly, func(t *trip) {
			t.to, t.VPCEndpoints = layers, gatewayEndpoint().VPCEndpoints
			records("service-defined")(t)
		}, closed, network.KindName, network.IPv4Host},
		{"I5 D4 whether a custom server makes addresses is not known", sixOnly, func(t *trip) {
			t.to, t.VPC.NameServers = ecrAPI, []string{"fd00:10::53"}
		}, unknown, network.KindName, network.CustomResolver},
		{"2.6 a dual-stack subnet needs IPv4 for an IPv4 host", dual, func(t *trip) { t.to = ecrAPI }, closed, network.KindRoute, network.NoRoute},
		{"2.6 a dual-stack host may be reached over IPv6", dual, nil, unknown, network.KindRoute, network.NoRoute},
		{"2.6 or not, where that is closed too", dual, func(t *trip) { t.EgressOnlyGateways[0].State = "detached" }, closed, network.KindRoute, network.NoRoute},
		{"2.6 with IPv4 it is open", dual, func(t *trip) {
			t.addRoute("rtb-task", route(anywhere, "igw-1"))
			t.from.PublicIP = new(true)
		}, open, "", ""},
		{"A2 an entry that cannot be read decides nothing", public, func(t *trip) {
			e := entry(1, "out", "deny", anywhere, 0, 65535)
			e.CIDR = network.ParseCIDR("nonsense")
			t.NetworkACLs[1].Entries = append(t.NetworkACLs[1].Entries, e)
		}, unknown, network.KindNetworkACL, network.Unread},
	})
}
