package iam_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/canpull/canpull/iam"
)

type conditionRow struct {
	rule     string
	operator string
	values   string // JSON
	value    iam.Value
	want     string
}

// testConditions judges each row as the condition of an Allow, where yes allows, and of a Deny, where yes denies: a
// condition has one truth, whatever it stands in.
func testConditions(t *testing.T, rows []conditionRow) {
	t.Helper()
	inDeny := map[string]iam.Outcome{"yes": iam.ExplicitDeny, "no": iam.Allowed, "unknown": iam.Unknown}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			r := readable()
			r.Context = iam.Context{"test:Key": row.value}
			condition := fmt.Sprintf(`"Condition":{%q:{"test:key":%s}}`, row.operator, row.values)
			want(t, identity(t, r, statement(`"Effect":"Allow","Action":"*","Resource":"*",`+condition)), verdict[row.want])

			var deny iam.Statement
			if err := json.Unmarshal([]byte(`{"Effect":"Deny","Action":"*","Resource":"*",`+condition+`}`), &deny); err != nil {
				t.Fatal(err)
			}
			p := iam.Policies{Identity: *layer(t, allowAll)}
			d := &p.Identity.Policies[0].Document
			d.Statements = append(d.Statements, deny)
			want(t, iam.Evaluate(r, p), inDeny[row.want])
		})
	}
}

var (
	absent, unknown, some = iam.Absent(), iam.NotKnown(), iam.PresentUnknown()
	v                     = iam.Present
	set                   = iam.Set
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
func TestStringConditions(t *testing.T) {
	testConditions(t, []conditionRow{
		{"StringEquals, equal", "StringEquals", `"a"`, v("a"), "yes"},
		{"StringEquals, other", "StringEquals", `"a"`, v("b"), "no"},
		{"StringEquals regards case", "StringEquals", `"a"`, v("A"), "no"},
		{"StringEquals knows no star", "StringEquals", `"*"`, v("a"), "no"},
		{"StringEquals takes a star for a star", "StringEquals", `"*"`, v("*"), "yes"},
		{"StringEquals, empty", "StringEquals", `""`, v(""), "yes"},
		{"StringEquals, one of several", "StringEquals", `["b","a"]`, v("a"), "yes"},
		{"StringEquals, none of several", "StringEquals", `["b","c"]`, v("a"), "no"},
		{"StringEquals, no values", "StringEquals", `[]`, v("a"), "no"},
		{"StringEquals, unquoted number", "StringEquals", `10`, v("10"), "yes"},
		{"StringEquals, unquoted boolean", "StringEquals", `true`, v("true"), "yes"},
		{"StringNotEquals, equal", "StringNotEquals", `"a"`, v("a"), "no"},
		{"StringNotEquals, other", "StringNotEquals", `"a"`, v("b"), "yes"},
		{"StringNotEquals, one of several: none may match", "StringNotEquals", `["a","b"]`, v("a"), "no"},
		{"StringNotEquals, none of several", "StringNotEquals", `["a","b"]`, v("c"), "yes"},
		{"StringNotEquals, no values", "StringNotEquals", `[]`, v("c"), "yes"},
		{"StringEqualsIgnoreCase", "StringEqualsIgnoreCase", `"a"`, v("A"), "yes"},
		{"StringEqualsIgnoreCase, other", "StringEqualsIgnoreCase", `"a"`, v("B"), "no"},
		{"StringNotEqualsIgnoreCase", "StringNotEqualsIgnoreCase", `"a"`, v("A"), "no"},
		{"StringNotEqualsIgnoreCase, other", "StringNotEqualsIgnoreCase", `"a"`, v("b"), "yes"},
		{"StringLike, literal", "StringLike", `"abc"`, v("abc"), "yes"},
		{"StringLike, star", "StringLike", `"a*"`, v("abc"), "yes"},
		{"StringLike, star is nothing", "StringLike", `"abc*"`, v("abc"), "yes"},
		{"StringLike, star crosses colons", "StringLike", `"arn:*:x"`, v("arn:a:b:x"), "yes"},
		{"StringLike, question mark", "StringLike", `"a?c"`, v("abc"), "yes"},
		{"StringLike, question mark is a character, not a byte", "StringLike", `"a?c"`, v("aéc"), "yes"},
		{"StringLike, question mark is one", "StringLike", `"a?c"`, v("abbc"), "no"},
		{"StringLike regards case", "StringLike", `"A*"`, v("abc"), "no"},
		{"StringNotLike", "StringNotLike", `"a*"`, v("abc"), "no"},
		{"StringNotLike, other", "StringNotLike", `"b*"`, v("abc"), "yes"},
		{"the operator's case does not matter", "stringequals", `"a"`, v("a"), "yes"},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Numeric, also
// #Conditions_Date, #Conditions_Boolean and #Conditions_BinaryEquals
func TestTypedConditions(t *testing.T) {
	testConditions(t, []conditionRow{
		{"NumericEquals", "NumericEquals", `"10"`, v("10"), "yes"},
		{"NumericEquals, another form", "NumericEquals", `"10.0"`, v("10"), "yes"},
		{"NumericEquals, other", "NumericEquals", `"10"`, v("11"), "no"},
		{"NumericEquals, unquoted", "NumericEquals", `10`, v("10"), "yes"},
		{"NumericEquals is exact", "NumericEquals", `"9007199254740993"`, v("9007199254740992"), "no"},
		{"NumericNotEquals", "NumericNotEquals", `"10"`, v("10"), "no"},
		{"NumericNotEquals, other", "NumericNotEquals", `"10"`, v("11"), "yes"},
		{"NumericLessThan", "NumericLessThan", `"10"`, v("9"), "yes"},
		{"NumericLessThan, equal", "NumericLessThan", `"10"`, v("10"), "no"},
		{"NumericLessThan is no text comparison", "NumericLessThan", `"10"`, v("9.5"), "yes"},
		{"NumericLessThan, negative", "NumericLessThan", `"-1"`, v("-2"), "yes"},
		{"NumericLessThanEquals", "NumericLessThanEquals", `"10"`, v("10"), "yes"},
		{"NumericLessThanEquals, greater", "NumericLessThanEquals", `"10"`, v("11"), "no"},
		{"NumericGreaterThan", "NumericGreaterThan", `"10"`, v("11"), "yes"},
		{"NumericGreaterThan, equal", "NumericGreaterThan", `"10"`, v("10"), "no"},
		{"NumericGreaterThanEquals", "NumericGreaterThanEquals", `"10"`, v("10"), "yes"},
		{"NumericGreaterThanEquals, less", "NumericGreaterThanEquals", `"10"`, v("9"), "no"},
		{"a policy value that is no number", "NumericEquals", `"ten"`, v("10"), "unknown"},
		{"a request value that is no number", "NumericNotEquals", `"10"`, v("ten"), "unknown"},
		{"an exponent is not spelled out", "NumericEquals", `"1e999999999"`, v("10"), "unknown"},

		{"DateEquals", "DateEquals", `"2026-01-02T03:04:05Z"`, v("2026-01-02T03:04:05Z"), "yes"},
		{"DateEquals across zones", "DateEquals", `"2026-01-02T03:04:05Z"`, v("2026-01-02T04:04:05+01:00"), "yes"},
		{"DateEquals with seconds since 1970", "DateEquals", `"1767323045"`, v("2026-01-02T03:04:05Z"), "yes"},
		{"DateEquals, unquoted seconds", "DateEquals", `1767323045`, v("2026-01-02T03:04:05Z"), "yes"},
		{"DateNotEquals", "DateNotEquals", `"2026-01-02T03:04:05Z"`, v("2026-01-02T03:04:05Z"), "no"},
		{"DateLessThan", "DateLessThan", `"2026-01-03T00:00:00Z"`, v("2026-01-02T03:04:05Z"), "yes"},
		{"DateLessThan, later", "DateLessThan", `"2026-01-01T00:00:00Z"`, v("2026-01-02T03:04:05Z"), "no"},
		{"DateLessThan, a date alone", "DateLessThan", `"2026-01-03"`, v("2026-01-02T03:04:05Z"), "yes"},
		{"DateLessThanEquals", "DateLessThanEquals", `"2026-01-02T03:04Z"`, v("2026-01-02T03:04:00Z"), "yes"},
		{"DateGreaterThan", "DateGreaterThan", `"2026-01-01T00:00:00Z"`, v("2026-01-02T03:04:05Z"), "yes"},
		{"DateGreaterThan, fraction", "DateGreaterThan", `"2026-01-02T03:04:05Z"`, v("2026-01-02T03:04:05.5Z"), "yes"},
		{"DateGreaterThanEquals", "DateGreaterThanEquals", `"2026-01-02T03:04:06Z"`, v("2026-01-02T03:04:05Z"), "no"},
		{"a bare year could be seconds", "DateLessThan", `"2026"`, v("2026-01-02T03:04:05Z"), "unknown"},
		{"no date", "DateLessThan", `"tomorrow"`, v("2026-01-02T03:04:05Z"), "unknown"},

		{"Bool", "Bool", `"true"`, v("true"), "yes"},
		{"Bool, false", "Bool", `"false"`, v("false"), "yes"},
		{"Bool, other", "Bool", `"true"`, v("false"), "no"},
		{"Bool, unquoted", "Bool", `true`, v("true"), "yes"},
		{"Bool regards no case", "Bool", `"True"`, v("true"), "yes"},
		{"Bool, both", "Bool", `["true","false"]`, v("false"), "yes"},
		{"Bool, neither", "Bool", `"maybe"`, v("false"), "unknown"},
		{"Bool, absent", "Bool", `"false"`, absent, "no"},

		{"BinaryEquals", "BinaryEquals", `"QmluYXJ5"`, v("QmluYXJ5"), "yes"},
		{"BinaryEquals, other", "BinaryEquals", `"QmluYXJ5"`, v("QmluYXJ6"), "no"},
		{"BinaryEquals, not base64", "BinaryEquals", `"%"`, v("QmluYXJ6"), "unknown"},
		{"BinaryEquals, absent", "BinaryEquals", `"QmluYXJ5"`, absent, "no"},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress, also
// #Conditions_ARN
func TestAddressAndARNConditions(t *testing.T) {
	const arn = "arn:aws:ecs:eu-west-1:111122223333:task/main/abc"
	testConditions(t, []conditionRow{
		{"IpAddress in the block", "IpAddress", `"10.0.0.0/8"`, v("10.1.2.3"), "yes"},
		{"IpAddress outside", "IpAddress", `"10.0.0.0/8"`, v("11.1.2.3"), "no"},
		{"IpAddress without a mask", "IpAddress", `"10.1.2.3"`, v("10.1.2.3"), "yes"},
		{"IpAddress without a mask, the next", "IpAddress", `"10.1.2.3"`, v("10.1.2.4"), "no"},
		{"IpAddress with host bits", "IpAddress", `"10.1.2.3/8"`, v("10.9.9.9"), "yes"},
		{"IpAddress, everything", "IpAddress", `"0.0.0.0/0"`, v("203.0.113.7"), "yes"},
		{"IpAddress, IPv6", "IpAddress", `"2001:db8::/32"`, v("2001:db8::7"), "yes"},
		{"IpAddress, IPv6 outside", "IpAddress", `"2001:db8::/32"`, v("2001:db9::7"), "no"},
		{"IpAddress, IPv6 without a mask", "IpAddress", `"2001:db8::7"`, v("2001:DB8:0::7"), "yes"},
		{"IpAddress, an IPv4 block has no IPv6", "IpAddress", `"0.0.0.0/0"`, v("2001:db8::7"), "no"},
		{"IpAddress, an IPv6 block has no IPv4", "IpAddress", `"::/0"`, v("10.1.2.3"), "no"},
		{"IpAddress, several", "IpAddress", `["192.0.2.0/24","10.0.0.0/8"]`, v("10.1.2.3"), "yes"},
		{"NotIpAddress in the block", "NotIpAddress", `"10.0.0.0/8"`, v("10.1.2.3"), "no"},
		{"NotIpAddress outside", "NotIpAddress", `"10.0.0.0/8"`, v("11.1.2.3"), "yes"},
		{"NotIpAddress, several", "NotIpAddress", `["192.0.2.0/24","10.0.0.0/8"]`, v("10.1.2.3"), "no"},
		{"NotIpAddress through an endpoint, where the key is absent", "NotIpAddress", `"10.0.0.0/8"`, absent, "yes"},
		{"IpAddress through an endpoint", "IpAddress", `"10.0.0.0/8"`, absent, "no"},
		{"IpAddress, nonsense in the policy", "IpAddress", `"10.0.0.0/99"`, v("10.1.2.3"), "unknown"},
		{"IpAddress, nonsense in the request", "NotIpAddress", `"10.0.0.0/8"`, v("here"), "unknown"},

		{"ArnEquals", "ArnEquals", `"` + arn + `"`, v(arn), "yes"},
		{"ArnEquals takes wildcards like ArnLike", "ArnEquals", `"arn:aws:ecs:*:111122223333:*"`, v(arn), "yes"},
		{"ArnLike, the documented guard", "ArnLike", `"arn:aws:ecs:eu-west-1:111122223333:*"`, v(arn), "yes"},
		{"ArnLike, another account", "ArnLike", `"arn:aws:ecs:eu-west-1:444455556666:*"`, v(arn), "no"},
		{"ArnLike, star in any part", "ArnLike", `"arn:*:e*:*:*:task/*/abc"`, v(arn), "yes"},
		{"ArnLike, question mark", "ArnLike", `"arn:aws:ecs:eu-west-?:111122223333:task/*"`, v(arn), "yes"},
		{"ArnLike, star does not cross a colon", "ArnLike", `"arn:aws:ecs:*abc:x:y"`, v(arn), "no"},
		{"ArnLike regards case", "ArnLike", `"arn:aws:ecs:eu-west-1:111122223333:TASK/*"`, v(arn), "no"},
		{"ArnLike, a lone star", "ArnLike", `"*"`, v(arn), "yes"},
		{"ArnLike, too few parts to match", "ArnLike", `"arn:aws:sqs:*"`, v(arn), "no"},
		{"ArnLike, too few parts", "ArnLike", `"arn:aws:ecs:*"`, v(arn), "unknown"},
		{"ArnLike, no ARN in the request", "ArnLike", `"arn:aws:ecs:*:*:*"`, v("abc"), "no"},
		{"ArnNotLike", "ArnNotLike", `"arn:aws:ecs:*:*:*"`, v(arn), "no"},
		{"ArnNotEquals, other", "ArnNotEquals", `"arn:aws:ecs:*:444455556666:*"`, v(arn), "yes"},
		{"ArnNotLike, absent", "ArnNotLike", `"arn:aws:ecs:*:*:*"`, absent, "yes"},
		{"ArnLike, absent", "ArnLike", `"arn:aws:ecs:*:*:*"`, absent, "no"},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IfExists, also #Conditions_Null
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func TestMissingAndMultivaluedKeys(t *testing.T) {
	testConditions(t, []conditionRow{
		{"a missing key equals nothing", "StringEquals", `"a"`, absent, "no"},
		{"a missing key is like nothing", "StringLike", `"*"`, absent, "no"},
		{"a missing key differs from everything", "StringNotEquals", `"a"`, absent, "yes"},
		{"a missing key is unlike everything", "StringNotLike", `"*"`, absent, "yes"},
		{"a missing number", "NumericLessThan", `"1"`, absent, "no"},
		{"a missing number differs", "NumericNotEquals", `"1"`, absent, "yes"},
		{"a missing date", "DateGreaterThan", `"2026-01-01"`, absent, "no"},
		{"present without a value is missing", "StringEquals", `"a"`, iam.Value{State: iam.ValuePresent}, "no"},

		{"IfExists, missing", "StringEqualsIfExists", `"a"`, absent, "yes"},
		{"IfExists, equal", "StringEqualsIfExists", `"a"`, v("a"), "yes"},
		{"IfExists, other", "StringEqualsIfExists", `"a"`, v("b"), "no"},
		{"IfExists, negated and missing", "StringNotEqualsIfExists", `"a"`, absent, "yes"},
		{"IfExists, negated and equal", "StringNotEqualsIfExists", `"a"`, v("a"), "no"},
		{"BoolIfExists, missing", "BoolIfExists", `"true"`, absent, "yes"},
		{"ArnLikeIfExists, other", "ArnLikeIfExists", `"arn:aws:s3:::*"`, v("arn:aws:sns:::x"), "no"},
		{"NumericLessThanIfExists, missing", "NumericLessThanIfExists", `"1"`, absent, "yes"},
		{"IpAddressIfExists, missing", "IpAddressIfExists", `"10.0.0.0/8"`, absent, "yes"},

		{"Null true, missing", "Null", `"true"`, absent, "yes"},
		{"Null true, present", "Null", `"true"`, v("a"), "no"},
		{"Null false, missing", "Null", `"false"`, absent, "no"},
		{"Null false, present", "Null", `"false"`, v("a"), "yes"},
		{"Null, unquoted", "Null", `true`, absent, "yes"},
		{"Null, an empty set is null", "Null", `"true"`, set(), "yes"},
		{"Null with a value that is not known", "Null", `"false"`, some, "yes"},
		{"Null true with a value that is not known", "Null", `"true"`, some, "no"},
		{"Null of a key that is not known", "Null", `"true"`, unknown, "unknown"},
		{"Null takes true or false", "Null", `"x"`, absent, "unknown"},
		{"NullIfExists makes no sense", "NullIfExists", `"true"`, absent, "unknown"},

		{"a multivalued key needs a set operator: what it is without is not said", "StringEquals", `"a"`, set("a", "b"), "unknown"},
		{"…nor for one value", "StringEquals", `"a"`, set("a"), "unknown"},
		{"…nor under a negated operator", "StringNotEquals", `"a"`, set("b", "c"), "unknown"},
		{"…but without a value it is absent", "StringNotEquals", `"a"`, set(), "yes"},
		{"ForAllValues, all", "ForAllValues:StringEquals", `["a","b","c"]`, set("a", "b"), "yes"},
		{"ForAllValues, not all", "ForAllValues:StringEquals", `["a","b"]`, set("a", "z"), "no"},
		{"ForAllValues, missing", "ForAllValues:StringEquals", `"a"`, absent, "yes"},
		{"ForAllValues, empty", "ForAllValues:StringEquals", `"a"`, set(), "yes"},
		{"ForAllValues, a single value", "ForAllValues:StringLike", `"a*"`, v("abc"), "yes"},
		{"ForAllValues, negated", "ForAllValues:StringNotEquals", `"a"`, set("b", "c"), "yes"},
		{"ForAllValues, negated with one equal", "ForAllValues:StringNotEquals", `"a"`, set("a", "c"), "no"},
		{"ForAllValues, negated and missing", "ForAllValues:StringNotEquals", `"a"`, absent, "yes"},
		{"ForAnyValue, one", "ForAnyValue:StringEquals", `["a","b"]`, set("z", "b"), "yes"},
		{"ForAnyValue, none", "ForAnyValue:StringEquals", `["a","b"]`, set("y", "z"), "no"},
		{"ForAnyValue, missing", "ForAnyValue:StringEquals", `"a"`, absent, "no"},
		{"ForAnyValue, empty", "ForAnyValue:StringEquals", `"a"`, set(), "no"},
		{"ForAnyValue, negated", "ForAnyValue:StringNotEquals", `"a"`, set("a", "c"), "yes"},
		{"ForAnyValue, negated with all equal", "ForAnyValue:StringNotEquals", `"a"`, set("a"), "no"},
		{"ForAnyValue, negated and missing", "ForAnyValue:StringNotEquals", `"a"`, absent, "no"},
		{"ForAnyValue, organization paths", "ForAnyValue:StringLike", `"o-1/r-1/ou-1/*"`, set("o-1/r-1/ou-1/ou-2/"), "yes"},
		{"ForAnyValue and IfExists, missing: the guide says both", "ForAnyValue:StringEqualsIfExists", `"a"`, absent, "unknown"},
		{"ForAnyValue and IfExists, empty", "ForAnyValue:StringEqualsIfExists", `"a"`, set(), "unknown"},
		{"ForAnyValue and IfExists, present", "ForAnyValue:StringEqualsIfExists", `"a"`, set("a", "b"), "yes"},
		{"ForAllValues and IfExists, missing", "ForAllValues:StringEqualsIfExists", `"a"`, absent, "yes"},
		{"set operators in any case", "foranyvalue:StringEquals", `"a"`, set("a"), "yes"},

		{"a key that is not known", "StringEquals", `"a"`, unknown, "unknown"},
		{"a key that is not known, negated", "StringNotEquals", `"a"`, unknown, "unknown"},
		{"a key that is not known, IfExists", "StringEqualsIfExists", `"a"`, unknown, "unknown"},
		{"a key that is not known, ForAllValues", "ForAllValues:StringEquals", `"a"`, unknown, "unknown"},
		{"a value that is not known", "StringEquals", `"a"`, some, "unknown"},
		{"a value that is not known, IfExists", "StringNotEqualsIfExists", `"a"`, some, "unknown"},
		{"an operator that is not known", "StringResembles", `"a"`, v("a"), "unknown"},
		{"an operator that is not known, key missing", "StringResemblesIfExists", `"a"`, absent, "unknown"},
		{"a set operator that is not known", "ForMostValues:StringEquals", `"a"`, v("a"), "unknown"},
		{"Null takes no set operator", "ForAnyValue:Null", `"true"`, absent, "unknown"},
	})
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
func TestConditionsAreAnAND(t *testing.T) {
	const block = `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"k:a":"1","k:b":"2"},"Bool":{"k:c":"true"}}`
	for _, test := range []struct {
		rule    string
		context iam.Context
		want    iam.Outcome
	}{
		{"all hold", iam.Context{"k:a": v("1"), "k:b": v("2"), "k:c": v("true")}, iam.Allowed},
		{"one key fails", iam.Context{"k:a": v("1"), "k:b": v("x"), "k:c": v("true")}, iam.ImplicitDeny},
		{"one operator fails", iam.Context{"k:a": v("1"), "k:b": v("2"), "k:c": v("false")}, iam.ImplicitDeny},
		{"one is not known", iam.Context{"k:a": v("1"), "k:b": v("2")}, iam.Unknown},
		{"one fails although another is not known", iam.Context{"k:b": v("x")}, iam.ImplicitDeny},
		{"keys in another case", iam.Context{"K:A": v("1"), "k:B": v("2"), "K:c": v("true")}, iam.Allowed},
		{"two spellings that agree", iam.Context{"K:A": v("1"), "k:a": v("1"), "k:B": v("2"), "k:c": v("true")}, iam.Allowed},
		{"two spellings that disagree", iam.Context{"K:A": v("1"), "k:a": v("2"), "k:B": v("2"), "k:c": v("true")}, iam.Unknown},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Context = test.context
			want(t, identity(t, r, statement(block)), test.want)
		})
	}
}

// The keys that follow from the request need not be given:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func TestDerivedKeys(t *testing.T) {
	service := iam.Request{Action: "sts:AssumeRole", Resource: roleARN, Principal: iam.Principal{Service: "ecs-tasks.amazonaws.com"}}
	cross := readable()
	cross.Resource = foreign
	for _, test := range []struct {
		rule      string
		request   iam.Request
		condition string
		want      string
	}{
		{"a session's PrincipalArn is the role, with its path", readable(), `"ArnEquals":{"aws:PrincipalArn":"` + roleARN + `"}`, "yes"},
		{"PrincipalArn is not the session", readable(), `"ArnEquals":{"aws:PrincipalArn":"` + sessionARN + `"}`, "no"},
		{"PrincipalAccount", readable(), `"StringEquals":{"aws:PrincipalAccount":"111122223333"}`, "yes"},
		{"PrincipalType", readable(), `"StringEquals":{"aws:PrincipalType":"AssumedRole"}`, "yes"},
		{"ResourceAccount", readable(), `"StringEquals":{"aws:ResourceAccount":"111122223333"}`, "yes"},
		{"ResourceAccount of another account", cross, `"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}`, "no"},
		{"PrincipalIsAWSService of a role", readable(), `"Bool":{"aws:PrincipalIsAWSService":"false"}`, "yes"},
		{"PrincipalIsAWSService of a service", service, `"Bool":{"aws:PrincipalIsAWSService":"true"}`, "yes"},
		{"PrincipalServiceName of a service", service, `"StringEquals":{"aws:PrincipalServiceName":"ecs-tasks.amazonaws.com"}`, "yes"},
		{"PrincipalServiceName of a role is absent", readable(), `"Null":{"aws:PrincipalServiceName":"true"}`, "yes"},
		{"username of a role is absent", readable(), `"Null":{"aws:username":"true"}`, "yes"},
		{"userid needs the session's name", readable(), `"StringLike":{"aws:userid":"AROAEXAMPLE:*"}`, "unknown"},
		{"the organization is not known", readable(), `"StringEquals":{"aws:PrincipalOrgID":"o-1"}`, "unknown"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			d := iam.Evaluate(test.request, iam.Policies{
				Identity: *layer(t, allowAll),
				Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`)),
				Endpoint: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{`+test.condition+`}`)),
			})
			want(t, d, verdict[test.want])
		})
	}
}
