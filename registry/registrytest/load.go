package registrytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/canpull/canpull/registry"
)

// Load reads what an account holds from the output of the AWS CLI:
//
//	ecr/describe-repositories.json
//	ecr/describe-images.json
//	ecr/get-repository-policy.json
//	ecr/get-registry-policy.json                of the caller's own registry: without a policyText it has none
//	ecr/get-account-setting.json
//	ecr/describe-pull-through-cache-rules.json
//	ecr/batch-get-image.json
//	ecr/blobs.json                              configurations as text, by digest: {"sha256:…": "{\"os\": …}"}
//
// Each file may hold the output of several calls, one after another. A file that is absent is a call that was denied.
//
// Beside them, registry/images.json maps names of images outside ECR to what is known of each:
//
//	{"docker.io/library/nginx:1.27": {"status": "present", "digest": "sha256:…"}}
func Load(fsys fs.FS) (*Fake, error) {
	f := &Fake{}
	err := errors.Join(
		documents(fsys, "ecr/describe-repositories.json", func(out ecr.DescribeRepositoriesOutput) {
			f.Repositories = append(some(f.Repositories), out.Repositories...)
		}),
		documents(fsys, "ecr/describe-images.json", func(out ecr.DescribeImagesOutput) {
			f.Images = append(some(f.Images), out.ImageDetails...)
		}),
		documents(fsys, "ecr/get-repository-policy.json", func(out ecr.GetRepositoryPolicyOutput) {
			f.Policies = some(f.Policies)
			if out.PolicyText != nil { // {} is how a file says that no repository has a policy
				f.Policies = append(f.Policies, out)
			}
		}),
		documents(fsys, "ecr/get-registry-policy.json", func(out ecr.GetRegistryPolicyOutput) {
			f.RegistryPolicies = append(some(f.RegistryPolicies), out)
		}),
		documents(fsys, "ecr/get-account-setting.json", func(out ecr.GetAccountSettingOutput) {
			f.Settings = append(some(f.Settings), out)
		}),
		documents(fsys, "ecr/describe-pull-through-cache-rules.json", func(out ecr.DescribePullThroughCacheRulesOutput) {
			f.CacheRules = append(some(f.CacheRules), out.PullThroughCacheRules...)
		}),
		documents(fsys, "ecr/batch-get-image.json", func(out ecr.BatchGetImageOutput) {
			f.Manifests = append(some(f.Manifests), out.Images...)
			for _, failure := range out.Failures {
				if f.Failures == nil {
					f.Failures = map[string]types.ImageFailureCode{}
				}
				if id := failure.ImageId; id != nil {
					f.Failures[value(id.ImageTag)+value(id.ImageDigest)] = failure.FailureCode
				}
			}
		}),
		documents(fsys, "ecr/blobs.json", func(blobs map[string]string) { f.Blobs = blobs }),
		f.loadOthers(fsys, "registry/images.json"),
	)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// some turns nil, which is "denied", into "none".
func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// documents calls add with each JSON document of a file, and with an empty one for a file that is there but empty.
func documents[T any](fsys fs.FS, name string, add func(T)) error {
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}")
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var document T
		switch err := d.Decode(&document); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		}
		add(document)
	}
}

func (f *Fake) loadOthers(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // written by hand, unlike the AWS CLI's: a misspelt field would be an image that is unknown
	var images map[string]registry.Image
	if err := d.Decode(&images); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.Others = make(map[string]registry.Image, len(images))
	for given, image := range images {
		ref, err := registry.Parse(given)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		image.Reference = ref
		f.Others[ref.String()] = image
	}
	return nil
}

// Source answers for images in ECR from the fake API, and for all others from Others, without a network. An image
// that Others does not have is one whose registry this machine cannot reach.
func (f *Fake) Source(opts ...registry.Option) registry.Source {
	return source{f, registry.New(f, append(opts, registry.WithTransport(blobs{f}))...)}
}

// source answers for ECR from the fake account, and for other registries from Others.
type source struct {
	fake    *Fake
	private registry.Source
}

// Shared returns a source that reads what images share once.
func (s source) Shared() registry.Source {
	s.private = s.private.(registry.Sharer).Shared()
	return s
}

// Image returns what is known of an image.
func (s source) Image(ctx context.Context, ref registry.Reference) (*registry.Image, error) {
	if ref.ECR != nil {
		return s.private.Image(ctx, ref)
	}
	image, ok := s.fake.Others[ref.String()]
	image.Reference = ref
	if !ok {
		image.Answer = ref.Registry + " was not asked: " + errOffline.Error()
		image.Unreachable = errOffline
	}
	return &image, ctx.Err()
}

var errOffline = errors.New("the fake has no answer for the image and no network")
