package iam_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func TestParse(t *testing.T) {
	full := `{
		"Version": "2012-10-17", "Id": "x",
		"Statement": [{
			"Sid": "Pull", "Effect": "Allow",
			"Principal": {"AWS": ["111122223333", "arn:aws:iam::444455556666:root"], "Service": "ecs-tasks.amazonaws.com"},
			"Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "Resource": "*",
			"Condition": {"StringEquals": {"aws:SourceVpce": ["a", "b"], "aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"k:n": 10}}
		}, {"Effect": "Deny", "NotPrincipal": "*", "NotAction": "ecr:*", "NotResource": ["a", "b"]}]
	}`
	parsed := iam.Document{Version: "2012-10-17", ID: "x", Statements: []iam.Statement{{
		Sid: "Pull", Effect: iam.Allow,
		Principal: &iam.PrincipalSet{AWS: []string{"111122223333", "arn:aws:iam::444455556666:root"}, Service: []string{"ecs-tasks.amazonaws.com"}},
		Actions:   []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, Resources: []string{"*"},
		Conditions: []iam.Condition{
			{Operator: "StringEquals", Key: "aws:SourceVpce", Values: []string{"a", "b"}},
			{Operator: "StringEquals", Key: "aws:PrincipalOrgID", Values: []string{"o-1"}},
			{Operator: "Bool", Key: "aws:SecureTransport", Values: []string{"true"}},
			{Operator: "NumericLessThan", Key: "k:n", Values: []string{"10"}},
		},
	}, {
		Effect: iam.Deny, NotPrincipal: &iam.PrincipalSet{AWS: []string{"*"}},
		NotActions: []string{"ecr:*"}, NotResources: []string{"a", "b"},
	}}}
	empty := iam.Document{Statements: []iam.Statement{}}
	one := iam.Document{Statements: []iam.Statement{{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{}}}}
	for _, test := range []struct {
		rule, document string
		want           iam.Document
	}{
		{"every element", full, parsed},
		{"URL-encoded", strings.ReplaceAll(url.QueryEscape(full), "+", "%20"), parsed},
		{"encoded like a form", url.QueryEscape(full), parsed},
		{"white space around", " \n" + full + "\n", parsed},
		{"a byte order mark", "\ufeff" + full, parsed},
		{"one statement without a list", `{"Statement":{"Effect":"Allow","Action":"*","Resource":[]}}`, one},
		{"a plus sign that is no space", `%7B%22Statement%22%3A%5B%5D%2C%22Id%22%3A%22a+b%22%7D`, iam.Document{ID: "a+b", Statements: []iam.Statement{}}},
		{"no statements", `{"Statement":[]}`, empty},
	} {
		t.Run(test.rule, func(t *testing.T) {
			got, err := iam.Parse(test.document)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			roundTrip(t, got)
		})
	}
}

func roundTrip(t *testing.T, d iam.Document) {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back iam.Document
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" {
		t.Errorf("after a round trip through %s:\n%s", raw, diff)
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
//
// What is malformed is named, the rest is kept, and the malformed statement is neither an Allow nor forgotten.
func TestMalformedStatements(t *testing.T) {
	for _, test := range []struct{ rule, statement, where, element string }{
		{"no object", `"Allow"`, "#1", ""},
		{"null", `null`, "#1", ""},
		{"no effect", `{"Sid":"S","Action":"*","Resource":"*"}`, "S", "Effect"},
		{"an effect in another case", `{"Sid":"S","Effect":"allow","Action":"*","Resource":"*"}`, "S", "Effect"},
		{"an effect of another type", `{"Effect":true,"Action":"*","Resource":"*"}`, "#1", "Effect"},
		{"no action", `{"Effect":"Allow","Resource":"*"}`, "#1", "Action"},
		{"Action and NotAction", `{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}`, "#1", "Action"},
		{"Resource and NotResource", `{"Effect":"Allow","Action":"*","NotResource":"*","Resource":"*"}`, "#1", "Resource"},
		{"Principal and NotPrincipal", `{"Effect":"Allow","Action":"*","NotPrincipal":"*","Principal":"*"}`, "#1", "Principal"},
		{"an action that is a number", `{"Effect":"Allow","Action":1,"Resource":"*"}`, "#1", "Action"},
		{"an action that is null", `{"Effect":"Allow","Action":null,"Resource":"*"}`, "#1", "Action"},
		{"an action without a service", `{"Effect":"Allow","Action":"Pull","Resource":"*"}`, "#1", "Action"},
		{"a resource that is an object", `{"Effect":"Allow","Action":"*","Resource":{}}`, "#1", "Resource"},
		{"a resource list with a number", `{"Effect":"Allow","Action":"*","Resource":["*",1]}`, "#1", "Resource"},
		{"a bare principal", `{"Effect":"Allow","Action":"*","Principal":"111122223333"}`, "#1", "Principal"},
		{"no principal in it", `{"Effect":"Allow","Action":"*","Principal":{}}`, "#1", "Principal"},
		{"an unknown kind of principal", `{"Effect":"Allow","Action":"*","Principal":{"Role":"x"}}`, "#1", "Principal"},
		{"a principal that is a number", `{"Effect":"Allow","Action":"*","Principal":{"AWS":111122223333}}`, "#1", "Principal"},
		{"an unknown element", `{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}`, "#1", "Conditions"},
		{"an element in another case", `{"Effect":"Allow","Action":"*","resource":"*"}`, "#1", "resource"},
		{"an element twice", `{"Effect":"Allow","Action":"*","Action":"*","Resource":"*"}`, "#1", ""},
		{"a condition that is a list", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}`, "#1", "Condition"},
		{"an operator without an object", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":"true"}}`, "#1", "Condition.Bool"},
		{"an operator without a key", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{}}}`, "#1", "Condition.Bool"},
		{"a condition value that is null", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"k":null}}}`, "#1", "Condition.Bool.k"},
		{"a condition key twice", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"k":"true","k":"false"}}}`, "#1", "Condition.Bool"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			const good = `{"Sid":"Good","Effect":"Allow","Action":"sqs:*","Resource":"*"}`
			d, err := iam.Parse(`{"Version":"2012-10-17","Statement":[` + good + `,` + test.statement + `]}`)
			var syntax *iam.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error %v", err)
			}
			if syntax.Statement != test.where || syntax.Element != test.element {
				t.Errorf("%+v", syntax)
			}
			if len(d.Statements) != 2 || d.Statements[0].Sid != "Good" || d.Statements[0].Malformed != nil {
				t.Fatalf("the good statement was not kept: %+v", d)
			}
			roundTrip(t, d)
			p := iam.Policies{Identity: iam.Layer{Policies: []iam.Policy{{Name: "p", Document: d}}}}
			got := iam.Evaluate(readable(), p)
			want(t, got, iam.Unknown)
			if got.Statement != test.where || len(got.Warnings) == 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func TestMalformedDocuments(t *testing.T) {
	for _, test := range []struct{ rule, document, element string }{
		{"nothing", ``, ""},
		{"no JSON", `{"Version":`, ""},
		{"no object", `[]`, ""},
		{"text after it", `{"Statement":[]}{}`, ""},
		{"no statement", `{"Version":"2012-10-17"}`, "Statement"},
		{"statements that are text", `{"Statement":"*"}`, "Statement"},
		{"an unknown version", `{"Version":"2012-10-18","Statement":[]}`, "Version"},
		{"a version that is a number", `{"Version":2012,"Statement":[]}`, "Version"},
		{"an unknown element", `{"Versoin":"2012-10-17","Statement":[]}`, "Versoin"},
		{"an element twice", `{"Statement":[],"Statement":[]}`, ""},
		{"broken encoding", `%7B%zz`, ""},
	} {
		t.Run(test.rule, func(t *testing.T) {
			d, err := iam.Parse(test.document)
			var syntax *iam.SyntaxError
			if !errors.As(err, &syntax) || syntax.Statement != "" || syntax.Element != test.element {
				t.Fatalf("error %v", err)
			}
			roundTrip(t, d)
			p := iam.Policies{Identity: iam.Layer{Policies: []iam.Policy{{Name: "p", Document: d}}}}
			want(t, iam.Evaluate(readable(), p), iam.Unknown)
			p.Identity.Policies = append(p.Identity.Policies, layer(t, denyAll).Policies...)
			want(t, iam.Evaluate(readable(), p), iam.ExplicitDeny)
		})
	}
}

// A malformed Allow cannot deny.
func TestMalformedAllowBesideAnAllow(t *testing.T) {
	d, _ := iam.Parse(`{"Statement":[{"Effect":"Allow","Action":1,"Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	want(t, iam.Evaluate(readable(), iam.Policies{Identity: iam.Layer{Policies: []iam.Policy{{Document: d}}}}), iam.Allowed)
}

func TestDocumentsAreWrittenInAWSForm(t *testing.T) {
	for _, document := range []string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`,
		`{"Version":"2008-10-17","Id":"i","Statement":[{"Sid":"a","Effect":"Deny","Principal":{"AWS":["1","2"],"Service":"s"},"NotAction":["a:b","c:d"],"Condition":{"Bool":{"k":"true","j":["x","y"]},"Null":{"k":[]}}}]}`,
		`{"Statement":[]}`,
	} {
		d, err := iam.Parse(document)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(document, string(raw)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAConditionThatJSONCannotSayIsNotWritten(t *testing.T) {
	c := iam.Condition{Operator: "Bool", Key: "k", Values: []string{"true"}}
	if raw, err := json.Marshal(iam.Statement{Conditions: []iam.Condition{c, c}}); err == nil {
		t.Errorf("%s", raw)
	}
}
