package networktest

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// DescribeEgressOnlyInternetGateways answers from EgressOnlyInternetGateways.
func (f *Fake) DescribeEgressOnlyInternetGateways(ctx context.Context, in *ec2.DescribeEgressOnlyInternetGatewaysInput, _ ...func(*ec2.Options)) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error) {
	list, next, err := answer(ctx, f, "DescribeEgressOnlyInternetGateways", in, f.EgressOnlyInternetGateways, in.NextToken,
		ids(in.EgressOnlyInternetGatewayIds, func(g types.EgressOnlyInternetGateway) *string { return g.EgressOnlyInternetGatewayId }))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeEgressOnlyInternetGatewaysOutput{EgressOnlyInternetGateways: list, NextToken: next}, nil
}

// DescribeInstances answers from Reservations: those in which an instance has one of the IDs that the filter instance-id
// names.
func (f *Fake) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	byID := map[string]func(types.Reservation) []string{"instance-id": func(r types.Reservation) (all []string) {
		for _, i := range r.Instances {
			all = append(all, aws.ToString(i.InstanceId))
		}
		return all
	}}
	list, next, err := answer(ctx, f, "DescribeInstances", in, f.Reservations, in.NextToken, filtered(in.Filters, byID))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeInstancesOutput{Reservations: list, NextToken: next}, nil
}

// DescribeVpcPeeringConnections answers from VpcPeeringConnections.
func (f *Fake) DescribeVpcPeeringConnections(ctx context.Context, in *ec2.DescribeVpcPeeringConnectionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcPeeringConnectionsOutput, error) {
	byID := map[string]func(types.VpcPeeringConnection) []string{"vpc-peering-connection-id": func(c types.VpcPeeringConnection) []string {
		return []string{aws.ToString(c.VpcPeeringConnectionId)}
	}}
	list, next, err := answer(ctx, f, "DescribeVpcPeeringConnections", in, f.VpcPeeringConnections, in.NextToken, filtered(in.Filters, byID))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeVpcPeeringConnectionsOutput{VpcPeeringConnections: list, NextToken: next}, nil
}

// DescribeTransitGatewayAttachments answers from TransitGatewayAttachments.
func (f *Fake) DescribeTransitGatewayAttachments(ctx context.Context, in *ec2.DescribeTransitGatewayAttachmentsInput, _ ...func(*ec2.Options)) (*ec2.DescribeTransitGatewayAttachmentsOutput, error) {
	of := map[string]func(types.TransitGatewayAttachment) []string{"transit-gateway-id": func(a types.TransitGatewayAttachment) []string {
		return []string{aws.ToString(a.TransitGatewayId)}
	}}
	list, next, err := answer(ctx, f, "DescribeTransitGatewayAttachments", in, f.TransitGatewayAttachments, in.NextToken, filtered(in.Filters, of))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeTransitGatewayAttachmentsOutput{TransitGatewayAttachments: list, NextToken: next}, nil
}

// DescribeTransitGatewayVpcAttachments answers from TransitGatewayVpcs.
func (f *Fake) DescribeTransitGatewayVpcAttachments(ctx context.Context, in *ec2.DescribeTransitGatewayVpcAttachmentsInput, _ ...func(*ec2.Options)) (*ec2.DescribeTransitGatewayVpcAttachmentsOutput, error) {
	of := map[string]func(types.TransitGatewayVpcAttachment) []string{"transit-gateway-id": func(a types.TransitGatewayVpcAttachment) []string {
		return []string{aws.ToString(a.TransitGatewayId)}
	}}
	list, next, err := answer(ctx, f, "DescribeTransitGatewayVpcAttachments", in, f.TransitGatewayVpcs, in.NextToken, filtered(in.Filters, of))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeTransitGatewayVpcAttachmentsOutput{TransitGatewayVpcAttachments: list, NextToken: next}, nil
}

// SearchTransitGatewayRoutes answers from TransitGatewayRoutes: the routes in the states that the filter names. A table that
// is not among them is denied, as another account's is.
func (f *Fake) SearchTransitGatewayRoutes(ctx context.Context, in *ec2.SearchTransitGatewayRoutesInput, _ ...func(*ec2.Options)) (*ec2.SearchTransitGatewayRoutesOutput, error) {
	states := map[string]func(types.TransitGatewayRoute) []string{"state": func(r types.TransitGatewayRoute) []string { return []string{string(r.State)} }}
	list, next, err := answer(ctx, f, "SearchTransitGatewayRoutes", in, f.TransitGatewayRoutes[aws.ToString(in.TransitGatewayRouteTableId)], in.NextToken,
		filtered(in.Filters, states))
	if err != nil {
		return nil, err
	}
	return &ec2.SearchTransitGatewayRoutesOutput{Routes: list, NextToken: next, AdditionalRoutesAvailable: aws.Bool(next != nil)}, nil
}

// DescribeVpcBlockPublicAccessOptions answers from PublicAccess.
func (f *Fake) DescribeVpcBlockPublicAccessOptions(ctx context.Context, in *ec2.DescribeVpcBlockPublicAccessOptionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessOptionsOutput, error) {
	var list []types.VpcBlockPublicAccessOptions
	if f.PublicAccess != nil {
		list = append(list, *f.PublicAccess)
	}
	list, _, err := answer(ctx, f, "DescribeVpcBlockPublicAccessOptions", in, list, nil, func(types.VpcBlockPublicAccessOptions) bool { return true })
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeVpcBlockPublicAccessOptionsOutput{VpcBlockPublicAccessOptions: &list[0]}, nil
}

// DescribeVpcBlockPublicAccessExclusions answers from PublicAccessExcluded.
func (f *Fake) DescribeVpcBlockPublicAccessExclusions(ctx context.Context, in *ec2.DescribeVpcBlockPublicAccessExclusionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessExclusionsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeVpcBlockPublicAccessExclusions", in, f.PublicAccessExcluded, in.NextToken,
		func(e types.VpcBlockPublicAccessExclusion) bool {
			return len(in.ExclusionIds) == 0 || slices.Contains(in.ExclusionIds, aws.ToString(e.ExclusionId))
		})
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeVpcBlockPublicAccessExclusionsOutput{VpcBlockPublicAccessExclusions: list, NextToken: next}, nil
}
