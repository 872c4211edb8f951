package networktest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for command, text := range texts {
		fsys["ec2/"+command+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func loaded(t *testing.T, texts map[string]string) *networktest.Fake {
	t.Helper()
	f, err := networktest.Load(files(texts))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const subnet = `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "OfTomorrow": {"x": [1]}}]}`

func TestLoadAbsentFileIsDenied(t *testing.T) {
	f := loaded(t, map[string]string{"describe-subnets": subnet})
	topology, err := network.New(f).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-1"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(topology.Subnets) != 1 || topology.NATGateways != nil {
		t.Errorf("read %v and %v, want one subnet and no answer about NAT gateways", topology.Subnets, topology.NATGateways)
	}
	asked := slices.DeleteFunc(network.Actions(), func(action string) bool {
		return slices.Contains([]string{ // what an answer would have to name first
			"ec2:DescribeSubnets", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:GetManagedPrefixListEntries",
			"ec2:DescribeVpcBlockPublicAccessExclusions",
			"ec2:DescribeEgressOnlyInternetGateways", "ec2:DescribeInstances", "ec2:DescribeTransitGatewayAttachments",
			"ec2:DescribeTransitGatewayVpcAttachments", "ec2:DescribeVpcPeeringConnections", "ec2:SearchTransitGatewayRoutes"}, action)
	})
	for _, action := range asked {
		if err := topology.Unread[action]; code(err) != "UnauthorizedOperation" {
			t.Errorf("%s is unread for %v, want that it is denied", action, err)
		}
	}
}

func TestLoadEmptyListIsAnAnswer(t *testing.T) {
	f := loaded(t, map[string]string{"describe-nat-gateways": `{"NatGateways": []}`, "describe-vpc-endpoints": `{}`})
	nats, err := f.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{})
	if err != nil || nats.NatGateways == nil || len(nats.NatGateways) > 0 {
		t.Errorf("the answer is %v, %v; want an empty list", nats, err)
	}
	endpoints, err := f.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{})
	if err != nil || endpoints.VpcEndpoints == nil || len(endpoints.VpcEndpoints) > 0 {
		t.Errorf("the answer is %v, %v; want an empty list", endpoints, err)
	}
}

func TestLoadSeveralDocumentsInAFile(t *testing.T) {
	f := loaded(t, map[string]string{
		"describe-subnets": subnet + "\n" + strings.ReplaceAll(subnet, "subnet-1", "subnet-2"),
		"describe-vpc-attribute": `{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}}
			{"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": false}}`,
		"get-managed-prefix-list-entries": `{"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}]}
			{"PrefixListId": "pl-2", "Entries": []}
			{"PrefixListId": "pl-1", "Entries": [{"Cidr": "198.51.100.0/24"}]}`,
	})
	if len(f.Subnets) != 2 || aws.ToString(f.Subnets[1].SubnetId) != "subnet-2" {
		t.Errorf("the subnets are %v, want those of both documents", f.Subnets)
	}
	hostnames, err := f.DescribeVpcAttribute(t.Context(), &ec2.DescribeVpcAttributeInput{VpcId: aws.String("vpc-1"), Attribute: types.VpcAttributeNameEnableDnsHostnames})
	if err != nil || aws.ToBool(hostnames.EnableDnsHostnames.Value) {
		t.Errorf("enableDnsHostnames is %v, %v; want false", hostnames, err)
	}
	for list, want := range map[string]int{"pl-1": 2, "pl-2": 0} {
		out, err := f.GetManagedPrefixListEntries(t.Context(), &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &list})
		if err != nil || len(out.Entries) != want {
			t.Errorf("the entries of %s are %v, %v; want %d", list, out, err, want)
		}
	}
	if _, err := f.GetManagedPrefixListEntries(t.Context(), &ec2.GetManagedPrefixListEntriesInput{PrefixListId: aws.String("pl-3")}); code(err) != "UnauthorizedOperation" {
		t.Errorf("the error for a list in no document is %v, want that it is denied", err)
	}
}

func TestLoadNamesMalformedFiles(t *testing.T) {
	_, err := networktest.Load(files(map[string]string{
		"describe-subnets": subnet + " {", "describe-vpcs": `{"Vpcs": {}}`, "describe-route-tables": `{"RouteTables": []}`,
	}))
	if err == nil {
		t.Fatal("no error")
	}
	for name, want := range map[string]bool{"ec2/describe-subnets.json": true, "ec2/describe-vpcs.json": true, "ec2/describe-route-tables.json": false} {
		if strings.Contains(err.Error(), name) != want {
			t.Errorf("the error is %v; it names %s: %t, want %t", err, name, !want, want)
		}
	}
}

// A directory of what `aws ec2 describe-…` printed loads as it is: states in any case, optional keys absent, unknown
// fields, and times in either of the CLI's forms.
func TestLoadCapturedAccount(t *testing.T) {
	f := loaded(t, map[string]string{
		"describe-subnets": `{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a", "State": "Available", "BlockPublicAccessStates": {"InternetGatewayBlockMode": "Off"}},
			{"SubnetId": "subnet-0", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"}}]}`,
		"describe-vpcs":          `{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "DhcpOptionsId": "default", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "ASSOCIATED"}}]}]}`,
		"describe-vpc-attribute": `{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}} {"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": true}}`,
		"describe-route-tables": `{"RouteTables": [
			{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1", "AssociationState": {"State": "Associated"}}], "OfTomorrow": 1,
			 "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "Active"}, {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "ACTIVE"}]},
			{"RouteTableId": "rtb-0", "VpcId": "vpc-1", "Associations": [{"Main": true}],
			 "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]}]}`,
		"describe-network-acls": `{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "Entries": [
			{"RuleNumber": 100, "Protocol": "-1", "RuleAction": "ALLOW", "Egress": true, "CidrBlock": "0.0.0.0/0"},
			{"RuleNumber": 100, "Protocol": "-1", "RuleAction": "Allow", "Egress": false, "CidrBlock": "0.0.0.0/0"}]}]}`,
		"describe-security-groups":      `{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "task", "VpcId": "vpc-1", "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`,
		"describe-internet-gateways":    `{"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "Attached"}]}]}`,
		"describe-nat-gateways":         `{"NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-0", "State": "Available", "CreateTime": "2020-03-01T12:00:00.000Z"}]}`,
		"describe-vpc-endpoints":        `{"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcEndpointType": "gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-1.s3", "State": "Deleted", "CreationTimestamp": "2020-03-01T12:00:00+00:00"}]}`,
		"describe-managed-prefix-lists": `{"PrefixLists": [{"PrefixListId": "pl-dynamodb", "PrefixListName": "com.amazonaws.eu-west-1.dynamodb"}]}`,
	})
	topology, err := network.New(f).Topology(t.Context(), network.Placement{Subnets: []string{"subnet-1"}})
	if err != nil {
		t.Fatal(err)
	}
	for action, err := range topology.Unread {
		if action != "ec2:DescribeVpcBlockPublicAccessOptions" { // which older dumps lack
			t.Errorf("%s is unread: %v", action, err)
		}
	}
	from := network.Endpoint{Subnet: "subnet-1", SecurityGroups: []string{"sg-1"}}
	for _, to := range []network.Destination{{Host: "registry-1.docker.io"}, {Host: "198.51.100.7"}} {
		if p := topology.Path(from, to); p.Status() != network.Open {
			t.Errorf("to %s the path is %s: %+v", to.Host, p.Status(), p.Hops)
		}
	}
}
