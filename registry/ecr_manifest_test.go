package registry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/opencontainers/go-digest"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

const (
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	config      = `{"architecture":"arm64","os":"linux"}`
)

var (
	linux = registry.Platform{OS: "linux", Architecture: "amd64"}
	arm   = registry.Platform{OS: "linux", Architecture: "arm64"}

	configSum = digest.FromString(config).String()
	single    = `{"schemaVersion":2,"config":{"digest":"` + configSum + `","size":37},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"` + sha256 + `","size":1000}]}`
	singleSum = digest.FromString(single).String()
	multi     = `{"schemaVersion":2,"manifests":[{"mediaType":"` + ociManifest + `","digest":"` + singleSum + `","platform":{"os":"linux","architecture":"amd64"}},
		{"mediaType":"` + ociManifest + `","digest":"` + sha256 + `","platform":{"os":"unknown","architecture":"unknown"}}]}`
)

func manifest(tag, sum, mediaType, text string) types.Image {
	return types.Image{RegistryId: new(account), RepositoryName: new("team/app"), ImageManifest: &text, ImageManifestMediaType: &mediaType,
		ImageId: &types.ImageIdentifier{ImageTag: &tag, ImageDigest: &sum}}
}

// withManifests is an account whose images can be read.
func withManifests() *registrytest.Fake {
	return &registrytest.Fake{
		Images: images, Policies: policies, CacheRules: []types.PullThroughCacheRule{},
		Manifests: []types.Image{manifest("1", "sha256:1", ociIndex, multi), manifest("", singleSum, ociManifest, single),
			manifest("single", singleSum, ociManifest, single), manifest("broken", "sha256:2", ociManifest, "<")},
		Blobs: map[string]string{configSum: config},
	}
}

func TestECRManifest(t *testing.T) {
	ask := func(fake *registrytest.Fake, tag string) *registry.Image {
		image, err := fake.Source().Image(t.Context(), mustParse(t, ecrHost+"/team/app:"+tag))
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	index := ask(withManifests(), "1")
	if s := index.Supports(linux); s.Match != registry.MatchStrict || !s.Index {
		t.Errorf("index: %+v of %+v, %s", s, index.Manifest, index.ManifestNotRead)
	}
	if s := index.Supports(arm); s.Match != registry.MatchNone {
		t.Errorf("index on arm64: %+v", s)
	}
	if size, ok := index.Size(linux); !ok || size != 1037 {
		t.Errorf("index: size %d, %v", size, ok)
	}
	one := ask(withManifests(), "single")
	if s := one.Supports(arm); s.Match != registry.MatchStrict || s.Index {
		t.Errorf("single image: %+v, %s", s, one.Manifest.NotRead)
	}
	if broken := ask(withManifests(), "broken"); broken.Manifest != nil || broken.Unread["ecr:BatchGetImage"] == nil {
		t.Errorf("broken: %+v", broken)
	}
	if absent := ask(withManifests(), "absent"); absent.Manifest != nil || absent.Unread["ecr:BatchGetImage"] != nil || !strings.Contains(absent.ManifestNotRead, "ImageNotFound") {
		t.Errorf("absent: %+v", absent)
	}
	gone := withManifests()
	gone.Manifests = slices.DeleteFunc(gone.Manifests, func(i types.Image) bool { return *i.ImageId.ImageDigest == singleSum })
	if s := ask(gone, "1").Supports(linux); s.Match != registry.MatchStrict || !s.Manifest.Absent || s.Manifest.NotRead == "" {
		t.Errorf("an index whose image is gone: %+v", s.Manifest)
	}
	refused := withManifests()
	refused.Failures = map[string]types.ImageFailureCode{singleSum: types.ImageFailureCodeUpstreamUnavailable}
	if s := ask(refused, "1").Supports(linux); s.Match != registry.MatchStrict || s.Manifest.Absent || s.Manifest.NotRead == "" {
		t.Errorf("an index whose image is not handed out: %+v", s.Manifest)
	}
	other := withManifests()
	other.Blobs[configSum] = `{"architecture":"amd64","os":"linux"}`
	if s := ask(other, "single").Supports(linux); s.Match != registry.MatchUnknown {
		t.Errorf("a configuration of another digest was believed: %+v", s)
	}
	offline := withManifests()
	image, err := registry.New(offline).Image(t.Context(), mustParse(t, ecrHost+"/team/app:single"))
	if err != nil || image.Manifest.Platform != nil || image.Manifest.NotRead == "" || strings.Contains(image.Manifest.NotRead, "Signature") {
		t.Errorf("configuration that cannot be fetched: %+v, %v", image.Manifest, err)
	}
}

// A pull asks for the manifest as well, so that an image which ECR describes and whose manifest it refuses is not known to be pulled.
func TestARefusedManifestOfAnImageThatIsThereIsNotRead(t *testing.T) {
	refused := withManifests()
	refused.Failures = map[string]types.ImageFailureCode{"1": types.ImageFailureCodeImageInaccessible}
	image, err := registry.New(refused).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	if err != nil || image.Status != registry.Present || image.Unread["ecr:BatchGetImage"] == nil || !strings.Contains(image.ManifestNotRead, "ImageInaccessible") {
		t.Errorf("%+v, unread %v, %v", image, image.Unread, err)
	}
}

// silent says nothing of the images that it is asked for by digest.
type silent struct{ *registrytest.Fake }

func (s silent) BatchGetImage(ctx context.Context, in *ecr.BatchGetImageInput, opts ...func(*ecr.Options)) (*ecr.BatchGetImageOutput, error) {
	if in.ImageIds[0].ImageDigest != nil {
		return &ecr.BatchGetImageOutput{}, nil
	}
	return s.Fake.BatchGetImage(ctx, in, opts...)
}

// ECR hands out each image or says why not. An answer that does neither is none.
func TestAnImageOfAnIndexThatIsNotAnsweredForIsNotRead(t *testing.T) {
	image, err := registry.New(silent{withManifests()}).Image(t.Context(), mustParse(t, ecrHost+"/team/app:1"))
	if err != nil || image.Unread["ecr:BatchGetImage"] == nil {
		t.Fatalf("unread: %v, %v", image.Unread, err)
	}
	if s := image.Supports(linux); s.Manifest == nil || s.Manifest.NotRead == "" || s.Manifest.Absent {
		t.Errorf("%+v", s.Manifest)
	}
}

// Read-only means read-only: under a rule's prefix BatchGetImage imports the image and creates the repository.
func TestBatchGetImageIsNeverAskedWhereItCouldImport(t *testing.T) {
	rule := func(prefix string) []types.PullThroughCacheRule {
		return []types.PullThroughCacheRule{{EcrRepositoryPrefix: &prefix}}
	}
	for name, tt := range map[string]struct {
		rules []types.PullThroughCacheRule
		fail  error
		asked bool
	}{
		"no rules":       {[]types.PullThroughCacheRule{}, nil, true},
		"another prefix": {rule("tea"), nil, true},
		"its prefix":     {rule("team"), nil, false},
		"with a slash":   {rule("team/"), nil, false},
		"the name":       {rule("team/app"), nil, false},
		"all":            {rule("ROOT"), nil, false},
		"no prefix":      {rule(""), nil, false},
		"not offered":    {nil, nil, false},
		"denied":         {rule("tea"), registrytest.Denied("DescribePullThroughCacheRules"), false},
		"cancelled":      {rule("tea"), context.Canceled, false},
		"anything else":  {rule("tea"), errors.New("?"), false},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var asked []string
			fake := withManifests()
			fake.CacheRules = tt.rules
			fake.Before = func(_ context.Context, action string, _ any) error {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, action)
				if action == "ecr:DescribePullThroughCacheRules" {
					return tt.fail
				}
				return nil
			}
			source := fake.Source()
			for _, tag := range []string{"1", "2"} {
				image, err := source.Image(t.Context(), mustParse(t, ecrHost+"/team/app:"+tag))
				if err != nil {
					t.Fatal(err)
				}
				if (image.CacheRule == nil) != (tt.fail != nil || tt.rules == nil) {
					t.Errorf("CacheRule = %+v", image.CacheRule)
				}
				if !tt.asked && (image.Manifest != nil || image.ManifestNotRead == "") {
					t.Errorf("Manifest = %+v, %q", image.Manifest, image.ManifestNotRead)
				}
			}
			if slices.Contains(asked, "ecr:BatchGetImage") != tt.asked {
				t.Errorf("asked %v", asked)
			}
			rules := 0
			for _, action := range asked {
				if action == "ecr:DescribePullThroughCacheRules" {
					rules++
				}
			}
			if rules != 1 {
				t.Errorf("the rules were asked for %d times", rules)
			}
		})
	}
}
