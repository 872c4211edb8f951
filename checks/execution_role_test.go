package checks_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/canpull/canpull/checks"
)

// ECS does not document the last part of the source ARN that it sends, so that no policy that looks at it is decided.
func TestWhatATrustPolicySaysOfTheRestOfASourceIsNotKnown(t *testing.T) {
	const (
		allow = `{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"`
		deny  = `{"Effect": "Deny", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"`
	)
	for conditions, want := range map[string]checks.Code{
		allow + `, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:111122223333:*"}}}`:                                             "role.allowed",
		allow + `, "Condition": {"StringLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:1111*"}}}`:                                                   "role.allowed",
		allow + `}, ` + deny + `, "Condition": {"StringLike": {"aws:SourceArn": "arn:*:cluster/*"}}}`:                                                "role.trust-unknown",
		allow + `}, ` + deny + `, "Condition": {"ArnNotLike": {"aws:SourceArn": "arn:aws:ecs:*:111122223333:*"}}}`:                                   "role.allowed",
		allow + `, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod"}}}`:                                  "role.trust-unknown",
		allow + `, "Condition": {"ArnNotLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod"}}}`:                               "role.trust-unknown",
		allow + `}, ` + deny + `, "Condition": {"StringLike": {"AWS:sourcearn": ["arn:aws:ecs:*:111122223333:task/*", "arn:aws:ecs:us-east-1:*"]}}}`: "role.trust-unknown",
	} {
		s := scenario(t, "healthy-role-guarded")
		s.IAM.Details.RoleDetailList[0].AssumeRolePolicyDocument = aws.String(`{"Version": "2012-10-17", "Statement": [` + conditions + `]}`)
		if f := finding(t, s, "execution-role"); f.Code != want {
			t.Errorf("%s: %s, want %s (%s)", conditions, f.Code, want, f.Summary)
		}
	}
}
