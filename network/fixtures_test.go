package network_test

import (
	"slices"
	"testing"

	"github.com/canpull/canpull/network"
)

// trip is a way to decide: a VPC, an interface in it, and a host.
type trip struct {
	*network.Topology
	from network.Endpoint
	to   network.Destination
}

func (t *trip) path() network.Path { return t.Path(t.from, t.to) }

// Each healthy trip is open as it stands. The task runs in subnet-task.
var healthy = map[string]func() *trip{
	"public": public, "nat": nat, "private link": privateLink, "gateway endpoint": gatewayEndpoint,
	"regional nat": regional, "transit": transit, "ipv6 only": sixOnly, "nat64": translated,
}

var (
	hub    = network.Destination{Host: "registry-1.docker.io"}
	ecrAPI = network.Destination{Service: "ecr.api", Region: "eu-west-1", Host: "api.ecr.eu-west-1.amazonaws.com"}
	layers = network.Destination{Service: "s3", Region: "eu-west-1", Host: "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com"}
)

func cidrs(blocks ...string) (all []network.CIDR) {
	for _, b := range blocks {
		all = append(all, network.ParseCIDR(b))
	}
	return all
}

func route(destination, target string) network.Route {
	if destination[:3] == "pl-" {
		return network.Route{PrefixList: destination, Target: target, State: "active"}
	}
	return network.Route{CIDR: network.ParseCIDR(destination), Target: target, State: "active"}
}

// vpc has three subnets, of which one is public, with groups and an ACL that let everything pass.
func vpc() *network.Topology {
	all := []network.Rule{{Protocol: "-1", Ports: network.AllPorts, CIDRs: cidrs("0.0.0.0/0")}}
	entries := []network.ACLEntry{}
	for _, egress := range []bool{false, true} {
		entries = append(entries, network.ACLEntry{Number: 100, Egress: egress, Allow: true, Protocol: "-1", CIDR: network.ParseCIDR("0.0.0.0/0")},
			network.ACLEntry{Number: 32767, Egress: egress, Protocol: "-1", CIDR: network.ParseCIDR("0.0.0.0/0")})
	}
	return &network.Topology{
		VPC: network.VPC{ID: "vpc-1", CIDRs: cidrs("10.0.0.0/16"), IPv6CIDRs: []network.CIDR{}, DNSSupport: new(true), DNSHostnames: new(true),
			NameServers: []string{"AmazonProvidedDNS"}, DHCPOptions: "dopt-1", BlockPublicAccess: "off"},
		Subnets: []network.Subnet{
			{ID: "subnet-task", AvailabilityZone: "eu-west-1a", CIDR: network.ParseCIDR("10.0.1.0/24"), IPv6CIDRs: []network.CIDR{}, DNS64: new(false)},
			{ID: "subnet-public", AvailabilityZone: "eu-west-1a", CIDR: network.ParseCIDR("10.0.0.0/24"), IPv6CIDRs: []network.CIDR{}, DNS64: new(false)},
			{ID: "subnet-endpoints", AvailabilityZone: "eu-west-1b", CIDR: network.ParseCIDR("10.0.2.0/24"), IPv6CIDRs: []network.CIDR{}, DNS64: new(false)},
		},
		RouteTables: []network.RouteTable{
			{ID: "rtb-main", Main: true, Subnets: []string{}, Gateways: []string{}, Routes: []network.Route{route("10.0.0.0/16", "local")}},
			{ID: "rtb-task", Subnets: []string{"subnet-task"}, Gateways: []string{}, Routes: []network.Route{route("10.0.0.0/16", "local")}},
			{ID: "rtb-public", Subnets: []string{"subnet-public"}, Gateways: []string{},
				Routes: []network.Route{route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1")}},
		},
		NetworkACLs: []network.NetworkACL{
			{ID: "acl-default", Default: true, Subnets: []string{}, Entries: entries},
			{ID: "acl-task", Subnets: []string{"subnet-task"}, Entries: slices.Clone(entries)},
		},
		SecurityGroups: []network.SecurityGroup{
			{ID: "sg-default", Name: "default", Ingress: []network.Rule{}, Egress: all},
			{ID: "sg-task", Name: "task", Ingress: []network.Rule{}, Egress: slices.Clone(all)},
			{ID: "sg-endpoint", Name: "endpoint", Egress: []network.Rule{},
				Ingress: []network.Rule{{Protocol: "tcp", Ports: network.Ports{From: 443, To: 443}, Groups: []string{"sg-task"}}}},
		},
		InternetGateways: []network.InternetGateway{{ID: "igw-1", VPC: "vpc-1", State: "available"}},
		NATGateways:      []network.NATGateway{},
		VPCEndpoints:     []network.VPCEndpoint{},
		Interfaces:       []network.NetworkInterface{},
		PrefixLists: []network.PrefixList{
			{ID: "pl-s3", Name: "com.amazonaws.eu-west-1.s3", CIDRs: cidrs("52.218.0.0/17", "3.5.64.0/21")},
			{ID: "pl-dynamodb", Name: "com.amazonaws.eu-west-1.dynamodb", CIDRs: cidrs("52.94.24.0/23")},
			{ID: "pl-own", Name: "partners", CIDRs: cidrs("198.51.100.0/24")},
		},
		PublicAccessExclusions: []network.PublicAccessExclusion{},
		EgressOnlyGateways:     []network.InternetGateway{},
		Instances:              []network.Instance{},
		Peerings:               []network.Peering{},
		TransitGateways:        []network.TransitGateway{},
		Neighbours:             []network.Topology{},
	}
}

func task() network.Endpoint {
	return network.Endpoint{Subnet: "subnet-task", SecurityGroups: []string{"sg-task"}, PublicIP: new(false)}
}

// public has a task with a public address behind an internet gateway.
func public() *trip {
	t := &trip{vpc(), task(), hub}
	t.from.PublicIP = new(true)
	t.addRoute("rtb-task", route("0.0.0.0/0", "igw-1"))
	return t
}

// nat has a task behind a NAT gateway.
func nat() *trip {
	t := &trip{vpc(), task(), hub}
	t.NATGateways = append(t.NATGateways, network.NATGateway{ID: "nat-1", Subnet: "subnet-public", State: "available"})
	t.addRoute("rtb-task", route("0.0.0.0/0", "nat-1"))
	return t
}

// privateLink has a task without a way out, and an interface endpoint in another subnet.
func privateLink() *trip {
	t := &trip{vpc(), task(), ecrAPI}
	t.VPCEndpoints = append(t.VPCEndpoints, network.VPCEndpoint{ID: "vpce-api", Type: "Interface", Service: "com.amazonaws.eu-west-1.ecr.api",
		State: "available", PrivateDNS: new(true), Subnets: []string{"subnet-endpoints"}, SecurityGroups: []string{"sg-endpoint"}, Interfaces: []string{"eni-api"}})
	t.Interfaces = append(t.Interfaces, network.NetworkInterface{ID: "eni-api", Subnet: "subnet-endpoints", Address: "10.0.2.10"})
	return t
}

// gatewayEndpoint has a task without a way out but for Amazon S3.
func gatewayEndpoint() *trip {
	t := &trip{vpc(), task(), layers}
	t.VPCEndpoints = append(t.VPCEndpoints, network.VPCEndpoint{ID: "vpce-s3", Type: "Gateway", Service: "com.amazonaws.eu-west-1.s3", State: "available"})
	t.addRoute("rtb-task", route("pl-s3", "vpce-s3"))
	return t
}

func (t *trip) table(id string) *network.RouteTable {
	i := slices.IndexFunc(t.RouteTables, func(r network.RouteTable) bool { return r.ID == id })
	return &t.RouteTables[i]
}

func (t *trip) addRoute(table string, r ...network.Route) {
	t.table(table).Routes = append(t.table(table).Routes, r...)
}

// reroute gives a table's routes for a destination another target.
func (t *trip) reroute(table, destination, target string) {
	for i, r := range t.table(table).Routes {
		if r.CIDR == network.ParseCIDR(destination) || r.PrefixList == destination {
			t.table(table).Routes[i].Target = target
		}
	}
}

func (t *trip) group(id string) *network.SecurityGroup {
	i := slices.IndexFunc(t.SecurityGroups, func(g network.SecurityGroup) bool { return g.ID == id })
	return &t.SecurityGroups[i]
}

// acl gives a subnet an ACL of its own.
func (t *trip) acl(subnet string, entries ...network.ACLEntry) {
	for i := range t.NetworkACLs {
		t.NetworkACLs[i].Subnets = slices.DeleteFunc(t.NetworkACLs[i].Subnets, func(s string) bool { return s == subnet })
	}
	t.NetworkACLs = append(t.NetworkACLs, network.NetworkACL{ID: "acl-" + subnet, Subnets: []string{subnet}, Entries: append([]network.ACLEntry{}, entries...)})
}

// entry is an ACL's entry about TCP.
func entry(number int32, direction, action, cidr string, from, to uint16) network.ACLEntry {
	return network.ACLEntry{Number: number, Egress: direction == "out", Allow: action == "allow", Protocol: "6",
		Ports: network.Ports{From: from, To: to}, CIDR: network.ParseCIDR(cidr)}
}

// row is one rule: what it makes of a healthy trip after a change.
type row struct {
	rule   string // its name in the rules of the domain, and what it says
	in     func() *trip
	change func(*trip)
	want   network.Status // of the path
	at     network.Kind   // a hop that is as the path is, "" for none
	reason network.Reason
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.rule, func(t *testing.T) {
			trip := r.in()
			if r.change != nil {
				r.change(trip)
			}
			p := trip.path()
			if got := p.Status(); got != r.want {
				t.Errorf("the path is %s, want %s\n%s", got, r.want, show(p))
			}
			if r.at != "" && !slices.ContainsFunc(p.Hops, func(h network.Hop) bool {
				return h.Kind == r.at && h.Reason == r.reason && h.Status == r.want
			}) {
				t.Errorf("no %s hop is %s for %q\n%s", r.at, r.want, r.reason, show(p))
			}
		})
	}
}

func TestHealthyTripsAreOpen(t *testing.T) {
	for name, in := range healthy {
		if p := in().path(); p.Status() != network.Open {
			t.Errorf("%s: the path is %s\n%s", name, p.Status(), show(p))
		}
	}
}
