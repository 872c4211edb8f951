package checks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/network"
)

func cidr(s string) network.CIDR { return network.ParseCIDR(s) }

func port(n uint16) network.Ports { return network.Ports{From: n, To: n} }

// changed is a small VPC with something for every change to be made to.
func changed() *checks.Snapshot {
	vpc := network.Topology{
		VPC: network.VPC{ID: "vpc-0", CIDRs: []network.CIDR{cidr("10.0.0.0/16")}, DNSSupport: new(false), DNSHostnames: new(false),
			NameServers: []string{"10.0.3.53"}, DHCPOptions: "dopt-0", BlockPublicAccess: "block-bidirectional"},
		Subnets: []network.Subnet{
			{ID: "subnet-0", AvailabilityZone: "eu-west-1a", CIDR: cidr("10.0.0.0/24"), DNS64: new(false), BlockPublicAccess: "block-bidirectional"},
			{ID: "subnet-1", AvailabilityZone: "eu-west-1b", CIDR: cidr("10.0.1.0/24"), DNS64: new(false), BlockPublicAccess: "block-bidirectional"},
		},
		RouteTables: []network.RouteTable{{ID: "rtb-0", Main: true, Subnets: []string{}, Gateways: []string{}, Routes: []network.Route{
			{CIDR: cidr("10.9.0.0/16"), Target: "pcx-0", State: "active"}}}},
		NetworkACLs:            []network.NetworkACL{{ID: "acl-0", Entries: []network.ACLEntry{}}},
		SecurityGroups:         []network.SecurityGroup{{ID: "sg-0", Name: "web", Ingress: []network.Rule{}, Egress: []network.Rule{}}},
		InternetGateways:       []network.InternetGateway{},
		NATGateways:            []network.NATGateway{{ID: "nat-0", State: "available", Regional: true, Zones: []string{"eu-west-1a"}}},
		VPCEndpoints:           []network.VPCEndpoint{{ID: "vpce-0", Type: "Gateway", Service: "com.amazonaws.eu-west-1.s3", State: "available"}},
		Interfaces:             []network.NetworkInterface{{ID: "eni-0", SourceDestCheck: new(true)}},
		PrefixLists:            []network.PrefixList{{ID: "pl-0", Name: "com.amazonaws.eu-west-1.s3"}},
		Instances:              []network.Instance{{ID: "i-0", State: "stopped"}},
		Peerings:               []network.Peering{{ID: "pcx-0", State: "pending-acceptance"}},
		PublicAccessExclusions: []network.PublicAccessExclusion{},
		TransitGateways: []network.TransitGateway{{ID: "tgw-0", Attachments: []network.TransitAttachment{
			{ID: "tgw-attach-0", Type: "vpc", Resource: "vpc-0", State: "pendingAcceptance", Subnets: []string{"subnet-0"}},
		}, RouteTables: []network.TransitRouteTable{{ID: "tgw-rtb-0", Routes: []network.TransitRoute{
			{CIDR: cidr("10.9.0.0/16"), Attachments: []string{}, State: "blackhole"}}}}}},
	}
	return &checks.Snapshot{
		Task:  checks.Task{Cluster: "prod", Service: "web", TaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7"},
		Facts: checks.Facts{Networks: []checks.Answer[network.Placement, network.Topology]{{Question: network.Placement{Subnets: []string{"subnet-0"}}, Fact: &vpc}}},
	}
}

// changes holds one of every type that JSON is read back as, or several where they differ in what they come to.
var changes = []checks.Change{
	checks.AcceptTransitGatewayVPCAttachment{Attachment: "tgw-attach-0"},
	checks.AcceptVPCPeeringConnection{Peering: "pcx-0"},
	checks.AssociateDHCPOptions{DHCPOptions: "dopt-new", NameServers: []string{"AmazonProvidedDNS"}, VPC: "vpc-0"},
	checks.AssociateNATGatewayAddress{NATGateway: "nat-0", AvailabilityZone: "eu-west-1b"},
	checks.AssociateRouteTable{RouteTable: "rtb-0", Subnet: "subnet-1"},
	checks.AssociateTransitGatewayRouteTable{RouteTable: "tgw-rtb-0", Attachment: "tgw-attach-0"},
	checks.AttachInternetGateway{InternetGateway: "igw-new", VPC: "vpc-0"},
	checks.AuthorizeSecurityGroupEgress{Group: "sg-0", Rule: network.Rule{Protocol: "tcp", Ports: port(443), CIDRs: []network.CIDR{cidr("0.0.0.0/0"), cidr("::/0")}, PrefixLists: []string{"pl-0"}}},
	checks.AuthorizeSecurityGroupIngress{Group: "sg-0", Rule: network.Rule{Protocol: "tcp", Ports: port(443), Groups: []string{"sg-1", "sg-new"}}},
	checks.CreateDHCPOptions{NameServers: []string{"10.0.3.53", "AmazonProvidedDNS"}},
	checks.CreateEgressOnlyInternetGateway{VPC: "vpc-0"},
	checks.CreateInternetGateway{},
	checks.CreateNATGateway{Subnet: "subnet-0"},
	checks.CreateNetworkACLEntry{NetworkACL: "acl-0", Entry: network.ACLEntry{Number: 90, Egress: true, Allow: true, Protocol: "6", Ports: port(443), CIDR: cidr("0.0.0.0/0")}},
	checks.CreateNetworkACLEntry{NetworkACL: "acl-0", Entry: network.ACLEntry{Number: 90, Protocol: "17", Ports: network.Ports{From: 32768, To: 60999}, CIDR: cidr("::/0")}},
	checks.CreateRoute{RouteTable: "rtb-0", Destination: "0.0.0.0/0", Target: "igw-0"},
	checks.CreateRoute{RouteTable: "rtb-0", Destination: "::/0", Target: "eigw-new"},
	checks.CreateRoute{RouteTable: "rtb-0", Destination: "10.8.0.0/16", Target: "tgw-0"},
	checks.CreateSecurityGroup{VPC: "vpc-0", Name: "vpc-endpoints", Description: "VPC endpoints"},
	checks.CreateTransitGatewayRoute{RouteTable: "tgw-rtb-0", Destination: "0.0.0.0/0", Attachment: "tgw-attach-0"},
	checks.CreateVPCBlockPublicAccessExclusion{Subnet: "subnet-0", EgressOnly: true},
	checks.CreateVPCBlockPublicAccessExclusion{VPC: "vpc-0"},
	checks.CreateVPCEndpoint{VPC: "vpc-0", EndpointType: "Interface", Service: "com.amazonaws.eu-west-1.ecr.api", Subnets: []string{"subnet-0", "subnet-1"}, SecurityGroups: []string{"sg-new"}},
	checks.CreateVPCEndpoint{VPC: "vpc-0", EndpointType: "Gateway", Service: "com.amazonaws.eu-west-1.s3", RouteTables: []string{"rtb-0"}},
	checks.DeleteVPCEndpoints{VPCEndpoint: "vpce-0"},
	checks.ModifyNetworkInterfaceAttribute{Interface: "eni-0", SourceDestCheck: false},
	checks.ModifySubnetAttribute{Subnet: "subnet-0", DNS64: true},
	checks.ModifyTransitGatewayVPCAttachment{Attachment: "tgw-attach-0", AddSubnet: "subnet-1"},
	checks.ModifyVPCAttribute{VPC: "vpc-0", Attribute: checks.EnableDNSHostnames},
	checks.ModifyVPCAttribute{VPC: "vpc-0", Attribute: checks.EnableDNSSupport},
	checks.ModifyVPCEndpoint{VPCEndpoint: "vpce-0", AddRouteTables: []string{"rtb-0"}},
	checks.ModifyVPCEndpoint{VPCEndpoint: "vpce-0", PrivateDNS: new(false)},
	checks.ReplaceRoute{RouteTable: "rtb-0", Destination: "10.9.0.0/16", Target: "nat-new"},
	checks.ReplaceTransitGatewayRoute{RouteTable: "tgw-rtb-0", Destination: "10.9.0.0/16", Attachment: "tgw-attach-0"},
	checks.RunTask{Cluster: "prod", TaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", PlatformVersion: "1.4.0", Subnets: []string{"subnet-0"}, SecurityGroups: []string{}, AssignPublicIP: true},
	checks.StartInstances{Instance: "i-0"},
	checks.UpdateService{Cluster: "prod", Service: "web", Subnets: []string{"subnet-0", "subnet-1"}, SecurityGroups: []string{"sg-0"}, AssignPublicIP: true},
}

const changesFile = "testdata/changes.txt"

// What every change comes to, for people to read: its commands, its Terraform, and what it makes of the facts.
func TestChanges(t *testing.T) {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "# %s\n\n", reflect.TypeOf(c).Name())
		for _, words := range c.Commands() {
			fmt.Fprintf(&b, "$ %s\n", strings.Join(words, " "))
		}
		fmt.Fprintf(&b, "\n%s\n", c.Terraform())
		before, after := changed(), changed()
		if err := c.Apply(after); err != nil {
			t.Errorf("%T: %v", c, err)
		}
		for _, line := range differences(t, before, after) {
			fmt.Fprintf(&b, "%s\n", line)
		}
		b.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(changesFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(changesFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("changes come to something else (-want +got):\n%s", diff)
	}
}

// differences lists the values that a change takes away from a snapshot and adds to it, each with where it stands.
func differences(t *testing.T, before, after *checks.Snapshot) (lines []string) {
	t.Helper()
	was, is := leaves(t, before), leaves(t, after)
	for _, l := range was {
		if !slices.Contains(is, l) {
			lines = append(lines, "- "+l)
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			lines = append(lines, "+ "+l)
		}
	}
	return lines
}

func leaves(t *testing.T, s *checks.Snapshot) (all []string) {
	t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				walk(path+"."+k, v[k])
			}
		case []any:
			for i, item := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), item)
			}
		default:
			all = append(all, strings.TrimPrefix(path, ".facts.networks[0].fact.")+": "+fmt.Sprint(v))
		}
	}
	walk("", v)
	return all
}

// A change of what was not read, or is not there, fails: nothing is made up.
func TestChangesFailWithoutWhatTheyChange(t *testing.T) {
	for _, c := range changes {
		err := c.Apply(&checks.Snapshot{})
		switch c.(type) {
		case checks.CreateInternetGateway, checks.CreateDHCPOptions: // what nothing uses yet is in no facts
			if err != nil {
				t.Errorf("%T: %v", c, err)
			}
		default:
			if err == nil {
				t.Errorf("%T is made to facts that hold nothing", c)
			}
		}
	}
}

// AWS refuses to create a second time what there is one of.
func TestChangesThatCreateAreMadeOnce(t *testing.T) {
	for _, c := range changes {
		switch c.(type) {
		case checks.CreateRoute, checks.CreateNATGateway, checks.CreateSecurityGroup, checks.CreateNetworkACLEntry, checks.CreateTransitGatewayRoute, checks.CreateVPCEndpoint,
			checks.AssociateRouteTable, checks.AssociateNATGatewayAddress, checks.AssociateTransitGatewayRouteTable, checks.ModifyTransitGatewayVPCAttachment:
			s := changed()
			if err := c.Apply(s); err != nil {
				t.Errorf("%T: %v", c, err)
			}
			if err := c.Apply(s); err == nil {
				t.Errorf("%T is made twice", c)
			}
		}
	}
}

// A change reaches every VPC that was read: those behind a transit gateway, and the same one in the answer for another task.
func TestChangesAreMadeWhereverTheFactsHoldThem(t *testing.T) {
	s := changed()
	again := *changed().Facts.Networks[0].Fact
	behind := network.Topology{VPC: network.VPC{ID: "vpc-1"}, RouteTables: []network.RouteTable{{ID: "rtb-1", Routes: []network.Route{}}}}
	s.Facts.Networks[0].Fact.Neighbours = []network.Topology{behind}
	s.Facts.Networks = append(s.Facts.Networks, checks.Answer[network.Placement, network.Topology]{Fact: &again})
	for _, table := range []string{"rtb-0", "rtb-1"} {
		if err := (checks.CreateRoute{RouteTable: table, Destination: "0.0.0.0/0", Target: "nat-0"}).Apply(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []network.RouteTable{s.Facts.Networks[0].Fact.RouteTables[0], again.RouteTables[0], s.Facts.Networks[0].Fact.Neighbours[0].RouteTables[0]} {
		if !slices.ContainsFunc(table.Routes, func(r network.Route) bool { return r.Target == "nat-0" }) {
			t.Errorf("the route is not in %s: %v", table.ID, table.Routes)
		}
	}
}

func TestEveryTypeOfChangeSurvivesJSON(t *testing.T) {
	fix := checks.Fix{Summary: "Do all of it", Docs: "https://docs.aws.amazon.com/", TradeOff: "It is much.", Region: "eu-west-1", Changes: changes}
	data, err := json.Marshal(fix)
	if err != nil {
		t.Fatal(err)
	}
	var back checks.Fix
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fix, back); diff != "" {
		t.Errorf("JSON says something else (-before +after):\n%s", diff)
	}
	var doc struct {
		Changes []struct {
			Type      string
			Commands  [][]string
			Terraform string
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for i, c := range doc.Changes {
		if c.Type != reflect.TypeOf(changes[i]).Name() || c.Terraform != changes[i].Terraform() || len(c.Commands) != len(changes[i].Commands()) {
			t.Errorf("%T is written as %+v", changes[i], c)
		}
		for _, words := range c.Commands {
			if got := words[len(words)-2:]; !slices.Equal(got, []string{"--region", "eu-west-1"}) {
				t.Errorf("%s ends in %v and not in its Region", c.Type, got)
			}
		}
	}
}

// What a newer version wrote stays as it is, and cannot be applied.
func TestAnUnknownChangeIsKept(t *testing.T) {
	const newer = `{"summary":"s","docs":"d","changes":[{"type":"CreateWormhole","far":"<side>","commands":[["aws","ec2","create-wormhole"]],"terraform":"# none\n"}]}`
	var fix checks.Fix
	if err := json.Unmarshal([]byte(newer), &fix); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"aws", "ec2", "create-wormhole"}}, fix.Commands()); diff != "" {
		t.Errorf("its commands are lost (-want +got):\n%s", diff)
	}
	if got := fix.Changes[0].Terraform(); got != "# none\n" {
		t.Errorf("its Terraform is %q", got)
	}
	if err := fix.Changes[0].Apply(changed()); err == nil || !strings.Contains(err.Error(), "CreateWormhole") {
		t.Errorf("it is applied (%v)", err)
	}
	data, err := json.Marshal(fix)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(strings.ReplaceAll(string(data), `\u003c`, "<"), `\u003e`, ">") != newer {
		t.Errorf("it is written as %s", data)
	}
}

func TestMalformedChangesAreErrors(t *testing.T) {
	for _, changes := range []string{`[{}]`, `[null]`, `["CreateRoute"]`, `[{"type":"CreateRoute","target":1}]`, `[{"type":""}]`, `{}`} {
		var fix checks.Fix
		if err := json.Unmarshal([]byte(`{"changes":`+changes+`}`), &fix); err == nil {
			t.Errorf("%s is read as %+v", changes, fix.Changes)
		}
	}
}

// A change of a caller's own has a name in JSON too.
type paintItBlue struct{ Thing string }

func (paintItBlue) Commands() [][]string         { return nil }
func (p paintItBlue) Terraform() string          { return "# " + p.Thing + "\n" }
func (paintItBlue) Apply(*checks.Snapshot) error { return nil }

func TestAChangeOfACallersOwn(t *testing.T) {
	data, err := json.Marshal(checks.Fix{Changes: []checks.Change{&paintItBlue{"door"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"summary":"","docs":"","changes":[{"type":"paintItBlue","Thing":"door","commands":[],"terraform":"# door\n"}]}`
	if string(data) != want {
		t.Errorf("it is written as %s", data)
	}
}

// Names come from an account: what they hold stays text.
func TestTerraformQuotesNames(t *testing.T) {
	c := checks.CreateSecurityGroup{VPC: "vpc-0", Name: "a\"b\\c${d}%{e}\n", Description: "$ % {"}
	want := `resource "aws_security_group" "new" {
  vpc_id      = "vpc-0"
  name        = "a\"b\\c$${d}%%{e}\U0000000a"
  description = "$ % {"
}
`
	if diff := cmp.Diff(want, c.Terraform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []checks.Change{checks.DeleteVPCEndpoints{VPCEndpoint: "a\nresource"}, checks.ReplaceRoute{RouteTable: "a\nresource"}} {
		if first, _, _ := strings.Cut(c.Terraform(), "\n"); !strings.Contains(first, "a_resource") {
			t.Errorf("%T: a name breaks out of its comment:\n%s", c, c.Terraform())
		}
	}
}
