package checks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/network"
)

const (
	newInternetGateway   = "igw" + isNew
	newEgressOnlyGateway = "eigw" + isNew
)

// CreateInternetGateway creates an internet gateway, which is attached to no VPC yet.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateInternetGateway.html
type CreateInternetGateway struct{}

// Commands creates the gateway.
func (CreateInternetGateway) Commands() [][]string {
	return [][]string{ec2Command("create-internet-gateway")}
}

// Terraform declares the gateway.
func (CreateInternetGateway) Terraform() string { return resource("aws_internet_gateway", "new") }

// Apply changes nothing: captured facts hold the gateways that are attached.
func (CreateInternetGateway) Apply(*Snapshot) error { return nil }

// AttachInternetGateway attaches an internet gateway to a VPC, which has none yet.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachInternetGateway.html
type AttachInternetGateway struct {
	InternetGateway string `json:"internetGateway"`
	VPC             string `json:"vpc"`
}

// Commands attaches the gateway.
func (c AttachInternetGateway) Commands() [][]string {
	return [][]string{ec2Command("attach-internet-gateway", "--internet-gateway-id", inCommand(c.InternetGateway), "--vpc-id", c.VPC)}
}

// Terraform declares the attachment.
func (c AttachInternetGateway) Terraform() string {
	return resource("aws_internet_gateway_attachment", c.VPC, argument{"internet_gateway_id", inTerraform(c.InternetGateway)}, argument{"vpc_id", c.VPC})
}

// Apply attaches the gateway.
func (c AttachInternetGateway) Apply(s *Snapshot) error {
	return s.alter("VPC "+c.VPC+" whose internet gateways were read", func(t *network.Topology) (bool, error) {
		if t.VPC.ID != c.VPC || t.InternetGateways == nil {
			return false, nil
		}
		for _, g := range t.InternetGateways {
			if g.VPC == c.VPC && g.ID != c.InternetGateway {
				return true, fmt.Errorf("%s is attached to %s already", g.ID, c.VPC)
			}
		}
		t.InternetGateways = slices.DeleteFunc(t.InternetGateways, func(g network.InternetGateway) bool { return g.ID == c.InternetGateway })
		t.InternetGateways = append(t.InternetGateways, network.InternetGateway{ID: c.InternetGateway, VPC: c.VPC, State: "available"})
		return true, nil
	})
}

// CreateEgressOnlyInternetGateway creates an egress-only internet gateway in a VPC.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateEgressOnlyInternetGateway.html
type CreateEgressOnlyInternetGateway struct {
	VPC string `json:"vpc"`
}

// Commands creates the gateway.
func (c CreateEgressOnlyInternetGateway) Commands() [][]string {
	return [][]string{ec2Command("create-egress-only-internet-gateway", "--vpc-id", c.VPC)}
}

// Terraform declares the gateway.
func (c CreateEgressOnlyInternetGateway) Terraform() string {
	return resource("aws_egress_only_internet_gateway", "new", argument{"vpc_id", c.VPC})
}

// Apply adds the gateway. Those that there are were read only if a route leads to one.
func (c CreateEgressOnlyInternetGateway) Apply(s *Snapshot) error {
	return s.alter("VPC "+c.VPC+" whose route tables were read", func(t *network.Topology) (bool, error) {
		switch {
		case t.VPC.ID != c.VPC || t.RouteTables == nil:
			return false, nil
		case t.EgressOnlyGateways == nil && leadsTo(t, "eigw-"):
			return true, errors.New("the egress-only internet gateways of " + c.VPC + " were not read")
		}
		t.EgressOnlyGateways = append(t.EgressOnlyGateways, network.InternetGateway{ID: newEgressOnlyGateway, VPC: c.VPC, State: "attached"})
		return true, nil
	})
}

// leadsTo reports whether a route of a VPC leads to a kind of target.
func leadsTo(t *network.Topology, kind string) bool {
	return slices.ContainsFunc(t.RouteTables, func(table network.RouteTable) bool {
		return slices.ContainsFunc(table.Routes, func(r network.Route) bool { return strings.HasPrefix(r.Target, kind) })
	})
}

// CreateVPCBlockPublicAccessExclusion exempts a subnet, or a whole VPC, from VPC Block Public Access.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcBlockPublicAccessExclusion.html
type CreateVPCBlockPublicAccessExclusion struct {
	VPC    string `json:"vpc,omitempty"`
	Subnet string `json:"subnet,omitempty"`
	// EgressOnly lets NAT gateways and egress-only internet gateways through, and nothing in.
	EgressOnly bool `json:"egressOnly"`
}

func (c CreateVPCBlockPublicAccessExclusion) mode() string {
	if c.EgressOnly {
		return "allow-egress"
	}
	return "allow-bidirectional"
}

// Commands creates the exclusion.
func (c CreateVPCBlockPublicAccessExclusion) Commands() [][]string {
	option, id := "--vpc-id", c.VPC
	if c.Subnet != "" {
		option, id = "--subnet-id", c.Subnet
	}
	return [][]string{ec2Command("create-vpc-block-public-access-exclusion", option, id, "--internet-gateway-exclusion-mode", c.mode())}
}

// Terraform declares the exclusion.
func (c CreateVPCBlockPublicAccessExclusion) Terraform() string {
	of := argument{"vpc_id", c.VPC}
	if c.Subnet != "" {
		of = argument{"subnet_id", c.Subnet}
	}
	return resource("aws_vpc_block_public_access_exclusion", c.VPC+c.Subnet, of, argument{"internet_gateway_exclusion_mode", c.mode()})
}

// Apply adds the exclusion, and where EC2 showed the mode that is in effect, changes that.
func (c CreateVPCBlockPublicAccessExclusion) Apply(s *Snapshot) error {
	left := "off"
	if c.EgressOnly {
		left = "block-ingress"
	}
	show := func(mode *string) {
		if *mode != "" && *mode != "off" {
			*mode = left
		}
	}
	err := s.alter("VPC "+c.VPC+" or subnet "+c.Subnet, func(t *network.Topology) (bool, error) {
		subnet := subnetIn(t, c.Subnet)
		if subnet == nil && (c.VPC == "" || t.VPC.ID != c.VPC) {
			return false, nil
		}
		if subnet != nil {
			show(&subnet.BlockPublicAccess)
			return true, nil
		}
		show(&t.VPC.BlockPublicAccess)
		for i := range t.Subnets {
			show(&t.Subnets[i].BlockPublicAccess)
		}
		return true, nil
	})
	for _, a := range s.Facts.Networks {
		if a.Fact != nil && a.Fact.PublicAccessExclusions != nil {
			a.Fact.PublicAccessExclusions = append(a.Fact.PublicAccessExclusions,
				network.PublicAccessExclusion{VPC: c.VPC, Subnet: c.Subnet, Mode: c.mode(), State: "create-complete"})
		}
	}
	return err
}

// AcceptVPCPeeringConnection accepts a peering connection that waits for it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AcceptVpcPeeringConnection.html
type AcceptVPCPeeringConnection struct {
	Peering string `json:"peering"`
}

// Commands accepts the connection. It is for the account of the VPC that was asked.
func (c AcceptVPCPeeringConnection) Commands() [][]string {
	return [][]string{ec2Command("accept-vpc-peering-connection", "--vpc-peering-connection-id", c.Peering)}
}

// Terraform declares the accepter's side.
func (c AcceptVPCPeeringConnection) Terraform() string {
	return resource("aws_vpc_peering_connection_accepter", c.Peering, argument{"vpc_peering_connection_id", c.Peering}, argument{"auto_accept", true})
}

// Apply makes the connection active.
func (c AcceptVPCPeeringConnection) Apply(s *Snapshot) error {
	return s.alter("peering connection "+c.Peering, func(t *network.Topology) (bool, error) {
		p := find(t.Peerings, c.Peering, func(p network.Peering) string { return p.ID })
		if p == nil {
			return false, nil
		}
		p.State = "active"
		return true, nil
	})
}
