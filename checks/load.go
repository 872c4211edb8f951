package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/network"
)

// ECS is what a Loader calls of ECS; *ecs.Client satisfies it.
type ECS interface {
	ecs.DescribeTasksAPIClient
	ecs.DescribeServicesAPIClient
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
}

var _ ECS = (*ecs.Client)(nil)

var loaderActions = []string{"ec2:DescribeNetworkInterfaces", "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:DescribeTasks"}

// Loader finds the task to diagnose.
type Loader struct {
	ECS ECS
	// Interfaces finds a task's security groups and public address; nil leaves both to the service that started it.
	Interfaces ec2.DescribeNetworkInterfacesAPIClient
}

// LoaderFromConfig returns a Loader that asks AWS with a configuration.
func LoaderFromConfig(cfg aws.Config) Loader {
	return Loader{ECS: ecs.NewFromConfig(cfg), Interfaces: ec2.NewFromConfig(cfg)}
}

// LoadTask loads a task that runs or has stopped, by its ID or ARN. Security groups and the public address are not part of
// a task: they are read from its network interface while that exists, else from the deployment that started it, else they
// stay unknown.
func (l Loader) LoadTask(ctx context.Context, cluster, id string) (Task, error) {
	out, err := l.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: optional(cluster), Tasks: []string{id}})
	if err != nil {
		return Task{}, fmt.Errorf("checks: task %s: %w", id, err)
	}
	if len(out.Tasks) == 0 {
		return Task{}, fmt.Errorf("checks: task %s is not in cluster %s; ECS shows a stopped task for about an hour", id, cmp.Or(cluster, "default"))
	}
	t := out.Tasks[0]
	if err := onFargate(t.LaunchType, t.CapacityProviderName, nil); err != nil {
		return Task{}, fmt.Errorf("checks: task %s: %w", id, err)
	}
	task, err := l.definition(ctx, aws.ToString(t.TaskDefinitionArn))
	if err != nil {
		return Task{}, err
	}
	task.ARN, task.Cluster = aws.ToString(t.TaskArn), aws.ToString(t.ClusterArn)
	task.setAccount(task.ARN)
	task.PlatformVersion = aws.ToString(t.PlatformVersion)
	task.StopCode, task.StoppedReason = string(t.StopCode), aws.ToString(t.StoppedReason)
	if t.Overrides != nil && t.Overrides.ExecutionRoleArn != nil {
		task.ExecutionRole = *t.Overrides.ExecutionRoleArn
	}
	switch {
	case t.EphemeralStorage != nil:
		task.EphemeralStorageGiB = t.EphemeralStorage.SizeInGiB
	case t.Overrides != nil && t.Overrides.EphemeralStorage != nil:
		task.EphemeralStorageGiB = t.Overrides.EphemeralStorage.SizeInGiB
	}
	for _, c := range t.Containers {
		if i := slices.IndexFunc(task.Containers, func(d Container) bool { return d.Name == aws.ToString(c.Name) }); i >= 0 {
			task.Containers[i].Reason = aws.ToString(c.Reason)
		}
	}
	if service, ok := strings.CutPrefix(aws.ToString(t.Group), "service:"); ok {
		task.Service = service
	}
	return task, l.place(ctx, &task, t)
}

// place finds where a task runs or ran.
func (l Loader) place(ctx context.Context, task *Task, t types.Task) error {
	var networkInterface string
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			switch aws.ToString(d.Name) {
			case "subnetId":
				task.Placement.Subnets = []string{aws.ToString(d.Value)}
			case "networkInterfaceId":
				networkInterface = aws.ToString(d.Value)
			}
		}
	}
	if networkInterface != "" && l.Interfaces != nil {
		out, err := l.Interfaces.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{networkInterface}})
		task.notRead("ec2:DescribeNetworkInterfaces", err)
		if err == nil && len(out.NetworkInterfaces) == 1 {
			i := out.NetworkInterfaces[0]
			task.Placement.SecurityGroups = []string{}
			for _, g := range i.Groups {
				task.Placement.SecurityGroups = append(task.Placement.SecurityGroups, aws.ToString(g.GroupId))
			}
			task.Placement.PublicIP = aws.Bool(i.Association != nil && i.Association.PublicIp != nil)
			return nil
		}
	}
	if task.Service != "" { // the interface is gone, or may not be read
		services, err := l.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: t.ClusterArn, Services: []string{task.Service}})
		task.notRead("ecs:DescribeServices", err)
		if err == nil && len(services.Services) == 1 {
			if c := startedWith(services.Services[0], aws.ToString(t.StartedBy)); c != nil {
				subnets := task.Placement.Subnets
				task.Placement, task.Unread = placementOf(c), nil
				if len(subnets) > 0 {
					task.Placement.Subnets = subnets
				}
			}
		}
	}
	if len(task.Placement.Subnets) == 0 {
		return fmt.Errorf("checks: task %s has no elastic network interface: only tasks in awsvpc mode can be diagnosed", task.ARN)
	}
	return ctx.Err()
}

// notRead notes why a fact of the task's interface is missing. That the interface is gone is an answer.
func (t *Task) notRead(action string, err error) {
	if api, ok := errors.AsType[smithy.APIError](err); err == nil || ok && api.ErrorCode() == "InvalidNetworkInterfaceID.NotFound" {
		return
	}
	if t.Unread == nil {
		t.Unread = map[string]error{}
	}
	t.Unread[action] = err
}

// startedWith returns the network configuration of the deployment that started a task; nil when the service no longer
// shows it.
func startedWith(s types.Service, startedBy string) *types.AwsVpcConfiguration {
	for _, d := range s.Deployments {
		if aws.ToString(d.Id) == startedBy && d.NetworkConfiguration != nil {
			return d.NetworkConfiguration.AwsvpcConfiguration
		}
	}
	for _, set := range s.TaskSets {
		if aws.ToString(set.StartedBy) == startedBy && set.NetworkConfiguration != nil {
			return set.NetworkConfiguration.AwsvpcConfiguration
		}
	}
	return nil
}

// LoadService loads what a service would start next: its newest task definition, in any of its subnets.
func (l Loader) LoadService(ctx context.Context, cluster, name string) (Task, error) {
	out, err := l.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: optional(cluster), Services: []string{name}})
	if err != nil {
		return Task{}, fmt.Errorf("checks: service %s: %w", name, err)
	}
	if len(out.Services) == 0 {
		return Task{}, fmt.Errorf("checks: service %s is not in cluster %s", name, cmp.Or(cluster, "default"))
	}
	s := out.Services[0]
	if err := onFargate(s.LaunchType, nil, s.CapacityProviderStrategy); err != nil {
		return Task{}, fmt.Errorf("checks: service %s: %w", name, err)
	}
	if s.NetworkConfiguration == nil || s.NetworkConfiguration.AwsvpcConfiguration == nil {
		return Task{}, fmt.Errorf("checks: service %s has no awsvpc network configuration", name)
	}
	task, err := l.definition(ctx, aws.ToString(s.TaskDefinition))
	if err != nil {
		return Task{}, err
	}
	task.Cluster, task.Service = aws.ToString(s.ClusterArn), aws.ToString(s.ServiceName)
	task.setAccount(aws.ToString(s.ServiceArn))
	task.PlatformVersion = aws.ToString(s.PlatformVersion)
	task.Placement = placementOf(s.NetworkConfiguration.AwsvpcConfiguration)
	return task, nil
}

// Preflight loads a task definition, by its ARN or family:revision, for a task that is only planned.
func (l Loader) Preflight(ctx context.Context, taskDefinition, platformVersion string, placement network.Placement) (Task, error) {
	if len(placement.Subnets) == 0 {
		return Task{}, errors.New("checks: a task that has not run needs the subnets it would run in")
	}
	task, err := l.definition(ctx, taskDefinition)
	if err != nil {
		return Task{}, err
	}
	task.PlatformVersion = platformVersion
	task.Placement = placement
	return task, nil
}

// definition loads what a task definition says.
func (l Loader) definition(ctx context.Context, name string) (Task, error) {
	out, err := l.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	if err != nil {
		return Task{}, fmt.Errorf("checks: task definition %s: %w", name, err)
	}
	if out.TaskDefinition == nil {
		return Task{}, fmt.Errorf("checks: task definition %s: ECS answered without it", name)
	}
	return taskOf(*out.TaskDefinition), nil
}

func taskOf(d types.TaskDefinition) Task {
	task := Task{TaskDefinition: aws.ToString(d.TaskDefinitionArn), ExecutionRole: aws.ToString(d.ExecutionRoleArn)}
	task.setAccount(task.TaskDefinition)
	if p := d.RuntimePlatform; p != nil {
		task.OSFamily, task.Architecture = string(p.OperatingSystemFamily), string(p.CpuArchitecture)
		task.Windows = strings.HasPrefix(task.OSFamily, "WINDOWS")
	}
	if d.EphemeralStorage != nil {
		task.EphemeralStorageGiB = d.EphemeralStorage.SizeInGiB
	}
	for _, c := range d.ContainerDefinitions {
		container := Container{Name: aws.ToString(c.Name), Image: aws.ToString(c.Image)}
		if c.RepositoryCredentials != nil {
			container.RepositoryCredentials = aws.ToString(c.RepositoryCredentials.CredentialsParameter)
		}
		task.Containers = append(task.Containers, container)
	}
	return task
}

// setAccount reads account and Region from an ECS ARN.
func (t *Task) setAccount(arn string) {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		t.Region, t.Account = parts[3], parts[4]
	}
}

// placementOf reads a network configuration. An assignPublicIp that is left out means DISABLED, and groups that are left
// out mean the VPC's default group.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
func placementOf(c *types.AwsVpcConfiguration) network.Placement {
	p := network.Placement{Subnets: c.Subnets, SecurityGroups: c.SecurityGroups, PublicIP: aws.Bool(c.AssignPublicIp == types.AssignPublicIpEnabled)}
	if p.SecurityGroups == nil {
		p.SecurityGroups = []string{}
	}
	return p
}

// onFargate refuses what runs on something else.
func onFargate(launchType types.LaunchType, provider *string, strategy []types.CapacityProviderStrategyItem) error {
	providers := []string{aws.ToString(provider)}
	for _, item := range strategy {
		providers = append(providers, aws.ToString(item.CapacityProvider))
	}
	if launchType == types.LaunchTypeFargate || slices.ContainsFunc(providers, func(p string) bool { return strings.HasPrefix(p, "FARGATE") }) {
		return nil
	}
	return fmt.Errorf("it runs on %s, not on Fargate", cmp.Or(string(launchType), joined(providers), "something that ECS does not show"))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
