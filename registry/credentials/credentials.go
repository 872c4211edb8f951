// Package credentials reads what is known of the secret that a task's repositoryCredentials name: whether it exists,
// who its policy and its key's policy let in, and, only where a caller asks for that, whether its value has the form
// that ECS takes.
//
// # Limits
//
//   - A value is read only with [WithValues]. Of it, nothing but its [Form] is kept: it is in no field, error or text.
//   - Whether a role may read the secret is not decided here: the policies are handed on as documents.
package credentials

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Secrets is what is called of AWS Secrets Manager. [secretsmanager.Client] implements it.
type Secrets interface {
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	GetResourcePolicy(context.Context, *secretsmanager.GetResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetResourcePolicyOutput, error)
}

// Keys is what is called of AWS KMS, for secrets that have a key of the customer's. [kms.Client] implements it.
type Keys interface {
	kms.ListGrantsAPIClient
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
	GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error)
}

// Values reads secrets. [secretsmanager.Client] implements it.
type Values interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

var (
	_ Secrets = (*secretsmanager.Client)(nil)
	_ Keys    = (*kms.Client)(nil)
	_ Values  = (*secretsmanager.Client)(nil)
)

// The IAM actions that the answers depend on, the keys of [Secret.Unread].
const (
	DescribeSecret    = "secretsmanager:DescribeSecret"
	GetResourcePolicy = "secretsmanager:GetResourcePolicy"
	GetSecretValue    = "secretsmanager:GetSecretValue"
	DescribeKey       = "kms:DescribeKey"
	GetKeyPolicy      = "kms:GetKeyPolicy"
	ListGrants        = "kms:ListGrants"
)

// ID names a secret as a task definition does: by its ARN, or by its name in the task's Region.
type ID struct {
	Name   string // an ARN or a name
	Region string // of the task; an ARN carries its own
}

// Source finds out what is known of a secret. Its error is for a context that ended, and beside it stands what was
// read until then; everything else that goes wrong is a fact of the secret.
type Source interface {
	Secret(context.Context, ID) (*Secret, error)
}

// SourceFunc is a function that is a [Source].
type SourceFunc func(context.Context, ID) (*Secret, error)

// Secret calls f.
func (f SourceFunc) Secret(ctx context.Context, id ID) (*Secret, error) { return f(ctx, id) }

// Secret is what was read of a secret. Nil means not read.
type Secret struct {
	ID        ID
	ARN       string     // "" when not known
	Exists    *bool      // in the Region asked; nil: not read
	DeletedAt *time.Time // when it was scheduled for deletion; nil: it was not, or Exists says that nothing is known
	// Policy is the resource policy: nil when it was not read, "" when it was read and there is none.
	Policy *string
	// KeyID is the customer's KMS key as the secret names it; "" for the key that AWS manages, or when Exists is nil.
	KeyID string
	Key   *Key // nil: not read, or the secret has no key of the customer's
	Form  Form
	// Unread holds, by IAM action, the error of each operation that gave no answer. Errors of GetSecretValue are kept
	// without their text.
	Unread map[string]error `json:"-"`
}

// Key is what was read of a KMS key.
type Key struct {
	ARN    string
	AWS    bool    // managed by AWS: who may use it is not ours to judge, and nobody outside its account may
	State  string  // "Enabled", "Disabled", "PendingDeletion", …; "": not read
	Policy *string // nil: not read
	Grants []Grant // those that let somebody decrypt; nil: not read
}

// Grant lets a principal decrypt with a key.
type Grant struct {
	Principal   string
	Constrained bool // to an encryption context or a source
}

// Form is what a secret's value looks like to ECS (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html).
type Form string

const (
	FormNotRead  Form = ""              // the value was not read
	FormValid    Form = "valid"         // a JSON object with the strings username and password
	FormBinary   Form = "binary"        // no SecretString
	FormNotJSON  Form = "not JSON"      // no JSON object of strings
	FormUsername Form = "no username"   // username is missing or empty
	FormPassword Form = "no password"   // password is missing or empty
	FormNoValue  Form = "without value" // the secret has no current version
)

func (s *Secret) unread(action string, err error) {
	if s.Unread == nil {
		s.Unread = map[string]error{}
	}
	s.Unread[action] = err
}
