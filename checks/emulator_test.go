package checks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const region = "eu-central-1"

// emulator is moto_server, an emulator of AWS: one for all tests, started by the first that asks for it.
var emulator server

func TestMain(m *testing.M) {
	defer emulator.stop()
	m.Run()
}

// emulated returns the emulator's URL. Without moto_server the test is skipped, except in CI.
func emulated(t *testing.T) string {
	t.Helper()
	emulator.once.Do(emulator.start)
	switch {
	case errors.Is(emulator.err, exec.ErrNotFound) && os.Getenv("CI") == "":
		t.Skipf("no emulator of AWS to test against (pip install 'moto[server]==5.2.1'): %v", emulator.err)
	case emulator.err != nil:
		t.Fatalf("the emulator of AWS did not start: %v", emulator.err)
	}
	return emulator.url
}

type server struct {
	once    sync.Once
	url     string
	err     error
	process *exec.Cmd
	ended   chan struct{} // closed when the process is gone
}

func (s *server) start() {
	if _, s.err = exec.LookPath("moto_server"); s.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 3 { // somebody else may take the port before the emulator does
		if s.err = s.startOn(ctx, freePort()); s.err == nil {
			// Otherwise every DescribeTasks moves a task one state on.
			s.err = s.post(ctx, "/moto-api/state-manager/set-transition",
				`{"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000000000}}`)
			return
		}
		s.stop()
	}
}

// startOn starts the emulator and waits until it answers.
func (s *server) startOn(ctx context.Context, port string) error {
	s.url = "http://127.0.0.1:" + port
	s.process, s.ended = exec.Command("moto_server", "-H", "127.0.0.1", "-p", port), make(chan struct{})
	s.process.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MOTO_") }),
		"MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	if err := s.process.Start(); err != nil {
		close(s.ended)
		return err
	}
	go func(process *exec.Cmd, ended chan struct{}) {
		_ = process.Wait() // its answers say whether it lives
		close(ended)
	}(s.process, s.ended)
	for every := time.Tick(50 * time.Millisecond); ; {
		select {
		case <-s.ended:
			return errors.New("moto_server ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-every:
			if s.get(ctx, "/moto-api/") == nil {
				return nil
			}
		}
	}
}

func (s *server) stop() {
	if s.process == nil || s.process.Process == nil {
		return
	}
	_ = s.process.Process.Kill() // an error means that it ended by itself
	<-s.ended
}

func (s *server) get(ctx context.Context, path string) error {
	return s.send(ctx, http.MethodGet, path, http.NoBody)
}

func (s *server) post(ctx context.Context, path, body string) error {
	return s.send(ctx, http.MethodPost, path, strings.NewReader(body))
}

func (s *server) send(ctx context.Context, method, path string, body io.Reader) error {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s answered %s", path, answer.Status)
	}
	return nil
}

func freePort() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "0" // which fails, and says so, when the emulator does not answer there
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// configFor leads the SDK's clients to one of the emulator's accounts: each is empty until something is made in it, and
// separate from the others.
func configFor(url, account string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: &url,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "example", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} }, // what the emulator does not implement it answers with 500
		HTTPClient:   corrected{awshttp.NewBuildableClient()},
		APIOptions:   []func(*middleware.Stack) error{smithyhttp.SetHeaderValue("x-moto-account-id", account)},
	}
}

// corrected makes an answer readable that the SDK refuses: what a task's containers have of CPU and memory is text in ECS
// and a number in the emulator. It hides WriteTo of a request's body: smithy-go closes the body when the answer begins, and to
// net/http, if on a busy machine it has not looked for the body's end by then, WriteTo reports that as a failed request.
type corrected struct{ aws.HTTPClient }

var (
	aboutTasks = regexp.MustCompile(`\.(RunTask|StopTask|DescribeTasks)$`)
	numbers    = regexp.MustCompile(`"(cpu|memory)": (\d+)`)
)

func (c corrected) Do(request *http.Request) (*http.Response, error) {
	if request.Body != nil && request.Body != http.NoBody {
		request.Body = struct{ io.ReadCloser }{request.Body}
	}
	answer, err := c.HTTPClient.Do(request)
	if err != nil || !aboutTasks.MatchString(request.Header.Get("X-Amz-Target")) {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	body = numbers.ReplaceAll(body, []byte(`"$1": "$2"`))
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return answer, err
}
