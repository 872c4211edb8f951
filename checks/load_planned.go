package checks

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// PlannedTask returns the task of a definition that nobody has registered yet, written as RegisterTaskDefinition takes it,
// for an account and a Region. vpc is where it would run, as CreateService takes it; nil leaves that unknown. The platform
// version, and what else is known of it, are the caller's to set. Nothing is asked of AWS.
//
// What is deployed together with the task is not in the account yet, or is there as it was before. Have the sources give an
// error for it: a role that is yet to be created would else be taken for one that is missing.
func PlannedTask(definition *ecs.RegisterTaskDefinitionInput, vpc *types.AwsVpcConfiguration, account, region string) (Task, error) {
	fail := func(err error) (Task, error) {
		return Task{}, fmt.Errorf("checks: planned task definition %s: %w", aws.ToString(definition.Family), err)
	}
	switch {
	case account == "" || region == "":
		return fail(errors.New("the account and the Region that it would be registered in have to be known"))
	case len(definition.ContainerDefinitions) == 0:
		return fail(errors.New("it has no containers"))
	}
	task, err := taskOf(types.TaskDefinition{
		NetworkMode: definition.NetworkMode, ExecutionRoleArn: definition.ExecutionRoleArn, RuntimePlatform: definition.RuntimePlatform,
		EphemeralStorage: definition.EphemeralStorage, ContainerDefinitions: definition.ContainerDefinitions,
	})
	if err != nil {
		return fail(err)
	}
	task.TaskDefinition, task.Account, task.Region = aws.ToString(definition.Family), account, region
	if vpc == nil {
		task.PlacementNotRead = "where it would run is not known"
		return task, nil
	}
	task.Placement = placementOf(vpc)
	return task, nil
}
