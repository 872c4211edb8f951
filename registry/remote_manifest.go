package registry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

const (
	// remoteImages is how many images of an index are read from a registry other than ECR.
	remoteImages = 6
	// countedImages is the same for a registry that counts pulls, which makes two for an index: its own manifest, and the
	// one that most tasks run, for linux/amd64. The index tells the platforms; only the sizes of others stay unread.
	// Docker Hub counts GET requests of manifests, and neither HEAD nor blobs
	// (https://docs.docker.com/docker-hub/usage/pulls/).
	countedImages = 1
	// visitLimit bounds what all answers about one image may hold together.
	visitLimit = 8 << 20
	// spare is how many pulls a registry has to have left for this machine before one is spent on reading a manifest.
	spare = 10
)

// read fills in the manifest of an image that is there, and of the images of an index those that Fargate could run.
// Nothing that goes wrong here takes anything back from the answer that the image is there.
func (v *visit) read(ctx context.Context, found *response, image *Image) {
	if limit := image.RateLimit; limit != nil && limit.Remaining < spare && found.method == http.MethodHead {
		image.ManifestNotRead = "the registry has " + strconv.Itoa(limit.Remaining) + " pulls left for this machine, and reading it would spend some"
		return
	}
	ctx, cancel := context.WithTimeout(ctx, v.bound) // of all the reading together
	defer cancel()
	if found.method == http.MethodHead {
		var err error
		if found, err = v.get(ctx, v.at("manifests", found.digest), found.digest); err != nil {
			image.ManifestNotRead = err.Error()
			return
		}
	}
	m, err := v.decode(found, image.Digest)
	if err != nil {
		image.ManifestNotRead = err.Error()
		return
	}
	image.Manifest = m
	images := remoteImages
	if image.RateLimit != nil {
		images = countedImages
	}
	for _, child := range m.wanted(images) {
		if err := v.readImage(ctx, child); err != nil {
			child.NotRead = err.Error()
		}
	}
	for _, child := range m.platformless() {
		if err := v.readConfig(ctx, child); err != nil {
			child.NotRead = err.Error()
		}
	}
}

func (v *visit) readImage(ctx context.Context, m *Manifest) error {
	answer, err := v.get(ctx, v.at("manifests", m.Digest), m.Digest)
	if n, ok := errors.AsType[notFound](err); ok {
		// containerd looks for it among the blobs before it gives up.
		blob, err := v.authorized(ctx, http.MethodHead, v.at("blobs", m.Digest))
		m.Absent = err == nil && blob.status == http.StatusNotFound
		return n
	}
	if err != nil {
		return err
	}
	read, err := v.decode(answer, m.Digest)
	if err != nil {
		return err
	}
	m.adopt(read)
	return nil
}

func (v *visit) readConfig(ctx context.Context, m *Manifest) error {
	answer, err := v.get(ctx, v.at("blobs", m.Config.Digest), m.Config.Digest)
	if err != nil {
		return err
	}
	m.Platform, err = decodeConfig(*m.Config, answer.body)
	return err
}

// get fetches what a digest names, and refuses anything else. Its errors may be shown.
func (v *visit) get(ctx context.Context, from *url.URL, sum string) (*response, error) {
	answer, err := v.authorized(ctx, http.MethodGet, from)
	if s, ok := errors.AsType[*settled](err); ok {
		return nil, errors.New(s.answer)
	}
	switch {
	case answer.status == http.StatusNotFound:
		return nil, notFound(answer.String())
	case answer.status != http.StatusOK:
		return nil, errors.New(answer.String())
	case answer.overflow:
		return nil, errors.New(answer.String() + " with more than is read")
	case sum != "" && digest.Digest(sum).Algorithm().FromBytes(answer.body).String() != sum:
		return nil, errors.New(answer.String() + " with another content than its digest says")
	}
	return answer, nil
}

// notFound is a registry's answer that it does not have what was asked for.
type notFound string

func (n notFound) Error() string { return string(n) }

func (v *visit) decode(answer *response, sum string) (*Manifest, error) {
	if answer.isPage() {
		return nil, errors.New(answer.String() + " with a web page instead of a manifest")
	}
	m, err := decodeManifest(answer.mediaType(), sum, answer.body)
	if err != nil {
		return nil, errors.New(answer.String() + " with a manifest that cannot be used: " + err.Error())
	}
	return m, nil
}

func (v *visit) at(what, sum string) *url.URL {
	return &url.URL{Scheme: v.manifest.Scheme, Host: v.manifest.Host, Path: "/v2/" + v.ref.Repository + "/" + what + "/" + sum}
}

// platformless returns the images whose manifest was read and whose platform nothing has said yet.
func (m *Manifest) platformless() (images []*Manifest) {
	if m.Kind == KindImage && m.Platform == nil && m.Config != nil {
		return []*Manifest{m}
	}
	for i := range m.Images {
		images = append(images, m.Images[i].platformless()...)
	}
	return images[:min(len(images), remoteImages)]
}

// ownMediaType is the media type that a manifest claims for itself.
func ownMediaType(body []byte) string {
	var raw struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(body, &raw) != nil {
		return ""
	}
	return raw.MediaType
}

// rateLimit reads the headers that Docker Hub sends with a manifest, "100;w=21600"
// (https://docs.docker.com/docker-hub/usage/pulls/). Without both of them there is no limit to speak of.
func rateLimit(header http.Header) *RateLimit {
	limit, window, ok := limitHeader(header.Get("Ratelimit-Limit"))
	remaining, _, left := limitHeader(header.Get("Ratelimit-Remaining"))
	if !ok || !left {
		return nil
	}
	return &RateLimit{Limit: limit, Remaining: remaining, Window: window}
}

func limitHeader(value string) (n int, window time.Duration, ok bool) {
	number, rest, _ := strings.Cut(value, ";")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 0 {
		return 0, 0, false
	}
	if seconds, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(rest), "w="), 10, 31); err == nil {
		window = time.Duration(seconds) * time.Second
	}
	return n, window, true
}
