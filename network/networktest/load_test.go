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
