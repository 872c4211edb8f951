package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/canpull/canpull/examples/internal/emulator"
)

// runtimeAPI is Lambda's side of a function's environment.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	*httptest.Server
	events  chan string
	answers chan answer
}

// answer is what an invocation came to: the error's message, "" for none.
type answer struct{ id, failed string }

func newRuntimeAPI(t *testing.T) *runtimeAPI {
	t.Helper()
	a := &runtimeAPI{events: make(chan string), answers: make(chan answer)}
	const version = "/2018-06-01/runtime/"
	id := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+version+"invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case event := <-a.events:
			id++
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint(id))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(2*time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:diagnose")
			_, _ = io.WriteString(w, event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST "+version+"invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		a.answers <- answer{id: r.PathValue("id")}
	})
	mux.HandleFunc("POST "+version+"invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		var e struct{ ErrorMessage string }
		_ = json.NewDecoder(r.Body).Decode(&e)
		w.WriteHeader(http.StatusAccepted)
		a.answers <- answer{r.PathValue("id"), e.ErrorMessage}
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.CloseClientConnections)
	return a
}

// invoke hands the function an event and returns what came of it. A connection to the emulator that a busy machine broke off
// says nothing: the event comes again, as Lambda would have it.
func (a *runtimeAPI) invoke(t *testing.T, event string) (failed string) {
	t.Helper()
	for range 3 {
		if failed = a.once(t, event); !strings.Contains(failed, "use of closed network connection") {
			break
		}
	}
	return failed
}

func (a *runtimeAPI) once(t *testing.T, event string) string {
	t.Helper()
	select {
	case a.events <- event:
	case <-time.After(time.Minute):
		t.Fatal("the function does not ask for an event")
	}
	select {
	case got := <-a.answers:
		return got.failed
	case <-time.After(2 * time.Minute):
		t.Fatal("the function does not answer")
	}
	return ""
}

// inbox keeps what is posted to it. It answers with the status, where one is set.
type inbox struct {
	*httptest.Server
	mu     sync.Mutex
	posts  []string
	status int
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		if r.Header.Get("X-Amz-Sns-Message-Type") == "SubscriptionConfirmation" || strings.Contains(string(body), "SubscriptionConfirmation") {
			return
		}
		if b.status != 0 {
			w.WriteHeader(b.status)
			return
		}
		b.posts = append(b.posts, string(body))
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *inbox) answerWith(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

func (b *inbox) got() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.posts...)
}

const timeout = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/nginx:latest: " +
	"failed to do request: Head \"https://registry-1.docker.io/v2/library/nginx/manifests/latest\": dial tcp 3.216.34.172:443: i/o timeout"

// makeAccount makes a service in a subnet that leads nowhere, and returns an event of a task of it.
func makeAccount(t *testing.T, cfg aws.Config) (event func(id, stoppedReason string) string) {
	t.Helper()
	place := emulator.NewPlace(t, cfg)
	service := place.Services(t, cfg, "prod", "nginx", types.LaunchTypeFargate, 1)[0]
	return func(id, reason string) string {
		text, err := json.Marshal(map[string]any{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": map[string]any{
			"taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/prod/" + id, "clusterArn": service.ClusterArn, "taskDefinitionArn": service.TaskDefinition, "group": "service:web-0",
			"startedBy": service.Deployments[0].Id, "launchType": "FARGATE", "lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "stoppedReason": reason,
			"attachments": []any{map[string]any{"type": "eni", "details": []any{map[string]any{"name": "subnetId", "value": place.Subnet}}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// The built program, under Lambda's runtime API, in an emulated account.
func TestFunction(t *testing.T) {
	cfg := emulator.Start(t)
	event := makeAccount(t, cfg)
	emulator.Call(t, dynamodb.NewFromConfig(cfg).CreateTable, &dynamodb.CreateTableInput{TableName: aws.String("tasks"), BillingMode: dynamotypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("task"), AttributeType: dynamotypes.ScalarAttributeTypeS}},
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("task"), KeyType: dynamotypes.KeyTypeHash}}})
	mail, chat := newInbox(t), newInbox(t)
	topics := sns.NewFromConfig(cfg)
	topic := *emulator.Call(t, topics.CreateTopic, &sns.CreateTopicInput{Name: aws.String("pulls")}).TopicArn
	emulator.Call(t, topics.Subscribe, &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("http"), Endpoint: &mail.URL})
	const token = "B000secret"
	emulator.Call(t, secretsmanager.NewFromConfig(cfg).CreateSecret, &secretsmanager.CreateSecretInput{Name: aws.String("webhook"), SecretString: aws.String(chat.URL + "/services/" + token)})

	program := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	api := newRuntimeAPI(t)
	var log bytes.Buffer
	function := exec.Command(program)
	function.Stderr = &log
	function.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"), "TOPIC="+topic, "TABLE=tasks", "WEBHOOK_SECRET=webhook")
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		_ = function.Process.Kill()
		_ = function.Wait() // after which the log is whole
	})
	defer stop()

	told := func(wantMail, wantChat int) {
		t.Helper()
		if got := mail.got(); len(got) != wantMail {
			t.Errorf("%d messages to the topic, want %d: %s", len(got), wantMail, got)
		}
		if got := chat.got(); len(got) != wantChat {
			t.Errorf("%d messages to the webhook, want %d: %s", len(got), wantChat, got)
		}
	}
	if failed := api.invoke(t, event("one", timeout)); failed != "" {
		t.Fatal(failed)
	}
	told(1, 1)
	for name, text := range map[string]string{"topic": mail.got()[0], "webhook": chat.got()[0]} {
		for _, want := range []string{"It cannot pull", "has no route from", "task/prod/one", "Add a route"} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s is not told %q:\n%s", name, want, text)
			}
		}
	}

	// Once for each task, although events come more often.
	if failed := api.invoke(t, event("one", timeout)); failed != "" {
		t.Error(failed)
	}
	told(1, 1)

	// What failed is tried again, and what was told is not told again.
	chat.answerWith(http.StatusForbidden)
	if failed := api.invoke(t, event("two", timeout)); failed != "telling the webhook: it answered with status 403" {
		t.Errorf("%q", failed)
	}
	told(2, 1)
	chat.answerWith(0)
	if failed := api.invoke(t, event("two", timeout)); failed != "" {
		t.Error(failed)
	}
	told(2, 2)

	// What is no failed pull is nobody's business.
	for _, other := range []string{event("three", "Essential container in task exited"), strings.Replace(event("four", timeout), "FARGATE", "EC2", 1),
		strings.Replace(event("five", timeout), "TaskFailedToStart", "EssentialContainerExited", 1)} {
		if failed := api.invoke(t, other); failed != "" {
			t.Error(failed)
		}
	}
	told(2, 2)

	// A webhook that cannot be reached tells the secret to nobody.
	chat.Close()
	if failed := api.invoke(t, event("six", timeout)); !strings.HasPrefix(failed, "telling the webhook: ") || strings.Contains(failed, token) {
		t.Errorf("%q", failed)
	}
	for _, bad := range []string{"{}", "[]", `{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {}}`} {
		if failed := api.invoke(t, bad); !strings.HasPrefix(failed, "checks: event: ") {
			t.Errorf("%s: %q", bad, failed)
		}
	}
	stop()
	if text := log.String(); strings.Contains(text, token) || !strings.Contains(text, `"causes":["route.none"`) || !strings.Contains(text, "it was told of already") {
		t.Errorf("the log:\n%s", text)
	}
}
