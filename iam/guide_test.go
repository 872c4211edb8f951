package iam_test

import (
	"testing"

	"github.com/canpull/canpull/iam"
)

// Cases in which two rules of AWS's guides meet, each under the page that decides it.
func TestWhereRulesMeet(t *testing.T) {
	const (
		guide     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
		accounts  = guide + "reference_policies_evaluation-logic_policy-eval-basics-single-account.html"
		cross     = guide + "reference_policies_evaluation-logic-cross-account.html"
		principal = guide + "reference_policies_elements_principal.html"
		variables = guide + "reference_policies_variables.html"
		operators = guide + "reference_policies_elements_condition_operators.html"
		keys      = guide + "reference_policies_condition-logic-multiple-context-keys-or-values.html"
		kms       = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
		scps      = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"
		ecr       = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html"
	)
	allow, none := layer(t, allowAll), layer(t, allowNone)
	on := func(body string) *iam.Layer { return layer(t, statement(body)) }
	grant := func(principal, condition string) *iam.Layer {
		return on(`"Effect":"Allow","Action":"*","Principal":` + principal + condition)
	}
	identityDeny := func(condition string) iam.Policies {
		deny := *layer(t, allowAll)
		deny.Policies = append(deny.Policies, on(`"Effect":"Deny","Action":"*","Resource":"*","Condition":`+condition).Policies...)
		return iam.Policies{Identity: deny}
	}
	byArn := `,"Condition":{"ArnEquals":{"aws:PrincipalArn":"` + roleARN + `"}}`
	own, theirs, decrypt, theirKey := readable(), readable(), readable(), readable()
	own.Principal.Session = "task"
	theirs.Resource = foreign
	decrypt.Action, decrypt.Resource = "kms:Decrypt", key
	theirKey.Action, theirKey.Resource = "kms:Decrypt", "arn:aws:kms:eu-west-1:444455556666:key/1234abcd"
	with := func(context iam.Context) iam.Request {
		r := readable()
		r.Context = context
		return r
	}
	for _, test := range []struct {
		page, rule string
		request    iam.Request
		policies   iam.Policies
		want       iam.Outcome
	}{
		{accounts, "everyone, narrowed to the role by aws:PrincipalArn, is not limited by the boundary", own, iam.Policies{Resource: grant(`"*"`, byArn), Boundary: none}, iam.Allowed},
		{accounts, "everyone in the other form, neither", own, iam.Policies{Resource: grant(`{"AWS":"*"}`, byArn), Boundary: none}, iam.Allowed},
		{accounts, "the role itself is", own, iam.Policies{Resource: grant(`{"AWS":"`+roleARN+`"}`, ""), Boundary: none}, iam.ImplicitDeny},
		{accounts, "the session is not limited by a session policy", own, iam.Policies{Resource: grant(`{"AWS":"`+sessionARN+`"}`, ""), Session: none}, iam.Allowed},
		{accounts, "…unless it denies", own, iam.Policies{Resource: grant(`{"AWS":"`+sessionARN+`"}`, ""), Session: layer(t, denyAll)}, iam.ExplicitDeny},
		{accounts, "role and session named together: the session's grant counts", own, iam.Policies{Resource: grant(`{"AWS":["`+roleARN+`","`+sessionARN+`"]}`, ""), Boundary: none}, iam.Allowed},
		{accounts, "a session that is not known may be the one", readable(), iam.Policies{Resource: grant(`{"AWS":"`+sessionARN+`"}`, ""), Boundary: none}, iam.Unknown},
		{accounts, "account and role named together, and identity silent", own, iam.Policies{Resource: grant(`{"AWS":["111122223333","`+roleARN+`"]}`, "")}, iam.Allowed},
		{accounts, "the root as principal only delegates", own, iam.Policies{Resource: grant(`{"AWS":"arn:aws:iam::111122223333:root"}`, "")}, iam.ImplicitDeny},
		{accounts, "a boundary that was not read does not limit everyone's grant, and may deny", own, iam.Policies{Resource: grant(`"*"`, ""), Boundary: &iam.Layer{Missing: []string{"iam:GetRole"}}}, iam.Unknown},

		{cross, "the session is named, identity is silent", own, iam.Policies{Resource: grant(`{"AWS":"`+sessionARN+`"}`, "")}, iam.Allowed},
		{cross, "…and the repository is another account's", func() iam.Request { r := own; r.Resource = foreign; return r }(), iam.Policies{Resource: grant(`{"AWS":"`+sessionARN+`"}`, "")}, iam.ImplicitDeny},
		{cross, "the boundary counts although everyone is granted", theirs, iam.Policies{Identity: *allow, Resource: grant(`"*"`, ""), Boundary: none}, iam.ImplicitDeny},
		{cross, "their account is granted, not ours", theirs, iam.Policies{Identity: *allow, Resource: grant(`{"AWS":"444455556666"}`, "")}, iam.ImplicitDeny},
		{cross, "our root is granted, identity is silent", theirs, iam.Policies{Resource: grant(`{"AWS":"arn:aws:iam::111122223333:root"}`, "")}, iam.ImplicitDeny},
		{cross, "their policy was not read and ours denies", theirs, iam.Policies{Identity: *layer(t, denyAll), Resource: &iam.Layer{Missing: []string{"x:Read"}}}, iam.ExplicitDeny},
		{cross, "their policy was not read and ours is silent", theirs, iam.Policies{Resource: &iam.Layer{Missing: []string{"x:Read"}}}, iam.ImplicitDeny},

		{kms, "the key's policy admits everyone of the account by kms:CallerAccount", func() iam.Request {
			r := decrypt
			r.Context = iam.Context{"kms:CallerAccount": v("111122223333")}
			return r
		}(),
			iam.Policies{Resource: grant(`{"AWS":"*"}`, `,"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}}`)}, iam.Allowed},
		{kms, "it names the account, and a boundary is silent", decrypt, iam.Policies{Identity: *allow, Boundary: none, Resource: grant(`{"AWS":"111122223333"}`, "")}, iam.ImplicitDeny},
		{kms, "another account's key needs our side too", theirKey, iam.Policies{Resource: grant(`{"AWS":"`+roleARN+`"}`, "")}, iam.ImplicitDeny},
		{kms, "…and theirs", theirKey, iam.Policies{Identity: *allow}, iam.ImplicitDeny},
		{kms, "both", theirKey, iam.Policies{Identity: *allow, Resource: grant(`{"AWS":"111122223333"}`, "")}, iam.Allowed},
		{kms, "no role names a service as AWS principal", decrypt, iam.Policies{Identity: *allow, Resource: grant(`{"Service":"secretsmanager.amazonaws.com"}`, "")}, iam.ImplicitDeny},

		{principal, "a deny of the root hits the role", own, iam.Policies{Identity: *allow, Resource: on(`"Effect":"Deny","Action":"*","Principal":{"AWS":"arn:aws:iam::111122223333:root"}`)}, iam.ExplicitDeny},
		{principal, "a deny of the role by its name without the path misses it", own, iam.Policies{Identity: *allow, Resource: on(`"Effect":"Deny","Action":"*","Principal":{"AWS":"arn:aws:iam::111122223333:role/exec"}`)}, iam.Allowed},
		{principal, "a deny of another session", own, iam.Policies{Identity: *allow, Resource: on(`"Effect":"Deny","Action":"*","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/exec/other"}`)}, iam.Allowed},

		{keys, "a Deny without the key: StringNotEquals holds", with(iam.Context{"k:a": absent}), identityDeny(`{"StringNotEquals":{"k:a":"1"}}`), iam.ExplicitDeny},
		{keys, "a Deny without the key: StringEquals does not", with(iam.Context{"k:a": absent}), identityDeny(`{"StringEquals":{"k:a":"1"}}`), iam.Allowed},
		{keys, "a Deny without the key: ForAnyValue of a negated operator does not", with(iam.Context{"k:a": absent}), identityDeny(`{"ForAnyValue:StringNotEquals":{"k:a":"1"}}`), iam.Allowed},
		{keys, "a Deny without the key: ForAllValues does", with(iam.Context{"k:a": absent}), identityDeny(`{"ForAllValues:StringEquals":{"k:a":"1"}}`), iam.ExplicitDeny},
		{keys, "…unless Null asks for the key", with(iam.Context{"k:a": absent}), identityDeny(`{"ForAllValues:StringEquals":{"k:a":"1"},"Null":{"k:a":"false"}}`), iam.Allowed},
		{keys, "a Deny without the key: IfExists does", with(iam.Context{"k:a": absent}), identityDeny(`{"StringEqualsIfExists":{"k:a":"1"}}`), iam.ExplicitDeny},
		{keys, "BoolIfExists on aws:SecureTransport", with(iam.Context{"aws:SecureTransport": v("true")}), identityDeny(`{"BoolIfExists":{"aws:SecureTransport":"false"}}`), iam.Allowed},
		{keys, "a range of numbers", with(iam.Context{"k:n": v("7")}), identityDeny(`{"NumericGreaterThanEquals":{"k:n":"5"},"NumericLessThan":{"k:n":"7.5"}}`), iam.ExplicitDeny},
		{keys, "a range of numbers, beyond", with(iam.Context{"k:n": v("7.50")}), identityDeny(`{"NumericGreaterThanEquals":{"k:n":"5"},"NumericLessThan":{"k:n":"7.5"}}`), iam.Allowed},
		{keys, "a range of dates, one in seconds", with(iam.Context{"k:d": v("2026-01-02T03:04:05Z")}), identityDeny(`{"DateGreaterThan":{"k:d":"1767225600"},"DateLessThan":{"k:d":"2026-01-03T00:00:00Z"}}`), iam.ExplicitDeny},
		{keys, "Null takes both as an OR", with(iam.Context{"k:a": absent}), identityDeny(`{"Null":{"k:a":["false","true"]}}`), iam.ExplicitDeny},

		{operators, "an address written as IPv6", with(iam.Context{"aws:VpcSourceIp": v("::ffff:10.0.0.1")}), identityDeny(`{"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}}`), iam.ExplicitDeny},
		{operators, "an ARN's account as a wildcard", with(iam.Context{"aws:SourceArn": v("arn:aws:ecs:eu-west-1:111122223333:task/main/a")}), identityDeny(`{"ArnEquals":{"aws:SourceArn":"arn:aws:ecs:*:*:task/*"}}`), iam.ExplicitDeny},
		{operators, "a star of an ARN operator stays in its part", with(iam.Context{"aws:SourceArn": v("arn:aws:ecs:eu-west-1:111122223333:task/main/a")}), identityDeny(`{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:task/main/a:x:y"}}`), iam.Allowed},
		{operators, "a star of StringLike does not", with(iam.Context{"aws:SourceArn": v("arn:aws:ecs:eu-west-1:111122223333:task/main/a")}), identityDeny(`{"StringLike":{"aws:SourceArn":"arn:aws:ecs:*task/main/a"}}`), iam.ExplicitDeny},
		{operators, "two operators of one name in other cases are an AND", with(iam.Context{"k:a": v("1")}), identityDeny(`{"StringEquals":{"k:a":"1"},"stringequals":{"k:a":"2"}}`), iam.Allowed},
		{operators, "two tags that differ in case only", with(iam.Context{"aws:PrincipalTag/Team": v("a"), "aws:PrincipalTag/team": v("b")}), identityDeny(`{"StringEquals":{"aws:PrincipalTag/team":"a"}}`), iam.Unknown},

		{variables, "2008-10-17 takes a variable for text", with(iam.Context{"aws:PrincipalTag/team": v("a"), "k:a": v("a")}), iam.Policies{Identity: *layer(t, `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"k:a":"${aws:PrincipalTag/team}"}}}]}`)}, iam.Allowed},
		{variables, "2012-10-17 does not", with(iam.Context{"aws:PrincipalTag/team": v("a"), "k:a": v("a")}), iam.Policies{Identity: *on(`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"k:a":"${aws:PrincipalTag/team}"}}`)}, iam.ImplicitDeny},

		{scps, "an SCP that allows another service only", own, iam.Policies{Identity: *allow, SCP: []iam.Layer{*allow, *none}}, iam.ImplicitDeny},
		{scps, "an SCP's Deny that spares the role", own, iam.Policies{Identity: *allow, SCP: []iam.Layer{{Policies: append(layer(t, allowAll).Policies, on(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app/*"}}`).Policies...)}}}, iam.Allowed},
		{ecr, "a repository's statement has no Resource", theirs, iam.Policies{Identity: *allow, Resource: grant(`{"AWS":"111122223333"}`, "")}, iam.Allowed},
		{ecr, "…and may have one", theirs, iam.Policies{Identity: *allow, Resource: on(`"Effect":"Allow","Action":"ecr:*","Principal":{"AWS":"111122223333"},"Resource":"arn:aws:ecr:eu-west-1:444455556666:repository/other"`)}, iam.ImplicitDeny},
	} {
		t.Run(test.rule, func(t *testing.T) {
			if want(t, iam.Evaluate(test.request, test.policies), test.want); t.Failed() {
				t.Log(test.page)
			}
		})
	}
}
