package checks

import (
	"maps"
	"strings"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// cached returns the image that a finding is about, with the rule that would import it; nil: not read.
func (r Repair) cached() *registry.Image {
	image := r.image(r.Finding.Subject)
	if image == nil || image.CacheRule == nil || image.Reference.ECR == nil {
		return nil
	}
	return image
}

// allowImport amends the role's policies and its boundary, which deny the first pull.
func allowImport(r Repair) []Change {
	image, role := r.cached(), r.role(r.Task.ExecutionRole)
	if image == nil || role == nil {
		return nil
	}
	var needs []need
	for _, action := range importActions(image) {
		q := request(action, image.Reference)
		q.Principal = role.Principal()
		maps.Copy(q.Context, role.Context())
		needs = append(needs, need{request: q})
	}
	return amendment{role: *role, needs: needs, name: unusedPolicyName(role, "import-images"),
		layers: []iam.LayerName{iam.IdentityLayer, iam.BoundaryLayer}}.changes()
}

// nameOfficialImage names an official image of Docker Hub as Docker Hub itself does.
func nameOfficialImage(r Repair) []Change {
	image := r.cached()
	if image == nil || r.Task.TaskDefinition == "" {
		return nil
	}
	ref := image.Reference
	upstream := image.CacheRule.UpstreamRepository(ref.Repository)
	ref.Repository = strings.TrimSuffix(ref.Repository, upstream) + "library/" + upstream
	return []Change{r.renamed(ref.String())}
}

// renamed gives the containers that a finding's image belongs to another image.
func (r Repair) renamed(image string) RegisterTaskDefinition {
	revision := r.revision()
	for _, name := range r.Finding.Scope {
		revision.Containers = append(revision.Containers, ContainerRevision{Name: name, Image: image})
	}
	return revision
}

// upstreamKeys are what Amazon ECR reads of an upstream registry's secret.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html
var upstreamKeys = []string{"username", "accessToken"}

// giveRuleSecret creates a secret of the name that ECR takes, and names it in the rule.
func giveRuleSecret(r Repair) []Change {
	image := r.cached()
	if image == nil || image.Reference.ECR.Account != r.Task.Account {
		return nil
	}
	e, rule := image.Reference.ECR, image.CacheRule
	arn := r.newSecret(e.Region, secretPrefix+rule.Prefix)
	return []Change{CreateSecret{arn, upstreamKeys}, UpdatePullThroughCacheRule{RegistryID: e.Account, Region: e.Region,
		ECRRepositoryPrefix: rule.Prefix, UpstreamRegistryURL: rule.UpstreamURL, CredentialARN: arn}}
}

// returnRuleSecret restores the rule's secret, or puts a new one in its place.
func returnRuleSecret(r Repair) []Change {
	image := r.cached()
	if image == nil {
		return nil
	}
	if changes := restored(r.secret(image.CacheRule.Credentials)); changes != nil {
		return changes
	}
	return giveRuleSecret(r)
}
