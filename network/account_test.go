package network_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// account has the VPC of the trip behind a NAT gateway, with an interface endpoint and a gateway endpoint.
func account() *networktest.Fake {
	vpc := aws.String("vpc-1")
	all := []types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String(anywhere)}}}}
	local := types.Route{DestinationCidrBlock: aws.String("10.0.0.0/16"), GatewayId: aws.String("local"), State: types.RouteStateActive}
	return &networktest.Fake{
		Subnets: []types.Subnet{
			{SubnetId: aws.String("subnet-task"), VpcId: vpc, CidrBlock: aws.String("10.0.1.0/24"), AvailabilityZone: aws.String("eu-west-1a")},
			{SubnetId: aws.String("subnet-public"), VpcId: vpc, CidrBlock: aws.String("10.0.0.0/24")},
			{SubnetId: aws.String("subnet-endpoints"), VpcId: vpc, CidrBlock: aws.String("10.0.2.0/24")},
			{SubnetId: aws.String("subnet-other"), VpcId: aws.String("vpc-2"), CidrBlock: aws.String("10.0.1.0/24")},
		},
		Vpcs: []types.Vpc{
			{VpcId: vpc, CidrBlock: aws.String("10.0.0.0/16"), DhcpOptionsId: aws.String("dopt-1"), CidrBlockAssociationSet: []types.VpcCidrBlockAssociation{
				{CidrBlock: aws.String("10.0.0.0/16")},
				{CidrBlock: aws.String("10.9.0.0/16")},
				{CidrBlock: aws.String("10.8.0.0/16"), CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCodeDisassociated}},
			}},
			{VpcId: aws.String("vpc-2"), CidrBlock: aws.String("10.0.0.0/16")},
		},
		VpcAttributes: networktest.VPCAttributes("vpc-1", true, true),
		DhcpOptions: []types.DhcpOptions{{DhcpOptionsId: aws.String("dopt-1"), DhcpConfigurations: []types.DhcpConfiguration{
			{Key: aws.String("domain-name"), Values: []types.AttributeValue{{Value: aws.String("eu-west-1.compute.internal")}}},
			{Key: aws.String("domain-name-servers"), Values: []types.AttributeValue{{Value: aws.String("AmazonProvidedDNS")}}},
		}}},
		RouteTables: []types.RouteTable{
			{RouteTableId: aws.String("rtb-task"), VpcId: vpc, Routes: []types.Route{
				local,
				{DestinationCidrBlock: aws.String(anywhere), NatGatewayId: aws.String("nat-1"), State: types.RouteStateActive},
				{DestinationPrefixListId: aws.String("pl-s3"), GatewayId: aws.String("vpce-s3"), State: types.RouteStateActive},
				{DestinationCidrBlock: aws.String("192.168.0.0/16"), GatewayId: aws.String("vgw-1"), Origin: types.RouteOriginEnableVgwRoutePropagation},
			}, Associations: []types.RouteTableAssociation{
				{SubnetId: aws.String("subnet-task")},
				{SubnetId: aws.String("subnet-public"), AssociationState: &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeDisassociating}},
			}},
			{RouteTableId: aws.String("rtb-main"), VpcId: vpc, Routes: []types.Route{
				local, {DestinationCidrBlock: aws.String(anywhere), GatewayId: aws.String("igw-1"), State: types.RouteStateActive},
			}, Associations: []types.RouteTableAssociation{{Main: aws.Bool(true)}}},
			{RouteTableId: aws.String("rtb-edge"), VpcId: vpc, Routes: []types.Route{local},
				Associations: []types.RouteTableAssociation{{GatewayId: aws.String("igw-1")}}},
		},
		NetworkAcls: []types.NetworkAcl{{NetworkAclId: aws.String("acl-1"), VpcId: vpc, IsDefault: aws.Bool(true), Entries: []types.NetworkAclEntry{
			{RuleNumber: aws.Int32(100), Egress: aws.Bool(true), RuleAction: types.RuleActionAllow, Protocol: aws.String("-1"), CidrBlock: aws.String(anywhere)},
			{RuleNumber: aws.Int32(100), Egress: aws.Bool(false), RuleAction: types.RuleActionAllow, Protocol: aws.String("6"), CidrBlock: aws.String(anywhere),
				PortRange: &types.PortRange{From: aws.Int32(0), To: aws.Int32(65535)}},
			{RuleNumber: aws.Int32(32767), Egress: aws.Bool(false), RuleAction: types.RuleActionDeny, Protocol: aws.String("-1"), CidrBlock: aws.String(anywhere)},
		}}},
		SecurityGroups: []types.SecurityGroup{
			{GroupId: aws.String("sg-task"), GroupName: aws.String("task"), VpcId: vpc, IpPermissionsEgress: all},
			{GroupId: aws.String("sg-endpoint"), GroupName: aws.String("endpoint"), VpcId: vpc, IpPermissions: []types.IpPermission{{
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443),
				UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-task")}}, PrefixListIds: []types.PrefixListId{{PrefixListId: aws.String("pl-own")}},
			}}},
		},
		InternetGateways: []types.InternetGateway{{InternetGatewayId: aws.String("igw-1"), Attachments: []types.InternetGatewayAttachment{{VpcId: vpc, State: "available"}}}},
		NatGateways:      []types.NatGateway{{NatGatewayId: aws.String("nat-1"), SubnetId: aws.String("subnet-public"), VpcId: vpc, State: types.NatGatewayStateAvailable}},
		VpcEndpoints: []types.VpcEndpoint{
			{VpcEndpointId: aws.String("vpce-api"), VpcEndpointType: types.VpcEndpointTypeInterface, VpcId: vpc, ServiceName: aws.String("com.amazonaws.eu-west-1.ecr.api"),
				State: "available", PrivateDnsEnabled: aws.Bool(true), SubnetIds: []string{"subnet-endpoints"}, NetworkInterfaceIds: []string{"eni-api"},
				Groups: []types.SecurityGroupIdentifier{{GroupId: aws.String("sg-endpoint")}}, PolicyDocument: aws.String("{}")},
			{VpcEndpointId: aws.String("vpce-s3"), VpcEndpointType: types.VpcEndpointTypeGateway, VpcId: vpc, ServiceName: aws.String("com.amazonaws.eu-west-1.s3"),
				State: "Available", RouteTableIds: []string{"rtb-task"}},
		},
		NetworkInterfaces: []types.NetworkInterface{{NetworkInterfaceId: aws.String("eni-api"), SubnetId: aws.String("subnet-endpoints"), PrivateIpAddress: aws.String("10.0.2.10")}},
		PrefixLists: []types.ManagedPrefixList{
			{PrefixListId: aws.String("pl-s3"), PrefixListName: aws.String("com.amazonaws.eu-west-1.s3")},
			{PrefixListId: aws.String("pl-own"), PrefixListName: aws.String("partners")},
			{PrefixListId: aws.String("pl-idle"), PrefixListName: aws.String("idle")},
		},
		PublicAccess: &types.VpcBlockPublicAccessOptions{InternetGatewayBlockMode: types.InternetGatewayBlockModeBlockIngress,
			State: types.VpcBlockPublicAccessStateUpdateComplete},
		PublicAccessExcluded: []types.VpcBlockPublicAccessExclusion{{ExclusionId: aws.String("vpcbpa-1"), State: types.VpcBlockPublicAccessExclusionStateCreateComplete,
			InternetGatewayExclusionMode: types.InternetGatewayExclusionModeAllowEgress, ResourceArn: aws.String("arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-public")}},
		PrefixListEntries: map[string][]types.PrefixListEntry{
			"pl-s3":  {{Cidr: aws.String("52.218.0.0/17")}, {Cidr: aws.String("3.5.64.0/21")}},
			"pl-own": {{Cidr: aws.String("198.51.100.77/24")}},
		},
	}
}

// recorder notes the calls of a fake.
type recorder struct {
	mu    sync.Mutex
	calls map[string]int // by action and input
}

func (r *recorder) before(_ context.Context, action string, input any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = map[string]int{}
	}
	text, err := json.Marshal(input)
	r.calls[action+" "+string(text)]++
	return err
}

func gather(t *testing.T, api network.API, subnets ...string) *network.Topology {
	t.Helper()
	if subnets == nil {
		subnets = []string{"subnet-task"}
	}
	topology, err := network.New(api).Topology(t.Context(), network.Placement{Subnets: subnets})
	if err != nil {
		t.Fatal(err)
	}
	return topology
}
