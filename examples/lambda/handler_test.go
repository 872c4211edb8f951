package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

type updates func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)

func (f updates) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return f(in)
}

const failedPull = `{"detail": {"taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/prod/1", "launchType": "FARGATE", "stopCode": "TaskFailedToStart",
	"stoppedReason": "Task failed to start", "containers": [{"reason": "CannotPullContainerError: no such host"}]}}`

func TestConcerns(t *testing.T) {
	if task, why := concerns([]byte(failedPull)); task != "arn:aws:ecs:eu-west-1:111122223333:task/prod/1" || why != "" {
		t.Errorf("%q, %q", task, why)
	}
	for old, want := range map[string]string{"FARGATE": "runs on EC2", "TaskFailedToStart": "stop code", "CannotPullContainerError": "did not fail to pull"} {
		if _, why := concerns([]byte(strings.Replace(failedPull, old, "EC2", 1))); !strings.Contains(why, want) {
			t.Errorf("without %s: %q, want %q", old, why, want)
		}
	}
}

// While another invocation is at a task, whether it will succeed is not known: the event has to come again.
func TestTaskOfAnotherInvocation(t *testing.T) {
	h := &handler{log: slog.New(slog.DiscardHandler), claims: claims{updates(func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		return nil, &types.ConditionalCheckFailedException{}
	}), "tasks"}}
	if err := h.handle(t.Context(), []byte(failedPull)); !errors.Is(err, errBusy) {
		t.Error(err)
	}
}

// A claim lasts as long as the invocation may, and no longer.
func TestClaimRunsOut(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var until []string
	c := claims{updates(func(in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		until = append(until, in.ExpressionAttributeValues[":until"].(*types.AttributeValueMemberN).Value)
		return &dynamodb.UpdateItemOutput{Attributes: map[string]types.AttributeValue{"topic": &types.AttributeValueMemberBOOL{Value: true}}}, nil
	}), "tasks"}
	done, release, err := c.claim(ctx, "task")
	if err != nil || !done["topic"] || done["webhook"] {
		t.Errorf("%v, %v", done, err)
	}
	release()
	deadline, _ := ctx.Deadline()
	if want := number(deadline.Unix() + 1).(*types.AttributeValueMemberN).Value; len(until) != 2 || until[0] != want || until[1] != "0" {
		t.Errorf("%s, want %s and 0", until, want)
	}
}

type secretValue string

func (s secretValue) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(string(s))}, nil
}

// No error holds the URL.
func TestWebhookKeepsItsSecret(t *testing.T) {
	for _, target := range []string{"https://127.0.0.1:1/TOKEN", "http://example.com/TOKEN", "TOKEN", "https://%zz/TOKEN", "https://bad\nTOKEN", ""} {
		err := webhookOf(secretValue(target), "webhook")(t.Context(), notice{chat: "text"})
		if err == nil || strings.Contains(err.Error(), "TOKEN") {
			t.Errorf("%q: %v", target, err)
		}
	}
}

func TestNotice(t *testing.T) {
	task := checks.Task{ARN: "arn:aws:ecs:eu-west-1:111122223333:task/prod/1", StoppedReason: "CannotPullContainerError: <!channel> & co"}
	d, err := checks.Run(t.Context(), task, checks.StoppedReason{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := noticeOf(d)
	if err != nil || n.status != "fail" || len(n.codes) != 1 || !strings.Contains(n.chat, "&lt;!channel&gt; &amp; co") || strings.Contains(n.chat, "<") {
		t.Errorf("%v, %+v", err, n)
	}
	if got := subject("é\n" + strings.Repeat("x", 200)); len(got) > 99 || strings.Trim(got, "x.") != "" {
		t.Errorf("%q", got)
	}
	if got := cut(strings.Repeat("ü", 10), 10); len(got) > 10 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
		t.Errorf("%q", got)
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("TOPIC", "")
	t.Setenv("TABLE", "tasks")
	if _, err := newHandler(t.Context(), slog.New(slog.DiscardHandler)); err == nil || err.Error() != "TOPIC is not set" {
		t.Error(err)
	}
}

var update = flag.Bool("update", false, "write what is told into README.md")

// The README shows what is told of the embedded default scenario.
func TestREADMEShowsTheNotice(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	scenarios, err := checkstest.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(scenarios, func(s checkstest.Scenario) bool { return s.Name == checkstest.DefaultScenario })
	task, err := scenarios[i].Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := checks.Run(t.Context(), task, checks.Default(scenarios[i].Sources())...)
	if err != nil {
		t.Fatal(err)
	}
	n, err := noticeOf(d)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(readme), "the webhook is told\n\n```\n")
	_, tail, ok := strings.Cut(rest, "\n```\n")
	got := head + "the webhook is told\n\n```\n" + n.chat + "\n```\n" + tail
	switch {
	case !ok:
		t.Fatal("README.md shows no notice")
	case *update:
		if err := os.WriteFile("README.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	case got != string(readme):
		t.Errorf("README.md does not show what is told: go test -run README -update, and look at the difference")
	}
}
