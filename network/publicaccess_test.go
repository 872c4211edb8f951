package network_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/canpull/canpull/network"
)

func TestPublicAccess(t *testing.T) {
	const (
		open, closed, unknown = network.Open, network.Closed, network.Unknown

		gateway, blocked, changing = network.KindInternetGateway, network.PublicAccessBlocked, network.PublicAccessChanging
		bidirectional, ingress     = "block-bidirectional", "block-ingress"
	)
	// set has the account's mode, shown neither with the VPC nor with its subnets.
	set := func(mode, state string, exclusions ...network.PublicAccessExclusion) func(*trip) {
		return func(t *trip) {
			t.VPC.BlockPublicAccess, t.PublicAccess = "", &network.PublicAccess{Mode: mode, State: state}
			t.PublicAccessExclusions = append([]network.PublicAccessExclusion{}, exclusions...)
		}
	}
	subnet := func(id, mode, state string) network.PublicAccessExclusion {
		return network.PublicAccessExclusion{ID: "vpcbpa-1", Subnet: id, Mode: mode, State: state}
	}
	whole := func(id, mode string) network.PublicAccessExclusion {
		return network.PublicAccessExclusion{ID: "vpcbpa-2", VPC: id, Mode: mode, State: "update-complete"}
	}
	check(t, []row{
		{"B1 off blocks nothing", public, set("off", "default-state"), open, "", ""},
		{"B1 a mode that is being changed decides nothing", public, set("off", "update-in-progress"), unknown, gateway, changing},
		{"B1 the account's mode is in effect where EC2 shows none", public, set(bidirectional, "update-complete"), closed, gateway, blocked},
		{"B1 a mode of tomorrow decides nothing", public, set("block-some", "update-complete"), unknown, gateway, changing},
		{"B1 nothing read and nothing shown decides nothing", public, func(t *trip) {
			t.VPC.BlockPublicAccess, t.PublicAccess, t.PublicAccessExclusions = "", nil, nil
		}, unknown, gateway, network.Unread},
		{"B1 an endpoint without the operation leaves the default, off", public, func(t *trip) {
			t.VPC.BlockPublicAccess, t.PublicAccess, t.PublicAccessExclusions = "", &network.PublicAccess{}, nil
		}, open, "", ""},
		{"B1 the account's mode goes before what is shown with the VPC", public, func(t *trip) {
			set("off", "update-complete")(t)
			t.VPC.BlockPublicAccess = bidirectional
		}, open, "", ""},
		{"B1 what is shown with the subnet goes before both", public, func(t *trip) {
			set("off", "update-complete")(t)
			t.Subnets[0].BlockPublicAccess = bidirectional
		}, closed, gateway, blocked},
		{"B2 bidirectional blocking closes the way through a NAT gateway", nat, set(bidirectional, "update-complete"), closed, gateway, blocked},
		{"B3 ingress blocking closes a task's own way out", public, set(ingress, "update-complete"), closed, gateway, blocked},
		{"B3 but not a NAT gateway's", nat, set(ingress, "update-complete"), open, "", ""},
		{"B4 an exclusion of the subnet lifts it", public, set(bidirectional, "update-complete", subnet("subnet-task", "allow-bidirectional", "create-complete")), open, "", ""},
		{"B4 so does one of the VPC", public, set(ingress, "update-complete", whole("vpc-1", "allow-bidirectional")), open, "", ""},
		{"B4 another VPC's does not", public, set(ingress, "update-complete", whole("vpc-2", "allow-bidirectional")), closed, gateway, blocked},
		{"B4 nor another subnet's", public, set(ingress, "update-complete", subnet("subnet-public", "allow-bidirectional", "create-complete")), closed, gateway, blocked},
		{"B4 nor one that failed", public, set(ingress, "update-complete", subnet("subnet-task", "allow-bidirectional", "create-failed")), closed, gateway, blocked},
		{"B4 nor one that is gone", public, set(ingress, "update-complete", subnet("subnet-task", "allow-bidirectional", "delete-complete")), closed, gateway, blocked},
		{"B4 one on its way decides nothing", public, set(ingress, "update-complete", subnet("subnet-task", "allow-bidirectional", "create-in-progress")), unknown, gateway, changing},
		{"B4 exclusions that were not read decide nothing", public, func(t *trip) {
			set(ingress, "update-complete")(t)
			t.PublicAccessExclusions = nil
		}, unknown, gateway, network.Unread},
		{"B4 allow-egress does not lift a task's own way out", public, set(bidirectional, "update-complete", subnet("subnet-task", "allow-egress", "create-complete")), closed, gateway, blocked},
		{"B4 it lifts a NAT gateway's", nat, set(bidirectional, "update-complete", subnet("subnet-public", "allow-egress", "create-complete")), open, "", ""},
		{"B4 for which the task's subnet does not count", nat, set(bidirectional, "update-complete", subnet("subnet-task", "allow-bidirectional", "create-complete")), closed, gateway, blocked},
		{"B5 endpoints are not affected", gatewayEndpoint, set(bidirectional, "update-complete"), open, "", ""},
	})
}

// The calls about VPC Block Public Access are made only where EC2 does not show with the subnets that it is off.
func TestSourceAsksForPublicAccessOnlyInNeed(t *testing.T) {
	for _, c := range []struct {
		shown types.BlockPublicAccessMode
		mode  types.InternetGatewayBlockMode
		want  []string
	}{
		{"off", "block-ingress", nil},
		{"", "off", []string{"ec2:DescribeVpcBlockPublicAccessOptions"}},
		{"block-ingress", "block-ingress", []string{"ec2:DescribeVpcBlockPublicAccessExclusions", "ec2:DescribeVpcBlockPublicAccessOptions"}},
	} {
		api, called := account(), []string{}
		api.PublicAccess.InternetGatewayBlockMode = c.mode
		for i := range api.Subnets {
			api.Subnets[i].BlockPublicAccessStates = &types.BlockPublicAccessStates{InternetGatewayBlockMode: c.shown}
		}
		asked := make(chan string, 100)
		api.Before = func(_ context.Context, action string, _ any) error { asked <- action; return nil }
		gather(t, api)
		close(asked)
		for action := range asked {
			if len(action) > 27 && action[:27] == "ec2:DescribeVpcBlockPublicA" {
				called = append(called, action)
			}
		}
		slices.Sort(called)
		if !slices.Equal(called, c.want) {
			t.Errorf("shown %q, set %q: called %v, want %v", c.shown, c.mode, called, c.want)
		}
	}
}
