package checks

import (
	"context"
	"slices"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// amendRegistryPolicy narrows what the registry's policy denies the role.
func amendRegistryPolicy(r Repair) []Change {
	role := r.role(r.Task.ExecutionRole)
	if role == nil || role.ARN == "" {
		return nil
	}
	var on *attached
	var needs []need
	refs, _ := r.Task.images()
	for _, ref := range refs {
		image := r.image(ref.String())
		if ref.Registry != r.Finding.Subject || image == nil || image.RegistryPolicy == nil || image.RegistryPolicy.Document == "" {
			continue
		}
		if on == nil {
			on = onRegistry(image)
		}
		for _, action := range []string{getManifest, getLayer} {
			answers, err := ask(context.Background(), r.Facts.Sources().Network, r.Task, role, action, ref, func(q iam.Request) (iam.LayerDecision, []string) {
				l := registrySays(role, q, image, true)
				return l, l.Keys
			})
			if err != nil {
				return nil
			}
			for _, a := range answers {
				if a.decision.Outcome == iam.ExplicitDeny {
					needs = append(needs, need{a.request, on})
				}
			}
		}
	}
	return amendment{role: *role, needs: needs, layers: []iam.LayerName{iam.ResourceLayer}}.changes()
}

// onRegistry is the policy of an image's registry.
func onRegistry(image *registry.Image) *attached {
	var document iam.Document
	if text := image.RegistryPolicy.Document; text != "" {
		document, _ = iam.Parse(text) // what is malformed is not amended
	}
	e := image.Reference.ECR
	return &attached{at: iam.ResourceLayer, layer: &iam.Layer{Policies: []iam.Policy{{Document: document}}}, form: asItIs,
		change: func(d iam.Document) Change { return PutRegistryPolicy{e.Account, e.Region, d} }}
}

// allowImportInRegistry lets the role import an image by the policy of its registry.
func allowImportInRegistry(r Repair) []Change {
	image, role := r.cached(), r.role(r.Task.ExecutionRole)
	if image == nil || image.RegistryPolicy == nil || role == nil || role.ARN == "" {
		return nil
	}
	on := onRegistry(image)
	policy := on.document()
	if policy.Err() != nil {
		return nil
	}
	if policy.Version == "" {
		policy.Version = "2012-10-17"
	}
	policy.Statements = append(slices.Clip(policy.Statements), iam.Statement{Effect: iam.Allow, Principal: &iam.PrincipalSet{AWS: []string{role.ARN}},
		Actions: importActions(image), Resources: []string{image.Reference.RepositoryARN()}})
	return []Change{on.change(policy)}
}
