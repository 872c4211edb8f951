package credentials_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry/credentials"
	"github.com/canpull/canpull/registry/credentials/credentialstest"
)

const (
	arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"
	key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
)

func account() *credentialstest.Fake {
	return &credentialstest.Fake{
		Secrets:     []secretsmanager.DescribeSecretOutput{{ARN: aws.String(arn), Name: aws.String("hub"), KmsKeyId: aws.String(key)}},
		Policies:    []secretsmanager.GetResourcePolicyOutput{},
		Keys:        []kms.DescribeKeyOutput{{KeyMetadata: &kmstypes.KeyMetadata{Arn: aws.String(key), KeyState: kmstypes.KeyStateEnabled}}},
		KeyPolicies: []credentialstest.KeyPolicy{{KeyID: key, Policy: "{}"}},
		Grants: []kmstypes.GrantListEntry{
			{KeyId: aws.String(key), GranteePrincipal: aws.String("role"), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt}},
			{KeyId: aws.String(key), GranteePrincipal: aws.String("other"), Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationEncrypt}}},
	}
}

func read(t *testing.T, f *credentialstest.Fake, name string, opts ...credentials.Option) *credentials.Secret {
	t.Helper()
	s, err := credentials.New(f, f, opts...).Secret(t.Context(), credentials.ID{Name: name, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecret(t *testing.T) {
	for _, name := range []string{arn, "hub"} {
		want := &credentials.Secret{ID: credentials.ID{Name: name, Region: "eu-west-1"}, ARN: arn, Exists: aws.Bool(true), Policy: aws.String(""), KeyID: key,
			Key: &credentials.Key{ARN: key, State: "Enabled", Policy: aws.String("{}"), Grants: []credentials.Grant{{Principal: "role"}}}}
		if diff := cmp.Diff(want, read(t, account(), name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range []string{"none", strings.Replace(arn, "hub", "none", 1)} {
		if s := read(t, account(), name); s.Exists == nil || *s.Exists || s.Policy != nil || len(s.Unread) != 0 {
			t.Errorf("absent: %+v", s)
		}
	}
	managed := account()
	managed.Secrets[0].KmsKeyId = aws.String("arn:aws:kms:eu-west-1:111122223333:alias/aws/secretsmanager")
	if s := read(t, managed, arn); s.KeyID != "" || s.Key != nil {
		t.Errorf("the key of AWS: %+v", s)
	}
}

// A key that several secrets share is asked about once.
func TestSharedKeyIsAskedOnce(t *testing.T) {
	f := account()
	second := strings.Replace(arn, "hub", "quay", 1)
	f.Secrets = append(f.Secrets, secretsmanager.DescribeSecretOutput{ARN: &second, Name: aws.String("quay"), KmsKeyId: aws.String(key)})
	var mu sync.Mutex
	asked := map[string]int{}
	f.Before = func(_ context.Context, action string, _ any) error {
		mu.Lock()
		defer mu.Unlock()
		asked[action]++
		return nil
	}
	once := credentials.KeysOnce(f)
	source := credentials.New(f, once)
	for _, name := range []string{arn, second} {
		if s, err := source.Secret(t.Context(), credentials.ID{Name: name}); err != nil || s.Key == nil || s.Key.Policy == nil || len(s.Key.Grants) != 1 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	states := credentials.KeyStates(once)
	if state, err := states(t.Context(), key); err != nil || state != "Enabled" {
		t.Errorf("%s, %v", state, err)
	}
	for _, action := range []string{credentials.DescribeKey, credentials.GetKeyPolicy, credentials.ListGrants} {
		if asked[action] != 1 {
			t.Errorf("%s was called %d times", action, asked[action])
		}
	}
	if _, err := states(t.Context(), key+"5"); err == nil || asked[credentials.DescribeKey] != 2 {
		t.Errorf("another key: %v after %d calls", err, asked[credentials.DescribeKey])
	}
	if credentials.KeysOnce(nil) != nil {
		t.Error("no keys became some")
	}
}

// What was read of a secret outlives JSON, and its value is nowhere in it.
func TestFactsOutliveJSON(t *testing.T) {
	deleted := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, s := range []credentials.Secret{
		{},
		{Exists: aws.Bool(false)},
		{ID: credentials.ID{Name: "hub", Region: "eu-west-1"}, ARN: arn, Exists: aws.Bool(true), DeletedAt: &deleted, Policy: aws.String(""), KeyID: key,
			Key: &credentials.Key{ARN: key, AWS: true, State: "Enabled", Policy: aws.String("{}"), Grants: []credentials.Grant{{Principal: "role", Constrained: true}}}, Form: credentials.FormValid},
		{Key: &credentials.Key{Grants: []credentials.Grant{}}},
	} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back credentials.Secret
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, back); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// What may not be read is not read, and nothing else is.
func TestDenied(t *testing.T) {
	for action, also := range map[string][]string{
		credentials.DescribeSecret: nil, credentials.GetResourcePolicy: nil, credentials.DescribeKey: nil, credentials.GetKeyPolicy: nil, credentials.ListGrants: nil,
	} {
		f := account()
		f.Before = func(_ context.Context, a string, _ any) error {
			if a == action {
				return errors.New("refused")
			}
			return nil
		}
		s := read(t, f, arn)
		if diff := cmp.Diff(append([]string{action}, also...), slices.Sorted(maps.Keys(s.Unread))); diff != "" {
			t.Errorf("%s: Unread (-want +got):\n%s", action, diff)
		}
		if action == credentials.DescribeSecret && (s.Exists != nil || s.Key != nil) ||
			action == credentials.GetResourcePolicy && s.Policy != nil || action == credentials.DescribeKey && s.Key != nil ||
			action == credentials.GetKeyPolicy && s.Key.Policy != nil || action == credentials.ListGrants && s.Key.Grants != nil {
			t.Errorf("%s: %+v", action, s)
		}
	}
	s, err := credentials.New(nil, nil).Secret(t.Context(), credentials.ID{Name: arn})
	if err != nil || s.Exists != nil || len(s.Unread) != 2 {
		t.Errorf("without clients: %+v, %v", s, err)
	}
}

// A value is read only when the caller asks for it, and no part of it leaves.
func TestValues(t *testing.T) {
	const password = "hunter2"
	for value, want := range map[string]credentials.Form{
		`{"username": "u", "password": "` + password + `"}`: credentials.FormValid,
		`{"Username": "u", "PASSWORD": "` + password + `"}`: credentials.FormValid, // Go's decoder, and so the agent's, ignores case
		`{"username": "", "password": "` + password + `"}`:  credentials.FormUsername,
		`{"username": "u"}`:                credentials.FormPassword,
		`{"username": "u", "password": 7}`: credentials.FormNotJSON,
		`u:` + password:                    credentials.FormNotJSON,
		`["` + password + `"]`:             credentials.FormNotJSON,
		``:                                 credentials.FormBinary,
	} {
		f := account()
		f.Values = []secretsmanager.GetSecretValueOutput{{ARN: aws.String(arn), SecretString: &value}}
		if s := read(t, f, arn); s.Form != credentials.FormNotRead {
			t.Errorf("%s was read without being asked for: %s", value, s.Form)
		}
		s := read(t, f, arn, credentials.WithValues(f))
		if s.Form != want {
			t.Errorf("%s: %s, want %s", value, s.Form, want)
		}
		text, err := json.Marshal(s)
		if all := string(text) + fmt.Sprintf("%+v", s); err != nil || strings.Contains(all, password) {
			t.Errorf("the value shows: %s", all)
		}
	}
	f := account()
	f.Values = []secretsmanager.GetSecretValueOutput{{ARN: aws.String(arn), SecretBinary: []byte(password)}}
	if s := read(t, f, arn, credentials.WithValues(f)); s.Form != credentials.FormBinary {
		t.Errorf("binary: %s", s.Form)
	}
	f.Values = nil
	f.Before = func(_ context.Context, action string, _ any) error {
		if action == credentials.GetSecretValue {
			return errors.New(password)
		}
		return nil
	}
	s := read(t, f, arn, credentials.WithValues(f))
	if err := s.Unread[credentials.GetSecretValue]; s.Form != credentials.FormNotRead || err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), password) {
		t.Errorf("refused: %s, %v", s.Form, err)
	}
}

// A secret that does not exist is that, and not one without a value.
func TestAnAbsentSecretHasNoForm(t *testing.T) {
	f := account()
	f.Values = []secretsmanager.GetSecretValueOutput{}
	if s := read(t, f, "none", credentials.WithValues(f)); s.Exists == nil || *s.Exists || s.Form != credentials.FormNotRead {
		t.Errorf("%+v", s)
	}
}

// odd answers some operations as AWS does not.
type odd struct {
	*credentialstest.Fake
	marker *string // of every page of grants
	empty  bool    // an empty body, of which the SDK makes an answer with nothing in it
}

func (o odd) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, opts ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	if o.empty {
		return &secretsmanager.DescribeSecretOutput{}, nil
	}
	return o.Fake.DescribeSecret(ctx, in, opts...)
}

func (o odd) GetResourcePolicy(ctx context.Context, in *secretsmanager.GetResourcePolicyInput, opts ...func(*secretsmanager.Options)) (*secretsmanager.GetResourcePolicyOutput, error) {
	return &secretsmanager.GetResourcePolicyOutput{}, nil
}

func (o odd) GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return &kms.GetKeyPolicyOutput{}, nil
}

func (o odd) ListGrants(ctx context.Context, in *kms.ListGrantsInput, opts ...func(*kms.Options)) (*kms.ListGrantsOutput, error) {
	if o.marker == nil {
		return &kms.ListGrantsOutput{}, nil
	}
	out, err := o.Fake.ListGrants(ctx, in, opts...)
	out.Truncated, out.NextMarker = true, o.marker
	return out, err
}

func TestAnEmptyAnswerIsNotRead(t *testing.T) {
	o := odd{Fake: account(), empty: true}
	s, err := credentials.New(o, o).Secret(t.Context(), credentials.ID{Name: arn})
	if err != nil || s.Exists != nil || s.Policy != nil || s.Unread[credentials.DescribeSecret] == nil || s.Unread[credentials.GetResourcePolicy] == nil {
		t.Errorf("%+v, %v", s, err)
	}
	o.empty = false
	s, err = credentials.New(o, o).Secret(t.Context(), credentials.ID{Name: arn})
	if err != nil || s.Key == nil || s.Key.Policy != nil || s.Key.Grants != nil || s.Unread[credentials.GetKeyPolicy] == nil || s.Unread[credentials.ListGrants] == nil {
		t.Errorf("%+v, %v", s, err)
	}
}

// After a marker that was given before, nobody knows what is missing, and asking again would never end.
func TestAMarkerThatRepeatsIsNotRead(t *testing.T) {
	o := odd{Fake: account(), marker: aws.String("again")}
	s, err := credentials.New(o, o).Secret(t.Context(), credentials.ID{Name: arn})
	if err != nil || s.Key == nil || s.Key.Grants != nil || s.Unread[credentials.ListGrants] == nil {
		t.Errorf("%+v, %v", s, err)
	}
}
