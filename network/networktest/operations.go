package networktest

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// DescribeSubnets answers from Subnets. As EC2 does, it fails with InvalidSubnetID.NotFound when one of the SubnetIds is not
// among them.
func (f *Fake) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeSubnets", in, f.Subnets, in.NextToken, both(ids(in.SubnetIds, func(e types.Subnet) *string { return e.SubnetId }),
		filtered(in.Filters, vpcID(func(e types.Subnet) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	for _, id := range in.SubnetIds {
		if !slices.ContainsFunc(f.Subnets, func(s types.Subnet) bool { return aws.ToString(s.SubnetId) == id }) {
			return nil, failed("DescribeSubnets", "InvalidSubnetID.NotFound", "The subnet ID '"+id+"' does not exist")
		}
	}
	return &ec2.DescribeSubnetsOutput{Subnets: list, NextToken: next}, nil
}

// DescribeVpcs answers from Vpcs.
func (f *Fake) DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeVpcs", in, f.Vpcs, in.NextToken, both(ids(in.VpcIds, func(e types.Vpc) *string { return e.VpcId }),
		filtered(in.Filters, vpcID(func(e types.Vpc) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeVpcsOutput{Vpcs: list, NextToken: next}, nil
}

// DescribeRouteTables answers from RouteTables.
func (f *Fake) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput, _ ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	list, next, err := answer(ctx, f, "DescribeRouteTables", in, f.RouteTables, in.NextToken, both(ids(in.RouteTableIds, func(e types.RouteTable) *string { return e.RouteTableId }),
		filtered(in.Filters, vpcID(func(e types.RouteTable) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeRouteTablesOutput{RouteTables: list, NextToken: next}, nil
}

// DescribeNetworkAcls answers from NetworkAcls.
func (f *Fake) DescribeNetworkAcls(ctx context.Context, in *ec2.DescribeNetworkAclsInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkAclsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeNetworkAcls", in, f.NetworkAcls, in.NextToken, both(ids(in.NetworkAclIds, func(e types.NetworkAcl) *string { return e.NetworkAclId }),
		filtered(in.Filters, vpcID(func(e types.NetworkAcl) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeNetworkAclsOutput{NetworkAcls: list, NextToken: next}, nil
}

// DescribeSecurityGroups answers from SecurityGroups.
func (f *Fake) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeSecurityGroups", in, f.SecurityGroups, in.NextToken, both(ids(in.GroupIds, func(e types.SecurityGroup) *string { return e.GroupId }),
		filtered(in.Filters, vpcID(func(e types.SecurityGroup) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: list, NextToken: next}, nil
}

// DescribeNatGateways answers from NatGateways.
func (f *Fake) DescribeNatGateways(ctx context.Context, in *ec2.DescribeNatGatewaysInput, _ ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error) {
	list, next, err := answer(ctx, f, "DescribeNatGateways", in, f.NatGateways, in.NextToken, both(ids(in.NatGatewayIds, func(e types.NatGateway) *string { return e.NatGatewayId }),
		filtered(in.Filter, vpcID(func(e types.NatGateway) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeNatGatewaysOutput{NatGateways: list, NextToken: next}, nil
}

// DescribeVpcEndpoints answers from VpcEndpoints.
func (f *Fake) DescribeVpcEndpoints(ctx context.Context, in *ec2.DescribeVpcEndpointsInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcEndpointsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeVpcEndpoints", in, f.VpcEndpoints, in.NextToken, both(ids(in.VpcEndpointIds, func(e types.VpcEndpoint) *string { return e.VpcEndpointId }),
		filtered(in.Filters, vpcID(func(e types.VpcEndpoint) *string { return e.VpcId }))))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeVpcEndpointsOutput{VpcEndpoints: list, NextToken: next}, nil
}

// DescribeDhcpOptions answers from DhcpOptions.
func (f *Fake) DescribeDhcpOptions(ctx context.Context, in *ec2.DescribeDhcpOptionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeDhcpOptionsOutput, error) {
	list, next, err := answer(ctx, f, "DescribeDhcpOptions", in, f.DhcpOptions, in.NextToken, ids(in.DhcpOptionsIds, func(e types.DhcpOptions) *string { return e.DhcpOptionsId }))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeDhcpOptionsOutput{DhcpOptions: list, NextToken: next}, nil
}

// DescribePrefixLists answers from those of PrefixLists that are AWS's own, with what PrefixListEntries holds of them.
func (f *Fake) DescribePrefixLists(ctx context.Context, in *ec2.DescribePrefixListsInput, _ ...func(*ec2.Options)) (*ec2.DescribePrefixListsOutput, error) {
	list, next, err := answer(ctx, f, "DescribePrefixLists", in, f.PrefixLists, in.NextToken, both(
		ids(in.PrefixListIds, func(e types.ManagedPrefixList) *string { return e.PrefixListId }),
		func(e types.ManagedPrefixList) bool {
			return strings.HasPrefix(aws.ToString(e.PrefixListName), "com.amazonaws.")
		}))
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribePrefixListsOutput{PrefixLists: []types.PrefixList{}, NextToken: next}
	for _, l := range list {
		own := types.PrefixList{PrefixListId: l.PrefixListId, PrefixListName: l.PrefixListName}
		for _, e := range f.PrefixListEntries[aws.ToString(l.PrefixListId)] {
			own.Cidrs = append(own.Cidrs, aws.ToString(e.Cidr))
		}
		out.PrefixLists = append(out.PrefixLists, own)
	}
	return out, nil
}

// DescribeInternetGateways answers from InternetGateways.
func (f *Fake) DescribeInternetGateways(ctx context.Context, in *ec2.DescribeInternetGatewaysInput, _ ...func(*ec2.Options)) (*ec2.DescribeInternetGatewaysOutput, error) {
	attachments := map[string]func(types.InternetGateway) []string{"attachment.vpc-id": func(g types.InternetGateway) (vpcs []string) {
		for _, a := range g.Attachments {
			vpcs = append(vpcs, aws.ToString(a.VpcId))
		}
		return vpcs
	}}
	list, next, err := answer(ctx, f, "DescribeInternetGateways", in, f.InternetGateways, in.NextToken, filtered(in.Filters, attachments))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeInternetGatewaysOutput{InternetGateways: list, NextToken: next}, nil
}

// DescribeNetworkInterfaces answers from NetworkInterfaces.
func (f *Fake) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	id := func(i types.NetworkInterface) *string { return i.NetworkInterfaceId }
	byID := map[string]func(types.NetworkInterface) []string{"network-interface-id": func(i types.NetworkInterface) []string {
		return []string{aws.ToString(i.NetworkInterfaceId)}
	}}
	list, next, err := answer(ctx, f, "DescribeNetworkInterfaces", in, f.NetworkInterfaces, in.NextToken,
		both(ids(in.NetworkInterfaceIds, id), filtered(in.Filters, byID)))
	if err != nil {
		return nil, err
	}
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: list, NextToken: next}, nil
}

// DescribeVpcAttribute answers from VpcAttributes.
func (f *Fake) DescribeVpcAttribute(ctx context.Context, in *ec2.DescribeVpcAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error) {
	list, _, err := answer(ctx, f, "DescribeVpcAttribute", in, f.VpcAttributes, nil, func(a ec2.DescribeVpcAttributeOutput) bool {
		switch {
		case aws.ToString(a.VpcId) != aws.ToString(in.VpcId):
			return false
		case in.Attribute == types.VpcAttributeNameEnableDnsSupport:
			return a.EnableDnsSupport != nil
		case in.Attribute == types.VpcAttributeNameEnableDnsHostnames:
			return a.EnableDnsHostnames != nil
		}
		return false
	})
	if err == nil && len(list) == 0 {
		err = Denied("DescribeVpcAttribute")
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// GetManagedPrefixListEntries answers from PrefixListEntries.
func (f *Fake) GetManagedPrefixListEntries(ctx context.Context, in *ec2.GetManagedPrefixListEntriesInput, _ ...func(*ec2.Options)) (*ec2.GetManagedPrefixListEntriesOutput, error) {
	list, next, err := answer(ctx, f, "GetManagedPrefixListEntries", in, f.PrefixListEntries[aws.ToString(in.PrefixListId)], in.NextToken,
		func(types.PrefixListEntry) bool { return true })
	if err != nil {
		return nil, err
	}
	return &ec2.GetManagedPrefixListEntriesOutput{Entries: list, NextToken: next}, nil
}
