package checks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// maxEvent is how long an event may be, in bytes: EventBridge lets no longer one through.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
const maxEvent = 1 << 20

// FromEvent loads the task that an EventBridge event of the type "ECS Task State Change" tells of. It does as LoadTask, but
// takes the event's word for the task, which ECS forgets about an hour after it stopped. The event is the whole JSON
// document, of at most 1 MiB; fields that are not needed are ignored. An event of another type or source is an error that
// names it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
func (l Loader) FromEvent(ctx context.Context, event []byte) (Task, error) {
	t, err := parseEvent(event)
	if err != nil {
		return Task{}, fmt.Errorf("checks: event: %w", err)
	}
	return l.started(ctx, t)
}

// envelope is what all events of EventBridge have.
type envelope struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// taskDetail is what is needed of a task: the rest has other forms than where the AWS CLI prints it.
type taskDetail struct {
	TaskARN              *string                 `json:"taskArn"`
	ClusterARN           *string                 `json:"clusterArn"`
	TaskDefinitionARN    *string                 `json:"taskDefinitionArn"`
	Group                *string                 `json:"group"`
	StartedBy            *string                 `json:"startedBy"`
	LaunchType           types.LaunchType        `json:"launchType"`
	CapacityProviderName *string                 `json:"capacityProviderName"`
	PlatformVersion      *string                 `json:"platformVersion"`
	StopCode             types.TaskStopCode      `json:"stopCode"`
	StoppedReason        *string                 `json:"stoppedReason"`
	CreatedAt            *time.Time              `json:"createdAt"`
	EphemeralStorage     *types.EphemeralStorage `json:"ephemeralStorage"`
	Attachments          []types.Attachment      `json:"attachments"`
	Overrides            struct {
		ExecutionRoleARN *string                 `json:"executionRoleArn"`
		EphemeralStorage *types.EphemeralStorage `json:"ephemeralStorage"`
	} `json:"overrides"`
	Containers []struct {
		Name   *string `json:"name"`
		Reason *string `json:"reason"`
	} `json:"containers"`
}

// parseEvent returns the task that an event tells of.
func parseEvent(event []byte) (types.Task, error) {
	if len(event) > maxEvent {
		return types.Task{}, fmt.Errorf("%d bytes are more than the %d that an event may have", len(event), maxEvent)
	}
	var e envelope
	if err := json.Unmarshal(event, &e); err != nil {
		return types.Task{}, err
	}
	if err := e.refuse(); err != nil {
		return types.Task{}, err
	}
	var d taskDetail
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return types.Task{}, fmt.Errorf("its detail: %w", err)
	}
	if err := cmp.Or(named("taskArn", d.TaskARN, "task"), named("clusterArn", d.ClusterARN, "cluster"),
		named("taskDefinitionArn", d.TaskDefinitionARN, "task-definition")); err != nil {
		return types.Task{}, fmt.Errorf("its detail: %w", err)
	}
	t := types.Task{
		TaskArn: d.TaskARN, ClusterArn: d.ClusterARN, TaskDefinitionArn: d.TaskDefinitionARN, Group: d.Group, StartedBy: d.StartedBy,
		LaunchType: d.LaunchType, CapacityProviderName: d.CapacityProviderName, PlatformVersion: d.PlatformVersion,
		StopCode: d.StopCode, StoppedReason: d.StoppedReason, CreatedAt: d.CreatedAt, EphemeralStorage: d.EphemeralStorage, Attachments: d.Attachments,
		Overrides: &types.TaskOverride{ExecutionRoleArn: d.Overrides.ExecutionRoleARN, EphemeralStorage: d.Overrides.EphemeralStorage},
	}
	for _, c := range d.Containers {
		t.Containers = append(t.Containers, types.Container{Name: c.Name, Reason: c.Reason})
	}
	return t, nil
}

// refuse says what an event is that tells of no task.
func (e envelope) refuse() error {
	var of struct {
		EventName string `json:"eventName"`
	}
	_ = json.Unmarshal(e.Detail, &of)           // it is looked at to say what the event is, and for no more
	name := fmt.Sprintf("%.128q", e.DetailType) // nothing that AWS sends is longer
	if of.EventName != "" {
		name += fmt.Sprintf(" (%.128q)", of.EventName)
	}
	switch {
	case e.DetailType == "" && e.Source == "":
		return errors.New("it has neither source nor detail-type: the whole event is needed, not only its detail")
	case e.Source != "aws.ecs":
		return fmt.Errorf("%s comes from %.128q, not from aws.ecs", name, e.Source)
	case e.DetailType == "ECS Task State Change":
		return nil
	}
	for _, resource := range e.Resources {
		if named("", &resource, "service") == nil {
			return fmt.Errorf("%s tells of the service %.512s and of no task: load the service", name, resource)
		}
	}
	return fmt.Errorf("%s is no \"ECS Task State Change\"", name)
}

// named refuses what is not the ARN of a resource of ECS.
func named(field string, value *string, resource string) error {
	a, err := arn.Parse(aws.ToString(value))
	if err != nil || a.Service != "ecs" || !strings.HasPrefix(a.Resource, resource+"/") {
		return fmt.Errorf("%s %.512q is not the ARN of a %s of ECS", cmp.Or(field, "it"), aws.ToString(value), resource)
	}
	return nil
}
