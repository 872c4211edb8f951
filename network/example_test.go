package network_test

import (
	"fmt"

	"github.com/canpull/canpull/network"
)

// A task in a private subnet asks Docker Hub. Its NAT gateway was deleted a while ago, and nobody has read the endpoints.
func ExampleTopology_Path() {
	all := []network.CIDR{network.ParseCIDR("0.0.0.0/0")}
	topology := network.Topology{
		VPC:     network.VPC{ID: "vpc-1", CIDRs: []network.CIDR{network.ParseCIDR("10.0.0.0/16")}, DNSSupport: new(true), NameServers: []string{}},
		Subnets: []network.Subnet{{ID: "subnet-1", CIDR: network.ParseCIDR("10.0.1.0/24")}},
		RouteTables: []network.RouteTable{{ID: "rtb-1", Main: true, Routes: []network.Route{
			{CIDR: network.ParseCIDR("10.0.0.0/16"), Target: "local", State: "active"},
			{CIDR: all[0], Target: "nat-1", State: "blackhole"},
		}}},
		NetworkACLs: []network.NetworkACL{{ID: "acl-1", Default: true, Entries: []network.ACLEntry{
			{Number: 100, Egress: true, Allow: true, Protocol: "-1", CIDR: all[0]},
			{Number: 100, Allow: true, Protocol: "-1", CIDR: all[0]},
		}}},
		SecurityGroups: []network.SecurityGroup{{ID: "sg-1", Egress: []network.Rule{{Protocol: "-1", CIDRs: all}}}},
	}
	task := network.Placement{SecurityGroups: []string{"sg-1"}}.In("subnet-1")

	path := topology.Path(task, network.Destination{Host: "registry-1.docker.io"})
	fmt.Println(path.Status())
	for _, hop := range path.Blocks() {
		fmt.Println(hop.Kind, hop.Subject, hop.Reason, hop.Detail)
	}
	// Output:
	// closed
	// route rtb-1 blackhole 0.0.0.0/0 → nat-1 (blackhole)
}

func ExamplePath_status() {
	var nothing network.Topology // nothing was read
	path := nothing.Path(network.Endpoint{Subnet: "subnet-1"}, network.Destination{Host: "registry-1.docker.io"})
	fmt.Println(path.Status(), path.Missing)
	// Output: unknown [ec2:DescribeSubnets]
}
