package iam_test

import (
	"fmt"
	"testing"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
//
// The endpoint policy is where a Principal is all that matters: the way it names the principal makes no difference there.
func TestPrincipal(t *testing.T) {
	role := iam.Principal{ARN: roleARN}
	session := iam.Principal{ARN: roleARN, Session: "task", ID: "AROAEXAMPLE"}
	stranger := iam.Principal{Account: "some account of AWS's"}
	for _, test := range []struct {
		rule      string
		principal iam.Principal
		element   string
		want      string
	}{
		{"everyone", role, `"*"`, "yes"},
		{"everyone, the other form", role, `{"AWS":"*"}`, "yes"},
		{"the role", role, `{"AWS":"` + roleARN + `"}`, "yes"},
		{"another role", role, `{"AWS":"arn:aws:iam::111122223333:role/app/other"}`, "no"},
		{"the role without its path", role, `{"AWS":"arn:aws:iam::111122223333:role/exec"}`, "no"},
		{"the role in another case", role, `{"AWS":"arn:aws:iam::111122223333:role/app/EXEC"}`, "unknown"},
		{"the same name in another account", role, `{"AWS":"arn:aws:iam::444455556666:role/app/exec"}`, "no"},
		{"no partial wildcard", role, `{"AWS":"arn:aws:iam::111122223333:role/*"}`, "unknown"},
		{"the account's id", role, `{"AWS":"111122223333"}`, "yes"},
		{"the account's root", role, `{"AWS":"arn:aws:iam::111122223333:root"}`, "yes"},
		{"another account", role, `{"AWS":"444455556666"}`, "no"},
		{"another account's root", role, `{"AWS":"arn:aws:iam::444455556666:root"}`, "no"},
		{"a user", role, `{"AWS":"arn:aws:iam::111122223333:user/bob"}`, "no"},
		{"the session", session, `{"AWS":"` + sessionARN + `"}`, "yes"},
		{"another session", session, `{"AWS":"arn:aws:sts::111122223333:assumed-role/exec/other"}`, "no"},
		{"a session of another role", session, `{"AWS":"arn:aws:sts::111122223333:assumed-role/other/task"}`, "no"},
		{"a session of unknown name", role, `{"AWS":"` + sessionARN + `"}`, "unknown"},
		{"another role's session, of unknown name", role, `{"AWS":"arn:aws:sts::111122223333:assumed-role/other/x"}`, "no"},
		{"the role's id", session, `{"AWS":"AROAEXAMPLE"}`, "yes"},
		{"the id of a deleted role", session, `{"AWS":"AROADELETED"}`, "no"},
		{"an id, when the role's is unknown", role, `{"AWS":"AROADELETED"}`, "unknown"},
		{"the id of a deleted user", role, `{"AWS":"AIDADELETED"}`, "no"},
		{"the id of the session", session, `{"AWS":"AROAEXAMPLE:task"}`, "yes"},
		{"text of no known kind", role, `{"AWS":"exec"}`, "unknown"},
		{"a list is an OR", role, `{"AWS":["444455556666","` + roleARN + `"]}`, "yes"},
		{"an empty list", role, `{"AWS":[]}`, "no"},
		{"a service is no role", role, `{"Service":"ecs-tasks.amazonaws.com"}`, "no"},
		{"several kinds are an OR", role, `{"Service":"ecs-tasks.amazonaws.com","AWS":"111122223333"}`, "yes"},
		{"a federation is no role", role, `{"Federated":"cognito-identity.amazonaws.com"}`, "no"},
		{"a canonical user is no role", role, `{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, "no"},
		{"a stranger is one of everyone", stranger, `"*"`, "yes"},
		{"a stranger is not of this account", stranger, `{"AWS":"111122223333"}`, "no"},
		{"a stranger is not this role", stranger, `{"AWS":"` + roleARN + `"}`, "no"},
		{"somebody may be anybody", iam.Principal{}, `{"AWS":"` + roleARN + `"}`, "unknown"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Principal = test.principal
			d := iam.Evaluate(r, iam.Policies{
				Identity: *layer(t, allowAll),
				Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*"`)),
				Endpoint: layer(t, statement(`"Effect":"Allow","Action":"*","Resource":"*","Principal":`+test.element)),
			})
			want(t, d, verdict[test.want])
		})
	}
}

// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
func TestGatewayEndpointTakesNoPrincipalButEveryone(t *testing.T) {
	r := readable()
	r.Action, r.Resource, r.ResourceAccount = "s3:GetObject", "arn:aws:s3:::bucket/key", "111122223333"
	for principal, outcome := range map[string]iam.Outcome{`"*"`: iam.Allowed, `{"AWS":"111122223333"}`: iam.Unknown, `{"AWS":"` + roleARN + `"}`: iam.Unknown} {
		d := iam.Evaluate(r, iam.Policies{
			Identity: *layer(t, allowAll),
			Endpoint: layer(t, statement(`"Effect":"Allow","Action":"*","Resource":"*","Principal":`+principal)),
		})
		want(t, d, outcome)
		if d.Outcome == iam.Unknown && len(d.Warnings) == 0 {
			t.Error("no warning")
		}
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func TestNotPrincipal(t *testing.T) {
	boundary := layer(t, allowAll)
	for _, test := range []struct {
		rule     string
		effect   string
		listed   string
		boundary *iam.Layer
		want     iam.Outcome
	}{
		{"role and account are spared", "Deny", `{"AWS":["` + roleARN + `","111122223333"]}`, nil, iam.Allowed},
		{"role and root are spared", "Deny", `{"AWS":["` + roleARN + `","arn:aws:iam::111122223333:root"]}`, nil, iam.Allowed},
		{"everyone is spared", "Deny", `"*"`, nil, iam.Allowed},
		{"the role without its account: AWS says might", "Deny", `{"AWS":"` + roleARN + `"}`, nil, iam.Unknown},
		{"the account without the role: AWS says might", "Deny", `{"AWS":"111122223333"}`, nil, iam.Unknown},
		{"nobody near is spared", "Deny", `{"AWS":"444455556666"}`, nil, iam.ExplicitDeny},
		{"a boundary: denied, whatever is listed", "Deny", `{"AWS":["` + roleARN + `","111122223333"]}`, boundary, iam.ExplicitDeny},
		{"a boundary that was not read", "Deny", `{"AWS":["` + roleARN + `","111122223333"]}`, &iam.Layer{Missing: []string{"iam:GetRole"}}, iam.Unknown},
		{"with Allow: not supported", "Allow", `{"AWS":"444455556666"}`, nil, iam.Allowed}, // the identity policy allows
	} {
		t.Run(test.rule, func(t *testing.T) {
			want(t, iam.Evaluate(readable(), iam.Policies{
				Identity: *layer(t, allowAll),
				Boundary: test.boundary,
				Resource: layer(t, statement(fmt.Sprintf(`"Effect":%q,"NotPrincipal":%s,"Action":"*"`, test.effect, test.listed))),
			}), test.want)
		})
	}
	want(t, iam.Evaluate(readable(), iam.Policies{
		Resource: layer(t, statement(`"Effect":"Allow","NotPrincipal":{"AWS":"444455556666"},"Action":"*"`)),
	}), iam.Unknown)
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func TestWhereAPrincipalBelongs(t *testing.T) {
	with := statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`)
	without := allowAll
	all := *layer(t, allowAll)
	for _, test := range []struct {
		rule     string
		policies iam.Policies
		want     iam.Outcome
	}{
		{"an identity policy has none", iam.Policies{Identity: *layer(t, with)}, iam.Unknown},
		{"a boundary has none", iam.Policies{Identity: all, Boundary: layer(t, with)}, iam.Unknown},
		{"a session policy has none", iam.Policies{Identity: all, Session: layer(t, with)}, iam.Unknown},
		{"an SCP has none", iam.Policies{Identity: all, SCP: []iam.Layer{*layer(t, with)}}, iam.Unknown},
		{"an RCP has one", iam.Policies{Identity: all, RCP: []iam.Layer{*layer(t, with)}}, iam.Allowed},
		{"an RCP without", iam.Policies{Identity: all, RCP: []iam.Layer{*layer(t, without)}}, iam.Unknown},
		{"an endpoint policy has one", iam.Policies{Identity: all, Endpoint: layer(t, with)}, iam.Allowed},
		{"an endpoint policy without", iam.Policies{Identity: all, Endpoint: layer(t, without)}, iam.Unknown},
		{"a resource policy has one", iam.Policies{Resource: layer(t, with)}, iam.Allowed},
		{"a resource policy without", iam.Policies{Resource: layer(t, without)}, iam.Unknown},
	} {
		t.Run(test.rule, func(t *testing.T) { want(t, iam.Evaluate(readable(), test.policies), test.want) })
	}
}
