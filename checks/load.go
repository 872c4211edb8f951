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

	"github.com/canpull/canpull/network"
)

// ECS is what a Loader calls of ECS; *ecs.Client satisfies it.
type ECS interface {
	ecs.DescribeTasksAPIClient
	ecs.DescribeServicesAPIClient
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	DescribeServiceRevisions(context.Context, *ecs.DescribeServiceRevisionsInput, ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error)
	DescribeClusters(context.Context, *ecs.DescribeClustersInput, ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error)
	ecs.ListClustersAPIClient
	ecs.ListServicesAPIClient
	ecs.ListTasksAPIClient
}

var _ ECS = (*ecs.Client)(nil)

const (
	describeInterfaces = "ec2:DescribeNetworkInterfaces"
	describeClusters   = "ecs:DescribeClusters"
	describeRevisions  = "ecs:DescribeServiceRevisions"
	describeServices   = "ecs:DescribeServices"
)

var loaderActions = []string{describeInterfaces, describeClusters, describeRevisions, describeServices, "ecs:DescribeTaskDefinition", "ecs:DescribeTasks",
	"ecs:ListClusters", "ecs:ListServices", "ecs:ListTasks"}

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
// a task: they are read from its network interface while that exists, else from the service revision, the deployment or the
// task set that started it, else they stay unknown. A task that is not on Fargate is an error.
func (l Loader) LoadTask(ctx context.Context, cluster, id string) (Task, error) {
	out, err := l.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: optional(cluster), Tasks: []string{id}})
	if err != nil {
		return Task{}, fmt.Errorf("checks: task %s: %w", id, err)
	}
	if len(out.Tasks) == 0 {
		return Task{}, fmt.Errorf("checks: ECS shows no task %s in cluster %s; it shows a stopped task for about an hour", id, cmp.Or(cluster, "default"))
	}
	return l.started(ctx, out.Tasks[0])
}

// started loads what belongs to a task that ECS shows or has told of.
func (l Loader) started(ctx context.Context, t types.Task) (Task, error) {
	fail := func(err error) (Task, error) {
		return Task{}, fmt.Errorf("checks: task %s: %w", aws.ToString(t.TaskArn), err)
	}
	if err := onFargate(t.LaunchType, strategyOf(t.CapacityProviderName)); err != nil {
		return fail(err)
	}
	service, ofService := strings.CutPrefix(aws.ToString(t.Group), "service:")
	revising := func() (*types.ServiceRevision, error) { return nil, nil }
	if ofService {
		revising = l.revision(ctx, aws.ToString(t.ClusterArn), service, aws.ToString(t.StartedBy))
	}
	definition, err := l.definition(ctx, aws.ToString(t.TaskDefinitionArn))
	revision, notRead := revising()
	if err != nil {
		return Task{}, err
	}
	task, err := taskOf(definition)
	if err != nil {
		return fail(err)
	}
	task.ARN, task.Cluster = aws.ToString(t.TaskArn), aws.ToString(t.ClusterArn)
	task.setAccount(task.ARN)
	task.PlatformVersion = aws.ToString(t.PlatformVersion)
	task.StopCode, task.StoppedReason = string(t.StopCode), aws.ToString(t.StoppedReason)
	task.override(t.Overrides)
	if t.EphemeralStorage != nil {
		task.EphemeralStorageGiB = t.EphemeralStorage.SizeInGiB
	}
	for _, c := range t.Containers {
		if i := slices.IndexFunc(task.Containers, func(d Container) bool { return d.Name == aws.ToString(c.Name) }); i >= 0 {
			task.Containers[i].Reason = aws.ToString(c.Reason)
		}
	}
	// The imageDigest of a container is left alone: it is what a tag led to when it was pulled, which pins nothing.
	if subnet := attachmentOf(t, "subnetId"); subnet != "" {
		task.Placement.Subnets = []string{subnet}
	}
	if ofService {
		task.Service = service
		revision = task.revised(definition, revision, notRead)
	}
	deployed, err := l.place(ctx, &task, t, revision, notRead)
	if err != nil {
		return fail(err)
	}
	task.DeploymentController = controllerOf(deployed)
	task.lacksRevision(notRead, beginning(deployed, t))
	return task, ctx.Err()
}

// override puts what a task was run with in the place of what its definition says.
func (t *Task) override(o *types.TaskOverride) {
	if o == nil {
		return
	}
	t.Overrides.ExecutionRole = aws.ToString(o.ExecutionRoleArn)
	t.ExecutionRole = cmp.Or(t.Overrides.ExecutionRole, t.ExecutionRole)
	if o.EphemeralStorage != nil {
		t.Overrides.EphemeralStorageGiB = o.EphemeralStorage.SizeInGiB
		t.EphemeralStorageGiB = o.EphemeralStorage.SizeInGiB
	}
}

// Preflight loads a task definition, by its ARN or family:revision, for a task that is only planned. One that Fargate does not
// take is an error.
func (l Loader) Preflight(ctx context.Context, taskDefinition, platformVersion string, placement network.Placement) (Task, error) {
	if len(placement.Subnets) == 0 {
		return Task{}, errors.New("checks: a task that has not run needs the subnets it would run in")
	}
	definition, err := l.definition(ctx, taskDefinition)
	if err != nil {
		return Task{}, err
	}
	task, err := taskOf(definition)
	if err == nil {
		err = fitsFargate(definition)
	}
	if err != nil {
		return Task{}, fmt.Errorf("checks: task definition %s: %w", taskDefinition, err)
	}
	task.PlatformVersion = platformVersion
	task.Placement = placement
	return task, nil
}

// definition loads a task definition.
func (l Loader) definition(ctx context.Context, name string) (types.TaskDefinition, error) {
	out, err := l.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	if err != nil {
		return types.TaskDefinition{}, fmt.Errorf("checks: task definition %s: %w", name, err)
	}
	if out.TaskDefinition == nil {
		return types.TaskDefinition{}, fmt.Errorf("checks: task definition %s: ECS answered without it", name)
	}
	return *out.TaskDefinition, nil
}

// taskOf returns what a task definition says of its tasks. Whether a container is essential, and what it depends on, is
// left out: it pulls its image all the same.
func taskOf(d types.TaskDefinition) (Task, error) {
	if d.NetworkMode != "" && d.NetworkMode != types.NetworkModeAwsvpc {
		return Task{}, fmt.Errorf("its task definition says network mode %s: only tasks in awsvpc mode, as all on Fargate are, can be diagnosed", d.NetworkMode)
	}
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
		given := c.Secrets
		if c.LogConfiguration != nil {
			given = slices.Concat(given, c.LogConfiguration.SecretOptions)
		}
		for _, secret := range given {
			container.Secrets = append(container.Secrets, aws.ToString(secret.ValueFrom))
		}
		task.Containers = append(task.Containers, container)
	}
	return task, nil
}

// setAccount reads account and Region from an ECS ARN.
func (t *Task) setAccount(arn string) {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		t.Region, t.Account = parts[3], parts[4]
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
