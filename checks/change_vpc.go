package checks

import (
	"strings"

	"github.com/canpull/canpull/network"
)

// VPCAttribute is an attribute of a VPC as EC2 calls it.
type VPCAttribute string

// The attributes of a VPC that a pull depends on.
const (
	EnableDNSSupport   VPCAttribute = "enableDnsSupport"
	EnableDNSHostnames VPCAttribute = "enableDnsHostnames"
)

// ModifyVPCAttribute sets an attribute of a VPC to true.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html
type ModifyVPCAttribute struct {
	VPC       string       `json:"vpc"`
	Attribute VPCAttribute `json:"attribute"`
}

// names is how the CLI and Terraform call the attribute.
func (c ModifyVPCAttribute) names() (option, argument string) {
	if c.Attribute == EnableDNSHostnames {
		return "--enable-dns-hostnames", "enable_dns_hostnames"
	}
	return "--enable-dns-support", "enable_dns_support"
}

// Commands sets the attribute.
func (c ModifyVPCAttribute) Commands() [][]string {
	option, _ := c.names()
	return [][]string{ec2Command("modify-vpc-attribute", "--vpc-id", c.VPC, option, "Value=true")}
}

// Terraform declares the attribute.
func (c ModifyVPCAttribute) Terraform() string {
	_, name := c.names()
	return setting("aws_vpc", c.VPC, argument{name, true})
}

// Apply sets the attribute.
func (c ModifyVPCAttribute) Apply(s *Snapshot) error {
	return s.alter("VPC "+c.VPC, func(t *network.Topology) (bool, error) {
		switch {
		case t.VPC.ID != c.VPC:
			return false, nil
		case c.Attribute == EnableDNSHostnames:
			t.VPC.DNSHostnames = new(true)
		default:
			t.VPC.DNSSupport = new(true)
		}
		return true, nil
	})
}

// ModifySubnetAttribute turns on DNS64 in a subnet.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html
type ModifySubnetAttribute struct {
	Subnet string `json:"subnet"`
	DNS64  bool   `json:"dns64"`
}

// Commands sets the attribute.
func (c ModifySubnetAttribute) Commands() [][]string {
	option := "--no-enable-dns64"
	if c.DNS64 {
		option = "--enable-dns64"
	}
	return [][]string{ec2Command("modify-subnet-attribute", "--subnet-id", c.Subnet, option)}
}

// Terraform declares the attribute.
func (c ModifySubnetAttribute) Terraform() string {
	return setting("aws_subnet", c.Subnet, argument{"enable_dns64", c.DNS64})
}

// Apply sets the attribute.
func (c ModifySubnetAttribute) Apply(s *Snapshot) error {
	return s.alter("subnet "+c.Subnet, func(t *network.Topology) (bool, error) {
		subnet := subnetIn(t, c.Subnet)
		if subnet == nil {
			return false, nil
		}
		subnet.DNS64 = &c.DNS64
		return true, nil
	})
}

const newDHCPOptions = "dopt" + isNew

// CreateDHCPOptions creates a DHCP option set. Only its name servers are set: what else the VPC's set holds now, a domain
// name for one, has to be added by whoever needs it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html
type CreateDHCPOptions struct {
	NameServers []string `json:"nameServers"` // addresses, or "AmazonProvidedDNS"
}

// Commands creates the set.
func (c CreateDHCPOptions) Commands() [][]string {
	return [][]string{ec2Command("create-dhcp-options", "--dhcp-configurations", "Key=domain-name-servers,Values="+strings.Join(c.NameServers, ","))}
}

// Terraform declares the set.
func (c CreateDHCPOptions) Terraform() string {
	return resource("aws_vpc_dhcp_options", "new", argument{"domain_name_servers", c.NameServers})
}

// Apply changes nothing: captured facts hold the set that the VPC has.
func (CreateDHCPOptions) Apply(*Snapshot) error { return nil }

// AssociateDHCPOptions gives a VPC another DHCP option set. Tasks that start afterwards use it.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html
type AssociateDHCPOptions struct {
	DHCPOptions string   `json:"dhcpOptions"`
	NameServers []string `json:"nameServers"` // of that set
	VPC         string   `json:"vpc"`
}

// Commands associates the set.
func (c AssociateDHCPOptions) Commands() [][]string {
	return [][]string{ec2Command("associate-dhcp-options", "--dhcp-options-id", inCommand(c.DHCPOptions), "--vpc-id", c.VPC)}
}

// Terraform declares the association.
func (c AssociateDHCPOptions) Terraform() string {
	return resource("aws_vpc_dhcp_options_association", c.VPC, argument{"vpc_id", c.VPC}, argument{"dhcp_options_id", inTerraform(c.DHCPOptions)})
}

// Apply sets the VPC's name servers.
func (c AssociateDHCPOptions) Apply(s *Snapshot) error {
	return s.alter("VPC "+c.VPC, func(t *network.Topology) (bool, error) {
		if t.VPC.ID != c.VPC {
			return false, nil
		}
		t.VPC.DHCPOptions, t.VPC.NameServers = c.DHCPOptions, append([]string{}, c.NameServers...)
		return true, nil
	})
}
