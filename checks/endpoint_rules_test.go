package checks_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/network"
)

// The rules about the policies of VPC endpoints, which package network leaves to this one.
func TestEndpointPolicyRules(t *testing.T) {
	for _, c := range []struct {
		rule, scenario string
		code           checks.Code
	}{
		{"E7 the default policy allows everything", "healthy-privatelink", "endpoint-policy.open"},
		{"E7 a policy without a matching Allow denies", "endpoint-policy-only-deny", "endpoint.policy-denies"},
		{"G5 the layer bucket is enough", "s3-endpoint-policy-layer-bucket", "endpoint-policy.open"},
		{"G5 layers are fetched by a principal of Amazon ECR's", "s3-endpoint-policy-perimeter", "endpoint.policy-denies"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			all := scenarios(t)
			i := slices.IndexFunc(all, func(s checkstest.Scenario) bool { return s.Name == c.scenario })
			if i < 0 {
				t.Fatalf("no scenario is called %s", c.scenario)
			}
			d := diagnose(t, all[i])
			if !slices.ContainsFunc(d.Findings, func(f checks.Finding) bool { return f.Code == c.code }) {
				t.Errorf("%s does not find %s", c.scenario, c.code)
			}
		})
	}
}

// Whether an endpoint carries what asks for a dual-stack name is not known, so that neither is what its policy stops.
func TestAnEndpointPolicyThatMayNotBeMet(t *testing.T) {
	nothing := `{"Statement": []}`
	for _, name := range []string{"healthy-ipv6-only", "healthy-nat"} {
		d := altered(t, name, func(s *checks.Snapshot) {
			top := topologyOf(*s)
			top.VPCEndpoints = append(top.VPCEndpoints, network.VPCEndpoint{ID: "vpce-denies", Type: "Interface", Service: "com.amazonaws.eu-west-1.ecr.dkr", State: "available",
				PrivateDNS: new(true), Subnets: s.Task.Placement.Subnets, SecurityGroups: s.Task.Placement.SecurityGroups, Interfaces: []string{}, Policy: &nothing})
			top.VPC.DNSHostnames = new(true)
			c := &s.Task.Containers[0]
			c.Image, c.PinnedDigest = strings.Replace(c.Image, ".dkr.ecr.eu-west-1.amazonaws.com", ".dkr-ecr.eu-west-1.on.aws", 1), ""
		})
		if causes := d.RootCauses(); len(causes) > 0 {
			t.Errorf("%s: %s %s stops the pull", name, causes[0].Code, causes[0].Subject)
		}
		if !slices.ContainsFunc(d.Findings, func(f checks.Finding) bool { return f.Code == "endpoint-policy.unread" && f.Subject == "vpce-denies" }) {
			t.Errorf("%s: nothing is said about the endpoint's policy", name)
		}
	}
}

// An interface endpoint of Amazon S3's whose names are for inbound resolvers only needs a gateway endpoint beside it, which is
// the one that tasks lack, in whichever order EC2 lists them.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
func TestTheGatewayEndpointIsTheOneThatTasksLack(t *testing.T) {
	d := altered(t, "s3-gateway-not-associated", func(s *checks.Snapshot) {
		top := topologyOf(*s)
		top.VPCEndpoints = slices.Insert(top.VPCEndpoints, 0, network.VPCEndpoint{ID: "vpce-resolver", Type: "Interface", Service: "com.amazonaws.eu-west-1.s3", State: "available",
			PrivateDNS: new(true), PrivateDNSInboundOnly: true, Subnets: s.Task.Placement.Subnets, SecurityGroups: s.Task.Placement.SecurityGroups, Interfaces: []string{}})
	})
	causes := d.RootCauses()
	if len(causes) != 1 || causes[0].Code != "endpoint.gateway-not-associated" || causes[0].Subject != "vpce-0s3" {
		t.Fatalf("the root causes are %+v, want the gateway endpoint", causes)
	}
	if fixes := causes[0].Fixes; len(fixes) == 0 || len(fixes[0].Changes) == 0 {
		t.Error("no fix associates it")
	}
}

// rewritten is the scenario healthy-privatelink with this statement in the policies of its ECR endpoints, and a role of this
// boundary.
func rewritten(t *testing.T, statement, boundary string) checkstest.Scenario {
	t.Helper()
	s := scenario(t, "healthy-privatelink")
	for i, e := range s.EC2.VpcEndpoints {
		if strings.Contains(*e.ServiceName, ".ecr.") {
			s.EC2.VpcEndpoints[i].PolicyDocument = new(`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}, ` + statement + `]}`)
		}
	}
	if boundary != "" {
		s.IAM.Details.RoleDetailList[0].PermissionsBoundary = &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: &boundary}
	}
	return s
}

// A Deny with NotPrincipal hits every principal that has a permissions boundary, whomever it lists.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func TestAnEndpointPolicyThatSparesTheRole(t *testing.T) {
	const spared = `{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:role/web-execution", "111122223333"]}, "Action": "*", "Resource": "*"}`
	const boundary = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
	for rule, test := range map[string]struct {
		boundary string
		role     bool // whether it may be read
		want     checks.Code
	}{
		"the role has no boundary":           {"", true, "endpoint-policy.open"},
		"it has one":                         {boundary, true, "endpoint.policy-explicit-deny"},
		"whether it has one may not be read": {"", false, "endpoint-policy.unread"},
	} {
		s := rewritten(t, spared, test.boundary)
		if !test.role {
			s.Before(func(_ context.Context, action string, _ any) error {
				if action == "iam:GetRole" {
					return faults["denied"](action)
				}
				return nil
			})
		}
		f := finding(t, s, "endpoint-policy")
		if f.Code != test.want || slices.Contains(f.Missing, "iam:GetRole") == test.role {
			t.Errorf("%s: %s %v", rule, f.Code, f.Missing)
		}
		source := s.Sources()
		found, err := checks.EndpointPolicy{Network: source.Network}.Check(t.Context(), s.Task)
		if err != nil || found[0].Code != "endpoint-policy.unread" {
			t.Errorf("%s, without a source of roles: %v, %+v", rule, err, found)
		}
	}
}

// A role that IAM does not find may be in another account, and have a boundary there.
func TestAnEndpointPolicyThatSparesARoleThatIsNotFound(t *testing.T) {
	s := rewritten(t, `{"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::444455556666:role/gone", "444455556666"]}, "Action": "*", "Resource": "*"}`, "")
	s.Task.ExecutionRole = "arn:aws:iam::444455556666:role/gone"
	if f := finding(t, s, "endpoint-policy"); f.Code != "endpoint-policy.unread" {
		t.Errorf("%+v", f)
	}
}

// Conditions on the role's tags and organization are not known without a source of roles.
func TestAnEndpointPolicyWithoutRoles(t *testing.T) {
	for _, name := range []string{"healthy-endpoint-policy-organization", "endpoint-policy-tag-unmet"} {
		s := scenario(t, name)
		found, err := checks.EndpointPolicy{Network: s.Sources().Network}.Check(t.Context(), s.Task)
		if err != nil || found[0].Status != checks.Unknown {
			t.Errorf("%s: %v, %+v", name, err, found)
		}
	}
}

// Layers are fetched with a URL that Amazon ECR signed, so the role's organization is not the principal's.
func TestTheRolesOrganizationIsNotThatOfALayersPrincipal(t *testing.T) {
	s := scenario(t, "s3-endpoint-policy-perimeter")
	s.IAM.Organization = new("o-exampleorgid")
	for i, e := range s.EC2.VpcEndpoints {
		if strings.HasSuffix(*e.ServiceName, ".s3") {
			s.EC2.VpcEndpoints[i].PolicyDocument = new(`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}}]}`)
		}
	}
	if f := finding(t, s, "endpoint-policy"); f.Code != "endpoint.policy-denies" {
		t.Errorf("%+v", f)
	}
}
