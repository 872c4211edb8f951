package network_test

import (
	"slices"
	"testing"

	"github.com/canpull/canpull/network"
)

const anywhere = "0.0.0.0/0"

// admitting is an ACL that admits a task's requests and their answers, and nothing else.
func admitting() []network.ACLEntry {
	return []network.ACLEntry{entry(100, "out", "allow", anywhere, 443, 443), entry(100, "in", "allow", anywhere, 32768, 60999)}
}

func TestACL(t *testing.T) {
	const (
		open, partial, closed, unknown = network.Open, network.Partial, network.Closed, network.Unknown

		acl, denied = network.KindNetworkACL, network.Denied
	)
	task := func(entries ...network.ACLEntry) func(*trip) {
		return func(t *trip) { t.acl("subnet-task", entries...) }
	}
	check(t, []row{
		{"A1 the associated ACL wins over the default one", public, func(t *trip) { t.NetworkACLs[0].Entries = []network.ACLEntry{} }, open, "", ""},
		{"A1 without an association the default ACL guards", public, func(t *trip) {
			t.NetworkACLs[1].Subnets, t.NetworkACLs[0].Entries = []string{}, []network.ACLEntry{}
		}, closed, acl, denied},
		{"A1 without any ACL nothing is known", public, func(t *trip) { t.NetworkACLs = []network.NetworkACL{} }, unknown, acl, network.ACLAbsent},
		{"A1 an ACL whose associations were not read may be the subnet's", public, func(t *trip) { t.NetworkACLs[1].Subnets = nil },
			unknown, acl, network.Unread},
		{"A1 an ACL whose entries were not read decides nothing", public, func(t *trip) { t.NetworkACLs[1].Entries = nil },
			unknown, acl, network.Unread},
		{"A2 an ACL without entries denies", public, task(), closed, acl, denied},
		{"A2 the lowest number that matches decides, in whatever order they are listed", public, func(t *trip) {
			t.acl("subnet-task", append(admitting(), entry(90, "out", "deny", anywhere, 443, 443))...)
		}, closed, acl, denied},
		{"A2 a higher number is not asked", public, func(t *trip) {
			t.acl("subnet-task", append([]network.ACLEntry{entry(110, "out", "deny", anywhere, 0, 65535)}, admitting()...)...)
		}, open, "", ""},
		{"A2 a port range is inclusive", public, task(entry(1, "out", "allow", anywhere, 80, 443), entry(1, "in", "allow", anywhere, 32768, 60999)), open, "", ""},
		{"A2 and does not reach further", public, task(entry(1, "out", "allow", anywhere, 80, 442), entry(1, "in", "allow", anywhere, 32768, 60999)), closed, acl, denied},
		{"A2 IPv6 entries never match IPv4", public, func(t *trip) {
			v6 := entry(1, "out", "deny", "::/0", 0, 65535)
			v6.Protocol, v6.CIDR = "-1", network.ParseCIDR("::/0")
			t.acl("subnet-task", append(admitting(), v6)...)
		}, open, "", ""},
		{"A2 another protocol does not match", public, func(t *trip) {
			udp := entry(1, "out", "deny", anywhere, 0, 65535)
			udp.Protocol = "17"
			t.acl("subnet-task", append(admitting(), udp)...)
		}, open, "", ""},
		{"A2 protocol -1 ignores ports", public, func(t *trip) {
			all := entry(1, "out", "deny", anywhere, 9, 9)
			all.Protocol = "-1"
			t.acl("subnet-task", append(admitting(), all)...)
		}, closed, acl, denied},
		{"A3 an ACL does not see what stays in its subnet", privateLink, func(t *trip) {
			t.VPCEndpoints[0].Subnets, t.Interfaces[0].Subnet, t.Interfaces[0].Address = []string{"subnet-task"}, "subnet-task", "10.0.1.10"
			t.acl("subnet-task")
		}, open, "", ""},
		{"A3 nor the way to an address of the task's own subnet", public, func(t *trip) {
			t.to.Host = "10.0.1.77"
			t.acl("subnet-task")
		}, unknown, network.KindBeyond, network.Opaque},
		{"A4 requests must pass", public, task(entry(1, "in", "allow", anywhere, 0, 65535)), closed, acl, denied},
		{"A4 answers must pass", public, task(entry(1, "out", "allow", anywhere, 0, 65535)), closed, acl, denied},
		{"A4 answers do not come to port 443", public, task(entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", anywhere, 443, 443)), closed, acl, denied},
		{"A5 all of a task's ports are enough", public, task(admitting()...), open, "", ""},
		{"A5 a part of them is not: Windows' range", public, task(entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", anywhere, 49152, 65535)), partial, acl, denied},
		{"A5 nor is 1024-5000", public, task(entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", anywhere, 1024, 5000)), closed, acl, denied},
		{"A5 Windows picks others", public, func(t *trip) {
			t.from.Windows = true
			t.acl("subnet-task", entry(1, "out", "allow", anywhere, 443, 443), entry(1, "in", "allow", anywhere, 49152, 65535))
		}, open, "", ""},
		{"A5 a deny that cuts the range counts", public, task(append(admitting(), entry(50, "in", "deny", anywhere, 50000, 50010))...), partial, acl, denied},
		{"A6 a deny of some addresses closes a part of the internet", public, task(append(admitting(), entry(50, "out", "deny", "52.0.0.0/8", 443, 443))...), partial, acl, denied},
		{"A6 a deny of private addresses does not", public, task(append(admitting(), entry(50, "out", "deny", "10.0.0.0/8", 0, 65535))...), open, "", ""},
		{"A6 an address is denied or not", public, func(t *trip) {
			t.to.Host = "198.51.100.7"
			t.acl("subnet-task", append(admitting(), entry(50, "out", "deny", "198.51.100.0/25", 443, 443))...)
		}, closed, acl, denied},
		{"A8 G3 an ACL for the VPC's block only stops a gateway endpoint", gatewayEndpoint, task(
			entry(1, "out", "allow", "10.0.0.0/16", 0, 65535), entry(1, "in", "allow", "10.0.0.0/16", 0, 65535)), closed, acl, denied},
		{"A8 G3 an ACL for the list's blocks is enough", gatewayEndpoint, task(
			entry(1, "out", "allow", "52.218.0.0/17", 443, 443), entry(2, "out", "allow", "3.5.64.0/21", 443, 443),
			entry(1, "in", "allow", "52.218.0.0/17", 1024, 65535), entry(2, "in", "allow", "3.5.64.0/21", 1024, 65535)), open, "", ""},
		{"A6 G3 a part of the list is a part", gatewayEndpoint, task(append(admitting(), entry(50, "out", "deny", "3.5.64.0/22", 443, 443))...), partial, acl, denied},
	})
	check(t, []row{
		{"E6 the task's subnet must let requests to an endpoint out", privateLink, task(entry(1, "in", "allow", anywhere, 0, 65535)), closed, acl, denied},
		{"E6 and the answers in", privateLink, task(entry(1, "out", "allow", anywhere, 0, 65535)), closed, acl, denied},
		{"E6 the endpoint's subnet must let requests in", privateLink, func(t *trip) {
			t.acl("subnet-endpoints", entry(1, "out", "allow", anywhere, 0, 65535), entry(1, "in", "allow", anywhere, 80, 80))
		}, closed, acl, denied},
		{"E6 and the answers out", privateLink, func(t *trip) {
			t.acl("subnet-endpoints", entry(1, "in", "allow", anywhere, 0, 65535), entry(1, "out", "allow", anywhere, 443, 443))
		}, closed, acl, denied},
		{"E6 no more than that", privateLink, func(t *trip) {
			t.acl("subnet-endpoints", entry(1, "in", "allow", "10.0.1.0/24", 443, 443), entry(1, "out", "allow", "10.0.1.0/24", 32768, 60999))
			t.acl("subnet-task", entry(1, "out", "allow", "10.0.2.10/32", 443, 443), entry(1, "in", "allow", "10.0.2.10/32", 32768, 60999))
		}, open, "", ""},
		{"E6 for a part of the task's subnet it is partial", privateLink, func(t *trip) {
			t.acl("subnet-endpoints", entry(1, "in", "allow", "10.0.1.0/25", 443, 443), entry(1, "out", "allow", anywhere, 0, 65535))
		}, partial, acl, denied},
	})
}

// Each of the six borders of the way through a NAT gateway, N5: what passes them is enough, and nothing of it can be left out.
func TestACLsAroundNAT(t *testing.T) {
	public := []network.ACLEntry{
		entry(1, "in", "allow", "10.0.1.0/24", 443, 443), entry(2, "out", "allow", anywhere, 443, 443),
		entry(3, "in", "allow", anywhere, 1024, 65535), entry(4, "out", "allow", "10.0.1.0/24", 32768, 60999),
	}
	with := func(task, public []network.ACLEntry) network.Path {
		trip := nat()
		trip.acl("subnet-task", task...)
		trip.acl("subnet-public", public...)
		return trip.path()
	}
	if p := with(admitting(), public); p.Status() != network.Open {
		t.Errorf("N5 what is needed is not enough\n%s", show(p))
	}
	for i := range admitting() {
		if p := with(slices.Delete(admitting(), i, i+1), public); p.Status() != network.Closed || len(p.Blocks()) != 1 {
			t.Errorf("N5 without the task's entry %d\n%s", i, show(p))
		}
	}
	for i, e := range public {
		if p := with(admitting(), slices.Delete(slices.Clone(public), i, i+1)); p.Status() != network.Closed || len(p.Blocks()) != 1 {
			t.Errorf("N5 without the public subnet's entry %d\n%s", e.Number, show(p))
		}
	}
	narrow := slices.Clone(public)
	narrow[2].Ports = network.Ports{From: 32768, To: 60999}
	if p := with(admitting(), narrow); p.Status() != network.Partial {
		t.Errorf("N5 A5 a NAT gateway picks ports from 1024 on\n%s", show(p))
	}
}
