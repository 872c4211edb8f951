package iam_test

import (
	"encoding/json"
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
