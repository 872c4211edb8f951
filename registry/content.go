package registry

import (
	"math"
	"net/url"
	"slices"
	"strings"
)

// Blobs returns the configuration and the layers that a pull on a platform downloads, each digest once. False: they
// were not read, or the image has none for that platform.
func (i *Image) Blobs(p Platform) ([]Blob, bool) {
	m := i.Supports(p).Manifest
	if m == nil || m.Config == nil || m.Layers == nil {
		return nil, false
	}
	blobs := []Blob{*m.Config}
	for _, layer := range m.Layers {
		if !slices.ContainsFunc(blobs, func(b Blob) bool { return b.Digest == layer.Digest }) {
			blobs = append(blobs, layer)
		}
	}
	return blobs, true
}

// Size returns the compressed size of a pull on a platform in bytes. False: it is not known.
func (i *Image) Size(p Platform) (int64, bool) {
	blobs, ok := i.Blobs(p)
	return Total(blobs), ok
}

// Total adds up sizes. A sum that no disk could hold stays at the greatest number there is.
func Total(blobs []Blob) (sum int64) {
	for _, b := range blobs {
		if b.Size > math.MaxInt64-sum {
			return math.MaxInt64
		}
		sum += b.Size
	}
	return sum
}

// Format is what is unusual about how an image is packed. Its zero value is an ordinary image, or one that was not read.
type Format struct {
	Known bool // the layers, or that there are none to read, are known
	// Artifact is the media type that shows that this is a Helm chart, a build cache or another artifact and no container
	// image: its configuration's or its manifest's. "": nothing shows it.
	Artifact string
	// Unfamiliar are media types of a manifest, a configuration or layers that containerd does not list among those of
	// images, so that what it makes of them is not known.
	Unfamiliar []string
	// Schema1: the manifest is in Docker's first format. containerd 2 refuses it, older versions unless they are told
	// to convert it.
	Schema1 bool
	// Mixed: some layers are compressed with gzip and some with zstd. Fargate has failed on that with "number of layers
	// and diffIDs don't match" (aws/containers-roadmap, February 2025).
	Mixed bool
	// DockerZstd: layers have Docker's media type for zstd, which BuildKit writes without oci-mediatypes=true and
	// containerd 1.7 takes for no layer at all.
	DockerZstd bool
	// Foreign are the hosts from which layers are fetched in place of the registry: base layers of older Windows images.
	Foreign []string
}

// artifacts are media types of what is kept in registries beside images. Nothing of it runs in a container: containerd
// either refuses it ("mismatched image rootfs and manifest layers") or, since it looks for layers of images only
// (https://github.com/containerd/containerd/pull/9142), unpacks nothing.
var artifacts = []string{
	"application/vnd.cncf.helm.config.v1+json",      // https://helm.sh/docs/topics/registries/
	"application/vnd.oci.empty.v1+json",             // https://github.com/opencontainers/image-spec/blob/main/manifest.md
	"application/vnd.oci.artifact.manifest.v1+json", // withdrawn before version 1.1 of the specification
	"application/vnd.unknown.config.v1+json",        // https://oras.land/docs/how_to_guides/manifest_config/
	"application/vnd.buildkit.cacheconfig.v0",       // https://docs.docker.com/build/cache/backends/registry/
	"application/vnd.docker.plugin.v1+json",         // https://docs.docker.com/engine/extend/
}

// isConfig reports a configuration that containerd takes for an image's; the last is an old Docker's, which it converts.
func isConfig(mediaType string) bool {
	return slices.Contains([]string{"application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json", "application/octet-stream"}, mediaType)
}

// unusual is the format of what has a manifest or a configuration that is not known to be an image's.
func unusual(mediaType string) Format {
	switch {
	case mediaType == "":
		return Format{}
	case slices.Contains(artifacts, mediaType):
		return Format{Known: true, Artifact: mediaType}
	}
	return Format{Known: true, Unfamiliar: []string{mediaType}}
}

func isLayer(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.") || strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs.")
}

const typeDockerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd"

// Format decides how what a pull on a platform downloads is packed.
func (i *Image) Format(p Platform) Format {
	if m := i.Manifest; m != nil && m.Kind == KindSchema1 {
		return Format{Known: true, Schema1: true}
	}
	if m := i.Supports(p).Manifest; m != nil && m.Kind == KindOther {
		return unusual(m.MediaType)
	}
	blobs, ok := i.Blobs(p)
	if !ok || slices.ContainsFunc(blobs, func(b Blob) bool { return b.MediaType == "" }) {
		return Format{}
	}
	f := Format{Known: true}
	if config := blobs[0].MediaType; !isConfig(config) {
		f = unusual(config)
	}
	gzip, zstd := false, false
	for _, layer := range blobs[1:] {
		if t := layer.MediaType; f.Artifact == "" && !isLayer(t) && !slices.Contains(f.Unfamiliar, t) {
			f.Unfamiliar = append(f.Unfamiliar, t)
		}
		switch {
		case strings.HasSuffix(layer.MediaType, "zstd"): // "+zstd" of OCI, ".zstd" of Docker
			zstd = true
			f.DockerZstd = f.DockerZstd || layer.MediaType == typeDockerZstd
		case strings.HasSuffix(layer.MediaType, "gzip"):
			gzip = true
		}
		if !isForeign(layer.MediaType) {
			continue
		}
		for _, text := range layer.URLs {
			if u, err := url.Parse(text); err == nil && u.Hostname() != "" && !slices.Contains(f.Foreign, u.Hostname()) {
				f.Foreign = append(f.Foreign, u.Hostname())
			}
		}
	}
	f.Mixed = gzip && zstd
	return f
}

func isForeign(mediaType string) bool {
	return strings.Contains(mediaType, ".layer.nondistributable.") || strings.Contains(mediaType, ".rootfs.foreign.")
}
