package checks

import (
	"context"

	"github.com/canpull/canpull/network"
)

// Route checks that each subnet has a way to each host that the pull needs: the route table in effect, its longest
// matching route, and what that leads to.
//
// It automates the article's step "check that the route table of the task's subnet lets it reach the repository's
// endpoint through an internet gateway, a NAT gateway or a VPC endpoint".
type Route struct{ Network network.Source }

// Info describes the check.
func (Route) Info() Info {
	const (
		routeTables = "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html"
		natGateways = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html"
	)
	return Info{
		ID: "route", Title: "Routes", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"route.open":      {Pass, "There is a route from each of the subnets ({subnets}) to each host of the pull.", nil},
			"route.unread":    {Unknown, "Whether there is a route from {subnets} to {hosts} is not known, because {reason}.", nil},
			"route.undecided": {Unknown, "Whether there is a route from {subnets} to {hosts} depends on the addresses that their names resolve to, or on something that EC2 did not show ({subject}).", nil},
			"route.beyond":    {Unknown, "Traffic from {subnets} to {hosts} leaves through {subject}, and what lies behind it is not visible in this account's VPC.", nil},
			"route.partial": {Unknown, "{subject} carries only some of the internet's addresses from {subnets}, and whether {hosts} are among them is not known.",
				[]Fix{{"Add a route for 0.0.0.0/0 to {subject}", routeTables}}},
			"route.partial-known": {Warn, "{subject} carries only some of the addresses of {hosts} from {subnets}, so some pulls will fail.",
				[]Fix{{"Give the rest of the addresses a route in {subject}", routeTables}}},
			"route.none": {Fail, "Route table {subject} has no route from {subnets} to {hosts}.", []Fix{
				{"Add a route for 0.0.0.0/0 to a NAT gateway to {subject}", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html"},
				{"Create the VPC endpoints for ecr.api, ecr.dkr and S3, if all images are in Amazon ECR in this Region", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"},
			}},
			"route.blackhole": {Fail, "The route of {subject} that carries {hosts} leads to {target}, which no longer exists.", []Fix{
				{"Replace the route's target in {subject} with a NAT gateway or an internet gateway that exists", routeTables}}},
			"route.gateway-detached": {Fail, "The internet gateway {subject}, which carries {hosts} from {subnets}, is not attached to {vpc}.", []Fix{
				{"Attach {subject} to {vpc}", "https://docs.aws.amazon.com/vpc/latest/userguide/working-with-igw.html"}}},
			"route.public-access-blocked": {Fail, "VPC Block Public Access stops the traffic from {subnets} to {hosts} at {subject}.", []Fix{
				{"Create a VPC Block Public Access exclusion for the subnet that leads to {subject}", "https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-exclusions.html"}}},
			"route.private-address": {Fail, "{subject} forwards no traffic to the private addresses of {hosts}.", []Fix{
				{"Add a route to the network of {hosts}", routeTables}}},
			"route.nat-state": {Fail, "The NAT gateway {subject}, which carries {hosts} from {subnets}, is not available.", []Fix{
				{"Create a NAT gateway in a public subnet and point the default route to it", natGateways}}},
			"route.nat-private": {Fail, "The NAT gateway {subject}, which carries {hosts} from {subnets}, is private and does not reach the internet.", []Fix{
				{"Create a public NAT gateway and point the default route to it", natGateways}}},
			"route.nat-no-internet": {Fail, "The NAT gateway's own subnet does not lead to an internet gateway: route table {subject} has no route to {hosts}.", []Fix{
				{"Add a route for 0.0.0.0/0 to an internet gateway to {subject}", natGateways}}},
			"route.nat-loop": {Fail, "The NAT gateway's own subnet sends {hosts} back to the NAT gateway: its route table {subject} leads to {target}.", []Fix{
				{"Point the route for 0.0.0.0/0 of {subject} to an internet gateway", natGateways}}},
			"route.endpoint-state": {Fail, "The gateway endpoint {subject}, which carries {hosts} from {subnets}, is not available.", []Fix{
				{"Create the gateway endpoint anew", "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"}}},
		},
		Assumes: []string{
			"VPC Block Public Access is off wherever EC2 shows its mode neither with the subnet or its VPC nor for the account.",
		},
	}
}

// Check walks every path.
func (c Route) Check(ctx context.Context, task Task) ([]Finding, error) {
	s, err := surveyed(ctx, c.Network, task)
	if err != nil {
		return nil, err
	}
	codes := map[network.Reason]Code{
		network.NoRoute:             "route.none",
		network.Blackhole:           "route.blackhole",
		network.GatewayDetached:     "route.gateway-detached",
		network.PublicAccessBlocked: "route.public-access-blocked",
		network.PrivateAddress:      "route.private-address",
		network.NATState:            "route.nat-state",
		network.NATPrivate:          "route.nat-private",
		network.NATNoInternet:       "route.nat-no-internet",
		network.NATLoop:             "route.nat-loop",
		network.EndpointState:       "route.endpoint-state",
	}
	return s.findings(c.Info(), network.KindRoute, func(w way, h network.Hop) verdict {
		if h.DNS {
			return verdict{} // the way to the name servers is the DNS check's
		}
		switch h.Kind {
		case network.KindSubnet, network.KindRoute, network.KindInternetGateway, network.KindNATGateway, network.KindBeyond:
		case network.KindVPCEndpoint:
			if h.Reason == network.EndpointInterfaces {
				return verdict{} // the endpoints' own check
			}
		default:
			return verdict{}
		}
		v := verdict{subject: h.Subject, args: map[string]string{"target": h.Target}}
		switch h.Status {
		case network.Closed:
			if h.Reason == network.NoRoute && s.endpointFault(w).code != "" {
				return verdict{} // the VPC is built on endpoints: one is missing, not a route
			}
			v.code = codes[h.Reason]
		case network.Partial:
			v.code = "route.partial-known"
			if h.Depends {
				v.code = "route.partial"
			}
		default:
			switch {
			case len(h.Missing) > 0:
				v.code, v.subject = "route.unread", s.place()
			case h.Kind == network.KindBeyond || h.Reason == network.NATRegional:
				v.code = "route.beyond"
			default:
				v.code = "route.undecided"
			}
		}
		return v
	}), nil
}
