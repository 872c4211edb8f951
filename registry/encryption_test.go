package registry_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

const keyARN = "arn:aws:kms:eu-west-1:" + account + ":key/1234abcd"

// keys is a KMS with one key, in the state "Gone" with none, and in the state "" with a denial for everything.
type keys string

func (k keys) state(_ context.Context, arn string) (string, error) {
	switch {
	case k == "":
		return "", errors.New("denied")
	case k == "Gone" || arn != keyARN:
		return "", &smithy.GenericAPIError{Code: "NotFoundException"}
	}
	return string(k), nil
}

type encryptedFake struct {
	*registrytest.Fake
	keys keys
}

var mu sync.Mutex

// encrypted is an account whose images are encrypted with a key in a state, and whose manifests may not be read.
func encrypted(state keys) encryptedFake {
	fake := &registrytest.Fake{Policies: policies, CacheRules: []types.PullThroughCacheRule{},
		Repositories: []types.Repository{{RegistryId: new(account), RepositoryName: new("team/app"),
			EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms, KmsKey: new(keyARN)}}}}
	for _, tag := range []string{"1", "2", "3"} {
		fake.Images = append(fake.Images, ecrImage(tag, types.ImageStatusActive))
	}
	return encryptedFake{fake, state}
}

func TestEncryption(t *testing.T) {
	of := func(f encryptedFake, change func(*registrytest.Fake)) encryptedFake { change(f.Fake); return f }
	for name, tt := range map[string]struct {
		account  encryptedFake
		tag      string
		want     *registry.Encryption
		unread   string
		unusable bool
	}{
		"enabled":          {encrypted("Enabled"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "Enabled"}, "", false},
		"disabled":         {encrypted("Disabled"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "Disabled"}, "", true},
		"pending deletion": {encrypted("PendingDeletion"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "PendingDeletion"}, "", true},
		"primary key to be deleted after its replicas": {encrypted("PendingReplicaDeletion"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "PendingReplicaDeletion"}, "", true},
		"in a key store that is not connected":         {encrypted("Unavailable"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "Unavailable"}, "", true},
		"gone":                                         {encrypted("Gone"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: registry.KeyAbsent}, "", true},
		"a state of the future":                        {encrypted("Frozen"), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "Frozen"}, "", false},
		"key denied":                                   {encrypted(""), "1", &registry.Encryption{Type: "KMS", Key: keyARN}, "kms:DescribeKey", false},
		"repositories denied":                          {of(encrypted("Disabled"), func(f *registrytest.Fake) { f.Repositories = nil }), "1", nil, "ecr:DescribeRepositories", false},
		"without a key of KMS": {of(encrypted("Disabled"), func(f *registrytest.Fake) { f.Repositories[0].EncryptionConfiguration = nil }), "1",
			&registry.Encryption{Type: "AES256"}, "", false},
		"refused": {of(encrypted("Disabled"), func(f *registrytest.Fake) {
			f.Manifests, f.Failures = []types.Image{}, map[string]types.ImageFailureCode{"1": types.ImageFailureCodeKmsError}
		}), "1", &registry.Encryption{Type: "KMS", Key: keyARN, KeyState: "Disabled", Refused: true}, "", true},
		"refused, the rest denied": {of(encrypted("Disabled"), func(f *registrytest.Fake) {
			f.Repositories = nil
			f.Manifests, f.Failures = []types.Image{}, map[string]types.ImageFailureCode{"1": types.ImageFailureCodeKmsError}
		}), "1", &registry.Encryption{Refused: true}, "ecr:DescribeRepositories", false},
		"image absent": {encrypted("Disabled"), "none", nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			image, err := registry.New(tt.account, registry.WithKeys(tt.account.keys.state)).Image(t.Context(), mustParse(t, ecrHost+"/team/app:"+tt.tag))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, image.Encryption); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, action := range []string{"kms:DescribeKey", "ecr:DescribeRepositories"} {
				if got := image.Unread[action] != nil; got != (action == tt.unread) {
					t.Errorf("Unread[%s] = %v", action, image.Unread[action])
				}
			}
			if image.Encryption != nil && image.Encryption.Unusable() != tt.unusable {
				t.Errorf("unusable: %v", !tt.unusable)
			}
		})
	}
	image, err := registry.New(encrypted("Enabled")).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	if err != nil || image.Encryption.KeyState != "" || image.Unread["kms:DescribeKey"] == nil {
		t.Errorf("without a client of KMS: %+v, %v", image, err)
	}
}
