package network_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// odd answers some operations as EC2 does not.
type odd struct {
	*networktest.Fake
	tables  func(*ec2.DescribeRouteTablesOutput)
	natGWs  func(*ec2.DescribeNatGatewaysOutput)
	exclude func(*ec2.DescribeVpcBlockPublicAccessExclusionsOutput)
	options error // of DescribeVpcBlockPublicAccessOptions
}

func (o odd) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput, opts ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	out, err := o.Fake.DescribeRouteTables(ctx, in, opts...)
	if o.tables != nil {
		o.tables(out)
	}
	return out, err
}

func (o odd) DescribeNatGateways(ctx context.Context, in *ec2.DescribeNatGatewaysInput, opts ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error) {
	out, err := o.Fake.DescribeNatGateways(ctx, in, opts...)
	if o.natGWs != nil {
		o.natGWs(out)
	}
	return out, err
}

func (o odd) DescribeVpcBlockPublicAccessExclusions(ctx context.Context, in *ec2.DescribeVpcBlockPublicAccessExclusionsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessExclusionsOutput, error) {
	out, err := o.Fake.DescribeVpcBlockPublicAccessExclusions(ctx, in, opts...)
	if o.exclude != nil {
		o.exclude(out)
	}
	return out, err
}

func (o odd) DescribeVpcBlockPublicAccessOptions(ctx context.Context, in *ec2.DescribeVpcBlockPublicAccessOptionsInput, opts ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessOptionsOutput, error) {
	if o.options != nil {
		return nil, o.options
	}
	return o.Fake.DescribeVpcBlockPublicAccessOptions(ctx, in, opts...)
}

// Of a VPC that another account shares, EC2 shows the account of the task neither endpoints nor NAT gateways: none were not read.
func TestWhatASharedVPCHasIsNotRead(t *testing.T) {
	const own, other = "111122223333", "444455556666"
	hidden := []string{"ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeNatGateways", "ec2:DescribeVpcEndpoints"}
	for _, c := range []struct {
		owner, asks string
		unread      bool
	}{{other, own, true}, {own, own, false}, {"", own, false}, {other, "", false}} {
		api := around()
		api.NatGateways, api.VpcEndpoints, api.EgressOnlyInternetGateways = []types.NatGateway{}, []types.VpcEndpoint{}, []types.EgressOnlyInternetGateway{}
		for i := range api.Subnets {
			api.Subnets[i].OwnerId = &c.owner
		}
		topology, err := network.New(api).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-task"}, Account: c.asks})
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range hidden {
			if unread := topology.Unread[action] != nil; unread != c.unread {
				t.Errorf("owned by %q, asked by %q: %s unread for %v", c.owner, c.asks, action, topology.Unread[action])
			}
		}
		if unread := topology.NATGateways == nil && topology.VPCEndpoints == nil && topology.EgressOnlyGateways == nil; unread != c.unread {
			t.Errorf("owned by %q, asked by %q: the lists are %v, %v, %v", c.owner, c.asks, topology.NATGateways, topology.VPCEndpoints, topology.EgressOnlyGateways)
		}
	}
}

// VPC Block Public Access is that of the VPC's owner: the setting of the account that the VPC is shared with is another.
func TestASharedVPCsPublicAccessIsTheOwners(t *testing.T) {
	for _, mode := range []types.InternetGatewayBlockMode{"off", "block-bidirectional"} {
		api := account()
		api.PublicAccess = &types.VpcBlockPublicAccessOptions{InternetGatewayBlockMode: mode, State: types.VpcBlockPublicAccessStateDefaultState}
		api.PublicAccessExcluded = []types.VpcBlockPublicAccessExclusion{}
		for i := range api.Subnets {
			api.Subnets[i].OwnerId, api.Subnets[i].BlockPublicAccessStates = aws.String("444455556666"), nil
		}
		topology, err := network.New(api).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-task"}, Account: "111122223333"})
		if err != nil {
			t.Fatal(err)
		}
		if topology.PublicAccess != nil || topology.Unread["ec2:DescribeVpcBlockPublicAccessOptions"] == nil {
			t.Errorf("%s of the task's account is read as %+v, unread: %v", mode, topology.PublicAccess, topology.Unread)
		}
		if p := topology.Path(task(), hub); p.Status() != network.Unknown {
			t.Errorf("%s of the task's account: the path is %s\n%s", mode, p.Status(), show(p))
		}
	}
}

// A page is an emulator's way of saying that it does not have an operation. One over TLS may be a portal's, and says nothing.
func TestOnlyAnEmulatorsPageLeavesPublicAccessOff(t *testing.T) {
	fake := account()
	for i := range fake.Subnets {
		fake.Subnets[i].BlockPublicAccessStates = nil
	}
	for scheme, off := range map[string]bool{"http": true, "https": false} {
		for _, status := range []int{404, 500, 501} {
			page := &smithyhttp.ResponseError{Err: errors.New("a page"), Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status,
				Header: http.Header{"Content-Type": {"text/html"}}, Request: &http.Request{URL: &url.URL{Scheme: scheme}}}}}
			topology := gatherFrom(t, odd{Fake: fake, options: page})
			if read, named := topology.PublicAccess != nil, topology.Unread["ec2:DescribeVpcBlockPublicAccessOptions"] != nil; read != off || named == off {
				t.Errorf("%s, %d: %+v, unread: %v", scheme, status, topology.PublicAccess, topology.Unread)
			}
		}
	}
}

// The SDK takes an empty body, and a portal's page, for an answer without a list. EC2 writes a list of nothing.
func TestAnAnswerWithoutAListIsNotRead(t *testing.T) {
	topology := gatherFrom(t, odd{Fake: account(), natGWs: func(out *ec2.DescribeNatGatewaysOutput) { out.NatGateways = nil }})
	if topology.NATGateways != nil || topology.Unread["ec2:DescribeNatGateways"] == nil {
		t.Errorf("the NAT gateways are %v, unread: %v", topology.NATGateways, topology.Unread)
	}
}

// Every VPC has a route table, so an answer without one is not about the VPC.
func TestAVPCWithoutATableIsNotRead(t *testing.T) {
	topology := gatherFrom(t, odd{Fake: account(), tables: func(out *ec2.DescribeRouteTablesOutput) { out.RouteTables = []types.RouteTable{} }})
	if topology.RouteTables != nil || topology.Unread["ec2:DescribeRouteTables"] == nil {
		t.Errorf("the route tables are %v, unread: %v", topology.RouteTables, topology.Unread)
	}
}

// After a page's token that was given before, nobody knows what is missing, and asking again would never end.
func TestATokenThatRepeatsIsNotRead(t *testing.T) {
	fake := account()
	fake.PublicAccess = &types.VpcBlockPublicAccessOptions{InternetGatewayBlockMode: types.InternetGatewayBlockModeBlockBidirectional, State: types.VpcBlockPublicAccessStateUpdateComplete}
	fake.PublicAccessExcluded = []types.VpcBlockPublicAccessExclusion{}
	for i := range fake.Subnets {
		fake.Subnets[i].BlockPublicAccessStates = nil
	}
	topology := gatherFrom(t, odd{Fake: fake,
		tables:  func(out *ec2.DescribeRouteTablesOutput) { out.NextToken = aws.String("again") },
		exclude: func(out *ec2.DescribeVpcBlockPublicAccessExclusionsOutput) { out.NextToken = aws.String("again") }})
	if topology.RouteTables != nil || topology.PublicAccessExclusions != nil {
		t.Errorf("the route tables are %v, the exclusions %v", topology.RouteTables, topology.PublicAccessExclusions)
	}
	for _, action := range []string{"ec2:DescribeRouteTables", "ec2:DescribeVpcBlockPublicAccessExclusions"} {
		if topology.Unread[action] == nil {
			t.Errorf("%s is not named: %v", action, topology.Unread)
		}
	}
}

func gatherFrom(t *testing.T, api network.API) *network.Topology {
	t.Helper()
	topology, err := network.New(api).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-task"}})
	if err != nil {
		t.Fatal(err)
	}
	return topology
}
