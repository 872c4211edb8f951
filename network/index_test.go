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
