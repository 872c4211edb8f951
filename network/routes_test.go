package network_test

import (
	"testing"

	"github.com/canpull/canpull/network"
)

func TestRoutes(t *testing.T) {
	const (
		open, partial, closed, unknown = network.Open, network.Partial, network.Closed, network.Unknown

		atRoute, atBeyond = network.KindRoute, network.KindBeyond
	)
	own := network.Destination{Host: "198.51.100.7"}
	check(t, []row{
		{"R1 the explicitly associated table wins over the main table", public, func(t *trip) {
			t.addRoute("rtb-main", route("0.0.0.0/0", "igw-gone"))
		}, open, "", ""},
		{"R1 without an association the main table is in effect", public, func(t *trip) {
			t.table("rtb-task").Subnets = []string{}
		}, closed, atRoute, network.NoRoute},
		{"R1 the main table may be associated explicitly too", public, func(t *trip) {
			t.table("rtb-task").Main, t.table("rtb-main").Main = true, false
		}, open, "", ""},
		{"R1 without any table in effect the route is unknown", public, func(t *trip) {
			t.RouteTables = []network.RouteTable{}
		}, unknown, atRoute, network.TableAbsent},
		{"R1 a table whose associations were not read may be the subnet's", public, func(t *trip) {
			t.table("rtb-task").Subnets = nil
		}, unknown, atRoute, network.Unread},
		{"R2 a table that nobody is associated with is never used", gatewayEndpoint, func(t *trip) {
			t.to = hub
			t.RouteTables = append(t.RouteTables, network.RouteTable{ID: "rtb-idle", Subnets: []string{}, Gateways: []string{},
				Routes: []network.Route{route("0.0.0.0/0", "igw-1")}})
		}, closed, atRoute, network.NoRoute},
		{"R3 a prefix list covers what an entry covers", public, func(t *trip) {
			t.to = own
			t.reroute("rtb-task", "0.0.0.0/0", "pcx-1")
			t.addRoute("rtb-task", route("pl-own", "igw-1"))
		}, open, "", ""},
		{"R3 a list whose entries were not read is not skipped", public, func(t *trip) {
			t.to = own
			t.addRoute("rtb-task", route("pl-own", "nat-gone"))
			t.PrefixLists[2].CIDRs = nil
		}, unknown, atRoute, network.ListUnread},
		{"R3 an IPv6 route never carries IPv4", public, func(t *trip) {
			t.reroute("rtb-task", "0.0.0.0/0", "tgw-1")
			t.table("rtb-task").Routes[1].CIDR = network.ParseCIDR("::/0")
		}, closed, atRoute, network.NoRoute},
		{"R3 a destination that cannot be read decides nothing", public, func(t *trip) {
			t.addRoute("rtb-task", route("10.1.0.0/33", "igw-gone"))
		}, unknown, atRoute, network.Unread},
		{"R4 the longest prefix wins whatever its kind", public, func(t *trip) {
			t.to = own
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("198.51.100.0/25"), Target: "vgw-1", State: "active", Propagated: true})
		}, unknown, atBeyond, network.Opaque},
		{"R4 a more specific blackhole takes its part", public, func(t *trip) {
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("128.0.0.0/1"), Target: "igw-1", State: "blackhole"})
		}, partial, atRoute, network.Blackhole},
		{"R4 more specific routes that cover everything leave none to 0.0.0.0/0", public, func(t *trip) {
			t.reroute("rtb-task", "0.0.0.0/0", "igw-gone")
			t.addRoute("rtb-task", route("0.0.0.0/1", "igw-1"), route("128.0.0.0/1", "igw-1"))
		}, open, "", ""},
		{"R5 at equal length a static route beats a propagated one", public, func(t *trip) {
			t.table("rtb-task").Routes = append([]network.Route{{CIDR: network.ParseCIDR("0.0.0.0/0"), Target: "vgw-1", State: "active", Propagated: true}},
				t.table("rtb-task").Routes...)
		}, open, "", ""},
		{"R5 at equal length a static route beats a prefix list", public, func(t *trip) {
			t.to = own
			t.addRoute("rtb-task", route("pl-own", "nat-gone"), route("198.51.100.0/24", "igw-1"))
		}, open, "", ""},
		{"R5 at equal length a prefix list beats a propagated route", public, func(t *trip) {
			t.to = own
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("198.51.100.0/24"), Target: "vgw-1", State: "active", Propagated: true}, route("pl-own", "igw-1"))
		}, open, "", ""},
		{"R5 which of two lists with the same block wins is not specified", public, func(t *trip) {
			t.to = own
			t.PrefixLists = append(t.PrefixLists, network.PrefixList{ID: "pl-twin", Name: "twin", CIDRs: cidrs("198.51.100.0/24")})
			t.addRoute("rtb-task", route("pl-own", "igw-1"), route("pl-twin", "tgw-1"))
		}, unknown, atRoute, network.RouteUnclear},
		{"R5 two lists with the same block and target agree", public, func(t *trip) {
			t.to = own
			t.PrefixLists = append(t.PrefixLists, network.PrefixList{ID: "pl-twin", Name: "twin", CIDRs: cidrs("198.51.100.0/24")})
			t.addRoute("rtb-task", route("pl-own", "igw-1"), route("pl-twin", "igw-1"))
		}, open, "", ""},
		{"R6 a propagated route never beats the local one", privateLink, func(t *trip) {
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("10.0.2.0/24"), Target: "vgw-1", State: "blackhole", Propagated: true})
		}, open, "", ""},
		{"R6 a static route may be more specific than the local one", privateLink, func(t *trip) {
			t.addRoute("rtb-task", route("10.0.2.0/24", "eni-appliance"))
		}, unknown, atBeyond, network.Opaque},
		{"R6 the local route may be given another target", privateLink, func(t *trip) {
			t.reroute("rtb-task", "10.0.0.0/16", "eni-appliance")
		}, unknown, atBeyond, network.Opaque},
		{"R6 secondary blocks have local routes", privateLink, func(t *trip) {
			t.VPC.CIDRs = cidrs("10.0.0.0/16", "10.9.0.0/16")
			t.Subnets[2].CIDR, t.Interfaces[0].Address = network.ParseCIDR("10.9.1.0/24"), "10.9.1.10"
		}, open, "", ""},
		{"R7 a blackhole wins the lookup and drops", public, func(t *trip) {
			t.to = own
			t.addRoute("rtb-task", network.Route{CIDR: network.ParseCIDR("198.51.100.0/24"), Target: "nat-gone", State: "Blackhole"})
		}, closed, atRoute, network.Blackhole},
		{"R7 a route that is neither active nor a blackhole is not understood", public, func(t *trip) {
			t.table("rtb-task").Routes[1].State = "filtered"
		}, unknown, atRoute, network.RouteUnclear},
		{"R8 without a candidate there is no route", public, func(t *trip) {
			t.table("rtb-task").Routes = t.table("rtb-task").Routes[:1]
		}, closed, atRoute, network.NoRoute},
		{"R8 an address in the VPC does not follow 0.0.0.0/0", public, func(t *trip) {
			t.to.Host = "10.0.77.7"
		}, unknown, atBeyond, network.Opaque},
		{"R9 link-local services are not routed by tables", public, func(t *trip) {
			t.to.Host = "169.254.170.2"
			t.addRoute("rtb-task", route("169.254.0.0/16", "igw-gone"))
		}, unknown, atBeyond, network.Opaque},
		{"IPv6 addresses are not decided", public, func(t *trip) { t.to.Host = "2001:db8::1" }, unknown, atBeyond, network.Opaque},
		{"an IPv4 address may be written as IPv6", public, func(t *trip) { t.to.Host = "::ffff:198.51.100.7" }, open, "", ""},
		{"R13 a NAT route is used although the task has a public address", nat, func(t *trip) {
			t.from.PublicIP = new(true)
		}, open, "", ""},
	})
	for _, target := range []string{"tgw-1", "pcx-1", "vgw-1", "eni-1", "i-1", "lgw-1", "cagw-1", "arn:aws:networkmanager::1:core-network/c", "odb-1", "10.0.0.9", "eigw-1", "what"} {
		check(t, []row{
			{"R10 R11 T1 T2 T3 T5 beyond " + target + " nothing is decided", public, func(t *trip) {
				t.reroute("rtb-task", "0.0.0.0/0", target)
			}, unknown, atBeyond, network.Opaque},
			{"R10 T2 behind a NAT gateway, beyond " + target + " nothing is decided", nat, func(t *trip) {
				t.reroute("rtb-public", "0.0.0.0/0", target)
			}, unknown, atBeyond, network.Opaque},
		})
	}
}

func TestAnswers(t *testing.T) {
	edge := func(target string) func(*trip) {
		return func(t *trip) {
			t.RouteTables = append(t.RouteTables, network.RouteTable{ID: "rtb-edge", Subnets: []string{}, Gateways: []string{"igw-1"},
				Routes: []network.Route{route("10.0.0.0/16", "local"), route("10.0.0.0/24", target), route("10.0.1.0/24", target)}})
		}
	}
	check(t, []row{
		{"R12 a gateway's table may send answers to an appliance", public, edge("vpce-firewall"), network.Unknown, network.KindBeyond, network.Opaque},
		{"R12 so it may for the NAT gateway's subnet", nat, edge("eni-firewall"), network.Unknown, network.KindBeyond, network.Opaque},
		{"R12 a gateway's table that is all local changes nothing", public, edge("local"), network.Open, "", ""},
		{"R12 another gateway's table changes nothing", public, func(t *trip) {
			edge("vpce-firewall")(t)
			t.table("rtb-edge").Gateways = []string{"vgw-1"}
		}, network.Open, "", ""},
		{"R12 a table that may be the gateway's decides nothing", public, func(t *trip) {
			edge("vpce-firewall")(t)
			t.table("rtb-edge").Gateways = nil
		}, network.Unknown, network.KindRoute, network.Unread},
		{"R12 the NAT gateway's subnet may send answers to an appliance", nat, func(t *trip) {
			t.addRoute("rtb-public", route("10.0.1.0/24", "vpce-firewall"))
		}, network.Unknown, network.KindBeyond, network.Opaque},
		{"R7 R12 or drop them", nat, func(t *trip) {
			t.addRoute("rtb-public", network.Route{CIDR: network.ParseCIDR("10.0.1.0/24"), Target: "eni-gone", State: "blackhole"})
		}, network.Closed, network.KindRoute, network.Blackhole},
		{"R12 so may the endpoint's subnet", privateLink, func(t *trip) {
			t.addRoute("rtb-main", route("10.0.1.0/24", "eni-appliance"))
		}, network.Unknown, network.KindBeyond, network.Opaque},
	})
}
