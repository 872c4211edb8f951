package checks

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// LoadStopped loads the tasks of a cluster that stopped because they failed to start, as LoadTask does, as far as ECS still
// shows them: for about an hour. "" is the cluster called default. It reads what tasks have in common once, and is a few
// hundred tasks ahead of its caller, never more.
//
// A task that is not loaded comes with its error beside a Task that only names it, and the rest goes on.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func (l Loader) LoadStopped(ctx context.Context, cluster string) iter.Seq2[Task, error] {
	l = l.Shared()
	return ahead(ctx, l.stopped(ctx, cluster), func(ctx context.Context, arns []string) []loaded {
		out, err := l.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: optional(cluster), Tasks: arns})
		if err != nil {
			return []loaded{{Task{Cluster: cluster}, fmt.Errorf("checks: stopped tasks of cluster %s: %w", cmp.Or(cluster, "default"), err)}}
		}
		failed := slices.DeleteFunc(out.Tasks, func(t types.Task) bool { return t.StopCode != types.TaskStopCodeTaskFailedToStart })
		l := l.aheadOf(ctx, failed)
		var all []loaded
		for _, t := range failed {
			task, err := l.started(ctx, t)
			if err != nil {
				task = Task{ARN: aws.ToString(t.TaskArn), Cluster: aws.ToString(t.ClusterArn)}
				task.setAccount(task.ARN)
			}
			all = append(all, loaded{task, err})
		}
		return all
	})
}

// stopped yields the ARNs of a cluster's stopped tasks, as many at a time as one call describes.
func (l Loader) stopped(ctx context.Context, cluster string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		pages := ecs.NewListTasksPaginator(l.ECS, &ecs.ListTasksInput{Cluster: optional(cluster), DesiredStatus: types.DesiredStatusStopped, MaxResults: aws.Int32(namesAPage)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(nil, fmt.Errorf("checks: stopped tasks of cluster %s: %w", cmp.Or(cluster, "default"), err))
				return
			}
			for part := range slices.Chunk(page.TaskArns, tasksACall) {
				if !yield(part, nil) {
					return
				}
			}
		}
	}
}

// aheadOf reads together what some tasks need, and returns a Loader that has it at hand: what they come from, their
// interfaces, and the services of those whose interface and revision are both gone.
func (l Loader) aheadOf(ctx context.Context, tasks []types.Task) Loader {
	var from origins
	var ids []string
	for _, t := range tasks {
		if onFargate(t.LaunchType, strategyOf(t.CapacityProviderName)) != nil {
			continue
		}
		service, _ := strings.CutPrefix(aws.ToString(t.Group), "service:")
		from.add(aws.ToString(t.TaskDefinitionArn), revisionName(aws.ToString(t.ClusterArn), service, aws.ToString(t.StartedBy)))
		if id := interfaceOf(t); id != "" {
			ids = append(ids, id)
		}
	}
	var reading sync.WaitGroup
	if l.Interfaces != nil {
		api, at := l.Interfaces, &interfaces{}
		reading.Go(func() { *at = interfacesAt(ctx, api, ids) })
		l.Interfaces = at
	}
	l.readAhead(ctx, from)
	reading.Wait()
	services := map[string][]string{} // by cluster
	for _, t := range tasks {
		service, ofService := strings.CutPrefix(aws.ToString(t.Group), "service:")
		if at, ok := l.Interfaces.(*interfaces); !ofService || ok && at.has(interfaceOf(t)) {
			continue
		}
		cluster := aws.ToString(t.ClusterArn)
		if revision, _ := l.revision(ctx, cluster, service, aws.ToString(t.StartedBy))(); revision == nil {
			services[cluster] = with(services[cluster], service)
		}
	}
	for cluster, names := range services {
		_, _ = l.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: names})
	}
	return l
}

// interfaces are network interfaces that were read together. It answers for one of them as EC2 does.
type interfaces struct {
	found map[string]ec2types.NetworkInterface
	err   error
}

// interfacesACall is how many values a filter takes. The IDs go into a filter, because one that is gone would fail a call
// that names it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
const interfacesACall = 200

func interfacesAt(ctx context.Context, api ec2.DescribeNetworkInterfacesAPIClient, ids []string) interfaces {
	all := interfaces{found: map[string]ec2types.NetworkInterface{}}
	for part := range slices.Chunk(ids, interfacesACall) {
		pages := ec2.NewDescribeNetworkInterfacesPaginator(api, &ec2.DescribeNetworkInterfacesInput{
			Filters: []ec2types.Filter{{Name: aws.String("network-interface-id"), Values: part}}})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				all.err = err
				return all
			}
			for _, i := range page.NetworkInterfaces {
				all.found[aws.ToString(i.NetworkInterfaceId)] = i
			}
		}
	}
	return all
}

func (i *interfaces) has(id string) bool {
	_, found := i.found[id]
	return found
}

func (i *interfaces) DescribeNetworkInterfaces(_ context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, id := range in.NetworkInterfaceIds {
		one, found := i.found[id]
		switch {
		case found:
			out.NetworkInterfaces = append(out.NetworkInterfaces, one)
		case i.err != nil:
			return nil, i.err
		default:
			return nil, &smithy.GenericAPIError{Code: interfaceNotFound, Message: "the interface " + id + " does not exist"}
		}
	}
	return out, nil
}
