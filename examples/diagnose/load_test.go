package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/canpull/canpull/examples/internal/command"
)

// account stands in for AWS on this machine's own loopback interface, and for the configuration that leads to it.
func account(t *testing.T, handler http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_DEFAULT_REGION": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none,
		"AWS_EC2_METADATA_DISABLED": "true", "HTTP_PROXY": "", "http_proxy": "",
	} {
		t.Setenv(name, value)
	}
}

const taskARN = "arn:aws:ecs:eu-west-1:111122223333:task/prod/0f1e"

func TestARNsRegionWins(t *testing.T) {
	for _, tt := range []struct{ args, region, cluster string }{
		{"-task " + taskARN, "eu-west-1", "prod"},
		{"-cluster prod -task 0f1e", "us-east-1", "prod"},
		{"-cluster prod -service web", "us-east-1", "prod"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			var signed, body string
			account(t, func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				signed, body = r.Header.Get("Authorization"), string(text)
				w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
				w.WriteHeader(http.StatusBadRequest)
			})
			diagnose(t.Context(), strings.Fields(tt.args)...).Expect(t, command.ToolError, "", "AccessDeniedException")
			if !strings.Contains(signed, "/"+tt.region+"/ecs/") || !strings.Contains(body, `"cluster":"`+tt.cluster+`"`) {
				t.Errorf("%s %s", signed, body)
			}
		})
	}
}

// event is an event of a task, in a Region of its own.
const event = `{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {"taskArn": "` + taskARN + `", "launchType": "FARGATE",
	"clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7"}}`

func TestEvent(t *testing.T) {
	var signed, body string
	account(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		signed, body = r.Header.Get("Authorization"), string(text)
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusBadRequest)
	})
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(name string) {
		t.Helper()
		signed, body = "", ""
		diagnose(t.Context(), "-event", name).Expect(t, command.ToolError, "", "AccessDeniedException")
		if !strings.Contains(signed, "/eu-west-1/ecs/") || !strings.Contains(body, "task-definition/web:7") {
			t.Errorf("%s: %s %s", name, signed, body)
		}
	}
	check(file)
	input, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	stdin := os.Stdin
	os.Stdin = input
	t.Cleanup(func() { os.Stdin = stdin })
	check("-")
}

func TestBadEvent(t *testing.T) {
	account(t, func(http.ResponseWriter, *http.Request) { t.Error("AWS was asked") })
	file := filepath.Join(t.TempDir(), "event.json")
	for text, want := range map[string]string{
		"stopped": "invalid character",
		strings.Replace(event, "ECS Task State Change", "ECS Service Action", 1): `"ECS Service Action" is no "ECS Task State Change"`,
		strings.Repeat(" ", 3<<20): "bytes are more than",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		diagnose(t.Context(), "-event", file).Expect(t, command.ToolError, "", want)
	}
	diagnose(t.Context(), "-event", file+"-absent").Expect(t, command.ToolError, "", "event.json-absent")
}

func TestNoRegion(t *testing.T) {
	account(t, func(http.ResponseWriter, *http.Request) { t.Error("AWS was asked") })
	t.Setenv("AWS_REGION", "")
	diagnose(t.Context(), "-cluster", "prod", "-task", "0f1e").Expect(t, command.ToolError, "", "AWS_REGION")
}

func TestTimeoutWhileLoading(t *testing.T) {
	for _, args := range []string{
		"-task " + taskARN,
		"-cluster prod -service web",
		"-task-definition web:7 -subnets subnet-a",
	} {
		t.Run(args, func(t *testing.T) {
			account(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			})
			r := diagnose(t.Context(), append(strings.Fields(args), "-timeout", "100ms", "-format", "json")...)
			r.Expect(t, command.Undetermined, "", "ended early")
			o := decoded(t, r.Stdout)
			if o.Status != "unknown" || o.Task.ARN+o.Task.Service+o.Task.TaskDefinition == "" {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestInterruptWhileLoading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	account(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	diagnose(ctx, "-task", taskARN).Expect(t, command.Undetermined, taskARN, "context canceled")
}
