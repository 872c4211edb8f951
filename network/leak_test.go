package network_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/network"
)

// Gathering leaves no goroutine behind, whether it ends by itself or while EC2 does not answer: a bubble with one that is
// blocked fails.
func TestNothingIsLeftRunning(t *testing.T) {
	for name, latency := range map[string]time.Duration{"answered": time.Second, "never answered": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			fake := around()
			fake.Before = func(ctx context.Context, _ string, _ any) error {
				select {
				case <-time.After(latency):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := network.New(fake).Topology(ctx, network.Placement{Subnets: []string{"subnet-task"}})
			if (err != nil) != (latency > time.Minute) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
