package checks

import (
	"slices"
	"strings"

	"github.com/canpull/canpull/registry"
)

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

// enableRepositoryKey makes the key usable that the repository of an image is encrypted with.
func enableRepositoryKey(r Repair) []Change {
	image := r.image(r.Finding.Subject)
	if image == nil || image.Encryption == nil {
		return nil
	}
	return enabled(image.Encryption.Key, image.Encryption.KeyState)
}

// deployAgain has the service resolve its images anew.
func deployAgain(r Repair) []Change {
	if r.Task.updatable() == "" {
		return nil
	}
	return []Change{ForceNewDeployment{r.Task.Cluster, r.Task.Service}}
}

// rename gives those containers that are meant another image in the task definition.
func (r Repair) rename(meant func(Container, registry.Reference) bool, to func(registry.Reference) registry.Reference) []Change {
	revision := r.revision()
	for _, c := range r.Task.Containers {
		ref, err := registry.Parse(c.Image)
		if err != nil || !meant(c, ref) {
			continue
		}
		if other := to(ref); other.Registry != "" {
			revision.Containers = append(revision.Containers, ContainerRevision{Name: c.Name, Image: other.String()})
		}
	}
	if r.Task.TaskDefinition == "" || len(revision.Containers) == 0 {
		return nil
	}
	return []Change{revision}
}

// inScope reports a container that a finding holds for.
func (r Repair) inScope(c Container, _ registry.Reference) bool {
	return slices.Contains(r.Finding.Scope, c.Name)
}

// otherHost names an image in ECR by another host of its registry: with no Registry if there is none.
func otherHost(ref registry.Reference, change func(*registry.ECR)) registry.Reference {
	host := *ref.ECR
	change(&host)
	ref.ECR, ref.Registry = &host, host.Host()
	return ref
}

// giveCredentials has the containers of a finding log in to the registry, with a secret that is called like it.
func giveCredentials(r Repair) []Change {
	for _, c := range r.Task.Containers {
		for _, name := range r.Finding.Scope {
			if ref, err := registry.Parse(c.Image); err == nil && c.Name == name {
				return r.nameNewSecret(r.Task.Region, strings.ReplaceAll(ref.Registry, ":", "-"), r.Finding.Scope) // no name has a colon
			}
		}
	}
	return nil
}
