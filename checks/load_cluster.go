package checks

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// namesAPage is how many ARNs a page of a list holds: the most that ECS gives.
const namesAPage = 100

// Clusters yields the ARNs of the account's clusters in the Region. An error ends it.
func (l Loader) Clusters(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		pages := ecs.NewListClustersPaginator(l.ECS, &ecs.ListClustersInput{MaxResults: aws.Int32(namesAPage)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", fmt.Errorf("checks: clusters: %w", err))
				return
			}
			for _, arn := range page.ClusterArns {
				if !yield(arn, nil) {
					return
				}
			}
		}
	}
}

// LoadCluster loads what each service of a cluster would start next, as LoadService does; "" is the cluster called default.
// It reads what services have in common once, and is some services ahead of its caller, never all.
//
// A service that is not loaded comes with its error beside a Task that only names it, and the rest goes on: errors.As tells
// a NotFargateError from what went wrong.
func (l Loader) LoadCluster(ctx context.Context, cluster string) iter.Seq2[Task, error] {
	l = l.Shared()
	return ahead(ctx, l.serviceNames(ctx, cluster), func(ctx context.Context, arns []string) []loaded {
		services, failures, err := l.ECS.(*sharedECS).services.get(ctx, cluster, arns)
		l.readAhead(ctx, originsOf(services))
		all := make([]loaded, len(services))
		for i, s := range services {
			if all[i].task, all[i].err = l.service(ctx, s); all[i].err != nil {
				all[i].task = Task{Cluster: aws.ToString(s.ClusterArn), Service: aws.ToString(s.ServiceName)}
				all[i].task.setAccount(aws.ToString(s.ServiceArn))
			}
		}
		for _, f := range failures {
			all = append(all, loaded{Task{Cluster: cluster}, fmt.Errorf("checks: service %s: %s", aws.ToString(f.Arn), aws.ToString(f.Reason))})
		}
		if err != nil {
			all = append(all, loaded{Task{Cluster: cluster}, fmt.Errorf("checks: services of cluster %s: %w", cmp.Or(cluster, "default"), err)})
		}
		return all
	})
}

// serviceNames yields the ARNs of a cluster's services, as many at a time as one call for their revisions takes.
func (l Loader) serviceNames(ctx context.Context, cluster string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		pages := ecs.NewListServicesPaginator(l.ECS, &ecs.ListServicesInput{Cluster: optional(cluster), MaxResults: aws.Int32(namesAPage)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(nil, fmt.Errorf("checks: services of cluster %s: %w", cmp.Or(cluster, "default"), err))
				return
			}
			for part := range slices.Chunk(page.ServiceArns, revisionsACall) {
				if !yield(part, nil) {
					return
				}
			}
		}
	}
}

// origins are what tasks come from, some of which they have in common.
type origins struct{ definitions, revisions []string }

// originsOf returns what the tasks come from that services would start next.
func originsOf(services []types.Service) (o origins) {
	for _, s := range services {
		if from, err := next(s); err == nil && (from.launchType == "" && len(from.strategy) == 0 || onFargate(from.launchType, from.strategy) == nil) {
			o.add(from.taskDefinition, revisionName(aws.ToString(s.ClusterArn), aws.ToString(s.ServiceName), from.id))
		}
	}
	return o
}

func (o *origins) add(definition, revision string) {
	o.definitions = with(o.definitions, definition)
	if revision != "" {
		o.revisions = with(o.revisions, revision)
	}
}

// readAhead has a shared loader read together what it will be asked for one by one. What goes wrong is found again then.
func (l Loader) readAhead(ctx context.Context, o origins) {
	var reading sync.WaitGroup
	if len(o.revisions) > 0 {
		reading.Go(func() {
			_, _ = l.ECS.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: o.revisions})
		})
	}
	for _, name := range o.definitions {
		reading.Go(func() { _, _ = l.definition(ctx, name) })
	}
	reading.Wait()
}
