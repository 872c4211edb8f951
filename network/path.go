package network

import (
	"fmt"
	"slices"
)

// Status is the state of a hop or of a whole path.
type Status uint8

const (
	Unknown Status = iota // not decided by what was read
	Open                  // everything passes
	Partial               // some of the traffic passes: for some addresses, ports or interfaces
	Closed                // nothing passes
)

var statusNames = []string{"unknown", "open", "partial", "closed"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// MarshalText returns the status in lower case.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames, string(text))
	if i < 0 {
		return fmt.Errorf("network: no status is called %q", text)
	}
	*s = Status(i)
	return nil
}

// Kind says what stands at a hop.
type Kind string

// The kinds of hops.
const (
	KindSubnet          Kind = "subnet"           // the task's subnet itself
	KindName            Kind = "name"             // the resolution of the destination's name
	KindSecurityGroup   Kind = "security-group"   // the groups of one interface
	KindNetworkACL      Kind = "network-acl"      // a subnet's border, in one direction
	KindRoute           Kind = "route"            // a subnet's route table
	KindInternetGateway Kind = "internet-gateway" //
	KindPublicIP        Kind = "public-ip"        // the public address that an internet gateway asks for
	KindNATGateway      Kind = "nat-gateway"      //
	KindVPCEndpoint     Kind = "vpc-endpoint"     //
	KindPeering         Kind = "peering"          // a VPC peering connection
	KindAppliance       Kind = "appliance"        // a NAT instance, or another interface that a route leads to
	// KindTransitGateway is a VPC's attachment to a transit gateway; KindTransitRoute is the gateway's own route table.
	KindTransitGateway Kind = "transit-gateway"
	KindTransitRoute   Kind = "transit-gateway-route"
	KindBeyond         Kind = "beyond" // where the path leaves what EC2 shows
)

// Reason says why a hop is not open. It is stable.
type Reason string

// The reasons, by the kind of hop that has them.
const (
	// Unread is the reason of every hop that depends on an answer that was not given; Missing names the action.
	Unread Reason = "unread"

	// KindSubnet.
	SubnetAbsent Reason = "subnet-absent" // not among the VPC's subnets
	IPv6Only     Reason = "ipv6-only"     // the subnet has no IPv4 block, and its IPv6 block is not shown

	// KindName.
	DNSSupportOff       Reason = "dns-support-off"      // enableDnsSupport is false: the Amazon resolver is off
	ResolverUnreachable Reason = "resolver-unreachable" // none of the custom name servers can be reached
	CustomResolver      Reason = "custom-resolver"      // reached or not, what it answers is not in the account
	NoNameServers       Reason = "no-name-servers"      // the DHCP option set names none: what a task asks then is not documented

	IPv4Host Reason = "ipv4-host" // the host has no IPv6 address, or may have none, and nothing makes one for it

	// KindSecurityGroup.
	GroupsUnknown Reason = "groups-unknown" // which groups the interface has, or one of them, is not known
	NoRule        Reason = "no-rule"        // no rule admits (all of) the traffic

	// KindNetworkACL.
	ACLAbsent Reason = "acl-absent" // the subnet's ACL is not among those read
	Denied    Reason = "denied"     // an entry, or the ACL's last rule, denies (some of) the traffic

	// KindRoute.
	TableAbsent    Reason = "table-absent"    // the subnet's table is not among those read
	NoRoute        Reason = "no-route"        // no route covers (all of) the destination
	Blackhole      Reason = "blackhole"       // the route's target is gone
	NATLoop        Reason = "nat-loop"        // the NAT gateway's subnet routes back to the NAT gateway
	NATNoInternet  Reason = "nat-no-internet" // the NAT gateway's subnet does not lead to an internet gateway
	PrivateAddress Reason = "private-address" // an internet gateway drops private destinations
	NoReturnRoute  Reason = "no-return-route" // answers find no route back to the task
	ListUnread     Reason = "list-unread"     // a route's prefix list has entries that were not read
	RouteUnclear   Reason = "route-unclear"   // routes of equal precedence differ, or the state is neither active nor blackhole

	// KindInternetGateway.
	GatewayDetached     Reason = "gateway-detached"      // not attached to the VPC
	PublicAccessBlocked Reason = "public-access-blocked" // VPC Block Public Access
	// PublicAccessChanging: VPC Block Public Access or an exclusion from it is being changed.
	PublicAccessChanging Reason = "public-access-changing"

	// NotTranslated: it translates for interfaces of its own VPC; this traffic comes from another VPC, past no NAT gateway.
	NotTranslated Reason = "not-translated"

	// KindPublicIP.
	NoPublicIP      Reason = "no-public-ip"
	PrivateIPv6     Reason = "private-ipv6" // the IPv6 addresses are not advertised on the internet
	PublicIPUnknown Reason = "public-ip-unknown"

	// KindNATGateway.
	NATAbsent   Reason = "nat-absent"   // not among the VPC's NAT gateways
	NATState    Reason = "nat-state"    // not available
	NATPrivate  Reason = "nat-private"  // it is private, and its subnet leads to an internet gateway, which drops its traffic
	NATRegional Reason = "nat-regional" // whether a regional NAT gateway serves the zone, or its table, was not shown
	NATFamily   Reason = "nat-family"   // it takes IPv6 traffic to 64:ff9b::/96 only
	NATZone     Reason = "nat-zone"     // a regional NAT gateway has no addresses in the subnet's zone

	// KindVPCEndpoint.
	EndpointAbsent     Reason = "endpoint-absent"     // a route leads to an endpoint that is not in the VPC
	EndpointState      Reason = "endpoint-state"      // not available
	EndpointInterfaces Reason = "endpoint-interfaces" // it has no interface in any subnet that was read
	EndpointFamily     Reason = "endpoint-family"     // whether it serves IPv6-only tasks, dual-stack names, or IPv4 where its names have none, is not known
	EndpointForeign    Reason = "endpoint-foreign"    // a gateway endpoint serves its own VPC only

	// KindPeering.
	PeeringState Reason = "peering-state" // not active
	PeeringEdge  Reason = "peering-edge"  // it carries traffic to the peer's own addresses only

	// KindAppliance.
	SourceDestChecked Reason = "source-dest-check" // it takes only traffic that is addressed to it
	InstanceState     Reason = "instance-state"    // the instance is not running

	// KindTransitGateway.
	TransitAbsent       Reason = "transit-absent"       // the gateway, the attachment or the VPC behind it was not shown
	TransitState        Reason = "transit-state"        // the attachment is not available
	TransitZone         Reason = "transit-zone"         // the attachment has no subnet in the traffic's zone
	TransitUnassociated Reason = "transit-unassociated" // no route table routes what comes from the attachment

	// KindBeyond.
	Opaque Reason = "opaque" // what routes on there is in no EC2 answer
)

// Hop is one thing that traffic meets on its way: a filter that lets it pass or does not, a table that leads it on, or a
// gateway that carries it.
//
// To read one: Kind and Subject say what it is, and Subnet at whose border or by whose table; Status says whether the
// traffic passes, and Reason why not; Detail quotes the rule, route or entry that decides. Inbound, Reply and DNS say which
// traffic was judged. A hop behind a transit gateway has the IDs of the VPC there.
type Hop struct {
	Kind    Kind   `json:"kind"`
	Subject string `json:"subject"`          // the ID of what stands here, or several, joined by commas
	Subnet  string `json:"subnet,omitempty"` // the subnet whose border or table it is
	Target  string `json:"target,omitempty"` // where a route leads
	Status  Status `json:"status"`
	Reason  Reason `json:"reason,omitempty"` // "" when open
	// Detail is the deciding rule, route or entry in AWS's words, or what was looked for and not found.
	Detail string `json:"detail,omitempty"`
	// Inbound is set where the hop judges traffic that comes in: at an endpoint's groups, and at an ACL.
	Inbound bool `json:"inbound,omitempty"`
	// Reply is set where an ACL or a route judges the answers.
	Reply bool `json:"reply,omitempty"`
	// DNS is set for the way to a custom name server, which is walked before the way to the host.
	DNS bool `json:"dns,omitempty"`
	// Depends is set on a Partial hop when the host's addresses are not known: which part they are in is not either.
	Depends bool `json:"depends,omitempty"`
	// Missing names the IAM actions that would settle an Unknown hop.
	Missing []string `json:"missing,omitempty"`
}

// Path is the way from an interface to a host and back.
//
// A public task's path to Docker Hub reads: its name resolves, its security groups let the request out, the subnet's ACL
// does, the route leads to an internet gateway, which is attached, the task has a public address, and the subnet's ACL lets
// the answers in. Each of these is a [Hop]; the path is as good as the worst of them (see [Path.Status]), and
// [Path.Blocks] are those that stop the traffic. Where there are several ways (the zones of an endpoint, routes for parts
// of the addresses), their hops follow one another.
type Path struct {
	From Endpoint    `json:"from"`
	To   Destination `json:"to"`
	// Hops are in travel order: the name, the way there, and the way back. No hop is left out because an earlier one is
	// closed, but the walk ends where it is not known how traffic goes on.
	Hops []Hop `json:"hops"`
	// Missing names the IAM actions that would have shown more hops.
	Missing []string `json:"missing,omitempty"`
}

// Status is Closed when a hop is closed, else Unknown when a hop is unknown or hops are missing, else Partial when a
// hop is, else Open.
func (p Path) Status() Status {
	status := Open
	for _, h := range p.Hops {
		switch {
		case h.Status == Closed:
			return Closed
		case h.Status == Unknown:
			status = Unknown
		case h.Status == Partial && status == Open:
			status = Partial
		}
	}
	if len(p.Missing) > 0 || len(p.Hops) == 0 {
		return Unknown
	}
	return status
}

// Blocks returns the closed hops, in path order.
func (p Path) Blocks() []Hop {
	var blocks []Hop
	for _, h := range p.Hops {
		if h.Status == Closed {
			blocks = append(blocks, h)
		}
	}
	return blocks
}

// Unread returns every IAM action that the path misses: what would settle its hops, and what would show more of them.
func (p Path) Unread() []string {
	actions := slices.Clone(p.Missing)
	for _, h := range p.Hops {
		actions = append(actions, h.Missing...)
	}
	return uniq(actions)
}

// Hidden returns those of the missing actions that would have shown more hops of a kind. What a NAT gateway would have
// led to holds no security group, for example, and no other name.
func (p Path) Hidden(kind Kind) []string {
	var actions []string
	for _, action := range p.Missing {
		switch action {
		case "ec2:DescribeNatGateways", "ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayVpcAttachments",
			"ec2:SearchTransitGatewayRoutes", "ec2:DescribeVpcPeeringConnections", "ec2:DescribeEgressOnlyInternetGateways":
			if kind == KindName || kind == KindSecurityGroup || kind == KindPublicIP {
				continue
			}
		case "ec2:DescribeRouteTables", "ec2:DescribePrefixLists", "ec2:GetManagedPrefixListEntries":
			if kind == KindName || kind == KindSecurityGroup {
				continue
			}
		}
		actions = append(actions, action)
	}
	return actions
}

// VPCEndpoint returns the ID of the VPC endpoint that carries the traffic, "" when none does or it is not known.
func (p Path) VPCEndpoint() string {
	var endpoints, routed []string
	named := true
	for _, h := range p.Hops {
		switch {
		case h.DNS:
		case h.Kind == KindName:
			named = h.Status != Unknown
		case h.Kind == KindRoute:
			routed = append(routed, h.Target)
		case h.Kind == KindVPCEndpoint:
			endpoints = append(endpoints, h.Subject)
			named = named && h.Reason != EndpointFamily
		}
	}
	if endpoints = uniq(endpoints); len(endpoints) != 1 {
		return ""
	}
	if !named && !slices.Contains(routed, endpoints[0]) {
		return "" // it may be that the name does not resolve to it
	}
	return endpoints[0]
}

// Path decides the way from an interface in this VPC to a host, and back. A closed hop that is not on every way that the
// traffic may take is Partial when all of the ways are used, and Unknown when it is not known which one is.
//
// For many paths in one topology, [Topology.Paths] is quicker.
func (t *Topology) Path(from Endpoint, to Destination) Path {
	return t.Paths().Path(from, to)
}
