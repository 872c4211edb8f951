package checks_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const anywhere = "0.0.0.0/0"

func (a *account) makeVPC() {
	a.t.Helper()
	a.vpc = *call(a, a.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}).Vpc.VpcId
	a.hostnames(true)
	a.subnet, a.table = a.makeSubnet("10.0.1.0/24")
	a.group = a.makeGroup("task")
}

// makeSubnet makes a subnet with a route table of its own.
func (a *account) makeSubnet(cidr string) (subnet, table string) {
	a.t.Helper()
	subnet = *call(a, a.ec2.CreateSubnet, &ec2.CreateSubnetInput{VpcId: &a.vpc, CidrBlock: &cidr}).Subnet.SubnetId
	table = *call(a, a.ec2.CreateRouteTable, &ec2.CreateRouteTableInput{VpcId: &a.vpc}).RouteTable.RouteTableId
	call(a, a.ec2.AssociateRouteTable, &ec2.AssociateRouteTableInput{RouteTableId: &table, SubnetId: &subnet})
	return subnet, table
}

// makeGroup makes a security group, which lets everything out and nothing in.
func (a *account) makeGroup(name string) string {
	a.t.Helper()
	return *call(a, a.ec2.CreateSecurityGroup, &ec2.CreateSecurityGroupInput{VpcId: &a.vpc, GroupName: &name, Description: &name}).GroupId
}

// public leads the task's subnet to an internet gateway, and gives the task a public address.
func (a *account) public() {
	a.t.Helper()
	a.publicIP = true
	a.attachInternet()
	a.toInternet(a.table)
}

func (a *account) attachInternet() {
	a.t.Helper()
	a.internetGateway = *call(a, a.ec2.CreateInternetGateway, &ec2.CreateInternetGatewayInput{}).InternetGateway.InternetGatewayId
	call(a, a.ec2.AttachInternetGateway, &ec2.AttachInternetGatewayInput{InternetGatewayId: &a.internetGateway, VpcId: &a.vpc})
}

func (a *account) toInternet(table string) {
	a.t.Helper()
	call(a, a.ec2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String(anywhere), GatewayId: &a.internetGateway})
}

// nat leads the task's subnet to a NAT gateway in a subnet that leads to an internet gateway.
func (a *account) nat() {
	a.t.Helper()
	a.attachInternet()
	subnet, table := a.makeSubnet("10.0.0.0/24")
	a.natTable = table
	a.toInternet(table)
	address := call(a, a.ec2.AllocateAddress, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc}).AllocationId
	a.toNAT(&ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: address})
}

func (a *account) toNAT(in *ec2.CreateNatGatewayInput) {
	a.t.Helper()
	a.natGateway = *call(a, a.ec2.CreateNatGateway, in).NatGateway.NatGatewayId
	call(a, a.ec2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &a.table, DestinationCidrBlock: aws.String(anywhere), NatGatewayId: &a.natGateway})
}

// cut removes a table's default route.
func (a *account) cut(table string) {
	a.t.Helper()
	call(a, a.ec2.DeleteRoute, &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String(anywhere)})
}

// privateLink gives the VPC the endpoints that a pull from Amazon ECR needs. The emulator puts their interfaces at
// addresses outside the VPC and into the default group; the endpoints themselves show the right ones.
func (a *account) privateLink() {
	a.t.Helper()
	a.withoutECR()
	a.interfaceEndpoint("ecr.api", true)
	a.interfaceEndpoint("ecr.dkr", true)
}

// withoutECR makes what privateLink makes, except the endpoints of Amazon ECR.
func (a *account) withoutECR() {
	a.t.Helper()
	a.endpointGroup = a.makeGroup("endpoints")
	a.admit(a.endpointGroup, 443, types.IpPermission{UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &a.group}}})
	a.gatewayEndpoint(a.table)
}

func (a *account) interfaceEndpoint(service string, privateDNS bool) {
	a.t.Helper()
	a.makeEndpoint(service, &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeInterface, PrivateDnsEnabled: &privateDNS,
		SubnetIds: []string{a.subnet}, SecurityGroupIds: []string{a.endpointGroup}})
}

// gatewayEndpoint makes S3's gateway endpoint.
func (a *account) gatewayEndpoint(table string) {
	a.t.Helper()
	a.makeEndpoint("s3", &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeGateway, RouteTableIds: []string{table}})
}

func (a *account) makeEndpoint(service string, in *ec2.CreateVpcEndpointInput) {
	a.t.Helper()
	in.VpcId, in.ServiceName = &a.vpc, aws.String("com.amazonaws."+region+"."+service)
	a.endpoints[service] = *call(a, a.ec2.CreateVpcEndpoint, in).VpcEndpoint.VpcEndpointId
}

// deleteEndpoint deletes an endpoint, which the emulator, as EC2 for a while, still shows.
func (a *account) deleteEndpoint(service string) string {
	a.t.Helper()
	call(a, a.ec2.DeleteVpcEndpoints, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{a.endpoints[service]}})
	return a.endpoints[service]
}

// restrict gives an endpoint a policy, and returns the endpoint.
func (a *account) restrict(service, statement string) string {
	a.t.Helper()
	call(a, a.ec2.ModifyVpcEndpoint, &ec2.ModifyVpcEndpointInput{VpcEndpointId: aws.String(a.endpoints[service]), PolicyDocument: statements(statement)})
	return a.endpoints[service]
}

func rule(port int32, p types.IpPermission) []types.IpPermission {
	p.IpProtocol, p.FromPort, p.ToPort = aws.String("tcp"), &port, &port
	return []types.IpPermission{p}
}

func anyone() types.IpPermission {
	return types.IpPermission{IpRanges: []types.IpRange{{CidrIp: aws.String(anywhere)}}}
}

// admit lets TCP into a group.
func (a *account) admit(group string, port int32, from types.IpPermission) {
	a.t.Helper()
	call(a, a.ec2.AuthorizeSecurityGroupIngress, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: rule(port, from)})
}

// confine lets the task's group send TCP to these ports only.
func (a *account) confine(ports ...int32) {
	a.t.Helper()
	all := anyone()
	all.IpProtocol = aws.String("-1")
	call(a, a.ec2.RevokeSecurityGroupEgress, &ec2.RevokeSecurityGroupEgressInput{GroupId: &a.group, IpPermissions: []types.IpPermission{all}})
	for _, port := range ports {
		call(a, a.ec2.AuthorizeSecurityGroupEgress, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &a.group, IpPermissions: rule(port, anyone())})
	}
}

// guard puts a network ACL before a subnet that lets everything out, and TCP in to a range of ports. It returns the ACL.
func (a *account) guard(subnet string, from, to int32) string {
	a.t.Helper()
	acl := call(a, a.ec2.CreateNetworkAcl, &ec2.CreateNetworkAclInput{VpcId: &a.vpc}).NetworkAcl.NetworkAclId
	entry := ec2.CreateNetworkAclEntryInput{NetworkAclId: acl, RuleNumber: aws.Int32(100), CidrBlock: aws.String(anywhere), RuleAction: types.RuleActionAllow}
	out, in := entry, entry
	out.Egress, out.Protocol = aws.Bool(true), aws.String("-1")
	in.Egress, in.Protocol, in.PortRange = aws.Bool(false), aws.String("6"), &types.PortRange{From: &from, To: &to}
	call(a, a.ec2.CreateNetworkAclEntry, &out)
	call(a, a.ec2.CreateNetworkAclEntry, &in)
	for _, shown := range call(a, a.ec2.DescribeNetworkAcls, &ec2.DescribeNetworkAclsInput{}).NetworkAcls {
		for _, association := range shown.Associations {
			if aws.ToString(association.SubnetId) == subnet {
				call(a, a.ec2.ReplaceNetworkAclAssociation, &ec2.ReplaceNetworkAclAssociationInput{AssociationId: association.NetworkAclAssociationId, NetworkAclId: acl})
			}
		}
	}
	return *acl
}

func (a *account) hostnames(on bool) {
	a.t.Helper()
	call(a, a.ec2.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: &a.vpc, EnableDnsHostnames: &types.AttributeBooleanValue{Value: &on}})
}

// resolve gives the VPC name servers.
func (a *account) resolve(servers ...string) {
	a.t.Helper()
	out := call(a, a.ec2.CreateDhcpOptions, &ec2.CreateDhcpOptionsInput{DhcpConfigurations: []types.NewDhcpConfiguration{
		{Key: aws.String("domain-name-servers"), Values: servers}}})
	call(a, a.ec2.AssociateDhcpOptions, &ec2.AssociateDhcpOptionsInput{VpcId: &a.vpc, DhcpOptionsId: out.DhcpOptions.DhcpOptionsId})
}

// transit sends the task's traffic to a transit gateway, and returns the table that the gateway has for it.
func (a *account) transit() (table string) {
	a.t.Helper()
	gateway := call(a, a.ec2.CreateTransitGateway, &ec2.CreateTransitGatewayInput{}).TransitGateway
	call(a, a.ec2.CreateTransitGatewayVpcAttachment, &ec2.CreateTransitGatewayVpcAttachmentInput{
		TransitGatewayId: gateway.TransitGatewayId, VpcId: &a.vpc, SubnetIds: []string{a.subnet}})
	call(a, a.ec2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &a.table, DestinationCidrBlock: aws.String(anywhere), TransitGatewayId: gateway.TransitGatewayId})
	return aws.ToString(gateway.Options.AssociationDefaultRouteTableId)
}
