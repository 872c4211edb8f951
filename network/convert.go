package network

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// convert maps a list that was read: the result is never nil.
func convert[In, Out any](list []In, one func(In) Out) []Out {
	out := make([]Out, 0, len(list))
	for _, in := range list {
		out = append(out, one(in))
	}
	return out
}

// alike compares what EC2 spells in one case here and in another there.
func alike[E ~string](a, b E) bool { return strings.EqualFold(string(a), string(b)) }

func subnetOf(s types.Subnet) Subnet {
	subnet := Subnet{
		ID:               aws.ToString(s.SubnetId),
		AvailabilityZone: aws.ToString(s.AvailabilityZone),
		CIDR:             ParseCIDR(aws.ToString(s.CidrBlock)),
		IPv6CIDRs:        []CIDR{},
		DNS64:            s.EnableDns64,
	}
	for _, a := range s.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState == nil || alike(a.Ipv6CidrBlockState.State, types.SubnetCidrBlockStateCodeAssociated) {
			subnet.IPv6CIDRs = append(subnet.IPv6CIDRs, ParseCIDR(aws.ToString(a.Ipv6CidrBlock)))
			subnet.IPv6AddressAttribute = string(a.Ipv6AddressAttribute)
		}
	}
	if b := s.BlockPublicAccessStates; b != nil {
		subnet.BlockPublicAccess = strings.ToLower(string(b.InternetGatewayBlockMode))
	}
	return subnet
}

func cidrsOf(v types.Vpc) []CIDR {
	cidrs := []CIDR{ParseCIDR(aws.ToString(v.CidrBlock))}
	for _, a := range v.CidrBlockAssociationSet {
		if s := a.CidrBlockState; s != nil && (alike(s.State, types.VpcCidrBlockStateCodeDisassociated) ||
			alike(s.State, types.VpcCidrBlockStateCodeFailing) || alike(s.State, types.VpcCidrBlockStateCodeFailed)) {
			continue
		}
		if c := ParseCIDR(aws.ToString(a.CidrBlock)); !c.Equal(cidrs[0]) {
			cidrs = append(cidrs, c)
		}
	}
	return cidrs
}

func ipv6CIDRsOf(v types.Vpc) []CIDR {
	cidrs := []CIDR{}
	for _, a := range v.Ipv6CidrBlockAssociationSet {
		if s := a.Ipv6CidrBlockState; s == nil || alike(s.State, types.VpcCidrBlockStateCodeAssociated) {
			cidrs = append(cidrs, ParseCIDR(aws.ToString(a.Ipv6CidrBlock)))
		}
	}
	return cidrs
}

func nameServersOf(o types.DhcpOptions) []string {
	servers := []string{}
	for _, c := range o.DhcpConfigurations {
		if strings.EqualFold(aws.ToString(c.Key), "domain-name-servers") {
			for _, v := range c.Values {
				servers = append(servers, aws.ToString(v.Value))
			}
		}
	}
	return servers
}

func routeTableOf(t types.RouteTable) RouteTable {
	table := RouteTable{ID: aws.ToString(t.RouteTableId), Subnets: []string{}, Gateways: []string{}, Routes: convert(t.Routes, routeOf)}
	for _, a := range t.Associations {
		// A state other than "associated" is on its way in or out; older dumps have none.
		if a.AssociationState != nil && !alike(a.AssociationState.State, types.RouteTableAssociationStateCodeAssociated) {
			continue
		}
		table.Main = table.Main || aws.ToBool(a.Main)
		if a.SubnetId != nil {
			table.Subnets = append(table.Subnets, *a.SubnetId)
		}
		if a.GatewayId != nil {
			table.Gateways = append(table.Gateways, *a.GatewayId)
		}
	}
	return table
}

func routeOf(r types.Route) Route {
	return Route{
		CIDR:       ParseCIDR(cmp.Or(aws.ToString(r.DestinationCidrBlock), aws.ToString(r.DestinationIpv6CidrBlock))),
		PrefixList: aws.ToString(r.DestinationPrefixListId),
		Target: cmp.Or(aws.ToString(r.GatewayId), aws.ToString(r.NatGatewayId), aws.ToString(r.TransitGatewayId),
			aws.ToString(r.VpcPeeringConnectionId), aws.ToString(r.EgressOnlyInternetGatewayId), aws.ToString(r.NetworkInterfaceId),
			aws.ToString(r.InstanceId), aws.ToString(r.CarrierGatewayId), aws.ToString(r.LocalGatewayId),
			aws.ToString(r.CoreNetworkArn), aws.ToString(r.OdbNetworkArn), aws.ToString(r.IpAddress), "a target that is not shown"),
		State:      cmp.Or(string(r.State), "active"),
		Propagated: r.Origin == types.RouteOriginEnableVgwRoutePropagation || r.Origin == types.RouteOriginAdvertisement,
	}
}

func networkACLOf(n types.NetworkAcl) NetworkACL {
	acl := NetworkACL{ID: aws.ToString(n.NetworkAclId), Default: aws.ToBool(n.IsDefault), Subnets: []string{}, Entries: convert(n.Entries, aclEntryOf)}
	for _, a := range n.Associations {
		acl.Subnets = append(acl.Subnets, aws.ToString(a.SubnetId))
	}
	return acl
}

func aclEntryOf(e types.NetworkAclEntry) ACLEntry {
	entry := ACLEntry{
		Number:   aws.ToInt32(e.RuleNumber),
		Egress:   aws.ToBool(e.Egress),
		Allow:    alike(e.RuleAction, types.RuleActionAllow),
		Protocol: aws.ToString(e.Protocol),
		Ports:    AllPorts,
		CIDR:     ParseCIDR(cmp.Or(aws.ToString(e.CidrBlock), aws.ToString(e.Ipv6CidrBlock))),
	}
	if e.PortRange != nil {
		entry.Ports = portsOf(e.PortRange.From, e.PortRange.To)
	}
	return entry
}

// portsOf reads a range that EC2 leaves out, or writes as -1, where it means every port.
func portsOf(from, to *int32) Ports {
	if from == nil || to == nil || *from < 0 || *to < 0 {
		return AllPorts
	}
	return Ports{uint16(*from), uint16(*to)}
}

func securityGroupOf(g types.SecurityGroup) SecurityGroup {
	return SecurityGroup{
		ID:      aws.ToString(g.GroupId),
		Name:    aws.ToString(g.GroupName),
		Ingress: convert(g.IpPermissions, ruleOf),
		Egress:  convert(g.IpPermissionsEgress, ruleOf),
	}
}

func ruleOf(p types.IpPermission) Rule {
	r := Rule{Protocol: aws.ToString(p.IpProtocol), Ports: portsOf(p.FromPort, p.ToPort)}
	for _, c := range p.IpRanges {
		r.CIDRs = append(r.CIDRs, ParseCIDR(aws.ToString(c.CidrIp)))
	}
	for _, c := range p.Ipv6Ranges {
		r.CIDRs = append(r.CIDRs, ParseCIDR(aws.ToString(c.CidrIpv6)))
	}
	for _, l := range p.PrefixListIds {
		r.PrefixLists = append(r.PrefixLists, aws.ToString(l.PrefixListId))
	}
	for _, pair := range p.UserIdGroupPairs {
		r.Groups = append(r.Groups, aws.ToString(pair.GroupId))
	}
	return r
}

func internetGatewayOf(i types.InternetGateway) InternetGateway {
	g := InternetGateway{ID: aws.ToString(i.InternetGatewayId)}
	for _, a := range i.Attachments {
		g.VPC, g.State = aws.ToString(a.VpcId), string(a.State)
	}
	return g
}

func natGatewayOf(n types.NatGateway) NATGateway {
	gateway := NATGateway{
		ID:             aws.ToString(n.NatGatewayId),
		Subnet:         aws.ToString(n.SubnetId),
		State:          string(n.State),
		FailureCode:    aws.ToString(n.FailureCode),
		FailureMessage: aws.ToString(n.FailureMessage),
		Private:        alike(n.ConnectivityType, types.ConnectivityTypePrivate),
		Regional:       alike(n.AvailabilityMode, types.AvailabilityModeRegional),
		RouteTable:     aws.ToString(n.RouteTableId),
		Zones:          []string{},
		AutoProvision:  string(n.AutoProvisionZones),
	}
	for _, a := range n.NatGatewayAddresses {
		if zone := aws.ToString(a.AvailabilityZone); zone != "" && !alike(a.Status, types.NatGatewayAddressStatusFailed) {
			gateway.Zones = append(gateway.Zones, zone)
		}
	}
	gateway.Zones = uniq(gateway.Zones)
	return gateway
}

func vpcEndpointOf(e types.VpcEndpoint) VPCEndpoint {
	out := VPCEndpoint{
		ID:          aws.ToString(e.VpcEndpointId),
		Type:        string(e.VpcEndpointType),
		Service:     aws.ToString(e.ServiceName),
		State:       string(e.State),
		PrivateDNS:  e.PrivateDnsEnabled,
		RouteTables: e.RouteTableIds,
		Subnets:     e.SubnetIds,
		Interfaces:  e.NetworkInterfaceIds,
		Policy:      e.PolicyDocument,
	}
	if e.DnsOptions != nil {
		out.PrivateDNSInboundOnly = aws.ToBool(e.DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint)
		out.DNSRecordIPType = string(e.DnsOptions.DnsRecordIpType)
	}
	for _, g := range e.Groups {
		out.SecurityGroups = append(out.SecurityGroups, aws.ToString(g.GroupId))
	}
	return out
}

func networkInterfaceOf(i types.NetworkInterface) NetworkInterface {
	out := NetworkInterface{ID: aws.ToString(i.NetworkInterfaceId), Subnet: aws.ToString(i.SubnetId), Address: aws.ToString(i.PrivateIpAddress),
		SecurityGroups: []string{}, SourceDestCheck: i.SourceDestCheck, PublicIP: i.Association != nil && aws.ToString(i.Association.PublicIp) != ""}
	for _, g := range i.Groups {
		out.SecurityGroups = append(out.SecurityGroups, aws.ToString(g.GroupId))
	}
	if i.Attachment != nil {
		out.Instance = aws.ToString(i.Attachment.InstanceId)
	}
	return out
}

func prefixListOf(l types.PrefixList) PrefixList {
	list := PrefixList{ID: aws.ToString(l.PrefixListId), Name: aws.ToString(l.PrefixListName)}
	if len(l.Cidrs) > 0 { // none is not what there is of a service's addresses
		list.CIDRs = convert(l.Cidrs, ParseCIDR)
	}
	return list
}
