package containerdtest

import (
	"testing"

	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/canpull/canpull/registry"
)

// A strict match is one of containerd's OnlyStrict, a fallback one of its Only alone; nothing else is a match of either.
func TestPlatformsAsContainerd(t *testing.T) {
	compared := 0
	for _, runs := range []string{"amd64", "arm64"} {
		for _, os := range []string{"linux", "windows", "unknown", "Linux"} {
			for _, architecture := range []string{"amd64", "x86_64", "x86-64", "386", "i386", "arm64", "aarch64", "arm", "armhf", "armel", "s390x", "riscv64", "unknown"} {
				for _, variant := range []string{"", "v1", "v2", "v3", "v6", "v7", "7", "v8", "8", "v8.0", "v9"} {
					on := ocispec.Platform{OS: "linux", Architecture: runs}
					image := ocispec.Platform{OS: os, Architecture: architecture, Variant: variant}
					want := registry.MatchNone
					switch {
					case platforms.OnlyStrict(on).Match(platforms.Normalize(image)):
						want = registry.MatchStrict
					case platforms.Only(on).Match(platforms.Normalize(image)):
						want = registry.MatchFallback
					}
					index := registry.Image{Manifest: &registry.Manifest{Kind: registry.KindIndex, Images: []registry.Manifest{{
						Platform: &registry.Platform{OS: os, Architecture: architecture, Variant: variant}}}}}
					got := index.Supports(registry.Platform{OS: "linux", Architecture: runs}).Match
					if got == registry.MatchVariant {
						got = registry.MatchNone // ours says more of it: the processor is the same
					}
					if got != want {
						t.Errorf("%+v on %s: %s, containerd: %s", image, runs, got, want)
					}
					compared++
				}
			}
		}
	}
	if compared < 1000 {
		t.Errorf("compared %d", compared)
	}
}
