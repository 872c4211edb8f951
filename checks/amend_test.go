package checks_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

const (
	awsManaged = "arn:aws:iam::aws:policy/AWSDenyAll"
	shared     = "arn:aws:iam::111122223333:policy/shared"
	image      = "arn:aws:ecr:eu-west-1:111122223333:repository/web"
)

// What stops a role that could pull otherwise: a policy beside the one that allows it, or a permissions boundary. Each row has
// what the first fix of the first cause comes to; where it has changes, the cause is gone after it.
func TestWhatBecomesOfAPolicyThatDenies(t *testing.T) {
	deny := func(rest string) string { return `{"Sid": "No", "Effect": "Deny", ` + rest + `}` }
	for _, c := range []struct {
		name, arn string // of the policy; without an ARN it is inline
		boundary  bool
		document  string // its statements
		want      string
	}{
		{name: "an exception more", document: deny(`"Action": "ecr:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}`),
			want: `put-role-policy {"Sid":"No","Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}}`},
		{name: "an action less", document: deny(`"Action": ["ecr:BatchGetImage", "ecr:PutImage"], "Resource": "*"`),
			want: `put-role-policy {"Sid":"No","Effect":"Deny","Action":"ecr:PutImage","Resource":"*"}`},
		{name: "a resource excepted", document: deny(`"Action": "ecr:Batch*", "Resource": "*"`),
			want: `put-role-policy {"Sid":"No","Effect":"Deny","Action":"ecr:Batch*","NotResource":"` + image + `"}`},
		{name: "a resource less", document: deny(`"Action": "ecr:Batch*", "Resource": ["` + image + `", "` + image + `-old"]`),
			want: `put-role-policy {"Sid":"No","Effect":"Deny","Action":"ecr:Batch*","Resource":"` + image + `-old"}`},
		{name: "another resource not denied", document: deny(`"Action": "ecr:Batch*", "NotResource": "` + image + `-new"`),
			want: `put-role-policy {"Sid":"No","Effect":"Deny","Action":"ecr:Batch*","NotResource":["` + image + `-new","` + image + `"]}`},
		{name: "nothing left of the statement", document: deny(`"Action": "ecr:Batch*", "Resource": "arn:aws:ecr:*:*:repository/w*"`) + `, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}`,
			want: `put-role-policy {"Effect":"Deny","Action":"s3:*","Resource":"*"}`},
		{name: "nothing left of the policy", document: deny(`"Action": "ecr:*", "Resource": "arn:aws:ecr:*"`),
			want: `delete-role-policy more`},
		{name: "a managed policy spares the role", arn: shared, document: deny(`"Action": "ecr:*", "Resource": "arn:aws:ecr:*"`),
			want: `create-policy-version {"Sid":"No","Effect":"Deny","Action":"ecr:*","Resource":"arn:aws:ecr:*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/web-execution"}}}`},
		{name: "a managed policy of AWS's own", arn: awsManaged, document: deny(`"Action": "*", "Resource": "*"`),
			want: `detach-role-policy ` + awsManaged},
		{name: "a boundary that denies", arn: shared, boundary: true, document: `{"Effect": "Allow", "Action": "*", "Resource": "*"}, ` + deny(`"Action": "ecr:*", "Resource": "*"`),
			want: `create-policy-version {"Effect":"Allow","Action":"*","Resource":"*"}, {"Sid":"No","Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/web-execution"}}}`},
		{name: "a boundary that leaves it out", arn: shared, boundary: true, document: `{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}`,
			want: `create-policy-version {"Effect":"Allow","Action":"logs:*","Resource":"*"}, {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}, {"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"` + image + `"}`},
		{name: "a boundary of AWS's own", arn: "arn:aws:iam::aws:policy/ReadOnlyAccess", boundary: true, document: `{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}`},
		{name: "beside a malformed statement", document: deny(`"Action": "ecr:*", "Resource": "*"`) + `, {"Effect": "Allow", "Actions": "s3:*"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scenario(t, "healthy-nat")
			sources := s.Sources()
			sources.Roles = with(t, sources.Roles, func(r *iam.Role) {
				d, _ := iam.Parse(`{"Version": "2012-10-17", "Statement": [` + c.document + `]}`)
				p := iam.Policy{Name: "more", ARN: c.arn, Document: d}
				if c.boundary {
					r.Boundary = &iam.Layer{Policies: []iam.Policy{p}}
					return
				}
				r.Identity.Policies = append(r.Identity.Policies, p)
			})
			d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
			if err != nil || len(d.RootCauses()) != 1 {
				t.Fatalf("%v, causes %v", err, d.RootCauses())
			}
			cause := d.RootCauses()[0]
			if diff := cmp.Diff(c.want, outlined(cause.Fixes[0].Changes)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if c.want == "" {
				return
			}
			after, err := checks.Verify(t.Context(), d, cause.Fixes[0])
			if err != nil || after.Status() != checks.Pass && after.Status() != checks.Warn {
				t.Errorf("%v: %v", err, after.RootCauses())
			}
		})
	}
}

// with returns a source of roles that are changed before anybody sees them.
func with(t *testing.T, source iam.Source, change func(*iam.Role)) iam.Source {
	t.Helper()
	return iam.SourceFunc(func(ctx context.Context, arn string) (*iam.Role, error) {
		r, err := source.Role(ctx, arn)
		if r != nil {
			change(r)
		}
		return r, err
	})
}

// outlined writes changes in short: the operation, and the statements or what it is about.
func outlined(changes []checks.Change) string {
	var lines []string
	for _, c := range changes {
		for _, words := range c.Commands() {
			text := words[len(words)-1]
			for i, w := range words {
				if strings.HasSuffix(w, "-document") {
					d, _ := iam.Parse(words[i+1])
					var statements []string
					for _, s := range d.Statements {
						b, err := s.MarshalJSON()
						statements = append(statements, strings.TrimSuffix(fmt.Sprintf("%s%v", b, err), "<nil>"))
					}
					text = strings.Join(statements, ", ")
				}
			}
			lines = append(lines, words[2]+" "+text)
		}
	}
	return strings.Join(lines, "\n")
}

// The statement to add goes into a policy of its own, whose name no other has.
func TestAnAddedPolicyReplacesNone(t *testing.T) {
	s := scenario(t, "role-denied")
	sources := s.Sources()
	sources.Roles = with(t, sources.Roles, func(r *iam.Role) {
		r.Identity.Policies = append(r.Identity.Policies, iam.Policy{Name: "pull-images"}, iam.Policy{Name: "pull-images-2"})
	})
	d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
	if err != nil {
		t.Fatal(err)
	}
	want := checks.PutRolePolicy{Role: "arn:aws:iam::111122223333:role/web-execution", PolicyName: "pull-images-3", PolicyDocument: iam.Document{
		Version: "2012-10-17", Statements: []iam.Statement{{Effect: iam.Allow, Actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, Resources: []string{image}}}}}
	if diff := cmp.Diff([]checks.Change{want}, d.RootCauses()[0].Fixes[0].Changes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The trust policy that is added holds for tasks of this account and Region alone.
func TestTheAddedTrustIsGuarded(t *testing.T) {
	for _, name := range []string{"role-not-assumable", "role-none", "role-absent"} {
		for _, c := range diagnose(t, scenario(t, name)).RootCauses()[0].Fixes[0].Changes {
			d, ok := documentOf(c)
			if !ok {
				continue
			}
			trust := iam.Role{ARN: "arn:aws:iam::111122223333:role/web-execution", Trust: &iam.Policy{Document: d}}
			own := trust.Assumable("ecs-tasks.amazonaws.com", "111122223333", "arn:aws:ecs:eu-west-1:111122223333:task/x").Outcome
			others := trust.Assumable("ecs-tasks.amazonaws.com", "444455556666", "arn:aws:ecs:eu-west-1:444455556666:task/x").Outcome
			if own != iam.Allowed || others == iam.Allowed {
				t.Errorf("%s: ECS is %s for its own tasks and %s for those of others", name, own, others)
			}
		}
	}
}

// That a layer's presence may not be checked is a warning. Where a statement denies it, one that allows it is no fix.
func TestAStatementIsNotAddedBesideADeny(t *testing.T) {
	s := scenario(t, "healthy-nat")
	sources := s.Sources()
	sources.Roles = with(t, sources.Roles, func(r *iam.Role) {
		d, _ := iam.Parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "ecr:BatchCheckLayerAvailability", "Resource": "*"}}`)
		r.Identity.Policies = append(r.Identity.Policies, iam.Policy{Name: "more", Document: d})
	})
	d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
	if err != nil || d.Findings[0].Code != "role.layer-check" {
		t.Fatalf("%v, %v", err, d.Findings)
	}
	for _, fix := range d.Findings[0].Fixes {
		if len(fix.Changes) > 0 {
			t.Errorf("%s: %s", fix.Summary, outlined(fix.Changes))
		}
	}
}

// A statement in the role's policies is of no use as long as its boundary leaves the pull out: each is a cause, with a fix of its own.
func TestAStatementAndTheBoundaryTogether(t *testing.T) {
	s := scenario(t, "role-denied")
	sources := s.Sources()
	sources.Roles = with(t, sources.Roles, func(r *iam.Role) {
		d, _ := iam.Parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "logs:*"], "Resource": "*"}}`)
		r.Boundary = &iam.Layer{Policies: []iam.Policy{{Name: "boundary", ARN: shared, Document: d}}}
	})
	d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
	if err != nil || !slices.Equal(codes(d.RootCauses()), []checks.Code{"role.denied", "role.boundary"}) {
		t.Fatalf("%v, %v", err, d.RootCauses())
	}
	var all checks.Fix
	for i, want := range []string{"put-role-policy", "create-policy-version"} {
		fix := d.RootCauses()[i].Fixes[0]
		if got := outlined(fix.Changes); len(fix.Changes) != 1 || !strings.HasPrefix(got, want) {
			t.Errorf("the fix %q comes to %s", fix.Summary, got)
		}
		after, err := checks.Verify(t.Context(), d, fix)
		if err != nil || !slices.Equal(codes(after.RootCauses()), codes(d.RootCauses()[1-i:][:1])) {
			t.Errorf("after %q: %v (%v)", fix.Summary, codes(after.RootCauses()), err)
		}
		all.Changes = append(all.Changes, fix.Changes...)
	}
	if after, err := checks.Verify(t.Context(), d, all); err != nil || after.Status() != checks.Warn {
		t.Errorf("after both it is %s: %v (%v)", after.Status(), after.RootCauses(), err)
	}
}

// A secret that is named by its bare name keeps that name, so that the task definition stays as it is.
func TestASecretIsCreatedByItsName(t *testing.T) {
	s := scenario(t, "credentials-absent")
	for i := range s.Task.Containers {
		if s.Task.Containers[i].RepositoryCredentials != "" {
			s.Task.Containers[i].RepositoryCredentials = "nowhere"
		}
	}
	d := diagnose(t, s)
	cause := d.RootCauses()[0]
	want := "create-secret eu-west-1\n" + `put-role-policy {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:nowhere-??????"}`
	if diff := cmp.Diff(want, outlined(cause.Fixes[0].Changes)); cause.Code != "credentials.absent" || diff != "" {
		t.Fatalf("%s: -want +got:\n%s", cause.Code, diff)
	}
	after, err := checks.Verify(t.Context(), d, cause.Fixes[0])
	if err != nil || has(after, cause) {
		t.Errorf("%v: %v", err, after.RootCauses())
	}
}
