package checks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

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
	case checks.PutRegistryPolicy:
		return c.PolicyText, true
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
			if p := a.Fact.RegistryPolicy; p != nil {
				add(&p.Document)
			}
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
