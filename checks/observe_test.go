package checks_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/canpull/canpull/checks"
)

// answers is an HTTP client that gives one answer after the other, and then the last again.
type answers struct {
	mu   sync.Mutex
	next []string
}

func (a *answers) Do(*http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body := a.next[0]
	if len(a.next) > 1 {
		a.next = a.next[1:]
	}
	status := http.StatusOK
	if strings.Contains(body, "__type") {
		status = http.StatusBadRequest
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func TestObserveCallsSeesEveryCall(t *testing.T) {
	type key struct{}
	const throttled, denied = `{"__type": "ThrottlingException", "message": "Rate exceeded"}`, `{"__type": "AccessDeniedException"}`
	for _, c := range []struct {
		name     string
		answers  []string
		attempts int
		failed   bool
	}{
		{"answered", []string{`{"clusters": []}`}, 1, false},
		{"throttled once", []string{throttled, `{"clusters": []}`}, 2, false},
		{"throttled for ever", []string{throttled}, 3, true},
		{"denied", []string{denied}, 1, true},
	} {
		var seen []checks.Call
		cfg := aws.Config{Region: "eu-west-1", HTTPClient: &answers{next: c.answers}, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "example", ""),
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, time.Nanosecond })
			}}
		watched := checks.ObserveCalls(cfg, func(ctx context.Context, call checks.Call) {
			if ctx.Value(key{}) != "parent" {
				t.Errorf("%s: the context is not the caller's", c.name)
			}
			seen = append(seen, call)
		})
		if len(cfg.APIOptions) > 0 {
			t.Error("the configuration that was given is changed")
		}
		_, err := ecs.NewFromConfig(watched).DescribeClusters(context.WithValue(t.Context(), key{}, "parent"), &ecs.DescribeClustersInput{})
		if len(seen) != 1 {
			t.Fatalf("%s: saw %+v", c.name, seen)
		}
		got := seen[0]
		if got.Action != "ecs:DescribeClusters" || got.Region != "eu-west-1" || got.Attempts != c.attempts || got.Elapsed <= 0 || got.Started.IsZero() || (got.Err != nil) != c.failed || (err != nil) != c.failed {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}
