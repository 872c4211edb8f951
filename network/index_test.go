package network_test

import (
	"sync"
	"testing"

	"github.com/canpull/canpull/network"
)

// One index decides as many would, whoever asks it at the same time.
func TestPathsAreSharedBetweenGoroutines(t *testing.T) {
	trip := large()
	paths := trip.Paths()
	var all sync.WaitGroup
	for range 4 {
		for _, to := range []network.Destination{hub, ecrAPI, layers, {Host: "52.218.1.1"}, {}} {
			all.Go(func() {
				for _, subnet := range []string{"subnet-task", "subnet-public", "subnet-7", "subnet-none"} {
					from := task()
					from.Subnet = subnet
					if got, want := show(paths.Path(from, to)), show(trip.Path(from, to)); got != want {
						t.Errorf("from %s to %+v the shared index says\n%s\nand a new one\n%s", subnet, to, got, want)
					}
				}
			})
		}
	}
	all.Wait()
}

// A decision after the first makes little garbage, however large the VPC.
func TestPathAllocatesLittle(t *testing.T) {
	trip := large()
	paths := trip.Paths()
	for _, to := range []network.Destination{hub, ecrAPI, layers} {
		if n := testing.AllocsPerRun(20, func() { paths.Path(trip.from, to) }); n >= 64 {
			t.Errorf("to %s a path takes %.0f allocations, want fewer than 64", to.Host, n)
		}
	}
}

// Of a subnet's route tables the associated one is in effect, else the main one; where associations were not read, none is known.
func TestRouteTableOfASubnet(t *testing.T) {
	vpc := network.Topology{RouteTables: []network.RouteTable{{ID: "rtb-main", Main: true, Subnets: []string{}}, {ID: "rtb-own", Subnets: []string{"subnet-own"}}}}
	for subnet, want := range map[string]string{"subnet-own": "rtb-own", "subnet-other": "rtb-main"} {
		if got := vpc.RouteTable(subnet); got == nil || got.ID != want {
			t.Errorf("the table of %s is %+v, not %s", subnet, got, want)
		}
	}
	vpc.RouteTables[1].Subnets = nil
	if got := vpc.RouteTable("subnet-other"); got != nil {
		t.Errorf("with associations unread, the table is %s", got.ID)
	}
	if got := new(network.Topology).RouteTable("subnet-own"); got != nil {
		t.Errorf("with tables unread, the table is %s", got.ID)
	}
}

// Answers come back to the ports that a client picks: a NAT gateway picks from more than either operating system.
func TestReplyPorts(t *testing.T) {
	linux, windows, nat := network.Endpoint{}.ReplyPorts(), network.Endpoint{Windows: true}.ReplyPorts(), network.NATGateway{}.ReplyPorts()
	if (linux != network.Ports{From: 32768, To: 60999}) || (windows != network.Ports{From: 49152, To: 65535}) || (nat != network.Ports{From: 1024, To: 65535}) {
		t.Errorf("Linux %s, Windows %s, a NAT gateway %s", linux, windows, nat)
	}
}
