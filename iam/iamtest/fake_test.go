package iamtest_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/iam/iamtest"
)

const document = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:b+c", "Resource": "*"}]}`

const output = `
{"UserDetailList": [], "GroupDetailList": [], "IsTruncated": true, "Marker": "m",
 "RoleDetailList": [{"Path": "/", "RoleName": "one", "RoleId": "AROA1", "Arn": "arn:aws:iam::111122223333:role/one",
  "CreateDate": "2026-01-02T03:04:05+00:00", "InstanceProfileList": [], "Tags": [{"Key": "k", "Value": "v"}],
  "AssumeRolePolicyDocument": ` + document + `,
  "RolePolicyList": [{"PolicyName": "a", "PolicyDocument": ` + document + `}, {"PolicyName": "b", "PolicyDocument": ` + document + `}],
  "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:aws:iam::111122223333:policy/p"}],
  "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/p"}}]}
{"RoleDetailList": [{"RoleName": "two", "Arn": "arn:aws:iam::111122223333:role/two"}],
 "Policies": [{"PolicyName": "p", "Arn": "arn:aws:iam::111122223333:policy/p", "DefaultVersionId": "v1",
  "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": ` + document + `}]}]}
`

func load(t *testing.T, text string) *iamtest.Fake {
	t.Helper()
	fake, err := iamtest.Load(fstest.MapFS{iamtest.DetailsFile: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return fake
}

func TestLoad(t *testing.T) {
	fake, ctx := load(t, output), context.Background()
	one, err := fake.GetRole(ctx, &iam.GetRoleInput{RoleName: new("ONE")})
	if err != nil {
		t.Fatal(err)
	}
	encoded := *one.Role.AssumeRolePolicyDocument
	if plain, err := url.PathUnescape(encoded); err != nil || plain != document || strings.ContainsAny(encoded, `{" +`) {
		t.Errorf("document %s", encoded)
	}
	if *one.Role.Tags[0].Value != "v" || one.Role.CreateDate.Year() != 2026 || one.Role.PermissionsBoundary == nil {
		t.Errorf("%+v", one.Role)
	}
	if _, err := fake.GetRole(ctx, &iam.GetRoleInput{RoleName: new("two")}); err != nil {
		t.Errorf("the second output: %v", err)
	}
	version, err := fake.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: new("arn:aws:iam::111122223333:policy/p"), VersionId: new("v1")})
	if err != nil || *version.PolicyVersion.Document != encoded {
		t.Errorf("%+v, %v", version, err)
	}
}

func TestLoadWithoutTheFile(t *testing.T) {
	fake, err := iamtest.Load(fstest.MapFS{})
	if err != nil || fake.Details != nil {
		t.Fatalf("%+v, %v", fake, err)
	}
	_, err = fake.GetRole(context.Background(), &iam.GetRoleInput{RoleName: new("one")})
	var api smithy.APIError
	var operation *smithy.OperationError
	if !errors.As(err, &api) || api.ErrorCode() != "AccessDenied" || !errors.As(err, &operation) || operation.Operation() != "GetRole" || operation.Service() != "IAM" {
		t.Errorf("%v", err)
	}
}

func TestLoadOfNonsense(t *testing.T) {
	for _, text := range []string{`{"RoleDetailList": 5}`, `{`, `{"RoleDetailList": [{"CreateDate": "yesterday"}]}`} {
		if _, err := iamtest.Load(fstest.MapFS{iamtest.DetailsFile: {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), iamtest.DetailsFile) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNoSuchEntity(t *testing.T) {
	fake, ctx := load(t, output), context.Background()
	calls := map[string]func() error{
		"GetRole": func() error {
			_, err := fake.GetRole(ctx, &iam.GetRoleInput{RoleName: new("x")})
			return err
		},
		"ListRolePolicies": func() error {
			_, err := fake.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: new("x")})
			return err
		},
		"ListAttachedRolePolicies": func() error {
			_, err := fake.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: new("x")})
			return err
		},
		"GetRolePolicy": func() error {
			_, err := fake.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: new("one"), PolicyName: new("x")})
			return err
		},
		"GetPolicy": func() error {
			_, err := fake.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: new("arn:aws:iam::aws:policy/ReadOnlyAccess")})
			return err
		},
		"GetPolicyVersion": func() error {
			_, err := fake.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: new("arn:aws:iam::111122223333:policy/p"), VersionId: new("v9")})
			return err
		},
	}
	for name, call := range calls {
		var none *types.NoSuchEntityException
		var operation *smithy.OperationError
		if err := call(); !errors.As(err, &none) || !errors.As(err, &operation) || operation.Operation() != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPages(t *testing.T) {
	fake := load(t, output)
	fake.PageSize = 1
	pages := iam.NewListRolePoliciesPaginator(fake, &iam.ListRolePoliciesInput{RoleName: new("one")})
	var got []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.PolicyNames) != 1 {
			t.Errorf("page %v", page.PolicyNames)
		}
		got = append(got, page.PolicyNames...)
	}
	if strings.Join(got, "") != "ab" {
		t.Error(got)
	}
}

func TestBefore(t *testing.T) {
	stop := errors.New("stop")
	fake := load(t, output)
	var seen []string
	fake.Before = func(_ context.Context, action string, input any) error {
		seen = append(seen, action)
		if in, ok := input.(*iam.GetRoleInput); ok && *in.RoleName == "two" {
			return stop
		}
		return nil
	}
	if _, err := fake.GetRole(context.Background(), &iam.GetRoleInput{RoleName: new("one")}); err != nil {
		t.Error(err)
	}
	if _, err := fake.GetRole(context.Background(), &iam.GetRoleInput{RoleName: new("two")}); err != stop {
		t.Error(err)
	}
	if strings.Join(seen, " ") != "iam:GetRole iam:GetRole" {
		t.Error(seen)
	}
}
