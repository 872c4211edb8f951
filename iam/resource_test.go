package iam_test

import (
	"testing"

	"github.com/canpull/canpull/iam"
)

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func TestResource(t *testing.T) {
	const (
		secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-a1b2c3"
		layers = "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/sha/blob"
		group  = "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/app:log-stream:x"
	)
	for _, test := range []struct{ rule, element, asked, want string }{
		{"the same ARN", `"Resource":"` + repository + `"`, repository, "yes"},
		{"another ARN", `"Resource":"` + repository + `2"`, repository, "no"},
		{"a lone star", `"Resource":"*"`, repository, "yes"},
		{"case matters", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:repository/Team/App"`, repository, "no"},
		{"star in the resource", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:repository/*"`, repository, "yes"},
		{"star crosses a slash", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:repository/t*p"`, repository, "yes"},
		{"star for the whole sixth part", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:*"`, repository, "yes"},
		{"star for the region", `"Resource":"arn:aws:ecr:*:111122223333:repository/team/app"`, repository, "yes"},
		{"star within the region", `"Resource":"arn:aws:ecr:eu-*-1:111122223333:repository/team/app"`, repository, "yes"},
		{"star for the account", `"Resource":"arn:aws:ecr:eu-west-1:*:repository/team/app"`, repository, "yes"},
		{"star for the partition", `"Resource":"arn:*:ecr:eu-west-1:111122223333:repository/team/app"`, repository, "yes"},
		{"stars for all but service and type", `"Resource":"arn:*:ecr:*:*:repository/*"`, repository, "yes"},
		{"question mark", `"Resource":"arn:aws:ecr:eu-west-?:111122223333:repository/team/ap?"`, repository, "yes"},
		{"another region", `"Resource":"arn:aws:ecr:us-east-1:111122223333:repository/*"`, repository, "no"},
		{"another account", `"Resource":"arn:aws:ecr:eu-west-1:444455556666:repository/*"`, repository, "no"},
		{"another partition", `"Resource":"arn:aws-cn:ecr:eu-west-1:111122223333:repository/*"`, repository, "no"},
		{"an empty part is not a wildcard", `"Resource":"arn:aws:ecr:::repository/team/app"`, repository, "no"},
		{"a star in the service is forbidden, and may do nothing", `"Resource":"arn:aws:ec*:eu-west-1:111122223333:repository/team/app"`, repository, "unknown"},
		{"a star for the service", `"Resource":"arn:aws:*:eu-west-1:111122223333:repository/team/app"`, repository, "unknown"},
		{"stars for all but the partition", `"Resource":"arn:aws:*:*:*:*"`, repository, "unknown"},
		{"a star for the service that crosses", `"Resource":"arn:aws:*:repository/team/app"`, repository, "unknown"},
		{"a star in another service", `"Resource":"arn:aws:s*:eu-west-1:111122223333:repository/team/app"`, repository, "no"},
		{"a star for the resource type is forbidden, and EC2's guide writes one", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:*/team/app"`, repository, "unknown"},
		{"a star in the resource type", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:repo*/team/app"`, repository, "unknown"},
		{"a question mark in the resource type", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:repositor?/team/app"`, repository, "unknown"},
		{"a star for the type and one for the name", `"Resource":"arn:aws:ecr:*:*:*/*"`, repository, "unknown"},
		{"a star for the type, and parts that end in one", `"Resource":"arn:aws:ecr:*:*:*/app"`, repository, "unknown"},
		{"a star for the type of another name", `"Resource":"arn:aws:ecr:*:*:*/api"`, repository, "no"},
		{"a star that spans the type is undocumented", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:repo*"`, repository, "unknown"},
		{"a star that spans another type", `"Resource":"arn:aws:ecr:eu-west-1:111122223333:x*"`, repository, "no"},
		{"a bucket is no type", `"Resource":"arn:aws:s3:::prod-*-starport-layer-bucket/*"`, layers, "yes"},
		{"a bucket may be any", `"Resource":"arn:aws:s3:::*/sha/blob"`, layers, "yes"},
		{"a bucket is not its objects", `"Resource":"arn:aws:s3:::prod-eu-west-1-starport-layer-bucket"`, layers, "no"},
		{"a secret's suffix", `"Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-??????"`, secret, "yes"},
		{"a secret's suffix is six characters", `"Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-?????"`, secret, "no"},
		{"star after a colon in the sixth part", `"Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"`, secret, "yes"},
		{"star crosses colons in the sixth part", `"Resource":"arn:aws:logs:eu-west-1:111122223333:log-group:*"`, group, "yes"},
		{"star crosses colons and slashes there", `"Resource":"arn:aws:logs:*:*:log-group:/ecs*:x"`, group, "yes"},
		{"star within a part does not cross a colon", `"Resource":"arn:aws:ecr:eu*x:111122223333:repository/team/app"`, repository, "no"},
		{"a part's last star may cross, or not", `"Resource":"arn:aws:ecr:eu-*:repository/team/app"`, repository, "unknown"},
		{"an incomplete ARN is completed", `"Resource":"arn:aws:ecr"`, repository, "yes"},
		{"an incomplete ARN of another service", `"Resource":"arn:aws:sqs"`, repository, "no"},
		{"an incomplete ARN with a region", `"Resource":"arn:aws:ecr:us-east-1"`, repository, "no"},
		{"an incomplete ARN without a service", `"Resource":"arn:aws:*"`, repository, "unknown"},
		{"an incomplete ARN of any region", `"Resource":"arn:aws:ecr:*"`, repository, "yes"},
		{"an incomplete ARN of any partition", `"Resource":"arn:*:ecr:*"`, repository, "yes"},
		{"text that is no ARN", `"Resource":"repository/team/app"`, repository, "no"},
		{"text that is no ARN but matches", `"Resource":"*app"`, repository, "unknown"},
		{"a star for all before the resource", `"Resource":"*:repository/team/app"`, repository, "unknown"},
		{"a list is an OR", `"Resource":["arn:aws:s3:::b","` + repository + `"]`, repository, "yes"},
		{"an empty list", `"Resource":[]`, repository, "no"},
		{"NotResource of another", `"NotResource":"arn:aws:s3:::b"`, repository, "yes"},
		{"NotResource of it", `"NotResource":"arn:aws:ecr:*:*:repository/*"`, repository, "no"},
		{"NotResource is none of the list", `"NotResource":["arn:aws:s3:::b","*"]`, repository, "no"},
		{"NotResource of an undocumented pattern", `"NotResource":"arn:aws:ecr:*:*:repo*"`, repository, "unknown"},
		{"an action without a resource needs the star", `"Resource":"*"`, "*", "yes"},
		{"an action without a resource is on no repository", `"Resource":"arn:aws:ecr:*:*:repository/*"`, "*", "no"},
		{"nor on any ARN", `"Resource":"arn:aws:ecr:*:*:*"`, "*", "no"},
		{"an action without a resource and NotResource", `"NotResource":"` + repository + `"`, "*", "yes"},
		{"a resource that is not known", `"Resource":"` + repository + `"`, "", "unknown"},
		{"a resource that is not known, and the star", `"Resource":"*"`, "", "yes"},
		{"a resource that is not known, and NotResource", `"NotResource":"` + repository + `"`, "", "unknown"},
		{"an identity policy needs a Resource", `"Sid":"x"`, repository, "unknown"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			r := readable()
			r.Resource = test.asked
			r.ResourceAccount = "111122223333"
			want(t, identity(t, r, statement(`"Effect":"Allow","Action":"*",`+test.element)), verdict[test.want])
		})
	}
}

// A Deny that AWS may apply must not vanish because a guide forbids how it is written.
func TestDenyWithForbiddenWildcardIsUnknown(t *testing.T) {
	for _, element := range []string{
		`"Action":"*","Resource":"arn:aws:ecr:*:*:*/app"`,
		`"Action":"*","Resource":"arn:aws:*:*:*:*"`,
		`"Action":"*","Resource":"*:repository/team/app"`,
		`"Action":"*:*","Resource":"*"`,
		`"Action":"ec?:BatchGetImage","Resource":"*"`,
	} {
		all := *layer(t, allowAll)
		all.Policies = append(all.Policies, layer(t, statement(`"Effect":"Deny",`+element)).Policies...)
		d := iam.Evaluate(readable(), iam.Policies{Identity: all})
		want(t, d, iam.Unknown)
		if len(d.Warnings) == 0 {
			t.Errorf("%s: no warning says why", element)
		}
	}
}

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
func TestRepositoryPolicyWithoutResourceMeansTheRepository(t *testing.T) {
	d := iam.Evaluate(readable(), iam.Policies{
		Resource: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"ecr:*"`)),
	})
	want(t, d, iam.Allowed)
	if d.Layer != iam.ResourceLayer {
		t.Errorf("layer %s", d.Layer)
	}
}

func TestIncompleteARNIsCompletedInIdentityPoliciesOnly(t *testing.T) {
	want(t, iam.Evaluate(readable(), iam.Policies{
		Identity: *layer(t, allowAll),
		Endpoint: layer(t, statement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:ecr"`)),
	}), iam.Unknown)
}
