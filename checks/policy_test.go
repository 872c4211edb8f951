package checks_test

import (
	"regexp"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

// The document allows each action of the checks, and of ECR, EC2, ECS and IAM nothing that changes or hands out anything.
func TestPolicyAllowsTheActionsAndNothingElse(t *testing.T) {
	checkers := checks.Default(checks.Sources{})
	text := checks.Policy(checkers...)
	document, err := iam.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	role := iam.Role{ARN: "arn:aws:iam::111122223333:role/canpull", Identity: iam.Layer{Policies: []iam.Policy{{Name: "canpull", Document: document}}}, Tags: map[string]string{}}
	may := func(action string) iam.Outcome {
		return role.Can(iam.Request{Action: action, Resource: "*"}).Outcome
	}
	for _, action := range checks.Actions(checkers...) {
		if got := may(action); got != iam.Allowed {
			t.Errorf("%s is %s", action, got)
		}
	}
	for _, action := range []string{"ecr:GetAuthorizationToken", "ecr:PutImage", "ecr:BatchDeleteImage", "secretsmanager:GetSecretValue", "kms:Decrypt",
		"iam:PassRole", "iam:PutRolePolicy", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute", "ecs:RunTask", "ecs:UpdateService", "sts:AssumeRole"} {
		if got := may(action); got != iam.ImplicitDeny {
			t.Errorf("%s is %s", action, got)
		}
	}
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count.
	if size := len(regexp.MustCompile(`\s`).ReplaceAllString(text, "")); size > 6144 {
		t.Errorf("the document has %d characters, and a managed policy takes 6144", size)
	}
}
