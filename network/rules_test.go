package network_test

import (
	"testing"

	"github.com/canpull/canpull/network"
)

// What is left of the rules: those that say what does not matter to a path. (M2, a subnet without free addresses, keeps a task
// from being placed, not from pulling; M4, fragments and used-up ports, is of the moment: no VPC shows it. E7 and G5, the
// endpoints' policies, are for package checks, which evaluates them.)
func TestWhatDoesNotMatter(t *testing.T) {
	const open, closed, unknown = network.Open, network.Closed, network.Unknown
	check(t, []row{
		{"N4 a NAT gateway has no security group", nat, func(t *trip) {
			for _, id := range []string{"sg-default", "sg-endpoint"} {
				t.group(id).Ingress, t.group(id).Egress = []network.Rule{}, []network.Rule{}
			}
		}, open, network.KindNATGateway, ""},
		{"N8 a NAT gateway serves other zones than its own", nat, func(t *trip) { t.Subnets[1].AvailabilityZone = "eu-west-1b" }, open, network.KindNATGateway, ""},
		{"N8 a NAT gateway carries UDP", nat, func(t *trip) { t.to = network.Destination{Host: "198.51.100.53", Port: 53, UDP: true} }, open, network.KindNATGateway, ""},
		{"G6 with other name servers S3 still goes by the gateway endpoint, if they answer", gatewayEndpoint, func(t *trip) {
			t.VPC.NameServers = []string{"10.0.2.53"}
		}, unknown, network.KindName, network.CustomResolver},
		{"G7 a route for the list's IPv6 addresses carries none of IPv4", gatewayEndpoint, func(t *trip) {
			t.PrefixLists = append(t.PrefixLists, network.PrefixList{ID: "pl-s3v6", Name: "com.amazonaws.eu-west-1.ipv6.s3", CIDRs: cidrs("2600:1fa0::/28")})
			r := route("pl-s3v6", "vpce-s3")
			r.State = "blackhole"
			t.addRoute("rtb-task", r)
		}, open, network.KindVPCEndpoint, ""},
		{"M1 each subnet has a path of its own: this one is open", public, nil, open, network.KindRoute, ""},
		{"M1 each subnet has a path of its own: this one has no route", public, func(t *trip) { t.from.Subnet = "subnet-endpoints" }, closed, network.KindRoute, network.NoRoute},
		{"M3 what a participant of a shared VPC may not read is unknown", public, func(t *trip) { t.NetworkACLs = nil }, unknown, network.KindNetworkACL, network.Unread},
	})
}

// A hop behind name servers of the VPC's own is no worse for it.
func TestG6TheGatewayEndpointStandsOpenBehindOtherNameServers(t *testing.T) {
	trip := gatewayEndpoint()
	trip.VPC.NameServers = []string{"10.0.2.53"}
	p := trip.path()
	if p.VPCEndpoint() != "vpce-s3" || len(p.Blocks()) > 0 {
		t.Errorf("S3 does not go by its endpoint\n%s", show(p))
	}
}
