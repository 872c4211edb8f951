package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
)

// Kind is what a manifest describes.
type Kind string

const (
	KindIndex   Kind = "index"   // a list of images for several platforms
	KindImage   Kind = "image"   // one image
	KindSchema1 Kind = "schema1" // one image in the Docker format that containerd 2 no longer reads
	KindOther   Kind = "other"   // a media type that containerd takes for neither
)

// Manifest is what was read of a manifest or an index.
type Manifest struct {
	Kind      Kind
	Digest    string
	MediaType string
	// Platform is what the index says of this image, or else what the image's configuration says; nil: not read.
	Platform *Platform `json:",omitempty"`
	// Images are the images of an index, attestations left out. Nil: not read, or this is no index. Empty: it lists no image.
	Images []Manifest `json:",omitzero"`
	// Config is the image's configuration; nil: not read, or this is no image.
	Config *Blob `json:",omitempty"`
	// Layers are the image's layers from the lowest up. Nil: not read, or this is no image. Empty: it has none.
	Layers []Blob `json:",omitzero"`
	// Absent: the index names this image, and the registry answered that it does not have it.
	Absent bool `json:",omitempty"`
	// NotRead says why something above is missing; "" when nothing is.
	NotRead string `json:",omitempty"`
}

// Blob is a layer or a configuration as a manifest describes it. It is never downloaded to learn more.
type Blob struct {
	Digest    string
	MediaType string
	Size      int64    // in bytes, as the registry keeps it: compressed
	URLs      []string `json:",omitempty"` // where a foreign layer is to be fetched instead of the registry
}

// The media types that containerd reads (core/images/mediatypes.go).
const (
	typeDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	typeDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	typeOCIIndex       = "application/vnd.oci.image.index.v1+json"
	typeOCIManifest    = "application/vnd.oci.image.manifest.v1+json"
	typeSchema1        = "application/vnd.docker.distribution.manifest.v1+json"
	typeSchema1Signed  = "application/vnd.docker.distribution.manifest.v1+prettyjws"
)

func kindOf(mediaType string) Kind {
	switch mediaType {
	case typeDockerList, typeOCIIndex:
		return KindIndex
	case typeDockerManifest, typeOCIManifest:
		return KindImage
	case typeSchema1, typeSchema1Signed:
		return KindSchema1
	}
	return KindOther
}

// entryLimit bounds the layers of an image and the images of an index. A manifest as large as containerd takes could
// name a million of them; images have tens.
const entryLimit = 2000

// rawDescriptor is a descriptor of the OCI image specification, as far as it is looked at.
type rawDescriptor struct {
	MediaType   string       `json:"mediaType"`
	Digest      string       `json:"digest"`
	Size        int64        `json:"size"`
	URLs        []string     `json:"urls"`
	Platform    *rawPlatform `json:"platform"`
	Annotations struct {
		ReferenceType string `json:"vnd.docker.reference.type"`
	} `json:"annotations"`
}

type rawPlatform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
	OSVersion    string `json:"os.version"`
}

func (r *rawPlatform) platform() *Platform {
	if r == nil || r.OS == "" && r.Architecture == "" {
		return nil
	}
	return new(Platform{OS: r.OS, Architecture: r.Architecture, Variant: r.Variant, OSVersion: r.OSVersion}.normalised())
}

// decodeManifest reads a manifest of a media type, which is the one of the answer and not the one in the text: the
// answer's is what containerd goes by.
func decodeManifest(mediaType, sum string, body []byte) (*Manifest, error) {
	m := &Manifest{Kind: kindOf(mediaType), MediaType: mediaType, Digest: sum}
	if m.Kind == KindSchema1 || m.Kind == KindOther {
		return m, nil // what they hold is of no use to anyone
	}
	var raw struct {
		Config    json.RawMessage `json:"config"`
		Layers    json.RawMessage `json:"layers"`
		Manifests json.RawMessage `json:"manifests"`
		FSLayers  json.RawMessage `json:"fsLayers"`
	}
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, errors.New("it is not JSON of the form of a manifest")
	}
	// containerd refuses a text that could be read in two ways (validateMediaType, CVE-2021-41190).
	if m.Kind == KindIndex && (isSet(raw.Config) || isSet(raw.Layers)) || m.Kind == KindImage && isSet(raw.Manifests) || isSet(raw.FSLayers) {
		return nil, errors.New("it can be read both as an index and as an image")
	}
	if m.Kind == KindIndex {
		return m, m.decodeIndex(raw.Manifests)
	}
	return m, m.decodeImage(raw.Config, raw.Layers)
}

func isSet(raw json.RawMessage) bool {
	text := string(bytes.TrimSpace(raw))
	return text != "" && text != "null" && text != "[]" && text != "{}"
}

func (m *Manifest) decodeIndex(manifests json.RawMessage) error {
	entries, err := descriptors(manifests)
	if err != nil {
		return err
	}
	m.Images = []Manifest{}
	for _, e := range entries {
		if e.isAttestation() {
			continue
		}
		m.Images = append(m.Images, Manifest{Kind: kindOf(e.MediaType), Digest: e.Digest, MediaType: e.MediaType, Platform: e.Platform.platform()})
	}
	return nil
}

// isAttestation reports an entry that BuildKit adds beside an image: its platform is unknown/unknown, so that no
// client takes it for one (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
func (r rawDescriptor) isAttestation() bool {
	return r.Annotations.ReferenceType == "attestation-manifest" ||
		r.Platform != nil && r.Platform.OS == "unknown" && r.Platform.Architecture == "unknown"
}

func (m *Manifest) decodeImage(config, layers json.RawMessage) error {
	entries, err := descriptors(layers)
	if err != nil {
		return err
	}
	var c struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int64  `json:"size"`
	}
	if !isSet(config) || json.Unmarshal(config, &c) != nil || !(rawDescriptor{Digest: c.Digest, Size: c.Size}).valid() {
		return errors.New("it names no configuration")
	}
	m.Config = &Blob{Digest: c.Digest, MediaType: c.MediaType, Size: c.Size}
	m.Layers = []Blob{}
	for _, e := range entries {
		m.Layers = append(m.Layers, Blob{Digest: e.Digest, MediaType: e.MediaType, Size: e.Size, URLs: e.URLs})
	}
	return nil
}

// descriptors reads a list one by one, so that a list without end costs no memory.
func descriptors(raw json.RawMessage) ([]rawDescriptor, error) {
	if !isSet(raw) {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return nil, errors.New("it has something else in the place of a list")
	}
	var list []rawDescriptor
	for decoder.More() {
		var d rawDescriptor
		if err := decoder.Decode(&d); err != nil || !d.valid() {
			return nil, errors.New("it lists something that is no descriptor")
		}
		if list = append(list, d); len(list) > entryLimit {
			return nil, fmt.Errorf("it lists more than %d descriptors", entryLimit)
		}
	}
	return list, nil
}

func (r rawDescriptor) valid() bool {
	_, err := digest.Parse(r.Digest)
	return err == nil && r.Size >= 0 && len(r.URLs) <= entryLimit
}

// decodeConfig reads the platform that an image's configuration names, nil if it names none. An error is for a text
// that is none, or not the one that the manifest means.
func decodeConfig(config Blob, body []byte) (*Platform, error) {
	if sum := digest.Digest(config.Digest); sum.Algorithm().FromBytes(body) != sum {
		return nil, errors.New("the configuration is another than its digest says")
	}
	var raw rawPlatform
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, errors.New("the configuration is not JSON")
	}
	return raw.platform(), nil
}

// wanted returns the images of an index that are worth reading: for each platform of Fargate those that fit it best, as no
// pull takes another, and those of which the index does not say what they are for.
func (m *Manifest) wanted(limit int) (images []*Manifest) {
	want := func(fits func(*Platform) bool) {
		for i := range m.Images {
			if image := &m.Images[i]; image.Kind == KindImage && fits(image.Platform) && !slices.Contains(images, image) {
				images = append(images, image)
			}
		}
	}
	for _, p := range fargate {
		best := MatchVariant
		for _, image := range m.Images {
			if image.Kind == KindImage && image.Platform != nil {
				best = max(best, p.match(*image.Platform))
			}
		}
		want(func(q *Platform) bool { return q != nil && p.match(*q) == best })
	}
	want(func(q *Platform) bool { return q == nil })
	for _, image := range images[min(limit, len(images)):] {
		image.NotRead = fmt.Sprintf("not more than %d of the images of its index were read", limit)
	}
	return images[:min(limit, len(images))]
}

// adopt takes over what was read of one image of an index. What the index says of its platform stays.
func (m *Manifest) adopt(read *Manifest) {
	m.Config, m.Layers = read.Config, read.Layers
	if read.Kind != KindImage {
		m.NotRead = "its manifest is of another kind than its index says"
	}
}
