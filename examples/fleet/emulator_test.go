package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/canpull/canpull/examples/internal/emulator"
)

// call calls an operation of the emulator, which has to succeed.
func call[In, Out, Options any](t *testing.T, operation func(context.Context, *In, ...func(*Options)) (*Out, error), in *In) *Out {
	t.Helper()
	out, err := operation(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// populate makes a cluster with services in a subnet that leads nowhere, and returns the route table to blame.
func populate(t *testing.T, cfg aws.Config, cluster string, services int, launch types.LaunchType) string {
	t.Helper()
	network, containers := ec2.NewFromConfig(cfg), ecs.NewFromConfig(cfg)
	vpc := call(t, network.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}).Vpc.VpcId
	subnet := call(t, network.CreateSubnet, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: aws.String("10.0.1.0/24")}).Subnet.SubnetId
	group := call(t, network.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{VpcId: vpc, GroupName: aws.String("web"), Description: aws.String("web")}).GroupId
	call(t, containers.CreateCluster, &ecs.CreateClusterInput{ClusterName: &cluster})
	definition := call(t, containers.RegisterTaskDefinition, &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), NetworkMode: "awsvpc", Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0"), Memory: aws.Int32(512)}}}).TaskDefinition.TaskDefinitionArn
	for i := range services {
		call(t, containers.CreateService, &ecs.CreateServiceInput{Cluster: &cluster, ServiceName: aws.String(fmt.Sprintf("web-%d", i)), TaskDefinition: definition, DesiredCount: aws.Int32(1), LaunchType: launch,
			NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{*subnet}, SecurityGroups: []string{*group}}}})
	}
	tables := call(t, network.DescribeRouteTables, &ec2.DescribeRouteTablesInput{})
	for _, table := range tables.RouteTables {
		if aws.ToString(table.VpcId) == *vpc {
			return *table.RouteTableId
		}
	}
	t.Fatal("the VPC has no route table")
	return ""
}

// Clusters, accounts and Regions that are asked over HTTP.
func TestEmulatedAccounts(t *testing.T) {
	emulator.Start(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table := populate(t, cfg, "prod", 12, types.LaunchTypeFargate)
	populate(t, cfg, "batch", 2, types.LaunchTypeEc2)
	other := cfg.Copy()
	const audit = "arn:aws:iam::444455556666:role/audit"
	other.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), audit))
	otherTable := populate(t, other, "prod", 3, types.LaunchTypeFargate)

	o := fleet(t.Context(), "-cluster", "prod")
	o.expect(t, cannotPull, "12 services: 12 cannot pull", "")
	if !strings.Contains(o.stdout, "    12  route.none") || !strings.Contains(o.stdout, table) {
		t.Errorf("twelve services have not one cause, %s:\n%s", table, o.stdout)
	}
	o = fleet(t.Context(), "-all", "-log")
	o.expect(t, cannotPull, "2 more are not on Fargate.", "msg=call action=ecs:ListClusters region=eu-west-1")
	for action, most := range map[string]int{"ecs:DescribeServices": 3, "ecs:DescribeTaskDefinition": 1, "ec2:DescribeRouteTables": 1} {
		if n := strings.Count(o.stderr, "action="+action+" "); n == 0 || n > most {
			t.Errorf("%s was called %d times, want %d at most", action, n, most)
		}
	}
	fleet(t.Context(), "-all", "-stopped").expect(t, canPull, "0 tasks that failed to start", "")
	fleet(t.Context(), "-cluster", "nowhere").expect(t, undetermined, "Not loaded\n", "")

	o = fleet(t.Context(), "-all", "-assume-role", audit)
	o.expect(t, cannotPull, "3 services: 3 cannot pull", "")
	if !strings.Contains(o.stdout, otherTable) || strings.Contains(o.stdout, table) {
		t.Errorf("the cause is not the other account's %s:\n%s", otherTable, o.stdout)
	}
	o = fleet(t.Context(), "-cluster", "prod", "-assume-role", "arn:aws:iam::123456789012:role/audit,"+audit)
	o.expect(t, cannotPull, "15 services: 15 cannot pull", "")
	if !strings.Contains(o.stdout, otherTable) || !strings.Contains(o.stdout, table) {
		t.Errorf("each account's tasks meet the checks of their own:\n%s", o.stdout)
	}
	fleet(t.Context(), "-all", "-regions", "us-east-1").expect(t, undetermined, "0 services", "")
}

func TestWithoutARegion(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	fleet(t.Context(), "-all").expect(t, toolError, "", "no Region is known")
}
