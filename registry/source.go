package registry

import (
	"context"
	"fmt"
	"math"
	"net/http"
)

// Source finds out what is known of an image.
//
// Image returns an error only when ctx ended or the reference is unusable, and beside it what was found until then.
// Everything else that goes wrong is an [Image] whose status is [Unknown].
type Source interface {
	Image(ctx context.Context, ref Reference) (*Image, error)
}

// SourceFunc is a function that is a [Source].
type SourceFunc func(context.Context, Reference) (*Image, error)

// Image calls f.
func (f SourceFunc) Image(ctx context.Context, ref Reference) (*Image, error) { return f(ctx, ref) }

// Option changes what [New] makes.
type Option func(*source)

// WithTransport sends the requests to registries other than ECR, and those for the configurations of images in ECR,
// through t, which brings its own proxy, certificate authorities and limit of response headers.
func WithTransport(t http.RoundTripper) Option {
	return func(s *source) { s.remote.transport = t }
}

// WithKeys asks for the state of the KMS key that a repository is encrypted with. Without it that state is not read.
func WithKeys(states KeyStates) Option {
	return func(s *source) { s.ecr.keys = states }
}

// New returns a [Source] that asks ECR through api and every other registry over HTTPS, or HTTP on a loopback host.
// A nil api leaves images in ECR [Unknown]. What holds for a whole registry or repository, its rules and policies, is asked
// once in half a minute; it is a [Sharer]. It is safe for concurrent use.
func New(api API, opts ...Option) Source {
	s := source{ecr: private{api: api}.keeping(rulesKept), remote: remote{transport: defaultTransport(), bound: exchangeBound}}
	for _, opt := range opts {
		opt(&s)
	}
	s.ecr.blobs = s.remote
	return s
}

type source struct {
	ecr    private
	remote remote
}

// Sharer is a [Source] for many images.
type Sharer interface {
	Source
	// Shared returns a Source that asks for the policy and the key of a registry or a repository once, and keeps them. Rules
	// of pull-through caches it asks for again after half a minute, because on an old answer it could import an image.
	Shared() Source
}

// Shared returns a Source whose images have in common what is read of their registries and repositories.
func (s source) Shared() Source {
	s.ecr = s.ecr.keeping(math.MaxInt64)
	return s
}

func (s source) Image(ctx context.Context, ref Reference) (*Image, error) {
	image := &Image{Reference: ref}
	// A literal may hold anything, and its fields become a URL.
	if _, err := Parse(ref.String()); err != nil {
		image.Answer = "the reference is unusable"
		return image, fmt.Errorf("registry: %w", err)
	}
	if ref.ECR != nil {
		s.ecr.ask(ctx, image)
	} else {
		s.remote.ask(ctx, image)
	}
	if err := ctx.Err(); err != nil && !image.complete() {
		return image, fmt.Errorf("registry: asking for %s: %w", ref, err)
	}
	return image, nil
}

// complete reports that every question was answered, so that a context which ended just afterwards took nothing away.
func (i *Image) complete() bool {
	return i.Unreachable == nil && len(i.Unread) == 0
}
