package checks

import (
	"slices"

	"github.com/canpull/canpull/network"
)

// What the changes let through beyond what a cause keeps out: see Broad. A policy that is put or set again differs by the least
// statement, and what is created is used by what a later change leads to it.

// Breadth is 1: AWS's policies are for every resource.
func (AttachRolePolicy) Breadth() int { return 1 }

// Breadth is 1 where the rule is for every address.
func (c AuthorizeSecurityGroupEgress) Breadth() int {
	if slices.ContainsFunc(c.Rule.CIDRs, func(block network.CIDR) bool { return block.String() == anyIPv4 || block.String() == anyIPv6 }) {
		return 1
	}
	return 0
}

// Breadth is 2: the policy is for everybody who has it.
func (CreatePolicyVersion) Breadth() int { return 2 }

// Breadth is 2: the options are the whole VPC's.
func (AssociateDHCPOptions) Breadth() int { return 2 }

// Breadth is 2: the table is for all that is in the subnet.
func (AssociateRouteTable) Breadth() int { return 2 }

// Breadth is 2: the ACL is for all that is in its subnets.
func (CreateNetworkACLEntry) Breadth() int { return 2 }

// Breadth is 2: the route is for all subnets that use the table.
func (CreateRoute) Breadth() int { return 2 }

// Breadth is 2: the route is for all subnets that use the table.
func (ReplaceRoute) Breadth() int { return 2 }

// Breadth is 2: the route is for all attachments that use the table.
func (CreateTransitGatewayRoute) Breadth() int { return 2 }

// Breadth is 2: the route is for all attachments that use the table.
func (ReplaceTransitGatewayRoute) Breadth() int { return 2 }

// Breadth is 2: its names, or its route, are for the whole VPC.
func (CreateVPCEndpoint) Breadth() int { return 2 }

// Breadth is 2: all of the VPC loses the endpoint.
func (DeleteVPCEndpoints) Breadth() int { return 2 }

// Breadth is 2: the attribute is the whole VPC's.
func (ModifyVPCAttribute) Breadth() int { return 2 }

// Breadth is 2: the endpoint's names, or its route, are for the whole VPC.
func (ModifyVPCEndpoint) Breadth() int { return 2 }

// Breadth is 2: the attribute is for all that is in the subnet.
func (ModifySubnetAttribute) Breadth() int { return 2 }

// Breadth is 2: the exclusion is for all that is in the subnet or the VPC.
func (CreateVPCBlockPublicAccessExclusion) Breadth() int { return 2 }
