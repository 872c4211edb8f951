package registry

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hostile serves h at a loopback address and returns what a source with the given bound makes of it.
func hostile(t *testing.T, bound time.Duration, h http.HandlerFunc) (*Image, time.Duration) {
	t.Helper()
	return hostileThrough(t, bound, defaultTransport(), h)
}

func hostileThrough(t *testing.T, bound time.Duration, transport http.RoundTripper, h http.HandlerFunc) (*Image, time.Duration) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	ref, err := Parse(server.Listener.Addr().String() + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	s := New(nil, WithTransport(transport)).(source)
	s.remote.bound = bound
	start := time.Now()
	image, err := s.Image(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return image, time.Since(start)
}

func TestHostileRegistry(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	tests := []struct {
		name        string
		bound       time.Duration
		handler     http.HandlerFunc
		want        Status
		answer      string
		unreachable bool
	}{
		{"endless manifest", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodGet {
				endless(w, r)
			}
		}, Unknown, "more than containerd reads", false},
		{"endless error", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			if r.Method == http.MethodGet {
				endless(w, r)
			}
		}, ImageAbsent, "answered 404 Not Found", false},
		{"endless headers", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			for i := range 100 {
				w.Header().Add("X-Filler", strings.Repeat(string(rune('a'+i%26)), 4096))
			}
		}, Unknown, "headers exceeded", true},
		{"endless token", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				io.WriteString(w, `{"token":"`)
				for range 100 {
					io.WriteString(w, strings.Repeat("t", 64<<10))
				}
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
			w.WriteHeader(401)
		}, Unknown, "without a token", false},
		{"silence", 100 * time.Millisecond, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			Unknown, "no answer in time", true},
		{"manifest drop by drop", 100 * time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodGet {
				drip(w, r)
			}
		}, Unknown, "no answer in time", true},
		{"error drop by drop", 100 * time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			if r.Method == http.MethodGet {
				drip(w, r)
			}
		}, ImageAbsent, "answered 404 Not Found", false},
		{"redirects in a circle", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, Unknown, "a redirect for the 6th time", false},
		{"redirect to the metadata service", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data?hunter2", http.StatusFound)
		}, Unknown, "link-local", false},
		{"redirect to a file", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, Unknown, `to the scheme "file"`, false},
		{"redirect to nowhere", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://[::1/?hunter2")
			w.WriteHeader(302)
		}, Unknown, "HEAD", true},
		{"challenge without end", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+strings.Repeat(`\"`, 1000))
			w.WriteHeader(401)
		}, Unknown, "no usable token host", false},
		{"token for every question", exchangeBound, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				io.WriteString(w, `{"token":"t"}`)
				return
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
			w.WriteHeader(401)
		}, CredentialsRequired, "answered 401", false},
		{"hangs up", exchangeBound, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
			Unknown, "EOF", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			image, took := hostile(t, tt.bound, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				tt.handler(w, r)
			})
			if image.Status != tt.want || !strings.Contains(image.Answer, tt.answer) || (image.Unreachable != nil) != tt.unreachable {
				t.Errorf("%v, %q, %v; want %v, %q", image.Status, image.Answer, image.Unreachable, tt.want, tt.answer)
			}
			if text := image.Answer; image.Unreachable != nil && strings.Contains(text+image.Unreachable.Error(), "hunter2") || strings.Contains(text, "hunter2") {
				t.Errorf("shows a query: %s, %v", text, image.Unreachable)
			}
			if took > 5*time.Second || asked.Load() > 8 {
				t.Errorf("took %v and %d requests", took, asked.Load())
			}
		})
	}
}

// The token belongs to the host and port that it was given for.
func TestTokenStaysAtItsHost(t *testing.T) {
	var leaked atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(leaked.Load() || r.Header.Get("Authorization") != "")
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}))
	defer elsewhere.Close()
	image, _ := hostile(t, exchangeBound, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			io.WriteString(w, `{"token":"t"}`)
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
			w.WriteHeader(401)
		case r.URL.Query().Has("again"):
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		default:
			http.Redirect(w, r, r.URL.Path+"?again", http.StatusTemporaryRedirect)
		}
	})
	if image.Status != Present || leaked.Load() {
		t.Errorf("%v, %s; leaked: %v", image.Status, image.Answer, leaked.Load())
	}
}

func TestRefusal(t *testing.T) {
	tests := []struct {
		from, to string
		allowed  bool
	}{
		{"https://registry.example.com", "https://cdn.example.net/x", true},
		{"https://registry.example.com", "https://203.0.113.7/x", true},
		{"https://registry.example.com", "http://cdn.example.net/x", false},
		{"https://registry.example.com", "https://127.0.0.1/x", false},
		{"https://registry.example.com", "https://127.0.0.1:8443/x", false},
		{"https://registry.example.com", "https://localhost/x", false},
		{"https://registry.example.com", "https://localhost./x", false},
		{"https://registry.example.com", "https://[::1]/x", false},
		{"https://registry.example.com", "https://[::ffff:127.0.0.1]/x", false},
		{"https://registry.example.com", "https://10.0.0.1/x", false},
		{"https://registry.example.com", "https://192.168.0.1/x", false},
		{"https://registry.example.com", "https://[fd00:ec2::254]/x", false},
		{"https://registry.example.com", "https://169.254.170.2/x", false},
		{"https://registry.example.com", "https://[fe80::1]/x", false},
		{"https://registry.example.com", "https://0.0.0.0/x", false},
		{"https://registry.example.com", "https://2130706433/x", false},
		{"https://registry.example.com", "https://127.1/x", false},
		{"https://registry.example.com", "https://0x7f.1/x", false},
		{"https://registry.example.com", "https://0x7f000001/x", false},
		{"https://registry.example.com", "ftp://cdn.example.net/x", false},
		{"https://10.0.0.1", "https://10.0.0.2/x", true},
		{"https://10.0.0.1", "https://cdn.example.net/x", true},
		{"https://10.0.0.1", "https://127.0.0.1/x", false},
		{"http://localhost:5000", "http://127.0.0.1:5001/x", true},
		{"http://localhost:5000", "https://cdn.example.net/x", true},
		{"http://localhost:5000", "http://10.0.0.1/x", true},
		{"http://localhost:5000", "http://169.254.169.254/x", false},
	}
	for _, tt := range tests {
		from, err := url.Parse(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(tt.to)
		if err != nil {
			t.Fatal(err)
		}
		if reason := refusal(from, to); (reason == "") != tt.allowed {
			t.Errorf("%s to %s: %q", tt.from, tt.to, reason)
		}
	}
}

func TestParameters(t *testing.T) {
	for in, want := range map[string]map[string]string{
		`realm="https://a/t",service="s",scope="repository:x:pull,push"`: {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"},
		`Realm = "r" , service=s`:   {"realm": "r", "service": "s"},
		`realm=r,service="a\"b\\c"`: {"realm": "r", "service": `a"b\c`},
		`realm="unclosed`:           {"realm": "unclosed"},
		`realm="ends in \`:          {"realm": `ends in \`},
		`nonsense`:                  {},
		``:                          {},
		`=,=,=`:                     {"": ""},
	} {
		if diff := cmp.Diff(want, parameters(in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

func FuzzParameters(f *testing.F) {
	f.Add(`realm="https://a/t",service=s`)
	f.Fuzz(func(t *testing.T, s string) { parameters(s) })
}

// A name may stand for this machine, or for its metadata service: what a registry sends to is held against the address that
// is dialled. The registry's own name is the user's word.
func TestNamesThatStandForThisMachine(t *testing.T) {
	var reached atomic.Int32
	inner := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached.Add(1) }))
	defer inner.Close()
	port := inner.URL[strings.LastIndex(inner.URL, ":"):]
	for name, header := range map[string]func(http.ResponseWriter){
		"redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://rebound.test"+port+"/")
			w.WriteHeader(307)
		},
		"token realm": func(w http.ResponseWriter) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://rebound.test`+port+`/token"`)
			w.WriteHeader(401)
		},
	} {
		t.Run(name, func(t *testing.T) {
			outer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { header(w) }))
			defer outer.Close()
			transport := newTransport(&net.Resolver{PreferGo: true, Dial: answering(netip.MustParseAddr("127.0.0.1"))})
			transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} // the certificate would end it too
			ref, err := Parse("registry.test" + outer.URL[strings.LastIndex(outer.URL, ":"):] + "/app:1")
			if err != nil {
				t.Fatal(err)
			}
			image, err := New(nil, WithTransport(transport)).Image(t.Context(), ref)
			if err != nil || image.Status != Unknown || !strings.Contains(image.Answer, "loopback") || image.Unreachable != nil {
				t.Errorf("%v, %q, %v, %v", image.Status, image.Answer, image.Unreachable, err)
			}
			if reached.Load() != 0 {
				t.Error("this machine was asked")
			}
		})
	}
}

// Nothing that is link-local is asked by whatever name, that of the reference included: metadata services are there.
func TestNamesThatStandForMetadataServices(t *testing.T) {
	for _, at := range []string{"169.254.169.254", "169.254.170.2"} {
		transport := newTransport(&net.Resolver{PreferGo: true, Dial: answering(netip.MustParseAddr(at))})
		ref, err := Parse("registry.test/app:1")
		if err != nil {
			t.Fatal(err)
		}
		if image, err := New(nil, WithTransport(transport)).Image(t.Context(), ref); err != nil || image.Status != Unknown || !strings.Contains(image.Answer, "link-local") {
			t.Errorf("its own name: %v, %q, %v", image.Status, image.Answer, err)
		}
		image, _ := hostileThrough(t, exchangeBound, transport, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://rebound.test/latest/meta-data", http.StatusFound)
		})
		if image.Status != Unknown || !strings.Contains(image.Answer, "link-local") || image.Unreachable != nil {
			t.Errorf("a redirect: %v, %q, %v", image.Status, image.Answer, image.Unreachable)
		}
	}
}

// answering is a name server that knows one address for every name.
func answering(addr netip.Addr) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			var size [2]byte
			for {
				if _, err := io.ReadFull(server, size[:]); err != nil {
					return
				}
				question := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(server, question); err != nil {
					return
				}
				end := 12 // of the name, which a header of 12 octets precedes (RFC 1035, section 4.1)
				for question[end] != 0 {
					end += 1 + int(question[end])
				}
				asked := question[12 : end+5]
				packed := append(slices.Clone(question[:2]), 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
				packed = append(packed, asked...)
				if binary.BigEndian.Uint16(question[end+1:]) == 1 { // an A record; there is no other
					packed[7] = 1
					packed = append(packed, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4)
					packed = append(packed, addr.AsSlice()...)
				}
				if _, err := server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
					return
				}
			}
		}()
		return client, nil
	}
}
