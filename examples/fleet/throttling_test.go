package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/emulator"
)

// Where every fifth call is throttled nothing is lost: the SDK's adaptive mode makes it again.
func TestThrottledAccount(t *testing.T) {
	account, err := url.Parse(emulator.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	emulator.NewPlace(t, cfg).Services(t, cfg, "prod", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", types.LaunchTypeFargate, 12)

	var calls, throttled atomic.Int32
	through := httputil.NewSingleHostReverseProxy(account)
	through.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode == http.StatusInternalServerError { // what the emulator does not implement need not be tried ten times
			r.StatusCode = http.StatusForbidden
		}
		return nil
	}
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%5 > 0 {
			through.ServeHTTP(w, r)
			return
		}
		throttled.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		text := `{"__type": "ThrottlingException", "message": "Rate exceeded"}`
		if r.Header.Get("X-Amz-Target") == "" { // EC2
			text = "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
		}
		_, _ = io.WriteString(w, text)
	}))
	defer door.Close()
	t.Setenv("AWS_ENDPOINT_URL", door.URL)
	t.Setenv("AWS_MAX_ATTEMPTS", "") // as it is for users

	o := fleet(t.Context(), "-cluster", "prod", "-log")
	o.Expect(t, command.CannotPull, "12 services: 12 cannot pull", "error=")
	if throttled.Load() == 0 || strings.Contains(o.Stderr, "Throttling") || strings.Contains(o.Stderr, "RequestLimitExceeded") {
		t.Errorf("%d calls of %d were throttled, and some were lost:\n%s", throttled.Load(), calls.Load(), o.Stderr)
	}
	t.Logf("%d calls, %d throttled", calls.Load(), throttled.Load())
}
