package checks

import (
	"context"
	"fmt"
	"slices"

	"github.com/canpull/canpull/registry"
)

// RateLimit warns of anonymous pulls from Docker Hub, which Docker counts by the address they come from: tasks behind one
// NAT gateway share it, and a deployment can use up what is left. The limit that the registry told this machine is shown,
// if it told one; it is this machine's and not the task's.
//
// The article leaves this step out; its error text is "toomanyrequests: You have reached your pull rate limit".
type RateLimit struct{ Images registry.Source }

// Info describes the check.
func (RateLimit) Info() Info {
	const cache = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html"
	const private = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html"
	return Info{
		ID: "rate-limit", Title: "Rate limits",
		Codes: map[Code]Meaning{
			"rate-limit.none": {Skip, "No image is pulled from Docker Hub without credentials.", nil},
			"rate-limit.anonymous": {Warn, "Docker Hub counts pulls of {images} without credentials by the address that they come from, which tasks behind one NAT gateway share; past its limit it answers 429{seen}.", []Remedy{
				{"Set repositoryCredentials in the task definition to a secret with an account of Docker Hub", private, "It keeps the image where it is; the limit becomes the account's.", giveCredentials},
				{"Pull through Amazon ECR: a pull-through-cache rule for Docker Hub, or a copy of the image", cache, "Pulls no longer reach Docker Hub, but for the first of each image.", nil}}},
		},
	}
}

// Check looks for images of Docker Hub whose containers name no credentials.
func (c RateLimit) Check(ctx context.Context, task Task) ([]Finding, error) {
	if c.Images == nil {
		return nil, errNoSource
	}
	info := c.Info()
	var images, scope []string
	var evidence []Evidence
	seen := ""
	for _, container := range task.Containers {
		ref, err := container.reference()
		if err != nil || container.RepositoryCredentials != "" || ref.Registry != "docker.io" && ref.Registry != "registry-1.docker.io" {
			continue
		}
		scope = append(scope, container.Name)
		if slices.Contains(images, ref.String()) {
			continue
		}
		images = append(images, ref.String())
		image, err := c.Images.Image(ctx, ref)
		if err != nil {
			return nil, err
		}
		if l := image.RateLimit; l != nil {
			fact := fmt.Sprintf("%d of %d pulls left", l.Remaining, l.Limit)
			if l.Window > 0 {
				fact += fmt.Sprintf(" in %s", l.Window)
			}
			seen = " (to this machine, whose limit is not the task's, it said: " + fact + ")"
			evidence = []Evidence{{"registry " + ref.Registry, fact + ", for this machine's address"}}
		}
	}
	if len(images) == 0 {
		return []Finding{info.Finding(Resolve, "rate-limit.none", task.subject(), nil)}, nil
	}
	f := info.Finding(Resolve, "rate-limit.anonymous", task.subject(), map[string]string{"images": joined(images), "seen": seen})
	f.Scope = scope
	f.Evidence = append(f.Evidence, evidence...)
	return []Finding{f}, nil
}
