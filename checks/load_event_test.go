package checks_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// eventText returns one of the examples of the Amazon ECS Developer Guide.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
func eventText(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fargateApp is an account with the task definition of the example and nothing more.
func fargateApp() checks.Loader {
	return checks.Loader{Interfaces: &networktest.Fake{}, ECS: &checkstest.ECS{TaskDefinitions: []types.TaskDefinition{{
		TaskDefinitionArn:    aws.String("arn:aws:ecs:us-west-2:111122223333:task-definition/sample-fargate:1"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("FargateApp"), Image: aws.String("hello")}}}}}}
}

func TestFromEvent(t *testing.T) {
	got, err := fargateApp().FromEvent(t.Context(), []byte(eventText(t, "task-fargate")))
	if err != nil {
		t.Fatal(err)
	}
	want := checks.Task{
		ARN:     "arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/c13b4cb40f1f4fe4a2971f76ae5a47ad",
		Cluster: "arn:aws:ecs:us-west-2:111122223333:cluster/FargateCluster", Account: "111122223333", Region: "us-west-2", PlatformVersion: "1.3.0",
		TaskDefinition: "arn:aws:ecs:us-west-2:111122223333:task-definition/sample-fargate:1",
		Containers:     []checks.Container{{Name: "FargateApp", Image: "hello"}},
		Placement:      network.Placement{Subnets: []string{"subnet-abcd1234"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(checks.Task{}, "Unread")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Unread["ec2:DescribeNetworkInterfaces"] == nil {
		t.Errorf("not read: %v", got.Unread)
	}
}

// An event gives the same task as ECS does while it still shows it.
func TestFromEventLoadsWhatLoadTaskLoads(t *testing.T) {
	ecs, ec2 := started()
	ecs.Revisions = []types.ServiceRevision{revision(digest)}
	ecs.Tasks[0].EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 30}
	ecs.Tasks[0].CreatedAt = aws.Time(time.Date(2026, 1, 23, 17, 50, 0, 0, time.UTC))
	l := checks.Loader{ECS: ecs, Interfaces: ec2}
	want, err := l.LoadTask(t.Context(), "prod", taskARN)
	if err != nil {
		t.Fatal(err)
	}
	event := `{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {
		"taskArn": "` + taskARN + `", "clusterArn": "` + clusterARN + `", "taskDefinitionArn": "` + definitionARN + `",
		"capacityProviderName": "FARGATE_SPOT", "platformVersion": "1.4.0", "group": "service:web", "startedBy": "ecs-svc/1",
		"stoppedReason": "Task failed to start", "stopCode": "TaskFailedToStart", "ephemeralStorage": {"sizeInGiB": 30}, "stoppedAt": "2026-01-23T17:57:58.103Z", "createdAt": "2026-01-23T17:50:00Z",
		"attachments": [{"type": "eni", "details": [{"name": "subnetId", "value": "subnet-b"}, {"name": "networkInterfaceId", "value": "eni-1"}]}],
		"containers": [{"name": "web", "reason": "CannotPullContainerError: x"}],
		"overrides": {"executionRoleArn": "arn:aws:iam::111122223333:role/other"}}}`
	ecs.Tasks = nil // ECS has forgotten it
	got, err := l.FromEvent(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-LoadTask +FromEvent):\n%s", diff)
	}
	ecs.Revisions = []types.ServiceRevision{} // which is known to be too few because the event tells when the task began
	if got, err = l.FromEvent(t.Context(), []byte(event)); err != nil || got.RevisionNotRead == "" {
		t.Errorf("%q (%v)", got.RevisionNotRead, err)
	}
}

func TestFromEventNamesWhatIsWrong(t *testing.T) {
	const service = "arn:aws:ecs:us-west-2:111122223333:service/default/servicetest"
	fargate := eventText(t, "task-fargate")
	_, detail, _ := strings.Cut(fargate, `"detail": `)
	for _, c := range []struct{ name, event, want string }{
		{"nothing", "", "JSON"},
		{"no JSON", "task stopped", "invalid character"},
		{"a list", "[]", "array"},
		{"half an event", fargate[:len(fargate)/2], "unexpected end"},
		{"two events", fargate + fargate, "after top-level value"},
		{"too long", strings.Repeat(" ", 1<<20) + fargate, "1048576"},
		{"the detail alone", strings.TrimSuffix(strings.TrimSpace(detail), "}"), "the whole event is needed"},
		{"another source", strings.Replace(fargate, "aws.ecs", "aws.ec2", 1), `comes from "aws.ec2"`},
		{"a source that somebody made up", strings.Replace(fargate, "aws.ecs", "my.ecs", 1), `comes from "my.ecs"`},
		{"a service action", eventText(t, "service-action"), `"ECS Service Action" ("SERVICE_TASK_START_IMPAIRED") tells of the service ` + service},
		{"a deployment that failed", eventText(t, "deployment-failed"), `"ECS Deployment State Change" ("SERVICE_DEPLOYMENT_FAILED") tells of the service ` + service},
		{"a source without end", strings.Replace(fargate, "aws.ecs", strings.Repeat("x", 1<<19), 1), "not from aws.ecs"},
		{"a type without end", strings.Replace(fargate, "ECS Task State Change", strings.Repeat("x", 1<<19), 1), "xxx"},
		{"a container instance", strings.Replace(fargate, "ECS Task State Change", "ECS Container Instance State Change", 1), `"ECS Container Instance State Change" is no "ECS Task State Change"`},
		{"a task on EC2", eventText(t, "task-ec2"), "b99d40b3-5176-4f71-9a52-9dbd6f1cebef: it runs on something that ECS does not show"},
		{"no detail", `{"source": "aws.ecs", "detail-type": "ECS Task State Change"}`, "its detail"},
		{"a detail that is text", `{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": "{}"}`, "its detail"},
		{"no task", `{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": {}}`, `taskArn ""`},
		{"no cluster", strings.Replace(fargate, `"clusterArn"`, `"cluster"`, 1), `clusterArn ""`},
		{"a task definition that is none", strings.Replace(fargate, ":task-definition/", ":service/", 1), "taskDefinitionArn"},
		{"containers that are none", strings.Replace(fargate, `"containers": [`, `"containers": 1, "x": [`, 1), "containers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fargateApp().FromEvent(t.Context(), []byte(c.event))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v and should say %q", err, c.want)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// Whatever an event holds, it is refused with an error or names the task that is loaded.
func FuzzFromEvent(f *testing.F) {
	for _, name := range []string{"task-fargate", "task-ec2", "service-action", "deployment-failed"} {
		f.Add([]byte(eventText(f, name)))
	}
	f.Add([]byte(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"attachments":[{"details":[{}]}],"containers":[null]}}`))
	f.Fuzz(func(t *testing.T, event []byte) {
		task, err := fargateApp().FromEvent(t.Context(), event)
		if err != nil {
			return
		}
		if !json.Valid(event) || !strings.Contains(task.ARN, ":task/") || len(task.Placement.Subnets) == 0 {
			t.Errorf("%q gives %+v", event, task)
		}
		text, err := json.Marshal(task)
		if err != nil {
			t.Fatal(err)
		}
		var again checks.Task
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(again)
		if err != nil || !bytes.Equal(text, second) {
			t.Errorf("%s becomes %s (%v)", text, second, err)
		}
	})
}

// What a task knows survives JSON, but for the errors in Unread.
func TestTasksSurviveJSON(t *testing.T) {
	for _, s := range scenarios(t) {
		text, err := json.Marshal(s.Task)
		if err != nil {
			t.Fatal(err)
		}
		var got checks.Task
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Task, got, cmpopts.IgnoreFields(checks.Task{}, "Unread")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name, diff)
		}
	}
	filled := checks.Task{ServiceRevision: "r", RevisionNotRead: "denied", PlacementNotRead: "gone", Containers: []checks.Container{{PinnedDigest: digest}}, Placement: network.Placement{SecurityGroups: []string{}}}
	text, err := json.Marshal(filled)
	if err != nil || slices.ContainsFunc([]string{"serviceRevision", "placementNotRead", "pinnedDigest", "revisionNotRead"}, func(name string) bool { return !bytes.Contains(text, []byte(`"`+name+`":`)) }) {
		t.Errorf("%s (%v)", text, err)
	}
	var got checks.Task
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(filled, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
