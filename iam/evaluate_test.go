package iam_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func TestLayersTogether(t *testing.T) {
	allow, none, deny := layer(t, allowAll), layer(t, allowNone), layer(t, denyAll)
	grantTo := func(principal string) *iam.Layer {
		return layer(t, statement(`"Sid":"Grant","Effect":"Allow","Action":"*","Principal":`+principal))
	}
	toRole, toAccount, toAll := grantTo(`{"AWS":"`+roleARN+`"}`), grantTo(`{"AWS":"111122223333"}`), grantTo(`"*"`)
	toSession := grantTo(`{"AWS":"` + sessionARN + `"}`)
	denied := layer(t, statement(`"Effect":"Deny","Action":"*","Principal":"*"`))
	endpoint := layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`))
	endpointDeny := layer(t, statement(`"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"`))
	rcpDeny := layer(t, statement(`"Effect":"Deny","Principal":"*","Action":"ecr:*","Resource":"*"`))
	unread := &iam.Layer{Missing: []string{"x:Read"}}
	all, no, stop := *allow, *none, *deny
	levels := func(l ...iam.Layer) []iam.Layer { return l }

	same, cross, kms := readable(), readable(), readable()
	same.Principal.Session, cross.Principal.Session = "task", "task"
	cross.Resource = foreign
	kms.Action, kms.Resource = "kms:Decrypt", key
	homeless := readable()
	homeless.Resource = "arn:aws:s3:::bucket/key"
	token := iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*", Principal: iam.Principal{ARN: roleARN}}

	for _, test := range []struct {
		rule     string
		request  iam.Request
		policies iam.Policies
		outcome  iam.Outcome
		layer    iam.LayerName
	}{
		{"nothing allows", same, iam.Policies{}, iam.ImplicitDeny, "identity"},
		{"identity allows", same, iam.Policies{Identity: all}, iam.Allowed, "identity"},
		{"identity denies", same, iam.Policies{Identity: stop}, iam.ExplicitDeny, "identity"},
		{"a token needs no repository policy", token, iam.Policies{Identity: all}, iam.Allowed, "identity"},

		{"boundary allows", same, iam.Policies{Identity: all, Boundary: allow}, iam.Allowed, "identity"},
		{"boundary allows not", same, iam.Policies{Identity: all, Boundary: none}, iam.ImplicitDeny, "boundary"},
		{"boundary grants nothing", same, iam.Policies{Boundary: allow}, iam.ImplicitDeny, "identity"},
		{"boundary denies", same, iam.Policies{Identity: all, Boundary: deny}, iam.ExplicitDeny, "boundary"},
		{"session policy allows not", same, iam.Policies{Identity: all, Session: none}, iam.ImplicitDeny, "session"},
		{"session policy denies", same, iam.Policies{Identity: all, Session: deny}, iam.ExplicitDeny, "session"},

		{"SCP at every level", same, iam.Policies{Identity: all, SCP: levels(all, all, all)}, iam.Allowed, "identity"},
		{"SCP allows not at one level", same, iam.Policies{Identity: all, SCP: levels(all, no, all)}, iam.ImplicitDeny, "scp"},
		{"SCP denies at one level", same, iam.Policies{Identity: all, SCP: levels(all, stop, all)}, iam.ExplicitDeny, "scp"},
		{"SCP with no policy at a level", same, iam.Policies{Identity: all, SCP: levels(iam.Layer{})}, iam.ImplicitDeny, "scp"},
		{"SCP grants nothing", same, iam.Policies{SCP: levels(all)}, iam.ImplicitDeny, "identity"},
		{"SCP considered, no levels", same, iam.Policies{Identity: all, SCP: levels()}, iam.Allowed, "identity"},
		{"SCP limits resource grants too", same, iam.Policies{Resource: toAll, SCP: levels(no)}, iam.ImplicitDeny, "scp"},
		{"RCP denies", same, iam.Policies{Identity: all, RCP: levels(*endpoint, *rcpDeny)}, iam.ExplicitDeny, "rcp"},
		{"RCP allows not at a level", same, iam.Policies{Identity: all, RCP: levels(iam.Layer{})}, iam.ImplicitDeny, "rcp"},

		{"endpoint allows", same, iam.Policies{Identity: all, Endpoint: endpoint}, iam.Allowed, "identity"},
		{"endpoint that only denies something else allows nothing", same, iam.Policies{Identity: all, Endpoint: endpointDeny}, iam.ImplicitDeny, "endpoint"},
		{"endpoint without a policy that was read", same, iam.Policies{Identity: all, Endpoint: unread}, iam.Unknown, "endpoint"},

		{"same account: the role is granted", same, iam.Policies{Resource: toRole}, iam.Allowed, "resource"},
		{"same account: everyone is granted", same, iam.Policies{Resource: toAll}, iam.Allowed, "resource"},
		{"same account: the session is granted", same, iam.Policies{Resource: toSession}, iam.Allowed, "resource"},
		{"same account: naming the account only delegates", same, iam.Policies{Resource: toAccount}, iam.ImplicitDeny, "identity"},
		{"same account: delegation and identity", same, iam.Policies{Identity: all, Resource: toAccount}, iam.Allowed, "identity"},
		{"same account: the repository policy may be silent", same, iam.Policies{Identity: all, Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"sqs:*"`))}, iam.Allowed, "identity"},
		{"same account: the repository policy denies", same, iam.Policies{Identity: all, Resource: denied}, iam.ExplicitDeny, "resource"},
		{"a role's grant is limited by the boundary", same, iam.Policies{Resource: toRole, Boundary: none}, iam.ImplicitDeny, "identity"},
		{"a role's grant within the boundary", same, iam.Policies{Resource: toRole, Boundary: allow}, iam.Allowed, "resource"},
		{"a role's grant is limited by the session policy", same, iam.Policies{Resource: toRole, Session: none}, iam.ImplicitDeny, "identity"},
		{"everyone's grant is not limited by the boundary", same, iam.Policies{Resource: toAll, Boundary: none}, iam.Allowed, "resource"},
		{"everyone's grant is not limited by the session policy", same, iam.Policies{Resource: toAll, Session: none}, iam.Allowed, "resource"},
		{"a session's grant is not limited by the boundary", same, iam.Policies{Resource: toSession, Boundary: none}, iam.Allowed, "resource"},
		{"everyone's grant and a boundary that denies", same, iam.Policies{Resource: toAll, Boundary: deny}, iam.ExplicitDeny, "boundary"},

		{"cross-account: both allow", cross, iam.Policies{Identity: all, Resource: toRole}, iam.Allowed, "identity"},
		{"cross-account: the account is enough", cross, iam.Policies{Identity: all, Resource: toAccount}, iam.Allowed, "identity"},
		{"cross-account: everyone is enough", cross, iam.Policies{Identity: all, Resource: toAll}, iam.Allowed, "identity"},
		{"cross-account: no repository policy", cross, iam.Policies{Identity: all}, iam.ImplicitDeny, "resource"},
		{"cross-account: an empty layer is no policy", cross, iam.Policies{Identity: all, Resource: &iam.Layer{}}, iam.ImplicitDeny, "resource"},
		{"cross-account: another principal", cross, iam.Policies{Identity: all, Resource: grantTo(`{"AWS":"777788889999"}`)}, iam.ImplicitDeny, "resource"},
		{"cross-account: no identity policy", cross, iam.Policies{Resource: toAll}, iam.ImplicitDeny, "identity"},
		{"cross-account: the boundary limits", cross, iam.Policies{Identity: all, Boundary: none, Resource: toAll}, iam.ImplicitDeny, "boundary"},
		{"cross-account: the policy was not read", cross, iam.Policies{Identity: all, Resource: unread}, iam.Unknown, "resource"},

		{"KMS: identity is not enough", kms, iam.Policies{Identity: all}, iam.ImplicitDeny, "resource"},
		{"KMS: a silent key policy", kms, iam.Policies{Identity: all, Resource: grantTo(`{"AWS":"arn:aws:iam::111122223333:role/admin"}`)}, iam.ImplicitDeny, "resource"},
		{"KMS: the key policy grants the role", kms, iam.Policies{Resource: toRole}, iam.Allowed, "resource"},
		{"KMS: it delegates, and identity allows", kms, iam.Policies{Identity: all, Resource: toAccount}, iam.Allowed, "resource"},
		{"KMS: it delegates, and identity does not", kms, iam.Policies{Identity: no, Resource: toAccount}, iam.ImplicitDeny, "identity"},
		{"KMS: the role's grant is limited by the boundary", kms, iam.Policies{Resource: toRole, Boundary: none}, iam.ImplicitDeny, "identity"},
		{"KMS: the key policy was not read", kms, iam.Policies{Identity: all, Resource: unread}, iam.Unknown, "resource"},

		{"an account that is not known: both agree", homeless, iam.Policies{Identity: all, Resource: toAll}, iam.Allowed, "identity"},
		{"an account that is not known: they differ", homeless, iam.Policies{Identity: all}, iam.Unknown, "resource"},
		{"an account that is not known: neither", homeless, iam.Policies{}, iam.ImplicitDeny, "identity"},

		{"a deny is certain although others are unread", same, iam.Policies{Identity: *unread, Resource: denied, Endpoint: unread}, iam.ExplicitDeny, "resource"},
		{"unread policies may deny", same, iam.Policies{Identity: iam.Layer{Policies: all.Policies, Missing: unread.Missing}}, iam.Unknown, "identity"},
		{"unread policies may allow", same, iam.Policies{Identity: iam.Layer{Policies: no.Policies, Missing: unread.Missing}}, iam.Unknown, "identity"},
		{"an unread repository policy may deny", same, iam.Policies{Identity: all, Resource: unread}, iam.Unknown, "resource"},
		{"an unread boundary cannot grant", same, iam.Policies{Identity: no, Boundary: unread}, iam.ImplicitDeny, "identity"},
		{"an unread SCP cannot grant", same, iam.Policies{Identity: no, SCP: levels(*unread)}, iam.ImplicitDeny, "identity"},
		{"an unread endpoint policy cannot grant", same, iam.Policies{Identity: no, Endpoint: unread}, iam.ImplicitDeny, "identity"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			d := iam.Evaluate(test.request, test.policies)
			want(t, d, test.outcome)
			if d.Layer != test.layer {
				t.Errorf("layer %q, want %q", d.Layer, test.layer)
			}
		})
	}
}

// Every layer speaks, though one alone has decided.
func TestAllThatSayNoAreNamed(t *testing.T) {
	cross := readable()
	cross.Resource = foreign
	d := iam.Evaluate(cross, iam.Policies{
		Identity: *layer(t, allowNone),
		Boundary: layer(t, denyAll),
		SCP:      []iam.Layer{*layer(t, allowAll), {}},
		Endpoint: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`)),
	})
	diff := cmp.Diff([]iam.LayerDecision{
		{Layer: "identity", Outcome: iam.ImplicitDeny, Blocks: true},
		{Layer: "boundary", Outcome: iam.ExplicitDeny, Blocks: true, Policy: "p", Statement: "Stop", Element: "Effect"},
		{Layer: "scp", Outcome: iam.Allowed, Policy: "p", Statement: "All", Element: "Effect"},
		{Layer: "scp", Level: 1, Outcome: iam.ImplicitDeny, Blocks: true},
		{Layer: "resource", Outcome: iam.ImplicitDeny, Blocks: true},
		{Layer: "endpoint", Outcome: iam.Allowed, Policy: "p", Statement: "#0", Element: "Effect"},
	}, d.Layers)
	if diff != "" {
		t.Error(diff)
	}
	if d.Outcome != iam.ExplicitDeny || d.Layer != iam.BoundaryLayer || d.Statement != "Stop" {
		t.Errorf("%+v", d)
	}
}

// A silent repository policy in the role's own account is no obstacle.
func TestASilentResourcePolicyDoesNotBlockInOneAccount(t *testing.T) {
	d := iam.Evaluate(readable(), iam.Policies{
		Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"sqs:*"`)),
	})
	want(t, d, iam.ImplicitDeny)
	if got := d.Layers[1]; got.Layer != iam.ResourceLayer || got.Blocks {
		t.Errorf("%+v", got)
	}
}

// …but it is one that it may deny.
func TestASilentResourcePolicyMayDenyInOneAccount(t *testing.T) {
	for document, outcome := range map[string]iam.Outcome{
		statement(`"Sid":"D","Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`):   iam.Unknown,
		statement(`"Sid":"D","Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}`): iam.ExplicitDeny,
		statement(`"Sid":"D","Effect":"Deny","Principal":"*","Action":"sqs:*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`):   iam.ImplicitDeny,
	} {
		r := readable()
		r.Context = iam.Context{"aws:SourceVpce": iam.Absent()}
		got := iam.Evaluate(r, iam.Policies{Identity: *layer(t, allowAll), Resource: layer(t, document)}).Layers[1]
		if got.Outcome != outcome || got.Blocks != (outcome == iam.ExplicitDeny) || (outcome == iam.Unknown) != (len(got.Keys) == 1) {
			t.Errorf("%s: %+v", document, got)
		}
	}
}

func TestWhatDecidedIsNamed(t *testing.T) {
	through := `"Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`
	for _, test := range []struct {
		rule     string
		document string
		context  iam.Context
		want     iam.Decision
	}{
		{
			"the statement that allows",
			`{"Version":"2012-10-17","Statement":[{"Sid":"S3","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`, nil,
			iam.Decision{Outcome: iam.Allowed, Statement: "#1", Element: "Effect"},
		},
		{
			"the nearest statement failed by its resource",
			statement(`"Sid":"Pull","Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/other"`), nil,
			iam.Decision{Outcome: iam.ImplicitDeny, Statement: "Pull", Element: "Resource"},
		},
		{
			"the nearest statement failed by its condition",
			`{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:s3:::b"},{"Sid":"B","Effect":"Allow","Action":"ecr:*","Resource":"*",` + through + `}]}`,
			iam.Context{"aws:SourceVpce": iam.Absent()},
			iam.Decision{Outcome: iam.ImplicitDeny, Statement: "B", Element: "Condition.StringEquals.aws:SourceVpce"},
		},
		{
			"another action is not near",
			allowNone, nil,
			iam.Decision{Outcome: iam.ImplicitDeny},
		},
		{
			"what an unknown hangs on",
			statement(`"Sid":"Pull","Effect":"Allow","Action":"ecr:*","Resource":"*",` + through), nil,
			iam.Decision{Outcome: iam.Unknown, Statement: "Pull", Element: "Condition.StringEquals.aws:SourceVpce", Keys: []string{"aws:SourceVpce"}},
		},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Context = test.context
			got := identity(t, r, test.document)
			got.Layers = nil
			test.want.Layer = "identity"
			if test.want.Statement != "" {
				test.want.Policy = "p"
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownOperatorsAreWarnedOf(t *testing.T) {
	d := identity(t, readable(), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringResembles":{"k":"v"}}}]}`)
	want(t, d, iam.Unknown)
	if len(d.Warnings) != 1 || d.Statement != "#1" || d.Element != "Condition.StringResembles.k" {
		t.Errorf("%+v", d)
	}
}

// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
func TestServiceLinkedRolesAreBeyondOrganizationPolicies(t *testing.T) {
	r := readable()
	r.Principal.ARN = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
	d := iam.Evaluate(r, iam.Policies{
		Identity: *layer(t, allowAll),
		SCP:      []iam.Layer{*layer(t, denyAll)},
		RCP:      []iam.Layer{{}},
	})
	want(t, d, iam.Allowed)
}

// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
func TestResourceControlPoliciesReachSomeServices(t *testing.T) {
	deny := []iam.Layer{*layer(t, statement(`"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"`))}
	key := iam.Policies{Identity: *layer(t, allowAll), RCP: deny, Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*"`))}
	for action, outcome := range map[string]iam.Outcome{
		"ecr:BatchGetImage":             iam.ExplicitDeny,
		"secretsmanager:GetSecretValue": iam.ExplicitDeny,
		"kms:Decrypt":                   iam.ExplicitDeny,
		"kms:RetireGrant":               iam.Allowed,
		"ssm:GetParameters":             iam.Unknown,
	} {
		r := readable()
		r.Action = action
		want(t, iam.Evaluate(r, key), outcome)
	}
}

// AWS data-perimeter guidance: layers are fetched with URLs that an account of ECR's signed, so conditions on the
// principal in an S3 endpoint policy stop the pull.
func TestLayerDownloadIsNotTheRolesRequest(t *testing.T) {
	r := iam.Request{
		Action:          "s3:GetObject",
		Resource:        "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/blob",
		Principal:       iam.Principal{Account: "ECR's"},
		ResourceAccount: "ECR's",
		Context:         iam.Context{"aws:PrincipalOrgID": iam.Present("ECR's"), "aws:SourceVpce": iam.Present("vpce-1")},
	}
	for condition, outcome := range map[string]iam.Outcome{
		`{}`: iam.Allowed,
		`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`:             iam.Allowed,
		`{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`:            iam.ImplicitDeny,
		`{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`: iam.ImplicitDeny,
		`{"StringEquals":{"aws:ResourceAccount":"111122223333"}}`:  iam.ImplicitDeny,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::1:*"}}`:      iam.Unknown,
	} {
		d := iam.Evaluate(r, iam.Policies{
			Identity: iam.Unrestricted(),
			Endpoint: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*","Condition":`+condition)),
		})
		want(t, d, outcome)
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func TestWhomADenyHits(t *testing.T) {
	for principal, outcome := range map[string]iam.Outcome{
		`"*"`:                       iam.ExplicitDeny,
		`{"AWS":"111122223333"}`:    iam.ExplicitDeny, // everyone in the account, not its root user alone
		`{"AWS":"` + roleARN + `"}`: iam.ExplicitDeny,
		`{"AWS":"444455556666"}`:    iam.Allowed,
		`{"AWS":"arn:aws:iam::111122223333:role/other"}`: iam.Allowed,
		`{"AWS":"` + sessionARN + `"}`:                   iam.Unknown,
		`{"Service":"ecs-tasks.amazonaws.com"}`:          iam.Allowed,
	} {
		want(t, iam.Evaluate(readable(), iam.Policies{
			Identity: *layer(t, allowAll),
			Resource: layer(t, statement(`"Effect":"Deny","Action":"ecr:*","Principal":`+principal)),
		}), outcome)
	}
}
