package network_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/canpull/canpull/network"
)

// packetWalker sends single packets through a small VPC by the rules of AWS's guides, without a thought for sets: every
// address, and every port that an answer may come back to.
type packetWalker struct{ t *network.Topology }

// border says whether a subnet's ACL lets a packet pass.
func (p packetWalker) border(subnet string, egress bool, remote netip.Addr, port int) bool {
	var acl *network.NetworkACL
	for i, a := range p.t.NetworkACLs {
		if slices.Contains(a.Subnets, subnet) {
			acl = &p.t.NetworkACLs[i]
			break
		}
		if a.Default {
			acl = &p.t.NetworkACLs[i]
		}
	}
	number, allowed := int32(1<<30), false
	for _, e := range acl.Entries {
		fits := e.Protocol == "-1" || e.Protocol == "6" && int(e.Ports.From) <= port && port <= int(e.Ports.To)
		if e.Egress == egress && fits && e.CIDR.Contains(remote) && e.Number < number {
			number, allowed = e.Number, e.Allow
		}
	}
	return allowed
}

// route returns where a subnet's table leads an address, "" for nowhere.
func (p packetWalker) route(subnet string, d netip.Addr) string {
	var table *network.RouteTable
	for i, t := range p.t.RouteTables {
		if slices.Contains(t.Subnets, subnet) {
			table = &p.t.RouteTables[i]
			break
		}
		if t.Main {
			table = &p.t.RouteTables[i]
		}
	}
	longest, target := -1, ""
	for _, r := range table.Routes {
		if r.CIDR.Contains(d) && r.CIDR.Bits() > longest {
			longest, target = r.CIDR.Bits(), r.Target
			if r.State == "blackhole" {
				target = ""
			}
		}
	}
	return target
}

// admits says whether groups let a packet out.
func (p packetWalker) admits(groups []string, d netip.Addr, port int) bool {
	for _, g := range p.t.SecurityGroups {
		for _, r := range g.Egress {
			fits := r.Protocol == "-1" || r.Protocol == "tcp" && int(r.Ports.From) <= port && port <= int(r.Ports.To)
			if slices.Contains(groups, g.ID) && fits && slices.ContainsFunc(r.CIDRs, func(c network.CIDR) bool { return c.Contains(d) }) {
				return true
			}
		}
	}
	return false
}

// arrives says whether a request of a task at an address gets to a host, and whether an answer to a port comes back. back is
// the port of the NAT gateway's that the answer comes to, where there is one.
func (p packetWalker) arrives(from network.Endpoint, source, d netip.Addr, port, reply, back int) bool {
	if !p.admits(from.SecurityGroups, d, port) || !p.border(from.Subnet, true, d, port) || !p.border(from.Subnet, false, d, reply) {
		return false
	}
	private := netip.MustParsePrefix("10.0.0.0/8")
	attached := len(p.t.InternetGateways) > 0
	switch target := p.route(from.Subnet, d); target {
	case "igw-1":
		return attached && *from.PublicIP && !private.Contains(d)
	case "nat-1":
		nat := p.t.NATGateways[0]
		if nat.State != "available" || nat.Private || p.route(nat.Subnet, d) != "igw-1" || !attached || private.Contains(d) {
			return false
		}
		if !p.border(nat.Subnet, true, d, port) || !p.border(nat.Subnet, false, d, back) {
			return false
		}
		return nat.Subnet == from.Subnet || p.border(nat.Subnet, false, source, port) && p.border(nat.Subnet, true, source, reply)
	}
	return false
}

// Path agrees with single packets: where it is open all of them arrive and where it is closed none does; where it is
// partial, some do and some do not, or no more than one filter's part of them does.
func TestPathAgainstPackets(t *testing.T) {
	const seed = 8
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	met := map[network.Status]int{}
	for n := range 4000 {
		trip := smallVPC(random)
		p := trip.path()
		d := netip.MustParseAddr(trip.to.Host)
		walker, arrived, lost := packetWalker{trip.Topology}, 0, 0
		for source := range 8 { // the task's subnet is a /29
			for _, reply := range samples(32768, 60999) {
				for _, back := range samples(1024, 65535) {
					if walker.arrives(trip.from, netip.AddrFrom4([4]byte{10, 0, 1, byte(source)}), d, 443, reply, back) {
						arrived++
					} else {
						lost++
					}
				}
			}
		}
		got := p.Status()
		met[got]++
		if got == network.Open && lost > 0 || got == network.Closed && arrived > 0 || got == network.Partial && lost == 0 || got == network.Unknown {
			t.Fatalf("%d: to %s %d packets arrive and %d do not, and the path is %s\n%s\n%+v", n, d, arrived, lost, got, show(p), encoded(t, trip.Topology))
		}
	}
	for _, status := range []network.Status{network.Open, network.Partial, network.Closed} {
		if met[status] < 40 {
			t.Errorf("only %d of the paths are %s", met[status], status)
		}
	}
}

// samples are the ports at which something may change in a small VPC's entries.
func samples(from, to int) (ports []int) {
	for _, p := range []int{from, 1023, 1024, 32767, 32768, 40000, 40001, 50000, 50001, 60999, 61000, to} {
		if from <= p && p <= to {
			ports = append(ports, p)
		}
	}
	return ports
}

// smallVPC has two subnets with tables, ACLs and a group of random rules, a host on the internet, and a NAT gateway.
func smallVPC(random *rand.Rand) *trip {
	t := &trip{vpc(), task(), network.Destination{Host: "10.200.0.1"}}
	if random.IntN(12) > 0 {
		t.to.Host = []string{"8.8.8.8", "52.1.2.3", "198.51.100.7"}[random.IntN(3)]
	}
	t.from.PublicIP = new(random.IntN(4) > 0)
	t.Subnets[0].CIDR = network.ParseCIDR("10.0.1.0/29")
	if random.IntN(8) == 0 {
		t.InternetGateways = []network.InternetGateway{}
	}
	t.NATGateways = []network.NATGateway{{ID: "nat-1", Subnet: "subnet-task", State: "available", Private: random.IntN(10) == 0}}
	if random.IntN(8) > 0 {
		t.NATGateways[0].Subnet = "subnet-public"
	}
	if random.IntN(10) == 0 {
		t.NATGateways[0].State = "failed"
	}
	blocks := []string{"0.0.0.0/0", "0.0.0.0/1", "52.0.0.0/8", "198.51.100.0/24", "8.8.8.8/32", "10.128.0.0/9"}
	for i, table := range []string{"rtb-task", "rtb-public"} {
		for range random.IntN(3) {
			target := []string{"igw-1", "nat-1"}[random.IntN(2)]
			if i == 1 && random.IntN(6) > 0 {
				target = "igw-1"
			}
			r := route(blocks[random.IntN(len(blocks))], target)
			if random.IntN(10) == 0 {
				r.State = "blackhole"
			}
			if !slices.ContainsFunc(t.table(table).Routes, func(o network.Route) bool { return o.CIDR == r.CIDR }) {
				t.addRoute(table, r)
			}
		}
		if random.IntN(3) > 0 && !slices.ContainsFunc(t.table(table).Routes, func(o network.Route) bool { return o.CIDR == network.ParseCIDR(anywhere) }) {
			t.addRoute(table, route(anywhere, []string{[]string{"igw-1", "nat-1"}[random.IntN(2)], "igw-1"}[i]))
		}
	}
	for _, subnet := range []string{"subnet-task", "subnet-public"} {
		if random.IntN(2) == 0 {
			t.acl(subnet, someEntries(random)...)
		}
	}
	if random.IntN(3) == 0 {
		t.group("sg-task").Egress = []network.Rule{https(network.Rule{CIDRs: cidrs(blocks[random.IntN(len(blocks))], blocks[random.IntN(len(blocks))])})}
	}
	return t
}

func someEntries(random *rand.Rand) (entries []network.ACLEntry) {
	for _, direction := range []string{"in", "out"} {
		for n := range random.IntN(4) {
			ports := [][2]uint16{{0, 65535}, {443, 443}, {32768, 60999}, {1024, 65535}, {40001, 50000}, {61000, 65535}}[random.IntN(6)]
			block := []string{anywhere, anywhere, "10.0.0.0/16", "10.0.1.0/30", "52.0.0.0/8", "198.51.100.0/24"}[random.IntN(6)]
			entries = append(entries, entry(int32(10*n+random.IntN(9)), direction, []string{"allow", "allow", "deny"}[random.IntN(3)], block, ports[0], ports[1]))
		}
		if random.IntN(4) > 0 {
			e := entry(200, direction, "allow", anywhere, 0, 0)
			e.Protocol = "-1"
			entries = append(entries, e)
		}
	}
	return entries
}

// Adding what allows never closes a path that was open, nor a part of one.
func TestAddingAnAllowNeverCloses(t *testing.T) {
	const seed = 9
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	worse := map[network.Status]int{network.Open: 0, network.Partial: 1, network.Unknown: 2, network.Closed: 3}
	for range 1500 {
		trip, name := someTrip(random)
		before := trip.path()
		var added string
		switch random.IntN(3) {
		case 0:
			g := &trip.SecurityGroups[random.IntN(len(trip.SecurityGroups))]
			g.Egress, added = append(g.Egress, network.Rule{Protocol: "-1", CIDRs: cidrs(anywhere)}), "an egress rule to "+g.ID
		case 1:
			g := &trip.SecurityGroups[random.IntN(len(trip.SecurityGroups))]
			g.Ingress, added = append(g.Ingress, https(network.Rule{CIDRs: cidrs("10.0.0.0/8")})), "an ingress rule to "+g.ID
		default:
			a := &trip.NetworkACLs[random.IntN(len(trip.NetworkACLs))]
			number := int32(1 + random.IntN(300))
			if slices.ContainsFunc(a.Entries, func(e network.ACLEntry) bool { return e.Number == number }) {
				continue
			}
			a.Entries, added = append(a.Entries, entry(number, []string{"in", "out"}[random.IntN(2)], "allow", anywhere, 0, 65535)), fmt.Sprintf("entry %d to %s", number, a.ID)
		}
		if after := trip.path(); worse[after.Status()] > worse[before.Status()] && before.Status() != network.Unknown {
			t.Fatalf("%s: with %s the path was %s and is %s\n%s\n%s", name, added, before.Status(), after.Status(), show(before), show(after))
		}
	}
}
