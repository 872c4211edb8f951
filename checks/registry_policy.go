package checks

import (
	"maps"
	"slices"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// What is known of the policy of a whole ECR registry. That its Deny statements deny is documented, and that it can grant the
// import through a pull-through-cache rule. Whether its Allow by itself lets somebody pull to whom neither the role's own
// policies nor the repository's give leave is not, so such an Allow leaves the answer open.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
const (
	registryMayAllow = "the registry's policy allows it, and AWS does not document whether that is enough"
	mayAllow         = "a policy of the resource allows it, and whether that is enough for the role is not known"
)

// noRegistryPolicy is taken for granted where the policy of a registry was not read.
const noRegistryPolicy = "No registry policy of Amazon ECR denies the pull, or allows what the other policies do not."

// oldScope are the actions for which a registry enforces its policy before it is switched to V2.
var oldScope = []string{"ecr:ReplicateImage", importImage, createRepository}

// registryRefused reports whether the policy of the role's own registry could have been read and was not. That of another
// account's is shown to nobody here, and stays an assumption.
func registryRefused(role *iam.Role, image *registry.Image) bool {
	if image == nil || image.RegistryPolicy != nil {
		return false
	}
	err, account := image.Unread[registryPolicy], role.Principal().Account
	return err != nil && !notOffered(err) && (account == "" || image.Reference.ECR.Account == account)
}

// registrySays returns what the policy of the image's registry says by itself about a request: its Allow and Deny
// statements, or the latter alone. Unknown misses what would settle it; ImplicitDeny stops nothing.
func registrySays(role *iam.Role, r iam.Request, image *registry.Image, denies bool) iam.LayerDecision {
	if image == nil || image.RegistryPolicy == nil {
		return iam.LayerDecision{Layer: iam.ResourceLayer, Missing: []string{registryPolicy}}
	}
	p := image.RegistryPolicy
	if p.Document == "" || p.Scope == "V1" && !slices.Contains(oldScope, r.Action) {
		return iam.LayerDecision{Layer: iam.ResourceLayer, Outcome: iam.ImplicitDeny}
	}
	document, _ := iam.Parse(p.Document) // what is malformed evaluates as unknown
	if denies {
		document.Statements = slices.DeleteFunc(slices.Clone(document.Statements), func(s iam.Statement) bool { return s.Effect == iam.Allow })
	}
	said := resourceSays(role, r, &iam.Layer{Policies: []iam.Policy{{Name: "registry policy of " + image.Reference.ECR.Account, Document: document}}})
	if said.Outcome != iam.ImplicitDeny && p.Scope == "" && !slices.Contains(oldScope, r.Action) {
		return iam.LayerDecision{Layer: iam.ResourceLayer, Missing: []string{accountSetting}}
	}
	return said
}

// resourceSays returns what a resource's policy says by itself: as if the resource were in the role's account, where a policy
// that allows nothing is no obstacle. An Allow that the role's boundary limits, or that passes the question on to the
// account's own policies, leaves the answer open.
func resourceSays(role *iam.Role, r iam.Request, l *iam.Layer) iam.LayerDecision {
	r.Context = maps.Clone(r.Context)
	r.Context["aws:ResourceAccount"] = iam.Present(r.ResourceAccount)
	r.Principal, r.ResourceAccount = role.Principal(), role.Principal().Account
	d := iam.Evaluate(r, iam.Policies{Boundary: role.Boundary, Resource: l})
	said, _ := layer(d, iam.ResourceLayer)
	if said.Outcome == iam.Allowed && d.Outcome != iam.Allowed {
		return iam.LayerDecision{Layer: iam.ResourceLayer, Missing: d.Missing, Keys: d.Keys, Warnings: []string{mayAllow}}
	}
	return said
}

// registryGrants reports whether the policy of the image's registry was read and gives leave, or may.
func registryGrants(role *iam.Role, r iam.Request, image *registry.Image) bool {
	if image == nil || image.RegistryPolicy == nil {
		return false
	}
	said := registrySays(role, r, image, false)
	return said.Outcome == iam.Allowed || said.Outcome == iam.Unknown
}
