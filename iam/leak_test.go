package iam_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/iam"
)

// Gathering leaves no goroutine behind, whether it ends by itself or while IAM does not answer: a bubble with one that is
// blocked fails.
func TestNothingIsLeftRunning(t *testing.T) {
	for name, latency := range map[string]time.Duration{"answered": time.Second, "never answered": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			fake := accountOf(nil)
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
			if _, err := iam.New(fake).Role(ctx, roleARN); (err != nil) != (latency > time.Minute) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
