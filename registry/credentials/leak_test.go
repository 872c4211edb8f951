package credentials_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/registry/credentials"
)

// Reading a secret leaves no goroutine behind, whether it ends by itself or while AWS does not answer: a bubble with one
// that is blocked fails.
func TestNothingIsLeftRunning(t *testing.T) {
	for name, latency := range map[string]time.Duration{"answered": time.Second, "never answered": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			fake := account()
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
			_, err := credentials.New(fake, fake, credentials.WithValues(fake)).Secret(ctx, credentials.ID{Name: arn})
			if (err != nil) != (latency > time.Minute) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
