package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/canpull/canpull/network"
)

// place finds where a task runs or ran, and returns its service if it was read for that. revision is what started the task,
// nil when that is not known, because of notRead or because ECS does not show it.
func (l Loader) place(ctx context.Context, task *Task, t types.Task, revision *types.ServiceRevision, notRead error) (service *types.Service, err error) {
	networkInterface := interfaceOf(t)
	if networkInterface != "" && l.Interfaces != nil {
		out, err := l.Interfaces.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{networkInterface}})
		task.notRead(describeInterfaces, err)
		if err == nil && len(out.NetworkInterfaces) == 1 {
			i := out.NetworkInterfaces[0]
			task.Placement.SecurityGroups = []string{}
			for _, g := range i.Groups {
				task.Placement.SecurityGroups = append(task.Placement.SecurityGroups, aws.ToString(g.GroupId))
			}
			task.Placement.PublicIP = aws.Bool(i.Association != nil && i.Association.PublicIp != nil)
			return nil, nil
		}
	}
	// The interface is gone, or may not be read.
	if !errors.Is(notRead, errNoRevision) {
		task.notRead(describeRevisions, notRead)
	}
	var from *types.AwsVpcConfiguration
	if revision != nil {
		from = awsvpcOf(revision.NetworkConfiguration)
	}
	if from == nil && task.Service != "" {
		services, err := l.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: t.ClusterArn, Services: []string{task.Service}})
		task.notRead(describeServices, err)
		if err == nil && len(services.Services) == 1 {
			service = &services.Services[0]
			from = startedWith(*service, aws.ToString(t.StartedBy))
		}
	}
	switch subnets := task.Placement.Subnets; {
	case from != nil:
		task.Placement, task.Unread = placementOf(from), nil
		if len(subnets) > 0 {
			task.Placement.Subnets = subnets
		}
	case len(subnets) == 0:
		return nil, errors.New("it has no elastic network interface, and nothing shows where it was to run: only tasks in awsvpc mode can be diagnosed")
	case len(task.Unread) == 0:
		why := "its interface " + networkInterface + " is gone"
		switch {
		case networkInterface == "":
			why = "ECS does not show its interface"
		case l.Interfaces == nil:
			why = "no EC2 client was given to read its interface " + networkInterface
		}
		task.PlacementNotRead = why + unplaced(*task)
	}
	return service, nil
}

// attachmentOf returns a detail of a task's attachments: of its elastic network interface, on Fargate.
func attachmentOf(t types.Task, detail string) (value string) {
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if aws.ToString(d.Name) == detail {
				value = aws.ToString(d.Value)
			}
		}
	}
	return value
}

func interfaceOf(t types.Task) string { return attachmentOf(t, "networkInterfaceId") }

// unplaced says why nothing but its interface shows a task's security groups and public address.
func unplaced(task Task) string {
	if task.Service == "" {
		return ", and it was started by itself: no service shows the network configuration it was given"
	}
	return ", and the service " + task.Service + " no longer shows the deployment that started it"
}

// interfaceNotFound is EC2's code for an interface that is gone.
const interfaceNotFound = "InvalidNetworkInterfaceID.NotFound"

// notRead notes why a fact of the task's interface is missing. That the interface is gone is an answer.
func (t *Task) notRead(action string, err error) {
	if api, ok := errors.AsType[smithy.APIError](err); err == nil || ok && api.ErrorCode() == interfaceNotFound {
		return
	}
	if t.Unread == nil {
		t.Unread = map[string]error{}
	}
	t.Unread[action] = err
}

// startedWith returns the network configuration of the deployment or the task set that started a task; nil when the service
// no longer shows it. The startedBy of a task set says which controller made it: its tasks have its ID.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html
func startedWith(s types.Service, startedBy string) *types.AwsVpcConfiguration {
	for _, d := range s.Deployments {
		if aws.ToString(d.Id) == startedBy {
			return deployment(d).network
		}
	}
	for _, set := range s.TaskSets {
		if aws.ToString(set.Id) == startedBy {
			return taskSet(set).network
		}
	}
	return nil
}

// errNoRevision is what comes of a service revision that there is none of, or that is called otherwise.
var errNoRevision = errors.New("ECS shows no service revision for the deployment that starts it")

// lacksRevision notes that the task's service revision is not known where ECS shows none although there should be one.
func (t *Task) lacksRevision(notRead error, began *time.Time) {
	if errors.Is(notRead, errNoRevision) && !predatesRevisions(began) {
		t.RevisionNotRead = errNoRevision.Error()
	}
}

// predatesRevisions reports what is known to have begun before the first service revision that ECS shows.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
func predatesRevisions(began *time.Time) bool {
	return began != nil && began.Before(time.Date(2024, 10, 25, 0, 0, 0, 0, time.UTC))
}

// beginning returns when the deployment of a task's service began that started it, as far as the service was read: else the
// task is not older. nil: that is not known.
func beginning(service *types.Service, t types.Task) *time.Time {
	if service == nil {
		return t.CreatedAt
	}
	isStarter := func(id *string) bool { return aws.ToString(id) == aws.ToString(t.StartedBy) }
	if slices.ContainsFunc(service.TaskSets, func(s types.TaskSet) bool { return isStarter(s.Id) }) {
		return &time.Time{} // of a task set it is not known that it has a service revision, so it counts as older than them
	}
	for _, d := range service.Deployments {
		if isStarter(d.Id) {
			return cmp.Or(d.CreatedAt, t.CreatedAt)
		}
	}
	return t.CreatedAt
}

// controllerOf returns what deploys a service, "" where that was not read.
func controllerOf(service *types.Service) string {
	if service == nil || service.DeploymentController == nil {
		return ""
	}
	return string(service.DeploymentController.Type)
}

// revision begins to ask for the service revision that tasks with a startedBy come from, and returns what waits for the
// answer: nil when there is none to ask for, errNoRevision when ECS shows none of that name.
//
// A deployment's ID is its revision's: tasks of "ecs-svc/4980306466373577095" come from the revision
// …:service-revision/CLUSTER/SERVICE/4980306466373577095. The documentation shows both without saying so, so what is found
// is taken for it only if it is for the task's own definition and subnets, and what is not found is missing only where there
// is none for a reason.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
func (l Loader) revision(ctx context.Context, cluster, service, startedBy string) func() (*types.ServiceRevision, error) {
	name := revisionName(cluster, service, startedBy)
	if name == "" {
		return func() (*types.ServiceRevision, error) { return nil, nil }
	}
	var out *ecs.DescribeServiceRevisionsOutput
	var asking errgroup.Group
	asking.Go(func() (err error) {
		out, err = l.ECS.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{name}})
		return err
	})
	return func() (*types.ServiceRevision, error) {
		err := asking.Wait()
		if err != nil && notOffered(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, r := range out.ServiceRevisions {
			if aws.ToString(r.ServiceRevisionArn) == name {
				return &r, nil
			}
		}
		reason := "ECS answered without it"
		for _, f := range out.Failures {
			if reason = aws.ToString(f.Reason); reason == "MISSING" {
				return nil, errNoRevision
			}
		}
		return nil, fmt.Errorf("checks: service revision %s: %s", name, reason)
	}
}

// revisionName returns the ARN of the service revision that tasks with a startedBy come from, "" when they come from none.
func revisionName(cluster, service, startedBy string) string {
	prefix, name, isARN := strings.Cut(cluster, ":cluster/")
	id, ofService := strings.CutPrefix(startedBy, "ecs-svc/")
	if !isARN || !ofService {
		return ""
	}
	return prefix + ":service-revision/" + name + "/" + service + "/" + id
}

// revised notes what the service revision of a task says beyond its task definition, or why that is not known. It returns
// the revision, nil if it is not for the task's definition and subnets.
//
// ECS resolves the tags of a service's images when it is deployed, and starts every later task with what they led to then,
// unless versionConsistency is disabled. It may also run the tasks on another processor than the task definition says.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatformOverride.html
func (t *Task) revised(d types.TaskDefinition, revision *types.ServiceRevision, notRead error) *types.ServiceRevision {
	switch {
	case revision != nil && !t.comesFrom(*revision):
		t.RevisionNotRead = "the one that ECS shows is for another task definition or other subnets"
		return nil
	case revision == nil:
		if notRead != nil && !errors.Is(notRead, errNoRevision) {
			t.RevisionNotRead = explain(notRead)
		}
		return nil
	}
	t.ServiceRevision = aws.ToString(revision.ServiceRevisionArn)
	if o := revision.Overrides; o != nil && o.RuntimePlatform != nil {
		t.Architecture = cmp.Or(aws.ToString(o.RuntimePlatform.CpuArchitecture), t.Architecture)
	}
	for i, c := range d.ContainerDefinitions {
		container := &t.Containers[i] // taskOf keeps the order
		if c.VersionConsistency == types.VersionConsistencyDisabled || strings.Contains(container.Image, "@") {
			continue
		}
		for _, image := range revision.ContainerImages {
			if aws.ToString(image.ContainerName) == container.Name {
				container.PinnedDigest = aws.ToString(image.ImageDigest)
			}
		}
	}
	return revision
}

// comesFrom reports whether a service revision can be the one that the task comes from: it has its definition and its subnets.
func (t Task) comesFrom(revision types.ServiceRevision) bool {
	in := awsvpcOf(revision.NetworkConfiguration)
	return aws.ToString(revision.TaskDefinition) == t.TaskDefinition && (in == nil || within(t.Placement.Subnets, in.Subnets))
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
