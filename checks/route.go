package checks

import (
	"context"
	"slices"
	"strings"

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
		regional    = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html"
		nat64       = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html"
		peering     = "https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html"
		instances   = "https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html"
		transit     = "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html"
		transits    = "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-route-tables.html"
		egress      = "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html"
	)
	return Info{
		ID: "route", Title: "Routes", Actions: network.Actions(),
		Codes: map[Code]Meaning{
			"route.open":      {Pass, "There is a route from each of the subnets ({subnets}) to each host of the pull.", nil},
			"route.unread":    {Unknown, "Whether there is a route from {subnets} to {hosts} is not known, because {reason}.", nil},
			"route.undecided": {Unknown, "Whether there is a route from {subnets} to {hosts} depends on the addresses that their names resolve to, or on something that EC2 did not show ({subject}).", nil},
			"route.beyond":    {Unknown, "Traffic from {subnets} to {hosts} leaves through {subject}, and what lies behind it is not visible in this account's VPC.", nil},
			"route.partial": {Unknown, "{subject} carries only some of the internet's addresses from {subnets}, and whether {hosts} are among them is not known.",
				[]Remedy{{"Add a route for 0.0.0.0/0 to {subject}", routeTables, natCost, inVPC(natForTable)}}},
			"route.partial-known": {Warn, "{subject} carries only some of the addresses of {hosts} from {subnets}, so some pulls will fail.",
				[]Remedy{{"Give the rest of the addresses a route in {subject}", routeTables, natCost, inVPC(natForTable)}}},
			"route.none": {Fail, "Route table {subject} has no route from {subnets} to {hosts}.", []Remedy{
				{"Add a route for 0.0.0.0/0 to a NAT gateway to {subject}", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html", natCost, inVPC(natForTable)},
				{"Create the VPC endpoints for ecr.api, ecr.dkr and S3, if all images are in Amazon ECR in this Region", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html", endpointCost, inVPC(serveWays)},
				{"Associate {subnets} with a route table that leads to a NAT gateway", routeTables, "", inVPC(otherTable)},
			}},
			"route.blackhole": {Fail, "{subject} no longer exists, and the routes of {tables} that carry {hosts} from {subnets} lead to it.", []Remedy{
				{"Replace {subject} in the routes of {tables} with a NAT gateway or an internet gateway that exists", routeTables, "", inVPC(liveTarget)}}},
			"route.gateway-detached": {Fail, "The internet gateway {subject}, which carries {hosts} from {subnets}, is not attached to {vpc}.", []Remedy{
				{"Attach {subject} to {vpc}, or point the route to a gateway that is attached", "https://docs.aws.amazon.com/vpc/latest/userguide/working-with-igw.html", "", inVPC(attach)}}},
			"route.public-access-blocked": {Fail, "VPC Block Public Access stops the traffic from {subnets} to {hosts} at {subject}.", []Remedy{
				{"Create a VPC Block Public Access exclusion for the subnet that leads to {subject}", "https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-exclusions.html", "", inVPC(exclude)}}},
			"route.private-address": {Fail, "{subject} forwards no traffic to the private addresses of {hosts}.", []Remedy{
				{"Add a route to the network of {hosts}", routeTables, "", nil}}},
			"route.nat-state": {Fail, "The NAT gateway {subject}, which carries {hosts} from {subnets}, is not available.", []Remedy{
				{"Point the default route to a NAT gateway that is available, or create one in a public subnet", natGateways, "", inVPC(natInPlace)}}},
			"route.nat-private": {Fail, "The NAT gateway {subject}, which carries {hosts} from {subnets}, is private and does not reach the internet.", []Remedy{
				{"Point the default route to a public NAT gateway, or create one in a public subnet", natGateways, "", inVPC(natInPlace)}}},
			"route.nat-no-internet": {Fail, "The NAT gateway's own subnet does not lead to an internet gateway: route table {subject} has no route to {hosts}.", []Remedy{
				{"Add a route for 0.0.0.0/0 to an internet gateway to {subject}", natGateways, "It makes every subnet that uses the table a public one.", inVPC(natOut)},
				{"Point the default route of {subnets} to another NAT gateway, or create one in a public subnet", natGateways, natCost, inVPC(natElsewhere)}}},
			"route.nat-loop": {Fail, "The NAT gateway's own subnet sends {hosts} back to the NAT gateway: its route table {subject} leads to {target}.", []Remedy{
				{"Point the route for 0.0.0.0/0 of {subject} to an internet gateway", natGateways, "It makes every subnet that uses the table a public one.", inVPC(natOut)},
				{"Point the default route of {subnets} to another NAT gateway, or create one in a public subnet", natGateways, natCost, inVPC(natElsewhere)}}},
			"route.nat-zone": {Fail, "The regional NAT gateway {subject}, which carries {hosts} from {subnets}, has no addresses in the Availability Zone of the subnet.", []Remedy{
				{"Add the Availability Zone to {subject}, or let AWS manage its zones", regional, "", inVPC(addZones)}}},
			"route.nat-family": {Fail, "The NAT gateway {subject} takes no IPv6 traffic to {hosts} but that to 64:ff9b::/96.", []Remedy{
				{"Point the IPv6 default route to an egress-only internet gateway", nat64, "", inVPC(egressOnly)}}},
			"route.no-return": {Fail, "The answers of {hosts} do not come back to {subnets}: {subject} has no route for the subnet's addresses.", []Remedy{
				{"Add a route for the addresses of {vpc} to {subject}", egress, "", inVPC(wayBack)}}},
			"route.not-translated": {Fail, "Traffic from {subnets} to {hosts} reaches {subject} of another VPC without passing a NAT gateway, and is dropped there.", []Remedy{
				{"Route the transit gateway's subnets to a NAT gateway instead of {subject}", egress, "", inVPC(natInPlace)}}},
			"route.peering-edge": {Fail, "The route from {subnets} to {hosts} leads through the peering connection {subject}, which reaches no gateway of the peer VPC.", []Remedy{
				{"Point the default route to a NAT gateway, or to a transit gateway that leads to one", peering, natCost, inVPC(natInPlace)}}},
			"route.peering-state": {Fail, "The peering connection {subject}, which carries {hosts} from {subnets}, is not active.", []Remedy{
				{"Accept {subject}, or create it anew", peering, "", inVPC(acceptPeering)}}},
			"route.source-dest-check": {Fail, "The network interface {subject}, to which {subnets} send the traffic to {hosts}, takes only traffic that is addressed to itself.", []Remedy{
				{"Turn off the source/destination check of {subject}", instances, "", inVPC(uncheck)}}},
			"route.instance-stopped": {Fail, "The instance {subject}, through which {subnets} reach {hosts}, is not running.", []Remedy{
				{"Start {subject}", instances, "", inVPC(start)}}},
			"route.endpoint-foreign": {Fail, "Traffic from {subnets} to {hosts} comes to the gateway endpoint {subject} of another VPC, which serves that VPC only.", []Remedy{
				{"Create a gateway endpoint in {vpc}", "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html", "", inVPC(serveWays)}}},
			"route.transit-state": {Fail, "The transit gateway attachment {subject}, which carries {hosts} from {subnets}, is not available.", []Remedy{
				{"Accept {subject}, or create it anew", transit, "", inVPC(acceptAttachment)}}},
			"route.transit-zone": {Fail, "The transit gateway attachment {subject} has no subnet in the Availability Zone that traffic between {subnets} and {hosts} comes from.", []Remedy{
				{"Add a subnet of that Availability Zone to {subject}", transit, "", inVPC(addZone)}}},
			"route.transit-unassociated": {Fail, "The transit gateway attachment {subject} is associated with no route table, so traffic from {subnets} to {hosts} ends there.", []Remedy{
				{"Associate {subject} with a transit gateway route table", transits, "", inVPC(associateTable)}}},
			"route.transit-none": {Fail, "The transit gateway route table {subject} has no route from {subnets} to {hosts}.", []Remedy{
				{"Add a route for 0.0.0.0/0 to the attachment of the VPC with the NAT gateway to {subject}", transits, "", inVPC(transitRoute)}}},
			"route.transit-blackhole": {Fail, "The transit gateway route table {subject} drops the traffic between {subnets} and {hosts}.", []Remedy{
				{"Replace the blackhole route of {subject}", transits, "", inVPC(transitRoute)}}},
			"route.endpoint-state": {Fail, "The gateway endpoint {subject}, which carries {hosts} from {subnets}, is not available.", []Remedy{
				{"Create the gateway endpoint anew", "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html", "", inVPC(serveWays)}}},
		},
		Assumes: []string{
			"VPC Block Public Access is off where the EC2 endpoint does not have the operation that tells.",
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
		network.NATZone:             "route.nat-zone",
		network.NATFamily:           "route.nat-family",
		network.NoReturnRoute:       "route.no-return",
		network.NotTranslated:       "route.not-translated",
		network.PeeringEdge:         "route.peering-edge",
		network.PeeringState:        "route.peering-state",
		network.SourceDestChecked:   "route.source-dest-check",
		network.InstanceState:       "route.instance-stopped",
		network.EndpointForeign:     "route.endpoint-foreign",
		network.TransitState:        "route.transit-state",
		network.TransitZone:         "route.transit-zone",
		network.TransitUnassociated: "route.transit-unassociated",
	}
	return s.findings(c.Info(), network.KindRoute, func(w way, h network.Hop) verdict {
		if h.DNS {
			return verdict{} // the way to the name servers is the DNS check's
		}
		switch h.Kind {
		case network.KindSubnet, network.KindRoute, network.KindInternetGateway, network.KindNATGateway, network.KindBeyond,
			network.KindPeering, network.KindAppliance, network.KindTransitGateway, network.KindTransitRoute:
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
			switch transit := h.Kind == network.KindTransitRoute; {
			case transit && h.Reason == network.NoRoute:
				v.code = "route.transit-none"
			case transit && h.Reason == network.Blackhole:
				v.code = "route.transit-blackhole"
			case h.Reason == network.Blackhole: // what is gone is one cause for all the tables that lead to it
				v.subject, v.args["tables"] = h.Target, h.Subject
				if s.ending(h.Target) { // tables show that one after the other
					v.code = "route.nat-state"
				}
			}
		case network.Partial:
			v.code = "route.partial-known"
			if h.Depends {
				v.code = "route.partial"
			}
		default:
			switch {
			case len(h.Missing) > 0:
				v.code, v.subject = "route.unread", s.place()
			case h.Kind == network.KindBeyond:
				v.code = "route.beyond"
			default:
				v.code = "route.undecided"
			}
		}
		return v
	}), nil
}

// ending reports whether EC2 still shows a NAT gateway that is not, or no longer, available.
func (s *survey) ending(id string) bool {
	return slices.ContainsFunc(s.topology.NATGateways, func(n network.NATGateway) bool { return n.ID == id && !strings.EqualFold(n.State, "available") })
}
