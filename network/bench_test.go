package network_test

import (
	"fmt"
	"testing"

	"github.com/canpull/canpull/network"
)

// BenchmarkPath decides one path in a large VPC: 200 subnets, 60 route tables, 120 groups of 60 rules, 40 endpoints; the
// first one, and those after it.
func BenchmarkPath(b *testing.B) {
	for name, to := range map[string]network.Destination{"NAT": hub, "PrivateLink": ecrAPI, "S3": layers} {
		trip := large()
		trip.to = to
		if p := trip.path(); p.Status() != network.Open {
			b.Fatalf("%s is %s\n%s", name, p.Status(), show(p))
		}
		b.Run(name+"/first", func(b *testing.B) { // with the index made anew
			b.ReportAllocs()
			for b.Loop() {
				trip.path()
			}
		})
		b.Run(name+"/next", func(b *testing.B) {
			b.ReportAllocs()
			paths := trip.Paths()
			for b.Loop() {
				paths.Path(trip.from, trip.to)
			}
		})
	}
}

// large has the healthy trips' VPC with much more in it. What the task uses is last in every list.
func large() *trip {
	t := nat()
	e, g := privateLink(), gatewayEndpoint()
	var subnets []network.Subnet
	var tables []network.RouteTable
	for n := range 197 {
		subnets = append(subnets, network.Subnet{ID: fmt.Sprintf("subnet-%d", n), CIDR: network.ParseCIDR(fmt.Sprintf("10.0.%d.0/26", n+3))})
	}
	for n := range 57 {
		table := network.RouteTable{ID: fmt.Sprintf("rtb-%d", n), Gateways: []string{}, Routes: []network.Route{route("10.0.0.0/16", "local"), route(anywhere, "nat-1")}}
		for s := n; s < 197; s += 57 {
			table.Subnets = append(table.Subnets, subnets[s].ID)
		}
		tables = append(tables, table)
	}
	t.Subnets, t.RouteTables = append(subnets, t.Subnets...), append(tables, t.RouteTables...)
	t.addRoute("rtb-task", route("pl-s3", "vpce-s3"))
	for n := range 50 {
		t.addRoute("rtb-task", route(fmt.Sprintf("192.168.%d.0/24", n), "tgw-1"), route(fmt.Sprintf("10.%d.0.0/16", 100+n), "pcx-1"))
	}
	var groups []network.SecurityGroup
	for n := range 117 {
		groups = append(groups, network.SecurityGroup{ID: fmt.Sprintf("sg-%d", n), Ingress: manyRules(n), Egress: []network.Rule{}})
	}
	t.SecurityGroups = append(groups, t.SecurityGroups...)
	t.group("sg-task").Egress = append(manyRules(0), t.group("sg-task").Egress...)
	t.group("sg-endpoint").Ingress = append(manyRules(1), t.group("sg-endpoint").Ingress...)
	for n := range 38 {
		t.VPCEndpoints = append(t.VPCEndpoints, network.VPCEndpoint{ID: fmt.Sprintf("vpce-%d", n), Type: "Interface", State: "available",
			Service: fmt.Sprintf("com.amazonaws.eu-west-1.service%d", n), PrivateDNS: new(true), Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}})
	}
	t.VPCEndpoints = append(append(t.VPCEndpoints, e.VPCEndpoints...), g.VPCEndpoints...)
	t.Interfaces = e.Interfaces
	return t
}

// manyRules are 59 that admit HTTPS to one small block each.
func manyRules(n int) (rules []network.Rule) {
	for r := range 59 {
		rules = append(rules, https(network.Rule{CIDRs: cidrs(fmt.Sprintf("203.%d.%d.0/28", n, 2*r))}))
	}
	return rules
}
