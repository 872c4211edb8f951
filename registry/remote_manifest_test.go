package registry_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

func TestManifestsAreReadAndLayersAreNot(t *testing.T) {
	server := registrytest.NewServer(registrytest.Content{
		Manifests: map[string]registrytest.Manifest{
			"team/app:multi":  {MediaType: ociIndex, Body: multi},
			"team/app:single": {MediaType: ociManifest, Body: single},
		},
		Blobs:  map[string][]string{"team/app": {config}},
		Bearer: true,
	})
	defer server.Close()

	index := ask(t, server.Reference("team/app:multi"))
	if size, ok := index.Size(linux); index.Supports(linux).Match != registry.MatchStrict || !ok || size != 1037 {
		t.Errorf("index: %+v, %s", index.Manifest, index.ManifestNotRead)
	}
	if index.Supports(arm).Match != registry.MatchNone {
		t.Errorf("index on arm64: %+v", index.Supports(arm))
	}
	one := ask(t, server.Reference("team/app:single"))
	if s := one.Supports(arm); s.Match != registry.MatchStrict || s.Index {
		t.Errorf("single image: %+v, %s", one.Manifest, one.ManifestNotRead)
	}
	const token = "GET /token?scope=repository%3Ateam%2Fapp%3Apull&service=registrytest"
	multiSum := registrytest.Manifest{Body: multi}.Digest()
	want := []string{
		"HEAD /v2/team/app/manifests/multi", token, "HEAD /v2/team/app/manifests/multi",
		"GET /v2/team/app/manifests/" + multiSum, "GET /v2/team/app/manifests/" + singleSum,
		"HEAD /v2/team/app/manifests/single", token, "HEAD /v2/team/app/manifests/single",
		"GET /v2/team/app/manifests/" + singleSum, "GET /v2/team/app/blobs/" + configSum,
	}
	if diff := cmp.Diff(want, server.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// What goes wrong with the manifest takes nothing back from the answer that the image is there.
func TestManifestThatCannotBeRead(t *testing.T) {
	sum := registrytest.Manifest{Body: single}.Digest()
	for name, tt := range map[string]struct {
		get     http.HandlerFunc
		because string
	}{
		"refused":       {func(w http.ResponseWriter, r *http.Request) { reply(w, 403, denied) }, "answered 403"},
		"rate limit":    {func(w http.ResponseWriter, r *http.Request) { reply(w, 429, denied) }, "answered 429"},
		"gone":          {func(w http.ResponseWriter, r *http.Request) { reply(w, 404, denied) }, "answered 404"},
		"other content": {func(w http.ResponseWriter, r *http.Request) { reply(w, 200, "{}", oci) }, "another content"},
		"web page":      {func(w http.ResponseWriter, r *http.Request) { reply(w, 200, single, html) }, "web page"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					reply(w, 200, single, "Content-Type: "+ociManifest, "Docker-Content-Digest: "+sum)
					return
				}
				tt.get(w, r)
			}))
			defer server.Close()
			image := ask(t, strings.TrimPrefix(server.URL, "http://")+"/app:1")
			if image.Status != registry.Present || image.Manifest != nil || !strings.Contains(image.ManifestNotRead, tt.because) {
				t.Errorf("%v, %+v, %q", image.Status, image.Manifest, image.ManifestNotRead)
			}
			if image.Supports(linux).Match != registry.MatchUnknown {
				t.Errorf("%+v", image.Supports(linux))
			}
		})
	}
}

// Docker Hub counts a GET of a manifest as a pull: with few left, none is spent on a diagnosis.
func TestRateLimit(t *testing.T) {
	for remaining, reads := range map[int]bool{99: true, 3: false} {
		var gets atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				gets.Add(1)
			}
			reply(w, 200, single, "Content-Type: "+ociManifest, "Docker-Content-Digest: "+singleSum,
				"ratelimit-limit: 100;w=21600", "ratelimit-remaining: "+strconv.Itoa(remaining)+";w=21600")
		}))
		image := ask(t, strings.TrimPrefix(server.URL, "http://")+"/app:1")
		server.Close()
		want := &registry.RateLimit{Limit: 100, Remaining: remaining, Window: 6 * time.Hour}
		if diff := cmp.Diff(want, image.RateLimit); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if (image.Manifest != nil) != reads || (gets.Load() > 0) != reads {
			t.Errorf("with %d left: %d GETs, %q", remaining, gets.Load(), image.ManifestNotRead)
		}
	}
}

// Of a registry that counts pulls, an index costs two and a single image one. A layer is never asked for.
func TestCountedPulls(t *testing.T) {
	child := func(text string) string { return registrytest.Manifest{Body: text}.Digest() }
	arm64 := strings.Replace(single, `"size":1000`, `"size":2000`, 1)
	entry := func(text, architecture string) string {
		return `{"mediaType":"` + ociManifest + `","digest":"` + child(text) + `","platform":{"os":"linux","architecture":"` + architecture + `"}}`
	}
	both := `{"schemaVersion":2,"manifests":[` + entry(arm64, "arm64") + "," + entry(arm64, "386") + "," + entry(single, "amd64") + `]}`
	hub := registrytest.NewServer(registrytest.Content{
		Manifests: map[string]registrytest.Manifest{
			"library/nginx:1":      {MediaType: ociIndex, Body: both},
			"library/nginx:amd64":  {MediaType: ociManifest, Body: single},
			"library/nginx:arm64":  {MediaType: ociManifest, Body: arm64},
			"library/nginx:single": {MediaType: ociManifest, Body: single},
		},
		Blobs: map[string][]string{"library/nginx": {config}}, Bearer: true, Limit: 100,
	})
	defer hub.Close()
	for tag, want := range map[string]int{"1": 2, "single": 1} {
		before := hub.Pulls()
		image := ask(t, hub.Reference("library/nginx:"+tag))
		if image.Manifest == nil || image.RateLimit == nil {
			t.Fatalf("%s: %+v", tag, image)
		}
		if got := hub.Pulls() - before; got != want {
			t.Errorf("%s: %d pulls were counted, want %d: %v", tag, got, want, hub.Requests())
		}
		if tag != "1" {
			continue
		}
		if size, ok := image.Size(linux); !ok || size != 1037 {
			t.Errorf("linux/amd64: %d, %v", size, ok)
		}
		s := image.Supports(arm)
		if _, ok := image.Size(arm); ok || s.Match.String() != "strict" || s.Manifest.NotRead == "" {
			t.Errorf("linux/arm64: %+v", s)
		}
	}
	for _, r := range hub.Requests() {
		if strings.Contains(r, "/blobs/") && !strings.HasSuffix(r, configSum) {
			t.Errorf("a layer was asked for: %s", r)
		}
	}
}

// An index may outlive its images, as where a registry's untagged versions are cleaned up. containerd asks for such an image
// among the manifests and then among the blobs.
func TestImageOfAnIndexThatIsGone(t *testing.T) {
	content := registrytest.Content{Manifests: map[string]registrytest.Manifest{"team/app:1": {MediaType: ociIndex, Body: multi}}}
	for name, tt := range map[string]struct {
		blobs map[string][]string
		want  bool
	}{
		"gone":           {nil, true},
		"kept as a blob": {map[string][]string{"team/app": {single}}, false},
	} {
		content.Blobs = tt.blobs
		server := registrytest.NewServer(content)
		s := ask(t, server.Reference("team/app:1")).Supports(linux)
		server.Close()
		if s.Match != registry.MatchStrict || s.Manifest.Absent != tt.want || s.Manifest.NotRead == "" {
			t.Errorf("%s: %+v", name, s.Manifest)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, singleSum) {
			reply(w, 403, denied)
			return
		}
		reply(w, 200, multi, "Content-Type: "+ociIndex)
	}))
	defer server.Close()
	if s := ask(t, strings.TrimPrefix(server.URL, "http://")+"/app:1").Supports(linux); s.Manifest == nil || s.Manifest.Absent {
		t.Errorf("refused: %+v", s.Manifest)
	}
}
