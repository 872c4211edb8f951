package checks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/credentials"
)

// credentialsPolicy is what an inline policy is called that lets a role read the credentials of registries.
const credentialsPolicy = "read-registry-credentials"

// ownPolicies are the layers of a role and of what it asks for.
var ownPolicies = []iam.LayerName{iam.IdentityLayer, iam.BoundaryLayer, iam.ResourceLayer}

// judged returns the secret that a finding is about, and who is to read it.
func (r Repair) judged() (j judged, ok bool) {
	j = judged{role: r.role(r.Task.ExecutionRole), secret: r.secret(r.Finding.Subject), task: r.Task}
	return j, j.role != nil && j.secret != nil
}

// allowSecret amends the policies by which the role may not read the secret: its own, its boundary, the secret's.
func allowSecret(r Repair) []Change {
	j, ok := r.judged()
	if !ok || j.secret.ARN == "" {
		return nil
	}
	return j.amended(need{j.read(), &attached{at: iam.ResourceLayer, layer: j.secretLayer(), form: asItIs,
		change: func(d iam.Document) Change { return PutResourcePolicy{j.secret.ARN, d} }}})
}

// allowKey amends the policies by which the role may not decrypt with the secret's key: the key's, its own, its boundary. In a
// key's policy the resource "*" is the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
func allowKey(r Repair) []Change {
	j, ok := r.judged()
	if !ok || j.key() == nil {
		return nil
	}
	key := j.key()
	return j.amended(need{j.decrypt(key.ARN), &attached{at: iam.ResourceLayer, layer: keyLayer(key),
		form: func(s iam.Statement) iam.Statement {
			s.Resources = []string{"*"}
			return s
		},
		change: func(d iam.Document) Change { return PutKeyPolicy{key.ARN, d} }}})
}

func (j judged) amended(n need) []Change {
	return amendment{role: *j.role, name: unusedPolicyName(j.role, credentialsPolicy), layers: ownPolicies, needs: []need{n}}.changes()
}

// asItIs is a statement of a policy that names its resource.
func asItIs(s iam.Statement) iam.Statement { return s }

// restoreSecret cancels the deletion of the secret.
func restoreSecret(r Repair) []Change { return restored(r.secret(r.Finding.Subject)) }

func restored(s *credentials.Secret) []Change {
	if s == nil || s.ARN == "" || s.DeletedAt == nil {
		return nil
	}
	return []Change{RestoreSecret{s.ARN}}
}

// enableKey makes the secret's key usable, where that takes no key material.
func enableKey(r Repair) []Change {
	s := r.secret(r.Finding.Subject)
	if s == nil || s.Key == nil {
		return nil
	}
	return enabled(s.Key.ARN, s.Key.State)
}

// enabled returns what makes a key in a state usable.
func enabled(key, state string) []Change {
	switch state {
	case "Disabled":
		return []Change{EnableKey{key}}
	case "PendingDeletion", "PendingReplicaDeletion":
		return []Change{CancelKeyDeletion{key}, EnableKey{key}}
	}
	return nil
}

// addressedSecret is the name of a secret with the characters that its ARN ends in. What ends otherwise is a part of an ARN.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
var addressedSecret = regexp.MustCompile(`^(.+)-[A-Za-z0-9]{6}$`)

// createSecret creates the secret that a container names. Its ARN will be another, so that a task definition that gives the
// ARN has to be changed.
func createSecret(r Repair) []Change {
	s := r.secret(r.Finding.Subject)
	if s == nil || r.Task.Account == "" || s.ID.Region == "" {
		return nil
	}
	name := r.Finding.Subject
	if accountOf(name) == "" {
		return append([]Change{CreateSecret{r.newSecret(s.ID.Region, name), registryKeys}}, r.readNew(r.newSecret(s.ID.Region, name))...)
	}
	if name = name[strings.LastIndexByte(name, ':')+1:]; addressedSecret.MatchString(name) {
		name = addressedSecret.FindStringSubmatch(name)[1]
	}
	var containers []string
	for _, c := range r.Task.Containers {
		if c.RepositoryCredentials == r.Finding.Subject {
			containers = append(containers, c.Name)
		}
	}
	return r.nameNewSecret(s.ID.Region, name, containers)
}

// registryKeys are what ECS reads of a registry's secret.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
var registryKeys = []string{"username", "password"}

// newSecret is the ARN of a secret of the task's account that is yet to be created.
func (r Repair) newSecret(region, name string) string {
	return "arn:" + registry.PartitionOf(region) + ":secretsmanager:" + region + ":" + r.Task.Account + ":secret:" + name + newSecretSuffix
}

// nameNewSecret creates a secret, lets the execution role read it, and names it in the task definition for some containers.
func (r Repair) nameNewSecret(region, name string, containers []string) []Change {
	if r.Task.Account == "" || region == "" || r.Task.TaskDefinition == "" {
		return nil
	}
	arn := r.newSecret(region, name)
	create := CreateSecret{arn, registryKeys}
	revision := r.revision()
	for _, c := range containers {
		revision.Containers = append(revision.Containers, ContainerRevision{Name: c, CredentialsParameter: arn})
	}
	if r.Task.ExecutionRole == "" {
		return slices.Concat([]Change{create}, r.setNewRole(revision, need{request: r.judgedNew(&iam.Role{}, arn).read()}))
	}
	return slices.Concat([]Change{create}, r.readNew(arn), []Change{revision})
}

// readNew lets the execution role read a new secret, if it may not already.
func (r Repair) readNew(arn string) []Change {
	role := r.role(r.Task.ExecutionRole)
	if role == nil || role.Exists == nil || !*role.Exists {
		return nil // another finding says so
	}
	return amendment{role: *role, name: unusedPolicyName(role, credentialsPolicy), layers: ownPolicies,
		needs: []need{{request: r.judgedNew(role, arn).read()}}}.changes()
}

func (r Repair) judgedNew(role *iam.Role, secret string) judged {
	return judged{role: role, secret: &credentials.Secret{ID: credentials.ID{Name: secret, Region: regionOf(secret)}, ARN: secret, Exists: new(true)}, task: r.Task}
}
