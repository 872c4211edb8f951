// Package credentialstest holds a stand-in for Secrets Manager and KMS, made of what the AWS CLI prints.
package credentialstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/canpull/canpull/registry/credentials"
)

// Fake is a Secrets Manager and a KMS of plain data. A nil list is an operation that is denied; an empty
// one is an answer.
type Fake struct {
	Secrets     []secretsmanager.DescribeSecretOutput
	Policies    []secretsmanager.GetResourcePolicyOutput
	Values      []secretsmanager.GetSecretValueOutput
	Keys        []kms.DescribeKeyOutput
	KeyPolicies []KeyPolicy
	Grants      []kmstypes.GrantListEntry

	// Before is called ahead of each operation with its IAM action and input; the operation fails with its error.
	Before func(ctx context.Context, action string, input any) error
}

// KeyPolicy is what kms:GetKeyPolicy answers, with the key that the AWS CLI leaves out.
type KeyPolicy struct {
	KeyID  string `json:"KeyId"`
	Policy string
}

var (
	_ credentials.Secrets = (*Fake)(nil)
	_ credentials.Keys    = (*Fake)(nil)
	_ credentials.Values  = (*Fake)(nil)
)

// Load returns a Fake filled from secretsmanager/describe-secret.json, secretsmanager/get-resource-policy.json,
// kms/describe-key.json, kms/get-key-policy.json (with a KeyId beside the Policy) and kms/list-grants.json. A file may
// hold the output of several calls; an absent one is an operation that is denied.
func Load(fsys fs.FS) (*Fake, error) {
	f := &Fake{}
	err := errors.Join(
		load(fsys, "secretsmanager/describe-secret.json", &f.Secrets, func(o secretsmanager.DescribeSecretOutput) bool { return o.ARN != nil }),
		load(fsys, "secretsmanager/get-resource-policy.json", &f.Policies, func(o secretsmanager.GetResourcePolicyOutput) bool { return o.ARN != nil }),
		load(fsys, "kms/describe-key.json", &f.Keys, func(o kms.DescribeKeyOutput) bool { return o.KeyMetadata != nil }),
		load(fsys, "kms/get-key-policy.json", &f.KeyPolicies, func(o KeyPolicy) bool { return o.KeyID != "" }),
	)
	var lists []kms.ListGrantsOutput
	err = errors.Join(err, load(fsys, "kms/list-grants.json", &lists, func(kms.ListGrantsOutput) bool { return true }))
	if lists != nil {
		f.Grants = []kmstypes.GrantListEntry{}
	}
	for _, l := range lists {
		f.Grants = append(f.Grants, l.Grants...)
	}
	return f, err
}

func load[T any](fsys fs.FS, name string, into *[]T, useful func(T) bool) error {
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	*into = []T{}
	for d := json.NewDecoder(file); ; {
		var document T
		switch err := d.Decode(&document); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		}
		if useful(document) {
			*into = append(*into, document)
		}
	}
}

func (f *Fake) before(ctx context.Context, action string, input any, known bool) error {
	if f.Before != nil {
		if err := f.Before(ctx, action, input); err != nil {
			return err
		}
	}
	if !known {
		return failure(action, &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform: " + action, Fault: smithy.FaultClient})
	}
	return ctx.Err()
}

func failure(action string, err error) error {
	service, operation, _ := strings.Cut(action, ":")
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}
}

// isNamed compares a secret with what it was asked for by: its ARN or its name, in the Region of the call.
func isNamed(arn, name *string, id, region string) bool {
	own := aws.ToString(arn)
	return own == id || aws.ToString(name) == id && (region == "" || strings.Contains(own, ":"+region+":"))
}

func regionOf(opts []func(*secretsmanager.Options)) string {
	var o secretsmanager.Options
	for _, opt := range opts {
		opt(&o)
	}
	return o.Region
}

// DescribeSecret answers from Secrets.
func (f *Fake) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, opts ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	if err := f.before(ctx, credentials.DescribeSecret, in, f.Secrets != nil); err != nil {
		return nil, err
	}
	for _, s := range f.Secrets {
		if isNamed(s.ARN, s.Name, *in.SecretId, regionOf(opts)) {
			return &s, nil
		}
	}
	return nil, failure(credentials.DescribeSecret, &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret.")})
}

// GetResourcePolicy answers from Policies, and of a secret that has none without a policy.
func (f *Fake) GetResourcePolicy(ctx context.Context, in *secretsmanager.GetResourcePolicyInput, opts ...func(*secretsmanager.Options)) (*secretsmanager.GetResourcePolicyOutput, error) {
	if err := f.before(ctx, credentials.GetResourcePolicy, in, f.Policies != nil); err != nil {
		return nil, err
	}
	for _, p := range f.Policies {
		if isNamed(p.ARN, p.Name, *in.SecretId, regionOf(opts)) {
			return &p, nil
		}
	}
	for _, s := range f.Secrets {
		if isNamed(s.ARN, s.Name, *in.SecretId, regionOf(opts)) {
			return &secretsmanager.GetResourcePolicyOutput{ARN: s.ARN, Name: s.Name}, nil
		}
	}
	return nil, failure(credentials.GetResourcePolicy, &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret.")})
}

// GetSecretValue answers from Values.
func (f *Fake) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, opts ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if err := f.before(ctx, credentials.GetSecretValue, in, f.Values != nil); err != nil {
		return nil, err
	}
	for _, v := range f.Values {
		if isNamed(v.ARN, v.Name, *in.SecretId, regionOf(opts)) {
			return &v, nil
		}
	}
	return nil, failure(credentials.GetSecretValue, &types.ResourceNotFoundException{Message: aws.String("Secrets Manager can't find the specified secret value.")})
}

// DescribeKey answers from Keys.
func (f *Fake) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput, _ ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	if err := f.before(ctx, credentials.DescribeKey, in, f.Keys != nil); err != nil {
		return nil, err
	}
	for _, k := range f.Keys {
		if aws.ToString(k.KeyMetadata.Arn) == *in.KeyId || aws.ToString(k.KeyMetadata.KeyId) == *in.KeyId {
			return &k, nil
		}
	}
	return nil, failure(credentials.DescribeKey, &kmstypes.NotFoundException{Message: aws.String("the key does not exist")})
}

// GetKeyPolicy answers from KeyPolicies.
func (f *Fake) GetKeyPolicy(ctx context.Context, in *kms.GetKeyPolicyInput, _ ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	if err := f.before(ctx, credentials.GetKeyPolicy, in, f.KeyPolicies != nil); err != nil {
		return nil, err
	}
	for _, p := range f.KeyPolicies {
		if p.KeyID == *in.KeyId {
			return &kms.GetKeyPolicyOutput{Policy: &p.Policy}, nil
		}
	}
	return nil, failure(credentials.GetKeyPolicy, &kmstypes.NotFoundException{Message: aws.String("the key does not exist")})
}

// ListGrants answers from Grants.
func (f *Fake) ListGrants(ctx context.Context, in *kms.ListGrantsInput, _ ...func(*kms.Options)) (*kms.ListGrantsOutput, error) {
	if err := f.before(ctx, credentials.ListGrants, in, f.Grants != nil); err != nil {
		return nil, err
	}
	out := &kms.ListGrantsOutput{Grants: []kmstypes.GrantListEntry{}}
	for _, g := range f.Grants {
		if aws.ToString(g.KeyId) == *in.KeyId {
			out.Grants = append(out.Grants, g)
		}
	}
	return out, nil
}
