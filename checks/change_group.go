package checks

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/canpull/canpull/network"
)

const newSecurityGroup = "sg" + isNew

// CreateSecurityGroup creates a security group, which lets everything out and nothing in.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
type CreateSecurityGroup struct {
	VPC         string `json:"vpc"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Commands creates the group.
func (c CreateSecurityGroup) Commands() [][]string {
	return [][]string{ec2Command("create-security-group", "--vpc-id", c.VPC, "--group-name", c.Name, "--description", c.Description)}
}

// Terraform declares the group. One that Terraform creates lets nothing out, which an endpoint has no need for.
func (c CreateSecurityGroup) Terraform() string {
	return resource("aws_security_group", "new", argument{"vpc_id", c.VPC}, argument{"name", c.Name}, argument{"description", c.Description})
}

// Apply adds the group.
func (c CreateSecurityGroup) Apply(s *Snapshot) error {
	return s.alter("VPC "+c.VPC+" whose security groups were read", func(t *network.Topology) (bool, error) {
		if t.VPC.ID != c.VPC || t.SecurityGroups == nil {
			return false, nil
		}
		if securityGroupIn(t, newSecurityGroup) != nil {
			return true, errors.New("a security group is created already")
		}
		out := network.Rule{Protocol: "-1", CIDRs: []network.CIDR{network.ParseCIDR(anyIPv4)}}
		t.SecurityGroups = append(t.SecurityGroups, network.SecurityGroup{ID: newSecurityGroup, Name: c.Name, Ingress: []network.Rule{}, Egress: []network.Rule{out}})
		return true, nil
	})
}

// AuthorizeSecurityGroupIngress adds an inbound rule to a security group.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
type AuthorizeSecurityGroupIngress struct {
	Group string       `json:"group"`
	Rule  network.Rule `json:"rule"`
}

// Commands adds the rule.
func (c AuthorizeSecurityGroupIngress) Commands() [][]string {
	return [][]string{ec2Command("authorize-security-group-ingress", "--group-id", inCommand(c.Group), "--ip-permissions", permission(c.Rule))}
}

// Terraform declares the rule, one resource for each peer.
func (c AuthorizeSecurityGroupIngress) Terraform() string {
	return ruleResources("aws_vpc_security_group_ingress_rule", c.Group, c.Rule)
}

// Apply adds the rule.
func (c AuthorizeSecurityGroupIngress) Apply(s *Snapshot) error {
	return s.alter("inbound rules of security group "+c.Group, func(t *network.Topology) (bool, error) {
		g := securityGroupIn(t, c.Group)
		if g == nil || g.Ingress == nil {
			return false, nil
		}
		g.Ingress = append(g.Ingress, c.Rule)
		return true, nil
	})
}

// AuthorizeSecurityGroupEgress adds an outbound rule to a security group.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html
type AuthorizeSecurityGroupEgress struct {
	Group string       `json:"group"`
	Rule  network.Rule `json:"rule"`
}

// Commands adds the rule.
func (c AuthorizeSecurityGroupEgress) Commands() [][]string {
	return [][]string{ec2Command("authorize-security-group-egress", "--group-id", inCommand(c.Group), "--ip-permissions", permission(c.Rule))}
}

// Terraform declares the rule, one resource for each peer.
func (c AuthorizeSecurityGroupEgress) Terraform() string {
	return ruleResources("aws_vpc_security_group_egress_rule", c.Group, c.Rule)
}

// Apply adds the rule.
func (c AuthorizeSecurityGroupEgress) Apply(s *Snapshot) error {
	return s.alter("outbound rules of security group "+c.Group, func(t *network.Topology) (bool, error) {
		g := securityGroupIn(t, c.Group)
		if g == nil || g.Egress == nil {
			return false, nil
		}
		g.Egress = append(g.Egress, c.Rule)
		return true, nil
	})
}

// permission writes a rule in the CLI's shorthand.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html
func permission(r network.Rule) string {
	parts := []string{"IpProtocol=" + r.Protocol, "FromPort=" + portOf(r.Ports.From), "ToPort=" + portOf(r.Ports.To)}
	list := func(name, key string, values []string) {
		if len(values) > 0 {
			parts = append(parts, name+"=["+strings.Join(each(values, func(v string) string { return "{" + key + "=" + v + "}" }), ",")+"]")
		}
	}
	var four, six []string
	for _, c := range r.CIDRs {
		if c.Addr().Is6() {
			six = append(six, c.String())
		} else {
			four = append(four, c.String())
		}
	}
	list("IpRanges", "CidrIp", four)
	list("Ipv6Ranges", "CidrIpv6", six)
	list("PrefixListIds", "PrefixListId", r.PrefixLists)
	list("UserIdGroupPairs", "GroupId", each(r.Groups, inCommand))
	return strings.Join(parts, ",")
}

func ruleResources(kind, group string, r network.Rule) string {
	var peers []argument
	for _, c := range r.CIDRs {
		name := "cidr_ipv4"
		if c.Addr().Is6() {
			name = "cidr_ipv6"
		}
		peers = append(peers, argument{name, c.String()})
	}
	for _, id := range r.PrefixLists {
		peers = append(peers, argument{"prefix_list_id", id})
	}
	for _, id := range r.Groups {
		peers = append(peers, argument{"referenced_security_group_id", inTerraform(id)})
	}
	return strings.Join(each(peers, func(peer argument) string {
		return resource(kind, fmt.Sprintf("%s_%s_%s_%v", group, r.Protocol, portOf(r.Ports.From), peer.value), argument{"security_group_id", inTerraform(group)},
			argument{"ip_protocol", r.Protocol}, argument{"from_port", r.Ports.From}, argument{"to_port", r.Ports.To}, peer)
	}), "\n")
}

// CreateNetworkACLEntry adds a rule to a network ACL.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
type CreateNetworkACLEntry struct {
	NetworkACL string           `json:"networkACL"`
	Entry      network.ACLEntry `json:"entry"`
}

func (c CreateNetworkACLEntry) action() string {
	if c.Entry.Allow {
		return "allow"
	}
	return "deny"
}

func (c CreateNetworkACLEntry) v6() bool { return c.Entry.CIDR.Addr().Is6() }

// Commands adds the rule.
func (c CreateNetworkACLEntry) Commands() [][]string {
	direction, block := "--ingress", "--cidr-block"
	if c.Entry.Egress {
		direction = "--egress"
	}
	if c.v6() {
		block = "--ipv6-cidr-block"
	}
	return [][]string{ec2Command("create-network-acl-entry", "--network-acl-id", c.NetworkACL, direction, "--rule-number", strconv.Itoa(int(c.Entry.Number)),
		"--protocol", c.Entry.Protocol, "--port-range", "From="+portOf(c.Entry.Ports.From)+",To="+portOf(c.Entry.Ports.To), block, c.Entry.CIDR.String(), "--rule-action", c.action())}
}

// Terraform declares the rule.
func (c CreateNetworkACLEntry) Terraform() string {
	block, direction := "cidr_block", "ingress"
	if c.v6() {
		block = "ipv6_cidr_block"
	}
	if c.Entry.Egress {
		direction = "egress"
	}
	return resource("aws_network_acl_rule", fmt.Sprintf("%s_%s_%d", c.NetworkACL, direction, c.Entry.Number), argument{"network_acl_id", c.NetworkACL},
		argument{"egress", c.Entry.Egress}, argument{"rule_number", c.Entry.Number}, argument{"rule_action", c.action()}, argument{"protocol", c.Entry.Protocol},
		argument{"from_port", c.Entry.Ports.From}, argument{"to_port", c.Entry.Ports.To}, argument{block, c.Entry.CIDR.String()})
}

// Apply adds the rule. An ACL has one of a number in each direction.
func (c CreateNetworkACLEntry) Apply(s *Snapshot) error {
	return s.alter("entries of network ACL "+c.NetworkACL, func(t *network.Topology) (bool, error) {
		acl := find(t.NetworkACLs, c.NetworkACL, func(a network.NetworkACL) string { return a.ID })
		if acl == nil || acl.Entries == nil {
			return false, nil
		}
		for _, e := range acl.Entries {
			if e.Number == c.Entry.Number && e.Egress == c.Entry.Egress {
				return true, fmt.Errorf("%s has a rule %d already", c.NetworkACL, e.Number)
			}
		}
		acl.Entries = append(acl.Entries, c.Entry)
		return true, nil
	})
}
