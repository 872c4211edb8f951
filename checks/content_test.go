package checks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

const gib = 1 << 30

var linux = registry.Platform{OS: "linux", Architecture: "amd64"}

// layered is a source of images on Linux whose layers are given as digest:size.
func layered(images map[string][]registry.Blob) registry.Source {
	return registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
		image := &registry.Image{Reference: ref, Status: registry.Present}
		if layers, ok := images[ref.Repository]; ok {
			image.Manifest = &registry.Manifest{Kind: registry.KindImage, Platform: &linux,
				Config: &registry.Blob{Digest: "config of " + ref.Repository}, Layers: layers}
		}
		return image, nil
	})
}

func taskOf(images ...string) checks.Task {
	task := checks.Task{TaskDefinition: "web:7"}
	for i, image := range images {
		task.Containers = append(task.Containers, checks.Container{Name: fmt.Sprint("c", i), Image: "example.com/" + image})
	}
	return task
}

func TestStorage(t *testing.T) {
	base := registry.Blob{Digest: "base", Size: 12 * gib}
	images := layered(map[string][]registry.Blob{
		"a": {base, {Digest: "a", Size: gib}}, "b": {base, {Digest: "b", Size: gib}},
		"c": {{Digest: "c", Size: 8 * gib}}, "small": {{Digest: "s", Size: gib}},
	})
	change := func(task checks.Task, f func(*checks.Task)) checks.Task { f(&task); return task }
	for name, tt := range map[string]struct {
		task checks.Task
		want string
	}{
		"small":                           {taskOf("small"), "storage.fits"},
		"a shared layer counts once":      {taskOf("a", "b"), "storage.tight"},
		"what is not shared adds up":      {taskOf("a", "c"), "storage.exceeded"},
		"one image in two containers":     {taskOf("c", "c"), "storage.tight"},
		"a larger disk":                   {change(taskOf("a", "c"), func(t *checks.Task) { t.EphemeralStorageGiB = 100 }), "storage.fits"},
		"an old platform version":         {change(taskOf("a"), func(t *checks.Task) { t.PlatformVersion = "1.3.0" }), "storage.exceeded"},
		"one that was not read":           {taskOf("small", "unread"), "storage.fits storage.not-read"},
		"enough without what is not read": {taskOf("a", "c", "unread"), "storage.exceeded storage.not-read"},
	} {
		d, err := checks.Run(t.Context(), tt.task, checks.Storage{Images: images})
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, f := range d.Findings {
			codes = append(codes, string(f.Code))
		}
		if got := strings.Join(codes, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// Ephemeral storage can be set on Linux since platform version 1.4.0, which tasks of an older one have to be told.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html
func TestMoreStorageTakesANewerPlatformVersion(t *testing.T) {
	task := taskOf("app")
	task.PlatformVersion = "1.3.0"
	d, err := checks.Run(t.Context(), task, checks.Storage{Images: layered(map[string][]registry.Blob{"app": {{Digest: "l", Size: 15 * gib}}})})
	if err != nil || d.Findings[0].Code != "storage.exceeded" || !strings.Contains(d.Findings[0].Fixes[0].Summary, "1.4.0 or later") {
		t.Errorf("%+v, %v", d.Findings, err)
	}
}

// On Windows Fargate keeps base layers at hand, so that the sum of the layers proves nothing.
func TestStorageOfWindowsIsNoCertainty(t *testing.T) {
	windows := registry.Platform{OS: "windows", Architecture: "amd64"}
	source := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
		return &registry.Image{Reference: ref, Status: registry.Present, Manifest: &registry.Manifest{Kind: registry.KindImage, Platform: &windows,
			Config: &registry.Blob{Digest: "c"}, Layers: []registry.Blob{{Digest: "l", Size: 90 * gib}}}}, nil
	})
	task := taskOf("app")
	task.Windows = true
	d, err := checks.Run(t.Context(), task, checks.Storage{Images: source})
	if err != nil || d.Status() != checks.Warn {
		t.Errorf("%s, %v", d.Status(), err)
	}
}

// What has a media type that was read and is not known to be an image's is not taken to be one.
func TestAnUnfamiliarMediaTypeIsUnknown(t *testing.T) {
	for _, tt := range []struct{ config, want string }{
		{"application/vnd.oci.image.config.v1+json", "format.fits"},
		{"application/vnd.cncf.helm.config.v1+json", "format.artifact"},
		{"application/vnd.wasm.config.v0+json", "format.unread"},
		{"", "format.not-read"},
	} {
		source := registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
			return &registry.Image{Reference: ref, Status: registry.Present, Manifest: &registry.Manifest{Kind: registry.KindImage, Platform: &linux,
				Config: &registry.Blob{Digest: "c", MediaType: tt.config}, Layers: []registry.Blob{}}}, nil
		})
		d, err := checks.Run(t.Context(), taskOf("app"), checks.ImageFormat{Images: source})
		if err != nil || len(d.Findings) != 1 || string(d.Findings[0].Code) != tt.want {
			t.Errorf("%q: %+v, %v; want %s", tt.config, d.Findings, err, tt.want)
		}
	}
}

// A manifest that was refused is Unknown and names the action. One that cannot be read here is assumed to fit.
func TestRefusedIsUnknownAndNotOfferedIsAssumed(t *testing.T) {
	refused := errors.New("refused")
	source := func(status registry.Status, unread map[string]error) registry.Source {
		return registry.SourceFunc(func(_ context.Context, ref registry.Reference) (*registry.Image, error) {
			return &registry.Image{Reference: ref, Status: status, Unread: unread}, nil
		})
	}
	for _, action := range []string{"ecr:BatchGetImage", "ecr:DescribePullThroughCacheRules", "ecr:GetDownloadUrlForLayer"} {
		images := source(registry.Present, map[string]error{action: refused})
		for _, c := range []checks.Checker{checks.Platform{Images: images}, checks.ImageFormat{Images: images}, checks.Storage{Images: images}} {
			d, err := checks.Run(t.Context(), taskOf("app"), c)
			if err != nil || d.Status() != checks.Unknown || len(d.Findings) != 1 || d.Findings[0].Missing[0] != action {
				t.Errorf("%s, %s: %+v, %v", c.Info().ID, action, d.Findings, err)
			}
		}
		gone := source(registry.ImageAbsent, map[string]error{action: refused})
		d, err := checks.Run(t.Context(), taskOf("app"), checks.Platform{Images: gone})
		if err != nil || d.Findings[0].Status != checks.Skip {
			t.Errorf("an image that is not there: %+v, %v", d.Findings, err)
		}
	}
	d, err := checks.Run(t.Context(), taskOf("app"), checks.Platform{Images: source(registry.Present, nil)})
	if err != nil || d.Findings[0].Status != checks.Skip || len(d.Assumptions) == 0 {
		t.Errorf("not read: %+v, %v", d, err)
	}
}

// An index that was read and whose image was refused does not show that the image is there.
func TestARefusedImageOfAnIndexDoesNotFit(t *testing.T) {
	for name, was := range map[string]checks.Status{"platform-gone": checks.Fail, "healthy-multi-platform": checks.Pass} {
		s := scenario(t, name)
		before := finding(t, s, "platform")
		s.Before(func(_ context.Context, action string, input any) error {
			if in, ok := input.(*ecr.BatchGetImageInput); ok && in.ImageIds[0].ImageDigest != nil {
				return faults["throttled"](action)
			}
			return nil
		})
		after := finding(t, s, "platform")
		if before.Status != was || after.Code != "platform.unread" || !slices.Contains(after.Missing, "ecr:BatchGetImage") {
			t.Errorf("%s: %s, and without its image %s, missing %v", name, before.Status, after.Code, after.Missing)
		}
	}
}

// A page is an emulator's way of saying that it does not have an operation. One over TLS may be a portal's, and says nothing.
func TestOnlyAnEmulatorsPageStandsForAnOperationThatIsNotOffered(t *testing.T) {
	const operation = "GetRegistryPolicy"
	for _, scheme := range []string{"http", "https"} {
		page := registrytest.NotOffered(operation)
		response, _ := errors.AsType[*smithyhttp.ResponseError](page)
		response.Response.Request.URL.Scheme = scheme
		for _, status := range []int{404, 500, 501} {
			response.Response.StatusCode = status
			s := scenario(t, "healthy-nat")
			s.Before(func(_ context.Context, action string, _ any) error {
				if action == "ecr:"+operation {
					return page
				}
				return nil
			})
			want := map[string]checks.Status{"http": checks.Pass, "https": checks.Unknown}[scheme]
			if d := diagnose(t, s); d.Status() != want || want == checks.Pass && len(d.Assumptions) == 0 {
				t.Errorf("%s, %d: %s on the assumptions %q, want %s", scheme, status, d.Status(), d.Assumptions, want)
			}
		}
	}
}
