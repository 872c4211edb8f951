package network_test

import (
	"testing"

	"github.com/canpull/canpull/network"
)

func TestInternetGateway(t *testing.T) {
	const open, closed, unknown = network.Open, network.Closed, network.Unknown
	check(t, []row{
		{"I1 it must exist", public, func(t *trip) { t.InternetGateways = []network.InternetGateway{} },
			closed, network.KindInternetGateway, network.GatewayDetached},
		{"I1 it must be attached to this VPC", public, func(t *trip) { t.InternetGateways[0].VPC = "vpc-2" },
			closed, network.KindInternetGateway, network.GatewayDetached},
		{"I1 the attachment must be available", public, func(t *trip) { t.InternetGateways[0].State = "detaching" },
			closed, network.KindInternetGateway, network.GatewayDetached},
		{"I1 available is also called attached", public, func(t *trip) { t.InternetGateways[0].State = "Attached" }, open, "", ""},
		{"I2 R13 the task needs a public address", public, func(t *trip) { t.from.PublicIP = new(false) },
			closed, network.KindPublicIP, network.NoPublicIP},
		{"I2 whether it has one may not be known", public, func(t *trip) { t.from.PublicIP = nil },
			unknown, network.KindPublicIP, network.PublicIPUnknown},
		{"I3 RFC 1918 destinations are dropped", public, func(t *trip) { t.to.Host = "192.168.1.1" },
			closed, network.KindRoute, network.PrivateAddress},
		{"I3 RFC 6598 destinations are dropped", nat, func(t *trip) { t.to.Host = "100.64.1.1" },
			closed, network.KindRoute, network.PrivateAddress},
		{"I5 an IPv6-only subnet is not decided", public, func(t *trip) { t.Subnets[0].CIDR = network.CIDR{} },
			unknown, network.KindSubnet, network.IPv6Only},
		{"a subnet that is not shown is not decided", public, func(t *trip) { t.from.Subnet = "subnet-elsewhere" },
			unknown, network.KindSubnet, network.SubnetAbsent},
		{"B2 bidirectional blocking closes an internet gateway", public, func(t *trip) { t.VPC.BlockPublicAccess = "block-bidirectional" },
			closed, network.KindInternetGateway, network.PublicAccessBlocked},
		{"B2 and the way through a NAT gateway", nat, func(t *trip) { t.VPC.BlockPublicAccess = "block-bidirectional" },
			closed, network.KindInternetGateway, network.PublicAccessBlocked},
		{"B3 ingress blocking closes an internet gateway for a task", public, func(t *trip) { t.VPC.BlockPublicAccess = "block-ingress" },
			closed, network.KindInternetGateway, network.PublicAccessBlocked},
		{"B3 but not for a NAT gateway", nat, func(t *trip) { t.VPC.BlockPublicAccess = "block-ingress" }, open, "", ""},
		{"B4 the subnet's own mode is in effect", public, func(t *trip) {
			t.VPC.BlockPublicAccess, t.Subnets[0].BlockPublicAccess = "block-bidirectional", "off"
		}, open, "", ""},
		{"B4 for a NAT gateway its own subnet counts", nat, func(t *trip) {
			t.VPC.BlockPublicAccess, t.Subnets[1].BlockPublicAccess = "block-bidirectional", "off"
		}, open, "", ""},
		{"B5 endpoints are not affected", privateLink, func(t *trip) { t.VPC.BlockPublicAccess = "block-bidirectional" }, open, "", ""},
	})
}

func TestNATGateway(t *testing.T) {
	const open, closed, unknown = network.Open, network.Closed, network.Unknown
	for _, state := range []string{"pending", "failed", "deleting", "deleted"} {
		check(t, []row{{"N1 it must be available, not " + state, nat, func(t *trip) { t.NATGateways[0].State = state },
			closed, network.KindNATGateway, network.NATState}})
	}
	check(t, []row{
		{"N1 in any case", nat, func(t *trip) { t.NATGateways[0].State = "Available" }, open, "", ""},
		{"N1 a NAT gateway that is not shown is not decided", nat, func(t *trip) { t.NATGateways = []network.NATGateway{} },
			unknown, network.KindNATGateway, network.NATAbsent},
		{"N2 its subnet needs a route to an internet gateway", nat, func(t *trip) {
			t.table("rtb-public").Routes = t.table("rtb-public").Routes[:1]
		}, closed, network.KindRoute, network.NATNoInternet},
		{"N2 that gateway must be attached", nat, func(t *trip) { t.InternetGateways[0].State = "detached" },
			closed, network.KindInternetGateway, network.GatewayDetached},
		{"N2 its subnet must not route back to it", nat, func(t *trip) { t.reroute("rtb-public", "0.0.0.0/0", "nat-1") },
			closed, network.KindRoute, network.NATLoop},
		{"N3 a task in its subnet cannot use it", nat, func(t *trip) {
			t.NATGateways[0].Subnet = "subnet-task"
		}, closed, network.KindRoute, network.NATLoop},
		{"R7 N2 a blackhole in its subnet drops", nat, func(t *trip) { t.table("rtb-public").Routes[1].State = "blackhole" },
			closed, network.KindRoute, network.Blackhole},
		{"its subnet may not be shown", nat, func(t *trip) { t.NATGateways[0].Subnet = "subnet-elsewhere" },
			unknown, network.KindSubnet, network.SubnetAbsent},
		{"N9 a private one does not reach the internet", nat, func(t *trip) { t.NATGateways[0].Private = true },
			closed, network.KindNATGateway, network.NATPrivate},
		{"N9 but it may reach a transit gateway, and what is behind", nat, func(t *trip) {
			t.NATGateways[0].Private = true
			t.reroute("rtb-public", "0.0.0.0/0", "tgw-1")
		}, unknown, network.KindBeyond, network.Opaque},
		{"N10 a regional one is not followed", nat, func(t *trip) { t.NATGateways[0].Regional, t.NATGateways[0].Subnet = true, "" },
			unknown, network.KindNATGateway, network.NATRegional},
		{"N1 N10 but a regional one must be available too", nat, func(t *trip) { t.NATGateways[0].Regional, t.NATGateways[0].State = true, "deleted" },
			closed, network.KindNATGateway, network.NATState},
	})
}

func TestNATFailureIsShown(t *testing.T) {
	trip := nat()
	trip.NATGateways[0].State, trip.NATGateways[0].FailureCode, trip.NATGateways[0].FailureMessage = "failed", "Gateway.NotAttached", "no gateway"
	blocks := trip.path().Blocks()
	if want := "the state is failed: Gateway.NotAttached: no gateway"; len(blocks) != 1 || blocks[0].Detail != want {
		t.Errorf("the blocks are %+v, want one with %q", blocks, want)
	}
}
