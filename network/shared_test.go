package network_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/network/networktest"
)

// A VPC is read once, however many of its subnets are asked about at a time, and so is what VPCs have in common.
func TestSharedAsksEachQuestionOnce(t *testing.T) {
	var calls recorder
	api := around()
	api.Before = calls.before
	source := network.New(api).(network.Sharer).Shared()
	var all sync.WaitGroup
	topologies := make([]*network.Topology, 20)
	for i := range topologies {
		all.Go(func() {
			subnets := [][]string{{"subnet-task"}, {"subnet-public"}, {"subnet-task", "subnet-public"}, {"hub-public"}}[i%4]
			var err error
			if topologies[i], err = source.Topology(t.Context(), network.Placement{Subnets: subnets}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for call, times := range calls.calls {
		if times != 1 {
			t.Errorf("%d times %s", times, call)
		}
	}
	for i, topology := range topologies {
		if topology != topologies[i%4] {
			t.Errorf("the VPC of placement %d was read twice", i%4)
		}
	}
	if diff := cmp.Diff(gather(t, around()), topologies[0]); diff != "" {
		t.Errorf("shared, it differs (-alone +shared):\n%s", diff)
	}
}

func TestSharedForgetsACancelledAttempt(t *testing.T) {
	api := account()
	ctx, cancel := context.WithCancel(t.Context())
	api.Before = func(_ context.Context, action string, _ any) error {
		if action == "ec2:DescribeRouteTables" {
			cancel()
		}
		return ctx.Err()
	}
	source := network.New(api).(network.Sharer).Shared()
	at := network.Placement{Subnets: []string{"subnet-task"}}
	if _, err := source.Topology(ctx, at); !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled attempt gives %v", err)
	}
	api.Before = nil
	if topology, err := source.Topology(t.Context(), at); err != nil || topology.RouteTables == nil || len(topology.Unread) > 0 {
		t.Errorf("the next attempt gives %+v, %v", topology, err)
	}
}

func TestSharedRemembersWhatWasDenied(t *testing.T) {
	var calls recorder
	api := account()
	api.Subnets, api.Before = nil, calls.before
	source := network.New(api).(network.Sharer).Shared()
	for _, subnet := range []string{"subnet-task", "subnet-public"} {
		topology, err := source.Topology(t.Context(), network.Placement{Subnets: []string{subnet}})
		if err != nil || topology.Unread["ec2:DescribeSubnets"] == nil {
			t.Errorf("%+v, %v", topology, err)
		}
	}
	if len(calls.calls) != 1 {
		t.Errorf("the calls are %v", calls.calls)
	}
}

// What cannot decide anything is not asked for.
func TestSourceAsksOnlyForWhatMatters(t *testing.T) {
	const hostnames, gateways, nats = `ec2:DescribeVpcAttribute {"Attribute":"enableDnsHostnames"`, "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways"
	isolated := func(f *networktest.Fake) { // with endpoints for all that a pull needs
		f.RouteTables[0].Routes = slices.DeleteFunc(f.RouteTables[0].Routes, func(r types.Route) bool { return r.DestinationCidrBlock != nil && aws.ToString(r.GatewayId) != "local" })
		registry := f.VpcEndpoints[0]
		registry.VpcEndpointId, registry.ServiceName, registry.NetworkInterfaceIds = aws.String("vpce-dkr"), aws.String("com.amazonaws.eu-west-1.ecr.dkr"), nil
		f.VpcEndpoints = append(f.VpcEndpoints, registry)
	}
	for rule, c := range map[string]struct {
		change func(*networktest.Fake)
		asked  []string
	}{
		"all of it":                              {func(*networktest.Fake) {}, []string{hostnames, gateways, nats}},
		"host names without interface endpoints": {func(f *networktest.Fake) { f.VpcEndpoints = f.VpcEndpoints[1:] }, []string{gateways, nats}},
		"host names where a subnet has no default route": {func(f *networktest.Fake) {
			f.VpcEndpoints = f.VpcEndpoints[1:]
			f.RouteTables[0].Routes = slices.Delete(f.RouteTables[0].Routes, 1, 2)
		}, []string{hostnames, gateways, nats}},
		"host names where the endpoints were not read":  {func(f *networktest.Fake) { f.VpcEndpoints = nil }, []string{hostnames, gateways, nats}},
		"gateways where endpoints carry everything":     {isolated, []string{hostnames}},
		"gateways where the route tables were not read": {func(f *networktest.Fake) { isolated(f); f.RouteTables = nil }, []string{hostnames, gateways, nats}},
		"gateways where an endpoint is missing":         {func(f *networktest.Fake) { isolated(f); f.VpcEndpoints = f.VpcEndpoints[1:] }, []string{hostnames, gateways, nats}},
		"gateways where an appliance may lead to them": {func(f *networktest.Fake) {
			isolated(f)
			f.RouteTables[0].Routes = append(f.RouteTables[0].Routes, types.Route{DestinationCidrBlock: aws.String(anywhere), NetworkInterfaceId: aws.String("eni-api"), State: types.RouteStateActive})
		}, []string{hostnames, gateways, nats}},
	} {
		var calls recorder
		api := account()
		c.change(api)
		api.Before = calls.before
		topology := gather(t, api)
		for _, call := range []string{hostnames, gateways, nats} {
			asked := false
			for input := range calls.calls {
				asked = asked || strings.HasPrefix(input, call)
			}
			if asked != slices.Contains(c.asked, call) {
				t.Errorf("%s: asked %v: %s", rule, asked, call)
			}
		}
		if !slices.Contains(c.asked, nats) && (topology.NATGateways != nil || topology.InternetGateways != nil || len(topology.Unread) > 0) {
			t.Errorf("%s: what was not asked for is %v, %v, %v", rule, topology.NATGateways, topology.InternetGateways, topology.Unread)
		}
	}
}

// Who asks first does not decide for others: a placement that needs the gateways gets them.
func TestSharedReadsTheGatewaysForWhoNeedsThem(t *testing.T) {
	api := account()
	api.RouteTables[0].Routes = slices.DeleteFunc(api.RouteTables[0].Routes, func(r types.Route) bool { return r.DestinationCidrBlock != nil && aws.ToString(r.GatewayId) != "local" })
	registry := api.VpcEndpoints[0]
	registry.VpcEndpointId, registry.ServiceName, registry.NetworkInterfaceIds = aws.String("vpce-dkr"), aws.String("com.amazonaws.eu-west-1.ecr.dkr"), nil
	api.VpcEndpoints = append(api.VpcEndpoints, registry)
	var calls recorder
	api.Before = calls.before
	source := network.New(api).(network.Sharer).Shared()
	for subnet, want := range map[string]bool{"subnet-task": false, "subnet-public": true} {
		for range 2 {
			topology, err := source.Topology(t.Context(), network.Placement{Subnets: []string{subnet}})
			if err != nil || want && (topology.NATGateways == nil || topology.InternetGateways == nil) {
				t.Errorf("%s: the gateways are %v, %v (%v)", subnet, topology.NATGateways, topology.InternetGateways, err)
			}
		}
	}
	for call, times := range calls.calls {
		if times != 1 {
			t.Errorf("%d times %s", times, call)
		}
	}
}

// bare shows prefix lists without their entries, as emulators do.
type bare struct{ *networktest.Fake }

func (b bare) DescribePrefixLists(ctx context.Context, in *ec2.DescribePrefixListsInput, opts ...func(*ec2.Options)) (*ec2.DescribePrefixListsOutput, error) {
	out, err := b.Fake.DescribePrefixLists(ctx, in, opts...)
	for i := range out.PrefixLists {
		out.PrefixLists[i].Cidrs = nil
	}
	return out, err
}

func TestSourceReadsTheEntriesThatAListComesWithout(t *testing.T) {
	if diff := cmp.Diff(gather(t, account()), gather(t, bare{account()})); diff != "" {
		t.Errorf("(-with +without):\n%s", diff)
	}
}

// Every Region has lists of AWS's own: where the answer holds none, what they are is not known.
func TestNoPrefixListsAreNoAnswer(t *testing.T) {
	api := account()
	api.PrefixLists = []types.ManagedPrefixList{}
	if topology := gather(t, api); topology.PrefixLists != nil || topology.Unread["ec2:DescribePrefixLists"] == nil {
		t.Errorf("the prefix lists are %v, unread %v", topology.PrefixLists, topology.Unread)
	}
}
