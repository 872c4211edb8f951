package iam_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func TestAction(t *testing.T) {
	for _, test := range []struct{ rule, element, asked, want string }{
		{"the same action", `"Action":"ecr:BatchGetImage"`, pull, "yes"},
		{"another action", `"Action":"ecr:PutImage"`, pull, "no"},
		{"another service", `"Action":"s3:BatchGetImage"`, pull, "no"},
		{"case does not matter in the name", `"Action":"ecr:batchgetimage"`, pull, "yes"},
		{"case does not matter in the service", `"Action":"ECR:BatchGetImage"`, pull, "yes"},
		{"case does not matter in the request", `"Action":"ecr:BatchGetImage"`, "ECR:BATCHGETIMAGE", "yes"},
		{"a lone star is every action", `"Action":"*"`, pull, "yes"},
		{"star for the name", `"Action":"ecr:*"`, pull, "yes"},
		{"star at the end", `"Action":"ecr:Batch*"`, pull, "yes"},
		{"star at the start", `"Action":"ecr:*Image"`, pull, "yes"},
		{"star in the middle", `"Action":"ecr:B*e"`, pull, "yes"},
		{"star may be nothing", `"Action":"ecr:BatchGetImage*"`, pull, "yes"},
		{"several stars", `"Action":"ecr:*Get*Image"`, pull, "yes"},
		{"question mark is one character", `"Action":"ecr:BatchGetImag?"`, pull, "yes"},
		{"question mark is not none", `"Action":"ecr:BatchGetImage?"`, pull, "no"},
		{"question mark is not two", `"Action":"ecr:BatchGetIm?e"`, pull, "no"},
		{"wildcards regard no case either", `"Action":"ecr:batch*"`, pull, "yes"},
		{"a star in the service is not in the grammar, and may do nothing", `"Action":"ec*:BatchGetImage"`, pull, "unknown"},
		{"a star for the service", `"Action":"*:BatchGetImage"`, pull, "unknown"},
		{"stars for service and name", `"Action":"*:*"`, pull, "unknown"},
		{"a question mark in the service", `"Action":"ec?:batchgetimage"`, pull, "unknown"},
		{"a star in another service", `"Action":"s*:BatchGetImage"`, pull, "no"},
		{"a star for the service of another action", `"Action":"*:PutImage"`, pull, "no"},
		{"NotAction with a star for the service", `"NotAction":"*:*"`, pull, "unknown"},
		{"the service is whole", `"Action":"ec:*"`, pull, "no"},
		{"ecr-public is another service", `"Action":"ecr-public:*"`, pull, "no"},
		{"a list is an OR", `"Action":["sqs:*","ecr:Batch*"]`, pull, "yes"},
		{"a list without it", `"Action":["sqs:*","s3:*"]`, pull, "no"},
		{"an empty list names nothing", `"Action":[]`, pull, "no"},
		{"NotAction of another", `"NotAction":"iam:*"`, pull, "yes"},
		{"NotAction of it", `"NotAction":"ecr:*"`, pull, "no"},
		{"NotAction is none of the list", `"NotAction":["iam:*","ecr:Batch*"]`, pull, "no"},
		{"NotAction regards no case", `"NotAction":"ECR:batchgetimage"`, pull, "no"},
		{"NotAction of everything", `"NotAction":"*"`, pull, "no"},
		{"NotAction of nothing", `"NotAction":[]`, pull, "yes"},
		{"an action nobody named is not known", `"Action":"ecr:*"`, "", "unknown"},
		{"nor is it then denied by NotAction", `"NotAction":"ecr:*"`, "", "unknown"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Action = test.asked
			want(t, identity(t, r, statement(`"Effect":"Allow","Resource":"*",`+test.element)), verdict[test.want])
		})
	}
}

// A pattern with many stars must not take time that is exponential in their number.
func TestWildcardsDoNotBlowUp(t *testing.T) {
	pattern := strings.Repeat("a*", 200) + "b"
	r := readable()
	r.Resource = "arn:aws:s3:::" + strings.Repeat("a", 5000)
	start := time.Now()
	want(t, identity(t, r, statement(fmt.Sprintf(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::%s"`, pattern))), iam.ImplicitDeny)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}
