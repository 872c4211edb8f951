package checks_test

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
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

// toStdout logs without times, which differ.
func toStdout() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "elapsed" {
			return slog.Attr{}
		}
		return a
	}}))
}

// A host's own log shows every call of AWS, and a tracer would make a span of each, from Started to Started plus Elapsed.
func ExampleObserveCalls() {
	cfg := aws.Config{ // in earnest: config.LoadDefaultConfig(ctx)
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "example", ""),
		HTTPClient: &answers{next: []string{`{"__type": "ThrottlingException"}`, `{"clusterArns": []}`}},
	}
	cfg = checks.ObserveCalls(cfg, checks.LogCalls(toStdout()))
	for _, err := range checks.LoaderFromConfig(cfg).Clusters(context.Background()) {
		log.Fatal(err)
	}
	// Output:
	// level=DEBUG msg=call action=ecs:ListClusters region=eu-west-1 attempts=2
}

// A host's own log shows every check.
func ExampleLogChecks() {
	task := checks.Task{TaskDefinition: "web:7", Containers: []checks.Container{{Name: "web", Image: "nginx"}}}
	runner := checks.Runner{Observe: checks.LogChecks(toStdout())}
	if _, err := runner.Run(context.Background(), task, checks.StoppedReason{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=DEBUG msg=check check=stopped-reason task=web:7
}

// What went wrong is logged, and nothing above the level of debugging is.
func TestLogsSayWhatWentWrong(t *testing.T) {
	var b strings.Builder
	logger := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	checks.LogCalls(logger)(t.Context(), checks.Call{Action: "ec2:DescribeSubnets", Err: errors.New("denied")})
	checks.LogChecks(logger)(t.Context(), checks.Event{Check: "dns"}) // has not ended
	checks.LogChecks(logger)(t.Context(), checks.Event{Check: "route", Ended: true, Elapsed: time.Second, Err: errors.New("no source")})
	for _, want := range []string{"level=DEBUG msg=call action=ec2:DescribeSubnets", "error=denied\n", "msg=check check=route task=task elapsed=1s error=\"no source\"\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "check=dns") {
		t.Errorf("a check was logged before it ended:\n%s", b.String())
	}
}
