package checks_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// taskSets creates a service that another controller deploys: an older task set in a subnet that leads nowhere, and the
// PRIMARY one.
func (a *account) taskSets() loader {
	a.t.Helper()
	cluster, service := a.cluster(), aws.String("web")
	call(a, a.ecs.CreateService, &ecs.CreateServiceInput{Cluster: cluster, ServiceName: service, DesiredCount: aws.Int32(1),
		DeploymentController: &ecstypes.DeploymentController{Type: ecstypes.DeploymentControllerTypeExternal}})
	set := func(c *ecstypes.NetworkConfiguration) *ecstypes.TaskSet {
		return call(a, a.ecs.CreateTaskSet, &ecs.CreateTaskSetInput{Cluster: cluster, Service: service, TaskDefinition: a.define(),
			LaunchType: ecstypes.LaunchTypeFargate, NetworkConfiguration: c}).TaskSet
	}
	older := a.networkConfiguration()
	elsewhere, _ := a.makeSubnet("10.0.9.0/24")
	older.AwsvpcConfiguration.Subnets = []string{elsewhere}
	set(older)
	call(a, a.ecs.UpdateServicePrimaryTaskSet, &ecs.UpdateServicePrimaryTaskSetInput{Cluster: cluster, Service: service,
		PrimaryTaskSet: set(a.networkConfiguration()).TaskSetArn})
	return func(ctx context.Context, l checks.Loader) (checks.Task, error) {
		return l.LoadService(ctx, *cluster, "web")
	}
}

func TestEmulatedTaskSets(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.nat()
	d, err := a.diagnose(t, a.config, a.taskSets())
	if err != nil {
		t.Fatal(err)
	}
	if d.Status() != checks.Pass || len(d.Task.Placement.Subnets) != 1 || d.Task.Placement.Subnets[0] != a.subnet {
		t.Errorf("the PRIMARY task set can pull, and the diagnosis in %s is\n%s", d.Task.Placement.Subnets, checkstest.Outline(d))
	}
}

// An event tells of a task without asking ECS for it, and gives the same diagnosis.
func TestEmulatedEvent(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.nat()
	load, arn := a.run()
	want, err := a.diagnose(t, a.config, load)
	if err != nil {
		t.Fatal(err)
	}
	task := call(a, a.ecs.DescribeTasks, &ecs.DescribeTasksInput{Cluster: aws.String("prod"), Tasks: []string{arn}}).Tasks[0]
	event, err := json.Marshal(map[string]any{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": task})
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.diagnose(t, a.config, func(ctx context.Context, l checks.Loader) (checks.Task, error) { return l.FromEvent(ctx, event) })
	if err != nil {
		t.Fatal(err)
	}
	if checkstest.Outline(got) != checkstest.Outline(want) || got.Task.ARN != arn || want.Status() != checks.Pass {
		t.Errorf("the event gives\n%s\nand the task\n%s", checkstest.Outline(got), checkstest.Outline(want))
	}
}
