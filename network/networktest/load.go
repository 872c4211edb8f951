package networktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Load returns a Fake filled from files that hold what the AWS CLI prints, each named for its command:
// "ec2/describe-subnets.json", "ec2/describe-vpc-attribute.json" and so on. A file may hold the output of several calls,
// one after the other. An absent file is an operation that is denied; an entry of a managed prefix list says in
// "PrefixListId", beside the CLI's "Entries", which list it is of, and routes of a transit gateway's table say so likewise in
// "TransitGatewayRouteTableId".
func Load(fsys fs.FS) (*Fake, error) {
	f := &Fake{}
	var entries []struct {
		PrefixListId string
		Entries      []types.PrefixListEntry
	}
	err := errors.Join(
		load(fsys, "describe-subnets", func(o ec2.DescribeSubnetsOutput) { f.Subnets = join(f.Subnets, o.Subnets) }),
		load(fsys, "describe-vpcs", func(o ec2.DescribeVpcsOutput) { f.Vpcs = join(f.Vpcs, o.Vpcs) }),
		load(fsys, "describe-vpc-attribute", func(o ec2.DescribeVpcAttributeOutput) { f.VpcAttributes = append(f.VpcAttributes, o) }),
		load(fsys, "describe-route-tables", func(o ec2.DescribeRouteTablesOutput) { f.RouteTables = join(f.RouteTables, o.RouteTables) }),
		load(fsys, "describe-network-acls", func(o ec2.DescribeNetworkAclsOutput) { f.NetworkAcls = join(f.NetworkAcls, o.NetworkAcls) }),
		load(fsys, "describe-security-groups", func(o ec2.DescribeSecurityGroupsOutput) {
			f.SecurityGroups = join(f.SecurityGroups, o.SecurityGroups)
		}),
		load(fsys, "describe-internet-gateways", func(o ec2.DescribeInternetGatewaysOutput) {
			f.InternetGateways = join(f.InternetGateways, o.InternetGateways)
		}),
		load(fsys, "describe-nat-gateways", func(o ec2.DescribeNatGatewaysOutput) { f.NatGateways = join(f.NatGateways, o.NatGateways) }),
		load(fsys, "describe-vpc-endpoints", func(o ec2.DescribeVpcEndpointsOutput) { f.VpcEndpoints = join(f.VpcEndpoints, o.VpcEndpoints) }),
		load(fsys, "describe-network-interfaces", func(o ec2.DescribeNetworkInterfacesOutput) {
			f.NetworkInterfaces = join(f.NetworkInterfaces, o.NetworkInterfaces)
		}),
		load(fsys, "describe-dhcp-options", func(o ec2.DescribeDhcpOptionsOutput) { f.DhcpOptions = join(f.DhcpOptions, o.DhcpOptions) }),
		load(fsys, "describe-managed-prefix-lists", func(o ec2.DescribeManagedPrefixListsOutput) {
			f.PrefixLists = join(f.PrefixLists, o.PrefixLists)
		}),
		load(fsys, "describe-egress-only-internet-gateways", func(o ec2.DescribeEgressOnlyInternetGatewaysOutput) {
			f.EgressOnlyInternetGateways = join(f.EgressOnlyInternetGateways, o.EgressOnlyInternetGateways)
		}),
		load(fsys, "describe-instances", func(o ec2.DescribeInstancesOutput) { f.Reservations = join(f.Reservations, o.Reservations) }),
		load(fsys, "describe-vpc-peering-connections", func(o ec2.DescribeVpcPeeringConnectionsOutput) {
			f.VpcPeeringConnections = join(f.VpcPeeringConnections, o.VpcPeeringConnections)
		}),
		load(fsys, "describe-transit-gateway-attachments", func(o ec2.DescribeTransitGatewayAttachmentsOutput) {
			f.TransitGatewayAttachments = join(f.TransitGatewayAttachments, o.TransitGatewayAttachments)
		}),
		load(fsys, "describe-transit-gateway-vpc-attachments", func(o ec2.DescribeTransitGatewayVpcAttachmentsOutput) {
			f.TransitGatewayVpcs = join(f.TransitGatewayVpcs, o.TransitGatewayVpcAttachments)
		}),
		load(fsys, "search-transit-gateway-routes", func(o struct {
			TransitGatewayRouteTableId string
			Routes                     []types.TransitGatewayRoute
		}) {
			if f.TransitGatewayRoutes == nil {
				f.TransitGatewayRoutes = map[string][]types.TransitGatewayRoute{}
			}
			f.TransitGatewayRoutes[o.TransitGatewayRouteTableId] = join(f.TransitGatewayRoutes[o.TransitGatewayRouteTableId], o.Routes)
		}),
		load(fsys, "describe-vpc-block-public-access-options", func(o ec2.DescribeVpcBlockPublicAccessOptionsOutput) {
			f.PublicAccess = o.VpcBlockPublicAccessOptions
		}),
		load(fsys, "describe-vpc-block-public-access-exclusions", func(o ec2.DescribeVpcBlockPublicAccessExclusionsOutput) {
			f.PublicAccessExcluded = join(f.PublicAccessExcluded, o.VpcBlockPublicAccessExclusions)
		}),
		load(fsys, "get-managed-prefix-list-entries", func(o struct {
			PrefixListId string
			Entries      []types.PrefixListEntry
		}) {
			entries = append(entries, o)
		}),
	)
	for _, e := range entries {
		if f.PrefixListEntries == nil {
			f.PrefixListEntries = map[string][]types.PrefixListEntry{}
		}
		f.PrefixListEntries[e.PrefixListId] = join(f.PrefixListEntries[e.PrefixListId], e.Entries)
	}
	return f, err
}

// load decodes every document of a command's file.
func load[Output any](fsys fs.FS, command string, add func(Output)) error {
	name := "ec2/" + command + ".json"
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("networktest: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	for documents := json.NewDecoder(file); ; {
		var o Output
		if err := documents.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("networktest: %s: %w", name, err)
		}
		add(o)
	}
}

// join appends a list that was read: the result is never nil.
func join[E any](list, more []E) []E {
	if list == nil {
		list = []E{}
	}
	return append(list, more...)
}

// VPCAttributes returns the two attributes of a VPC that decide its names, as DescribeVpcAttribute answers them.
func VPCAttributes(vpc string, dnsSupport, dnsHostnames bool) []ec2.DescribeVpcAttributeOutput {
	return []ec2.DescribeVpcAttributeOutput{
		{VpcId: &vpc, EnableDnsSupport: &types.AttributeBooleanValue{Value: aws.Bool(dnsSupport)}},
		{VpcId: &vpc, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(dnsHostnames)}},
	}
}
