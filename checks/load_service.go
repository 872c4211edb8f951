package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// LoadService loads what a service would start next, in any of its subnets: the task definition of its PRIMARY deployment
// or task set, and the digests that the deployment pinned. A service that starts nothing any more, or not on Fargate, is an
// error.
func (l Loader) LoadService(ctx context.Context, cluster, name string) (Task, error) {
	out, err := l.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: optional(cluster), Services: []string{name}})
	if err != nil {
		return Task{}, fmt.Errorf("checks: service %s: %w", name, err)
	}
	if len(out.Services) == 0 {
		return Task{}, fmt.Errorf("checks: ECS shows no service %s in cluster %s", name, cmp.Or(cluster, "default"))
	}
	return l.service(ctx, out.Services[0])
}

// service loads what a service that ECS shows would start next.
func (l Loader) service(ctx context.Context, s types.Service) (Task, error) {
	fail := func(err error) (Task, error) {
		return Task{}, fmt.Errorf("checks: service %s: %w", aws.ToString(s.ServiceName), err)
	}
	if status := aws.ToString(s.Status); status == "INACTIVE" || status == "DRAINING" {
		return fail(fmt.Errorf("it is %s: it was deleted and starts no more tasks", status))
	}
	from, err := next(s)
	if err != nil {
		return fail(err)
	}
	if from.launchType == "" && len(from.strategy) == 0 {
		if from.strategy, err = l.defaultStrategy(ctx, s.ClusterArn); err != nil {
			return fail(err)
		}
	}
	if err := onFargate(from.launchType, from.strategy); err != nil {
		return fail(err)
	}
	if from.network == nil {
		return fail(errors.New("it has no awsvpc network configuration"))
	}
	revising := l.revision(ctx, aws.ToString(s.ClusterArn), aws.ToString(s.ServiceName), from.id)
	definition, err := l.definition(ctx, from.taskDefinition)
	revision, notRead := revising()
	if err != nil {
		return Task{}, err
	}
	task, err := taskOf(definition)
	if err != nil {
		return fail(err)
	}
	task.Cluster, task.Service = aws.ToString(s.ClusterArn), aws.ToString(s.ServiceName)
	task.setAccount(aws.ToString(s.ServiceArn))
	task.PlatformVersion = from.platformVersion
	task.Placement = placementOf(from.network)
	task.DeploymentController = controllerOf(&s)
	task.revised(definition, revision, notRead)
	task.lacksRevision(notRead, from.began)
	return task, ctx.Err()
}

// origin is what ECS starts tasks from: a deployment or a task set.
type origin struct {
	id              string // "ecs-svc/…", the startedBy of its tasks
	taskDefinition  string
	platformVersion string
	launchType      types.LaunchType
	strategy        []types.CapacityProviderStrategyItem
	network         *types.AwsVpcConfiguration
	began           *time.Time // zero for a task set: see beginning; nil: not known
}

// next returns what a service starts its next task from. With a CODE_DEPLOY or EXTERNAL deployment controller that is a task
// set, and the service itself may name neither a task definition nor a network configuration.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
func next(s types.Service) (origin, error) {
	service := origin{"", aws.ToString(s.TaskDefinition), aws.ToString(s.PlatformVersion), s.LaunchType, s.CapacityProviderStrategy, awsvpcOf(s.NetworkConfiguration), nil}
	controller := types.DeploymentControllerTypeEcs
	if s.DeploymentController != nil {
		controller = s.DeploymentController.Type
	}
	if len(s.TaskSets) == 0 {
		if i := slices.IndexFunc(s.Deployments, func(d types.Deployment) bool { return aws.ToString(d.Status) == "PRIMARY" }); i >= 0 {
			return deployment(s.Deployments[i]).over(service), nil
		}
		if controller == types.DeploymentControllerTypeExternal {
			return origin{}, errors.New("its deployment controller is EXTERNAL, and it has no task set to start tasks from")
		}
		return service, nil
	}
	var sets []types.TaskSet
	for _, set := range s.TaskSets {
		switch aws.ToString(set.Status) {
		case "PRIMARY": // it serves production traffic
			return taskSet(set).over(service), nil
		case "ACTIVE":
			sets = append(sets, set)
		}
	}
	if len(sets) != 1 {
		return origin{}, fmt.Errorf("none of its %d task sets is PRIMARY, and %d are ACTIVE: diagnose a task of the one that is meant", len(s.TaskSets), len(sets))
	}
	return taskSet(sets[0]).over(service), nil
}

func deployment(d types.Deployment) origin {
	return origin{aws.ToString(d.Id), aws.ToString(d.TaskDefinition), aws.ToString(d.PlatformVersion), d.LaunchType, d.CapacityProviderStrategy, awsvpcOf(d.NetworkConfiguration), d.CreatedAt}
}

func taskSet(s types.TaskSet) origin {
	return origin{aws.ToString(s.Id), aws.ToString(s.TaskDefinition), aws.ToString(s.PlatformVersion), s.LaunchType, s.CapacityProviderStrategy, awsvpcOf(s.NetworkConfiguration), &time.Time{}}
}

// over returns what o says and, where it says nothing, what the service says.
func (o origin) over(service origin) origin {
	o.taskDefinition = cmp.Or(o.taskDefinition, service.taskDefinition)
	o.platformVersion = cmp.Or(o.platformVersion, service.platformVersion)
	if o.launchType == "" && len(o.strategy) == 0 {
		o.launchType, o.strategy = service.launchType, service.strategy
	}
	o.network = cmp.Or(o.network, service.network)
	return o
}

func awsvpcOf(c *types.NetworkConfiguration) *types.AwsVpcConfiguration {
	if c == nil {
		return nil
	}
	return c.AwsvpcConfiguration
}
