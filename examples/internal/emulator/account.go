package emulator

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Call calls an operation, which has to succeed.
func Call[In, Out, Options any](t *testing.T, operation func(context.Context, *In, ...func(*Options)) (*Out, error), in *In) *Out {
	t.Helper()
	out, err := operation(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Place is a subnet that leads nowhere, and a security group that lets everything out.
type Place struct{ Subnet, RouteTable, SecurityGroup string }

// NewPlace makes a place in a VPC of its own.
func NewPlace(t *testing.T, cfg aws.Config) Place {
	t.Helper()
	client := ec2.NewFromConfig(cfg)
	vpc := *Call(t, client.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}).Vpc.VpcId
	tables := Call(t, client.DescribeRouteTables, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}})
	return Place{
		Subnet:        *Call(t, client.CreateSubnet, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: aws.String("10.0.1.0/24")}).Subnet.SubnetId,
		RouteTable:    *tables.RouteTables[0].RouteTableId,
		SecurityGroup: *Call(t, client.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: aws.String("web"), Description: aws.String("web")}).GroupId,
	}
}

// Services makes a cluster with services in the place, web-0 and so on, and returns them. They have one task definition, web.
func (p Place) Services(t *testing.T, cfg aws.Config, cluster, image string, launch types.LaunchType, n int) (services []types.Service) {
	t.Helper()
	client := ecs.NewFromConfig(cfg)
	Call(t, client.CreateCluster, &ecs.CreateClusterInput{ClusterName: &cluster})
	definition := Call(t, client.RegisterTaskDefinition, &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("web"), Image: &image, Memory: aws.Int32(512)}}}).TaskDefinition.TaskDefinitionArn
	for i := range n {
		services = append(services, *Call(t, client.CreateService, &ecs.CreateServiceInput{Cluster: &cluster, ServiceName: aws.String(fmt.Sprintf("web-%d", i)),
			TaskDefinition: definition, DesiredCount: aws.Int32(1), LaunchType: launch, NetworkConfiguration: &types.NetworkConfiguration{
				AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{p.Subnet}, SecurityGroups: []string{p.SecurityGroup}}}}).Service)
	}
	return services
}
