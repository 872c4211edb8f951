package checks

import (
	"context"

	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/registry"
)

// amendRepositoryPolicy lets the role pull by the repository's policy.
func amendRepositoryPolicy(r Repair) []Change {
	role := r.role(r.Task.ExecutionRole)
	if role == nil || role.ARN == "" {
		return nil
	}
	refs, _ := r.Task.images()
	for _, ref := range refs {
		image := r.image(ref.String())
		if image == nil || ref.RepositoryARN() != r.Finding.Subject || image.RepositoryPolicy == nil {
			continue
		}
		on := onRepository(image)
		var needs []need
		for _, action := range []string{getManifest, getLayer} {
			answers, err := ask(context.Background(), r.Facts.Sources().Network, r.Task, role, action, ref, func(q iam.Request) (iam.Decision, []string) {
				policies := role.Policies()
				policies.Resource = on.layer
				d := iam.Evaluate(q, policies)
				l, _ := layer(d, iam.ResourceLayer)
				return d, l.Keys
			})
			if err != nil {
				return nil
			}
			for _, a := range answers {
				needs = append(needs, need{a.request, on})
			}
		}
		return amendment{role: *role, needs: needs, layers: []iam.LayerName{iam.ResourceLayer}}.changes()
	}
	return nil
}

// onRepository is the policy of an image's repository.
func onRepository(image *registry.Image) *attached {
	return &attached{at: iam.ResourceLayer, layer: repositoryLayer(image), form: onItself,
		change: func(d iam.Document) Change { return SetRepositoryPolicy{image.Reference.RepositoryARN(), d} }}
}

// onItself is a statement of a repository's policy, which has no Resource: it is about the repository.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
func onItself(s iam.Statement) iam.Statement {
	s.Resources = nil
	return s
}
