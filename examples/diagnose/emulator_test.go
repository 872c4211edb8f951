package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/canpull/canpull/examples/internal/command"
	"github.com/canpull/canpull/examples/internal/emulator"
)

// A service, a planned task and an event, in an account that is asked over HTTP; then its snapshot, offline. Of the emulator's
// tasks the SDK refuses the numbers.
func TestEmulatedAccount(t *testing.T) {
	cfg := emulator.Start(t)
	place := emulator.NewPlace(t, cfg)
	service := place.Services(t, cfg, "prod", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0", types.LaunchTypeFargate, 1)[0]
	event, err := json.Marshal(map[string]any{"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": map[string]any{
		"taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/prod/1", "clusterArn": service.ClusterArn, "taskDefinitionArn": service.TaskDefinition,
		"group": "service:" + *service.ServiceName, "startedBy": service.Deployments[0].Id, "launchType": "FARGATE", "lastStatus": "STOPPED",
		"stopCode": "TaskFailedToStart", "attachments": []any{map[string]any{"type": "eni", "details": []any{map[string]any{"name": "subnetId", "value": place.Subnet}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	eventFile, facts := filepath.Join(t.TempDir(), "event.json"), filepath.Join(t.TempDir(), "facts.json")
	if err := os.WriteFile(eventFile, event, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-cluster", "prod", "-service", *service.ServiceName, "-capture", facts},
		{"-task-definition", "web:1", "-subnets", place.Subnet, "-security-groups", place.SecurityGroup},
		{"-event", eventFile},
		{"-snapshot", facts},
	} {
		r := diagnose(t.Context(), args...)
		if text := strings.Join(strings.Fields(r.Stdout), " "); r.Status != command.CannotPull || !strings.Contains(text, "Route table "+place.RouteTable+" has no route from "+place.Subnet) {
			t.Errorf("%q: exit status %d: %s\n%s", args, r.Status, r.Stderr, r.Stdout)
		}
	}
}
