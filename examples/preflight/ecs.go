package main

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// readECS reads what "aws ecs register-task-definition" and "aws ecs create-service" take.
func (o options) readECS() (plan, error) {
	var definition *ecs.RegisterTaskDefinitionInput
	if o.definition != "" {
		var err error
		if definition, err = readDefinition(o.definition); err != nil {
			return plan{}, err
		}
	}
	if o.service == "" {
		return plan{services: []service{o.alone(aws.ToString(definition.Family), definition)}}, nil
	}
	data, err := readFile(o.service)
	if err != nil {
		return plan{}, err
	}
	var in ecs.CreateServiceInput
	if err := decode(data, &in); err != nil {
		return plan{}, fmt.Errorf("%s: it is not what create-service takes: %w", o.service, err)
	}
	s := service{name: cmp.Or(aws.ToString(in.ServiceName), "service"), definition: definition, platformVersion: aws.ToString(in.PlatformVersion)}
	if definition == nil {
		if s.registered = aws.ToString(in.TaskDefinition); s.registered == "" {
			return plan{}, fmt.Errorf("%s: it names no taskDefinition, and -definition does not give one", o.service)
		}
	}
	var providers []string
	for _, item := range in.CapacityProviderStrategy {
		providers = append(providers, aws.ToString(item.CapacityProvider))
	}
	compatible := []types.Compatibility{types.CompatibilityFargate} // of a registered one, ECS tells
	if definition != nil {
		compatible = definition.RequiresCompatibilities
	}
	if err := runsElsewhere(string(in.LaunchType), providers, compatible); err != nil {
		return plan{}, fmt.Errorf("%s: service %s %w", o.service, s.name, err)
	}
	if in.NetworkConfiguration == nil || in.NetworkConfiguration.AwsvpcConfiguration == nil || len(in.NetworkConfiguration.AwsvpcConfiguration.Subnets) == 0 {
		return plan{}, fmt.Errorf("%s: its networkConfiguration.awsvpcConfiguration names no subnets", o.service)
	}
	s.vpc = *in.NetworkConfiguration.AwsvpcConfiguration
	return plan{services: []service{s}}, nil
}

// readDefinition reads a task definition, which may also be one that "aws ecs describe-task-definition" printed.
func readDefinition(name string) (*ecs.RegisterTaskDefinitionInput, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	var described struct{ TaskDefinition json.RawMessage }
	if json.Unmarshal(data, &described) == nil && described.TaskDefinition != nil {
		data = described.TaskDefinition
	}
	definition, err := parseDefinition(data)
	if err != nil {
		return nil, fmt.Errorf("%s: it is not what register-task-definition takes: %w", name, err)
	}
	return definition, nil
}

// definitionJSON is what is needed of a task definition. The rest has other forms where it was described.
type definitionJSON struct {
	Family                  *string
	NetworkMode             types.NetworkMode
	ExecutionRoleArn        *string
	RequiresCompatibilities []types.Compatibility
	RuntimePlatform         *types.RuntimePlatform
	EphemeralStorage        *types.EphemeralStorage
	ContainerDefinitions    []containerJSON
}

type containerJSON struct {
	Name, Image           *string
	RepositoryCredentials *types.RepositoryCredentials
}

func parseDefinition(data []byte) (*ecs.RegisterTaskDefinitionInput, error) {
	var in definitionJSON
	if err := decode(data, &in); err != nil {
		return nil, err
	}
	return &ecs.RegisterTaskDefinitionInput{
		Family: in.Family, NetworkMode: in.NetworkMode, ExecutionRoleArn: in.ExecutionRoleArn, RequiresCompatibilities: in.RequiresCompatibilities,
		RuntimePlatform: in.RuntimePlatform, EphemeralStorage: in.EphemeralStorage, ContainerDefinitions: containersOf(in.ContainerDefinitions),
	}, nil
}

func containersOf(in []containerJSON) (containers []types.ContainerDefinition) {
	for _, c := range in {
		containers = append(containers, types.ContainerDefinition{Name: c.Name, Image: c.Image, RepositoryCredentials: c.RepositoryCredentials})
	}
	return containers
}

// decode reads JSON. What is wrong with it, the error says with its place.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if syntax, ok := err.(*json.SyntaxError); ok {
		return fmt.Errorf("%w (at byte %d)", err, syntax.Offset)
	}
	return err
}
