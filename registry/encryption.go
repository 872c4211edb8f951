package registry

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// KeyStates returns the state of a KMS key, by its ARN. An error of AWS KMS comes as its API gave it: that there is no such
// key is a NotFoundException. Package credentials makes one of a client: credentials.KeyStates.
type KeyStates func(ctx context.Context, arn string) (string, error)

// Encryption is how an ECR repository is encrypted. Amazon ECR decrypts what is pulled with grants of its own, so that
// whoever pulls needs no permission for the key
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html).
type Encryption struct {
	Type string // "AES256", "KMS", "KMS_DSSE"; "": not read
	Key  string // the ARN of the KMS key; "" without one
	// KeyState is "Enabled", "Disabled", "PendingDeletion", … as AWS KMS has it, or [KeyAbsent]; "": not read, or there
	// is no key.
	KeyState string
	Refused  bool // ECR would not hand out the image's manifest for an error of AWS KMS
}

// KeyAbsent is the state of a KMS key that does not exist any more.
const KeyAbsent = "Absent"

// Unusable reports a key that nothing can be decrypted with
// (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html).
func (e *Encryption) Unusable() bool {
	switch e.KeyState {
	case "Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport", "Unavailable", KeyAbsent:
		return true
	}
	return false
}

// readEncryption asks for the repository's key, and for its state.
func (p private) readEncryption(ctx context.Context, image *Image) {
	repository, err := p.encryptions.Of(ctx, image.Reference.RepositoryARN(), func(ctx context.Context) (*types.Repository, error) {
		return p.repository(ctx, image.Reference)
	})
	if err != nil {
		image.unread(describeRepositories, err)
		return
	}
	if image.Encryption == nil {
		image.Encryption = &Encryption{}
	}
	e := image.Encryption
	e.Type = string(types.EncryptionTypeAes256) // without a configuration
	if c := repository.EncryptionConfiguration; c != nil {
		e.Type, e.Key = string(c.EncryptionType), value(c.KmsKey)
	}
	if e.Key == "" {
		return
	}
	if p.keys == nil {
		image.unread(describeKey, errNoKeys)
		return
	}
	e.KeyState, err = p.keys(ctx, e.Key)
	switch {
	case code(err) == "NotFoundException":
		e.KeyState = KeyAbsent
	case err != nil:
		image.unread(describeKey, err)
	}
}

func (p private) repository(ctx context.Context, ref Reference) (*types.Repository, error) {
	out, err := p.api.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{
		RegistryId: &ref.ECR.Account, RepositoryNames: []string{ref.Repository}}, in(ref))
	if err != nil {
		return nil, err
	}
	if len(out.Repositories) == 0 {
		return nil, errors.New("registry: DescribeRepositories answered without the repository")
	}
	return &out.Repositories[0], nil
}

var errNoKeys = errors.New("registry: no KMS client was given")
