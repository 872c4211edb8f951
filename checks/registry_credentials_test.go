package checks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry/credentials"
)

const (
	secretARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"
	keyARN    = "arn:aws:kms:eu-west-1:111122223333:key/1"
	roleARN   = "arn:aws:iam::111122223333:role/exec"
	delegated = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "*", "Resource": "*"}}`
)

func policy(t *testing.T, text string) iam.Policy {
	t.Helper()
	document, err := iam.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return iam.Policy{Name: "inline", Document: document}
}

// What a secret comes to, beside what the scenarios show.
func TestRegistryCredentials(t *testing.T) {
	const readAll = `{"Statement": {"Effect": "Allow", "Action": ["secretsmanager:*", "kms:*"], "Resource": "*"}}`
	const readSecret = `{"Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}}`
	const denyKeys = `{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}`
	const mayDenyKeys = `{"Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"},
		{"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}]}`
	const viaSecretsManager = `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {
		"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com", "kms:CallerAccount": "111122223333"}}}}`
	refused := map[string]error{}
	for _, action := range []string{credentials.DescribeSecret, credentials.GetResourcePolicy, credentials.DescribeKey, credentials.GetKeyPolicy, credentials.ListGrants, credentials.GetSecretValue} {
		refused[action] = errors.New("refused")
	}
	yes, none := aws.Bool(true), aws.String("")
	key := func(policy string, grants ...credentials.Grant) *credentials.Key {
		return &credentials.Key{ARN: keyARN, State: "Enabled", Policy: &policy, Grants: append([]credentials.Grant{}, grants...)}
	}
	inState := func(k *credentials.Key, state string) *credentials.Key { k.State = state; return k }
	for name, tt := range map[string]struct {
		role    string
		secret  credentials.Secret
		want    checks.Code
		missing string
	}{
		"plain":                      {readSecret, credentials.Secret{Exists: yes, Policy: none}, "credentials.readable", ""},
		"not read at all":            {readSecret, credentials.Secret{Unread: refused}, "credentials.unread", credentials.DescribeSecret},
		"policy not read":            {readSecret, credentials.Secret{Exists: yes, Unread: refused}, "credentials.unread", credentials.GetResourcePolicy},
		"the secret's policy lets":   {`{"Statement": []}`, credentials.Secret{Exists: yes, Policy: aws.String(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "` + roleARN + `"}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}`)}, "credentials.readable", ""},
		"the secret's policy denies": {readSecret, credentials.Secret{Exists: yes, Policy: aws.String(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}`)}, "credentials.denied", ""},
		"key, delegated and allowed": {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(delegated)}, "credentials.readable", ""},
		"key, through the service":   {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(viaSecretsManager)}, "credentials.readable", ""},
		"key, delegated only":        {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(delegated)}, "credentials.key-denied", ""},
		"key, by a grant":            {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(delegated, credentials.Grant{Principal: roleARN})}, "credentials.readable", ""},
		"key, by a bound grant":      {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(delegated, credentials.Grant{Principal: roleARN, Constrained: true})}, "credentials.unread", ""},
		"key, another's grant":       {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(delegated, credentials.Grant{Principal: roleARN + "2"})}, "credentials.key-denied", ""},
		"key, grants not read":       {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Unread: refused, Key: &credentials.Key{ARN: keyARN, Policy: aws.String(delegated)}}, "credentials.unread", credentials.ListGrants},
		"key policy not read":        {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Unread: refused, Key: &credentials.Key{ARN: keyARN}}, "credentials.unread", credentials.GetKeyPolicy},
		"key not read":               {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Unread: refused}, "credentials.unread", credentials.DescribeKey},
		"key's state not read":       {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: inState(key(delegated), "")}, "credentials.unread", credentials.DescribeKey},
		"…and a grant":               {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: inState(key(delegated, credentials.Grant{Principal: roleARN}), "")}, "credentials.unread", credentials.DescribeKey},
		"…and denied":                {denyKeys, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: inState(key(delegated), "")}, "credentials.key-denied", ""},
		"key disabled":               {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: &credentials.Key{ARN: keyARN, State: "Disabled"}}, "credentials.key-state", ""},
		"key of a closed key store":  {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: &credentials.Key{ARN: keyARN, State: "Unavailable"}}, "credentials.key-state", ""},
		"key of a state to come":     {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: inState(key(delegated), "Frozen")}, "credentials.unread", ""},
		"key of AWS":                 {readSecret, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: &credentials.Key{ARN: keyARN, AWS: true, State: "Enabled"}}, "credentials.readable", ""},
		"key of AWS, denied":         {denyKeys, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: &credentials.Key{ARN: keyARN, AWS: true, State: "Enabled"}}, "credentials.key-denied", ""},
		"no key of its own, denied":  {denyKeys, credentials.Secret{Exists: yes, Policy: none}, "credentials.key-denied", ""},
		"key, the account's grant":   {readAll, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(`{"Statement": []}`, credentials.Grant{Principal: "arn:aws:iam::111122223333:root"})}, "credentials.unread", ""},
		"key, a grant, maybe denied": {mayDenyKeys, credentials.Secret{Exists: yes, Policy: none, KeyID: keyARN, Key: key(`{"Statement": []}`, credentials.Grant{Principal: roleARN})}, "credentials.unread", ""},
		"malformed":                  {readSecret, credentials.Secret{Exists: yes, Policy: none, Form: credentials.FormNotJSON}, "credentials.malformed", ""},
		"value asked for and denied": {readSecret, credentials.Secret{Exists: yes, Policy: none, Unread: refused}, "credentials.unread", credentials.GetSecretValue},
		"deleted, all else unread":   {readSecret, credentials.Secret{Exists: yes, DeletedAt: aws.Time(time.Now()), Unread: refused}, "credentials.deleted", ""},
	} {
		tt.secret.ID, tt.secret.ARN = credentials.ID{Name: secretARN, Region: "eu-west-1"}, secretARN
		role := &iam.Role{ARN: roleARN, Name: "exec", Exists: yes, Identity: iam.Layer{Policies: []iam.Policy{policy(t, tt.role)}}}
		task := checks.Task{TaskDefinition: "web:7", Account: "111122223333", Region: "eu-west-1", ExecutionRole: roleARN,
			Containers: []checks.Container{{Name: "web", Image: "example.com/app", RepositoryCredentials: secretARN}}}
		check := checks.RegistryCredentials{
			Roles:   iam.SourceFunc(func(context.Context, string) (*iam.Role, error) { return role, nil }),
			Secrets: credentials.SourceFunc(func(context.Context, credentials.ID) (*credentials.Secret, error) { return &tt.secret, nil }),
		}
		d, err := checks.Run(t.Context(), task, check)
		if err != nil || len(d.Findings) != 1 {
			t.Fatalf("%s: %+v, %v", name, d.Findings, err)
		}
		f := d.Findings[0]
		if f.Code != tt.want || tt.missing != "" && !slices.Contains(f.Missing, tt.missing) || blank.MatchString(f.Summary) {
			t.Errorf("%s: %s (%s), missing %v; want %s, %s", name, f.Code, f.Summary, f.Missing, tt.want, tt.missing)
		}
	}
}

// A grant to a role is limited by the role's boundary, or not: AWS says so of policies, and nothing of grants.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
func TestAGrantAndTheRolesBoundary(t *testing.T) {
	for boundary, want := range map[string]checks.Code{
		`{"Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}}`:            "credentials.unread",
		`{"Statement": {"Effect": "Allow", "Action": ["secretsmanager:*", "kms:*"], "Resource": "*"}}`: "credentials.readable",
	} {
		role := &iam.Role{ARN: roleARN, Name: "exec", Exists: aws.Bool(true), Boundary: &iam.Layer{Policies: []iam.Policy{policy(t, boundary)}},
			Identity: iam.Layer{Policies: []iam.Policy{policy(t, `{"Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}}`)}}}
		secret := &credentials.Secret{ARN: secretARN, Exists: aws.Bool(true), Policy: aws.String(""), KeyID: keyARN,
			Key: &credentials.Key{ARN: keyARN, State: "Enabled", Policy: aws.String(delegated), Grants: []credentials.Grant{{Principal: roleARN}}}}
		if f := credentialsOf(t, role, secret, secretARN); f.Code != want {
			t.Errorf("%s: %s (%s)", boundary, f.Code, f.Summary)
		}
	}
}

// credentialsOf returns what is found about the one secret that a task names.
func credentialsOf(t *testing.T, role *iam.Role, secret *credentials.Secret, name string) checks.Finding {
	t.Helper()
	d, err := checks.Run(t.Context(), checks.Task{TaskDefinition: "web:7", Account: "111122223333", Region: "eu-west-1", ExecutionRole: roleARN,
		Containers: []checks.Container{{Name: "web", Image: "example.com/app", RepositoryCredentials: name}}}, checks.RegistryCredentials{
		Roles:   iam.SourceFunc(func(context.Context, string) (*iam.Role, error) { return role, nil }),
		Secrets: credentials.SourceFunc(func(context.Context, credentials.ID) (*credentials.Secret, error) { return secret, nil }),
	})
	if err != nil || len(d.Findings) != 1 {
		t.Fatalf("%+v, %v", d.Findings, err)
	}
	return d.Findings[0]
}

// The ARN of a secret may leave out the six characters that Secrets Manager added. Policies are about the whole of it, which
// is not known as long as the secret was not read.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
func TestAPartialARNOfASecretThatWasNotRead(t *testing.T) {
	const partial = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub"
	role := &iam.Role{ARN: roleARN, Name: "exec", Exists: aws.Bool(true), Identity: iam.Layer{Policies: []iam.Policy{policy(t,
		`{"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "`+partial+`-??????"}}`)}}}
	secret := &credentials.Secret{ARN: partial, Policy: aws.String(""), Unread: map[string]error{credentials.DescribeSecret: errors.New("refused")}}
	f := credentialsOf(t, role, secret, partial)
	if f.Code != "credentials.unread" || !slices.Contains(f.Missing, credentials.DescribeSecret) {
		t.Errorf("%s (%s), missing %v", f.Code, f.Summary, f.Missing)
	}
}

// secretsmanager:SecretId is "the SecretID value in the request", and what that comes to where it is a name or a part of the
// ARN is not documented.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
func TestTheSecretIdOfARequestIsWhatTheTaskNames(t *testing.T) {
	const allow, deny = `{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"`, `{"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*"`
	const theARN, another = `, "Condition": {"StringEquals": {"secretsmanager:SecretId": "` + secretARN + `"}}}`, `, "Condition": {"StringNotEquals": {"secretsmanager:SecretId": "` + secretARN + `"}}}`
	for _, tt := range []struct {
		named, statements string
		want              checks.Code
	}{
		{secretARN, allow + theARN, "credentials.readable"},
		{secretARN, allow + another, "credentials.denied"},
		{"hub", allow + theARN, "credentials.unread"},
		{"hub", allow + `}, ` + deny + another, "credentials.unread"},
		{"hub", allow + `}`, "credentials.readable"},
		{strings.TrimSuffix(secretARN, "-AbCdEf"), allow + theARN, "credentials.unread"},
	} {
		role := &iam.Role{ARN: roleARN, Name: "exec", Exists: aws.Bool(true), Identity: iam.Layer{Policies: []iam.Policy{policy(t, `{"Statement": [`+tt.statements+`]}`)}}}
		secret := &credentials.Secret{ID: credentials.ID{Name: tt.named, Region: "eu-west-1"}, ARN: secretARN, Exists: aws.Bool(true), Policy: aws.String("")}
		if f := credentialsOf(t, role, secret, tt.named); f.Code != tt.want {
			t.Errorf("%s, %s: %s (%s), want %s", tt.named, tt.statements, f.Code, f.Summary, tt.want)
		}
	}
}

// An endpoint's policy is about the whole ARN as well.
func TestAPartialARNOfASecretAtAnEndpoint(t *testing.T) {
	d := altered(t, "endpoint-policy-secrets", func(s *checks.Snapshot) { // which allows app-*
		s.Task.Containers[0].RepositoryCredentials = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app"
	})
	if f := byCheck(d)["endpoint-policy"][0]; f.Code != "endpoint-policy.unread" {
		t.Errorf("%s (%s)", f.Code, f.Summary)
	}
}

// What a role denies itself of AWS KMS it may not do with the key that AWS manages either, and that is the role's to mend.
func TestARoleThatDeniesItselfTheKeyThatAWSManages(t *testing.T) {
	d := altered(t, "healthy-credentials-key", func(s *checks.Snapshot) {
		secret, role := s.Facts.Secrets[0].Fact, s.Facts.Roles[0].Fact
		secret.KeyID, secret.Key = "", nil
		role.Identity.Policies = append(role.Identity.Policies, policy(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}}`))
	})
	causes := d.RootCauses()
	if len(causes) != 1 || causes[0].Code != "credentials.key-denied" || !strings.Contains(causes[0].Summary, "aws/secretsmanager") {
		t.Fatalf("%+v", causes)
	}
	if plan, err := d.Plan(t.Context()); err != nil || !plan.Proven {
		t.Errorf("%+v, %v", plan, err)
	}
}

// A secret of another account needs a key that can be shared.
func TestRegistryCredentialsOfAnotherAccount(t *testing.T) {
	role := &iam.Role{ARN: roleARN, Name: "exec", Exists: aws.Bool(true), Identity: iam.Layer{Policies: []iam.Policy{policy(t, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)}}}
	other := "arn:aws:secretsmanager:eu-west-1:444455556666:secret:hub-AbCdEf"
	secret := &credentials.Secret{ARN: other, Exists: aws.Bool(true), Policy: aws.String(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "` + roleARN + `"}, "Action": "*", "Resource": "*"}}`)}
	check := checks.RegistryCredentials{
		Roles:   iam.SourceFunc(func(context.Context, string) (*iam.Role, error) { return role, nil }),
		Secrets: credentials.SourceFunc(func(context.Context, credentials.ID) (*credentials.Secret, error) { return secret, nil }),
	}
	task := checks.Task{TaskDefinition: "web:7", Account: "111122223333", Region: "eu-west-1", ExecutionRole: roleARN,
		Containers: []checks.Container{{Name: "web", Image: "example.com/app", RepositoryCredentials: other}}}
	for want, change := range map[checks.Code]func(){
		"credentials.key-not-shared": func() {},
		"credentials.unread":         func() { secret.Exists = aws.Bool(false) }, // it may only be hidden
	} {
		change()
		d, err := checks.Run(t.Context(), task, check)
		if err != nil || len(d.Findings) != 1 || d.Findings[0].Code != want {
			t.Errorf("%+v, %v; want %s", d.Findings, err, want)
		}
		secret.Exists = aws.Bool(true)
	}
}
