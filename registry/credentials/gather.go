package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"
)

// Option changes what [New] makes.
type Option func(*source)

// WithValues lets the source read the secrets' values, to judge their form.
func WithValues(v Values) Option { return func(s *source) { s.values = v } }

// New returns a [Source], which asks about a key that several secrets share once: see [KeysOnce]. It is safe for concurrent
// use. A nil client leaves what it would tell unread.
func New(secrets Secrets, keys Keys, opts ...Option) Source {
	s := source{secrets: secrets, keys: KeysOnce(keys)}
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

type source struct {
	secrets Secrets
	keys    Keys
	values  Values
}

var (
	errNoClient = errors.New("credentials: no client was given")
	errNoKey    = errors.New("credentials: DescribeKey answered without the key")
)

// Secret reads everything there is to know of a secret.
func (s source) Secret(ctx context.Context, id ID) (*Secret, error) {
	secret := &Secret{ID: id}
	if parsed, err := arn.Parse(id.Name); err == nil {
		secret.ARN, secret.ID.Region = id.Name, parsed.Region
	}
	if s.secrets == nil {
		secret.unread(DescribeSecret, errNoClient)
		secret.unread(GetResourcePolicy, errNoClient)
		return secret, ctx.Err()
	}
	in := func(o *secretsmanager.Options) {
		if secret.ID.Region != "" {
			o.Region = secret.ID.Region
		}
	}
	var (
		about                      *secretsmanager.DescribeSecretOutput
		policy                     *secretsmanager.GetResourcePolicyOutput
		aboutErr, policyErr, value error
		form                       Form
		calls                      errgroup.Group // without a context: one denial must not cancel another call
	)
	calls.Go(func() error {
		about, aboutErr = s.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id.Name}, in)
		return nil
	})
	calls.Go(func() error {
		policy, policyErr = s.secrets.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &id.Name}, in)
		return nil
	})
	if s.values != nil {
		calls.Go(func() error { form, value = s.form(ctx, id, in); return nil })
	}
	_ = calls.Wait() // their errors are facts
	// The SDK takes an empty body for an answer. Secrets Manager's own name the secret.
	if aboutErr == nil && about.ARN == nil {
		aboutErr = errors.New("credentials: DescribeSecret answered without the secret")
	}
	if policyErr == nil && policy.ARN == nil {
		policyErr = errors.New("credentials: GetResourcePolicy answered without the secret")
	}

	secret.Form = form
	if value != nil {
		secret.unread(GetSecretValue, value)
	}
	switch {
	case aboutErr == nil:
		secret.Exists, secret.DeletedAt = aws.Bool(true), about.DeletedDate
		secret.ARN = aws.ToString(about.ARN)
		secret.KeyID = customerKey(aws.ToString(about.KmsKeyId))
	case code(aboutErr) == "ResourceNotFoundException":
		secret.Exists, secret.Form = aws.Bool(false), FormNotRead // what does not exist has no form either
	default:
		secret.unread(DescribeSecret, aboutErr)
	}
	switch {
	case policyErr == nil:
		secret.Policy = aws.String(aws.ToString(policy.ResourcePolicy))
	case secret.Exists == nil || *secret.Exists:
		secret.unread(GetResourcePolicy, policyErr)
	}
	if secret.KeyID != "" {
		s.readKey(ctx, secret)
	}
	return secret, ctx.Err()
}

// customerKey returns "" for the key that Secrets Manager uses when it is told none.
func customerKey(id string) string {
	if id == "alias/aws/secretsmanager" || strings.HasSuffix(id, ":alias/aws/secretsmanager") {
		return ""
	}
	return id
}

func (s source) readKey(ctx context.Context, secret *Secret) {
	if s.keys == nil {
		secret.unread(DescribeKey, errNoClient)
		return
	}
	in := func(o *kms.Options) {
		if secret.ID.Region != "" {
			o.Region = secret.ID.Region
		}
	}
	out, err := s.keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &secret.KeyID}, in)
	if err == nil && out.KeyMetadata == nil {
		err = errNoKey
	}
	if err != nil {
		secret.unread(DescribeKey, err)
		return
	}
	k := &Key{ARN: aws.ToString(out.KeyMetadata.Arn), State: string(out.KeyMetadata.KeyState), AWS: out.KeyMetadata.KeyManager == kmstypes.KeyManagerTypeAws}
	secret.Key = k
	if k.AWS {
		return
	}
	var (
		policy               *kms.GetKeyPolicyOutput
		grants               []Grant
		policyErr, grantsErr error
		calls                errgroup.Group // without a context: one denial must not cancel the other call
	)
	calls.Go(func() error {
		policy, policyErr = s.keys.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &k.ARN}, in)
		return nil
	})
	calls.Go(func() error { grants, grantsErr = s.grants(ctx, k.ARN, in); return nil })
	_ = calls.Wait()                              // their errors are facts
	if policyErr == nil && policy.Policy == nil { // every key has one
		policyErr = errors.New("credentials: GetKeyPolicy answered without the policy")
	}
	if policyErr != nil {
		secret.unread(GetKeyPolicy, policyErr)
	} else {
		k.Policy = policy.Policy
	}
	if grantsErr != nil {
		secret.unread(ListGrants, grantsErr)
	} else {
		k.Grants = grants
	}
}

func (s source) grants(ctx context.Context, key string, in func(*kms.Options)) ([]Grant, error) {
	grants := []Grant{}
	seen := map[string]bool{}
	for pages := kms.NewListGrantsPaginator(s.keys, &kms.ListGrantsInput{KeyId: &key}); pages.HasMorePages(); {
		out, err := pages.NextPage(ctx, in)
		switch {
		case err != nil:
			return nil, err
		case out.Grants == nil:
			return nil, errors.New("credentials: ListGrants answered without a list")
		case seen[aws.ToString(out.NextMarker)]:
			return nil, errors.New("credentials: the marker of a page repeats")
		}
		seen[aws.ToString(out.NextMarker)] = aws.ToString(out.NextMarker) != ""
		for _, g := range out.Grants {
			if slices.Contains(g.Operations, kmstypes.GrantOperationDecrypt) {
				grants = append(grants, Grant{aws.ToString(g.GranteePrincipal), g.Constraints != nil})
			}
		}
	}
	return grants, nil
}

// form reads the value and forgets it. The error has the code of AWS's answer and nothing else of it.
func (s source) form(ctx context.Context, id ID, in func(*secretsmanager.Options)) (Form, error) {
	out, err := s.values.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id.Name}, in)
	switch {
	case err != nil && code(err) == "ResourceNotFoundException":
		return FormNoValue, nil
	case err != nil && code(err) != "":
		return FormNotRead, &smithy.GenericAPIError{Code: code(err)}
	case err != nil:
		return FormNotRead, fmt.Errorf("credentials: the value was not read: %w", cause(err))
	case out.SecretString == nil:
		return FormBinary, nil
	}
	return formOf(*out.SecretString), nil
}

// cause keeps of an error only whether a context ended.
func cause(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("no answer")
}

// formOf judges a value as the ECS agent does (agent/asm/asm.go): a JSON object whose username and password are strings.
func formOf(value string) Form {
	var parsed struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	switch {
	case value == "":
		return FormBinary // to the agent, an empty text is as good as none
	case json.Unmarshal([]byte(value), &parsed) != nil:
		return FormNotJSON
	case parsed.Username == "":
		return FormUsername
	case parsed.Password == "":
		return FormPassword
	}
	return FormValid
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}
