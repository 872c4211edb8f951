package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/emulator"
)

// Where every fifth call is throttled and connections break nothing is lost: the SDK's adaptive mode makes it again.
func TestThrottledAccount(t *testing.T) {
	cfg := emulator.Start(t)
	account, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	emulator.NewPlace(t, cfg).Services(t, cfg, "prod", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", types.LaunchTypeFargate, 12)

	var calls, throttled, broken atomic.Int32
	through := httputil.NewSingleHostReverseProxy(account)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch call := calls.Add(1); {
		case call%5 == 0:
			throttled.Add(1)
			w.WriteHeader(http.StatusBadRequest)
			text := `{"__type": "ThrottlingException", "message": "Rate exceeded"}`
			if r.Header.Get("X-Amz-Target") == "" { // EC2
				text = "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
			}
			_, _ = io.WriteString(w, text)
		case call%11 == 0:
			broken.Add(1)
			panic(http.ErrAbortHandler)
		default:
			through.ServeHTTP(w, r)
		}
	}))
	defer door.Close()
	t.Setenv("AWS_ENDPOINT_URL", door.URL)

	o := fleet(t.Context(), "-cluster", "prod", "-log")
	o.Expect(t, command.CannotPull, "12 services: 12 cannot pull", "error=")
	if throttled.Load() == 0 || broken.Load() == 0 || strings.Contains(o.Stderr, "Throttling") || strings.Contains(o.Stderr, "RequestLimitExceeded") {
		t.Errorf("of %d calls %d were throttled and %d broke, and some were lost:\n%s", calls.Load(), throttled.Load(), broken.Load(), o.Stderr)
	}
	t.Logf("%d calls, %d throttled, %d broken", calls.Load(), throttled.Load(), broken.Load())
}
