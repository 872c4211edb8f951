package iam_test

import (
	"fmt"
	"testing"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func TestPolicyVariables(t *testing.T) {
	const old, current = "2008-10-17", "2012-10-17"
	const base = `arn:aws:ecr:eu-west-1:111122223333:repository/`
	team := iam.Context{"aws:PrincipalTag/team": v("team"), "k:many": set("team"), "k:star": v("*"), "k:dollar": v("$x"), "k:text": v("app")}
	without := iam.Context{"aws:PrincipalTag/team": absent}
	for _, test := range []struct {
		rule, version, element string
		context                iam.Context
		want                   string
	}{
		{"a tag in the resource", current, `"Resource":"` + base + `${aws:PrincipalTag/team}/app"`, team, "yes"},
		{"keys in any case", current, `"Resource":"` + base + `${AWS:principaltag/TEAM}/app"`, team, "yes"},
		{"two variables", current, `"Resource":"` + base + `${aws:PrincipalTag/team}/${k:text}"`, team, "yes"},
		{"beside a wildcard", current, `"Resource":"` + base + `${aws:PrincipalTag/team}/*"`, team, "yes"},
		{"another value", current, `"Resource":"` + base + `${k:text}/app"`, team, "no"},
		{"2008-10-17 knows no variables", old, `"Resource":"` + base + `${aws:PrincipalTag/team}/app"`, team, "no"},
		{"no version is 2008-10-17", "", `"Resource":"` + base + `${aws:PrincipalTag/team}/app"`, team, "no"},
		{"a wildcard in the value is literal", current, `"Resource":"` + base + `${k:star}"`, team, "no"},
		{"not before the fifth colon", current, `"Resource":"arn:aws:ecr:eu-west-1:${aws:PrincipalAccount}:repository/team/app"`, team, "no"},
		{"an escaped star", current, `"Resource":"` + base + `${*}"`, team, "no"},
		{"an escaped question mark", current, `"Resource":"` + base + `team/ap${?}"`, team, "no"},
		{"a missing key voids the statement", current, `"Resource":"` + base + `${aws:PrincipalTag/team}/app"`, without, "no"},
		{"a missing key in NotResource matches no resource: whether that excepts nothing is not said", current, `"NotResource":"` + base + `${aws:PrincipalTag/team}/x"`, without, "unknown"},
		{"a missing key beside a match", current, `"Resource":["` + base + `${aws:PrincipalTag/team}","*"]`, without, "unknown"},
		{"a default for a missing key", current, `"Resource":"` + base + `${aws:PrincipalTag/team, 'team'}/app"`, without, "yes"},
		{"a default is not for a present key", current, `"Resource":"` + base + `${k:text, 'team'}/app"`, team, "no"},
		{"a default without a space", current, `"Resource":"` + base + `${aws:PrincipalTag/team,'team'}/app"`, without, "yes"},
		{"a multivalued key cannot be used: what it is if it is, is not said", current, `"Resource":"` + base + `${k:many}/app"`, team, "unknown"},
		{"a key that is not known", current, `"Resource":"` + base + `${k:what}/app"`, team, "unknown"},
		{"a key that is not known, with a default", current, `"Resource":"` + base + `${k:what, 'team'}/app"`, team, "unknown"},
		{"a variable without an end", current, `"Resource":"` + base + `${k:text"`, team, "unknown"},
		{"a user's name is no role's", current, `"Resource":"` + base + `${aws:username}*"`, team, "no"},

		{"in StringEquals", current, `"Resource":"*","Condition":{"StringEquals":{"k:text":"${k:text}"}}`, team, "yes"},
		{"in StringEquals, literal in 2008-10-17", old, `"Resource":"*","Condition":{"StringEquals":{"k:text":"${k:text}"}}`, team, "no"},
		{"an escaped dollar", current, `"Resource":"*","Condition":{"StringEquals":{"k:dollar":"${$}x"}}`, team, "yes"},
		{"an escaped star in StringEquals", current, `"Resource":"*","Condition":{"StringEquals":{"k:star":"${*}"}}`, team, "yes"},
		{"an escaped star in StringLike", current, `"Resource":"*","Condition":{"StringLike":{"k:text":"${*}"}}`, team, "no"},
		{"a literal star in StringLike", current, `"Resource":"*","Condition":{"StringLike":{"k:text":"${k:star}"}}`, team, "no"},
		{"in StringNotEquals", current, `"Resource":"*","Condition":{"StringNotEquals":{"k:text":"${k:text}"}}`, team, "no"},
		{"a missing key is not equal to anything", current, `"Resource":"*","Condition":{"StringNotEquals":{"k:text":"${aws:PrincipalTag/team}"}}`, iam.Context{"aws:PrincipalTag/team": absent, "k:text": v("app")}, "yes"},
		{"…or like it", current, `"Resource":"*","Condition":{"StringNotLike":{"k:text":"*${aws:PrincipalTag/team}*"}}`, iam.Context{"aws:PrincipalTag/team": absent, "k:text": v("app")}, "yes"},
		{"…nor another missing key", current, `"Resource":"*","Condition":{"StringNotEquals":{"k:text":"${aws:PrincipalTag/team}"}}`, iam.Context{"aws:PrincipalTag/team": absent, "k:text": absent}, "yes"},
		{"a missing key equals nothing", current, `"Resource":"*","Condition":{"StringEquals":{"k:text":"${aws:PrincipalTag/team}"}}`, iam.Context{"aws:PrincipalTag/team": absent, "k:text": v("app")}, "no"},
		{"a missing key beside an equal value, negated", current, `"Resource":"*","Condition":{"StringNotEquals":{"k:text":["${aws:PrincipalTag/team}","app"]}}`, iam.Context{"aws:PrincipalTag/team": absent, "k:text": v("app")}, "no"},
		{"a missing key under ForAnyValue and a negated operator, of a key without values", current, `"Resource":"*","Condition":{"ForAnyValue:StringNotEquals":{"k:text":"${aws:PrincipalTag/team}"}}`, iam.Context{"aws:PrincipalTag/team": absent, "k:text": absent}, "no"},
		{"a user's name, which makes a statement invalid elsewhere on the page", current, `"Resource":"*","Condition":{"StringNotEquals":{"k:text":"${aws:username}"}}`, team, "unknown"},
		{"a multivalued key under a negated operator", current, `"Resource":"*","Condition":{"StringNotEquals":{"k:text":"${k:many}"}}`, team, "unknown"},
		{"in ArnLike, a whole ARN", current, `"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}`, team, "yes"},
		{"in ArnLike, a part", current, `"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}}`, team, "yes"},
		{"in Bool", current, `"Resource":"*","Condition":{"Bool":{"k:b":"${k:b}"}}`, iam.Context{"k:b": v("true")}, "yes"},
		{"not in Numeric", current, `"Resource":"*","Condition":{"NumericEquals":{"k:n":"${k:n}"}}`, iam.Context{"k:n": v("1")}, "unknown"},
		{"not in IpAddress", current, `"Resource":"*","Condition":{"IpAddress":{"k:ip":"${k:ip}"}}`, iam.Context{"k:ip": v("10.0.0.1")}, "unknown"},
		{"a family of keys is absent", current, `"Resource":"` + base + `${aws:PrincipalTag/team}/app"`, iam.Context{"aws:PrincipalTag/*": absent}, "no"},
		{"a key of a family is named", current, `"Resource":"` + base + `${aws:PrincipalTag/team}/app"`, iam.Context{"aws:PrincipalTag/*": absent, "aws:PrincipalTag/team": v("team")}, "yes"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Context = test.context
			document := fmt.Sprintf(`{"Version":%q,"Statement":[{"Effect":"Allow","Action":"*",%s}]}`, test.version, test.element)
			want(t, identity(t, r, document), verdict[test.want])
		})
	}
}

func TestKeysThatWouldSettleAVariableAreNamed(t *testing.T) {
	d := identity(t, readable(), statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"`))
	want(t, d, iam.Unknown)
	if len(d.Keys) != 1 || d.Keys[0] != "aws:PrincipalTag/team" || d.Element != "Resource" {
		t.Errorf("keys %q, element %q", d.Keys, d.Element)
	}
}

// "Policy variables with no value" on https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html: the
// page's own example denies whoever has no tag.
func TestADenyOfWhoeverLacksTheTag(t *testing.T) {
	deny := statement(`"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringNotEquals":{"ecr:ResourceTag/Team":"${aws:PrincipalTag/Team}"}}`)
	for rule, test := range map[string]struct {
		principal, resource iam.Value
		want                iam.Outcome
	}{
		"neither has it":            {absent, absent, iam.ExplicitDeny},
		"the principal has none":    {absent, v("a"), iam.ExplicitDeny},
		"the resource has none":     {v("a"), absent, iam.ExplicitDeny},
		"both have the same":        {v("a"), v("a"), iam.Allowed},
		"they differ":               {v("a"), v("b"), iam.ExplicitDeny},
		"the principal's not known": {unknown, v("a"), iam.Unknown},
		"the resource's not known":  {v("a"), unknown, iam.Unknown},
	} {
		r := readable()
		r.Context = iam.Context{"aws:PrincipalTag/Team": test.principal, "ecr:ResourceTag/Team": test.resource}
		p := iam.Policies{Identity: *layer(t, allowAll)}
		p.Identity.Policies = append(p.Identity.Policies, layer(t, deny).Policies...)
		t.Run(rule, func(t *testing.T) { want(t, iam.Evaluate(r, p), test.want) })
	}
}
