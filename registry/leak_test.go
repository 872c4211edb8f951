package registry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

// Asking ECR leaves no goroutine behind, whether it ends by itself or while ECR does not answer: a bubble with one that is
// blocked fails. Nor does asking another registry, once its idle connections are closed.
func TestNothingIsLeftRunning(t *testing.T) {
	for name, latency := range map[string]time.Duration{"answered": time.Second, "never answered": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			fake := &registrytest.Fake{Images: []types.ImageDetail{}, Policies: []ecr.GetRepositoryPolicyOutput{}, CacheRules: []types.PullThroughCacheRule{}, Manifests: []types.Image{}}
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
			if _, err := registry.New(fake).Image(ctx, parsed(t, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1")); (err != nil) != (latency > time.Minute) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	before := runtime.NumGoroutine()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }))
	transport := &http.Transport{}
	for range 20 {
		if _, err := registry.New(nil, registry.WithTransport(transport)).Image(t.Context(), parsed(t, server.Listener.Addr().String()+"/app:1")); err != nil {
			t.Fatal(err)
		}
	}
	transport.CloseIdleConnections()
	server.Close()
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines were there before, and %d are after", before, runtime.NumGoroutine())
		}
	}
}

func parsed(t *testing.T, reference string) registry.Reference {
	t.Helper()
	ref, err := registry.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}
