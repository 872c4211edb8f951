package network

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (g *gatherer) endpoints(ctx context.Context, vpc []types.Filter) {
	g.topology.VPCEndpoints = ofOwner(ctx, g, "ec2:DescribeVpcEndpoints", ec2.NewDescribeVpcEndpointsPaginator(g.api, &ec2.DescribeVpcEndpointsInput{Filters: vpc}),
		func(out *ec2.DescribeVpcEndpointsOutput) ([]types.VpcEndpoint, *string) {
			return out.VpcEndpoints, out.NextToken
		}, vpcEndpointOf)
}

// interfaces reads the interfaces of the interface endpoints that a pull may use, whose addresses are what groups and
// ACLs judge, and those that routes lead to.
func (g *gatherer) interfaces(ctx context.Context) {
	ids := targets(g.topology.RouteTables, "eni-", every)
	if g.topology.VPCEndpoints == nil && len(ids) == 0 {
		return
	}
	for _, e := range g.topology.VPCEndpoints {
		if e.isInterface() {
			ids = append(ids, e.Interfaces...)
		}
	}
	if len(ids) == 0 {
		g.topology.Interfaces = []NetworkInterface{}
		return
	}
	// A filter, not NetworkInterfaceIds: one interface deleted meanwhile would fail the whole call. It takes 200 values.
	list := []types.NetworkInterface{}
	for part := range slices.Chunk(uniq(ids), 200) {
		some, err := pages(ctx, ec2.NewDescribeNetworkInterfacesPaginator(g.api, &ec2.DescribeNetworkInterfacesInput{
			Filters: []types.Filter{filter("network-interface-id", part...)},
		}), func(out *ec2.DescribeNetworkInterfacesOutput) ([]types.NetworkInterface, *string) {
			return out.NetworkInterfaces, out.NextToken
		})
		if !g.read("ec2:DescribeNetworkInterfaces", err) {
			return
		}
		list = append(list, some...)
	}
	g.topology.Interfaces = convert(list, networkInterfaceOf)
}
