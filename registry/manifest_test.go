package registry

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
)

const (
	sumA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	sumB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func TestDecodeManifest(t *testing.T) {
	image := &Manifest{Kind: KindImage, Digest: "d", MediaType: typeOCIManifest, Config: &Blob{Digest: sumA, MediaType: "c", Size: 7},
		Layers: []Blob{{Digest: sumB, MediaType: "l", Size: 9, URLs: []string{"https://x/y"}}}}
	for name, tt := range map[string]struct {
		mediaType, body string
		want            *Manifest // nil: refused
	}{
		"image": {typeOCIManifest, `{"schemaVersion":2,"config":{"mediaType":"c","digest":"` + sumA + `","size":7},
			"layers":[{"mediaType":"l","digest":"` + sumB + `","size":9,"urls":["https://x/y"]}]}`, image},
		"image without layers": {typeDockerManifest, `{"config":{"digest":"` + sumA + `"},"layers":null}`,
			&Manifest{Kind: KindImage, Digest: "d", MediaType: typeDockerManifest, Config: &Blob{Digest: sumA}, Layers: []Blob{}}},
		"index": {typeOCIIndex, `{"manifests":[
			{"mediaType":"` + typeOCIManifest + `","digest":"` + sumA + `","platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
			{"mediaType":"` + typeOCIManifest + `","digest":"` + sumB + `","platform":{"os":"unknown","architecture":"unknown"}},
			{"mediaType":"` + typeOCIManifest + `","digest":"` + sumB + `","platform":{"os":"linux","architecture":"amd64"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}},
			{"mediaType":"` + typeOCIIndex + `","digest":"` + sumB + `"}]}`,
			&Manifest{Kind: KindIndex, Digest: "d", MediaType: typeOCIIndex, Images: []Manifest{
				{Kind: KindImage, Digest: sumA, MediaType: typeOCIManifest, Platform: &Platform{OS: "linux", Architecture: "arm64"}},
				{Kind: KindIndex, Digest: sumB, MediaType: typeOCIIndex}}}},
		"empty index": {typeDockerList, `{"manifests":[]}`, &Manifest{Kind: KindIndex, Digest: "d", MediaType: typeDockerList, Images: []Manifest{}}},
		"schema 1":    {typeSchema1Signed, `{"fsLayers":[]}`, &Manifest{Kind: KindSchema1, Digest: "d", MediaType: typeSchema1Signed}},
		"other":       {"text/plain", `?`, &Manifest{Kind: KindOther, Digest: "d", MediaType: "text/plain"}},

		"not JSON":               {typeOCIManifest, `<html>`, nil},
		"a list":                 {typeOCIManifest, `[]`, nil},
		"both":                   {typeOCIIndex, `{"manifests":[],"layers":[{"digest":"` + sumA + `"}]}`, nil},
		"both, the other way":    {typeOCIManifest, `{"config":{"digest":"` + sumA + `"},"manifests":[{"digest":"` + sumA + `"}]}`, nil},
		"no configuration":       {typeOCIManifest, `{"layers":[]}`, nil},
		"digest that is none":    {typeOCIIndex, `{"manifests":[{"digest":"sha256:../../x"}]}`, nil},
		"negative size":          {typeOCIManifest, `{"config":{"digest":"` + sumA + `"},"layers":[{"digest":"` + sumA + `","size":-1}]}`, nil},
		"layers that are text":   {typeOCIManifest, `{"config":{"digest":"` + sumA + `"},"layers":"many"}`, nil},
		"layers beyond counting": {typeOCIManifest, `{"config":{"digest":"` + sumA + `"},"layers":[` + strings.Repeat(`{"digest":"`+sumA+`"},`, entryLimit) + `{"digest":"` + sumA + `"}]}`, nil},
	} {
		got, err := decodeManifest(tt.mediaType, "d", []byte(tt.body))
		if err != nil {
			got = nil
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestDecodeConfig(t *testing.T) {
	text := []byte(`{"os":"linux","architecture":"aarch64","config":{}}`)
	of := func(text []byte) Blob { return Blob{Digest: sumOf(text)} }
	if p, err := decodeConfig(of(text), text); err != nil || *p != (Platform{OS: "linux", Architecture: "arm64"}) {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := decodeConfig(of([]byte(`{}`)), []byte(`{}`)); err != nil || p != nil {
		t.Errorf("without a platform: %v, %v", p, err)
	}
	if _, err := decodeConfig(Blob{Digest: sumA}, text); err == nil {
		t.Error("another configuration was read")
	}
	if _, err := decodeConfig(of([]byte(`<`)), []byte(`<`)); err == nil {
		t.Error("what is not JSON was read")
	}
}

// packed is an image of layers that are given as media types, each of a size of its own.
func packed(types ...string) *Image {
	m := &Manifest{Kind: KindImage, Platform: &Platform{OS: "linux", Architecture: "amd64"}, Config: &Blob{Digest: "c", MediaType: "application/vnd.oci.image.config.v1+json", Size: 1}, Layers: []Blob{}}
	for i, mediaType := range types {
		m.Layers = append(m.Layers, Blob{Digest: string(rune('0' + i)), MediaType: mediaType, Size: 10, URLs: []string{"https://mcr.microsoft.com/x", "::"}})
	}
	return &Image{Manifest: m}
}

// configured is a packed image whose configuration has this media type.
func configured(config string, layers ...string) *Image {
	image := packed(layers...)
	image.Manifest.Config.MediaType = config
	return image
}

func TestFormat(t *testing.T) {
	const gzip, zstd, docker = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar.gzip"
	linux := Platform{OS: "linux", Architecture: "amd64"}
	for name, tt := range map[string]struct {
		image *Image
		want  Format
	}{
		"not read":     {&Image{}, Format{}},
		"gzip":         {packed(gzip, docker), Format{Known: true}},
		"zstd":         {packed(zstd, zstd), Format{Known: true}},
		"uncompressed": {packed("application/vnd.oci.image.layer.v1.tar", zstd), Format{Known: true}},
		"mixed":        {packed(gzip, zstd), Format{Known: true, Mixed: true}},
		"Docker zstd":  {packed(typeDockerZstd), Format{Known: true, DockerZstd: true}},
		"both":         {packed(docker, typeDockerZstd), Format{Known: true, DockerZstd: true, Mixed: true}},
		"foreign":      {packed("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", gzip), Format{Known: true, Foreign: []string{"mcr.microsoft.com"}}},
		"OCI foreign":  {packed("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"), Format{Known: true, Foreign: []string{"mcr.microsoft.com"}}},
		"schema 1":     {&Image{Manifest: &Manifest{Kind: KindSchema1}}, Format{Known: true, Schema1: true}},

		"Docker":                 {configured("application/vnd.docker.container.image.v1+json", docker), Format{Known: true}},
		"old Docker":             {configured("application/octet-stream", docker), Format{Known: true}},
		"Helm chart":             {configured("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"), Format{Known: true, Artifact: "application/vnd.cncf.helm.config.v1+json"}},
		"artifact":               {configured("application/vnd.oci.empty.v1+json", gzip), Format{Known: true, Artifact: "application/vnd.oci.empty.v1+json"}},
		"build cache":            {configured("application/vnd.buildkit.cacheconfig.v0", gzip), Format{Known: true, Artifact: "application/vnd.buildkit.cacheconfig.v0"}},
		"artifact's manifest":    {&Image{Manifest: &Manifest{Kind: KindOther, MediaType: "application/vnd.oci.artifact.manifest.v1+json"}}, Format{Known: true, Artifact: "application/vnd.oci.artifact.manifest.v1+json"}},
		"unfamiliar":             {configured("application/vnd.example.v1+json", gzip), Format{Known: true, Unfamiliar: []string{"application/vnd.example.v1+json"}}},
		"attestation":            {packed("application/vnd.in-toto+json", "application/vnd.in-toto+json"), Format{Known: true, Unfamiliar: []string{"application/vnd.in-toto+json"}}},
		"unfamiliar manifest":    {&Image{Manifest: &Manifest{Kind: KindOther, MediaType: "application/json"}}, Format{Known: true, Unfamiliar: []string{"application/json"}}},
		"configuration not read": {configured("", gzip), Format{}},
		"layer not read":         {packed(gzip, ""), Format{}},
	} {
		if diff := cmp.Diff(tt.want, tt.image.Format(linux)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSize(t *testing.T) {
	linux := Platform{OS: "linux", Architecture: "amd64"}
	image := packed("a", "b")
	image.Manifest.Layers = append(image.Manifest.Layers, image.Manifest.Layers[0]) // an empty layer often comes twice
	if size, ok := image.Size(linux); !ok || size != 21 {
		t.Errorf("%d, %v; want 21", size, ok)
	}
	if _, ok := (&Image{}).Size(linux); ok {
		t.Error("what was not read has a size")
	}
	image.Manifest.Layers = nil
	if _, ok := image.Size(linux); ok {
		t.Error("layers that were not read have a size")
	}
	if got := Total([]Blob{{Size: math.MaxInt64}, {Size: 1}}); got != math.MaxInt64 {
		t.Errorf("the sum wrapped to %d", got)
	}
}

func TestRuleFor(t *testing.T) {
	rules := []CacheRule{{Prefix: "hub"}, {Prefix: "hub/team", UpstreamPrefix: "org"}, {Prefix: "ROOT", UpstreamPrefix: "ROOT"}}
	for repository, want := range map[string][2]string{
		"hub/library/nginx": {"hub", "library/nginx"},
		"hub/team/app":      {"hub/team", "org/app"},
		"hub/teams/app":     {"hub", "teams/app"},
		"hubs/app":          {"ROOT", "hubs/app"},
		"hub":               {"hub", "hub"},
		"app":               {"ROOT", "app"},
	} {
		got := ruleFor(rules, repository)
		if got.Prefix != want[0] || repository != "hub" && got.UpstreamRepository(repository) != want[1] {
			t.Errorf("%s: %+v, %s", repository, got, got.UpstreamRepository(repository))
		}
	}
	if got := ruleFor(rules[:2], "app"); got == nil || got.Prefix != "" {
		t.Errorf("no rule: %+v", got)
	}
	if rules[2].Prefix != "ROOT" {
		t.Error("the rules were changed")
	}
}

func FuzzDecodeManifest(f *testing.F) {
	f.Add(typeOCIManifest, []byte(`{"config":{"digest":"`+sumA+`"},"layers":[{"digest":"`+sumB+`","size":1}]}`))
	f.Add(typeOCIIndex, []byte(`{"manifests":[{"digest":"`+sumA+`","platform":{"os":"linux","architecture":"amd64"}}]}`))
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		m, err := decodeManifest(mediaType, sumA, body)
		if err != nil {
			return
		}
		image := &Image{Manifest: m}
		for _, p := range fargate {
			s := image.Supports(p)
			size, ok := image.Size(p)
			if ok && (s.Manifest == nil || size < 0) {
				t.Errorf("size %d of %+v", size, s.Manifest)
			}
			image.Format(p)
		}
		m.wanted(3)
		m.platformless()
	})
}

func sumOf(text []byte) string { return digest.FromBytes(text).String() }
