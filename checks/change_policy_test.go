package checks_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

// policyChanges are the types of changes that these checks offer, without a value.
var policyChanges = []checks.Change{
	checks.PutRolePolicy{}, checks.DeleteRolePolicy{}, checks.AttachRolePolicy{}, checks.DetachRolePolicy{}, checks.CreatePolicyVersion{},
	checks.UpdateAssumeRolePolicy{}, checks.CreateRole{}, checks.SetRepositoryPolicy{}, checks.SetEndpointPolicy{}, checks.PutResourcePolicy{},
	checks.PutKeyPolicy{}, checks.CreateSecret{}, checks.RestoreSecret{}, checks.EnableKey{}, checks.CancelKeyDeletion{},
	checks.UpdateImageStorageClass{}, checks.UpdatePullThroughCacheRule{}, checks.RegisterTaskDefinition{},
}

func TestPolicyChangesSurviveJSON(t *testing.T) {
	for _, o := range offers(t) {
		for _, c := range o.fix.Changes {
			if !slices.ContainsFunc(policyChanges, func(p checks.Change) bool { return reflect.TypeOf(p) == reflect.TypeOf(c) }) {
				t.Errorf("%s: %T is not among the types that are known", o, c)
			}
			text, err := json.Marshal(c)
			if err != nil {
				t.Errorf("%s: %v", o, err)
				continue
			}
			copied := reflect.New(reflect.TypeOf(c))
			if err := json.Unmarshal(text, copied.Interface()); err != nil {
				t.Errorf("%s: %v", o, err)
			}
			if diff := cmp.Diff(c, copied.Elem().Interface()); diff != "" {
				t.Errorf("%s: after JSON (-want +got):\n%s", o, diff)
			}
		}
	}
}

// A change to what was not captured says so, whatever is missing.
func TestAChangeToNothingIsAnError(t *testing.T) {
	const role, secret, repository = "arn:aws:iam::111122223333:role/web", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf", "arn:aws:ecr:eu-west-1:111122223333:repository/web"
	for _, c := range []struct {
		change checks.Change
		names  string
	}{
		{checks.PutRolePolicy{Role: role}, role},
		{checks.DeleteRolePolicy{Role: role}, role},
		{checks.AttachRolePolicy{Role: role}, role},
		{checks.DetachRolePolicy{Role: role}, role},
		{checks.CreatePolicyVersion{PolicyARN: "arn:aws:iam::111122223333:policy/p"}, "policy/p"},
		{checks.UpdateAssumeRolePolicy{Role: role}, role},
		{checks.CreateRole{Role: "arn:aws:iam::111122223333:user/web"}, "user/web"},
		{checks.SetRepositoryPolicy{Repository: repository}, repository},
		{checks.SetEndpointPolicy{VPCEndpoint: "vpce-0"}, "vpce-0"},
		{checks.PutResourcePolicy{Secret: secret}, secret},
		{checks.PutKeyPolicy{Key: "key/0"}, "key/0"},
		{checks.CreateSecret{Secret: "hub"}, "hub"},
		{checks.RestoreSecret{Secret: secret}, secret},
		{checks.EnableKey{Key: "key/0"}, "key/0"},
		{checks.CancelKeyDeletion{Key: "key/0"}, "key/0"},
		{checks.UpdateImageStorageClass{Repository: repository, ImageTag: "1"}, repository},
		{checks.UpdatePullThroughCacheRule{ECRRepositoryPrefix: "hub"}, "hub"},
		{checks.RegisterTaskDefinition{Containers: []checks.ContainerRevision{{Name: "web"}}}, "web"},
	} {
		if err := c.change.Apply(&checks.Snapshot{}); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%T on nothing: %v, which should name %s", c.change, err, c.names)
		}
	}
}

// clients have a method for each operation of a service, by what the AWS CLI calls the service.
var clients = map[string]any{"ec2": &ec2.Client{}, "ecr": &ecr.Client{}, "ecs": &ecs.Client{}, "iam": &awsiam.Client{}, "kms": &kms.Client{},
	"secretsmanager": &secretsmanager.Client{}}

// A command calls an operation that there is, with parameters that it has.
func TestPolicyCommandsAreOnesOfTheCLI(t *testing.T) {
	global := []string{"region", "query", "cli-input-json"}
	for _, o := range offers(t) {
		for _, c := range o.fix.Changes {
			for _, words := range c.Commands() {
				if len(words) < 3 || words[0] != "aws" || clients[words[1]] == nil {
					t.Errorf("%s: %q is no command", o, words)
					continue
				}
				method, ok := reflect.TypeOf(clients[words[1]]).MethodByName(camel(words[2]))
				if !ok {
					t.Errorf("%s: %s has no operation %s", o, words[1], words[2])
					continue
				}
				input := method.Type.In(2).Elem()
				for _, word := range words[3:] {
					option, ok := strings.CutPrefix(word, "--")
					if !ok || slices.Contains(global, option) {
						continue
					}
					if _, ok := input.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, camel(option)) }); !ok {
						t.Errorf("%s: %s has no parameter %s", o, words[2], option)
					}
				}
				for _, word := range words {
					if word == "" {
						t.Errorf("%s: %q has an empty word", o, words)
					}
				}
			}
		}
	}
}

// camel writes what the AWS CLI calls set-repository-policy as the API does.
func camel(kebab string) string {
	var b strings.Builder
	for _, word := range strings.Split(kebab, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// The text of a policy in Terraform is the very document: nothing in it is taken for a template.
func TestPolicyTerraformHoldsTheDocument(t *testing.T) {
	document, err := iam.Parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := `resource "aws_iam_role_policy" "web_more" {
  name   = "more"
  role   = "web"
  policy = <<-JSON
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "ecr:*",
          "Resource": "arn:aws:ecr:*:*:repository/$${aws:PrincipalTag/team}/*"
        }
      ]
    }
  JSON
}
`
	if diff := cmp.Diff(want, checks.PutRolePolicy{Role: "arn:aws:iam::111122223333:role/web", PolicyName: "more", PolicyDocument: document}.Terraform()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, o := range offers(t) {
		for _, c := range o.fix.Changes {
			text := c.Terraform()
			if strings.Count(text, "{") != strings.Count(text, "}") || !strings.HasSuffix(text, "\n") ||
				!strings.HasPrefix(text, "#") && !strings.HasPrefix(text, "resource \"aws_") {
				t.Errorf("%s: this is no resource:\n%s", o, text)
			}
		}
	}
}

// What is added to a policy names its actions and its resources. "*" is the only resource of ecr:GetAuthorizationToken, and in
// a key's policy the key itself.
func TestAddedStatementsAreMinimal(t *testing.T) {
	count := 0
	for _, o := range offers(t) {
		before := statementsIn(o.diagnosis.Facts)
		for _, c := range o.fix.Changes {
			d, ok := documentOf(c)
			if !ok {
				continue
			}
			for _, s := range d.Statements {
				if s.Effect != iam.Allow || slices.ContainsFunc(before, func(b iam.Statement) bool { return cmp.Equal(b, s) }) {
					continue
				}
				count++
				_, key := c.(checks.PutKeyPolicy)
				all := slices.Contains(s.Resources, "*") && !key && !slices.Equal(s.Actions, []string{"ecr:GetAuthorizationToken"})
				if all || len(s.Actions) == 0 || s.NotActions != nil || s.NotResources != nil || strings.Contains(strings.Join(s.Actions, ""), "*") {
					t.Errorf("%s: %T adds %+v", o, c, s)
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d statements are added in all scenarios", count)
	}
}

// documentOf returns the policy that a change writes. AWS's own policies are as they are.
func documentOf(c checks.Change) (iam.Document, bool) {
	switch c := c.(type) {
	case checks.PutRolePolicy:
		return c.PolicyDocument, true
	case checks.CreatePolicyVersion:
		return c.PolicyDocument, true
	case checks.UpdateAssumeRolePolicy:
		return c.PolicyDocument, true
	case checks.CreateRole:
		return c.AssumeRolePolicyDocument, true
	case checks.SetRepositoryPolicy:
		return c.PolicyText, true
	case checks.SetEndpointPolicy:
		return c.PolicyDocument, true
	case checks.PutResourcePolicy:
		return c.ResourcePolicy, true
	case checks.PutKeyPolicy:
		return c.Policy, true
	}
	return iam.Document{}, false
}

// statementsIn returns all statements of all policies that were read.
func statementsIn(f checks.Facts) (all []iam.Statement) {
	add := func(text *string) {
		if text != nil {
			d, _ := iam.Parse(*text)
			all = append(all, d.Statements...)
		}
	}
	for _, a := range f.Roles {
		if a.Fact == nil {
			continue
		}
		policies := slices.Clone(a.Fact.Identity.Policies)
		if a.Fact.Boundary != nil {
			policies = append(policies, a.Fact.Boundary.Policies...)
		}
		if a.Fact.Trust != nil {
			policies = append(policies, *a.Fact.Trust)
		}
		for _, p := range policies {
			all = append(all, p.Document.Statements...)
		}
	}
	for _, a := range f.Images {
		if a.Fact != nil {
			add(a.Fact.RepositoryPolicy)
		}
	}
	for _, a := range f.Networks {
		if a.Fact != nil {
			for _, e := range a.Fact.VPCEndpoints {
				add(e.Policy)
			}
		}
	}
	for _, a := range f.Secrets {
		if a.Fact != nil {
			add(a.Fact.Policy)
			if a.Fact.Key != nil {
				add(a.Fact.Key.Policy)
			}
		}
	}
	return all
}
