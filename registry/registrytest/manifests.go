package registrytest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// NotOffered is the error of an operation that an endpoint does not have, as emulators answer it: HTTP 500 with a page
// that is no answer of AWS's, and without TLS.
func NotOffered(operation string) error {
	response := &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusInternalServerError,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Request: &http.Request{URL: &url.URL{Scheme: "http", Host: "emulator.invalid"}}}}
	return failure(operation, &smithyhttp.ResponseError{Response: response, Err: errors.New("not implemented")})
}

// DescribePullThroughCacheRules answers from CacheRules.
func (f *Fake) DescribePullThroughCacheRules(ctx context.Context, in *ecr.DescribePullThroughCacheRulesInput, _ ...func(*ecr.Options)) (*ecr.DescribePullThroughCacheRulesOutput, error) {
	const operation = "DescribePullThroughCacheRules"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.CacheRules == nil {
		return nil, Denied(operation)
	}
	out := &ecr.DescribePullThroughCacheRulesOutput{PullThroughCacheRules: []types.PullThroughCacheRule{}}
	for _, r := range f.CacheRules {
		if r.RegistryId == nil || in.RegistryId == nil || *r.RegistryId == *in.RegistryId {
			out.PullThroughCacheRules = append(out.PullThroughCacheRules, r)
		}
	}
	return out, nil
}

// BatchGetImage answers from Manifests. Unlike ECR's it never imports anything, but asking it under the prefix of a
// cache rule is what a test should fail on.
func (f *Fake) BatchGetImage(ctx context.Context, in *ecr.BatchGetImageInput, opts ...func(*ecr.Options)) (*ecr.BatchGetImageOutput, error) {
	const operation = "BatchGetImage"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Manifests == nil {
		return nil, Denied(operation)
	}
	at := place{value(in.RegistryId), region(opts), value(in.RepositoryName)}
	if !f.exists(at) {
		return nil, failure(operation, &types.RepositoryNotFoundException{Message: new(at.String() + " does not exist")})
	}
	out := &ecr.BatchGetImageOutput{}
	for _, id := range in.ImageIds {
		found := false
		if code, ok := f.Failures[value(id.ImageTag)+value(id.ImageDigest)]; ok {
			out.Failures = append(out.Failures, types.ImageFailure{FailureCode: code, ImageId: &id})
			continue
		}
		for _, m := range f.Manifests {
			if m.ImageId == nil || !at.holds(m.RegistryId, m.RepositoryName) {
				continue
			}
			same := id.ImageDigest != nil && value(id.ImageDigest) == value(m.ImageId.ImageDigest) ||
				id.ImageDigest == nil && value(id.ImageTag) == value(m.ImageId.ImageTag)
			if same {
				out.Images, found = append(out.Images, m), true
				break
			}
		}
		if !found {
			out.Failures = append(out.Failures, types.ImageFailure{FailureCode: types.ImageFailureCodeImageNotFound, ImageId: &id})
		}
	}
	return out, nil
}

const blobHost = "layers.registrytest.invalid"

// GetDownloadUrlForLayer answers with an address that only the transport of Source knows.
func (f *Fake) GetDownloadUrlForLayer(ctx context.Context, in *ecr.GetDownloadUrlForLayerInput, _ ...func(*ecr.Options)) (*ecr.GetDownloadUrlForLayerOutput, error) {
	const operation = "GetDownloadUrlForLayer"
	if err := f.before(ctx, operation, in); err != nil {
		return nil, err
	}
	if f.Blobs == nil {
		return nil, Denied(operation)
	}
	if _, ok := f.Blobs[value(in.LayerDigest)]; !ok {
		return nil, failure(operation, &types.LayersNotFoundException{Message: new("no such layer")})
	}
	return &ecr.GetDownloadUrlForLayerOutput{LayerDigest: in.LayerDigest,
		DownloadUrl: new("https://" + blobHost + "/" + value(in.LayerDigest) + "?X-Amz-Signature=secret")}, nil
}

// blobs serves Blobs at the addresses that GetDownloadUrlForLayer gives.
type blobs struct{ of *Fake }

func (b blobs) RoundTrip(r *http.Request) (*http.Response, error) {
	body, ok := b.of.Blobs[strings.TrimPrefix(r.URL.Path, "/")]
	if r.URL.Host != blobHost || !ok {
		return nil, errOffline
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}
