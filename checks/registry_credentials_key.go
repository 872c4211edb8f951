package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// managedKey is the key that AWS manages for the secrets of an account.
const managedKey = "aws/secretsmanager"

// key returns the secret's key, which is the one that AWS manages where the secret names none; nil: not read.
func (j judged) key() *credentials.Key {
	if j.secret.KeyID == "" {
		return &credentials.Key{AWS: true}
	}
	return j.secret.Key
}

// judgeKey decides what the secret's key comes to; "" as a code when nothing stands in the way.
func (j judged) judgeKey() opinion {
	k := j.key()
	switch {
	case k == nil:
		return unknownFor([]string{credentials.DescribeKey}, nil)
	case (&registry.Encryption{KeyState: k.State}).Unusable():
		return opinion{code: "credentials.key-state", evidence: []Evidence{{credentials.DescribeKey, "KeyState " + k.State}}}
	case !letsDecrypt(k.State):
		return opinion{code: "credentials.unread", reason: "its key is in the state " + k.State, evidence: []Evidence{{credentials.DescribeKey, "KeyState " + k.State}}}
	case k.AWS:
		return j.judgeManaged(k)
	}
	d := j.mayDecrypt(keyLayer(k), j.role.Policies())
	switch d.Outcome {
	case iam.Allowed:
		return opinion{}
	case iam.Unknown:
		return unknownFor(d.Missing, d.Keys)
	case iam.ImplicitDeny: // a grant lets in whom no policy does
		if k.Grants == nil {
			return unknownFor([]string{credentials.ListGrants}, nil)
		}
		account, open := j.role.Principal().Account, ""
		for _, g := range k.Grants {
			switch {
			case g.Principal == j.role.ARN && !g.Constrained:
				return j.granted(k)
			case g.Principal == j.role.ARN || strings.Contains(g.Principal, ":assumed-role/"+j.role.Name+"/"):
				open = "it depends on the constraints of a grant of " + k.ARN
			case account == accountOf(g.Principal) && strings.HasSuffix(g.Principal, ":root"):
				open = "a grant of " + k.ARN + " is to the account " + account + ", and AWS does not document whom there it lets in"
			}
		}
		if open != "" {
			return opinion{code: "credentials.unread", reason: open}
		}
	}
	return opinion{code: "credentials.key-denied", decision: &d, evidence: []Evidence{
		{credentials.GetKeyPolicy, d.Reason(iam.Request{Action: "kms:Decrypt"})},
		{credentials.ListGrants, fmt.Sprintf("%d grants to decrypt, none to the role", len(k.Grants))}}}
}

// mayDecrypt decides whether the role may decrypt with the secret's key.
func (j judged) mayDecrypt(key *iam.Layer, policies iam.Policies) iam.Decision {
	policies.Resource = key
	return iam.Evaluate(j.decrypt(j.key().ARN), policies)
}

// judgeManaged decides what the key that AWS manages comes to, which only the role's own policies can deny it.
func (j judged) judgeManaged(k *credentials.Key) opinion {
	d := j.mayDecrypt(keyLayer(k), j.role.Policies())
	switch d.Outcome {
	case iam.Allowed:
		return opinion{}
	case iam.Unknown:
		return unknownFor(d.Missing, d.Keys)
	}
	return opinion{code: "credentials.key-denied", decision: &d, evidence: []Evidence{{policySource(d), d.Reason(iam.Request{Action: "kms:Decrypt"})}}}
}

// granted decides what is left of a grant to the role: it allows, and what denies still denies. Of a boundary that does not
// allow it AWS says that it limits what a policy grants a role, and nothing of grants.
func (j judged) granted(k *credentials.Key) opinion {
	policies, key := j.role.Policies(), keyLayer(k)
	policies.Identity.Policies = slices.Concat(policies.Identity.Policies, iam.Unrestricted().Policies)
	key.Policies = append(key.Policies, iam.Policy{Name: "grant", Document: iam.Document{Statements: []iam.Statement{{
		Effect: iam.Allow, Principal: &iam.PrincipalSet{AWS: []string{j.role.ARN}}, Actions: []string{"kms:Decrypt"}}}}})
	switch d := j.mayDecrypt(key, policies); d.Outcome {
	case iam.Allowed:
		return opinion{}
	case iam.Unknown:
		return unknownFor(d.Missing, d.Keys)
	}
	return opinion{code: "credentials.unread", reason: "a grant of " + k.ARN + " allows it, and AWS does not document whether the role's boundary limits that"}
}

// keyLayer returns a key's policy as what it is to an evaluation. Of the key that AWS manages nothing was read: its policy lets
// in everybody in the account for whom Secrets Manager asks.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-policies
func keyLayer(k *credentials.Key) *iam.Layer {
	text := k.Policy
	switch {
	case k.AWS:
		text = new(`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}}`)
	case text == nil:
		return &iam.Layer{Missing: []string{credentials.GetKeyPolicy}}
	}
	document, _ := iam.Parse(*text)
	return &iam.Layer{Policies: []iam.Policy{{Name: "policy of the key", Document: document}}}
}

// decrypt is the request that Secrets Manager makes on the role's behalf.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
func (j judged) decrypt(key string) iam.Request {
	r := j.request("kms:Decrypt", key)
	via := iam.PresentUnknown()
	if registry.PartitionOf(j.secret.ID.Region) == "aws" {
		via = iam.Present("secretsmanager." + j.secret.ID.Region + ".amazonaws.com")
	}
	r.Context["kms:ViaService"] = via
	r.Context["aws:ViaAWSService"] = iam.Present("true")
	if account := r.Principal.Account; account != "" {
		r.Context["kms:CallerAccount"] = iam.Present(account)
	}
	r.Context["kms:EncryptionContextKeys"] = iam.Set("SecretARN", "SecretVersionId")
	r.Context["kms:EncryptionContext:SecretARN"] = iam.Present(j.secret.ARN)
	return r
}
