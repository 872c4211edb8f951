package checks

import "github.com/canpull/canpull/registry"

// restoreImage takes the image out of the archive.
func restoreImage(r Repair) []Change {
	image := r.image(r.Finding.Subject)
	if image == nil || image.Reference.ECR == nil {
		return nil
	}
	c := UpdateImageStorageClass{Repository: image.Reference.RepositoryARN(), ImageDigest: image.Reference.Digest}
	if c.ImageDigest == "" {
		c.ImageTag = image.Reference.Tag
	}
	return []Change{c}
}

// giveCredentials has the containers of a finding log in to the registry, with a secret that is called like it.
func giveCredentials(r Repair) []Change {
	for _, c := range r.Task.Containers {
		for _, name := range r.Finding.Scope {
			if ref, err := registry.Parse(c.Image); err == nil && c.Name == name {
				return r.nameNewSecret(r.Task.Region, ref.Registry, r.Finding.Scope)
			}
		}
	}
	return nil
}
