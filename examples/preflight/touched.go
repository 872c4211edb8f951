package main

import "strings"

// kind is a type of resource and what the account says that is out of date once one is created or changed.
type kind struct {
	terraform, cloudFormation string
	actions                   []string
	// about is the attribute that names what it is about; "" means everything that the actions tell. CloudFormation spells
	// it in camel case.
	about string
	// owner is the attribute that names what a new one changes: where Terraform does not know that yet, it is new as well,
	// and nothing that is there changes.
	owner string
	// harmless: a new one changes nothing that is there.
	harmless bool
}

var (
	groups    = []string{"ec2:DescribeSecurityGroups"}
	tables    = []string{"ec2:DescribeRouteTables"}
	acls      = []string{"ec2:DescribeNetworkAcls"}
	endpoints = []string{"ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables"}
	vpcs      = []string{"ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeDhcpOptions"}
	transit   = []string{"ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayVpcAttachments", "ec2:SearchTransitGatewayRoutes"}
	lists     = []string{"ec2:GetManagedPrefixListEntries"}
	roles     = []string{"iam:"}
	images    = []string{"ecr:"}
	secrets   = []string{"secretsmanager:"}
	keys      = []string{"kms:"}
)

// kinds are the types that a pull depends on.
var kinds = []kind{
	{terraform: "aws_security_group", cloudFormation: "AWS::EC2::SecurityGroup", actions: groups, harmless: true},
	{terraform: "aws_default_security_group", actions: groups, owner: "vpc_id"},
	{terraform: "aws_security_group_rule", actions: groups, owner: "security_group_id"},
	{terraform: "aws_vpc_security_group_ingress_rule", cloudFormation: "AWS::EC2::SecurityGroupIngress", actions: groups, owner: "security_group_id"},
	{terraform: "aws_vpc_security_group_egress_rule", cloudFormation: "AWS::EC2::SecurityGroupEgress", actions: groups, owner: "security_group_id"},
	{terraform: "aws_vpc_security_group_rules_exclusive", actions: groups, owner: "security_group_id"},

	{terraform: "aws_route_table", cloudFormation: "AWS::EC2::RouteTable", actions: tables, harmless: true},
	{terraform: "aws_default_route_table", actions: tables, owner: "default_route_table_id"},
	{terraform: "aws_route", cloudFormation: "AWS::EC2::Route", actions: tables, owner: "route_table_id"},
	{terraform: "aws_route_table_association", cloudFormation: "AWS::EC2::SubnetRouteTableAssociation", actions: tables, owner: "subnet_id"},
	{terraform: "aws_main_route_table_association", actions: tables, owner: "vpc_id"},
	{terraform: "aws_vpn_gateway_route_propagation", cloudFormation: "AWS::EC2::VPNGatewayRoutePropagation", actions: tables, owner: "route_table_id"},

	{terraform: "aws_nat_gateway", cloudFormation: "AWS::EC2::NatGateway", actions: []string{"ec2:DescribeNatGateways"}, harmless: true},
	{terraform: "aws_internet_gateway", cloudFormation: "AWS::EC2::InternetGateway", actions: []string{"ec2:DescribeInternetGateways"}, owner: "vpc_id"},
	{terraform: "aws_internet_gateway_attachment", cloudFormation: "AWS::EC2::VPCGatewayAttachment", actions: []string{"ec2:DescribeInternetGateways"}, owner: "vpc_id"},
	{terraform: "aws_egress_only_internet_gateway", cloudFormation: "AWS::EC2::EgressOnlyInternetGateway", actions: []string{"ec2:DescribeEgressOnlyInternetGateways"}, owner: "vpc_id"},

	{terraform: "aws_network_acl", cloudFormation: "AWS::EC2::NetworkAcl", actions: acls, owner: "vpc_id"},
	{terraform: "aws_default_network_acl", actions: acls, owner: "default_network_acl_id"},
	{terraform: "aws_network_acl_rule", cloudFormation: "AWS::EC2::NetworkAclEntry", actions: acls, owner: "network_acl_id"},
	{terraform: "aws_network_acl_association", cloudFormation: "AWS::EC2::SubnetNetworkAclAssociation", actions: acls, owner: "subnet_id"},

	{terraform: "aws_vpc_endpoint", cloudFormation: "AWS::EC2::VPCEndpoint", actions: endpoints, owner: "vpc_id"},
	{terraform: "aws_vpc_endpoint_policy", actions: endpoints, owner: "vpc_endpoint_id"},
	{terraform: "aws_vpc_endpoint_private_dns", actions: endpoints, owner: "vpc_endpoint_id"},
	{terraform: "aws_vpc_endpoint_route_table_association", actions: endpoints, owner: "route_table_id"},
	{terraform: "aws_vpc_endpoint_security_group_association", actions: endpoints, owner: "vpc_endpoint_id"},
	{terraform: "aws_vpc_endpoint_subnet_association", actions: endpoints, owner: "vpc_endpoint_id"},

	{terraform: "aws_vpc", cloudFormation: "AWS::EC2::VPC", actions: vpcs, harmless: true},
	{terraform: "aws_default_vpc", actions: vpcs},
	{terraform: "aws_subnet", cloudFormation: "AWS::EC2::Subnet", actions: []string{"ec2:DescribeSubnets"}, harmless: true},
	{terraform: "aws_default_subnet", actions: []string{"ec2:DescribeSubnets"}},
	{terraform: "aws_vpc_dhcp_options", cloudFormation: "AWS::EC2::DHCPOptions", actions: vpcs, harmless: true},
	{terraform: "aws_vpc_dhcp_options_association", cloudFormation: "AWS::EC2::VPCDHCPOptionsAssociation", actions: vpcs, owner: "vpc_id"},
	{terraform: "aws_vpc_peering_connection", cloudFormation: "AWS::EC2::VPCPeeringConnection", actions: []string{"ec2:DescribeVpcPeeringConnections"}, harmless: true},
	{terraform: "aws_instance", cloudFormation: "AWS::EC2::Instance", actions: []string{"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces"}, harmless: true},
	{terraform: "aws_ec2_managed_prefix_list", cloudFormation: "AWS::EC2::PrefixList", actions: lists, harmless: true},
	{terraform: "aws_ec2_managed_prefix_list_entry", actions: lists, owner: "prefix_list_id"},

	{terraform: "aws_iam_role", cloudFormation: "AWS::IAM::Role", actions: roles, about: "role_name"},
	{terraform: "aws_iam_role_policy", cloudFormation: "AWS::IAM::RolePolicy", actions: roles, about: "role", owner: "role"},
	{terraform: "aws_iam_role_policy_attachment", actions: roles, about: "role", owner: "role"},
	{terraform: "aws_iam_role_policies_exclusive", actions: roles, about: "role_name", owner: "role_name"},
	{terraform: "aws_iam_role_policy_attachments_exclusive", actions: roles, about: "role_name", owner: "role_name"},
	{terraform: "aws_iam_policy", cloudFormation: "AWS::IAM::ManagedPolicy", actions: roles, harmless: true},
	{terraform: "aws_iam_policy_attachment", cloudFormation: "AWS::IAM::Policy", actions: roles},

	{terraform: "aws_ecr_repository", cloudFormation: "AWS::ECR::Repository", actions: images, about: "repository_name"},
	{terraform: "aws_ecr_repository_policy", actions: images, about: "repository", owner: "repository"},
	{terraform: "aws_ecr_registry_policy", cloudFormation: "AWS::ECR::RegistryPolicy", actions: []string{"ecr:GetRegistryPolicy"}},
	{terraform: "aws_ecr_pull_through_cache_rule", cloudFormation: "AWS::ECR::PullThroughCacheRule", actions: []string{"ecr:DescribePullThroughCacheRules"}},
	{terraform: "aws_ecr_account_setting", actions: []string{"ecr:GetAccountSetting"}},

	{terraform: "aws_secretsmanager_secret", cloudFormation: "AWS::SecretsManager::Secret", actions: secrets},
	{terraform: "aws_secretsmanager_secret_policy", cloudFormation: "AWS::SecretsManager::ResourcePolicy", actions: secrets},
	{terraform: "aws_kms_key", cloudFormation: "AWS::KMS::Key", actions: keys, harmless: true},
	{terraform: "aws_kms_key_policy", actions: keys, owner: "key_id"},
	{terraform: "aws_kms_grant", actions: keys, owner: "key_id"},
}

// families are beginnings of types that are not in kinds one by one.
var families = []struct {
	prefix  string
	actions []string
}{
	{"aws_ec2_transit_gateway", transit}, {"AWS::EC2::TransitGateway", transit},
	{"aws_vpc_block_public_access", []string{"ec2:DescribeVpcBlockPublicAccessOptions", "ec2:DescribeVpcBlockPublicAccessExclusions"}},
	{"AWS::EC2::VPCBlockPublicAccess", []string{"ec2:DescribeVpcBlockPublicAccessOptions", "ec2:DescribeVpcBlockPublicAccessExclusions"}},
	{"aws_vpc_peering_connection", []string{"ec2:DescribeVpcPeeringConnections"}},
	{"aws_network_interface", []string{"ec2:DescribeNetworkInterfaces"}}, {"AWS::EC2::NetworkInterface", []string{"ec2:DescribeNetworkInterfaces"}},
	{"aws_vpc_ipv", []string{"ec2:DescribeVpcs", "ec2:DescribeSubnets"}}, {"AWS::EC2::VPCCidrBlock", []string{"ec2:DescribeVpcs", "ec2:DescribeSubnets"}},
	{"aws_networkfirewall", []string{"ec2:DescribeVpcEndpoints"}}, {"AWS::NetworkFirewall::Firewall", []string{"ec2:DescribeVpcEndpoints"}},
	{"aws_organizations_", []string{"iam:SimulatePrincipalPolicy", "organizations:"}}, {"AWS::Organizations::", []string{"iam:SimulatePrincipalPolicy", "organizations:"}},
	{"awscc_ec2_", []string{"ec2:"}}, {"awscc_iam_", roles}, {"awscc_ecr_", images}, {"awscc_secretsmanager_", secrets}, {"awscc_kms_", keys},
}

// kindOf returns what is known of a type of resource; ok is false for one that no pull depends on.
func kindOf(resourceType string) (kind, bool) {
	for _, k := range kinds {
		if resourceType == k.terraform || resourceType == k.cloudFormation {
			return k, true
		}
	}
	for _, f := range families {
		if strings.HasPrefix(resourceType, f.prefix) {
			return kind{actions: f.actions}, true
		}
	}
	return kind{}, false
}
