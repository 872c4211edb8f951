package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/network"
)

// zones is a VPC with a public and a private subnet in each of two zones. Without an argument its NAT gateways were not read.
func zones(nats ...network.NATGateway) *network.Topology {
	block := network.ParseCIDR
	return &network.Topology{
		VPC: network.VPC{ID: "vpc-0"},
		Subnets: []network.Subnet{
			{ID: "subnet-private-a", AvailabilityZone: "a", CIDR: block("10.0.1.0/24")}, {ID: "subnet-private-b", AvailabilityZone: "b", CIDR: block("10.0.2.0/24")},
			{ID: "subnet-public-a", AvailabilityZone: "a", CIDR: block("10.0.3.0/24")}, {ID: "subnet-public-b", AvailabilityZone: "b", CIDR: block("10.0.4.0/24")},
		},
		RouteTables: []network.RouteTable{
			{ID: "rtb-private", Main: true, Subnets: []string{}, Routes: []network.Route{}},
			{ID: "rtb-public-a", Subnets: []string{"subnet-public-a"}, Routes: []network.Route{{CIDR: block(anyIPv4), Target: "igw-0", State: "active"}}},
			{ID: "rtb-public-b", Subnets: []string{"subnet-public-b"}, Routes: []network.Route{{CIDR: block(anyIPv4), Target: "igw-0", State: "active"}}},
		},
		InternetGateways: []network.InternetGateway{{ID: "igw-0", VPC: "vpc-0", State: "available"}},
		NATGateways:      nats,
	}
}

func TestANATGatewayIsChosen(t *testing.T) {
	nat := func(id, subnet, state string) network.NATGateway {
		return network.NATGateway{ID: id, Subnet: subnet, State: state}
	}
	create := func(subnet string) []Change { return []Change{CreateNATGateway{subnet}} }
	for _, test := range []struct {
		rule    string
		vpc     *network.Topology
		zone    string
		tables  []string
		want    string
		changes []Change
	}{
		{rule: "that of the traffic's zone goes before others", vpc: zones(nat("nat-a", "subnet-public-a", "available"), nat("nat-b", "subnet-public-b", "available")), zone: "b", want: "nat-b"},
		{rule: "one in another zone goes before a new one", vpc: zones(nat("nat-a", "subnet-public-a", "available")), zone: "b", want: "nat-a"},
		{rule: "one that is not available is none", vpc: zones(nat("nat-a", "subnet-public-a", "deleted")), zone: "a", want: newNATGateway, changes: create("subnet-public-a")},
		{rule: "one in a private subnet is none", vpc: zones(nat("nat-a", "subnet-private-a", "available")), zone: "a", want: newNATGateway, changes: create("subnet-public-a")},
		{rule: "a private one is none", vpc: zones(network.NATGateway{ID: "nat-a", Subnet: "subnet-public-a", State: "available", Private: true}), zone: "b", want: newNATGateway, changes: create("subnet-public-b")},
		{rule: "a regional one serves its zones", vpc: zones(network.NATGateway{ID: "nat-r", State: "available", Regional: true, Zones: []string{"a"}}), zone: "a", want: "nat-r"},
		{rule: "a regional one serves no other zone", vpc: zones(network.NATGateway{ID: "nat-r", State: "available", Regional: true, Zones: []string{"a"}}), zone: "b", want: newNATGateway, changes: create("subnet-public-b")},
		{rule: "a regional one that AWS provisions serves every zone", vpc: zones(network.NATGateway{ID: "nat-r", State: "available", Regional: true, AutoProvision: "enabled"}), zone: "b", want: "nat-r"},
		{rule: "a new one does not stand in a subnet whose table is to lead to it", vpc: zones([]network.NATGateway{}...), zone: "a", tables: []string{"rtb-public-a"}, want: newNATGateway, changes: create("subnet-public-b")},
		{rule: "what was not read may be there", vpc: zones(), zone: "a"},
		{rule: "a subnet is public only if the gateway is attached", vpc: func() *network.Topology {
			t := zones(nat("nat-a", "subnet-public-a", "available"))
			t.InternetGateways[0].VPC = "vpc-1"
			return t
		}(), zone: "a"},
	} {
		got, changes := natFor(test.vpc, test.zone, test.tables)
		if got != test.want {
			t.Errorf("%s: %q is chosen, not %q", test.rule, got, test.want)
		}
		if diff := cmp.Diff(test.changes, changes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rule, diff)
		}
	}
}

func TestTheNumberOfAnACLRule(t *testing.T) {
	want := network.ACLEntry{Egress: true, Allow: true, Protocol: "6", Ports: network.Ports{From: 443, To: 443}, CIDR: network.ParseCIDR("10.0.0.0/16")}
	deny := func(number int32, protocol, block string, from, to uint16) network.ACLEntry {
		return network.ACLEntry{Number: number, Egress: true, Protocol: protocol, Ports: network.Ports{From: from, To: to}, CIDR: network.ParseCIDR(block)}
	}
	allow := func(number int32) network.ACLEntry {
		e := deny(number, "-1", "0.0.0.0/0", 0, 65535)
		e.Allow = true
		return e
	}
	inbound := deny(5, "-1", "0.0.0.0/0", 0, 65535)
	inbound.Egress = false
	for _, test := range []struct {
		rule    string
		entries []network.ACLEntry
		want    int32
	}{
		{"in an ACL without rules", nil, 10},
		{"behind those that allow", []network.ACLEntry{allow(100), allow(200)}, 210},
		{"the last rule is no rule to be ahead of", []network.ACLEntry{allow(100), deny(32767, "-1", "0.0.0.0/0", 0, 65535)}, 110},
		{"ahead of the first that denies", []network.ACLEntry{deny(100, "6", "0.0.0.0/0", 443, 443), deny(50, "-1", "10.0.0.0/8", 0, 65535)}, 49},
		{"a number that is free", []network.ACLEntry{deny(100, "tcp", "0.0.0.0/0", 0, 65535), allow(99), allow(98)}, 97},
		{"behind a rule that denies other addresses", []network.ACLEntry{deny(50, "6", "192.168.0.0/16", 0, 65535), allow(100)}, 110},
		{"behind a rule that denies other ports", []network.ACLEntry{deny(50, "6", "0.0.0.0/0", 22, 22), allow(100)}, 110},
		{"behind a rule that denies another protocol", []network.ACLEntry{deny(50, "17", "0.0.0.0/0", 0, 65535)}, 60},
		{"a rule of the other direction has its own numbers", []network.ACLEntry{inbound}, 10},
		{"there is none ahead of the first number", []network.ACLEntry{deny(1, "-1", "0.0.0.0/0", 0, 65535)}, 0},
		{"there is none behind the last number but in a gap", []network.ACLEntry{allow(32766), allow(32765)}, 32764},
	} {
		if got := numberAhead(test.entries, want); got != test.want {
			t.Errorf("%s: the number is %d, not %d", test.rule, got, test.want)
		}
	}
}

func TestARuleToAnywhereMakesOthersSuperfluous(t *testing.T) {
	rule := func(port uint16, r network.Rule) network.Rule {
		r.Protocol, r.Ports = "tcp", network.Ports{From: port, To: port}
		return r
	}
	blocks := func(blocks ...string) network.Rule {
		return network.Rule{CIDRs: each(blocks, network.ParseCIDR)}
	}
	list, group := network.Rule{PrefixLists: []string{"pl-0"}}, network.Rule{Groups: []string{"sg-0"}}
	for _, test := range []struct {
		rule        string
		rules, want []network.Rule
	}{
		{"of the same port", []network.Rule{rule(443, list), rule(443, blocks(anyIPv4)), rule(443, group)}, []network.Rule{rule(443, blocks(anyIPv4))}},
		{"not of another port", []network.Rule{rule(5000, group), rule(443, blocks(anyIPv4))}, []network.Rule{rule(5000, group), rule(443, blocks(anyIPv4))}},
		{"not of the other family", []network.Rule{rule(443, blocks(anyIPv6)), rule(443, blocks(anyIPv4))}, []network.Rule{rule(443, blocks(anyIPv6)), rule(443, blocks(anyIPv4))}},
		{"narrow ones stand side by side", []network.Rule{rule(443, list), rule(443, group)}, []network.Rule{rule(443, list), rule(443, group)}},
	} {
		var got []network.Rule
		for _, c := range authorized("sg-1", test.rules) {
			got = append(got, c.(AuthorizeSecurityGroupEgress).Rule)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rule, diff)
		}
	}
}

// A gateway that is there goes before a new one, and each table gets its route once.
func TestGatewaysAreUsedBeforeTheyAreCreated(t *testing.T) {
	private := []string{"subnet-private-a", "subnet-private-b"}
	for _, test := range []struct {
		rule  string
		alter func(*network.Topology)
		make  func(*scene) []Change
		want  []Change
	}{
		{"an egress-only internet gateway of the VPC",
			func(t *network.Topology) {
				t.EgressOnlyGateways = []network.InternetGateway{{ID: "eigw-1", VPC: "vpc-1", State: "attached"}, {ID: "eigw-0", VPC: "vpc-0", State: "attached"}}
			},
			func(s *scene) []Change { return s.toEgressOnlyGateway(private, anyIPv6) }, []Change{CreateRoute{"rtb-private", anyIPv6, "eigw-0"}}},
		{"none of another VPC",
			func(t *network.Topology) {
				t.EgressOnlyGateways = []network.InternetGateway{{ID: "eigw-1", VPC: "vpc-1", State: "attached"}}
			},
			func(s *scene) []Change { return s.toEgressOnlyGateway(private, anyIPv6) },
			[]Change{CreateEgressOnlyInternetGateway{"vpc-0"}, CreateRoute{"rtb-private", anyIPv6, newEgressOnlyGateway}}},
		{"the VPC's internet gateway", func(*network.Topology) {},
			func(s *scene) []Change { return s.toInternetGateway(private, anyIPv4) }, []Change{CreateRoute{"rtb-private", anyIPv4, "igw-0"}}},
		{"a VPC without an internet gateway gets one", func(t *network.Topology) { t.InternetGateways = []network.InternetGateway{} },
			func(s *scene) []Change { return s.toInternetGateway(private, anyIPv4) },
			[]Change{CreateInternetGateway{}, AttachInternetGateway{newInternetGateway, "vpc-0"}, CreateRoute{"rtb-private", anyIPv4, newInternetGateway}}},
		{"one whose internet gateways were not read gets none", func(t *network.Topology) { t.InternetGateways = nil },
			func(s *scene) []Change { return s.toInternetGateway(private, anyIPv4) }, nil},
		{"tables that were not read get no routes", func(t *network.Topology) { t.RouteTables = nil },
			func(s *scene) []Change { return s.toNAT(anyIPv4, private) }, nil},
	} {
		vpc := zones()
		test.alter(vpc)
		if diff := cmp.Diff(test.want, test.make(&scene{Finding{}, &survey{topology: vpc}})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rule, diff)
		}
	}
}
