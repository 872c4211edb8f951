package checks_test

import (
	"time"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

func cidr(s string) network.CIDR { return network.ParseCIDR(s) }

func port(n uint16) network.Ports { return network.Ports{From: n, To: n} }

// changed is a small VPC with something for every change to be made to.
func changed() *checks.Snapshot {
	vpc := network.Topology{
		VPC: network.VPC{ID: "vpc-0", CIDRs: []network.CIDR{cidr("10.0.0.0/16")}, DNSSupport: new(false), DNSHostnames: new(false),
			NameServers: []string{"10.0.3.53"}, DHCPOptions: "dopt-0", BlockPublicAccess: "block-bidirectional"},
		Subnets: []network.Subnet{
			{ID: "subnet-0", AvailabilityZone: "eu-west-1a", CIDR: cidr("10.0.0.0/24"), DNS64: new(false), BlockPublicAccess: "block-bidirectional"},
			{ID: "subnet-1", AvailabilityZone: "eu-west-1b", CIDR: cidr("10.0.1.0/24"), DNS64: new(false), BlockPublicAccess: "block-bidirectional"},
		},
		RouteTables: []network.RouteTable{{ID: "rtb-0", Main: true, Subnets: []string{}, Gateways: []string{}, Routes: []network.Route{
			{CIDR: cidr("10.9.0.0/16"), Target: "pcx-0", State: "active"}}}},
		NetworkACLs:            []network.NetworkACL{{ID: "acl-0", Entries: []network.ACLEntry{}}},
		SecurityGroups:         []network.SecurityGroup{{ID: "sg-0", Name: "web", Ingress: []network.Rule{}, Egress: []network.Rule{}}},
		InternetGateways:       []network.InternetGateway{},
		NATGateways:            []network.NATGateway{{ID: "nat-0", State: "available", Regional: true, Zones: []string{"eu-west-1a"}}},
		VPCEndpoints:           []network.VPCEndpoint{{ID: "vpce-0", Type: "Gateway", Service: "com.amazonaws.eu-west-1.s3", State: "available"}},
		Interfaces:             []network.NetworkInterface{{ID: "eni-0", SourceDestCheck: new(true)}},
		PrefixLists:            []network.PrefixList{{ID: "pl-0", Name: "com.amazonaws.eu-west-1.s3"}},
		Instances:              []network.Instance{{ID: "i-0", State: "stopped"}},
		Peerings:               []network.Peering{{ID: "pcx-0", State: "pending-acceptance"}},
		PublicAccessExclusions: []network.PublicAccessExclusion{},
		TransitGateways: []network.TransitGateway{{ID: "tgw-0", Attachments: []network.TransitAttachment{
			{ID: "tgw-attach-0", Type: "vpc", Resource: "vpc-0", State: "pendingAcceptance", Subnets: []string{"subnet-0"}},
		}, RouteTables: []network.TransitRouteTable{{ID: "tgw-rtb-0", Routes: []network.TransitRoute{
			{CIDR: cidr("10.9.0.0/16"), Attachments: []string{}, State: "blackhole"}}}}}},
	}
	role := iam.Role{ARN: executionRole, Name: "web-execution", Path: "/", Exists: new(true), Trust: &iam.Policy{Name: "trust policy"}, Tags: map[string]string{},
		Identity: iam.Layer{Policies: []iam.Policy{{Name: "more"}, {Name: "shared", ARN: shared}}}}
	ref, err := registry.Parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1")
	if err != nil {
		panic(err)
	}
	pinned := registry.Image{Reference: ref, Status: registry.Archived, RepositoryPolicy: new(""), RegistryPolicy: &registry.RegistryPolicy{},
		CacheRule: &registry.CacheRule{Prefix: "hub"}, Encryption: &registry.Encryption{Type: "KMS", Key: disabledKey, KeyState: "Disabled", Refused: true}}
	secret := credentials.Secret{ID: credentials.ID{Name: hubSecret, Region: "eu-west-1"}, ARN: hubSecret, Exists: new(true), DeletedAt: new(time.Unix(0, 0).UTC()),
		Policy: new(""), Key: &credentials.Key{ARN: pendingKey, State: "PendingDeletion", Policy: new("{}")}}
	return &checks.Snapshot{
		Task: checks.Task{Cluster: "prod", Service: "web", TaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", ExecutionRole: executionRole,
			Containers: []checks.Container{{Name: "web", Image: ref.String(), PinnedDigest: "sha256:ab"}}},
		Facts: checks.Facts{
			Networks: []checks.Answer[network.Placement, network.Topology]{{Question: network.Placement{Subnets: []string{"subnet-0"}}, Fact: &vpc}},
			Roles:    []checks.Answer[string, iam.Role]{{Question: executionRole, Fact: &role}},
			Images:   []checks.Answer[registry.Reference, registry.Image]{{Question: ref, Fact: &pinned}},
			Secrets:  []checks.Answer[credentials.ID, credentials.Secret]{{Question: secret.ID, Fact: &secret}},
		},
	}
}

const (
	executionRole = "arn:aws:iam::111122223333:role/web-execution"
	hubSecret     = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"
	disabledKey   = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	pendingKey    = "arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
)

// documented is a policy for changes to write.
func documented(statement string) iam.Document {
	d, err := iam.Parse(`{"Version": "2012-10-17", "Statement": ` + statement + `}`)
	if err != nil {
		panic(err)
	}
	return d
}

var (
	allowed = documented(`{"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"}`)
	granted = documented(`{"Effect": "Allow", "Principal": {"AWS": "` + executionRole + `"}, "Action": "*", "Resource": "*"}`)
)

// changes holds one of every type that JSON is read back as, or several where they differ in what they come to.
var changes = []checks.Change{
	checks.AcceptTransitGatewayVPCAttachment{Attachment: "tgw-attach-0"},
	checks.AcceptVPCPeeringConnection{Peering: "pcx-0"},
	checks.AssociateDHCPOptions{DHCPOptions: "dopt-new", NameServers: []string{"AmazonProvidedDNS"}, VPC: "vpc-0"},
	checks.AssociateNATGatewayAddress{NATGateway: "nat-0", AvailabilityZone: "eu-west-1b"},
	checks.AssociateRouteTable{RouteTable: "rtb-0", Subnet: "subnet-1"},
	checks.AssociateTransitGatewayRouteTable{RouteTable: "tgw-rtb-0", Attachment: "tgw-attach-0"},
	checks.AttachInternetGateway{InternetGateway: "igw-new", VPC: "vpc-0"},
	checks.AttachRolePolicy{Role: executionRole, PolicyARN: "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", PolicyDocument: allowed},
	checks.AuthorizeSecurityGroupEgress{Group: "sg-0", Rule: network.Rule{Protocol: "tcp", Ports: port(443), CIDRs: []network.CIDR{cidr("0.0.0.0/0"), cidr("::/0")}, PrefixLists: []string{"pl-0"}}},
	checks.AuthorizeSecurityGroupIngress{Group: "sg-0", Rule: network.Rule{Protocol: "tcp", Ports: port(443), Groups: []string{"sg-1", "sg-new"}}},
	checks.CancelKeyDeletion{Key: pendingKey},
	checks.CreateDHCPOptions{NameServers: []string{"10.0.3.53", "AmazonProvidedDNS"}},
	checks.CreateEgressOnlyInternetGateway{VPC: "vpc-0"},
	checks.CreateInternetGateway{},
	checks.CreateNATGateway{Subnet: "subnet-0"},
	checks.CreateNetworkACLEntry{NetworkACL: "acl-0", Entry: network.ACLEntry{Number: 90, Egress: true, Allow: true, Protocol: "6", Ports: port(443), CIDR: cidr("0.0.0.0/0")}},
	checks.CreateNetworkACLEntry{NetworkACL: "acl-0", Entry: network.ACLEntry{Number: 90, Protocol: "17", Ports: network.Ports{From: 32768, To: 60999}, CIDR: cidr("::/0")}},
	checks.CreatePolicyVersion{PolicyARN: shared, PolicyDocument: allowed},
	checks.CreateRole{Role: "arn:aws:iam::111122223333:role/app/web", AssumeRolePolicyDocument: granted},
	checks.CreateRoute{RouteTable: "rtb-0", Destination: "0.0.0.0/0", Target: "igw-0"},
	checks.CreateRoute{RouteTable: "rtb-0", Destination: "10.8.0.0/16", Target: "tgw-0"},
	checks.CreateRoute{RouteTable: "rtb-0", Destination: "::/0", Target: "eigw-new"},
	checks.CreateSecret{Secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:new-??????", Keys: []string{"username", "password"}},
	checks.CreateSecurityGroup{VPC: "vpc-0", Name: "vpc-endpoints", Description: "VPC endpoints"},
	checks.CreateTransitGatewayRoute{RouteTable: "tgw-rtb-0", Destination: "0.0.0.0/0", Attachment: "tgw-attach-0"},
	checks.CreateVPCBlockPublicAccessExclusion{Subnet: "subnet-0", EgressOnly: true},
	checks.CreateVPCBlockPublicAccessExclusion{VPC: "vpc-0"},
	checks.CreateVPCEndpoint{VPC: "vpc-0", EndpointType: "Gateway", Service: "com.amazonaws.eu-west-1.s3", RouteTables: []string{"rtb-0"}},
	checks.CreateVPCEndpoint{VPC: "vpc-0", EndpointType: "Interface", Service: "com.amazonaws.eu-west-1.ecr.api", Subnets: []string{"subnet-0", "subnet-1"}, SecurityGroups: []string{"sg-new"}},
	checks.DeleteRolePolicy{Role: executionRole, PolicyName: "more"},
	checks.DeleteVPCEndpoints{VPCEndpoint: "vpce-0"},
	checks.DetachRolePolicy{Role: executionRole, PolicyARN: shared},
	checks.EnableKey{Key: disabledKey},
	checks.ForceNewDeployment{Cluster: "prod", Service: "web"},
	checks.ModifyNetworkInterfaceAttribute{Interface: "eni-0", SourceDestCheck: false},
	checks.ModifySubnetAttribute{Subnet: "subnet-0", DNS64: true},
	checks.ModifyTransitGatewayVPCAttachment{Attachment: "tgw-attach-0", AddSubnet: "subnet-1"},
	checks.ModifyVPCAttribute{VPC: "vpc-0", Attribute: checks.EnableDNSHostnames},
	checks.ModifyVPCAttribute{VPC: "vpc-0", Attribute: checks.EnableDNSSupport},
	checks.ModifyVPCEndpoint{VPCEndpoint: "vpce-0", AddRouteTables: []string{"rtb-0"}},
	checks.ModifyVPCEndpoint{VPCEndpoint: "vpce-0", PrivateDNS: new(false)},
	checks.PutKeyPolicy{Key: pendingKey, Policy: granted},
	checks.PutRegistryPolicy{RegistryID: "111122223333", Region: "eu-west-1", PolicyText: granted},
	checks.PutResourcePolicy{Secret: hubSecret, ResourcePolicy: granted},
	checks.PutRolePolicy{Role: executionRole, PolicyName: "pull-images", PolicyDocument: allowed},
	checks.RegisterTaskDefinition{TaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", Cluster: "prod", Service: "web", ExecutionRoleARN: "arn:aws:iam::111122223333:role/app/web", CPUArchitecture: "ARM64", EphemeralStorageGiB: 50,
		Containers: []checks.ContainerRevision{{Name: "web", Image: "docker.io/library/nginx:1", CredentialsParameter: hubSecret}}},
	checks.ReplaceRoute{RouteTable: "rtb-0", Destination: "10.9.0.0/16", Target: "nat-new"},
	checks.ReplaceTransitGatewayRoute{RouteTable: "tgw-rtb-0", Destination: "10.9.0.0/16", Attachment: "tgw-attach-0"},
	checks.RestoreSecret{Secret: hubSecret},
	checks.RunTask{Cluster: "prod", TaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", PlatformVersion: "1.4.0", Subnets: []string{"subnet-0"}, SecurityGroups: []string{}, AssignPublicIP: true},
	checks.SetEndpointPolicy{VPCEndpoint: "vpce-0", Region: "eu-west-1", PolicyDocument: granted},
	checks.SetRepositoryPolicy{Repository: image, PolicyText: granted},
	checks.StartInstances{Instance: "i-0"},
	checks.UpdateAssumeRolePolicy{Role: executionRole, PolicyDocument: granted},
	checks.UpdateImageStorageClass{Repository: image, ImageTag: "1"},
	checks.UpdatePullThroughCacheRule{RegistryID: "111122223333", Region: "eu-west-1", ECRRepositoryPrefix: "hub", UpstreamRegistryURL: "registry-1.docker.io", CredentialARN: hubSecret},
	checks.UpdateService{Cluster: "prod", Service: "web", Subnets: []string{"subnet-0", "subnet-1"}, SecurityGroups: []string{"sg-0"}, AssignPublicIP: true},
}
