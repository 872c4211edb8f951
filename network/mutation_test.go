package network_test

import (
	"testing"

	"github.com/canpull/canpull/network"
)

// mutation is a single fault of a healthy trip. A path with it has exactly one block, which names it.
type mutation struct {
	rule   string
	in     func() *trip
	change func(*trip)
	at     network.Kind
	reason network.Reason
	id     string // the block's subject
}

func deny(number int32, direction string, from, to uint16, cidr string) network.ACLEntry {
	return entry(number, direction, "deny", cidr, from, to)
}

// closing puts an entry before all others of a subnet's ACL.
func closing(subnet string, e network.ACLEntry) func(*trip) {
	return func(t *trip) {
		all := []network.ACLEntry{e}
		for _, egress := range []bool{false, true} {
			for _, block := range []string{anywhere, "::/0"} {
				all = append(all, network.ACLEntry{Number: 100, Egress: egress, Allow: true, Protocol: "-1", CIDR: network.ParseCIDR(block)})
			}
		}
		t.acl(subnet, all...)
	}
}

// closingFar does so in the VPC behind the transit gateway.
func closingFar(subnet string, e network.ACLEntry) func(*trip) {
	return func(t *trip) {
		far := trip{&t.Neighbours[0], t.from, t.to}
		closing(subnet, e)(&far)
	}
}

func far(change func(*network.Topology)) func(*trip) {
	return func(t *trip) { change(&t.Neighbours[0]) }
}

func gateway(change func(*network.TransitGateway)) func(*trip) {
	return func(t *trip) { change(&t.TransitGateways[0]) }
}

func retarget(table *network.RouteTable, from, to string) {
	for i := range table.Routes {
		if table.Routes[i].Target == from {
			table.Routes[i].Target = to
		}
	}
}

func blackhole(table *network.RouteTable, target string) {
	for i := range table.Routes {
		if table.Routes[i].Target == target {
			table.Routes[i].State = "blackhole"
		}
	}
}

var mutations = []mutation{
	// A public subnet.
	{"D2 the resolver is off", public, func(t *trip) { t.VPC.DNSSupport = new(false) }, network.KindName, network.DNSSupportOff, "dopt-1"},
	{"S2 no egress rule", public, func(t *trip) { t.group("sg-task").Egress = []network.Rule{} }, network.KindSecurityGroup, network.NoRule, "sg-task"},
	{"S3 egress on another port", public, func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{{Protocol: "tcp", Ports: network.Ports{From: 80, To: 80}, CIDRs: cidrs(anywhere)}}
	}, network.KindSecurityGroup, network.NoRule, "sg-task"},
	{"S4 egress to a group only", public, func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{Groups: []string{"sg-endpoint"}})}
	},
		network.KindSecurityGroup, network.NoRule, "sg-task"},
	{"S6 egress to Amazon S3 only", public, func(t *trip) {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{PrefixLists: []string{"pl-s3"}})}
	},
		network.KindSecurityGroup, network.NoRule, "sg-task"},
	{"A4 requests denied", public, closing("subnet-task", deny(1, "out", 443, 443, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-task"},
	{"A5 answers denied", public, closing("subnet-task", deny(1, "in", 1024, 65535, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-task"},
	{"R8 no default route", public, func(t *trip) { t.table("rtb-task").Routes = t.table("rtb-task").Routes[:1] }, network.KindRoute, network.NoRoute, "rtb-task"},
	{"R1 the main table in effect", public, func(t *trip) { t.table("rtb-task").Subnets = []string{} }, network.KindRoute, network.NoRoute, "rtb-main"},
	{"R7 a blackhole", public, func(t *trip) { blackhole(t.table("rtb-task"), "igw-1") }, network.KindRoute, network.Blackhole, "rtb-task"},
	{"I1 the gateway is gone", public, func(t *trip) { t.InternetGateways = []network.InternetGateway{} }, network.KindInternetGateway, network.GatewayDetached, "igw-1"},
	{"I1 the gateway is another VPC's", public, func(t *trip) { t.InternetGateways[0].VPC = "vpc-2" }, network.KindInternetGateway, network.GatewayDetached, "igw-1"},
	{"I1 the gateway is being detached", public, func(t *trip) { t.InternetGateways[0].State = "detaching" }, network.KindInternetGateway, network.GatewayDetached, "igw-1"},
	{"I2 no public address", public, func(t *trip) { t.from.PublicIP = new(false) }, network.KindPublicIP, network.NoPublicIP, "subnet-task"},
	{"I3 a private destination", public, func(t *trip) { t.to.Host = "192.168.1.1" }, network.KindRoute, network.PrivateAddress, "igw-1"},
	{"B2 blocked", public, func(t *trip) { t.Subnets[0].BlockPublicAccess = "block-bidirectional" }, network.KindInternetGateway, network.PublicAccessBlocked, "igw-1"},
	{"B3 ingress blocked", public, func(t *trip) { t.Subnets[0].BlockPublicAccess = "block-ingress" }, network.KindInternetGateway, network.PublicAccessBlocked, "igw-1"},
	{"T1 a peering connection for a default route", public, func(t *trip) {
		t.reroute("rtb-task", anywhere, "pcx-1")
		t.Peerings = []network.Peering{{ID: "pcx-1", State: "active", VPCs: []network.PeeredVPC{{ID: "vpc-1"}, {ID: "vpc-8", CIDRs: cidrs("10.8.0.0/16")}}}}
	}, network.KindPeering, network.PeeringEdge, "pcx-1"},
	{"T1 a peering connection that was deleted", public, func(t *trip) {
		t.reroute("rtb-task", anywhere, "pcx-1")
		t.Peerings = []network.Peering{{ID: "pcx-1", State: "deleted"}}
	}, network.KindPeering, network.PeeringState, "pcx-1"},
	{"R11 a NAT instance that checks destinations", public, func(t *trip) { natInstance(t, true, "running") }, network.KindAppliance, network.SourceDestChecked, "eni-nat"},
	{"R11 a NAT instance that is stopped", public, func(t *trip) { natInstance(t, false, "stopped") }, network.KindAppliance, network.InstanceState, "i-nat"},
	{"R11 a NAT instance whose group is shut", public, func(t *trip) {
		natInstance(t, false, "running")
		t.group("sg-default").Ingress = []network.Rule{}
	}, network.KindSecurityGroup, network.NoRule, "sg-default"},
	{"T4 a firewall whose subnet leads nowhere", public, func(t *trip) { firewalled(t, "vpce-fw") }, network.KindRoute, network.NoRoute, "rtb-main"},

	// A NAT gateway.
	{"N1 the NAT gateway failed", nat, func(t *trip) { t.NATGateways[0].State = "failed" }, network.KindNATGateway, network.NATState, "nat-1"},
	{"N1 the NAT gateway was deleted", nat, func(t *trip) { t.NATGateways[0].State = "deleted" }, network.KindNATGateway, network.NATState, "nat-1"},
	{"N2 its subnet leads nowhere", nat, func(t *trip) { t.table("rtb-public").Routes = t.table("rtb-public").Routes[:1] }, network.KindRoute, network.NATNoInternet, "rtb-public"},
	{"N2 its subnet has a blackhole", nat, func(t *trip) { blackhole(t.table("rtb-public"), "igw-1") }, network.KindRoute, network.Blackhole, "rtb-public"},
	{"N2 its gateway is detached", nat, func(t *trip) { t.InternetGateways[0].State = "detached" }, network.KindInternetGateway, network.GatewayDetached, "igw-1"},
	{"N2 a loop", nat, func(t *trip) { retarget(t.table("rtb-public"), "igw-1", "nat-1") }, network.KindRoute, network.NATLoop, "rtb-public"},
	{"N3 the task is in its subnet", nat, func(t *trip) { t.NATGateways[0].Subnet = "subnet-task" }, network.KindRoute, network.NATLoop, "rtb-task"},
	{"N5 requests into its subnet denied", nat, closing("subnet-public", deny(1, "in", 443, 443, "10.0.1.0/24")), network.KindNetworkACL, network.Denied, "acl-subnet-public"},
	{"N5 requests out of its subnet denied", nat, closing("subnet-public", deny(1, "out", 443, 443, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-public"},
	{"N5 answers into its subnet denied", nat, closing("subnet-public", deny(1, "in", 1024, 65535, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-public"},
	{"N5 answers out of its subnet denied", nat, closing("subnet-public", deny(1, "out", 1024, 65535, "10.0.1.0/24")), network.KindNetworkACL, network.Denied, "acl-subnet-public"},
	{"N9 it is private", nat, func(t *trip) { t.NATGateways[0].Private = true }, network.KindNATGateway, network.NATPrivate, "nat-1"},
	{"R7 its answers are dropped", nat, func(t *trip) {
		t.addRoute("rtb-public", network.Route{CIDR: network.ParseCIDR("10.0.1.0/24"), Target: "eni-gone", State: "blackhole"})
	}, network.KindRoute, network.Blackhole, "rtb-public"},
	{"B2 its gateway is blocked", nat, func(t *trip) { t.Subnets[1].BlockPublicAccess = "block-bidirectional" }, network.KindInternetGateway, network.PublicAccessBlocked, "igw-1"},
	{"T1 its subnet leads to a peer", nat, func(t *trip) {
		retarget(t.table("rtb-public"), "igw-1", "pcx-1")
		t.Peerings = []network.Peering{{ID: "pcx-1", State: "active", VPCs: []network.PeeredVPC{{ID: "vpc-1"}, {ID: "vpc-8", CIDRs: cidrs("10.8.0.0/16")}}}}
	}, network.KindPeering, network.PeeringEdge, "pcx-1"},

	// A regional NAT gateway.
	{"N10 it does not serve the zone", regional, func(t *trip) { t.NATGateways[1].Zones = []string{"eu-west-1c"} }, network.KindNATGateway, network.NATZone, "nat-regional"},
	{"N10 it is being deleted", regional, func(t *trip) { t.NATGateways[1].State = "deleting" }, network.KindNATGateway, network.NATState, "nat-regional"},
	{"N10 its own table leads nowhere", regional, func(t *trip) { t.table("rtb-nat").Routes = t.table("rtb-nat").Routes[:1] }, network.KindRoute, network.NATNoInternet, "rtb-nat"},
	{"N10 its own table has a blackhole", regional, func(t *trip) { blackhole(t.table("rtb-nat"), "igw-1") }, network.KindRoute, network.Blackhole, "rtb-nat"},
	{"N10 its gateway is gone", regional, func(t *trip) { t.InternetGateways = []network.InternetGateway{} }, network.KindInternetGateway, network.GatewayDetached, "igw-1"},
	{"B2 N10 its gateway is blocked", regional, func(t *trip) { t.VPC.BlockPublicAccess = "block-bidirectional" }, network.KindInternetGateway, network.PublicAccessBlocked, "igw-1"},

	// Endpoints.
	{"E4 the endpoint's group is shut", privateLink, func(t *trip) { t.group("sg-endpoint").Ingress = []network.Rule{} }, network.KindSecurityGroup, network.NoRule, "sg-endpoint"},
	{"E4 its group admits another", privateLink, func(t *trip) { t.group("sg-endpoint").Ingress[0].Groups = []string{"sg-default"} }, network.KindSecurityGroup, network.NoRule, "sg-endpoint"},
	{"E6 requests into its subnet denied", privateLink, closing("subnet-endpoints", deny(1, "in", 443, 443, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-endpoints"},
	{"E6 answers out of its subnet denied", privateLink, closing("subnet-endpoints", deny(1, "out", 1024, 65535, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-endpoints"},
	{"E6 requests out of the task's subnet denied", privateLink, closing("subnet-task", deny(1, "out", 443, 443, "10.0.2.0/24")), network.KindNetworkACL, network.Denied, "acl-subnet-task"},
	{"E2 private DNS is off", privateLink, func(t *trip) { t.VPCEndpoints[0].PrivateDNS = new(false) }, network.KindRoute, network.NoRoute, "rtb-task"},
	{"E2 enableDnsHostnames is off", privateLink, func(t *trip) { t.VPC.DNSHostnames = new(false) }, network.KindRoute, network.NoRoute, "rtb-task"},
	{"R7 the way to it is a blackhole", privateLink, func(t *trip) {
		t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("10.0.2.0/24"), Target: "eni-gone", State: "blackhole"})
	}, network.KindRoute, network.Blackhole, "rtb-task"},
	{"G1 the gateway endpoint is deleted", gatewayEndpoint, func(t *trip) { t.VPCEndpoints[0].State = "deleted" }, network.KindVPCEndpoint, network.EndpointState, "vpce-s3"},
	{"G1 the table has no route to it", gatewayEndpoint, func(t *trip) { t.table("rtb-task").Routes = t.table("rtb-task").Routes[:1] }, network.KindRoute, network.NoRoute, "rtb-task"},
	{"G2 the bucket is in another region", gatewayEndpoint, func(t *trip) { t.to.Region = "us-east-1" }, network.KindRoute, network.NoRoute, "rtb-task"},

	// A transit gateway.
	{"T2 the task's attachment is not accepted", transit, gateway(func(g *network.TransitGateway) { g.Attachments[0].State = "pendingAcceptance" }), network.KindTransitGateway, network.TransitState, "attach-spoke"},
	{"T2 the far attachment is being deleted", transit, gateway(func(g *network.TransitGateway) { g.Attachments[1].State = "deleting" }), network.KindTransitGateway, network.TransitState, "attach-hub"},
	{"T2 no attachment subnet in the task's zone", transit, gateway(func(g *network.TransitGateway) { g.Attachments[0].Subnets = []string{"subnet-endpoints"} }), network.KindTransitGateway, network.TransitZone, "attach-spoke"},
	{"T2 no attachment subnet in the NAT gateway's zone", transit, far(func(t *network.Topology) { t.Subnets[1].AvailabilityZone = "eu-west-1b" }), network.KindTransitGateway, network.TransitZone, "attach-hub"},
	{"T2 the task's attachment has no table", transit, gateway(func(g *network.TransitGateway) { g.Attachments[0].RouteTable, g.Attachments[0].Association = "", "" }), network.KindTransitRoute, network.TransitUnassociated, "attach-spoke"},
	{"T2 the gateway has no route", transit, gateway(func(g *network.TransitGateway) { g.RouteTables[0].Routes = []network.TransitRoute{} }), network.KindTransitRoute, network.NoRoute, "tgw-rtb-spoke"},
	{"T2 the gateway has a blackhole", transit, gateway(func(g *network.TransitGateway) {
		g.RouteTables[0].Routes[0].State, g.RouteTables[0].Routes[0].Attachments = "blackhole", []string{}
	}), network.KindTransitRoute, network.Blackhole, "tgw-rtb-spoke"},
	{"T2 the gateway has no route back", transit, gateway(func(g *network.TransitGateway) { g.RouteTables[1].Routes = []network.TransitRoute{} }), network.KindTransitRoute, network.NoReturnRoute, "tgw-rtb-hub"},
	{"T2 the gateway drops answers", transit, gateway(func(g *network.TransitGateway) { g.RouteTables[1].Routes[0].State = "blackhole" }), network.KindTransitRoute, network.Blackhole, "tgw-rtb-hub"},
	{"T2 the far VPC leads nowhere", transit, far(func(t *network.Topology) { t.RouteTables[0].Routes = t.RouteTables[0].Routes[:1] }), network.KindRoute, network.NoRoute, "rtb-hub-transit"},
	{"T2 I2 the far VPC leads straight to its gateway", transit, far(func(t *network.Topology) { retarget(&t.RouteTables[0], "nat-hub", "igw-hub") }), network.KindInternetGateway, network.NotTranslated, "igw-hub"},
	{"T2 N1 the far NAT gateway is gone", transit, far(func(t *network.Topology) { t.NATGateways[0].State = "deleted" }), network.KindNATGateway, network.NATState, "nat-hub"},
	{"T2 N2 the far NAT gateway's subnet leads nowhere", transit, far(func(t *network.Topology) {
		t.RouteTables[1].Routes = append(t.RouteTables[1].Routes[:1:1], t.RouteTables[1].Routes[2])
	}), network.KindRoute, network.NATNoInternet, "rtb-hub-public"},
	{"T2 I1 the far gateway is detached", transit, far(func(t *network.Topology) { t.InternetGateways = []network.InternetGateway{} }), network.KindInternetGateway, network.GatewayDetached, "igw-hub"},
	{"T2 N7 the far NAT gateway's subnet has no route back", transit, far(func(t *network.Topology) { t.RouteTables[1].Routes = t.RouteTables[1].Routes[:2] }), network.KindRoute, network.NoReturnRoute, "rtb-hub-public"},
	{"T2 B2 the far gateway is blocked", transit, far(func(t *network.Topology) { t.VPC.BlockPublicAccess = "block-bidirectional" }), network.KindInternetGateway, network.PublicAccessBlocked, "igw-hub"},
	{"A9 requests into the attachment's subnet denied", transit, closing("subnet-transit", deny(1, "in", 443, 443, "10.0.1.0/24")), network.KindNetworkACL, network.Denied, "acl-subnet-transit"},
	{"A9 answers out of the attachment's subnet denied", transit, closing("subnet-transit", deny(1, "out", 1024, 65535, "10.0.1.0/24")), network.KindNetworkACL, network.Denied, "acl-subnet-transit"},
	{"A9 requests out of the far attachment's subnet denied", transit, closingFar("hub-transit", deny(1, "out", 443, 443, anywhere)), network.KindNetworkACL, network.Denied, "acl-hub-transit"},
	{"A9 answers into the far attachment's subnet denied", transit, closingFar("hub-transit", deny(1, "in", 1024, 65535, anywhere)), network.KindNetworkACL, network.Denied, "acl-hub-transit"},
	{"A9 N5 requests into the far NAT gateway's subnet denied", transit, closingFar("hub-public", deny(1, "in", 443, 443, "10.0.1.0/24")), network.KindNetworkACL, network.Denied, "acl-hub-public"},
	{"G4 the far VPC's gateway endpoint", transit, func(t *trip) {
		t.to = layers
		n := &t.Neighbours[0]
		n.VPCEndpoints = []network.VPCEndpoint{{ID: "vpce-hub", Type: "Gateway", Service: "com.amazonaws.eu-west-1.s3", State: "available"}}
		n.RouteTables[0].Routes = append(n.RouteTables[0].Routes, route("pl-s3", "vpce-hub"))
	}, network.KindVPCEndpoint, network.EndpointForeign, "vpce-hub"},

	// IPv6.
	{"I4 no IPv6 route", sixOnly, func(t *trip) { t.table("rtb-task").Routes = t.table("rtb-task").Routes[:2] }, network.KindRoute, network.NoRoute, "rtb-task"},
	{"I4 the egress-only gateway is gone", sixOnly, func(t *trip) { t.EgressOnlyGateways = []network.InternetGateway{} }, network.KindInternetGateway, network.GatewayDetached, "eigw-1"},
	{"I4 the addresses are private", sixOnly, func(t *trip) { t.Subnets[0].IPv6CIDRs = cidrs("fd00:1::/64") }, network.KindPublicIP, network.PrivateIPv6, "subnet-task"},
	{"I4 no IPv6 egress rule", sixOnly, func(t *trip) { t.group("sg-task").Egress = t.group("sg-task").Egress[:1] }, network.KindSecurityGroup, network.NoRule, "sg-task"},
	{"I4 IPv6 answers denied", sixOnly, closing("subnet-task", deny(1, "in", 0, 65535, "::/0")), network.KindNetworkACL, network.Denied, "acl-subnet-task"},
	{"I4 A2 IPv6 requests denied", sixOnly, closing("subnet-task", deny(1, "out", 443, 443, "::/0")), network.KindNetworkACL, network.Denied, "acl-subnet-task"},
	{"B2 I4 the egress-only gateway is blocked", sixOnly, func(t *trip) { t.Subnets[0].BlockPublicAccess = "block-bidirectional" }, network.KindInternetGateway, network.PublicAccessBlocked, "eigw-1"},
	{"I4 an internet gateway that is detached", sixOnly, func(t *trip) {
		t.reroute("rtb-task", "::/0", "igw-1")
		t.InternetGateways[0].State = "detaching"
	}, network.KindInternetGateway, network.GatewayDetached, "igw-1"},
	{"I5 a host without IPv6 and no DNS64", sixOnly, func(t *trip) { t.to = ecrAPI }, network.KindName, network.IPv4Host, "dopt-1"},
	{"I5 DNS64 without a route", translated, func(t *trip) {
		t.table("rtb-task").Routes = append(t.table("rtb-task").Routes[:2:2], t.table("rtb-task").Routes[3])
		t.table("rtb-task").Routes[2].CIDR = network.ParseCIDR("64:ff9b:1::/96")
	}, network.KindRoute, network.NoRoute, "rtb-task"},
	{"I5 N1 the NAT gateway is gone", translated, func(t *trip) { t.NATGateways[0].State = "deleted" }, network.KindNATGateway, network.NATState, "nat-1"},
	{"I5 N2 its subnet leads nowhere", translated, func(t *trip) { t.table("rtb-public").Routes = t.table("rtb-public").Routes[:1] }, network.KindRoute, network.NATNoInternet, "rtb-public"},
	{"I5 no IPv6 egress rule for 64:ff9b::/96", translated, func(t *trip) { t.group("sg-task").Egress = t.group("sg-task").Egress[:1] }, network.KindSecurityGroup, network.NoRule, "sg-task"},
	{"I5 N5 IPv6 requests into its subnet denied", translated, closing("subnet-public", deny(1, "in", 443, 443, "::/0")), network.KindNetworkACL, network.Denied, "acl-subnet-public"},
	{"I5 N5 IPv4 answers into its subnet denied", translated, closing("subnet-public", deny(1, "in", 1024, 65535, anywhere)), network.KindNetworkACL, network.Denied, "acl-subnet-public"},
	{"N6 IPv6 to a NAT gateway", sixOnly, func(t *trip) {
		t.NATGateways = nat().NATGateways
		t.reroute("rtb-task", "::/0", "nat-1")
	}, network.KindNATGateway, network.NATFamily, "nat-1"},
}

// natInstance gives the task a NAT instance in the public subnet.
func natInstance(t *trip, check bool, state string) {
	t.reroute("rtb-task", anywhere, "eni-nat")
	t.group("sg-default").Ingress = []network.Rule{{Protocol: "-1", CIDRs: cidrs("10.0.0.0/16")}}
	t.Interfaces = []network.NetworkInterface{{ID: "eni-nat", Subnet: "subnet-public", Address: "10.0.0.9", SourceDestCheck: &check, Instance: "i-nat",
		SecurityGroups: []string{"sg-default"}, PublicIP: true}}
	t.Instances = []network.Instance{{ID: "i-nat", State: state, Interfaces: []string{"eni-nat"}}}
}

// firewalled leads the task's traffic through an inspection endpoint, whose subnet has the main table.
func firewalled(t *trip, id string) {
	t.reroute("rtb-task", anywhere, id)
	t.VPCEndpoints = append(t.VPCEndpoints, network.VPCEndpoint{ID: id, Type: "GatewayLoadBalancer", State: "available", Subnets: []string{"subnet-endpoints"}})
}

func TestMutations(t *testing.T) {
	if len(mutations) < 60 {
		t.Errorf("only %d mutations", len(mutations))
	}
	for _, m := range mutations {
		t.Run(m.rule, func(t *testing.T) {
			trip := m.in()
			m.change(trip)
			p := trip.path()
			blocks := p.Blocks()
			if len(blocks) != 1 || blocks[0].Kind != m.at || blocks[0].Reason != m.reason || blocks[0].Subject != m.id {
				t.Errorf("the blocks are not one %s %s for %q\n%s", m.at, m.id, m.reason, show(p))
			}
		})
	}
}

// The law holds for every one of them too.
func TestLawForMutations(t *testing.T) {
	for _, m := range mutations {
		trip := m.in()
		m.change(trip)
		lawful(t, m.rule, trip)
	}
}
