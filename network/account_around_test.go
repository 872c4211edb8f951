package network_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// around is the account with routes to all that may stand around a VPC: a transit gateway that leads to a VPC with a NAT
// gateway, a peering connection, a NAT instance and an egress-only internet gateway.
func around() *networktest.Fake {
	f, hub := account(), aws.String("vpc-hub")
	f.RouteTables[0].Routes = append(f.RouteTables[0].Routes,
		types.Route{DestinationCidrBlock: aws.String("198.51.100.0/24"), TransitGatewayId: aws.String("tgw-1"), State: "active"},
		types.Route{DestinationCidrBlock: aws.String("192.0.2.0/24"), VpcPeeringConnectionId: aws.String("pcx-1"), State: "active"},
		types.Route{DestinationCidrBlock: aws.String("203.0.113.0/24"), NetworkInterfaceId: aws.String("eni-nat"), InstanceId: aws.String("i-nat"), State: "active"},
		types.Route{DestinationIpv6CidrBlock: aws.String("::/0"), EgressOnlyInternetGatewayId: aws.String("eigw-1"), State: "active"})
	f.Subnets = append(f.Subnets,
		types.Subnet{SubnetId: aws.String("subnet-transit"), VpcId: aws.String("vpc-1"), CidrBlock: aws.String("10.0.9.0/28"), AvailabilityZone: aws.String("eu-west-1a")},
		types.Subnet{SubnetId: aws.String("hub-transit"), VpcId: hub, CidrBlock: aws.String("10.1.1.0/24"), AvailabilityZone: aws.String("eu-west-1a")},
		types.Subnet{SubnetId: aws.String("hub-public"), VpcId: hub, CidrBlock: aws.String("10.1.0.0/24"), AvailabilityZone: aws.String("eu-west-1a")})
	f.Vpcs = append(f.Vpcs, types.Vpc{VpcId: hub, CidrBlock: aws.String("10.1.0.0/16"), DhcpOptionsId: aws.String("dopt-1")})
	table := func(id, subnet string, routes ...types.Route) types.RouteTable {
		return types.RouteTable{RouteTableId: &id, VpcId: hub, Routes: routes, Associations: []types.RouteTableAssociation{{SubnetId: &subnet}}}
	}
	local := types.Route{DestinationCidrBlock: aws.String("10.1.0.0/16"), GatewayId: aws.String("local"), State: "active"}
	f.RouteTables = append(f.RouteTables,
		table("rtb-hub-transit", "hub-transit", local, types.Route{DestinationCidrBlock: aws.String(anywhere), NatGatewayId: aws.String("nat-hub"), State: "active"}),
		table("rtb-hub-public", "hub-public", local, types.Route{DestinationCidrBlock: aws.String(anywhere), GatewayId: aws.String("igw-hub"), State: "active"},
			types.Route{DestinationCidrBlock: aws.String("10.0.0.0/16"), TransitGatewayId: aws.String("tgw-1"), State: "active"}))
	acl := f.NetworkAcls[0]
	acl.NetworkAclId, acl.VpcId = aws.String("acl-hub"), hub
	f.NetworkAcls = append(f.NetworkAcls, acl)
	f.InternetGateways = append(f.InternetGateways, types.InternetGateway{InternetGatewayId: aws.String("igw-hub"),
		Attachments: []types.InternetGatewayAttachment{{VpcId: hub, State: "available"}}})
	f.NatGateways = append(f.NatGateways, types.NatGateway{NatGatewayId: aws.String("nat-hub"), SubnetId: aws.String("hub-public"), VpcId: hub, State: types.NatGatewayStateAvailable})
	f.PublicAccessExcluded = append(f.PublicAccessExcluded, types.VpcBlockPublicAccessExclusion{ExclusionId: aws.String("vpcbpa-2"), State: "create-complete",
		InternetGatewayExclusionMode: "allow-bidirectional", ResourceArn: aws.String("arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-9")})
	f.NetworkInterfaces = append(f.NetworkInterfaces, types.NetworkInterface{NetworkInterfaceId: aws.String("eni-nat"), SubnetId: aws.String("subnet-public"),
		PrivateIpAddress: aws.String("10.0.0.9"), SourceDestCheck: aws.Bool(false), Groups: []types.GroupIdentifier{{GroupId: aws.String("sg-task")}},
		Attachment: &types.NetworkInterfaceAttachment{InstanceId: aws.String("i-nat")}, Association: &types.NetworkInterfaceAssociation{PublicIp: aws.String("192.0.2.9")}})
	f.Reservations = []types.Reservation{{Instances: []types.Instance{{InstanceId: aws.String("i-nat"), State: &types.InstanceState{Name: "running"},
		NetworkInterfaces: []types.InstanceNetworkInterface{{NetworkInterfaceId: aws.String("eni-nat")}}}}}}
	f.EgressOnlyInternetGateways = []types.EgressOnlyInternetGateway{{EgressOnlyInternetGatewayId: aws.String("eigw-1"),
		Attachments: []types.InternetGatewayAttachment{{VpcId: aws.String("vpc-1"), State: "attached"}}}}
	f.VpcPeeringConnections = []types.VpcPeeringConnection{{VpcPeeringConnectionId: aws.String("pcx-1"), Status: &types.VpcPeeringConnectionStateReason{Code: "active"},
		RequesterVpcInfo: &types.VpcPeeringConnectionVpcInfo{VpcId: aws.String("vpc-1"), CidrBlockSet: []types.CidrBlock{{CidrBlock: aws.String("10.0.0.0/16")}}},
		AccepterVpcInfo:  &types.VpcPeeringConnectionVpcInfo{VpcId: aws.String("vpc-8"), CidrBlock: aws.String("10.8.0.0/16")}}}
	attachment := func(id, vpc, table string) types.TransitGatewayAttachment {
		return types.TransitGatewayAttachment{TransitGatewayAttachmentId: &id, TransitGatewayId: aws.String("tgw-1"), ResourceType: "vpc", ResourceId: &vpc, State: "available",
			Association: &types.TransitGatewayAttachmentAssociation{TransitGatewayRouteTableId: &table, State: "associated"}}
	}
	f.TransitGatewayAttachments = []types.TransitGatewayAttachment{attachment("attach-spoke", "vpc-1", "tgw-rtb-spoke"), attachment("attach-hub", "vpc-hub", "tgw-rtb-hub")}
	f.TransitGatewayVpcs = []types.TransitGatewayVpcAttachment{
		{TransitGatewayAttachmentId: aws.String("attach-spoke"), TransitGatewayId: aws.String("tgw-1"), SubnetIds: []string{"subnet-transit"}},
		{TransitGatewayAttachmentId: aws.String("attach-hub"), TransitGatewayId: aws.String("tgw-1"), SubnetIds: []string{"hub-transit"}}}
	f.TransitGatewayRoutes = map[string][]types.TransitGatewayRoute{
		"tgw-rtb-spoke": {{DestinationCidrBlock: aws.String(anywhere), State: "active", Type: "static",
			TransitGatewayAttachments: []types.TransitGatewayRouteAttachment{{TransitGatewayAttachmentId: aws.String("attach-hub"), ResourceType: "vpc"}}}},
		"tgw-rtb-hub": {{DestinationCidrBlock: aws.String("10.0.0.0/16"), State: "active", Type: "propagated",
			TransitGatewayAttachments: []types.TransitGatewayRouteAttachment{{TransitGatewayAttachmentId: aws.String("attach-spoke"), ResourceType: "vpc"}}}},
	}
	return f
}

// behindTransit is a host that the account reaches through its transit gateway.
var behindTransit = network.Destination{Host: "198.51.100.7"}

func TestSourceFollowsTransitGateways(t *testing.T) {
	topology := gather(t, around())
	if len(topology.Unread) > 0 {
		t.Errorf("unread: %v", topology.Unread)
	}
	if p := topology.Path(task(), behindTransit); p.Status() != network.Open {
		t.Errorf("the path is %s\n%s", p.Status(), show(p))
	}
	for _, of := range []struct {
		what string
		got  any
		want any
	}{
		{"egress-only gateways", topology.EgressOnlyGateways, []network.InternetGateway{{ID: "eigw-1", VPC: "vpc-1", State: "attached"}}},
		{"instances", topology.Instances, []network.Instance{{ID: "i-nat", State: "running", Interfaces: []string{"eni-nat"}}}},
		{"peerings", topology.Peerings, []network.Peering{{ID: "pcx-1", State: "active", VPCs: []network.PeeredVPC{
			{ID: "vpc-1", CIDRs: cidrs("10.0.0.0/16")}, {ID: "vpc-8", CIDRs: cidrs("10.8.0.0/16")}}}}},
		{"interface", topology.Interfaces[len(topology.Interfaces)-1], network.NetworkInterface{ID: "eni-nat", Subnet: "subnet-public", Address: "10.0.0.9",
			SecurityGroups: []string{"sg-task"}, SourceDestCheck: new(false), Instance: "i-nat", PublicIP: true}},
		{"exclusions", topology.PublicAccessExclusions, []network.PublicAccessExclusion{
			{ID: "vpcbpa-1", Subnet: "subnet-public", Mode: "allow-egress", State: "create-complete"},
			{ID: "vpcbpa-2", VPC: "vpc-9", Mode: "allow-bidirectional", State: "create-complete"}}},
	} {
		if diff := cmp.Diff(of.want, of.got); diff != "" {
			t.Errorf("the %s (-want +got):\n%s", of.what, diff)
		}
	}
	if len(topology.Neighbours) != 1 || topology.Neighbours[0].VPC.ID != "vpc-hub" || topology.Neighbours[0].SecurityGroups != nil {
		t.Errorf("the neighbours are %+v, want vpc-hub without its groups", topology.Neighbours)
	}
}

// EC2 shows an attachment that was deleted for a while: what follows is read from the one that is there.
func TestSourceFollowsTheAttachmentThatIsThere(t *testing.T) {
	api := around()
	for i := range api.TransitGatewayAttachments {
		gone := api.TransitGatewayAttachments[i*2]
		gone.TransitGatewayAttachmentId, gone.State, gone.Association = aws.String("tgw-attach-gone"), types.TransitGatewayAttachmentStateDeleted, nil
		api.TransitGatewayAttachments = slices.Insert(api.TransitGatewayAttachments, i*2, gone)
	}
	if p := gather(t, api).Path(task(), behindTransit); p.Status() != network.Open {
		t.Errorf("the path is %s\n%s", p.Status(), show(p))
	}
}

// cutShort gives some of a table's routes only, and says so.
type cutShort struct{ *networktest.Fake }

func (c cutShort) SearchTransitGatewayRoutes(ctx context.Context, in *ec2.SearchTransitGatewayRoutesInput, opts ...func(*ec2.Options)) (*ec2.SearchTransitGatewayRoutesOutput, error) {
	out, err := c.Fake.SearchTransitGatewayRoutes(ctx, in, opts...)
	out.Routes, out.NextToken, out.AdditionalRoutesAvailable = []types.TransitGatewayRoute{}, nil, aws.Bool(true)
	return out, err
}

func TestRoutesOfWhichThereAreMoreAreNotRead(t *testing.T) {
	p := gather(t, cutShort{around()}).Path(task(), behindTransit)
	if p.Status() != network.Unknown || !slices.Contains(p.Unread(), "ec2:SearchTransitGatewayRoutes") {
		t.Errorf("the path is %s\n%s", p.Status(), show(p))
	}
}

// Another account's table is denied, and its VPC shown by nothing.
func TestSourceAcrossAccounts(t *testing.T) {
	api := around()
	api.TransitGatewayRoutes = nil
	p := gather(t, api).Path(task(), behindTransit)
	if p.Status() != network.Unknown || !cmp.Equal(p.Unread(), []string{"ec2:SearchTransitGatewayRoutes"}) {
		t.Errorf("without the transit gateway's tables the path is %s\n%s", p.Status(), show(p))
	}
	api = around()
	api.Vpcs = api.Vpcs[:2]
	api.Subnets = api.Subnets[:len(api.Subnets)-2]
	if p := gather(t, api).Path(task(), behindTransit); p.Status() != network.Unknown || p.Hops[len(p.Hops)-2].Reason != network.TransitAbsent {
		t.Errorf("without the far VPC the path is %s\n%s", p.Status(), show(p))
	}
}

// Each operation denied in turn leaves the path through the transit gateway as it was, or unknown.
func TestSourceAroundDenied(t *testing.T) {
	for _, action := range network.Actions() {
		api := around()
		api.Before = func(_ context.Context, called string, _ any) error {
			if called == action {
				return networktest.Denied(strings.TrimPrefix(called, "ec2:"))
			}
			return nil
		}
		topology := gather(t, api)
		if topology.Unread[action] == nil {
			t.Errorf("%s was not called", action)
		}
		for _, to := range []network.Destination{behindTransit, hub, {Host: "192.0.2.7"}, {Host: "203.0.113.7"}} {
			before, after := gather(t, around()).Path(task(), to), topology.Path(task(), to)
			if broken := moreCertain(before, after); broken != "" {
				t.Errorf("to %s without %s: %s\nbefore\n%s\nafter\n%s", to.Host, action, broken, show(before), show(after))
			}
		}
	}
}
