package iam_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/canpull/canpull/iam"
)

// ecsTaskExecution is AmazonECSTaskExecutionRolePolicy, version v1, as AWS publishes it:
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html
const ecsTaskExecution = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
	"ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage",
	"logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}`

// large is a role with as many policies, of as many statements. Only the last statement of all allows the pull, and
// every seventh looks at a condition key.
func large(t testing.TB, policies, statements int) iam.Layer {
	var l iam.Layer
	for p := range policies {
		body := ""
		for s := range statements {
			action, condition := "ecr:Batch*", ""
			if s%7 == 0 {
				condition = fmt.Sprintf(`,"Condition":{"StringLike":{"aws:PrincipalTag/team":"team-%d-*"}}`, s)
			}
			if s%3 == 0 {
				action = "s3:Get*"
			}
			body += fmt.Sprintf(`{"Sid":"S%d","Effect":"Allow","Action":["%s","sqs:ReceiveMessage"],"Resource":["arn:aws:ecr:eu-west-1:111122223333:repository/service-%d-%d/*","arn:aws:s3:::bucket-%d/*"]%s},`, s, action, p, s, s, condition)
		}
		if p == policies-1 {
			body += `{"Sid":"Last","Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/team/*"},`
		}
		one := layer(t, `{"Version":"2012-10-17","Statement":[`+body[:len(body)-1]+`]}`).Policies[0]
		one.Name = fmt.Sprintf("policy-%d", p)
		l.Policies = append(l.Policies, one)
	}
	return l
}

// explained asks for the decision and the sentence that explains it.
func explained(t testing.TB, r iam.Request, p iam.Policies) iam.Decision {
	d := iam.Evaluate(r, p)
	if d.Outcome != iam.Allowed || d.Reason(r) == "" {
		t.Fatalf("%+v", d)
	}
	return d
}

func BenchmarkManagedPolicy(b *testing.B) {
	p := iam.Policies{Identity: *layer(b, ecsTaskExecution)}
	b.ReportAllocs()
	for b.Loop() {
		explained(b, readable(), p)
	}
}

func BenchmarkTwentyPoliciesOfFiftyStatements(b *testing.B) {
	p := iam.Policies{Identity: large(b, 20, 50)}
	r := readable()
	r.Context = iam.Context{"aws:PrincipalTag/team": iam.Present("platform"), "aws:SourceVpce": iam.Absent(), "aws:SecureTransport": iam.Present("true")}
	b.ReportAllocs()
	for b.Loop() {
		explained(b, r, p)
	}
}

func BenchmarkThousandRolesAtOnce(b *testing.B) {
	roles := make([]iam.Role, 1000)
	for i := range roles {
		roles[i] = iam.Role{ARN: fmt.Sprintf("arn:aws:iam::111122223333:role/app/role-%d", i), Identity: *layer(b, ecsTaskExecution)}
	}
	b.ReportAllocs()
	for b.Loop() {
		var all sync.WaitGroup
		for i := range roles {
			all.Go(func() {
				if d := roles[i].Can(iam.Request{Action: pull, Resource: repository}); d.Outcome != iam.Allowed {
					b.Errorf("%+v", d)
				}
			})
		}
		all.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(roles)), "ns/role")
}
