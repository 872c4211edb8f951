package checks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/registry/credentials"
	"github.com/canpull/canpull/report"
)

// canary is planted wherever a secret may stand.
const canary = "hunter2-Canary"

// leaky are answers that hold a secret beside what is wrong with them. SDKs and proxies quote what they could not read.
var leaky = []mishap{
	{name: "nothing wrong"},
	{name: "denied", spoil: refusingWith(403, "AccessDeniedException")},
	{name: "internal error", spoil: refusingWith(500, "InternalFailure")},
	{name: "page of a proxy", spoil: replacing(503, "text/html", "<html>token="+canary+"</html>")},
	{name: "garbage", spoil: replacing(200, "application/json", `{"SecretString": "`+canary+``)},
	{name: "garbage of another type", spoil: replacing(200, "text/xml", "<"+canary+"</")},
	{name: "transport", spoil: func(_ context.Context, _ wireCall, r *http.Response) (*http.Response, error) {
		return nil, errors.New("proxyconnect tcp: dial http://user:" + canary + "@proxy: refused")
	}},
}

func refusingWith(status int, code string) func(context.Context, wireCall, *http.Response) (*http.Response, error) {
	return func(_ context.Context, c wireCall, response *http.Response) (*http.Response, error) {
		return refused(response.Request, c, status, code, "Encoded authorization failure message: "+canary), nil
	}
}

// The values of secrets, of environment variables and of log options, signed URLs, and the texts of AWS's and of proxies'
// errors are in no report, no fact and no log, whatever goes wrong with which operation.
func TestNoSecretIsRepeated(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	planted := []string{"healthy-credentials-key", "credentials-denied", "platform-single-other", "healthy-privatelink", "stopped-other"}
	if raced {
		planted = planted[:1]
	}
	for _, name := range planted {
		s := scenario(t, name)
		plant(&s)
		w := &wire{scenario: s}
		synctest.Test(t, func(t *testing.T) { diagnoseWithValues(t, w) })
		for action := range w.asked {
			for i := range leaky {
				synctest.Test(t, func(t *testing.T) {
					for name, text := range diagnoseWithValues(t, &wire{scenario: s, fault: &leaky[i], action: action}) {
						if at := strings.Index(text, canary); at >= 0 {
							t.Errorf("%s, %s, %s: %s shows a secret: …%s", s.Name, action, leaky[i].name, name, text[max(0, at-120):])
						}
					}
				})
			}
		}
	}
	log.SetOutput(os.Stderr) // other tests run beside this one
	if strings.Contains(logged.String(), canary) {
		t.Error("a log shows a secret")
	}
}

// plant puts secrets where a task definition and Secrets Manager have them.
func plant(s *checkstest.Scenario) {
	s.ECS.TaskDefinitions = slices.Clone(s.ECS.TaskDefinitions)
	for i := range s.ECS.TaskDefinitions {
		containers := slices.Clone(s.ECS.TaskDefinitions[i].ContainerDefinitions)
		for j := range containers {
			containers[j].Environment = []types.KeyValuePair{{Name: aws.String("PASSWORD"), Value: aws.String(canary)}}
			containers[j].Command = []string{"--token=" + canary}
			containers[j].LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverSplunk, Options: map[string]string{"splunk-token": canary}}
		}
		s.ECS.TaskDefinitions[i].ContainerDefinitions = containers
	}
	s.Secrets.Values = []secretsmanager.GetSecretValueOutput{}
	for _, secret := range s.Secrets.Secrets {
		s.Secrets.Values = append(s.Secrets.Values, secretsmanager.GetSecretValueOutput{ARN: secret.ARN, Name: secret.Name,
			SecretString: aws.String(`{"username": "` + canary + `", "password": "` + canary + `"}`)})
	}
}

// diagnoseWithValues diagnoses with sources that read the secrets' values, and returns everything that it says.
func diagnoseWithValues(t *testing.T, w *wire) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	task, err := w.load(ctx)
	if err != nil {
		return nil // the SDK's error, for whoever called: it names the operation, and quotes AWS
	}
	values := secretsmanager.NewFromConfig(w.config())
	sources := w.sources()
	sources.Secrets = credentials.New(values, kms.NewFromConfig(w.config()), credentials.WithValues(values))
	d, err := checks.Runner{Timeout: limit}.Run(t.Context(), task, checks.Default(sources)...)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	var text, document bytes.Buffer
	facts, err2 := json.Marshal(d.Facts)
	if err := errors.Join(report.Text(&text, d), report.JSON(&document, d), err2); err != nil {
		t.Error(err)
	}
	return map[string]string{"the text": text.String(), "the JSON": document.String(), "the facts": string(facts), "the findings": fmt.Sprintf("%+v", d.Findings), "the task": fmt.Sprintf("%+v", task)}
}
