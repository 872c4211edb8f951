package checks

import (
	"context"

	"github.com/canpull/canpull/registry"
)

// ImageFormat checks how images are packed: Docker's first manifest format, which newer versions of containerd refuse,
// compressions that Fargate has stumbled over, and layers that come from elsewhere than the registry. What is no container
// image at all (a Helm chart, a build cache) is either not unpacked or leaves nothing to run.
//
// The article leaves this step out; its error texts are "number of layers and diffIDs don't match" and "mismatched image
// rootfs and manifest layers".
type ImageFormat struct{ Images registry.Source }

// Info describes the check.
func (ImageFormat) Info() Info {
	const docs = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-manifest-formats.html"
	const artifact = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/push-oci-artifact.html"
	const windows = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/windows_fargate.html"
	return Info{
		ID: "image-format", Title: "Image formats", Actions: imageActions,
		Codes: map[Code]Meaning{
			"format.fits": {Pass, "{images}: packed as images usually are.", nil},
			"format.artifact": {Fail, "{subject} is no container image: {type} is the media type of an artifact, of which containerd unpacks nothing that could run.", []Remedy{
				{"Name a container image in the task definition", artifact, "", nil},
				{"Push the container image as {subject}, and what is there now under another name", artifact, "", nil}}},
			"format.schema1": {Warn, "{subject} has a manifest of Docker's schema 1, which containerd 2 refuses.", []Remedy{
				{"Build and push {subject} again with a current version of Docker", docs, "", nil}}},
			"format.mixed": {Warn, "{subject} mixes layers compressed with gzip and with zstd; Fargate has failed on such images with \"number of layers and diffIDs don't match\".", []Remedy{
				{"Build {subject} with one compression for all layers: --output type=image,compression=zstd,force-compression=true,oci-mediatypes=true", docs, "", nil}}},
			"format.docker-zstd": {Warn, "{subject} has layers of Docker's media type for zstd, which containerd 1.7 does not take for layers.", []Remedy{
				{"Build {subject} with oci-mediatypes=true, or with gzip", docs, "", nil}}},
			"format.foreign": {Warn, "{subject} has layers that are fetched from {hosts} and not from its registry, so the task needs a way there too.", []Remedy{
				{"Push the image with its foreign layers (allow-nondistributable-artifacts in Docker's configuration)", windows, "", nil}}},
			"format.unread":   {Unknown, "How {subject} is packed is not known: {reason}.", nil},
			"format.not-read": {Skip, "How {images} are packed was not read and is taken to be as usual: {reason}.", nil},
		},
		Assumes: []string{assumedContent},
	}
}

// Check looks at the layers that a pull for the task's platform downloads.
func (c ImageFormat) Check(ctx context.Context, task Task) ([]Finding, error) {
	found, platform := content{info: c.Info(), prefix: "format", stage: Unpack}, task.platform()
	return found.ask(ctx, c.Images, task, func(image *registry.Image, scope []string) {
		f := image.Format(platform)
		if !f.Known {
			found.unread(image, scope, whyNotRead(image, image.Supports(platform)))
			return
		}
		ordinary := true
		add := func(code string, args map[string]string, fact string) {
			ordinary = false
			found.add(code, image, scope, args, fact)
		}
		if len(f.Unfamiliar) > 0 {
			add("unread", map[string]string{"reason": "it has " + joined(f.Unfamiliar) + ", which is not known to be of an image"}, "a media type is "+joined(f.Unfamiliar))
		}
		switch {
		case f.Artifact != "":
			add("artifact", map[string]string{"type": f.Artifact}, "its media type is "+f.Artifact)
		case f.Schema1:
			add("schema1", nil, "the manifest's media type is "+image.Manifest.MediaType)
		case f.DockerZstd:
			add("docker-zstd", nil, "a layer's media type is application/vnd.docker.image.rootfs.diff.tar.zstd")
		case f.Mixed:
			add("mixed", nil, "the layers' media types name gzip and zstd")
		}
		if len(f.Foreign) > 0 {
			add("foreign", map[string]string{"hosts": joined(f.Foreign)}, "layers with URLs on "+joined(f.Foreign))
		}
		if ordinary {
			found.pass(image)
		}
	})
}
