package network_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// At 50 ms for a call, gathering takes no longer than 1.3 times the longest chain of calls that wait for one another.
func TestSourceTakesItsCriticalPath(t *testing.T) {
	const call = 50 * time.Millisecond
	for _, c := range []struct {
		name    string
		account *networktest.Fake
		chain   int // in calls
	}{
		{"one VPC", account(), 3},          // subnets, tables, interfaces
		{"a transit gateway", around(), 7}, // subnets, VPC, DHCP options, attachments, routes, the VPC behind it, prefix lists' entries
	} {
		synctest.Test(t, func(t *testing.T) {
			c.account.Before = func(context.Context, string, any) error { time.Sleep(call); return nil }
			start := time.Now()
			if _, err := network.New(c.account).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-task"}}); err != nil {
				t.Fatal(err)
			}
			if took, most := time.Since(start), time.Duration(float64(c.chain)*1.3*float64(call)); took > most {
				t.Errorf("%s: gathered in %s, want %s at most", c.name, took, most)
			}
		})
	}
}
