package network_test

import (
	"slices"
	"testing"

	"github.com/canpull/canpull/network"
)

// twoZones gives the endpoint an interface in the task's subnet too.
func twoZones() *trip {
	t := privateLink()
	t.VPCEndpoints[0].Subnets = append(t.VPCEndpoints[0].Subnets, "subnet-task")
	t.VPCEndpoints[0].Interfaces = append(t.VPCEndpoints[0].Interfaces, "eni-near")
	t.Interfaces = append(t.Interfaces, network.NetworkInterface{ID: "eni-near", Subnet: "subnet-task", Address: "10.0.1.10"})
	return t
}

// records has the first endpoint make records of a type for the service's names.
func records(ipType string) func(*trip) {
	return func(t *trip) { t.VPCEndpoints[0].DNSRecordIPType = ipType }
}

// dualStackName has a task with IPv4 only ask for a registry by its dual-stack name.
func dualStackName() *trip {
	t := privateLink()
	t.to, t.VPCEndpoints[0].Service = sixHub, "com.amazonaws.eu-west-1.ecr.dkr"
	return t
}

func TestGatewayEndpoint(t *testing.T) {
	const open, partial, closed, unknown = network.Open, network.Partial, network.Closed, network.Unknown
	withNAT := func() *trip {
		t := nat()
		t.to, t.VPCEndpoints = layers, gatewayEndpoint().VPCEndpoints
		return t
	}
	check(t, []row{
		{"G1 it must be available", gatewayEndpoint, func(t *trip) { t.VPCEndpoints[0].State = "deleting" },
			closed, network.KindVPCEndpoint, network.EndpointState},
		{"G1 in any case", gatewayEndpoint, func(t *trip) { t.VPCEndpoints[0].State = "Available" }, open, "", ""},
		{"G1 the effective table must have its route", gatewayEndpoint, func(t *trip) { t.table("rtb-task").Routes = t.table("rtb-task").Routes[:1] },
			closed, network.KindRoute, network.NoRoute},
		{"G1 without its route traffic follows 0.0.0.0/0", withNAT, nil, open, "", ""},
		{"G1 its route beats 0.0.0.0/0", withNAT, func(t *trip) {
			t.addRoute("rtb-task", route("pl-s3", "vpce-s3"))
			t.NATGateways[0].State = "failed"
		}, open, "", ""},
		{"G1 an endpoint that a route names may not be shown", gatewayEndpoint, func(t *trip) { t.VPCEndpoints = []network.VPCEndpoint{} },
			unknown, network.KindVPCEndpoint, network.EndpointAbsent},
		{"G1 R7 its route may be a blackhole", gatewayEndpoint, func(t *trip) { t.table("rtb-task").Routes[1].State = "blackhole" },
			closed, network.KindRoute, network.Blackhole},
		{"G1 the NAT gateway's subnet may have its route", withNAT, func(t *trip) {
			t.reroute("rtb-public", "0.0.0.0/0", "tgw-1")
			t.addRoute("rtb-public", route("pl-s3", "vpce-s3"))
		},
			open, "", ""},
		{"G7 the service's IPv6 list beside that of IPv4 is not the host's", gatewayEndpoint, func(t *trip) {
			six := t.PrefixLists[0]
			six.ID, six.CIDRs = "pl-s3-ipv6", cidrs("2a05:d000:8000::/40")
			t.PrefixLists = append([]network.PrefixList{six}, t.PrefixLists...)
			t.addRoute("rtb-task", route("pl-s3-ipv6", "vpce-s3"))
		}, open, "", ""},
		{"G7 nor is it where lists have no names", gatewayEndpoint, func(t *trip) {
			t.PrefixLists = append([]network.PrefixList{{ID: "pl-s3-ipv6", CIDRs: cidrs("2a05:d000:8000::/40")}}, t.PrefixLists...)
			t.PrefixLists[1].Name = ""
			t.table("rtb-task").Routes = append([]network.Route{route("pl-s3-ipv6", "vpce-s3")}, t.table("rtb-task").Routes...)
		}, open, "", ""},
		{"G7 names that have IPv6 addresses only lead IPv4 traffic nowhere", gatewayEndpoint, records("ipv6"), unknown, network.KindVPCEndpoint, network.EndpointFamily},
		{"G7 those that the service defines have IPv4 addresses", gatewayEndpoint, records("service-defined"), open, "", ""},
		{"G7 of an endpoint that is gone they have no say", withNAT, func(t *trip) {
			records("ipv6")(t)
			t.VPCEndpoints[0].State = "Deleted"
		}, open, "", ""},
		{"G7 nor of another service's", withNAT, func(t *trip) {
			records("ipv6")(t)
			t.VPCEndpoints[0].Service = "com.amazonaws.eu-west-1.dynamodb"
		}, open, "", ""},
		{"G7 an address needs no name", gatewayEndpoint, func(t *trip) {
			records("ipv6")(t)
			t.to.Host = "52.218.1.1"
		}, open, "", ""},
		{"G2 other hosts do not use it", gatewayEndpoint, func(t *trip) { t.to = hub }, closed, network.KindRoute, network.NoRoute},
		{"G2 nor do other hosts when the list was not read", gatewayEndpoint, func(t *trip) { t.to, t.PrefixLists = hub, nil },
			closed, network.KindRoute, network.NoRoute},
		{"G2 Amazon S3 of another region does not", gatewayEndpoint, func(t *trip) { t.to.Region = "us-east-1" }, closed, network.KindRoute, network.NoRoute},
		{"G2 an address of the list does", gatewayEndpoint, func(t *trip) { t.to = network.Destination{Host: "52.218.1.1"} }, open, "", ""},
		{"G2 whether an address is in a list that was not read is unknown", withNAT, func(t *trip) {
			t.addRoute("rtb-task", route("pl-s3", "vpce-s3"))
			t.to, t.PrefixLists[0].CIDRs = network.Destination{Host: "52.218.1.1"}, nil
		}, unknown, network.KindRoute, network.ListUnread},
		{"G2 R4 a more specific route steals a part of the list", gatewayEndpoint, func(t *trip) {
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("52.218.0.0/24"), Target: "nat-gone", State: "blackhole"})
		}, partial, network.KindRoute, network.Blackhole},
		{"G2 R4 or perhaps, while the entries were not read", gatewayEndpoint, func(t *trip) {
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("52.218.0.0/24"), Target: "nat-gone", State: "blackhole"})
			t.PrefixLists[0].CIDRs = nil
		}, unknown, network.KindRoute, network.ListUnread},
		{"G2 R4 a less specific one does not", gatewayEndpoint, func(t *trip) {
			t.addRoute("rtb-task", route("52.0.0.0/8", "nat-gone"))
		}, open, "", ""},
		{"G2 a list that only sounds like the service's is not", gatewayEndpoint, func(t *trip) {
			t.PrefixLists = slices.Insert(t.PrefixLists, 0, network.PrefixList{ID: "pl-fake", Name: "mine.eu-west-1.s3", CIDRs: cidrs("52.0.0.0/8")})
		}, open, "", ""},
		{"G4 it needs neither a public address nor a NAT gateway", gatewayEndpoint, func(t *trip) { t.InternetGateways = []network.InternetGateway{} }, open, "", ""},
		{"T4 behind an endpoint for appliances nothing is decided", public, func(t *trip) {
			t.reroute("rtb-task", "0.0.0.0/0", "vpce-firewall")
			t.VPCEndpoints = append(t.VPCEndpoints, network.VPCEndpoint{ID: "vpce-firewall", Type: "GatewayLoadBalancer", State: "available"})
		}, unknown, network.KindBeyond, network.Opaque},
	})
}

func TestInterfaceEndpoint(t *testing.T) {
	const open, partial, closed, unknown = network.Open, network.Partial, network.Closed, network.Unknown
	withNAT := func() *trip {
		t, e := nat(), privateLink()
		t.to, t.VPCEndpoints, t.Interfaces = e.to, e.VPCEndpoints, e.Interfaces
		return t
	}
	for _, state := range []string{"pendingAcceptance", "Pending", "deleting", "partial", ""} {
		check(t, []row{{"E1 whether names resolve to it is unknown while it is " + state, withNAT,
			func(t *trip) { t.VPCEndpoints[0].State = state }, unknown, network.KindName, network.EndpointState}})
	}
	for _, state := range []string{"Deleted", "rejected", "FAILED", "expired"} {
		check(t, []row{{"E1 names do not resolve to it when it is " + state, withNAT, func(t *trip) {
			t.VPCEndpoints[0].State = state
			t.group("sg-endpoint").Ingress = []network.Rule{}
		}, open, "", ""}})
	}
	check(t, []row{
		{"E1 available in any case", privateLink, func(t *trip) { t.VPCEndpoints[0].State = "Available" }, open, "", ""},
		{"E2 without private DNS names resolve to public addresses", privateLink, func(t *trip) { t.VPCEndpoints[0].PrivateDNS = new(false) },
			closed, network.KindRoute, network.NoRoute},
		{"E2 so they do without enableDnsHostnames", privateLink, func(t *trip) { t.VPC.DNSHostnames = new(false) }, closed, network.KindRoute, network.NoRoute},
		{"E2 and then a NAT gateway carries the traffic", withNAT, func(t *trip) { t.VPC.DNSHostnames = new(false) }, open, "", ""},
		{"E2 D2 without enableDnsSupport nothing resolves", privateLink, func(t *trip) { t.VPC.DNSSupport = new(false) }, closed, network.KindName, network.DNSSupportOff},
		{"E2 whether dual-stack names resolve to it is documented either way", dualStackName, nil, unknown, network.KindVPCEndpoint, network.EndpointFamily},
		{"E2 so what stops the traffic there may not be met", dualStackName, func(t *trip) {
			n := nat()
			t.NATGateways, t.RouteTables = n.NATGateways, n.RouteTables
			t.group("sg-endpoint").Ingress = []network.Rule{}
		}, unknown, network.KindSecurityGroup, network.NoRule},
		{"E2 what stops it either way is", dualStackName, func(t *trip) { t.group("sg-task").Egress = []network.Rule{} },
			closed, network.KindSecurityGroup, network.NoRule},
		{"E2 names that have IPv6 addresses only lead IPv4 traffic nowhere", privateLink, records("ipv6"), unknown, network.KindVPCEndpoint, network.EndpointFamily},
		{"E2 in any case of letters", privateLink, records("Ipv6"), unknown, network.KindVPCEndpoint, network.EndpointFamily},
		{"E2 what stops IPv4 does all the same", privateLink, func(t *trip) {
			records("ipv6")(t)
			t.group("sg-task").Egress = []network.Rule{}
		}, closed, network.KindSecurityGroup, network.NoRule},
		{"E2 names that have addresses of both families serve IPv4", privateLink, records("dualstack"), open, "", ""},
		{"E2 so do those that the service defines", privateLink, records("service-defined"), open, "", ""},
		{"E2 of an endpoint without private DNS they have no say", withNAT, func(t *trip) {
			records("ipv6")(t)
			t.VPCEndpoints[0].PrivateDNS = new(false)
		}, open, "", ""},
		{"E3 a NAT gateway is no fallback", withNAT, func(t *trip) { t.group("sg-endpoint").Ingress = []network.Rule{} }, closed, network.KindSecurityGroup, network.NoRule},
		{"E3 nor is a broken one in the way", withNAT, func(t *trip) { t.NATGateways[0].State = "failed" }, open, "", ""},
		{"E5 cross-zone traffic is allowed", privateLink, nil, open, "", ""},
		{"E5 every interface is used: one that fails is intermittent", twoZones, func(t *trip) { t.acl("subnet-endpoints") }, partial, network.KindNetworkACL, network.Denied},
		{"E5 what is at fault for all is closed", twoZones, func(t *trip) { t.group("sg-endpoint").Ingress = []network.Rule{} }, closed, network.KindSecurityGroup, network.NoRule},
		{"E5 an unknown zone leaves the closed one unknown", twoZones, func(t *trip) {
			t.acl("subnet-endpoints")
			t.VPCEndpoints[0].Subnets = append(t.VPCEndpoints[0].Subnets, "subnet-elsewhere")
		}, unknown, network.KindVPCEndpoint, network.EndpointInterfaces},
		{"E8 an endpoint without subnets is not decided", privateLink, func(t *trip) { t.VPCEndpoints[0].Subnets = []string{} },
			unknown, network.KindVPCEndpoint, network.EndpointInterfaces},
		{"E8 other kinds have no say in names", withNAT, func(t *trip) { t.VPCEndpoints[0].Type = "Resource" }, open, "", ""},
		{"E10 P4 another service's endpoint does not serve", privateLink, func(t *trip) { t.to.Service = "ecr.dkr" }, closed, network.KindRoute, network.NoRoute},
		{"E10 P4 nor another region's", privateLink, func(t *trip) { t.to.Region = "us-east-1" }, closed, network.KindRoute, network.NoRoute},
		{"E10 China's services are named differently", privateLink, func(t *trip) { t.VPCEndpoints[0].Service = "cn.com.amazonaws.eu-west-1.ecr.api" }, open, "", ""},
		{"an endpoint's interfaces that were not read are somewhere in its subnet", privateLink, func(t *trip) { t.Interfaces = nil }, open, "", ""},
		{"which may decide", privateLink, func(t *trip) {
			t.Interfaces = nil
			t.group("sg-task").Egress = []network.Rule{https(network.Rule{CIDRs: cidrs("10.0.2.10/32")})}
		}, unknown, network.KindSecurityGroup, network.Unread},
		{"E6 R7 a blackhole for one interface is for that one only", privateLink, func(t *trip) {
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("10.0.2.128/25"), Target: "eni-gone", State: "blackhole"})
		}, open, "", ""},
		{"E6 R7 or perhaps not, while the interfaces were not read", privateLink, func(t *trip) {
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("10.0.2.128/25"), Target: "eni-gone", State: "blackhole"})
			t.Interfaces = nil
		}, unknown, network.KindRoute, network.Blackhole},
	})
}

func TestS3ThroughBothEndpoints(t *testing.T) {
	both := func() *trip {
		t, e := gatewayEndpoint(), privateLink()
		e.VPCEndpoints[0].Service = "com.amazonaws.eu-west-1.s3"
		t.VPCEndpoints = append(t.VPCEndpoints, e.VPCEndpoints[0])
		t.Interfaces = e.Interfaces
		return t
	}
	check(t, []row{
		{"E9 an interface endpoint with private DNS overrides the gateway endpoint", both, func(t *trip) { t.group("sg-endpoint").Ingress = []network.Rule{} },
			network.Closed, network.KindSecurityGroup, network.NoRule},
		{"E9 unless its names are for inbound resolvers only", both, func(t *trip) {
			t.group("sg-endpoint").Ingress = []network.Rule{}
			t.VPCEndpoints[1].PrivateDNSInboundOnly = true
		}, network.Open, "", ""},
		{"E9 D4 which a custom server may ask", both, func(t *trip) {
			t.VPC.NameServers, t.table("rtb-task").Routes = []string{"10.0.1.53"}, t.table("rtb-task").Routes[:1]
			t.VPCEndpoints[1].PrivateDNSInboundOnly = true
		}, network.Unknown, network.KindRoute, network.NoRoute},
	})
}

// Path.VPCEndpoint names the endpoint whose policy decides: a wrong one would be a wrong verdict.
func TestPathVPCEndpoint(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     func() *trip
		change func(*trip)
		want   string
	}{
		{"an interface endpoint", privateLink, nil, "vpce-api"},
		{"a gateway endpoint", gatewayEndpoint, nil, "vpce-s3"},
		{"none", nat, nil, ""},
		{"not known while the endpoint is pending", privateLink, func(t *trip) { t.VPCEndpoints[0].State = "pending" }, ""},
		{"not known behind custom name servers", privateLink, func(t *trip) { t.VPC.NameServers = []string{"10.0.2.53"} }, ""},
		{"not known for tasks without IPv4", sixOnly, func(t *trip) {
			e := privateLink()
			t.to, t.VPCEndpoints, t.Interfaces = ecrAPI, e.VPCEndpoints, e.Interfaces
		}, ""},
		{"nor by dual-stack names", dualStackName, nil, ""},
		{"a gateway endpoint needs no name", gatewayEndpoint, func(t *trip) { t.VPC.NameServers = []string{"10.0.2.53"} }, "vpce-s3"},
	} {
		trip := c.in()
		if c.change != nil {
			c.change(trip)
		}
		if got := trip.path().VPCEndpoint(); got != c.want {
			t.Errorf("%s: the endpoint is %q, want %q\n%s", c.name, got, c.want, show(trip.path()))
		}
	}
}
