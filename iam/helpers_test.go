package iam_test

import (
	"fmt"
	"testing"

	"github.com/canpull/canpull/iam"
)

const (
	roleARN    = "arn:aws:iam::111122223333:role/app/exec"
	sessionARN = "arn:aws:sts::111122223333:assumed-role/exec/task"
	repository = "arn:aws:ecr:eu-west-1:111122223333:repository/team/app"
	foreign    = "arn:aws:ecr:eu-west-1:444455556666:repository/team/app"
	key        = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
	pull       = "ecr:BatchGetImage"
)

// layer is one policy type with one document; it must parse.
func layer(t testing.TB, document string) *iam.Layer {
	t.Helper()
	d, err := iam.Parse(document)
	if err != nil {
		t.Fatalf("Parse(%s): %v", document, err)
	}
	return &iam.Layer{Policies: []iam.Policy{{Name: "p", Document: d}}}
}

// statement is a document of version 2012-10-17 with this one statement.
func statement(body string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{%s}}`, body)
}

var (
	allowAll  = statement(`"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"`)
	allowNone = statement(`"Effect":"Allow","Action":"sqs:*","Resource":"*"`)
	denyAll   = statement(`"Sid":"Stop","Effect":"Deny","Action":"*","Resource":"*"`)
)

// readable is the role's session asking to read its account's repository.
func readable() iam.Request {
	return iam.Request{Action: pull, Resource: repository, Principal: iam.Principal{ARN: roleARN}}
}

// identity evaluates the request with one identity policy and nothing else.
func identity(t testing.TB, r iam.Request, document string) iam.Decision {
	t.Helper()
	return iam.Evaluate(r, iam.Policies{Identity: *layer(t, document)})
}

func want(t testing.TB, got iam.Decision, outcome iam.Outcome) {
	t.Helper()
	if got.Outcome != outcome {
		t.Errorf("outcome %v, want %v\n%+v", got.Outcome, outcome, got)
	}
}

// verdict is how a truth shows in an Allow statement that stands alone.
var verdict = map[string]iam.Outcome{"yes": iam.Allowed, "no": iam.ImplicitDeny, "unknown": iam.Unknown}
