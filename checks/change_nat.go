package checks

import (
	"errors"
	"fmt"
	"slices"

	"github.com/canpull/canpull/network"
)

// CreateNATGateway creates a public NAT gateway in a subnet, with an Elastic IP address that it allocates.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html
type CreateNATGateway struct {
	Subnet string `json:"subnet"` // it has to lead to an internet gateway
}

const (
	newNATGateway = "nat" + isNew
	newAddress    = "eipalloc" + isNew
)

// Commands allocates an address and creates the gateway.
func (c CreateNATGateway) Commands() [][]string {
	return [][]string{
		ec2Command("allocate-address", "--domain", "vpc"),
		ec2Command("create-nat-gateway", "--subnet-id", c.Subnet, "--allocation-id", inCommand(newAddress)),
	}
}

// Terraform declares the address and the gateway.
func (c CreateNATGateway) Terraform() string {
	return resource("aws_eip", "new", argument{"domain", "vpc"}) + "\n" +
		resource("aws_nat_gateway", "new", argument{"allocation_id", inTerraform(newAddress)}, argument{"subnet_id", c.Subnet})
}

// Apply adds the gateway, available, to the subnet's VPC.
func (c CreateNATGateway) Apply(s *Snapshot) error {
	return s.alter("subnet "+c.Subnet+" of a VPC whose NAT gateways were read", func(t *network.Topology) (bool, error) {
		if subnetIn(t, c.Subnet) == nil || t.NATGateways == nil {
			return false, nil
		}
		if natGatewayIn(t, newNATGateway) != nil {
			return true, errors.New("a NAT gateway is created already")
		}
		t.NATGateways = append(t.NATGateways, network.NATGateway{ID: newNATGateway, Subnet: c.Subnet, State: "available", Zones: []string{}})
		return true, nil
	})
}

// AssociateNATGatewayAddress gives a regional NAT gateway, whose zones are set by hand, an Elastic IP address in one more
// Availability Zone.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateNatGatewayAddress.html
type AssociateNATGatewayAddress struct {
	NATGateway       string `json:"natGateway"`
	AvailabilityZone string `json:"availabilityZone"`
}

// Commands allocates an address and associates it.
func (c AssociateNATGatewayAddress) Commands() [][]string {
	return [][]string{
		ec2Command("allocate-address", "--domain", "vpc"),
		ec2Command("associate-nat-gateway-address", "--nat-gateway-id", c.NATGateway, "--allocation-ids", inCommand(newAddress),
			"--availability-zone", c.AvailabilityZone),
	}
}

// Terraform declares the address, and sets it in the gateway.
func (c AssociateNATGatewayAddress) Terraform() string {
	return resource("aws_eip", "new", argument{"domain", "vpc"}) + "\n" +
		setting("aws_nat_gateway", c.NATGateway, argument{"availability_zone_address", []argument{
			{"availability_zone", c.AvailabilityZone}, {"allocation_ids", []string{newAddress}}}})
}

// Apply adds the zone to the gateway's.
func (c AssociateNATGatewayAddress) Apply(s *Snapshot) error {
	return s.alter("NAT gateway "+c.NATGateway+" whose zones were read", func(t *network.Topology) (bool, error) {
		nat := natGatewayIn(t, c.NATGateway)
		if nat == nil || nat.Zones == nil {
			return false, nil
		}
		if slices.Contains(nat.Zones, c.AvailabilityZone) {
			return true, fmt.Errorf("%s has addresses in %s already", c.NATGateway, c.AvailabilityZone)
		}
		nat.Zones = append(nat.Zones, c.AvailabilityZone)
		return true, nil
	})
}
