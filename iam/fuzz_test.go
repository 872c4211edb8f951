package iam_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/iam"
)

var seeds = []string{
	"{\xc4", `"{"`, `"\"{}\""`, `%22%7B%22`,
	allowAll, denyAll, ``, `{}`, `null`, `[]`, `%7B%7D`,
	`{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"ecr:*"}]}`,
	`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["111122223333"]},"NotAction":"a:b","NotResource":["arn:aws:ecr:*:*:repository/${aws:PrincipalTag/x, 'y'}"]}]}`,
	`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:ArnLikeIfExists":{"k":["arn:aws:s3:::*","${*}${?}${$}${"]},"Null":{"k":true},"IpAddress":{"k":"::/0"},"DateLessThan":{"k":1},"NumericEquals":{"k":"1/0"},"BinaryEquals":{"k":"="}}}}`,
	`{"Statement":[{"Effect":"Allow","Effect":"Deny"},{"Sid":"\ud800","Action":"<&>"},5]}`,
}

// FuzzParse: parsing never fails on JSON that it wrote itself, and nothing malformed gets lost on the way.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		d, err := iam.Parse(document)
		raw, marshalErr := json.Marshal(d)
		if marshalErr != nil {
			t.Fatalf("%q: %v", document, marshalErr)
		}
		again, againErr := iam.Parse(string(raw))
		if (err == nil) != (againErr == nil) {
			t.Errorf("%q: error %v, after a round trip %v", document, err, againErr)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("%q, written %s:\n%s", document, raw, diff)
		}
	})
}

// FuzzEvaluate: what is certain while a key's value is unknown stays so whatever the value turns out to be.
func FuzzEvaluate(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, "arn:aws:ecr:eu-west-1:111122223333:repository/app", "value")
	}
	f.Fuzz(func(t *testing.T, document, resource, value string) {
		d, _ := iam.Parse(document)
		policies := &iam.Layer{Policies: []iam.Policy{{Name: "fuzzed", Document: d}}}
		for _, p := range []iam.Policies{
			{Identity: *policies},
			{Identity: *layer(t, allowAll), Resource: policies, Endpoint: policies},
		} {
			r := iam.Request{Action: pull, Resource: resource, Principal: iam.Principal{ARN: roleARN}}
			less := iam.Evaluate(r, p)
			for _, v := range []iam.Value{iam.Absent(), iam.Present(value), iam.Set(value), iam.Set(value, "x")} {
				r.Context = iam.Context{"k": v, "aws:PrincipalTag/*": v}
				more := iam.Evaluate(r, p)
				if less.Outcome != iam.Unknown && less.Outcome != more.Outcome && (less.Outcome != iam.ImplicitDeny || more.Outcome != iam.ExplicitDeny) {
					t.Errorf("%q: %v, but with %+v %v", document, less.Outcome, v, more.Outcome)
				}
			}
		}
	})
}

// FuzzARN: what has no wildcard matches itself and nothing else, wildcards in a part only widen it, and Resource and ArnLike
// agree wherever both are certain.
func FuzzARN(f *testing.F) {
	f.Add("arn:aws:ecr:*:*:repository/*", "arn:aws:ecr:eu-west-1:111122223333:repository/app")
	f.Add("arn:aws:ecr:eu-*:repository/?", repository)
	f.Add("arn:aws:s3:::b/${aws:PrincipalArn}", "arn:aws:s3:::b/é")
	f.Fuzz(func(t *testing.T, pattern, arn string) {
		if strings.Contains(pattern, "${") || pattern == "" || arn == "" {
			return // a policy variable, or not known
		}
		ask := func(pattern string) (resource, condition iam.Outcome) {
			r := iam.Request{Action: pull, Resource: arn, Principal: iam.Principal{ARN: roleARN}, Context: iam.Context{"k": iam.Present(arn)}}
			s := iam.Statement{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{pattern}}
			by := func(s iam.Statement) iam.Outcome {
				d := iam.Document{Version: "2012-10-17", Statements: []iam.Statement{s}}
				own := iam.Evaluate(r, iam.Policies{Identity: iam.Unrestricted(), Boundary: &iam.Layer{Policies: []iam.Policy{{Document: d}}}, Resource: &iam.Layer{}}).Layers
				return own[1].Outcome
			}
			resource = by(s)
			s.Resources, s.Conditions = []string{"*"}, []iam.Condition{{Operator: "ArnLike", Key: "k", Values: []string{pattern}}}
			return resource, by(s)
		}
		resource, condition := ask(pattern)
		if resource == iam.Allowed && condition == iam.ImplicitDeny {
			t.Errorf("%q is %v for %q as Resource, and %v for ArnLike", pattern, resource, arn, condition)
		}
		if !strings.ContainsAny(pattern, "*?") && pattern != arn && (resource == iam.Allowed || condition == iam.Allowed) {
			t.Errorf("%q, without a wildcard, matches %q", pattern, arn)
		}
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[0] == "arn" && !strings.ContainsAny(parts[2], "*?") && !strings.Contains(arn, "${") {
			parts[3], parts[4], parts[5] = "*", "*", "*"
			if resource, condition := ask(strings.Join(parts, ":")); resource != iam.Allowed && !strings.ContainsAny(parts[1], "*?") || condition != iam.Allowed {
				t.Errorf("%q: %v, %v", arn, resource, condition)
			}
		}
	})
}
