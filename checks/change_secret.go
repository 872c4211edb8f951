package checks

import (
	"fmt"
	"strings"

	"github.com/canpull/canpull/registry/credentials"
)

// newSecretSuffix stands for the six characters that Secrets Manager ends the ARN of a new secret with, and that only its
// answer to create-secret shows. In a policy it matches whichever they are.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
const newSecretSuffix = "-??????"

// secretFile is where the reader keeps the value of a secret: no value is ever part of a change.
const secretFile = "file://credentials.json"

// CreateSecret creates a secret with the value that the file credentials.json holds in the form that Keys tells. The value
// is the reader's to write.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
type CreateSecret struct {
	Secret string   `json:"secret"` // the ARN that it will have; its last six characters stand for those of Secrets Manager's choice
	Keys   []string `json:"keys"`   // of the JSON object in the file: "username", "password"
}

// Commands is one call of create-secret.
func (c CreateSecret) Commands() [][]string {
	return [][]string{awsCommand(regionOf(c.Secret), "secretsmanager", "create-secret", "--name", secretName(c.Secret), "--secret-string", secretFile)}
}

// Terraform is an aws_secretsmanager_secret. Its value stays out of Terraform, which would keep it in its state.
func (c CreateSecret) Terraform() string {
	return note("The value, a JSON object with "+strings.Join(c.Keys, " and ")+", is to be set with `aws secretsmanager put-secret-value`.") +
		resource("aws_secretsmanager_secret", secretName(c.Secret), argument{"name", secretName(c.Secret)})
}

// Apply lets the secret be there, encrypted with the key that AWS manages.
func (c CreateSecret) Apply(s *Snapshot) error {
	region := regionOf(c.Secret)
	if region == "" {
		return fmt.Errorf("%q is no ARN of a secret", c.Secret)
	}
	exists, none := true, ""
	for _, name := range []string{c.Secret, secretName(c.Secret)} {
		id := credentials.ID{Name: name, Region: region}
		learn(&s.Facts.Secrets, id, &credentials.Secret{ID: id, ARN: c.Secret, Exists: &exists, Policy: &none})
	}
	return nil
}

// RestoreSecret cancels the scheduled deletion of a secret.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html
type RestoreSecret struct {
	Secret string `json:"secret"` // its ARN
}

// Commands is one call of restore-secret.
func (c RestoreSecret) Commands() [][]string {
	return [][]string{awsCommand(regionOf(c.Secret), "secretsmanager", "restore-secret", "--secret-id", c.Secret)}
}

// Terraform is a comment.
func (c RestoreSecret) Terraform() string { return notInTerraform("restores a deleted secret") }

// Apply takes the date of the deletion away.
func (c RestoreSecret) Apply(s *Snapshot) error {
	return s.eachSecret(c.Secret, func(f *credentials.Secret) error {
		f.DeletedAt = nil
		return nil
	})
}

// EnableKey enables a disabled KMS key.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKey.html
type EnableKey struct {
	Key string `json:"key"` // its ARN
}

// Commands is one call of enable-key.
func (c EnableKey) Commands() [][]string {
	return [][]string{awsCommand(regionOf(c.Key), "kms", "enable-key", "--key-id", c.Key)}
}

// Terraform is the aws_kms_key.
func (c EnableKey) Terraform() string {
	return setting("aws_kms_key", nameIn(c.Key), argument{"is_enabled", true})
}

// Apply enables the key, if its deletion is not pending.
func (c EnableKey) Apply(s *Snapshot) error {
	return s.setKeyState(c.Key, "Enabled", "Disabled", "Enabled")
}

// CancelKeyDeletion cancels the scheduled deletion of a KMS key, which is disabled then.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html
type CancelKeyDeletion struct {
	Key string `json:"key"` // its ARN
}

// Commands is one call of cancel-key-deletion.
func (c CancelKeyDeletion) Commands() [][]string {
	return [][]string{awsCommand(regionOf(c.Key), "kms", "cancel-key-deletion", "--key-id", c.Key)}
}

// Terraform is a comment.
func (c CancelKeyDeletion) Terraform() string { return notInTerraform("cancels the deletion of a key") }

// Apply leaves the key disabled.
func (c CancelKeyDeletion) Apply(s *Snapshot) error {
	return s.setKeyState(c.Key, "Disabled", "PendingDeletion", "PendingReplicaDeletion")
}

// secretName returns the name in a secret's ARN.
func secretName(arn string) string {
	name := arn[strings.LastIndexByte(arn, ':')+1:]
	return name[:max(0, len(name)-len(newSecretSuffix))]
}
