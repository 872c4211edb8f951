package iam_test

import (
	"fmt"
	"testing"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func TestAssumable(t *testing.T) {
	const service, account = "ecs-tasks.amazonaws.com", "111122223333"
	const arn = "arn:aws:ecs:eu-west-1:111122223333:*"
	task := "arn:aws:ecs:eu-west-1:111122223333:task/main/abc"
	guard := `,"Condition":{"ArnLike":{"aws:SourceArn":"` + arn + `"},"StringEquals":{"aws:SourceAccount":"111122223333"}}`
	for _, test := range []struct {
		rule           string
		principal      string
		condition      string
		account, about string
		want           iam.Outcome
		element        string
	}{
		{"the documented trust policy", `{"Service":"ecs-tasks.amazonaws.com"}`, "", "", "", iam.Allowed, "Effect"},
		{"a list of services is an OR", `{"Service":["ec2.amazonaws.com","ecs-tasks.amazonaws.com"]}`, "", "", "", iam.Allowed, "Effect"},
		{"ecs is not ecs-tasks", `{"Service":"ecs.amazonaws.com"}`, "", "", "", iam.ImplicitDeny, "Principal"},
		{"ec2 is not ecs-tasks", `{"Service":"ec2.amazonaws.com"}`, "", "", "", iam.ImplicitDeny, "Principal"},
		{"services regard case", `{"Service":"ECS-tasks.amazonaws.com"}`, "", "", "", iam.ImplicitDeny, "Principal"},
		{"the account is no service", `{"AWS":"111122223333"}`, "", "", "", iam.ImplicitDeny, "Principal"},
		{"a service under AWS", `{"AWS":"ecs-tasks.amazonaws.com"}`, "", "", "", iam.ImplicitDeny, "Principal"},
		{"the documented guard", `{"Service":"ecs-tasks.amazonaws.com"}`, guard, account, task, iam.Allowed, "Effect"},
		{"the guard, another account", `{"Service":"ecs-tasks.amazonaws.com"}`, guard, "444455556666", task, iam.ImplicitDeny, "Condition.StringEquals.aws:SourceAccount"},
		{"the guard, another region", `{"Service":"ecs-tasks.amazonaws.com"}`, guard, account, "arn:aws:ecs:us-east-1:111122223333:task/x", iam.ImplicitDeny, "Condition.ArnLike.aws:SourceArn"},
		{"the guard, unknown source", `{"Service":"ecs-tasks.amazonaws.com"}`, guard, account, "", iam.Unknown, "Condition.ArnLike.aws:SourceArn"},
		{"an unknown source is still one", `{"Service":"ecs-tasks.amazonaws.com"}`, `,"Condition":{"Null":{"aws:SourceArn":"false"}}`, "", "", iam.Allowed, "Effect"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			d, err := iam.Parse(statement(fmt.Sprintf(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":%s%s`, test.principal, test.condition)))
			if err != nil {
				t.Fatal(err)
			}
			role := &iam.Role{ARN: roleARN, Exists: new(true), Trust: &iam.Policy{Name: "trust policy", Document: d}}
			got := role.Assumable(service, test.account, test.about)
			want(t, got, test.want)
			if got.Layer != iam.ResourceLayer || got.Policy != "trust policy" || got.Element != test.element {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTagsOfTheRoleAreInItsContext(t *testing.T) {
	const condition = `"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"a"}}`
	for rule, test := range map[string]struct {
		tags map[string]string
		want iam.Outcome
	}{
		"the tag":       {map[string]string{"Team": "a"}, iam.Allowed},
		"another value": {map[string]string{"Team": "b"}, iam.ImplicitDeny},
		"no tags":       {map[string]string{}, iam.ImplicitDeny},
		"not read":      {nil, iam.Unknown},
	} {
		t.Run(rule, func(t *testing.T) {
			role := iam.Role{ARN: roleARN, Identity: *layer(t, statement(condition)), Tags: test.tags}
			want(t, role.Can(iam.Request{Action: pull, Resource: repository}), test.want)
		})
	}
}

func TestReason(t *testing.T) {
	for _, test := range []struct {
		d    iam.Decision
		want string
	}{
		{iam.Decision{Outcome: iam.Allowed, Layer: iam.ResourceLayer}, "the ecr:BatchGetImage action is allowed by a resource-based policy"},
		{iam.Decision{Outcome: iam.ImplicitDeny, Layer: iam.IdentityLayer}, "no identity-based policy allows the ecr:BatchGetImage action"},
		{iam.Decision{Outcome: iam.ImplicitDeny, Layer: iam.EndpointLayer}, "no VPC endpoint policy allows the ecr:BatchGetImage action"},
		{iam.Decision{Outcome: iam.ExplicitDeny, Layer: iam.SCPLayer}, "the ecr:BatchGetImage action is denied with an explicit deny in a service control policy"},
		{iam.Decision{Outcome: iam.ExplicitDeny, Layer: iam.IdentityLayer}, "the ecr:BatchGetImage action is denied with an explicit deny in an identity-based policy"},
		{iam.Decision{Missing: []string{"iam:GetRole"}, Keys: []string{"aws:SourceVpc"}}, "whether the ecr:BatchGetImage action is allowed is not known: it depends on iam:GetRole, aws:SourceVpc"},
	} {
		if got := test.d.Reason(readable()); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
