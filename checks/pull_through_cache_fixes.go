package checks

import (
	"maps"

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

// allowImport amends the role's policies and its boundary, which do not allow the first pull.
func allowImport(r Repair) []Change {
	return r.amendImport(nil, iam.IdentityLayer, iam.BoundaryLayer)
}

// spareImport amends what denies the first pull: policies of the role, of the registry, or of the repository.
func spareImport(r Repair) []Change {
	image := r.cached()
	if image == nil {
		return nil
	}
	changes := allowImport(r)
	if p := image.RegistryPolicy; p != nil && p.Document != "" {
		changes = append(changes, r.amendImport(onRegistry(image), iam.ResourceLayer)...)
	}
	if p := image.RepositoryPolicy; p != nil && *p != "" {
		changes = append(changes, r.amendImport(onRepository(image), iam.ResourceLayer)...)
	}
	return changes
}

// amendImport amends some layers by which the first pull is not allowed.
func (r Repair) amendImport(on *attached, layers ...iam.LayerName) []Change {
	image, role := r.cached(), r.role(r.Task.ExecutionRole)
	if image == nil || role == nil {
		return nil
	}
	var needs []need
	for _, action := range importActions(image) {
		q := request(action, image.Reference)
		q.Principal = role.Principal()
		maps.Copy(q.Context, role.Context())
		needs = append(needs, need{q, on})
	}
	return amendment{role: *role, needs: needs, name: unusedPolicyName(role, "import-images"), layers: layers}.changes()
}

// nameOfficialImage names an official image of Docker Hub as Docker Hub itself does.
func nameOfficialImage(r Repair) []Change {
	image := r.cached()
	if image == nil {
		return nil
	}
	upstream := image.CacheRule.UpstreamRepository(image.Reference.Repository)
	return r.rename(r.inScope, func(ref registry.Reference) registry.Reference { return officialImage(ref, upstream) })
}

// nameWithoutFIPS names the registry by the host that imports.
func nameWithoutFIPS(r Repair) []Change {
	return r.rename(r.inScope, func(ref registry.Reference) registry.Reference {
		return otherHost(ref, func(e *registry.ECR) { e.FIPS = false })
	})
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
