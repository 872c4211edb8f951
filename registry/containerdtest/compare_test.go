package containerdtest

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	one "github.com/containerd/containerd/remotes/docker"
	two "github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/errdefs"
	containerdlog "github.com/containerd/log"
	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/canpull/canpull/registry"
)

func TestMain(m *testing.M) {
	_ = containerdlog.SetLevel("fatal") // it logs every refusal
	os.Exit(m.Run())
}

// server plays a situation and notes what it is asked: "HEAD /v2/team/app/manifests/1".
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
}

func play(t *testing.T, s situation) *server {
	t.Helper()
	p := &server{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + r.URL.Path
		p.mu.Lock()
		again := 0
		for _, before := range p.requests {
			if before == line {
				again++
			}
		}
		p.requests = append(p.requests, line)
		p.mu.Unlock()
		s.answer(exchange{w, r, again})
	}))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.Start()
	t.Cleanup(p.Close)
	return p
}

func (p *server) reference(s situation) string {
	return strings.TrimPrefix(p.URL, "http://") + "/team/app" + s.ref
}

// asked returns the requests with repetitions folded: how often a client tries again is not compared.
func (p *server) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Compact(slices.Clone(p.requests))
}

// outcome is what a client comes to: "present", "absent" or "refused", which is any other answer or none.
type outcome string

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return "present"
	case errdefs.IsNotFound(err):
		return "absent"
	}
	return "refused"
}

type resolver interface {
	Resolve(ctx context.Context, ref string) (name string, desc ocispec.Descriptor, err error)
}

// containerds are the versions compared, as Fargate sets them up for a public image: no credentials. Plain HTTP on
// loopback is containerd's default.
var containerds = map[string]func() resolver{
	"1.7": func() resolver {
		hosts := one.ConfigureDefaultRegistries(one.WithPlainHTTP(one.MatchLocalhost), one.WithAuthorizer(one.NewDockerAuthorizer()))
		return one.NewResolver(one.ResolverOptions{Hosts: hosts})
	},
	"2": func() resolver {
		hosts := two.ConfigureDefaultRegistries(two.WithPlainHTTP(two.MatchLocalhost), two.WithAuthorizer(two.NewDockerAuthorizer()))
		return two.NewResolver(two.ResolverOptions{Hosts: hosts})
	},
}

func ours(t *testing.T, ref string) (*registry.Image, outcome) {
	t.Helper()
	parsed, err := registry.Parse(ref)
	if err != nil {
		t.Fatal(err)
	}
	image, err := registry.New(nil).Image(t.Context(), parsed)
	if err != nil {
		t.Fatal(err)
	}
	switch image.Status {
	case registry.Present:
		return image, "present"
	case registry.ImageAbsent, registry.RepositoryAbsent:
		return image, "absent"
	}
	return image, "refused"
}

// What containerd asks to resolve an image, ours asks too and first, and it comes to the same. After that ours may go on
// by GET: to learn the code of a refusal, and to read the manifest.
func TestAsContainerd(t *testing.T) {
	if len(situations) < 30 {
		t.Errorf("only %d situations", len(situations))
	}
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			own := play(t, s)
			image, got := ours(t, own.reference(s))
			differs := false
			for version, newResolver := range containerds {
				real := play(t, s)
				_, desc, err := newResolver().Resolve(t.Context(), real.reference(s))
				want := outcomeOf(err)
				if want != got {
					differs = true
					if s.outcome == "" {
						t.Errorf("containerd %s: %s (%v), ours: %s (%s)", version, want, err, got, image.Answer)
					}
				}
				if want == "present" && got == "present" && (desc.Digest.String() != image.Digest || desc.MediaType != image.MediaType) {
					t.Errorf("containerd %s found %s %s, ours %s %s", version, desc.Digest, desc.MediaType, image.Digest, image.MediaType)
				}
				asked, mine := real.asked(), own.asked()
				if s.requests == "" {
					if diff := cmp.Diff(asked, mine[:min(len(mine), len(asked))]); diff != "" {
						t.Errorf("requests (-containerd %s +ours):\n%s", version, diff)
					}
				}
				for _, more := range mine[min(len(mine), len(asked)):] {
					if !strings.HasPrefix(more, "GET /v2/team/app/manifests/") {
						t.Errorf("ours goes on with %s", more)
					}
				}
			}
			if s.outcome != "" && !differs {
				t.Errorf("the outcomes no longer differ, although: %s", s.outcome)
			}
		})
	}
}
