package registry

import (
	_ "crypto/sha512" // containerd reads sha512 digests; go-digest refuses an algorithm that is not linked in
	"strings"

	"github.com/distribution/reference"
)

// Reference is a container image's name as containerd reads it.
type Reference struct {
	Original   string // as given
	Registry   string // host[:port] of the normalised name: "docker.io", "ghcr.io", "localhost:5000"
	Repository string // "library/nginx", "team/app"
	Tag        string // "latest" when neither tag nor digest is given
	Digest     string // "sha256:…"; with a tag beside it, the digest is what is pulled
	ECR        *ECR   // nil unless the host is an Amazon ECR private registry
}

// Parse reads an image name as containerd and Docker do: "nginx" is docker.io/library/nginx:latest. Tag and digest
// are both kept, because the messages of Fargate carry both. It accepts exactly what containerd accepts, which
// includes names that no registry will ever serve: "MyOrg/app" is the repository "app" of a host called MyOrg.
//
// An error is a [*ParseError].
func Parse(s string) (Reference, error) {
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return Reference{}, explain(s)
	}
	named = reference.TagNameOnly(named)

	// Not reference.Domain and reference.Path: for a host that is no valid domain ("foo_bar.com/app") they report
	// no domain at all, while containerd dials whatever stands before the first slash.
	host, repository, _ := strings.Cut(named.Name(), "/")
	r := Reference{Original: s, Registry: host, Repository: repository, ECR: parseECR(host)}
	if tagged, ok := named.(reference.Tagged); ok {
		r.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		r.Digest = digested.Digest().String()
	}
	return r, nil
}

// String returns the normalised name, as the messages of a failed pull show it: "docker.io/library/nginx:latest".
func (r Reference) String() string {
	s := r.Registry + "/" + r.Repository
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// manifest names the manifest that a pull asks for. containerd asks for the digest wherever there is one.
func (r Reference) manifest() string {
	if r.Digest != "" {
		return r.Digest
	}
	return r.Tag
}
