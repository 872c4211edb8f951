package checks_test

import (
	"context"
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
	"github.com/canpull/canpull/network/networktest"
)

const (
	clusterARN    = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod"
	taskARN       = "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123456789abcdef0123456789abcdef"
	definitionARN = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7"
	revisionARN   = "arn:aws:ecs:eu-west-1:111122223333:service-revision/prod/web/1"
)

// revision is what the deployment ecs-svc/1 deployed, with the digest that it pinned for both of its containers.
func revision(digest string) types.ServiceRevision {
	r := types.ServiceRevision{ServiceRevisionArn: aws.String(revisionARN), TaskDefinition: aws.String(definitionARN),
		NetworkConfiguration: configuration(types.AssignPublicIpEnabled, "subnet-a", "subnet-b")}
	for _, name := range []string{"web", "sidecar"} {
		if digest != "" {
			r.ContainerImages = append(r.ContainerImages, types.ContainerImage{ContainerName: aws.String(name), ImageDigest: aws.String(digest)})
		}
	}
	return r
}

func configuration(public types.AssignPublicIp, subnets ...string) *types.NetworkConfiguration {
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: subnets, SecurityGroups: []string{"sg-1"}, AssignPublicIp: public}}
}

// started is a cluster with a task that a service's older deployment started, and an interface that may be gone.
func started() (*checkstest.ECS, *networktest.Fake) {
	before := aws.Time(time.Date(2024, 10, 1, 0, 0, 0, 0, time.UTC)) // there were service revisions
	return &checkstest.ECS{
			Tasks: []types.Task{{
				TaskArn: aws.String(taskARN), ClusterArn: aws.String(clusterARN), TaskDefinitionArn: aws.String(definitionARN),
				LaunchType: types.LaunchTypeFargate, PlatformVersion: aws.String("1.4.0"), Group: aws.String("service:web"), StartedBy: aws.String("ecs-svc/1"), CreatedAt: before,
				StoppedReason: aws.String("Task failed to start"), StopCode: types.TaskStopCodeTaskFailedToStart,
				Attachments: []types.Attachment{{Type: aws.String("eni"), Details: []types.KeyValuePair{
					{Name: aws.String("subnetId"), Value: aws.String("subnet-b")}, {Name: aws.String("networkInterfaceId"), Value: aws.String("eni-1")}}}},
				Containers: []types.Container{{Name: aws.String("web"), Reason: aws.String("CannotPullContainerError: x")}},
				Overrides:  &types.TaskOverride{ExecutionRoleArn: aws.String("arn:aws:iam::111122223333:role/other")},
			}},
			Services: []types.Service{{
				ServiceArn: aws.String("arn:aws:ecs:eu-west-1:111122223333:service/prod/web"), ServiceName: aws.String("web"), ClusterArn: aws.String(clusterARN),
				CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT")}}, TaskDefinition: aws.String(definitionARN),
				NetworkConfiguration: configuration("", "subnet-a", "subnet-b"),
				Deployments: []types.Deployment{
					{Id: aws.String("ecs-svc/2"), CreatedAt: before, NetworkConfiguration: configuration("", "subnet-a", "subnet-b")},
					{Id: aws.String("ecs-svc/1"), CreatedAt: before, NetworkConfiguration: configuration(types.AssignPublicIpEnabled, "subnet-a", "subnet-b")}},
			}},
			Revisions: []types.ServiceRevision{},
			TaskDefinitions: []types.TaskDefinition{{
				TaskDefinitionArn: aws.String(definitionARN), ExecutionRoleArn: aws.String("exec"),
				RuntimePlatform: &types.RuntimePlatform{OperatingSystemFamily: types.OSFamilyWindowsServer2022Core},
				ContainerDefinitions: []types.ContainerDefinition{
					{Name: aws.String("web"), Image: aws.String("nginx")},
					{Name: aws.String("sidecar"), Image: aws.String("acme/x"), RepositoryCredentials: &types.RepositoryCredentials{CredentialsParameter: aws.String("hub")}},
				},
			}},
		}, &networktest.Fake{NetworkInterfaces: []ec2types.NetworkInterface{{NetworkInterfaceId: aws.String("eni-1"),
			Groups: []ec2types.GroupIdentifier{{GroupId: aws.String("sg-live")}}, Association: &ec2types.NetworkInterfaceAssociation{PublicIp: aws.String("203.0.113.7")}}}}
}

func TestLoadTask(t *testing.T) {
	want := checks.Task{
		ARN: taskARN, Cluster: clusterARN, Service: "web", TaskDefinition: definitionARN, Account: "111122223333", Region: "eu-west-1",
		PlatformVersion: "1.4.0", Windows: true, OSFamily: "WINDOWS_SERVER_2022_CORE", ExecutionRole: "arn:aws:iam::111122223333:role/other",
		Overrides:  checks.Overrides{ExecutionRole: "arn:aws:iam::111122223333:role/other"},
		Containers: []checks.Container{{Name: "web", Image: "nginx", Reason: "CannotPullContainerError: x"}, {Name: "sidecar", Image: "acme/x", RepositoryCredentials: "hub"}},
		StopCode:   "TaskFailedToStart", StoppedReason: "Task failed to start",
	}
	for _, c := range []struct {
		name      string
		change    func(*checkstest.ECS, *networktest.Fake)
		placement network.Placement
		unread    []string
		reason    string // why nothing shows the placement
	}{
		{"the interface is there", func(*checkstest.ECS, *networktest.Fake) {},
			network.Placement{Subnets: []string{"subnet-b"}, SecurityGroups: []string{"sg-live"}, PublicIP: new(true)}, nil, ""},
		{"the interface is gone: the deployment that started the task", func(_ *checkstest.ECS, f *networktest.Fake) { f.NetworkInterfaces = []ec2types.NetworkInterface{} },
			network.Placement{Subnets: []string{"subnet-b"}, SecurityGroups: []string{"sg-1"}, PublicIP: new(true)}, nil, ""},
		{"the interface is gone: the task set that started the task, by its ID", func(e *checkstest.ECS, f *networktest.Fake) {
			f.NetworkInterfaces, e.Services[0].Deployments = []ec2types.NetworkInterface{}, nil
			e.Services[0].TaskSets = []types.TaskSet{
				{Id: aws.String("ecs-svc/2"), StartedBy: aws.String("CODE_DEPLOY"), NetworkConfiguration: configuration("", "subnet-a", "subnet-b")},
				{Id: aws.String("ecs-svc/1"), StartedBy: aws.String("CODE_DEPLOY"), NetworkConfiguration: configuration(types.AssignPublicIpEnabled, "subnet-a", "subnet-b")}}
		}, network.Placement{Subnets: []string{"subnet-b"}, SecurityGroups: []string{"sg-1"}, PublicIP: new(true)}, nil, ""},
		{"the interface and the deployment are gone: the service revision", func(e *checkstest.ECS, f *networktest.Fake) {
			f.NetworkInterfaces, e.Services[0].Deployments, e.Revisions = []ec2types.NetworkInterface{}, nil, []types.ServiceRevision{revision("")}
		}, network.Placement{Subnets: []string{"subnet-b"}, SecurityGroups: []string{"sg-1"}, PublicIP: new(true)}, nil, ""},
		{"the service revision tells although nothing else may be read", func(e *checkstest.ECS, f *networktest.Fake) {
			f.NetworkInterfaces, e.Services, e.Revisions = nil, nil, []types.ServiceRevision{revision("")}
		}, network.Placement{Subnets: []string{"subnet-b"}, SecurityGroups: []string{"sg-1"}, PublicIP: new(true)}, nil, ""},
		{"a service revision for another subnet is not the task's", func(e *checkstest.ECS, f *networktest.Fake) {
			f.NetworkInterfaces, e.Services[0].Deployments, e.Revisions = []ec2types.NetworkInterface{}, nil, []types.ServiceRevision{revision("")}
			e.Revisions[0].NetworkConfiguration = configuration("", "subnet-c")
		}, network.Placement{Subnets: []string{"subnet-b"}}, nil, "its interface eni-1 is gone, and the service web no longer shows the deployment that started it"},
		{"the deployment is gone as well: not known", func(e *checkstest.ECS, f *networktest.Fake) {
			f.NetworkInterfaces, e.Services[0].Deployments = []ec2types.NetworkInterface{}, nil
		}, network.Placement{Subnets: []string{"subnet-b"}}, nil, "its interface eni-1 is gone, and the service web no longer shows the deployment that started it"},
		{"an interface that ECS does not show", func(e *checkstest.ECS, _ *networktest.Fake) {
			e.Services[0].Deployments, e.Tasks[0].Attachments[0].Details = nil, e.Tasks[0].Attachments[0].Details[:1]
		}, network.Placement{Subnets: []string{"subnet-b"}}, nil, "ECS does not show its interface, and the service web no longer shows the deployment that started it"},
		{"neither may be read: not known, and why", func(e *checkstest.ECS, f *networktest.Fake) { f.NetworkInterfaces, e.Services = nil, nil },
			network.Placement{Subnets: []string{"subnet-b"}}, []string{"ec2:DescribeNetworkInterfaces", "ecs:DescribeServices"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ecs, ec2 := started()
			c.change(ecs, ec2)
			got, err := checks.Loader{ECS: ecs, Interfaces: ec2}.LoadTask(t.Context(), "prod", "0123456789abcdef0123456789abcdef")
			if err != nil {
				t.Fatal(err)
			}
			for _, action := range c.unread {
				if got.Unread[action] == nil {
					t.Errorf("%s is not among what was not read: %v", action, got.Unread)
				}
			}
			if len(got.Unread) != len(c.unread) {
				t.Errorf("not read: %v", got.Unread)
			}
			want := want
			switch {
			case strings.Contains(c.name, "another subnet"):
				want.RevisionNotRead = "the one that ECS shows is for another task definition or other subnets"
			case len(ecs.Revisions) > 0:
				want.ServiceRevision = revisionARN
			}
			got.Unread, want.Placement, want.PlacementNotRead = nil, c.placement, c.reason
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A task that was started by itself leaves nothing that shows its groups.
func TestStandaloneTaskWhoseInterfaceIsGone(t *testing.T) {
	ecs, ec2 := started()
	ec2.NetworkInterfaces, ecs.Tasks[0].Group, ecs.Tasks[0].StartedBy = []ec2types.NetworkInterface{}, aws.String("family:web"), nil
	var asked []string
	ecs.Before = func(_ context.Context, action string, _ any) error { asked = append(asked, action); return nil }
	got, err := checks.Loader{ECS: ecs, Interfaces: ec2}.LoadTask(t.Context(), "prod", taskARN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(network.Placement{Subnets: []string{"subnet-b"}}, got.Placement); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := "its interface eni-1 is gone, and it was started by itself"; !strings.HasPrefix(got.PlacementNotRead, want) {
		t.Errorf("%q does not begin with %q", got.PlacementNotRead, want)
	}
	if want := []string{"ecs:DescribeTasks", "ecs:DescribeTaskDefinition"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}

// Without an EC2 client nothing is said of the interface.
func TestLoadTaskWithoutInterfaces(t *testing.T) {
	ecs, _ := started()
	ecs.Tasks[0].Group = nil
	got, err := checks.Loader{ECS: ecs}.LoadTask(t.Context(), "prod", taskARN)
	if err != nil || !strings.HasPrefix(got.PlacementNotRead, "no EC2 client was given to read its interface eni-1") {
		t.Errorf("%q (%v)", got.PlacementNotRead, err)
	}
}

func TestLoadService(t *testing.T) {
	ecs, ec2 := started()
	got, err := checks.Loader{ECS: ecs, Interfaces: ec2}.LoadService(t.Context(), "prod", "web")
	if err != nil {
		t.Fatal(err)
	}
	want := network.Placement{Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: []string{"sg-1"}, PublicIP: new(false)}
	if diff := cmp.Diff(want, got.Placement); diff != "" {
		t.Errorf("an assignPublicIp that is left out means DISABLED (-want +got):\n%s", diff)
	}
	if got.ExecutionRole != "exec" || got.Account != "111122223333" || got.Service != "web" {
		t.Errorf("got %+v", got)
	}
}

func TestLoadingNamesWhatIsWrong(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		change func(*checkstest.ECS)
		load   func(checks.Loader) error
		want   string
	}{
		{"no such task", nil, func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", "nope"); return err }, "nope"},
		{"no such service", nil, func(l checks.Loader) error { _, err := l.LoadService(ctx, "prod", "nope"); return err }, "nope"},
		{"no such task definition", nil, func(l checks.Loader) error {
			_, err := l.Preflight(ctx, "nope:1", "", network.Placement{Subnets: []string{"subnet-a"}})
			return err
		}, "nope:1"},
		{"a plan without subnets", nil, func(l checks.Loader) error { _, err := l.Preflight(ctx, "web:7", "", network.Placement{}); return err }, "subnets"},
		{"a task on EC2", func(e *checkstest.ECS) { e.Tasks[0].LaunchType = types.LaunchTypeEc2 },
			func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", taskARN); return err }, "it runs on EC2, not on Fargate"},
		{"a task without an interface", func(e *checkstest.ECS) { e.Tasks[0].Attachments, e.Tasks[0].Group = nil, nil },
			func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", taskARN); return err }, "awsvpc"},
		{"a task on ECS Managed Instances", func(e *checkstest.ECS) {
			e.Tasks[0].LaunchType, e.Tasks[0].CapacityProviderName = "", aws.String("big-machines")
		}, func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", taskARN); return err }, taskARN + ": it runs on the capacity provider big-machines, not on Fargate"},
		{"a task of a machine of one's own", func(e *checkstest.ECS) { e.Tasks[0].LaunchType = types.LaunchTypeExternal },
			func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", taskARN); return err }, "it runs on EXTERNAL, not on Fargate"},
		{"a task in bridge mode", func(e *checkstest.ECS) { e.TaskDefinitions[0].NetworkMode = types.NetworkModeBridge },
			func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", taskARN); return err }, "network mode bridge"},
		{"a plan in host mode", func(e *checkstest.ECS) { e.TaskDefinitions[0].NetworkMode = types.NetworkModeHost },
			func(l checks.Loader) error {
				_, err := l.Preflight(ctx, "web:7", "", network.Placement{Subnets: []string{"subnet-a"}})
				return err
			}, "network mode host"},
		{"a plan of a definition that Fargate does not take", func(e *checkstest.ECS) {
			e.TaskDefinitions[0].Compatibilities = []types.Compatibility{types.CompatibilityEc2, types.CompatibilityExternal}
		}, func(l checks.Loader) error {
			_, err := l.Preflight(ctx, "web:7", "", network.Placement{Subnets: []string{"subnet-a"}})
			return err
		}, "task definition web:7: it is compatible with EC2, EXTERNAL, not with FARGATE"},
		{"tasks may not be described", func(e *checkstest.ECS) { e.Tasks = nil },
			func(l checks.Loader) error { _, err := l.LoadTask(ctx, "prod", taskARN); return err }, "AccessDeniedException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ecs, ec2 := started()
			if c.change != nil {
				c.change(ecs)
			}
			err := c.load(checks.Loader{ECS: ecs, Interfaces: ec2})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v and should name %q", err, c.want)
			}
		})
	}
}

func TestBadScenariosNameTheirFile(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"no task\n", "task.json"},
		{"bad task\n-- task.json --\n{\"cluste\": 1}\n", "task.json"},
		{"bad file\n-- ec2/describe-subnets.json --\n{\n-- task.json --\n{}\n", "ec2/describe-subnets.json"},
		{"bad ECS\n-- ecs/describe-tasks.json --\nx\n-- task.json --\n{}\n", "ecs/describe-tasks.json"},
	} {
		if _, err := checkstest.Parse("sample", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "sample") {
			t.Errorf("%q gives %v", c.text, err)
		}
	}
}
