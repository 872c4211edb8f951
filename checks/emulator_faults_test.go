package checks_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/canpull/canpull/registry/registrytest"
	"strings"

	"github.com/canpull/canpull/checks"
)

// fault is an account in which one thing stops the pull.
type fault struct {
	name  string
	code  checks.Code
	build func(*account) (load loader, subject string) // what is at fault, by its ID or ARN
	// consequences are the codes of what fails because of it.
	consequences []checks.Code
}

// What the emulator cannot represent is not here: a route in state blackhole, a NAT gateway or endpoint that failed or is
// pending, a repository in another account, VPC Block Public Access, a container's own reason.
var broken = []fault{
	{name: "no default route", code: "route.none", build: func(a *account) (loader, string) {
		a.nat()
		a.cut(a.table)
		return a.service(), a.table
	}},
	{name: "NAT gateway deleted", code: "route.nat-state", build: func(a *account) (loader, string) {
		a.nat()
		call(a, a.ec2.DeleteNatGateway, &ec2.DeleteNatGatewayInput{NatGatewayId: &a.natGateway})
		return a.task(), a.natGateway
	}},
	{name: "NAT gateway private", code: "route.nat-private", build: func(a *account) (loader, string) {
		a.attachInternet()
		subnet, table := a.makeSubnet("10.0.0.0/24")
		a.toInternet(table)
		a.toNAT(&ec2.CreateNatGatewayInput{SubnetId: &subnet, ConnectivityType: types.ConnectivityTypePrivate})
		return a.planned(), a.natGateway
	}},
	{name: "NAT gateway without internet", code: "route.nat-no-internet", build: func(a *account) (loader, string) {
		a.nat()
		a.cut(a.natTable)
		return a.service(), a.natTable
	}},
	{name: "internet gateway detached", code: "route.gateway-detached", build: func(a *account) (loader, string) {
		a.public()
		call(a, a.ec2.DetachInternetGateway, &ec2.DetachInternetGatewayInput{InternetGatewayId: &a.internetGateway, VpcId: &a.vpc})
		return a.service(), a.internetGateway
	}},
	{name: "no public address", code: "public-ip.none", build: func(a *account) (loader, string) {
		a.public()
		a.publicIP = false
		return a.service(), a.serviceARN()
	}},
	{name: "no endpoint for the token", code: "endpoint.missing", build: func(a *account) (loader, string) {
		a.withoutECR()
		a.interfaceEndpoint("ecr.dkr", true)
		return a.planned(), "com.amazonaws." + region + ".ecr.api"
	}},
	{name: "endpoint deleted", code: "endpoint.state", build: func(a *account) (loader, string) {
		a.privateLink()
		return a.task(), a.deleteEndpoint("ecr.dkr")
	}},
	{name: "endpoint without private DNS", code: "endpoint.private-dns-off", build: func(a *account) (loader, string) {
		a.withoutECR()
		a.interfaceEndpoint("ecr.api", true)
		a.interfaceEndpoint("ecr.dkr", false)
		return a.service(), a.endpoints["ecr.dkr"]
	}},
	{name: "S3 endpoint on another table", code: "endpoint.gateway-not-associated", build: func(a *account) (loader, string) {
		a.privateLink()
		_, table := a.makeSubnet("10.0.2.0/24")
		a.deleteEndpoint("s3")
		a.gatewayEndpoint(table)
		return a.planned(), a.endpoints["s3"]
	}},
	{name: "endpoint policy that only denies", code: "endpoint.policy-denies", build: func(a *account) (loader, string) {
		a.privateLink()
		return a.task(), a.restrict("ecr.dkr", `{"Effect": "Deny", "Principal": "*", "Action": "ecr:Delete*", "Resource": "*"}`)
	}},
	{name: "endpoint policy of an organization, and the account is in none", code: "endpoint.policy-denies", build: func(a *account) (loader, string) {
		a.privateLink()
		return a.task(), a.restrict("ecr.dkr", ofOrganization("o-a1b2c3d4e5"))
	}},
	{name: "endpoint policy of another organization", code: "endpoint.policy-denies", build: func(a *account) (loader, string) {
		a.privateLink()
		a.organize()
		return a.task(), a.restrict("ecr.dkr", ofOrganization("o-a1b2c3d4e5"))
	}},
	{name: "endpoint policy of a perimeter", code: "endpoint.policy-denies", build: func(a *account) (loader, string) {
		a.privateLink()
		return a.service(), a.restrict("s3", `{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*",
			"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}`)
	}},
	{name: "group lets nothing out", code: "group.egress-closed", build: func(a *account) (loader, string) {
		a.nat()
		a.confine()
		return a.task(), a.group
	}},
	{name: "endpoint's group lets nothing in", code: "endpoint.group-closed", build: func(a *account) (loader, string) {
		a.privateLink()
		call(a, a.ec2.RevokeSecurityGroupIngress, &ec2.RevokeSecurityGroupIngressInput{GroupId: &a.endpointGroup,
			IpPermissions: rule(443, types.IpPermission{UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &a.group}}})})
		return a.service(), a.endpointGroup
	}},
	{name: "endpoint shadows a NAT gateway", code: "endpoint.group-closed", build: shadowed},
	{name: "ACL denies the answers", code: "acl.denied", build: func(a *account) (loader, string) {
		a.nat()
		return a.service(), a.guard(a.subnet, 443, 443)
	}},
	{name: "ACL of the endpoint's subnet denies", code: "acl.denied", build: func(a *account) (loader, string) {
		a.withoutECR()
		a.interfaceEndpoint("ecr.api", true)
		subnet, _ := a.makeSubnet("10.0.2.0/24")
		a.makeEndpoint("ecr.dkr", &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeInterface, PrivateDnsEnabled: aws.Bool(true),
			SubnetIds: []string{subnet}, SecurityGroupIds: []string{a.endpointGroup}})
		return a.planned(), a.guard(subnet, 80, 80)
	}},
	{name: "VPC without a resolver", code: "dns.support-off", build: func(a *account) (loader, string) {
		a.nat()
		call(a, a.ec2.ModifyVpcAttribute, &ec2.ModifyVpcAttributeInput{VpcId: &a.vpc, EnableDnsSupport: &types.AttributeBooleanValue{Value: aws.Bool(false)}})
		return a.planned(), a.vpc
	}},
	{name: "VPC without host names", code: "dns.hostnames-off", build: func(a *account) (loader, string) {
		a.privateLink()
		a.hostnames(false)
		return a.service(), a.vpc
	}},
	{name: "name servers out of reach", code: "group.egress-closed-dns", consequences: []checks.Code{"dns.unreachable"}, build: func(a *account) (loader, string) {
		a.nat()
		a.resolve("10.0.9.53", "10.0.10.53")
		a.confine(443)
		return a.task(), a.group
	}},
	{name: "name servers without a route", code: "dns.unreachable", build: func(a *account) (loader, string) {
		a.privateLink()
		a.resolve("192.168.0.53")
		return a.service(), a.vpc
	}},
	{name: "role without permission", code: "role.denied", build: func(a *account) (loader, string) {
		a.nat()
		a.role = a.makeRole("narrow", trustsECS)
		a.allow("narrow", `{"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"], "Resource": "*"}`)
		return a.service(), a.role
	}},
	{name: "role that denies", code: "role.explicit-deny", build: func(a *account) (loader, string) {
		a.nat()
		a.embed("guard", `{"Effect": "Deny", "Action": "ecr:GetDownloadUrlForLayer", "Resource": "`+a.repository("*")+`"}`)
		return a.task(), a.role
	}},
	{name: "role behind a boundary", code: "role.boundary", build: func(a *account) (loader, string) {
		a.nat()
		boundary := a.makePolicy("boundary", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`)
		call(a, a.iam.PutRolePermissionsBoundary, &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("execution"), PermissionsBoundary: &boundary})
		return a.planned(), a.role
	}},
	{name: "role trusts another service", code: "role.not-assumable", build: func(a *account) (loader, string) {
		a.public()
		call(a, a.iam.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("execution"), PolicyDocument: statements(trustsEC2)})
		return a.service(), a.role
	}},
	{name: "role deleted", code: "role.absent", build: func(a *account) (loader, string) {
		a.nat()
		a.role = a.makeRole("gone", trustsECS)
		load := a.task()
		call(a, a.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: aws.String("gone")})
		return load, a.role
	}},
	{name: "repository denies", code: "repository.explicit-deny", build: func(a *account) (loader, string) {
		a.nat()
		a.govern("web", `{"Sid": "NotFromHere", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}`)
		return a.service(), a.repository("web")
	}},
	{name: "tag absent", code: "image.absent", build: func(a *account) (loader, string) {
		a.privateLink()
		a.images = append(a.images, a.reference("web:1.1"))
		return a.task(), a.reference("web:1.1")
	}},
	{name: "repository absent", code: "image.repository-absent", build: func(a *account) (loader, string) {
		a.nat()
		a.images = []string{a.reference("wbe:1.0")}
		return a.service(), a.reference("wbe:1.0")
	}},
	{name: "tag absent in another registry", code: "image.absent", build: func(a *account) (loader, string) {
		a.nat()
		a.images = append(a.images, "ghcr.io/team/app:2.1")
		a.elsewhere("team/app:2.0")
		return a.planned(), "ghcr.io/team/app:2.1"
	}},
	{name: "transit gateway without a way out", code: "route.transit-none", build: func(a *account) (loader, string) {
		table := a.transit()
		return a.task(), table
	}},
	{name: "transit gateway that drops the traffic", code: "route.transit-blackhole", build: func(a *account) (loader, string) {
		table := a.transit()
		call(a, a.ec2.CreateTransitGatewayRoute, &ec2.CreateTransitGatewayRouteInput{
			TransitGatewayRouteTableId: &table, DestinationCidrBlock: aws.String(anywhere), Blackhole: aws.Bool(true)})
		return a.task(), table
	}},
	{name: "peering as a way out", code: "route.peering-edge", build: func(a *account) (loader, string) {
		peer := call(a, a.ec2.CreateVpc, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")}).Vpc.VpcId
		peering := call(a, a.ec2.CreateVpcPeeringConnection, &ec2.CreateVpcPeeringConnectionInput{VpcId: &a.vpc, PeerVpcId: peer}).VpcPeeringConnection.VpcPeeringConnectionId
		call(a, a.ec2.AcceptVpcPeeringConnection, &ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: peering})
		call(a, a.ec2.CreateRoute, &ec2.CreateRouteInput{RouteTableId: &a.table, DestinationCidrBlock: aws.String(anywhere), VpcPeeringConnectionId: peering})
		return a.task(), aws.ToString(peering)
	}},
	{name: "index without the task's platform", code: "platform.absent", build: func(a *account) (loader, string) {
		a.nat()
		a.images = []string{"ghcr.io/team/app:2.0"}
		a.serve(map[string]registrytest.Manifest{"team/app:2.0": {MediaType: "application/vnd.oci.image.index.v1+json",
			Body: `{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
				{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "` + manifest.Digest() + `", "size": 300,
					"platform": {"os": "linux", "architecture": "arm64"}}]}`}})
		return a.service(), "ghcr.io/team/app:2.0"
	}},
	{name: "layers larger than the disk", code: "storage.exceeded", build: func(a *account) (loader, string) {
		a.nat()
		a.images = []string{"ghcr.io/team/app:2.0"}
		a.serve(map[string]registrytest.Manifest{"team/app:2.0": {MediaType: manifest.MediaType, Body: strings.Replace(manifest.Body, `"layers": []`,
			`"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "`+manifest.Digest()+`", "size": 30000000000}]`, 1)}})
		return a.service(), a.serviceARN()
	}},
	{name: "a Helm chart for an image", code: "format.artifact", build: func(a *account) (loader, string) {
		a.nat()
		a.images = []string{"ghcr.io/team/app:2.0"}
		a.serve(map[string]registrytest.Manifest{"team/app:2.0": {MediaType: manifest.MediaType,
			Body: strings.Replace(manifest.Body, "application/vnd.oci.image.config.v1+json", "application/vnd.cncf.helm.config.v1+json", 1)}})
		return a.service(), "ghcr.io/team/app:2.0"
	}},
	{name: "credentials absent", code: "credentials.absent", build: func(a *account) (loader, string) {
		a.nat()
		a.images = []string{"ghcr.io/team/app:2.0"}
		a.secret = "arn:aws:secretsmanager:" + region + ":" + a.id + ":secret:hub-AbCdEf"
		a.elsewhere("team/app:2.0")
		return a.service(), a.secret
	}},
	{name: "stopped for what no account shows", code: "stopped.tls", build: func(a *account) (loader, string) {
		a.nat()
		return a.stopped("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref " + a.images[0] + ": failed to do request: Head " +
			`"https://` + a.reference("v2/web/manifests/1.0") + `": tls: failed to verify certificate: x509: certificate signed by unknown authority`)
	}},
	{name: "stopped for what the account shows", code: "route.none", consequences: []checks.Code{"stopped.timeout"}, build: func(a *account) (loader, string) {
		a.nat()
		load, _ := a.stopped("ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: " +
			"There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestCanceled: request context canceled " +
			"caused by: context deadline exceeded")
		a.cut(a.table)
		return load, a.table
	}},
}

// shadowed has a NAT gateway that would carry the pull, and an endpoint that answers in its place and lets nothing in.
func shadowed(a *account) (load loader, subject string) {
	a.nat()
	a.endpointGroup = a.makeGroup("endpoints")
	a.interfaceEndpoint("ecr.dkr", true)
	return a.service(), a.endpointGroup
}
