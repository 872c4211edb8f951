package network_test

import (
	"testing"

	"github.com/canpull/canpull/network"
)

// spoke has a task that reaches another VPC through a transit gateway, and not the internet.
func spoke() *trip {
	t := transit()
	t.to = ecrAPI
	t.table("rtb-task").Routes[1] = route("10.0.0.0/8", "tgw-1")
	t.TransitGateways[0].RouteTables[0].Routes = []network.TransitRoute{transitRoute("10.1.0.0/16", "attach-hub")}
	return t
}

func TestNames(t *testing.T) {
	const (
		open, closed, unknown = network.Open, network.Closed, network.Unknown

		name, custom, unreachable = network.KindName, network.CustomResolver, network.ResolverUnreachable
	)
	servers := func(addresses ...string) func(*trip) {
		return func(t *trip) { t.VPC.NameServers = append([]string{}, addresses...) }
	}
	// locked lets a task ask for hosts, and not for names.
	locked := func(t *trip) { t.group("sg-task").Egress = []network.Rule{https(network.Rule{CIDRs: cidrs(anywhere)})} }
	both := func(changes ...func(*trip)) func(*trip) {
		return func(t *trip) {
			for _, change := range changes {
				change(t)
			}
		}
	}
	noSupport := func(t *trip) { t.VPC.DNSSupport = new(false) }
	check(t, []row{
		{"D1 without DHCP options Amazon's resolver answers", public, both(servers(), func(t *trip) { t.VPC.DHCPOptions = "default" }), open, "", ""},
		{"D1 which servers a task asks is not documented where its DHCP options name none", public, servers(), unknown, name, network.NoNameServers},
		{"D1 of those that it may ask, none answers without enableDnsSupport", public, both(servers(), noSupport), closed, name, network.DNSSupportOff},
		{"D1 Amazon's resolver has a name", public, servers("amazonprovideddns"), open, "", ""},
		{"D1 a link-local address", public, servers("169.254.169.253"), open, "", ""},
		{"D1 and one in IPv6", public, servers("FD00:EC2::253"), open, "", ""},
		{"D1 and the VPC's base plus two", public, servers("10.0.0.2"), open, "", ""},
		{"D1 the third address of a secondary block is not sure to be one", public, both(servers("10.9.0.2"), locked, func(t *trip) {
			t.VPC.CIDRs = cidrs("10.0.0.0/16", "10.9.0.0/16")
		}), unknown, name, custom},
		{"D1 name servers that were not read decide nothing", public, func(t *trip) { t.VPC.NameServers = nil }, unknown, name, network.Unread},
		{"D2 without enableDnsSupport Amazon's resolver is off", public, noSupport, closed, name, network.DNSSupportOff},
		{"D2 A7 Amazon's resolver is never filtered", public, both(servers("10.0.0.2"), locked, func(t *trip) { t.acl("subnet-task", admitting()...) }), open, "", ""},
		{"D2 enableDnsHostnames alone does not matter", public, func(t *trip) { t.VPC.DNSHostnames = new(false) }, open, "", ""},
		{"D2 addresses need no names", public, both(noSupport, func(t *trip) { t.to.Host = "198.51.100.7" }), open, "", ""},
		{"D3 a custom server is asked over UDP", public, both(servers("10.0.2.53"), locked), closed, name, unreachable},
		{"D3 and its answers come back", public, both(servers("8.8.8.8"), func(t *trip) {
			t.acl("subnet-task", append(admitting(), network.ACLEntry{Number: 1, Egress: true, Allow: true, Protocol: "17", Ports: network.AllPorts, CIDR: network.ParseCIDR(anywhere)})...)
		}), closed, name, unreachable},
		{"D3 A3 in the task's own subnet no ACL is in the way", public, both(servers("10.0.1.53"), func(t *trip) { t.acl("subnet-task", admitting()...) }), unknown, name, custom},
		{"D3 a custom server needs a route", gatewayEndpoint, servers("8.8.8.8"), closed, name, unreachable},
		{"D4 what a custom server answers is unknown", public, servers("8.8.8.8"), unknown, name, custom},
		{"D4 so is whether it gives an endpoint's addresses", privateLink, servers("10.0.2.53"), unknown, name, custom},
		{"D4 nor is closed what it may lead around, to endpoints in another VPC", spoke, servers("10.1.1.53"), unknown, network.KindRoute, network.NoRoute},
		{"D4 it is where private addresses are not reached either", spoke, both(servers("10.0.2.53"), func(t *trip) {
			t.table("rtb-task").Routes = t.table("rtb-task").Routes[:1]
		}), closed, network.KindRoute, network.NoRoute},
		{"D4 and where the task's group lets nothing out", spoke, both(servers("10.0.1.53"), func(t *trip) {
			t.group("sg-task").Egress = []network.Rule{{Protocol: "udp", Ports: network.Ports{From: 53, To: 53}, CIDRs: cidrs(anywhere)}}
		}), closed, network.KindSecurityGroup, network.NoRule},
		{"D4 Amazon's resolver answers with public addresses", spoke, nil, closed, network.KindRoute, network.NoRoute},
		{"D5 another VPC's resolver is a custom server", public, servers("10.8.0.2"), closed, name, unreachable},
		{"D6 one server that may be reached is enough", public, both(servers("8.8.8.8", "192.168.9.9")), unknown, name, custom},
		{"D6 none is not", public, both(servers("10.0.2.53", "8.8.8.8"), locked), closed, name, unreachable},
		{"D6 Amazon's beside a server that cannot be reached", public, both(servers("10.0.0.2", "192.168.9.9"), locked), unknown, name, custom},
		{"D6 nor does Amazon's help without enableDnsSupport", public, both(servers("10.0.0.2", "192.168.9.9"), locked, noSupport), closed, name, unreachable},
		{"D6 enableDnsSupport has no say in other servers", public, both(servers("8.8.8.8"), noSupport), unknown, name, custom},
		{"an IPv6 server is not decided", public, servers("2001:db8::53"), unknown, name, custom},
		{"nor is a server that is not an address", public, servers("ns.example.com"), unknown, name, custom},
		{"nor one that is empty", public, servers(""), unknown, name, custom},
		{"nor another link-local one", public, servers("169.254.1.1"), unknown, name, custom},
	})
}

// The law holds where name servers may lead around what is closed, and for names of which it is not known whether an endpoint
// answers for them.
func TestLawForNamesThatMayLeadElsewhere(t *testing.T) {
	ipv6 := func() *trip {
		t := privateLink()
		records("ipv6")(t)
		return t
	}
	for name, in := range map[string]func() *trip{"spoke": spoke, "dual-stack name": dualStackName, "a name of IPv6": ipv6} {
		for _, server := range []string{"AmazonProvidedDNS", "10.1.1.53", "10.0.2.53"} {
			trip := in()
			trip.VPC.NameServers = []string{server}
			lawful(t, name+" with "+server, trip)
		}
	}
}

// A closed hop on the way to a name server says so, as its remedy is another.
func TestHopsToNameServersAreMarked(t *testing.T) {
	trip := public()
	trip.VPC.NameServers = []string{"192.168.9.9"}
	for _, h := range trip.path().Blocks() {
		if h.Kind != network.KindName && !h.DNS {
			t.Errorf("not marked as DNS: %s", label(h))
		}
	}
}
