// Package emulator starts moto_server, an emulator of AWS, for the tests of the examples.
package emulator

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Start starts an emulator with an empty account, 123456789012, leads the SDK's default chain to it for as long as the test
// runs, and returns a configuration for making things in it. Without moto_server the test is skipped, except in CI.
func Start(t *testing.T) aws.Config {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no emulator of AWS to test against (pip install 'moto[server]==5.2.1'): %v", err)
	}
	for range 3 { // somebody else may take the port before the emulator does
		if account := startOn(t, program, freePort(t)); account != nil {
			url := answeredOnce(t, account)
			for name, value := range map[string]string{
				"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
				"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
				"AWS_MAX_ATTEMPTS": "", "AWS_RETRY_MODE": "", // as it is for users: on a busy machine connections break
			} {
				t.Setenv(name, value)
			}
			cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))
			if err != nil {
				t.Fatal(err)
			}
			cfg.HTTPClient = once{awshttp.NewBuildableClient()}
			return cfg
		}
	}
	t.Fatal("the emulator of AWS did not start")
	return aws.Config{}
}

// once hides WriteTo of a request's body. smithy-go closes the body when the answer begins, and to net/http, if on a busy machine
// it has not looked for the body's end by then, WriteTo reports that as a failed request: it would be made again.
type once struct{ aws.HTTPClient }

func (c once) Do(request *http.Request) (*http.Response, error) {
	if request.Body != nil && request.Body != http.NoBody {
		request.Body = struct{ io.ReadCloser }{request.Body}
	}
	return c.HTTPClient.Do(request)
}

// answeredOnce stands before the emulator. What that does not implement it answers with 500, which the SDK takes for a fault that
// may pass; 501 it does not ask for again.
func answeredOnce(t *testing.T, account *url.URL) string {
	t.Helper()
	through := httputil.NewSingleHostReverseProxy(account)
	through.ModifyResponse = func(answer *http.Response) error {
		if answer.StatusCode == http.StatusInternalServerError {
			answer.StatusCode = http.StatusNotImplemented
		}
		return nil
	}
	door := httptest.NewServer(through)
	t.Cleanup(door.Close)
	return door.URL
}

// startOn returns nil where the emulator ended by itself.
func startOn(t *testing.T, program, port string) *url.URL {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	process := exec.Command(program, "-H", "127.0.0.1", "-p", port)
	process.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MOTO_") }), "MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = process.Wait() // its answers say whether it lives
		close(ended)
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill() // an error means that it ended by itself
		<-ended
	})
	account := &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	for every := time.Tick(50 * time.Millisecond); ; {
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		case <-every:
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, account.JoinPath("/moto-api/").String(), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if answer, err := http.DefaultClient.Do(request); err == nil {
				_ = answer.Body.Close()
				return account
			}
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
