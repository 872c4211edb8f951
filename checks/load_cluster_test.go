package checks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
)

// calledTimes returns how often an action was called.
func (c *calls) calledTimes(action string) (n int) {
	for _, times := range c.counts[action] {
		n += times
	}
	return n
}

// Services are loaded in batches, each as LoadService would load it, and what they have in common once.
func TestLoadClusterLoadsWhatLoadServiceDoes(t *testing.T) {
	const n = 45
	s := fleet(t, n)
	for i := range s.ECS.Services { // all of them have one definition
		s.ECS.Services[i].TaskDefinition, s.ECS.Services[i].Deployments[0].TaskDefinition = s.ECS.Services[0].TaskDefinition, s.ECS.Services[0].TaskDefinition
		s.ECS.Revisions[i].TaskDefinition = s.ECS.Services[0].TaskDefinition
	}
	s.ECS.PageSize = 30
	unrecorded := *s.ECS
	var recorded calls
	s.ECS.Before = recorded.record
	var names []string
	for task, err := range (checks.Loader{ECS: s.ECS, Interfaces: s.EC2}).LoadCluster(t.Context(), "prod") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, task.Service)
		alone, err := checks.Loader{ECS: &unrecorded, Interfaces: s.EC2}.LoadService(t.Context(), "prod", task.Service)
		if diff := cmp.Diff(alone, task); err != nil || diff != "" {
			t.Errorf("%s (-by itself +with others): %v\n%s", task.Service, err, diff)
		}
	}
	if slices.Sort(names); len(slices.Compact(names)) != n {
		t.Errorf("%d services were loaded: %q", len(names), names)
	}
	for action, most := range map[string]int{"ecs:ListServices": 2, "ecs:DescribeServices": 6, "ecs:DescribeServiceRevisions": 3, "ecs:DescribeTaskDefinition": 1} {
		if got := recorded.calledTimes(action); got > most {
			t.Errorf("%s was called %d times, want %d at most", action, got, most)
		}
	}
}

// One service that cannot be loaded is named, and the others are loaded all the same.
func TestLoadClusterGoesOn(t *testing.T) {
	s := fleet(t, 25)
	s.ECS.Services[3].LaunchType = types.LaunchTypeEc2
	s.ECS.Services[4].Status = aws.String("DRAINING")
	s.ECS.TaskDefinitions[5].NetworkMode = types.NetworkModeBridge
	s.ECS.TaskDefinitions = slices.Delete(s.ECS.TaskDefinitions, 6, 7)
	var loaded, elsewhere int
	bad := map[string]string{}
	for task, err := range (checks.Loader{ECS: s.ECS}).LoadCluster(t.Context(), "prod") {
		var not *checks.NotFargateError
		switch {
		case errors.As(err, &not):
			if elsewhere++; not.On != "EC2" || task.Service != "svc-3" {
				t.Errorf("%s runs on %s", task.Service, not.On)
			}
		case err != nil:
			bad[task.Service] = err.Error()
			if task.Cluster != clusterARN || task.Account != "111122223333" || task.Region != "eu-west-1" {
				t.Errorf("%+v does not say where %s is", task, task.Service)
			}
		default:
			loaded++
		}
	}
	if loaded != 21 || elsewhere != 1 || len(bad) != 3 {
		t.Errorf("%d loaded, %d not on Fargate, and %q", loaded, elsewhere, bad)
	}
	for service, want := range map[string]string{"svc-4": "DRAINING", "svc-5": "network mode bridge", "svc-6": "task-definition/svc-6"} {
		if !strings.Contains(bad[service], want) {
			t.Errorf("%s: %q does not say %q", service, bad[service], want)
		}
	}
}

func TestLoadClusterSaysWhichListItLacks(t *testing.T) {
	for action, want := range map[string]int{"ecs:ListServices": 0, "ecs:DescribeServices": 0, "ecs:DescribeTaskDefinition": 0, "ecs:DescribeServiceRevisions": 25} {
		s := fleet(t, 25)
		s.ECS.Before = func(_ context.Context, called string, _ any) error {
			if called == action {
				return faults["denied"](action)
			}
			return nil
		}
		loaded, failed := 0, 0
		for task, err := range (checks.Loader{ECS: s.ECS}).LoadCluster(t.Context(), "prod") {
			switch {
			case err == nil && task.RevisionNotRead == "":
				t.Errorf("without %s, %s is loaded as if nothing were missing", action, task.Service)
			case err == nil:
				loaded++
			default:
				if failed++; !strings.Contains(err.Error(), "AccessDeniedException") {
					t.Errorf("without %s: %v", action, err)
				}
			}
		}
		if loaded != want || want == 0 && failed == 0 {
			t.Errorf("without %s, %d were loaded and %d were not", action, loaded, failed)
		}
	}
}

// A call that ECS refuses for one of the things it names is made again for each of them.
func TestOneBadRevisionSpoilsNoOther(t *testing.T) {
	s := fleet(t, 5)
	bad := aws.ToString(s.ECS.Revisions[2].ServiceRevisionArn)
	s.ECS.Before = func(_ context.Context, _ string, input any) error {
		if in, ok := input.(*ecs.DescribeServiceRevisionsInput); ok && slices.Contains(in.ServiceRevisionArns, bad) {
			return &smithy.OperationError{ServiceID: "ECS", OperationName: "DescribeServiceRevisions", Err: &types.InvalidParameterException{}}
		}
		return nil
	}
	for task, err := range (checks.Loader{ECS: s.ECS}).LoadCluster(t.Context(), "prod") {
		if unread := task.RevisionNotRead != ""; err != nil || unread != (task.Service == "svc-2") {
			t.Errorf("%s: %q, %v", task.Service, task.RevisionNotRead, err)
		}
	}
}

// A caller that stops leaves nothing running, and until then no more is loaded than what comes next.
func TestLoadClusterIsLazy(t *testing.T) {
	s := fleet(t, 1000)
	sim := &simulator{}
	s.Before(sim.before)
	synctest.Test(t, func(t *testing.T) {
		for range (checks.Loader{ECS: s.ECS}).LoadCluster(t.Context(), "prod") {
			time.Sleep(time.Minute)
			break
		}
	})
	if definitions := len(sim.facts); definitions > 200 {
		t.Errorf("%d calls for one task", definitions)
	}
}

func TestClusters(t *testing.T) {
	s := fleet(t, 1)
	s.ECS.Clusters = append(s.ECS.Clusters, types.Cluster{ClusterArn: aws.String("arn:aws:ecs:eu-west-1:111122223333:cluster/test")})
	s.ECS.PageSize = 1
	var got []string
	for arn, err := range (checks.Loader{ECS: s.ECS}).Clusters(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, arn)
	}
	if len(got) != 2 {
		t.Errorf("clusters: %q", got)
	}
	s.ECS.Clusters = nil
	for _, err := range (checks.Loader{ECS: s.ECS}).Clusters(t.Context()) {
		if err == nil {
			t.Error("that they may not be listed is lost")
		}
	}
}

// Tasks that failed to start are loaded as LoadTask would, in a few calls.
func TestLoadStoppedLoadsWhatLoadTaskDoes(t *testing.T) {
	s := fleet(t, 12)
	for i := range 150 {
		service := i % 12
		task := types.Task{TaskArn: aws.String(fmt.Sprintf("arn:aws:ecs:eu-west-1:111122223333:task/prod/%032d", i)), ClusterArn: aws.String(clusterARN), DesiredStatus: aws.String("STOPPED"),
			LaunchType: types.LaunchTypeFargate, TaskDefinitionArn: s.ECS.Services[service].TaskDefinition, Group: aws.String(fmt.Sprintf("service:svc-%d", service)),
			StartedBy: aws.String("ecs-svc/1234567890123456789"), StopCode: types.TaskStopCodeTaskFailedToStart, StoppedReason: aws.String("CannotPullContainerError"),
			Attachments: []types.Attachment{{Details: []types.KeyValuePair{{Name: aws.String("subnetId"), Value: aws.String(fmt.Sprintf("subnet-%d-private0a", service%fleetVPCs))},
				{Name: aws.String("networkInterfaceId"), Value: aws.String(fmt.Sprintf("eni-%d", i))}}}}}
		switch {
		case i%5 == 1:
			task.StopCode = types.TaskStopCodeEssentialContainerExited
		case i%5 == 2: // its deployment is gone, and its service shows the next
			task.StartedBy = aws.String("ecs-svc/9")
		case i%5 == 3: // its interface is still there
			s.EC2.NetworkInterfaces = append(s.EC2.NetworkInterfaces, ec2types.NetworkInterface{NetworkInterfaceId: aws.String(fmt.Sprintf("eni-%d", i)), Groups: []ec2types.GroupIdentifier{{GroupId: aws.String("sg-1")}}})
		}
		s.ECS.Tasks = append(s.ECS.Tasks, task)
	}
	s.ECS.Tasks[0].LaunchType = types.LaunchTypeExternal
	loader := checks.Loader{ECS: s.ECS, Interfaces: s.EC2}
	var recorded calls
	s.Before(recorded.record)
	tasks := map[string]checks.Task{}
	elsewhere := 0
	for task, err := range loader.LoadStopped(t.Context(), "prod") {
		if errors.As(err, new(*checks.NotFargateError)) {
			elsewhere++
		} else if err != nil {
			t.Error(err)
		} else {
			tasks[task.ARN] = task
		}
	}
	if len(tasks) != 119 || elsewhere != 1 {
		t.Errorf("%d tasks and %d elsewhere", len(tasks), elsewhere)
	}
	for action, most := range map[string]int{"ecs:ListTasks": 2, "ecs:DescribeTasks": 2, "ec2:DescribeNetworkInterfaces": 2, "ecs:DescribeServiceRevisions": 4, "ecs:DescribeServices": 4, "ecs:DescribeTaskDefinition": 12} {
		if got := recorded.calledTimes(action); got > most {
			t.Errorf("%s was called %d times, want %d at most", action, got, most)
		}
	}
	s.Before(nil)
	for arn, task := range tasks {
		alone, err := loader.LoadTask(t.Context(), "prod", arn)
		if diff := cmp.Diff(alone, task); err != nil || diff != "" {
			t.Errorf("%s (-by itself +with others): %v\n%s", arn, err, diff)
		}
	}
}
