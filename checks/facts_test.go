package checks_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// A source of facts answers what was not asked as the sources of its kind answer what they may not ask: with a fact of which
// nothing was read.
func TestFactsDoNotKnowWhatWasNotAsked(t *testing.T) {
	sources := checks.Facts{}.Sources()
	if top, err := sources.Network.Topology(t.Context(), network.Placement{Subnets: []string{"subnet-0"}}); err != nil || top.Unread["ec2:DescribeSubnets"] == nil || top.Subnets != nil {
		t.Errorf("a VPC is %+v (%v)", top, err)
	}
	role, err := sources.Roles.Role(t.Context(), "arn:aws:iam::111122223333:role/web")
	if err != nil || role.Exists != nil || role.Unread["iam:GetRole"] == nil {
		t.Fatalf("a role is %+v (%v)", role, err)
	}
	if got := role.Can(iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"}).Outcome; got != iam.Unknown {
		t.Errorf("what it may do is %v", got)
	}
	if got := role.Assumable("ecs-tasks.amazonaws.com", "", "").Outcome; got != iam.Unknown {
		t.Errorf("whether it may be assumed is %v", got)
	}
	for _, name := range []string{"111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", "docker.io/library/nginx:1"} {
		ref, err := registry.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		image, err := sources.Images.Image(t.Context(), ref)
		if err != nil || image.Status != registry.Unknown || image.RepositoryPolicy != nil || image.CacheRule != nil || (image.Unreachable == nil) == (ref.ECR == nil) ||
			(image.Unread["ecr:DescribeImages"] == nil) == (ref.ECR != nil) {
			t.Errorf("%s is %+v (%v)", name, image, err)
		}
	}
	secret, err := sources.Secrets.Secret(t.Context(), credentials.ID{Name: "hub", Region: "eu-west-1"})
	if err != nil || secret.Exists != nil || secret.Policy != nil || secret.Unread[credentials.DescribeSecret] == nil {
		t.Errorf("a secret is %+v (%v)", secret, err)
	}
}

// An image in ECR is the same by each of its registry's hosts, and another tag, repository or Region is another image.
func TestAnImageIsTheSameByEveryHost(t *testing.T) {
	parse := func(name string) registry.Reference {
		ref, err := registry.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	asked := parse("111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1")
	facts := checks.Facts{Images: []checks.Answer[registry.Reference, registry.Image]{{Question: asked, Fact: &registry.Image{Reference: asked, Status: registry.Present}}}}
	for name, want := range map[string]registry.Status{
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1":      registry.Present,
		"111122223333.dkr.ecr-fips.eu-west-1.amazonaws.com/web:1": registry.Present,
		"111122223333.dkr-ecr.eu-west-1.on.aws/web:1":             registry.Present,
		"111122223333.dkr-ecr.eu-west-1.on.aws/web:2":             registry.Unknown,
		"111122223333.dkr-ecr.eu-west-1.on.aws/web2:1":            registry.Unknown,
		"111122223333.dkr-ecr.eu-west-2.on.aws/web:1":             registry.Unknown,
		"444455556666.dkr-ecr.eu-west-1.on.aws/web:1":             registry.Unknown,
	} {
		image, err := facts.Sources().Images.Image(t.Context(), parse(name))
		if err != nil || image.Status != want {
			t.Errorf("%s is %s (%v)", name, image.Status, err)
		}
		if diff := cmp.Diff(parse(name), image.Reference); diff != "" {
			t.Errorf("%s is the image of another reference (-want +got):\n%s", name, diff)
		}
	}
}

// A fix may have requests take another way, about which the organization was not asked: it is assumed to deny nothing, as
// where it may not be asked, unless it denied the request before.
func TestFactsDoNotKnowWhatTheOrganizationWasNotAsked(t *testing.T) {
	const role, action = "arn:aws:iam::111122223333:role/web-execution", "ecr:BatchGetImage"
	asked := iam.Guardrails{Role: role, Actions: []string{action}, Context: iam.Context{"aws:SourceVpce": iam.Absent()}}
	another := iam.Guardrails{Role: role, Actions: []string{action}, Context: iam.Context{"aws:SourceVpce": iam.Present("vpce-0ecrdkr")}}
	for _, allowed := range []bool{true, false} {
		facts := checks.Facts{Organizations: []checks.Answer[iam.Guardrails, iam.Organization]{
			{Question: asked, Fact: &iam.Organization{Allowed: map[string]bool{action: allowed}}},
		}}
		source := facts.Sources().Organizations
		if again, err := source.Organization(t.Context(), asked); err != nil || again.Allowed[action] != allowed {
			t.Errorf("the organization said %t and says %v again (%v)", allowed, again, err)
		}
		other, err := source.Organization(t.Context(), another)
		if allowed && (err != nil || other.Unread == nil || len(other.Allowed) != 0) {
			t.Errorf("what was not asked is answered with %v (%v)", other, err)
		}
		if !allowed && err == nil {
			t.Errorf("after a denial, what was not asked is answered with %v", other)
		}
	}
}
