package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// ecrImages is how many images of an index are read from ECR; BatchGetImage takes a hundred.
const ecrImages = 50

// readManifest reads the image's manifest through BatchGetImage, but never where that could do more than read: under
// a pull-through-cache rule it imports the image and creates its repository. So the rules are read first, and as long
// as they are not known, nothing else is asked. It returns the code with which ECR said that it will not hand the manifest out.
func (p private) readManifest(ctx context.Context, image *Image) (refused absentError) {
	rules, err := p.rulesOf(ctx, image.Reference)
	if err != nil {
		image.unread(describeRules, err)
		image.ManifestNotRead = describeRules + " " + because(err)
		return
	}
	image.CacheRule = ruleFor(rules, image.Reference.Repository)
	if image.CacheRule.Prefix != "" {
		image.ManifestNotRead = fmt.Sprintf("the pull-through-cache rule %q covers it, and reading it could import it", image.CacheRule.Prefix)
		return
	}
	id := types.ImageIdentifier{ImageTag: &image.Reference.Tag}
	if image.Reference.Digest != "" {
		id = types.ImageIdentifier{ImageDigest: &image.Reference.Digest}
	}
	read, _, err := p.manifests(ctx, image.Reference, id)
	if err == nil && len(read) == 0 {
		err = errors.New("registry: BatchGetImage answered without the image")
	}
	if absent, ok := errors.AsType[absentError](err); ok {
		image.ManifestNotRead = "Amazon ECR answered " + string(absent) // an answer, and not for want of one
		if absent == kmsError {
			image.Encryption = &Encryption{Refused: true}
		}
		return absent
	}
	if err != nil {
		image.unread(batchGetImage, err)
		image.ManifestNotRead = batchGetImage + " " + because(err)
		return
	}
	image.Manifest = read[0]
	image.Status, image.Answer = Present, "Amazon ECR handed out the image's manifest"
	image.Digest, image.MediaType = read[0].Digest, read[0].MediaType
	p.readImages(ctx, image)
	p.readConfigs(ctx, image)
	return ""
}

// absentError is the code with which ECR said that it will not hand out an image.
type absentError string

const kmsError absentError = absentError(types.ImageFailureCodeKmsError)

func (e absentError) Error() string { return string(e) }

// manifests returns what ECR hands out, and the codes with which it refused others, by digest.
func (p private) manifests(ctx context.Context, ref Reference, ids ...types.ImageIdentifier) (read []*Manifest, refused map[string]absentError, err error) {
	out, err := p.api.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RegistryId:         &ref.ECR.Account,
		RepositoryName:     &ref.Repository,
		ImageIds:           ids,
		AcceptedMediaTypes: []string{typeOCIIndex, typeDockerList, typeOCIManifest, typeDockerManifest, typeSchema1Signed, typeSchema1},
	}, in(ref))
	switch code(err) {
	case repositoryNotFound, imageNotFound:
		return nil, nil, absentError(code(err))
	case "KmsException":
		return nil, nil, kmsError
	}
	if err != nil {
		return nil, nil, err
	}
	for _, i := range out.Images {
		if i.ImageManifest == nil || i.ImageId == nil {
			continue
		}
		// No comparison of the digest with the text: ECR is asked over its API, and emulators make up their digests.
		m, err := decodeManifest(mediaTypeOf(i), value(i.ImageId.ImageDigest), []byte(*i.ImageManifest))
		if err != nil {
			return nil, nil, fmt.Errorf("registry: the manifest cannot be used: %w", err)
		}
		read = append(read, m)
	}
	refused = map[string]absentError{}
	for _, f := range out.Failures {
		if f.ImageId != nil {
			refused[value(f.ImageId.ImageDigest)] = absentError(f.FailureCode)
		}
	}
	if len(ids) == 1 && len(read) == 0 && len(out.Failures) > 0 {
		err = absentError(out.Failures[0].FailureCode)
	}
	return read, refused, err
}

// mediaTypeOf falls back on what the manifest says of itself, for emulators that leave the field out.
func mediaTypeOf(i types.Image) string {
	if t := value(i.ImageManifestMediaType); t != "" {
		return t
	}
	return ownMediaType([]byte(*i.ImageManifest))
}

// readImages reads the images of an index that a Fargate task could run.
func (p private) readImages(ctx context.Context, image *Image) {
	images := image.Manifest.wanted(ecrImages)
	var ids []types.ImageIdentifier
	for _, m := range images {
		ids = append(ids, types.ImageIdentifier{ImageDigest: &m.Digest})
	}
	if len(ids) == 0 {
		return
	}
	read, refused, err := p.manifests(ctx, image.Reference, ids...)
	absent, isAbsent := errors.AsType[absentError](err)
	if err != nil && !isAbsent {
		image.unread(batchGetImage, err)
	}
	for _, m := range images {
		failed, isRefused := refused[m.Digest]
		at := slices.IndexFunc(read, func(r *Manifest) bool { return r.Digest == m.Digest })
		switch {
		case at >= 0:
			m.adopt(read[at])
		case isRefused:
			m.NotRead = "Amazon ECR answered " + string(failed)
			m.Absent = failed == absentError(types.ImageFailureCodeImageNotFound)
		case isAbsent:
			m.NotRead = "Amazon ECR answered " + string(absent)
		case err != nil:
			m.NotRead = batchGetImage + " " + because(err)
		default: // its answer always does the one or the other
			m.NotRead = "Amazon ECR did not hand out its manifest"
			image.unread(batchGetImage, errors.New("registry: BatchGetImage answered without "+m.Digest))
		}
	}
}

// readConfigs reads the platform of each image whose index does not say it: a single image, as a rule.
func (p private) readConfigs(ctx context.Context, image *Image) {
	for _, m := range image.Manifest.platformless() {
		if err := p.readConfig(ctx, image, m); err != nil {
			m.NotRead = err.Error()
		}
	}
}

// readConfig returns an error that may be shown. The URL that ECR answers is signed, and never repeated.
func (p private) readConfig(ctx context.Context, image *Image, m *Manifest) error {
	ref := image.Reference
	out, err := p.api.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{
		RegistryId: &ref.ECR.Account, RepositoryName: &ref.Repository, LayerDigest: &m.Config.Digest}, in(ref))
	if err != nil {
		image.unread(getDownloadURL, err)
		return errors.New(getDownloadURL + " " + because(err))
	}
	to, err := url.Parse(value(out.DownloadUrl))
	if err != nil || to.Host == "" || reachOf(to.Hostname()) == linkLocal || to.Scheme != "https" {
		err := errors.New("what Amazon ECR gave is no usable address of the configuration")
		image.unread(getDownloadURL, err)
		return err
	}
	visit := p.blobs.visit(ref)
	ctx, cancel := context.WithTimeout(ctx, visit.bound)
	defer cancel()
	answer, err := visit.exchange(ctx, http.MethodGet, to, "")
	if s, ok := errors.AsType[*settled](err); ok {
		return errors.New(s.answer)
	}
	if answer.status != http.StatusOK || answer.overflow {
		return errors.New(answer.String() + " in place of the configuration")
	}
	m.Platform, err = decodeConfig(*m.Config, answer.body)
	return err
}
