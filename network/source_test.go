package network_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

func TestSourceReadsEverything(t *testing.T) {
	topology := gather(t, account())
	if len(topology.Unread) > 0 {
		t.Errorf("unread: %v", topology.Unread)
	}
	if topology.Subnets == nil || len(topology.Subnets) != 3 {
		t.Errorf("the subnets are %v, want the three of the VPC", topology.Subnets)
	}
	if diff := cmp.Diff(cidrs("10.0.0.0/16", "10.9.0.0/16"), topology.VPC.CIDRs); diff != "" {
		t.Errorf("the VPC's blocks (-want +got):\n%s", diff)
	}
	want := []network.RouteTable{
		{ID: "rtb-task", Subnets: []string{"subnet-task"}, Gateways: []string{}, Routes: []network.Route{
			route("10.0.0.0/16", "local"), route(anywhere, "nat-1"), route("pl-s3", "vpce-s3"),
			{CIDR: network.ParseCIDR("192.168.0.0/16"), Target: "vgw-1", State: "active", Propagated: true}}},
		{ID: "rtb-main", Main: true, Subnets: []string{}, Gateways: []string{}, Routes: []network.Route{route("10.0.0.0/16", "local"), route(anywhere, "igw-1")}},
		{ID: "rtb-edge", Subnets: []string{}, Gateways: []string{"igw-1"}, Routes: []network.Route{route("10.0.0.0/16", "local")}},
	}
	if diff := cmp.Diff(want, topology.RouteTables); diff != "" {
		t.Errorf("the route tables (-want +got):\n%s", diff)
	}
	lists := map[string][]network.CIDR{}
	for _, l := range topology.PrefixLists {
		lists[l.ID] = l.CIDRs
	}
	// Host bits are dropped, and the list that nothing names is not asked for.
	if diff := cmp.Diff(map[string][]network.CIDR{"pl-s3": cidrs("52.218.0.0/17", "3.5.64.0/21"), "pl-own": cidrs("198.51.100.0/24")}, lists); diff != "" {
		t.Errorf("the prefix lists (-want +got):\n%s", diff)
	}
	for _, to := range []network.Destination{hub, ecrAPI, layers} {
		if p := topology.Path(task(), to); p.Status() != network.Open {
			t.Errorf("to %s the path is %s\n%s", to.Host, p.Status(), show(p))
		}
	}
}

func TestSourceFollowsEveryPage(t *testing.T) {
	paged := around()
	paged.PageSize = 1
	if diff := cmp.Diff(gather(t, around()), gather(t, paged)); diff != "" {
		t.Errorf("with pages of one item (-want +got):\n%s", diff)
	}
}

func TestSourceCallsOncePerInput(t *testing.T) {
	var calls recorder
	api := around()
	api.Before = calls.before
	gather(t, api, "subnet-task", "subnet-public", "subnet-task")
	called := map[string]bool{}
	for call, times := range calls.calls {
		if times != 1 {
			t.Errorf("%d times %s", times, call)
		}
		action, _, _ := strings.Cut(call, " ")
		called[action] = true
	}
	if diff := cmp.Diff(network.Actions(), slices.Sorted(maps.Keys(called))); diff != "" {
		t.Errorf("the actions called (-declared +called):\n%s", diff)
	}
}

// Each operation denied in turn leaves the fact that it reads nil, and those that cannot be asked for without it.
func TestSourceDenied(t *testing.T) {
	facts := map[string][]string{
		"ec2:DescribeDhcpOptions":                    {".VPC.NameServers"},
		"ec2:DescribeInternetGateways":               {".InternetGateways"},
		"ec2:DescribePrefixLists":                    {".PrefixLists"},
		"ec2:DescribeNatGateways":                    {".NATGateways"},
		"ec2:DescribeNetworkAcls":                    {".NetworkACLs"},
		"ec2:DescribeNetworkInterfaces":              {".Interfaces"},
		"ec2:DescribeRouteTables":                    {".RouteTables"},
		"ec2:DescribeSecurityGroups":                 {".PrefixLists[1].CIDRs", ".SecurityGroups"}, // which name a list
		"ec2:DescribeSubnets":                        nil,                                          // nothing can be asked for
		"ec2:DescribeVpcAttribute":                   {".VPC.DNSHostnames", ".VPC.DNSSupport"},
		"ec2:DescribeVpcEndpoints":                   {".Interfaces", ".VPCEndpoints"},
		"ec2:DescribeVpcs":                           {".VPC.CIDRs", ".VPC.IPv6CIDRs", ".VPC.NameServers"},
		"ec2:GetManagedPrefixListEntries":            {".PrefixLists[1].CIDRs"}, // S3's come with the list
		"no action at all, for comparison":           {},
		"ec2:DescribeVpcBlockPublicAccessOptions":    {".PublicAccess", ".PublicAccessExclusions"}, // nothing shows that there is need of them
		"ec2:DescribeVpcBlockPublicAccessExclusions": {".PublicAccessExclusions"},
	}
	complete := readFacts(gather(t, account()))
	for action, want := range facts {
		api := account()
		api.Before = func(_ context.Context, called string, _ any) error {
			if called == action {
				return networktest.Denied(strings.TrimPrefix(called, "ec2:"))
			}
			return nil
		}
		topology := gather(t, api)
		if action == "ec2:DescribeSubnets" {
			if left := readFacts(topology); len(left) > 0 {
				t.Errorf("without %s, read all the same: %v", action, left)
			}
		} else {
			left := readFacts(topology)
			lost := slices.DeleteFunc(slices.Clone(complete), func(f string) bool {
				return slices.Contains(left, f) || slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(f, w+"[") })
			})
			if diff := cmp.Diff(want, lost, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("without %s, the facts that are lost (-want +got):\n%s", action, diff)
			}
		}
		var names []string
		for name, err := range topology.Unread {
			names = append(names, name)
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != "UnauthorizedOperation" {
				t.Errorf("without %s: %s is unread for %v", action, name, err)
			}
		}
		if strings.HasPrefix(action, "ec2:") != slices.Equal(names, []string{action}) {
			t.Errorf("without %s, unread are %s", action, names)
		}
	}
}

// readFacts names the facts that are not nil.
func readFacts(t *network.Topology) (facts []string) {
	without(t, func(fact string) { facts = append(facts, fact) })
	slices.Sort(facts)
	return facts
}

func TestSourceCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	api := account()
	api.Before = func(_ context.Context, action string, _ any) error {
		if action == "ec2:DescribeVpcs" {
			cancel()
		}
		return nil
	}
	topology, err := network.New(api).Topology(ctx, network.Placement{Subnets: []string{"subnet-task"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want %v", err, context.Canceled)
	}
	if topology == nil || topology.VPC.ID != "vpc-1" {
		t.Errorf("the topology is %+v, want what was read until then", topology)
	}
	if topology, err := network.New(account()).Topology(ctx, network.Placement{Subnets: []string{"subnet-task"}}); !errors.Is(err, context.Canceled) || topology == nil {
		t.Errorf("a context that has ended gives %v, %v", topology, err)
	}
}

func TestSourceRefusesPlacements(t *testing.T) {
	source := network.New(account())
	if _, err := source.Topology(t.Context(), network.Placement{}); err == nil {
		t.Error("no error for a placement without subnets")
	}
	_, err := source.Topology(t.Context(), network.Placement{Subnets: []string{"subnet-task", "subnet-other"}})
	if err == nil || !strings.Contains(err.Error(), "subnet-task") || !strings.Contains(err.Error(), "subnet-other") {
		t.Errorf("the error for subnets of two VPCs is %v, want one that names them", err)
	}
}

// silent shows no subnet, and does not say so.
type silent struct{ *networktest.Fake }

func (silent) DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return &ec2.DescribeSubnetsOutput{}, nil
}

func TestSourceSubnetNotShown(t *testing.T) {
	for name, topology := range map[string]*network.Topology{
		"no answer": gather(t, silent{account()}),
		"not found": gather(t, account(), "subnet-task", "subnet-gone"),
	} {
		if topology.Subnets != nil || topology.Unread["ec2:DescribeSubnets"] == nil {
			t.Errorf("%s: the subnets are %v and unread for %v, want nil and a reason", name, topology.Subnets, topology.Unread)
		}
		if p := topology.Path(task(), hub); p.Status() != network.Unknown || !slices.Contains(p.Missing, "ec2:DescribeSubnets") {
			t.Errorf("%s: the path is %s\n%s", name, p.Status(), show(p))
		}
	}
}

func TestSourceWithoutDHCPOptions(t *testing.T) {
	api := account()
	api.Vpcs[0].DhcpOptionsId, api.DhcpOptions = aws.String("default"), nil
	topology := gather(t, api)
	if !reflect.DeepEqual(topology.VPC.NameServers, []string{}) || len(topology.Unread) > 0 {
		t.Errorf("the name servers are %#v, unread %v; want none, and nothing unread", topology.VPC.NameServers, topology.Unread)
	}
}

func TestSourceWithoutInterfaceEndpoints(t *testing.T) {
	api := account()
	api.VpcEndpoints, api.NetworkInterfaces = api.VpcEndpoints[1:], nil
	if topology := gather(t, api); topology.Interfaces == nil || len(topology.Unread) > 0 {
		t.Errorf("the interfaces are %#v, unread %v; want none, and nothing unread", topology.Interfaces, topology.Unread)
	}
}

// EC2 spells the states of endpoints, and only theirs, in both cases.
func TestSourceStatesInAnyCase(t *testing.T) {
	api := account()
	api.VpcEndpoints[0].State, api.NatGateways[0].State = "AVAILABLE", "Available"
	api.InternetGateways[0].Attachments[0].State = types.AttachmentStatus("Attached")
	topology := gather(t, api)
	for _, to := range []network.Destination{hub, ecrAPI, layers} {
		if p := topology.Path(task(), to); p.Status() != network.Open {
			t.Errorf("to %s the path is %s\n%s", to.Host, p.Status(), show(p))
		}
	}
}
