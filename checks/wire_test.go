package checks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/registry"
	secrets "github.com/canpull/canpull/registry/credentials"
)

// wire is the far end of the SDK's clients: it answers for a scenario's account over HTTP, in the form of each service's
// protocol, or goes wrong. What the clients send it does not decode, because the emulator's tests prove that: it takes the
// operation and the input from the request's context.
type wire struct {
	scenario checkstest.Scenario
	fault    *mishap // nil: everything goes well
	action   string  // the IAM action that the fault strikes

	// decoded, when set, is told what an operation answered and what the client made of it.
	decoded func(action string, sent, got any)

	mu     sync.Mutex
	asked  map[string]bool // actions that were called
	struck map[string]bool // those that went wrong
}

// latency is how long every answer takes.
const latency = 200 * time.Millisecond

// config returns the SDK's own configuration but for the transport.
func (w *wire) config() aws.Config {
	return aws.Config{
		Region:      w.scenario.Task.Region,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
		HTTPClient:  &http.Client{Transport: w},
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("exchange", w.exchange), middleware.Before)
		}},
	}
}

// exchange is an operation's input, and what was answered.
type exchange struct{ input, sent any }

type exchangeKey struct{}

func (w *wire) exchange(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	e := &exchange{input: in.Parameters}
	out, metadata, err := next.HandleInitialize(context.WithValue(ctx, exchangeKey{}, e), in)
	if err == nil && w.decoded != nil {
		got := reflect.New(reflect.TypeOf(out.Result).Elem())
		got.Elem().Set(reflect.ValueOf(out.Result).Elem())
		got.Elem().FieldByName("ResultMetadata").SetZero()
		w.decoded(fmt.Sprintf("%T", in.Parameters), e.sent, got.Interface())
	}
	return out, metadata, err
}

// sources returns what FromConfig does, but for images outside ECR, which are not asked for over HTTP.
func (w *wire) sources() checks.Sources {
	s := checks.FromConfig(w.config())
	private, others := registry.New(ecr.NewFromConfig(w.config()), registry.WithTransport(w),
		registry.WithKeys(secrets.KeyStates(kms.NewFromConfig(w.config())))), w.scenario.Images.Source()
	s.Images = registry.SourceFunc(func(ctx context.Context, ref registry.Reference) (*registry.Image, error) {
		if ref.ECR != nil {
			return private.Image(ctx, ref)
		}
		return others.Image(ctx, ref)
	})
	return s
}

// load loads the scenario's task over HTTP.
func (w *wire) load(ctx context.Context) (checks.Task, error) {
	return w.scenario.LoadFrom(ctx, checks.LoaderFromConfig(w.config()))
}

// wireCall is one operation as the client asks for it.
type wireCall struct {
	service, operation, region string
	input                      any
}

func (c wireCall) action() string {
	return strings.ToLower(strings.ReplaceAll(c.service, " ", "")) + ":" + c.operation
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Body != nil {
		defer r.Body.Close()
	}
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	e, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return w.blob(r), nil
	}
	c := wireCall{awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), awsmiddleware.GetRegion(ctx), e.input}
	answer := w.answer(ctx, c)
	struck := w.strikes(answer)
	e.sent = answer.output
	response := answer.encode(r)
	if struck && w.fault.spoil != nil {
		return w.fault.spoil(ctx, c, response)
	}
	return response, nil
}

// strikes notes a call and reports whether it goes wrong.
func (w *wire) strikes(a *answer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked == nil {
		w.asked, w.struck = map[string]bool{}, map[string]bool{}
	}
	w.asked[a.action()] = true
	if w.fault == nil || a.action() != w.action && !(w.fault.lasts && len(w.struck) > 0) || w.fault.bend != nil && !w.fault.bend(a) {
		return false
	}
	w.struck[a.action()] = true
	return true
}

// blob serves the configuration of an image, as the bucket that ECR names does.
func (w *wire) blob(r *http.Request) *http.Response {
	body, ok := w.scenario.Images.Blobs[strings.TrimPrefix(r.URL.Path, "/")]
	status := http.StatusOK
	if !ok {
		status = http.StatusNotFound
	}
	return respond(r, status, "application/octet-stream", []byte(body))
}

// answer is what an operation answers, before it is encoded.
type answer struct {
	wireCall
	output any
	err    error
}

// answer asks the scenario's fake.
func (w *wire) answer(ctx context.Context, c wireCall) *answer {
	fake := map[string]any{"EC2": w.scenario.EC2, "ECR": w.scenario.Images, "ECS": w.scenario.ECS, "IAM": w.scenario.IAM,
		"KMS": w.scenario.Secrets, "Organizations": w.scenario.IAM, "Secrets Manager": w.scenario.Secrets}[c.service]
	method := reflect.ValueOf(fake).MethodByName(c.operation)
	if !method.IsValid() {
		panic(fmt.Sprintf("no fake answers %s", c.action()))
	}
	inRegion := reflect.MakeFunc(method.Type().In(2).Elem(), func(options []reflect.Value) []reflect.Value {
		options[0].Elem().FieldByName("Region").SetString(c.region)
		return nil
	})
	results := method.Call([]reflect.Value{reflect.ValueOf(context.WithoutCancel(ctx)), reflect.ValueOf(c.input), inRegion})
	err, _ := results[1].Interface().(error)
	return &answer{c, results[0].Interface(), err}
}

func respond(r *http.Request, status int, contentType string, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {contentType}, "X-Amzn-Requestid": {"00000000-0000-0000-0000-000000000000"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body:   io.NopCloser(bytes.NewReader(body))}
}

// Over HTTP, through the SDK's clients, an account is what it is through its fakes, and every answer what was sent.
func TestScenariosOverHTTP(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &wire{scenario: s, decoded: func(operation string, sent, got any) {
					sameText(t, operation, encoded(t, sent), encoded(t, got))
				}}
				task, err := w.load(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				sameText(t, "the task", encoded(t, s.Task), encoded(t, task))
				d, err := checks.Run(t.Context(), task, checks.Default(w.sources())...)
				if err != nil {
					t.Fatal(err)
				}
				want := diagnose(t, s)
				sameText(t, "the outline", checkstest.Outline(want), checkstest.Outline(d))
				sameText(t, "the findings", encoded(t, want.Findings), encoded(t, d.Findings))
			})
		})
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sameText(t *testing.T, what, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
}
