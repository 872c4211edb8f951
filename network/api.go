package network

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// API is what this package calls; *ec2.Client satisfies it. All of it only reads. An answer whose list is nil is none, as EC2
// writes a list of nothing: another implementation gives an empty list where there is nothing, else it was not read.
type API interface {
	ec2.DescribeSubnetsAPIClient
	ec2.DescribeVpcsAPIClient
	ec2.DescribeRouteTablesAPIClient
	ec2.DescribeNetworkAclsAPIClient
	ec2.DescribeSecurityGroupsAPIClient
	ec2.DescribeInternetGatewaysAPIClient
	ec2.DescribeNatGatewaysAPIClient
	ec2.DescribeVpcEndpointsAPIClient
	ec2.DescribeNetworkInterfacesAPIClient
	ec2.DescribeDhcpOptionsAPIClient
	ec2.DescribePrefixListsAPIClient
	ec2.GetManagedPrefixListEntriesAPIClient
	ec2.DescribeEgressOnlyInternetGatewaysAPIClient
	ec2.DescribeInstancesAPIClient
	ec2.DescribeVpcPeeringConnectionsAPIClient
	ec2.DescribeTransitGatewayAttachmentsAPIClient
	ec2.DescribeTransitGatewayVpcAttachmentsAPIClient
	ec2.SearchTransitGatewayRoutesAPIClient
	DescribeVpcBlockPublicAccessOptions(context.Context, *ec2.DescribeVpcBlockPublicAccessOptionsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessOptionsOutput, error)
	DescribeVpcBlockPublicAccessExclusions(context.Context, *ec2.DescribeVpcBlockPublicAccessExclusionsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcBlockPublicAccessExclusionsOutput, error)
	DescribeVpcAttribute(context.Context, *ec2.DescribeVpcAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error)
}

var _ API = (*ec2.Client)(nil)

// Actions are the IAM actions behind API.
var actions = []string{
	"ec2:DescribeDhcpOptions",
	"ec2:DescribeEgressOnlyInternetGateways",
	"ec2:DescribeInstances",
	"ec2:DescribeInternetGateways",
	"ec2:DescribeNatGateways",
	"ec2:DescribeNetworkAcls",
	"ec2:DescribeNetworkInterfaces",
	"ec2:DescribePrefixLists",
	"ec2:DescribeRouteTables",
	"ec2:DescribeSecurityGroups",
	"ec2:DescribeSubnets",
	"ec2:DescribeTransitGatewayAttachments",
	"ec2:DescribeTransitGatewayVpcAttachments",
	"ec2:DescribeVpcAttribute",
	"ec2:DescribeVpcBlockPublicAccessExclusions",
	"ec2:DescribeVpcBlockPublicAccessOptions",
	"ec2:DescribeVpcEndpoints",
	"ec2:DescribeVpcPeeringConnections",
	"ec2:DescribeVpcs",
	"ec2:GetManagedPrefixListEntries",
	"ec2:SearchTransitGatewayRoutes",
}

// Actions returns the IAM actions that a Source made by New may need, sorted.
func Actions() []string { return append([]string(nil), actions...) }
