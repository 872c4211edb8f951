package iam_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/iam/iamtest"
)

// May this role read this repository, and why not?
func ExampleEvaluate() {
	identity, _ := iam.Parse(`{
		"Version": "2012-10-17",
		"Statement": {"Sid": "Pull", "Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "arn:aws:ecr:*:*:repository/team/*"}
	}`)
	endpoint, _ := iam.Parse(`{
		"Statement": {"Sid": "OnlyOurs", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
			"Condition": {"StringEquals": {"aws:PrincipalAccount": "444455556666"}}}
	}`)
	request := iam.Request{
		Action:    "ecr:BatchGetImage",
		Resource:  "arn:aws:ecr:eu-west-1:111122223333:repository/team/app",
		Principal: iam.Principal{ARN: "arn:aws:iam::111122223333:role/exec"},
	}

	decision := iam.Evaluate(request, iam.Policies{
		Identity: iam.Layer{Policies: []iam.Policy{{Name: "pull", Document: identity}}},
		Endpoint: &iam.Layer{Policies: []iam.Policy{{Name: "vpce-1", Document: endpoint}}},
	})

	fmt.Println(decision.Outcome)
	fmt.Println(decision.Reason(request))
	fmt.Println(decision.Policy, decision.Statement, decision.Element)
	// Output:
	// implicit-deny
	// no VPC endpoint policy allows the ecr:BatchGetImage action
	// vpce-1 OnlyOurs Condition.StringEquals.aws:PrincipalAccount
}

// What could not be read is never taken for what is not there.
func ExampleSource() {
	source := iam.New(&iamtest.Fake{}) // an IAM that denies everything
	role, err := source.Role(context.Background(), "arn:aws:iam::111122223333:role/exec")
	if err != nil {
		fmt.Println(err)
		return
	}
	decision := role.Can(iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"})
	fmt.Println(decision.Outcome, decision.Missing)
	// Output: unknown [iam:GetRole iam:ListAttachedRolePolicies iam:ListRolePolicies]
}

func ExampleRole_Assumable() {
	api, _ := iamtest.Load(fstest.MapFS{iamtest.DetailsFile: {Data: []byte(`{"RoleDetailList": [{
		"RoleName": "exec", "Arn": "arn:aws:iam::111122223333:role/exec",
		"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
	}]}`)}})
	role, _ := iam.New(api).Role(context.Background(), "arn:aws:iam::111122223333:role/exec")

	decision := role.Assumable("ecs-tasks.amazonaws.com", "", "")
	fmt.Println(decision.Outcome, decision.Policy, decision.Element)
	// Output: implicit-deny trust policy Principal
}
