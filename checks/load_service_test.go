package checks_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/network"
)

// taskSets makes the service of started one that CodeDeploy or another controller deploys: it names no task definition and
// no network configuration itself.
func taskSets(controller types.DeploymentControllerType, statuses ...string) func(*checkstest.ECS) {
	return func(e *checkstest.ECS) {
		s := &e.Services[0]
		s.DeploymentController = &types.DeploymentController{Type: controller}
		s.TaskDefinition, s.NetworkConfiguration, s.CapacityProviderStrategy, s.Deployments = nil, nil, nil, nil
		for i, status := range statuses {
			subnet := "subnet-" + string(rune('a'+i))
			s.TaskSets = append(s.TaskSets, types.TaskSet{Id: aws.String("ecs-svc/" + string(rune('1'+i))), Status: aws.String(status),
				TaskDefinition: aws.String(definitionARN), LaunchType: types.LaunchTypeFargate, PlatformVersion: aws.String("1.4.0"), NetworkConfiguration: configuration("", subnet)})
		}
	}
}

func TestLoadServiceLoadsWhatItWouldStartNext(t *testing.T) {
	at := func(public bool, subnets ...string) network.Placement {
		return network.Placement{Subnets: subnets, SecurityGroups: []string{"sg-1"}, PublicIP: &public}
	}
	for _, c := range []struct {
		name      string
		change    func(*checkstest.ECS)
		placement network.Placement
		platform  string
	}{
		{"the PRIMARY deployment", func(e *checkstest.ECS) {
			e.Services[0].Deployments[0].Status, e.Services[0].Deployments[1].Status = aws.String("ACTIVE"), aws.String("PRIMARY")
			e.Services[0].Deployments[1].PlatformVersion = aws.String("1.3.0")
		}, at(true, "subnet-a", "subnet-b"), "1.3.0"},
		{"blue/green: the PRIMARY task set", taskSets(types.DeploymentControllerTypeCodeDeploy, "ACTIVE", "PRIMARY"), at(false, "subnet-b"), "1.4.0"},
		{"an external controller: the one task set there is", taskSets(types.DeploymentControllerTypeExternal, "DRAINING", "ACTIVE"), at(false, "subnet-b"), "1.4.0"},
		{"what a task set leaves out is the service's", func(e *checkstest.ECS) {
			e.Services[0].TaskSets = []types.TaskSet{{Status: aws.String("PRIMARY"), PlatformVersion: aws.String("1.4.0")}}
		}, at(false, "subnet-a", "subnet-b"), "1.4.0"},
		{"the cluster's default strategy, when nothing else says where it runs", func(e *checkstest.ECS) {
			e.Services[0].CapacityProviderStrategy = nil
			e.Clusters = []types.Cluster{{ClusterArn: aws.String(clusterARN), DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}}}}
		}, at(false, "subnet-a", "subnet-b"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ecs, _ := started()
			c.change(ecs)
			got, err := checks.Loader{ECS: ecs}.LoadService(t.Context(), "prod", "web")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.placement, got.Placement); diff != "" || got.PlatformVersion != c.platform || got.TaskDefinition != definitionARN {
				t.Errorf("platform version %q, task definition %q, placement (-want +got):\n%s", got.PlatformVersion, got.TaskDefinition, diff)
			}
		})
	}
}

func TestLoadServiceRefuses(t *testing.T) {
	without := func(e *checkstest.ECS) { e.Services[0].CapacityProviderStrategy = nil }
	for _, c := range []struct {
		name   string
		change func(*checkstest.ECS)
		want   string
	}{
		{"a deleted service", func(e *checkstest.ECS) { e.Services[0].Status = aws.String("INACTIVE") }, "service web: it is INACTIVE"},
		{"a service that is being deleted", func(e *checkstest.ECS) { e.Services[0].Status = aws.String("DRAINING") }, "it is DRAINING"},
		{"another capacity provider", func(e *checkstest.ECS) {
			e.Services[0].CapacityProviderStrategy[0].CapacityProvider = aws.String("big")
		},
			"it runs on the capacity provider big, not on Fargate"},
		{"another launch type", func(e *checkstest.ECS) {
			without(e)
			e.Services[0].LaunchType = types.LaunchTypeManagedInstances
		}, "it runs on MANAGED_INSTANCES, not on Fargate"},
		{"a daemon", func(e *checkstest.ECS) {
			without(e)
			e.Services[0].SchedulingStrategy, e.Services[0].LaunchType = types.SchedulingStrategyDaemon, types.LaunchTypeEc2
		}, "service web: it runs on EC2, not on Fargate"},
		{"a default that may not be read", without, "DescribeClusters"},
		{"a cluster without a default", func(e *checkstest.ECS) {
			without(e)
			e.Clusters = []types.Cluster{{ClusterArn: aws.String(clusterARN)}}
		}, "it runs on something that ECS does not show"},
		{"a cluster that ECS does not show", func(e *checkstest.ECS) {
			without(e)
			e.Clusters = []types.Cluster{}
		}, "without the cluster"},
		{"no awsvpc network configuration", func(e *checkstest.ECS) { e.Services[0].NetworkConfiguration = nil }, "no awsvpc network configuration"},
		{"an external controller that started nothing", taskSets(types.DeploymentControllerTypeExternal), "it has no task set"},
		{"several task sets, none of them PRIMARY", taskSets(types.DeploymentControllerTypeExternal, "ACTIVE", "ACTIVE"), "none of its 2 task sets is PRIMARY"},
		{"bridge mode", func(e *checkstest.ECS) { e.TaskDefinitions[0].NetworkMode = types.NetworkModeBridge }, "service web: its task definition says network mode bridge"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ecs, _ := started()
			c.change(ecs)
			_, err := checks.Loader{ECS: ecs}.LoadService(t.Context(), "prod", "web")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v and should say %q", err, c.want)
			}
		})
	}
}

// DescribeClusters is asked only of a service that names neither a launch type nor a strategy.
func TestLoadServiceAsksNoMoreThanItNeeds(t *testing.T) {
	ecs, _ := started()
	ecs.Services[0].Deployments[1].Status = aws.String("PRIMARY")
	var recorded calls
	ecs.Before = recorded.record
	if _, err := (checks.Loader{ECS: ecs}).LoadService(t.Context(), "prod", "web"); err != nil {
		t.Fatal(err)
	}
	want := []string{"ecs:DescribeServiceRevisions", "ecs:DescribeServices", "ecs:DescribeTaskDefinition"}
	if asked := slices.Sorted(maps.Keys(recorded.counts)); !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}

func TestPinnedDigests(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*checkstest.ECS)
		want     []string
		revision string
		notRead  string
	}{
		{"what the revision pinned", func(*checkstest.ECS) {}, []string{digest, digest}, revisionARN, ""},
		{"a revision that pinned nothing yet", func(e *checkstest.ECS) { e.Revisions[0].ContainerImages = nil }, []string{"", ""}, revisionARN, ""},
		{"version consistency turned off for a container", func(e *checkstest.ECS) {
			e.TaskDefinitions[0].ContainerDefinitions[0].VersionConsistency = types.VersionConsistencyDisabled
		}, []string{"", digest}, revisionARN, ""},
		{"a digest in the task definition itself", func(e *checkstest.ECS) {
			e.TaskDefinitions[0].ContainerDefinitions[0].Image = aws.String("nginx@" + digest)
		}, []string{"", digest}, revisionARN, ""},
		{"a revision of another task definition", func(e *checkstest.ECS) { e.Revisions[0].TaskDefinition = aws.String("web:6") }, []string{"", ""}, "",
			"the one that ECS shows is for another task definition or other subnets"},
		{"a revision for other subnets", func(e *checkstest.ECS) { e.Revisions[0].NetworkConfiguration = configuration("", "subnet-c") }, []string{"", ""}, "",
			"the one that ECS shows is for another task definition or other subnets"},
		{"a revision that ECS does not show, of a deployment that began when it showed none", func(e *checkstest.ECS) {
			e.Revisions, e.Services[0].Deployments[1].CreatedAt = []types.ServiceRevision{}, aws.Time(time.Date(2024, 10, 24, 0, 0, 0, 0, time.UTC))
		}, []string{"", ""}, "", ""},
		{"a revision that ECS does not show, of a task set", func(e *checkstest.ECS) {
			taskSets(types.DeploymentControllerTypeCodeDeploy, "PRIMARY")(e)
			e.Revisions, e.Tasks[0].CreatedAt = []types.ServiceRevision{}, aws.Time(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			e.Tasks[0].Attachments[0].Details[0].Value = aws.String("subnet-a")
		}, []string{"", ""}, "", ""},
		{"a revision that ECS does not show although it should", func(e *checkstest.ECS) {
			e.Revisions, e.Services[0].Deployments[1].CreatedAt = []types.ServiceRevision{}, aws.Time(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		}, []string{"", ""}, "", "ECS shows no service revision for the deployment that starts it"},
		{"a revision that ECS does not show, of a deployment that began nobody knows when", func(e *checkstest.ECS) {
			e.Revisions, e.Services[0].Deployments[1].CreatedAt, e.Tasks[0].CreatedAt = []types.ServiceRevision{}, nil, nil
		}, []string{"", ""}, "", "ECS shows no service revision for the deployment that starts it"},
		{"revisions that may not be read", func(e *checkstest.ECS) { e.Revisions = nil }, []string{"", ""}, "", "AccessDeniedException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, task := range revised(t, c.change) {
				var got []string
				for _, c := range task.Containers {
					got = append(got, c.PinnedDigest)
				}
				if !slices.Equal(got, c.want) || task.ServiceRevision != c.revision || task.RevisionNotRead != c.notRead {
					t.Errorf("%s: pinned %q by revision %q, not read because of %q", how, got, task.ServiceRevision, task.RevisionNotRead)
				}
			}
		})
	}
}

// revised loads a service, and a task of it, whose revision pins a digest.
func revised(t *testing.T, change func(*checkstest.ECS)) map[string]checks.Task {
	t.Helper()
	ecs, ec2 := started()
	ec2.NetworkInterfaces = []ec2types.NetworkInterface{} // so that the service is read for a task, too
	ecs.Services[0].Deployments[1].Status = aws.String("PRIMARY")
	ecs.Revisions = []types.ServiceRevision{revision(digest)}
	change(ecs)
	l := checks.Loader{ECS: ecs, Interfaces: ec2}
	service, err := l.LoadService(t.Context(), "prod", "web")
	if err != nil {
		t.Fatal(err)
	}
	task, err := l.LoadTask(t.Context(), "prod", taskARN)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]checks.Task{"service": service, "task": task}
}

// A task whose service is not read is as new as it is itself.
func TestATaskMayLackItsRevisionByItself(t *testing.T) {
	for began, want := range map[string]string{"2024-10-01": "", "2026-01-01": "ECS shows no service revision for the deployment that starts it"} {
		ecs, ec2 := started()
		created, err := time.Parse(time.DateOnly, began)
		if err != nil {
			t.Fatal(err)
		}
		ecs.Tasks[0].CreatedAt = &created
		task, err := checks.Loader{ECS: ecs, Interfaces: ec2}.LoadTask(t.Context(), "prod", taskARN)
		if err != nil || task.RevisionNotRead != want {
			t.Errorf("%s: %q (%v)", began, task.RevisionNotRead, err)
		}
	}
}

// What deploys a service is known where the service was read.
func TestDeploymentController(t *testing.T) {
	for want, change := range map[string]func(*checkstest.ECS){
		"ECS": func(e *checkstest.ECS) {
			e.Services[0].DeploymentController = &types.DeploymentController{Type: types.DeploymentControllerTypeEcs}
		},
		"":            func(*checkstest.ECS) {},
		"CODE_DEPLOY": taskSets(types.DeploymentControllerTypeCodeDeploy, "PRIMARY"),
		"EXTERNAL":    taskSets(types.DeploymentControllerTypeExternal, "PRIMARY"),
	} {
		for how, task := range revised(t, func(e *checkstest.ECS) {
			e.Revisions = []types.ServiceRevision{} // so that the service is read for a task, too
			if change(e); len(e.Services[0].TaskSets) > 0 {
				e.Tasks[0].Attachments[0].Details[0].Value = aws.String("subnet-a")
			}
		}) {
			if task.DeploymentController != want {
				t.Errorf("%s: %q, want %q", how, task.DeploymentController, want)
			}
		}
	}
}

// ECS may run a revision on another processor than its task definition says.
func TestServiceRevisionOverridesTheArchitecture(t *testing.T) {
	for how, task := range revised(t, func(e *checkstest.ECS) {
		e.TaskDefinitions[0].RuntimePlatform = &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureX8664}
		e.Revisions[0].Overrides = &types.ServiceRevisionOverrides{RuntimePlatform: &types.RuntimePlatformOverride{CpuArchitecture: aws.String("ARM64")}}
	}) {
		if task.Architecture != "ARM64" {
			t.Errorf("%s: %q", how, task.Architecture)
		}
	}
}
