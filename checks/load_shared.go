package checks

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// How many things one call of ECS describes at most.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
const (
	servicesACall  = 10
	revisionsACall = 20
	tasksACall     = 100
)

// Shared returns a Loader that reads each task definition, service, service revision and cluster once, however many tasks
// have them in common. It keeps what it read: make a new one to see a cluster again. An attempt that was cancelled is not
// kept.
func (l Loader) Shared() Loader {
	if _, ok := l.ECS.(*sharedECS); ok {
		return l
	}
	s := &sharedECS{ECS: l.ECS}
	s.definitions = once(func(ctx context.Context, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
		return s.ECS.DescribeTaskDefinition(ctx, in)
	}, func(in *ecs.DescribeTaskDefinitionInput) string { return aws.ToString(in.TaskDefinition) })
	s.clusters = once(func(ctx context.Context, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
		return s.ECS.DescribeClusters(ctx, in)
	}, func(in *ecs.DescribeClustersInput) string { return joined(in.Clusters) })
	s.revisions = batch[types.ServiceRevision]{most: revisionsACall, ask: func(ctx context.Context, _ string, arns []string) ([]types.ServiceRevision, []types.Failure, error) {
		out, err := s.ECS.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: arns})
		if err != nil {
			return nil, nil, err
		}
		return out.ServiceRevisions, out.Failures, nil
	}, arn: func(r types.ServiceRevision) string { return aws.ToString(r.ServiceRevisionArn) }}
	s.services = batch[types.Service]{most: servicesACall, ask: func(ctx context.Context, cluster string, names []string) ([]types.Service, []types.Failure, error) {
		out, err := s.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: optional(cluster), Services: names})
		if err != nil {
			return nil, nil, err
		}
		for i := range out.Services {
			out.Services[i].Events = nil // up to a hundred, and nobody looks at them
		}
		return out.Services, out.Failures, nil
	}, arn: func(s types.Service) string { return aws.ToString(s.ServiceArn) }}
	l.ECS = s
	return l
}

// sharedECS remembers what it was told.
type sharedECS struct {
	ECS
	definitions func(context.Context, *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error)
	clusters    func(context.Context, *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error)
	revisions   batch[types.ServiceRevision]
	services    batch[types.Service]
}

func (s *sharedECS) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return s.definitions(ctx, in)
}

func (s *sharedECS) DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput, _ ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error) {
	return s.clusters(ctx, in)
}

// DescribeServiceRevisions takes any number of ARNs.
func (s *sharedECS) DescribeServiceRevisions(ctx context.Context, in *ecs.DescribeServiceRevisionsInput, _ ...func(*ecs.Options)) (*ecs.DescribeServiceRevisionsOutput, error) {
	found, failures, err := s.revisions.get(ctx, "", in.ServiceRevisionArns)
	if err != nil {
		return nil, err
	}
	return &ecs.DescribeServiceRevisionsOutput{ServiceRevisions: found, Failures: failures}, nil
}

// DescribeServices takes any number of names.
func (s *sharedECS) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	found, failures, err := s.services.get(ctx, aws.ToString(in.Cluster), in.Services)
	if err != nil {
		return nil, err
	}
	return &ecs.DescribeServicesOutput{Services: found, Failures: failures}, nil
}

// batch reads things of ECS once each, as many in a call as it takes.
type batch[V any] struct {
	most int
	ask  func(ctx context.Context, in string, names []string) ([]V, []types.Failure, error)
	arn  func(V) string

	mu      sync.Mutex
	entries map[[2]string]*batchEntry[V]
}

type batchEntry[V any] struct {
	done    chan struct{} // closed when the rest is there
	value   *V
	failure *types.Failure
	err     error
}

// get returns what is read of some names in a cluster. The error, beside what was found, is the first of any of them.
func (b *batch[V]) get(ctx context.Context, in string, names []string) (found []V, failures []types.Failure, err error) {
	for {
		var mine []string
		entries := make([]*batchEntry[V], len(names))
		b.mu.Lock()
		for i, name := range names {
			e := b.entries[[2]string{in, name}]
			if e == nil {
				if b.entries == nil {
					b.entries = map[[2]string]*batchEntry[V]{}
				}
				e = &batchEntry[V]{done: make(chan struct{})}
				b.entries[[2]string{in, name}] = e
				mine = append(mine, name)
			}
			entries[i] = e
		}
		b.mu.Unlock()
		var asking sync.WaitGroup
		for part := range slices.Chunk(mine, b.most) {
			asking.Go(func() { b.fill(ctx, in, part) })
		}
		asking.Wait()
		found, failures, err = nil, nil, nil
		for _, e := range entries {
			select {
			case <-e.done:
			case <-ctx.Done():
				return nil, nil, ctx.Err()
			}
			switch {
			case e.err != nil && err == nil:
				err = e.err
			case e.value != nil:
				found = append(found, *e.value)
			case e.failure != nil:
				failures = append(failures, *e.failure)
			}
		}
		if !cancelled(err) || ctx.Err() != nil {
			return found, failures, err
		}
		// Whoever asked gave up. That says nothing about this caller.
	}
}

// fill asks for names of which this caller has made the entries. Where ECS refuses the call for one of several names, each
// is asked for by itself.
func (b *batch[V]) fill(ctx context.Context, in string, names []string) {
	values, failures, err := b.ask(ctx, in, names)
	if len(names) > 1 && refusesOne(err) {
		var asking sync.WaitGroup
		for _, name := range names {
			asking.Go(func() { b.fill(ctx, in, []string{name}) })
		}
		asking.Wait()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		e := b.entries[[2]string{in, name}]
		e.err = err
		if i := slices.IndexFunc(values, func(v V) bool { return isNamed(b.arn(v), name) }); i >= 0 {
			e.value = &values[i]
		}
		if i := slices.IndexFunc(failures, func(f types.Failure) bool { return isNamed(aws.ToString(f.Arn), name) }); i >= 0 {
			e.failure = &failures[i]
		}
		if cancelled(err) {
			delete(b.entries, [2]string{in, name})
		}
		close(e.done)
	}
}

// isNamed reports whether an ARN is the one asked for, or ends in the name asked for.
func isNamed(arn, asked string) bool {
	return arn == asked || len(arn) > len(asked) && arn[len(arn)-len(asked)-1] == '/' && arn[len(arn)-len(asked):] == asked
}

// refusesOne reports that a call was refused for what it asked, which may be one of several things.
func refusesOne(err error) bool {
	switch {
	case errors.As(err, new(*types.InvalidParameterException)), errors.As(err, new(*types.ServiceNotFoundException)),
		errors.As(err, new(*types.ClusterNotFoundException)), errors.As(err, new(*types.ClientException)):
		return true
	}
	return false
}
