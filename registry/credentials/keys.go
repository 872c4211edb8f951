package credentials

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/canpull/canpull/registry/internal/kept"
)

// keysKept is how long a key is taken to be as it was read: long enough for one diagnosis.
const keysKept = 30 * time.Second

// KeysOnce returns keys that ask k once about each key, however many secrets and repositories share it. What they were
// told holds for half a minute.
func KeysOnce(k Keys) Keys {
	if _, ok := k.(*keysOnce); ok || k == nil {
		return k
	}
	return &keysOnce{Keys: k,
		keys:     kept.Book[*kms.DescribeKeyOutput]{For: keysKept},
		policies: kept.Book[*kms.GetKeyPolicyOutput]{For: keysKept},
		grants:   kept.Book[*kms.ListGrantsOutput]{For: keysKept},
	}
}

// KeyStates returns a function that tells the state of a key by its ARN: "Enabled", "Disabled", "PendingDeletion", … It is
// nil without keys.
func KeyStates(k Keys) func(ctx context.Context, arn string) (string, error) {
	if k == nil {
		return nil
	}
	return func(ctx context.Context, key string) (string, error) {
		out, err := k.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key}, func(o *kms.Options) {
			if parsed, err := arn.Parse(key); err == nil {
				o.Region = parsed.Region
			}
		})
		if err != nil {
			return "", err
		}
		if out.KeyMetadata == nil {
			return "", errNoKey
		}
		return string(out.KeyMetadata.KeyState), nil
	}
}

type keysOnce struct {
	Keys
	keys     kept.Book[*kms.DescribeKeyOutput]
	policies kept.Book[*kms.GetKeyPolicyOutput]
	grants   kept.Book[*kms.ListGrantsOutput]
}

func (o *keysOnce) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput, opts ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	return o.keys.Of(ctx, asked(opts, in.KeyId), func(ctx context.Context) (*kms.DescribeKeyOutput, error) {
		return o.Keys.DescribeKey(ctx, in, opts...)
	})
}

func (o *keysOnce) GetKeyPolicy(ctx context.Context, in *kms.GetKeyPolicyInput, opts ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return o.policies.Of(ctx, asked(opts, in.KeyId, in.PolicyName), func(ctx context.Context) (*kms.GetKeyPolicyOutput, error) {
		return o.Keys.GetKeyPolicy(ctx, in, opts...)
	})
}

func (o *keysOnce) ListGrants(ctx context.Context, in *kms.ListGrantsInput, opts ...func(*kms.Options)) (*kms.ListGrantsOutput, error) {
	of := asked(opts, in.KeyId, in.Marker, in.GrantId, in.GranteePrincipal) + fmt.Sprint(aws.ToInt32(in.Limit))
	return o.grants.Of(ctx, of, func(ctx context.Context) (*kms.ListGrantsOutput, error) { return o.Keys.ListGrants(ctx, in, opts...) })
}

// asked names a question: the Region that it is asked in, and what is asked for.
func asked(opts []func(*kms.Options), what ...*string) string {
	var o kms.Options
	for _, opt := range opts {
		opt(&o)
	}
	return fmt.Sprintf("%q %q", o.Region, aws.ToStringSlice(what))
}
