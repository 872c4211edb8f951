package registrytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
)

// Manifest is a manifest or an index as a registry serves it.
type Manifest struct {
	MediaType string
	Body      string
}

// Digest returns the manifest's digest.
func (m Manifest) Digest() string { return digest.FromString(m.Body).String() }

// Content is what a [Server] serves.
type Content struct {
	// Manifests by repository and tag: "team/app:1.0". Each is served by its digest as well.
	Manifests map[string]Manifest
	// Blobs by repository: configurations, as a rule. Each is served by its digest.
	Blobs map[string][]string
	// Bearer makes the registry want a token, which it gives to anyone for any repository but the private ones.
	Bearer bool
	// Private are the repositories that no anonymous token opens.
	Private []string
	// Limit is how many pulls the registry says that it allows in six hours, and counts: GET requests of manifests, as
	// Docker Hub does. It goes on past it. 0: it counts none and says nothing.
	Limit int
}

// Server is an OCI registry in this process, on a loopback address, over HTTP. It serves manifests
// and the blobs that it was given.
type Server struct {
	*httptest.Server
	content Content

	mu       sync.Mutex
	requests []string
	pulls    int
}

// tokenFor returns the one token that opens a repository.
func tokenFor(repository string) string {
	return "token-" + strings.ReplaceAll(repository, "/", "-")
}

// NewServer starts a registry. The caller closes it.
func NewServer(content Content) *Server {
	s := &Server{content: content}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /token", s.giveToken)
	mux.HandleFunc("GET /v2/", s.serve)
	s.Server = httptest.NewServer(s.recorded(mux))
	return s
}

// Reference returns the full name of an image of this registry: Reference("team/app:1.0") is
// "127.0.0.1:40123/team/app:1.0".
func (s *Server) Reference(name string) string {
	return strings.TrimPrefix(s.URL, "http://") + "/" + name
}

// Requests returns the requests so far, in order: "HEAD /v2/team/app/manifests/1.0".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Pulls returns how many pulls were counted so far.
func (s *Server) Pulls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pulls
}

// count counts a request of a manifest, and tells what is left.
func (s *Server) count(w http.ResponseWriter, method string) {
	if s.content.Limit == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if method == http.MethodGet {
		s.pulls++
	}
	w.Header().Set("RateLimit-Limit", strconv.Itoa(s.content.Limit)+";w=21600")
	w.Header().Set("RateLimit-Remaining", strconv.Itoa(max(0, s.content.Limit-s.pulls))+";w=21600")
}

func (s *Server) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	repository := strings.TrimSuffix(strings.TrimPrefix(r.URL.Query().Get("scope"), "repository:"), ":pull")
	if slices.Contains(s.content.Private, repository) {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"token": tokenFor(repository)})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	repository, wanted, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
	blob := false
	if !ok {
		repository, wanted, blob = strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
	}
	if !ok && !blob {
		refuse(w, http.StatusNotFound, "UNSUPPORTED")
		return
	}
	if s.content.Bearer && r.Header.Get("Authorization") != "Bearer "+tokenFor(repository) {
		w.Header().Set("WWW-Authenticate",
			`Bearer realm="`+s.URL+`/token",service="registrytest",scope="repository:`+repository+`:pull"`)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	if blob {
		s.serveBlob(w, repository, wanted)
		return
	}
	code := "NAME_UNKNOWN"
	for name, m := range s.content.Manifests {
		holder, tag, _ := strings.Cut(name, ":")
		if holder != repository {
			continue
		}
		if wanted == tag || wanted == m.Digest() {
			s.count(w, r.Method)
			w.Header().Set("Content-Type", m.MediaType)
			w.Header().Set("Content-Length", strconv.Itoa(len(m.Body)))
			w.Header().Set("Docker-Content-Digest", m.Digest())
			_, _ = w.Write([]byte(m.Body))
			return
		}
		code = "MANIFEST_UNKNOWN"
	}
	refuse(w, http.StatusNotFound, code)
}

func (s *Server) serveBlob(w http.ResponseWriter, repository, wanted string) {
	for _, text := range s.content.Blobs[repository] {
		if digest.FromString(text).String() == wanted {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write([]byte(text))
			return
		}
	}
	refuse(w, http.StatusNotFound, "BLOB_UNKNOWN")
}

// refuse answers with an error of the distribution specification.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": "refused"}}})
}
