package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
	"github.com/canpull/canpull/registry/registrytest"
)

var index = registrytest.Manifest{MediaType: "application/vnd.oci.image.index.v1+json", Body: `{"schemaVersion":2,"manifests":[]}`}

func ask(t *testing.T, ref string) *registry.Image {
	t.Helper()
	image, err := registry.New(nil).Image(t.Context(), mustParse(t, ref))
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestRegistry(t *testing.T) {
	content := registrytest.Content{
		Manifests: map[string]registrytest.Manifest{"team/app:1": index, "team/secret:1": index},
		Private:   []string{"team/secret"},
	}
	const head, get, token = "HEAD /v2/", "GET /v2/", "GET /token?scope=repository%3A"
	read := get + "team/app/manifests/" + index.Digest() // of an image that is there
	tests := []struct {
		name     string
		bearer   bool
		ref      string
		want     registry.Status
		answer   string // a piece of it
		requests []string
	}{
		{"by tag", false, "team/app:1", registry.Present, "answered 200 OK",
			[]string{head + "team/app/manifests/1", read}},
		{"by digest", false, "team/app@" + index.Digest(), registry.Present, "answered 200 OK",
			[]string{head + "team/app/manifests/" + index.Digest(), read}},
		{"by digest beside a tag", false, "team/app:other@" + index.Digest(), registry.Present, "answered 200 OK",
			[]string{head + "team/app/manifests/" + index.Digest(), read}},
		{"no such tag", false, "team/app:2", registry.ImageAbsent, "answered 404 MANIFEST_UNKNOWN",
			[]string{head + "team/app/manifests/2", get + "team/app/manifests/2"}},
		{"no such repository", false, "team/none:1", registry.RepositoryAbsent, "answered 404 NAME_UNKNOWN",
			[]string{head + "team/none/manifests/1", get + "team/none/manifests/1"}},
		{"with a token", true, "team/app:1", registry.Present, "answered 200 OK",
			[]string{head + "team/app/manifests/1", token + "team%2Fapp%3Apull&service=registrytest", head + "team/app/manifests/1", read}},
		{"with a token, no such tag", true, "team/app:2", registry.ImageAbsent, "answered 404 MANIFEST_UNKNOWN",
			[]string{head + "team/app/manifests/2", token + "team%2Fapp%3Apull&service=registrytest", head + "team/app/manifests/2", get + "team/app/manifests/2"}},
		{"token refused", true, "team/secret:1", registry.CredentialsRequired, "/token answered 401 Unauthorized to an anonymous request for a token",
			[]string{head + "team/secret/manifests/1", token + "team%2Fsecret%3Apull&service=registrytest"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			content.Bearer = tt.bearer
			server := registrytest.NewServer(content)
			defer server.Close()
			image := ask(t, server.Reference(tt.ref))
			if image.Status != tt.want || !strings.Contains(image.Answer, tt.answer) || image.Unreachable != nil {
				t.Errorf("%v, %q, %v; want %v, %q", image.Status, image.Answer, image.Unreachable, tt.want, tt.answer)
			}
			if found := image.Digest == index.Digest() && image.MediaType == index.MediaType; found != (tt.want == registry.Present) {
				t.Errorf("Digest = %q, MediaType = %q", image.Digest, image.MediaType)
			}
			if diff := cmp.Diff(tt.requests, server.Requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// reply is what a handler answers, the headers as name: value lines.
func reply(w http.ResponseWriter, status int, body string, headers ...string) {
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Add(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

const (
	oci    = "Content-Type: application/vnd.oci.image.index.v1+json; charset=utf-8"
	html   = "Content-Type: text/html; charset=utf-8"
	basic  = `WWW-Authenticate: Basic realm="x"`
	page   = "<html>hello</html>"
	denied = `{"errors":[{"code":"DENIED","message":"hunter2"}]}`
)

func TestRegistryAnswers(t *testing.T) {
	sum := "Docker-Content-Digest: " + index.Digest()
	// bearer is a challenge whose realm is on the same server.
	bearer := func(r *http.Request, rest string) string {
		return `WWW-Authenticate: Bearer realm="http://` + r.Host + `/token` + rest + `"`
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc // of manifests; "/token" answers tokenReply
		token   func(http.ResponseWriter)
		digest  string
		want    registry.Status
		answer  string
	}{
		{"HEAD without a digest", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, index.Body, oci) }, nil, "",
			registry.Present, "GET"},
		{"HEAD not allowed", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				reply(w, 405, "")
				return
			}
			reply(w, 200, index.Body, oci, sum)
		}, nil, "", registry.Present, "GET"},
		{"HEAD not allowed, and a token wanted", func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodHead:
				reply(w, 405, "")
			case r.Header.Get("Authorization") == "":
				reply(w, 401, "", bearer(r, ""))
			default:
				reply(w, 200, index.Body, oci, sum)
			}
		}, nil, "", registry.Present, "GET"},
		{"digest header that is none", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 200, index.Body, oci, "Docker-Content-Digest: sha256:zz")
		}, nil, "", registry.Unknown, "a Docker-Content-Digest that is none"}, // containerd refuses it
		{"a manifest that breaks off", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				reply(w, 405, "")
				return
			}
			reply(w, 200, index.Body[:20], oci, "Content-Length: 100")
		}, nil, "", registry.Unknown, "unexpected EOF"},
		{"a manifest of size zero", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 200, "", oci, sum, "Content-Length: 0")
		}, nil, "", registry.Unknown, "size zero"},
		{"HEAD without a length", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.Header().Set("Transfer-Encoding", "chunked")
			}
			reply(w, 200, index.Body, oci, "Docker-Content-Digest: "+sha256)
			w.(http.Flusher).Flush()
		}, nil, "", registry.Present, "GET"}, // and the digest is computed
		{"no digest header, sha512 asked for", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, index.Body, oci) }, nil,
			sha512, registry.Unknown, "another manifest than the one asked for: sha512:"},
		{"another manifest", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, index.Body, oci, sum) }, nil,
			sha256, registry.Unknown, "another manifest"},
		{"web page", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, page, html) }, nil, "",
			registry.Unknown, "web page"},
		{"web page with a digest", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, page, html, sum) }, nil, "",
			registry.Unknown, "web page"},
		{"404 of no registry", func(w http.ResponseWriter, r *http.Request) { reply(w, 404, page, html) }, nil, "",
			registry.ImageAbsent, "answered 404 Not Found"},
		{"404, code not one", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 404, `{"errors":[{"code":"<b>hunter2</b>"}]}`)
		}, nil, "", registry.ImageAbsent, "answered 404 Not Found"},
		{"404 to HEAD, 200 to GET", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				reply(w, 404, "")
				return
			}
			reply(w, 200, index.Body, oci, sum)
		}, nil, "", registry.ImageAbsent, "HEAD"}, // containerd stops at the HEAD
		{"basic challenge", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, denied, basic) }, nil, "",
			registry.CredentialsRequired, "answered 401 DENIED to an anonymous request"},
		{"401 without a challenge", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "") }, nil, "",
			registry.CredentialsRequired, "answered 401 Unauthorized"},
		{"basic and bearer", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer t" {
				reply(w, 200, index.Body, oci, sum)
				return
			}
			reply(w, 401, "", basic, bearer(r, ""))
		}, nil, "", registry.Present, "HEAD"},
		{"401 in spite of the token", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 401, denied, bearer(r, `",error="insufficient_scope`))
		}, nil, "", registry.CredentialsRequired, "answered 401 DENIED"},
		{"403", func(w http.ResponseWriter, r *http.Request) { reply(w, 403, denied) }, nil, "",
			registry.Unknown, "answered 403 DENIED"},
		{"429", func(w http.ResponseWriter, r *http.Request) { reply(w, 429, "") }, nil, "",
			registry.Unknown, "answered 429 Too Many Requests: the limit of this machine's address"},
		{"500", func(w http.ResponseWriter, r *http.Request) { reply(w, 500, "") }, nil, "", registry.Unknown, "answered 500"},
		{"503", func(w http.ResponseWriter, r *http.Request) { reply(w, 503, "") }, nil, "", registry.Unknown, "answered 503"},
		{"400", func(w http.ResponseWriter, r *http.Request) { reply(w, 400, "") }, nil, "", registry.Unknown, "answered 400"},
		{"204", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }, nil, "", registry.Unknown, "answered 204"},
		{"304", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, nil, "", registry.Unknown, "answered 304"},
		{"status of nowhere", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(599) }, nil, "", registry.Unknown, "answered 599"},

		{"realm missing", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 401, "", `WWW-Authenticate: Bearer service="x"`)
		}, nil, "",
			registry.Unknown, "no usable token host"},
		{"realm relative", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 401, "", `WWW-Authenticate: Bearer realm="/token"`)
		}, nil, "",
			registry.Unknown, "no usable token host"},
		{"realm of another scheme", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 401, "", `WWW-Authenticate: Bearer realm="file://x/etc/passwd"`)
		}, nil, "", registry.Unknown, `to the scheme "file"`},
		{"realm on the metadata service", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 401, "", `WWW-Authenticate: Bearer realm="http://169.254.169.254/latest"`)
		}, nil, "", registry.Unknown, "link-local"},
		{"access_token", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer a" {
				reply(w, 200, index.Body, oci, sum)
				return
			}
			reply(w, 401, "", bearer(r, ""))
		}, func(w http.ResponseWriter) { reply(w, 200, `{"access_token":"a"}`) }, "", registry.Present, "HEAD"},
		{"token endpoint 403", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "", bearer(r, "")) },
			func(w http.ResponseWriter) { reply(w, 403, denied) }, "", registry.CredentialsRequired, "answered 403 Forbidden to an anonymous request for a token"},
		{"token endpoint 429", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "", bearer(r, "")) },
			func(w http.ResponseWriter) { reply(w, 429, "") }, "", registry.Unknown, "/token answered 429"},
		{"token endpoint 500", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "", bearer(r, "")) },
			func(w http.ResponseWriter) { reply(w, 500, "") }, "", registry.Unknown, "/token answered 500"},
		{"token endpoint without a token", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "", bearer(r, "")) },
			func(w http.ResponseWriter) { reply(w, 200, "{}") }, "", registry.Unknown, "without a token"},
		{"token endpoint with a page", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "", bearer(r, "")) },
			func(w http.ResponseWriter) { reply(w, 200, page, html) }, "", registry.Unknown, "without a token"},
		{"token with a line break", func(w http.ResponseWriter, r *http.Request) { reply(w, 401, "", bearer(r, "")) },
			func(w http.ResponseWriter) { reply(w, 200, `{"token":"hunter2\r\nX: y"}`) }, "", registry.Unknown, "HEAD"},
		{"the realm's query is kept and not shown", func(w http.ResponseWriter, r *http.Request) {
			reply(w, 401, "", bearer(r, "?account=hunter2"))
		}, func(w http.ResponseWriter) { reply(w, 500, "") }, "", registry.Unknown, "/token answered 500"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("User-Agent"); got != "canpull" {
					t.Errorf("User-Agent = %q", got)
				}
				if !strings.Contains(r.Header.Get("Accept"), index.MediaType) {
					t.Errorf("Accept = %q", r.Header.Get("Accept"))
				}
				tt.handler(w, r)
			})
			mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
				if got := r.URL.Query().Get("scope"); got != "repository:team/app:pull" {
					t.Errorf("scope = %q", got)
				}
				if tt.token != nil {
					tt.token(w)
					return
				}
				reply(w, 200, `{"token":"t"}`)
			})
			server := httptest.NewServer(mux)
			defer server.Close()

			ref := server.Listener.Addr().String() + "/team/app:1"
			if tt.digest != "" {
				ref += "@" + tt.digest
			}
			image := ask(t, ref)
			if image.Status != tt.want || !strings.Contains(image.Answer, tt.answer) {
				t.Errorf("%v, %q; want %v, %q", image.Status, image.Answer, tt.want, tt.answer)
			}
			if tt.want == registry.Present && image.Digest != index.Digest() {
				t.Errorf("Digest = %q", image.Digest)
			}
			if strings.Contains(fmt.Sprintf("%s %v", image.Answer, image.Unreachable), "hunter2") {
				t.Errorf("repeats what it should not: %s %v", image.Answer, image.Unreachable)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Run("connection refused", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		image := ask(t, listener.Addr().String()+"/app:1")
		if _, ok := errors.AsType[*net.OpError](image.Unreachable); image.Status != registry.Unknown || !ok || !strings.Contains(image.Answer, "refused") {
			t.Errorf("%v, %q, %v", image.Status, image.Answer, image.Unreachable)
		}
	})
	t.Run("no such host", func(t *testing.T) {
		dial := func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "registry.test", IsNotFound: true}
		}
		source := registry.New(nil, registry.WithTransport(&http.Transport{DialContext: dial}))
		image, err := source.Image(t.Context(), mustParse(t, "registry.test/app:1"))
		if _, ok := errors.AsType[*net.DNSError](image.Unreachable); err != nil || image.Status != registry.Unknown || !ok {
			t.Errorf("%v, %q, %v, %v", image.Status, image.Answer, image.Unreachable, err)
		}
	})
	t.Run("certificate of a stranger", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would report the handshake
		server.StartTLS()
		defer server.Close()
		transport := &http.Transport{DialContext: always(server)}
		image, err := registry.New(nil, registry.WithTransport(transport)).Image(t.Context(), mustParse(t, "registry.test/app:1"))
		if err != nil || image.Status != registry.Unknown || image.Unreachable == nil || !strings.Contains(image.Answer, "certificate") {
			t.Errorf("%v, %q, %v, %v", image.Status, image.Answer, image.Unreachable, err)
		}
	})
	t.Run("HTTP where HTTPS is due", func(t *testing.T) {
		server := registrytest.NewServer(registrytest.Content{})
		defer server.Close()
		transport := &http.Transport{DialContext: always(server.Server)}
		image, err := registry.New(nil, registry.WithTransport(transport)).Image(t.Context(), mustParse(t, "registry.test/app:1"))
		if err != nil || image.Status != registry.Unknown || image.Unreachable == nil || len(server.Requests()) != 0 {
			t.Errorf("%v, %q, %v, %v", image.Status, image.Answer, image.Unreachable, err)
		}
	})
	t.Run("context ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}))
		defer server.Close()
		image, err := registry.New(nil).Image(ctx, mustParse(t, server.Listener.Addr().String()+"/app:1"))
		if !errors.Is(err, context.Canceled) || image == nil || image.Status != registry.Unknown {
			t.Errorf("%+v, %v", image, err)
		}
	})
}

// always dials the server, whatever the name.
func always(server *httptest.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
}

func TestDockerHubIsAskedAtItsOwnHost(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.Host+r.URL.Path)
		mu.Unlock()
		switch {
		case r.URL.Path == "/token":
			reply(w, 200, `{"token":"t"}`)
		case r.Header.Get("Authorization") == "":
			reply(w, 401, "", `WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`)
		default:
			reply(w, 200, index.Body, oci, "Docker-Content-Digest: "+index.Digest())
		}
	}))
	defer server.Close()
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = always(server)
	transport.TLSClientConfig.ServerName = "example.com" // what httptest's certificate is for
	image, err := registry.New(nil, registry.WithTransport(transport)).Image(t.Context(), mustParse(t, "nginx:1.27"))
	if err != nil || image.Status != registry.Present {
		t.Errorf("%+v, %v", image, err)
	}
	want := []string{
		"HEAD registry-1.docker.io/v2/library/nginx/manifests/1.27",
		"GET auth.docker.io/token",
		"HEAD registry-1.docker.io/v2/library/nginx/manifests/1.27",
		"GET registry-1.docker.io/v2/library/nginx/manifests/" + index.Digest(),
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
