package network_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/network"
)

// The lists of EC2's answers are in no order, but for a VPC's blocks and name servers.
func TestOrderChangesNothing(t *testing.T) {
	const seed = 2
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for range 300 {
		trip, name := someTrip(random)
		before := trip.path()
		shuffleAll(random, trip.Topology)
		if after := trip.path(); sorted(after) != sorted(before) {
			t.Fatalf("%s: the path was\n%s\nand in another order is\n%s", name, show(before), show(after))
		}
	}
}

// sorted writes a path's hops in no particular order.
func sorted(p network.Path) string {
	lines := strings.Split(show(p), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func shuffle[E any](random *rand.Rand, list []E) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func shuffleAll(random *rand.Rand, t *network.Topology) {
	shuffle(random, t.Subnets)
	shuffle(random, t.RouteTables)
	shuffle(random, t.NetworkACLs)
	shuffle(random, t.SecurityGroups)
	shuffle(random, t.InternetGateways)
	shuffle(random, t.NATGateways)
	shuffle(random, t.VPCEndpoints)
	shuffle(random, t.Interfaces)
	shuffle(random, t.PrefixLists)
	for _, table := range t.RouteTables {
		shuffle(random, table.Subnets)
		shuffle(random, table.Routes)
	}
	for _, acl := range t.NetworkACLs {
		shuffle(random, acl.Subnets)
		shuffle(random, acl.Entries)
	}
	for _, g := range t.SecurityGroups {
		shuffle(random, g.Ingress)
		shuffle(random, g.Egress)
	}
	for _, e := range t.VPCEndpoints {
		shuffle(random, e.Subnets)
		shuffle(random, e.SecurityGroups)
		shuffle(random, e.Interfaces)
	}
	for _, l := range t.PrefixLists {
		shuffle(random, l.CIDRs)
	}
}

// A path judges the same topology the same way again, and leaves it as it is.
func TestPathChangesNothing(t *testing.T) {
	const seed = 3
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for range 300 {
		trip, name := someTrip(random)
		text := encoded(t, trip.Topology)
		first, second := show(trip.path()), show(trip.path())
		if first != second {
			t.Errorf("%s: first\n%s\nthen\n%s", name, first, second)
		}
		if encoded(t, trip.Topology) != text {
			t.Errorf("%s: the topology is not what it was", name)
		}
	}
}

// Facts that close a path for certain stay closed whatever else is broken: no fault opens what another closed, unless it
// takes the traffic elsewhere.
func TestFiltersOnlyTakeAway(t *testing.T) {
	const seed = 4
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	for range 300 {
		trip, name := someTrip(random)
		before := trip.path().Status()
		trip.acl("subnet-task", entry(1, "in", "deny", anywhere, 0, 65535))
		trip.group("sg-task").Egress = []network.Rule{}
		trip.from.SecurityGroups = []string{"sg-task"}
		if after := trip.path().Status(); after == network.Open || before == network.Closed && after != network.Closed {
			t.Errorf("%s: was %s and is %s behind filters that let nothing pass\n%s", name, before, after, show(trip.path()))
		}
	}
}
