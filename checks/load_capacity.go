package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// onFargate refuses what runs on something else. No other capacity provider may have a name that begins with "fargate", and
// a strategy holds either Fargate's or others, so one item tells.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
func onFargate(launchType types.LaunchType, strategy []types.CapacityProviderStrategyItem) error {
	var providers []string
	for _, item := range strategy {
		providers = append(providers, aws.ToString(item.CapacityProvider))
	}
	if launchType == types.LaunchTypeFargate || slices.Contains(providers, "FARGATE") || slices.Contains(providers, "FARGATE_SPOT") {
		return nil
	}
	on := string(launchType)
	if len(providers) > 0 {
		on = "the capacity provider " + joined(providers)
	}
	return &NotFargateError{On: cmp.Or(on, "something that ECS does not show")}
}

// fitsFargate refuses a task definition that ECS has found to lack what Fargate needs.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
func fitsFargate(d types.TaskDefinition) error {
	if len(d.Compatibilities) == 0 || slices.Contains(d.Compatibilities, types.CompatibilityFargate) {
		return nil
	}
	return fmt.Errorf("it is compatible with %s, not with FARGATE", joined(each(d.Compatibilities, func(c types.Compatibility) string { return string(c) })))
}

// NotFargateError is why a task or a service is not loaded that runs on something else than Fargate.
type NotFargateError struct {
	On string // a launch type, as "EC2", or "the capacity provider NAME"
}

func (e *NotFargateError) Error() string { return "it runs on " + e.On + ", not on Fargate" }

// strategyOf returns the strategy that is a task's one capacity provider, empty when the task has none.
func strategyOf(provider *string) []types.CapacityProviderStrategyItem {
	if aws.ToString(provider) == "" {
		return nil
	}
	return []types.CapacityProviderStrategyItem{{CapacityProvider: provider}}
}

// defaultStrategy returns the capacity provider strategy of a cluster, which goes for a service that names neither a launch
// type nor a strategy.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
func (l Loader) defaultStrategy(ctx context.Context, cluster *string) ([]types.CapacityProviderStrategyItem, error) {
	const unknown = "it names neither a launch type nor a capacity provider, and the default of its cluster is not known: %w"
	out, err := l.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{aws.ToString(cluster)}})
	if err != nil {
		return nil, fmt.Errorf(unknown, err)
	}
	if len(out.Clusters) == 0 {
		return nil, fmt.Errorf(unknown, errors.New("ECS answered without the cluster"))
	}
	return out.Clusters[0].DefaultCapacityProviderStrategy, nil
}
