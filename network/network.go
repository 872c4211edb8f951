// Package network decides whether traffic of a Fargate task gets to a host and back, from what EC2 says about the VPC.
//
// It has three parts. [API] is what it calls; [Source] returns a [Topology], which is a VPC as plain data; and
// [Topology.Path] decides, without a context and without I/O, which way traffic from an [Endpoint] to a [Destination]
// goes and whether each [Hop] on that way is open.
//
// # Not knowing
//
// A nil slice or pointer in a Topology was not read; an empty one was read and holds nothing. A hop that depends on what
// was not read is [Unknown] and names, in Missing, the IAM actions that would settle it. Taking a fact away never makes a
// path more certain.
//
// # Limits
//
// A path is followed through internet, egress-only and NAT gateways (zonal and regional), interface and gateway endpoints,
// and one transit gateway into the VPC behind it and back. It is Unknown beyond what no EC2 call of this account shows: a
// virtual private gateway, AWS Cloud WAN, a local or carrier gateway, the interfaces of a peer, another account's transit
// gateway tables, what the owner of a shared VPC has in it (see Placement.Account), and what an appliance's or a firewall's
// software does. What is certain to stop the traffic before that is Closed all the same. Rules inside a firewall, and what
// custom DNS servers answer, are never guessed.
//
// From a subnet with IPv4 the path is that of IPv4, which Amazon ECR's API needs in a dual-stack subnet too; from one
// without, that of IPv6, through DNS64 and a NAT gateway to hosts that have no IPv6 address.
//
// VPC encryption controls are not read.
package network

import "context"

// Placement is where a task runs or may run.
type Placement struct {
	Subnets        []string `json:"subnets"`        // subnet IDs; a task is placed in any one of them
	SecurityGroups []string `json:"securityGroups"` // group IDs; nil: not known; empty: the VPC's default group
	PublicIP       *bool    `json:"publicIP"`       // assignPublicIp; nil: not known
	// Account is that of the task, and of who asks EC2 for it; "" where it is not known. Of a VPC that another account shares,
	// EC2 does not show it the VPC endpoints and NAT gateways: where there are none, they were not read. Nor was VPC Block Public
	// Access, which is the owner's there.
	Account string `json:"account,omitempty"`
}

// In returns the network interface that a task of this placement gets in one of its subnets.
func (p Placement) In(subnet string) Endpoint {
	return Endpoint{Subnet: subnet, SecurityGroups: p.SecurityGroups, PublicIP: p.PublicIP}
}

// Endpoint is the network interface that traffic starts from.
type Endpoint struct {
	Subnet         string
	SecurityGroups []string // nil: not known; empty: the VPC's default group
	PublicIP       *bool    // whether the interface has a public IPv4 address; nil: not known
	Windows        bool     // Windows picks its ports from 49152-65535, Linux from 32768-60999
}

// Destination is the host that traffic goes to.
type Destination struct {
	// Service is the end of the VPC endpoint service's name, such as "ecr.api", "ecr.dkr" or "s3";
	// "" for a host that no VPC endpoint serves.
	Service string `json:"service,omitempty"`
	Region  string `json:"region,omitempty"` // the service's region; "" without a Service
	Host    string `json:"host"`             // DNS name or IPv4 address; "" for some host on the internet
	Port    uint16 `json:"port"`             // 0 means 443
	// UDP is set for a destination that is asked over UDP: a DNS server.
	UDP bool `json:"udp,omitempty"`
}

// Source tells what surrounds a placement.
type Source interface {
	// Topology returns the VPC of the placement's subnets. What could not be read is nil in the result and has its
	// reason in Unread; the error is for a placement that cannot be used and for a context that ended, beside which the
	// Topology holds what was read until then.
	Topology(ctx context.Context, p Placement) (*Topology, error)
}

// SourceFunc makes a function a Source.
type SourceFunc func(context.Context, Placement) (*Topology, error)

// Topology calls f.
func (f SourceFunc) Topology(ctx context.Context, p Placement) (*Topology, error) { return f(ctx, p) }
