package iam_test

import (
	"encoding/json"
	"testing"

	"github.com/canpull/canpull/iam"
)

// Some tools keep a document as a JSON string, or as one within a JSON string that IAM then encoded.
func TestDocumentsInStrings(t *testing.T) {
	inString, err := json.Marshal(allowAll)
	if err != nil {
		t.Fatal(err)
	}
	for rule, document := range map[string]string{
		"plain":               allowAll,
		"in a string":         string(inString),
		"encoded":             "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22*%22%2C%22Resource%22%3A%22*%22%7D%7D",
		"encoded in a string": "%22%7B%5C%22Version%5C%22%3A%5C%222012-10-17%5C%22%2C%5C%22Statement%5C%22%3A%7B%5C%22Effect%5C%22%3A%5C%22Allow%5C%22%2C%5C%22Action%5C%22%3A%5C%22*%5C%22%2C%5C%22Resource%5C%22%3A%5C%22*%5C%22%7D%7D%22",
	} {
		d, err := iam.Parse(document)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			continue
		}
		want(t, iam.Evaluate(readable(), iam.Policies{Identity: iam.Layer{Policies: []iam.Policy{{Name: "p", Document: d}}}}), iam.Allowed)
	}
	for _, document := range []string{`"text"`, `""`, `"{"`, `"[]"`, `"\"{}\""`} {
		if _, err := iam.Parse(document); err == nil {
			t.Errorf("%s is taken for a policy", document)
		}
	}
}

// What cannot be understood is named where it kept a decision from being made: policy, statement and element.
func TestDecisionsNameWhatIsMalformed(t *testing.T) {
	for document, warning := range map[string]string{
		`{"Statement":[{"Sid":"S","Effect":"Deny","Action":"Pull","Resource":"*"}]}`:                                 `policy p: statement S: Action: "Pull" has no service prefix`,
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":1}]}`: `policy p: statement #1: Resource: is not a string, nor a list`,
		`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":"true"}}]}`:                  `policy p: statement #0: Condition.Bool: is not a JSON object`,
		`{"Version":"2021-01-01","Statement":[]}`:                                                                    `policy p: Version: "2021-01-01" is not a version of the policy language`,
		`{"Version":`: `policy p: is not a JSON object`,
	} {
		d, err := iam.Parse(document)
		if err == nil {
			t.Fatalf("%s parses", document)
		}
		layer := iam.Layer{Policies: append(layer(t, allowAll).Policies, iam.Policy{Name: "p", Document: d})}
		got := iam.Evaluate(readable(), iam.Policies{Identity: layer})
		want(t, got, iam.Unknown)
		if len(got.Warnings) != 1 || got.Warnings[0] != warning || len(got.Layers[0].Warnings) != 1 || got.Layers[0].Warnings[0] != warning {
			t.Errorf("%s: %q, want %q", document, got.Warnings, warning)
		}
	}
}

// …reference_identifiers.html: a name is unique in its account, whatever the path.
func TestWrongPath(t *testing.T) {
	const other = "arn:aws:iam::111122223333:role/"
	for rule, test := range map[string]struct {
		asked string
		want  bool
	}{
		"without the path":          {other + "exec", true},
		"with another path":         {other + "team/exec", true},
		"the role itself":           {roleARN, false},
		"the role in another case":  {other + "app/EXEC", false},
		"another account's role":    {"arn:aws:iam::444455556666:role/exec", false},
		"a name alone":              {"exec", false},
		"a session of another role": {"arn:aws:sts::444455556666:assumed-role/exec/task", false},
	} {
		if got := read(t, accountOf(nil), test.asked).WrongPath(); got != test.want {
			t.Errorf("%s: %v", rule, got)
		}
	}
}

// https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html against
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
func TestKindsOfEndpoints(t *testing.T) {
	for _, test := range []struct {
		rule, action string
		kind         iam.EndpointType
		principal    string
		want         iam.Outcome
	}{
		{"a gateway takes everyone", "s3:GetObject", iam.GatewayEndpoint, `"*"`, iam.Allowed},
		{"a gateway takes no account", "s3:GetObject", iam.GatewayEndpoint, `{"AWS":"111122223333"}`, iam.Unknown},
		{"a gateway takes no role", "s3:GetObject", iam.GatewayEndpoint, `{"AWS":"` + roleARN + `"}`, iam.Unknown},
		{"a gateway and another role", "s3:GetObject", iam.GatewayEndpoint, `{"AWS":"arn:aws:iam::111122223333:role/x"}`, iam.ImplicitDeny},
		{"a gateway for DynamoDB", "dynamodb:GetItem", iam.GatewayEndpoint, `{"AWS":"111122223333"}`, iam.Unknown},
		{"an interface takes everyone", "s3:GetObject", iam.InterfaceEndpoint, `"*"`, iam.Allowed},
		{"an interface takes an account", "s3:GetObject", iam.InterfaceEndpoint, `{"AWS":"111122223333"}`, iam.Allowed},
		{"an interface takes a role", "s3:GetObject", iam.InterfaceEndpoint, `{"AWS":"` + roleARN + `"}`, iam.Allowed},
		{"an interface takes a session", "s3:GetObject", iam.InterfaceEndpoint, `{"AWS":"` + sessionARN + `"}`, iam.Unknown},
		{"an interface and another account", "s3:GetObject", iam.InterfaceEndpoint, `{"AWS":"444455556666"}`, iam.ImplicitDeny},
		{"a kind that is not known", "s3:GetObject", "", `{"AWS":"111122223333"}`, iam.Unknown},
		{"ECR has interface endpoints only", "ecr:BatchGetImage", "", `{"AWS":"` + roleARN + `"}`, iam.Allowed},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Action, r.Resource, r.ResourceAccount = test.action, "arn:aws:s3:::bucket/key", "111122223333"
			want(t, iam.Evaluate(r, iam.Policies{
				Identity: *layer(t, allowAll), EndpointType: test.kind,
				Endpoint: layer(t, statement(`"Effect":"Allow","Action":"*","Resource":"*","Principal":`+test.principal)),
			}), test.want)
		})
	}
}
