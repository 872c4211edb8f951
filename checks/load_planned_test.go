package checks_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func webDefinition() *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc, ExecutionRoleArn: aws.String("arn:aws:iam::111122223333:role/web-execution"),
		RuntimePlatform:  &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureArm64, OperatingSystemFamily: types.OSFamilyLinux},
		EphemeralStorage: &types.EphemeralStorage{SizeInGiB: 30},
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("docker.io/library/nginx"),
			RepositoryCredentials: &types.RepositoryCredentials{CredentialsParameter: aws.String("hub")}}},
	}
}

func TestPlannedTask(t *testing.T) {
	vpc := &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}, AssignPublicIp: types.AssignPublicIpEnabled}
	got, err := checks.PlannedTask(webDefinition(), vpc, "111122223333", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	want := checks.Task{
		TaskDefinition: "web", Account: "111122223333", Region: "eu-west-1", Architecture: "ARM64", OSFamily: "LINUX", EphemeralStorageGiB: 30,
		ExecutionRole: "arn:aws:iam::111122223333:role/web-execution",
		Containers:    []checks.Container{{Name: "web", Image: "docker.io/library/nginx", RepositoryCredentials: "hub"}},
		Placement:     network.Placement{Subnets: []string{"subnet-1"}, SecurityGroups: []string{}, PublicIP: aws.Bool(true)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Where it would run that nobody says is not known, and so is whether it can pull.
func TestPlannedTaskWithoutAPlace(t *testing.T) {
	task, err := checks.PlannedTask(webDefinition(), nil, "111122223333", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	if task.PlacementNotRead == "" || task.Placement.Subnets != nil || task.Placement.SecurityGroups != nil || task.Placement.PublicIP != nil {
		t.Errorf("%+v", task)
	}
	d, err := checks.Run(t.Context(), task, checks.Route{Network: network.SourceFunc(nil)})
	if err != nil || d.Status() != checks.Unknown {
		t.Errorf("%v, %+v", err, d.Findings)
	}
}

func TestPlannedTaskRefuses(t *testing.T) {
	bridge, empty := webDefinition(), webDefinition()
	bridge.NetworkMode, empty.ContainerDefinitions = types.NetworkModeBridge, nil
	for _, test := range []struct {
		definition      *ecs.RegisterTaskDefinitionInput
		account, region string
		want            string
	}{
		{bridge, "111122223333", "eu-west-1", "network mode bridge"},
		{empty, "111122223333", "eu-west-1", "no containers"},
		{webDefinition(), "", "eu-west-1", "account and the Region"},
		{webDefinition(), "111122223333", "", "account and the Region"},
	} {
		_, err := checks.PlannedTask(test.definition, nil, test.account, test.region)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "web") {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}
