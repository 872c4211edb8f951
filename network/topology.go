package network

import (
	"net/netip"
	"strings"
)

// Topology is a VPC as far as it was read. A nil slice was not read; an empty one holds nothing. (The peers of a [Rule]
// come with the rule: there, both name nobody.)
type Topology struct {
	VPC            VPC                `json:"vpc"`
	Subnets        []Subnet           `json:"subnets"`
	RouteTables    []RouteTable       `json:"routeTables"`
	NetworkACLs    []NetworkACL       `json:"networkACLs"`
	SecurityGroups []SecurityGroup    `json:"securityGroups"`
	VPCEndpoints   []VPCEndpoint      `json:"vpcEndpoints"`
	Interfaces     []NetworkInterface `json:"interfaces"` // those of the interface endpoints, and those that routes lead to
	PrefixLists    []PrefixList       `json:"prefixLists"`

	// Read only where traffic may meet one or the other.
	InternetGateways []InternetGateway `json:"internetGateways"`
	NATGateways      []NATGateway      `json:"natGateways"`

	// What else routes lead to. Each is read only where a route does.
	EgressOnlyGateways []InternetGateway `json:"egressOnlyGateways"`
	Instances          []Instance        `json:"instances"`
	Peerings           []Peering         `json:"peerings"`
	TransitGateways    []TransitGateway  `json:"transitGateways"`
	// Neighbours are the VPCs behind a transit gateway to which the task's traffic is routed. What belongs to the account
	// and the region rather than to a VPC (prefix lists, VPC Block Public Access, transit gateways) is not repeated in them.
	Neighbours []Topology `json:"neighbours"`

	// VPC Block Public Access of the account and region. The mode that EC2 shows with a subnet goes before it.
	PublicAccess           *PublicAccess           `json:"publicAccess"`
	PublicAccessExclusions []PublicAccessExclusion `json:"publicAccessExclusions"`

	// Unread says why a fact is nil, by the IAM action that would have read it ("ec2:DescribeSubnets"). It is for
	// people: no decision looks at it.
	Unread map[string]error `json:"-"`
}

// VPC is the virtual private cloud that holds the task.
type VPC struct {
	ID                string   `json:"id"`
	CIDRs             []CIDR   `json:"cidrs"` // the primary block first
	IPv6CIDRs         []CIDR   `json:"ipv6CIDRs"`
	DNSSupport        *bool    `json:"dnsSupport"`        // the attribute enableDnsSupport
	DNSHostnames      *bool    `json:"dnsHostnames"`      // the attribute enableDnsHostnames; read only where private names may matter
	NameServers       []string `json:"nameServers"`       // the DHCP options' domain-name-servers; empty: none, or no DHCP options
	DHCPOptions       string   `json:"dhcpOptions"`       // the DHCP option set's ID; "default": no DHCP options
	BlockPublicAccess string   `json:"blockPublicAccess"` // InternetGatewayBlockMode in effect; "": not shown
}

// Subnet is one subnet of the VPC.
type Subnet struct {
	ID               string `json:"id"`
	AvailabilityZone string `json:"availabilityZone"`
	CIDR             CIDR   `json:"cidr"`      // the IPv4 block; invalid in an IPv6-only subnet
	IPv6CIDRs        []CIDR `json:"ipv6CIDRs"` // empty in an IPv4-only subnet
	// IPv6AddressAttribute says whether AWS advertises the IPv6 block on the internet: "public" or "private"; "": not shown.
	IPv6AddressAttribute string `json:"ipv6AddressAttribute,omitempty"`
	DNS64                *bool  `json:"dns64"` // whether Amazon's resolver makes IPv6 addresses of IPv4 ones
	BlockPublicAccess    string `json:"blockPublicAccess"`
}

// RouteTable is a route table with what it is associated with.
type RouteTable struct {
	ID       string   `json:"id"`
	Main     bool     `json:"main"`     // used by every subnet without an explicit association
	Subnets  []string `json:"subnets"`  // explicit associations
	Gateways []string `json:"gateways"` // internet and virtual private gateways that route what arrives by this table
	Routes   []Route  `json:"routes"`
}

// Route is one route. Its destination is a CIDR or a prefix list.
type Route struct {
	CIDR       CIDR   `json:"cidr"`
	PrefixList string `json:"prefixList,omitempty"`
	Target     string `json:"target"` // the target's ID, "local", or a core network's ARN
	State      string `json:"state"`  // "active" or "blackhole"
	Propagated bool   `json:"propagated,omitempty"`
}

// NetworkACL is a network ACL with the subnets it guards.
type NetworkACL struct {
	ID      string     `json:"id"`
	Default bool       `json:"default"` // guards every subnet that no other ACL guards
	Subnets []string   `json:"subnets"`
	Entries []ACLEntry `json:"entries"`
}

// ACLEntry is one numbered rule of a network ACL.
type ACLEntry struct {
	Number   int32  `json:"number"`
	Egress   bool   `json:"egress"`
	Allow    bool   `json:"allow"`
	Protocol string `json:"protocol"` // an IANA number, or "-1" for all
	Ports    Ports  `json:"ports"`
	CIDR     CIDR   `json:"cidr"` // of either family
}

// SecurityGroup is a security group.
type SecurityGroup struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Ingress []Rule `json:"ingress"`
	Egress  []Rule `json:"egress"`
}

// Rule is one permission of a security group. It admits what any of its peers names.
type Rule struct {
	Protocol    string   `json:"protocol"` // "tcp", "udp", an IANA number, or "-1" for all
	Ports       Ports    `json:"ports"`
	CIDRs       []CIDR   `json:"cidrs,omitzero"` // of either family
	PrefixLists []string `json:"prefixLists,omitzero"`
	Groups      []string `json:"groups,omitzero"`
}

// Ports is an inclusive range of ports.
type Ports struct {
	From uint16 `json:"from"`
	To   uint16 `json:"to"`
}

// AllPorts is every port.
var AllPorts = Ports{0, 65535}

// InternetGateway is an internet gateway.
type InternetGateway struct {
	ID    string `json:"id"`
	VPC   string `json:"vpc"`   // "" when it is attached to none
	State string `json:"state"` // of the attachment: "available" (or "attached")
}

// NATGateway is a NAT gateway.
type NATGateway struct {
	ID             string `json:"id"`
	Subnet         string `json:"subnet"` // "" for a regional NAT gateway
	State          string `json:"state"`
	FailureCode    string `json:"failureCode,omitempty"`
	FailureMessage string `json:"failureMessage,omitempty"`
	Private        bool   `json:"private"`
	Regional       bool   `json:"regional"`
	// Of a regional NAT gateway: its own route table, the zones that it has addresses in, and whether AWS adds zones as the
	// VPC grows into them ("enabled" or "disabled"; "": not shown).
	RouteTable    string   `json:"routeTable,omitempty"`
	Zones         []string `json:"zones"`
	AutoProvision string   `json:"autoProvision,omitempty"`
}

// VPCEndpoint is a VPC endpoint.
type VPCEndpoint struct {
	ID                    string   `json:"id"`
	Type                  string   `json:"type"`    // "Interface", "Gateway", "GatewayLoadBalancer", …
	Service               string   `json:"service"` // "com.amazonaws.eu-west-1.ecr.api"
	State                 string   `json:"state"`
	PrivateDNS            *bool    `json:"privateDNS"`
	PrivateDNSInboundOnly bool     `json:"privateDNSInboundOnly"`     // PrivateDnsOnlyForInboundResolverEndpoint
	DNSRecordIPType       string   `json:"dnsRecordIPType,omitempty"` // of the names' addresses: "ipv4", "ipv6", "dualstack", "service-defined"; "": not shown
	RouteTables           []string `json:"routeTables,omitzero"`
	Subnets               []string `json:"subnets,omitzero"`
	SecurityGroups        []string `json:"securityGroups,omitzero"`
	Interfaces            []string `json:"interfaces,omitzero"`
	Policy                *string  `json:"policy"` // the policy document; nil: not shown
}

// Serves reports whether the endpoint is one for a service, given as the end of its name ("ecr.api"), of a region.
func (e VPCEndpoint) Serves(service, region string) bool {
	return service != "" && strings.HasSuffix(e.Service, "."+region+"."+service)
}

func (e VPCEndpoint) isInterface() bool { return strings.EqualFold(e.Type, "Interface") }

func (e VPCEndpoint) gone() bool {
	switch strings.ToLower(e.State) {
	case "deleted", "rejected", "failed", "expired":
		return true
	}
	return false
}

// NetworkInterface is the network interface of an endpoint, or of an appliance that a route leads to.
type NetworkInterface struct {
	ID              string   `json:"id"`
	Subnet          string   `json:"subnet"`
	Address         string   `json:"address"` // the private IPv4 address
	SecurityGroups  []string `json:"securityGroups"`
	SourceDestCheck *bool    `json:"sourceDestCheck"`
	Instance        string   `json:"instance,omitempty"`
	PublicIP        bool     `json:"publicIP,omitempty"`
}

// PrefixList is one of AWS's own prefix lists, or one that a route or a rule names; CIDRs is nil when its entries were not
// read.
type PrefixList struct {
	ID    string `json:"id"`
	Name  string `json:"name"` // "com.amazonaws.eu-west-1.s3"; "" for one that is not AWS's
	CIDRs []CIDR `json:"cidrs"`
}

// CIDR is an address block. It is a netip.Prefix that go-cmp can compare and that takes host bits as EC2 does:
// 10.0.10.0/22 means 10.0.8.0/22.
type CIDR struct{ netip.Prefix }

// ParseCIDR returns the block that s writes; a malformed one is invalid, and a decision that needs it is Unknown.
func ParseCIDR(s string) CIDR {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return CIDR{}
	}
	return CIDR{p.Masked()}
}

// Equal reports whether two blocks are the same.
func (c CIDR) Equal(d CIDR) bool { return c.Prefix == d.Prefix }

// UnmarshalText reads a block leniently, as ParseCIDR does.
func (c *CIDR) UnmarshalText(text []byte) error {
	*c = ParseCIDR(string(text))
	return nil
}

// RouteTable returns the route table in effect for a subnet of this VPC: the one that is associated with it, else the main
// one. It is nil when that was not read.
func (t *Topology) RouteTable(subnet string) *RouteTable {
	table, _ := routeTables(t).of(subnet)
	return table
}

// Endpoint returns the VPC endpoint with an ID, here or in a neighbour; read is false when the endpoints were not read.
func (t *Topology) Endpoint(id string) (e *VPCEndpoint, read bool) {
	for i := range t.VPCEndpoints {
		if t.VPCEndpoints[i].ID == id {
			return &t.VPCEndpoints[i], true
		}
	}
	for i := range t.Neighbours {
		if e, _ := t.Neighbours[i].Endpoint(id); e != nil {
			return e, true
		}
	}
	return nil, t.VPCEndpoints != nil
}
