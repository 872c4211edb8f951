package network_test

import (
	"testing"

	"github.com/canpull/canpull/network"
)

func https(peers network.Rule) network.Rule {
	peers.Protocol, peers.Ports = "tcp", network.Ports{From: 443, To: 443}
	return peers
}

func TestGroups(t *testing.T) {
	const (
		open, partial, closed, unknown = network.Open, network.Partial, network.Closed, network.Unknown

		group = network.KindSecurityGroup
	)
	type rule = network.Rule
	egress := func(rules ...rule) func(*trip) {
		return func(t *trip) { t.group("sg-task").Egress = append([]rule{}, rules...) }
	}
	ingress := func(rules ...rule) func(*trip) {
		return func(t *trip) { t.group("sg-endpoint").Ingress = append([]rule{}, rules...) }
	}
	check(t, []row{
		{"S1 rules of all groups add up", public, func(t *trip) {
			t.group("sg-task").Egress = []rule{https(rule{CIDRs: cidrs("0.0.0.0/1")})}
			t.group("sg-default").Egress = []rule{https(rule{CIDRs: cidrs("128.0.0.0/1")})}
			t.from.SecurityGroups = []string{"sg-task", "sg-default"}
		}, open, "", ""},
		{"S1 groups are stateful: no ingress is needed for answers", public, func(t *trip) { t.group("sg-task").Ingress = []rule{} }, open, "", ""},
		{"S2 without egress rules nothing leaves", public, egress(), closed, group, network.NoRule},
		{"S2 nor to an endpoint", privateLink, egress(), closed, group, network.NoRule},
		{"rules that were not read decide nothing", public, func(t *trip) { t.group("sg-task").Egress = nil }, unknown, group, network.Unread},
		{"S3 the port must be in the range", public, egress(rule{Protocol: "tcp", Ports: network.Ports{From: 80, To: 442}, CIDRs: cidrs(anywhere)}), closed, group, network.NoRule},
		{"S3 the range is inclusive", public, egress(rule{Protocol: "6", Ports: network.Ports{From: 443, To: 8443}, CIDRs: cidrs(anywhere)}), open, "", ""},
		{"S3 another protocol does not match", public, egress(rule{Protocol: "udp", Ports: network.AllPorts, CIDRs: cidrs(anywhere)}), closed, group, network.NoRule},
		{"S3 protocol -1 has no ports", public, egress(rule{Protocol: "-1", CIDRs: cidrs(anywhere)}), open, "", ""},
		{"S3 another port may be asked", public, func(t *trip) {
			t.to.Port = 5000
			t.group("sg-task").Egress = []rule{https(rule{CIDRs: cidrs(anywhere)})}
		}, closed, group, network.NoRule},
		{"S3 IPv6 peers are not IPv4 peers", public, egress(https(rule{CIDRs: cidrs("::/0")})), closed, group, network.NoRule},
		{"S3 a part of the internet is a part", public, egress(https(rule{CIDRs: cidrs("52.0.0.0/8")})), partial, group, network.NoRule},
		{"S3 the VPC's block is not the internet", nat, egress(https(rule{CIDRs: cidrs("10.0.0.0/16")})), closed, group, network.NoRule},
		{"S3 a block that cannot be read decides nothing", public, egress(https(rule{CIDRs: cidrs("nonsense")})), unknown, group, network.GroupsUnknown},
		{"S4 a reference to the endpoint's group admits it", privateLink, egress(https(rule{Groups: []string{"sg-endpoint"}})), open, "", ""},
		{"S4 another reference does not", privateLink, egress(https(rule{Groups: []string{"sg-default"}})), closed, group, network.NoRule},
		{"S4 a reference admits nothing of the internet", public, egress(https(rule{Groups: []string{"sg-endpoint"}})), closed, group, network.NoRule},
		{"S4 nor of Amazon S3", gatewayEndpoint, egress(https(rule{Groups: []string{"sg-endpoint"}})), closed, group, network.NoRule},
		{"S6 G3 a rule for the service's list admits the service", gatewayEndpoint, egress(https(rule{PrefixLists: []string{"pl-s3"}})), open, "", ""},
		{"S6 so it does when the entries were not read", gatewayEndpoint, func(t *trip) {
			egress(https(rule{PrefixLists: []string{"pl-s3"}}))(t)
			t.PrefixLists[0].CIDRs = nil
		}, open, "", ""},
		{"S6 and when no list was read, but the route names it", gatewayEndpoint, func(t *trip) {
			egress(https(rule{PrefixLists: []string{"pl-s3"}}))(t)
			t.PrefixLists = nil
		}, open, "", ""},
		{"S6 a rule for another service's list admits no other host", nat, egress(https(rule{PrefixLists: []string{"pl-s3"}})), closed, group, network.NoRule},
		{"S6 a list whose entries were not read decides nothing", public, func(t *trip) {
			egress(https(rule{PrefixLists: []string{"pl-own"}}))(t)
			t.PrefixLists[2].CIDRs = nil
		}, unknown, group, network.Unread},
		{"S6 a list that is not named is nobody's", public, egress(https(rule{PrefixLists: []string{""}})), unknown, group, network.Unread},
		{"S7 a group that is not shown decides nothing", public, func(t *trip) { t.from.SecurityGroups = []string{"sg-shared"} }, unknown, group, network.GroupsUnknown},
		{"S7 but the other groups may admit the traffic", public, func(t *trip) { t.from.SecurityGroups = []string{"sg-shared", "sg-task"} }, open, "", ""},
		{"groups that are not known decide nothing", public, func(t *trip) { t.from.SecurityGroups = nil }, unknown, group, network.GroupsUnknown},
		{"a task for which none is named has the default group", public, func(t *trip) {
			egress()(t)
			t.from.SecurityGroups = []string{}
		}, open, "", ""},
		{"and that one decides", public, func(t *trip) {
			t.group("sg-default").Egress, t.from.SecurityGroups = []rule{}, []string{}
		}, closed, group, network.NoRule},
	})
	check(t, []row{
		{"E4 the endpoint's groups must admit the task: by its group", privateLink, ingress(https(rule{Groups: []string{"sg-other", "sg-task"}})), open, "", ""},
		{"E4 by its subnet's block", privateLink, ingress(https(rule{CIDRs: cidrs("10.0.0.0/16")})), open, "", ""},
		{"E4 by a part of that block it is partial", privateLink, ingress(https(rule{CIDRs: cidrs("10.0.1.0/25")})), partial, group, network.NoRule},
		{"E4 by another group they do not", privateLink, ingress(https(rule{Groups: []string{"sg-endpoint"}})), closed, group, network.NoRule},
		{"E4 by another block they do not", privateLink, ingress(https(rule{CIDRs: cidrs("10.0.2.0/24")})), closed, group, network.NoRule},
		{"E4 without ingress rules they admit nothing", privateLink, ingress(), closed, group, network.NoRule},
		{"E4 on another port they do not", privateLink, ingress(rule{Protocol: "tcp", Ports: network.Ports{From: 80, To: 80}, CIDRs: cidrs(anywhere)}), closed, group, network.NoRule},
		{"E4 their egress is irrelevant", privateLink, func(t *trip) { t.group("sg-endpoint").Egress = nil }, open, "", ""},
		{"E4 groups of the endpoint that are not shown decide nothing", privateLink, func(t *trip) { t.VPCEndpoints[0].SecurityGroups = []string{} },
			unknown, group, network.GroupsUnknown},
		{"E4 S4 a reference is undecided while the task's groups are unknown", privateLink, func(t *trip) { t.from.SecurityGroups = nil },
			unknown, group, network.GroupsUnknown},
		{"E4 a rule without a peer that is known closes all the same", privateLink, func(t *trip) {
			t.from.SecurityGroups = nil
			t.group("sg-endpoint").Ingress = []rule{}
		}, closed, group, network.NoRule},
	})
}
