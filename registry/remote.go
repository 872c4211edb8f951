package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// remote asks a registry over its HTTP API, anonymously, in the order in which containerd's resolver asks
// (core/remotes/docker/resolver.go): HEAD of the manifest without a ping of /v2/ before it, the token that the answer
// demands, HEAD again, and GET where HEAD is not allowed or names no digest. Unlike containerd it sends each request
// once, and after a refusal it sends a GET to learn the registry's error code. Of an image that is there it then reads
// the manifest, for an index those of a few of its images, and for a single image the configuration. Layers are never
// asked for.
type remote struct {
	transport http.RoundTripper
	bound     time.Duration // of one exchange, redirects and body included
}

// manifestTypes is the Accept header of containerd. A registry that does not find its image's type in it answers 404
// for an image that is there.
var manifestTypes = strings.Join([]string{
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.index.v1+json",
	"*/*",
}, ", ")

// ask fills in the image with what the registry answers.
func (r remote) ask(ctx context.Context, image *Image) {
	ctx, cancel := context.WithTimeout(ctx, 2*r.bound) // however many exchanges there are, each as slow as it may be
	defer cancel()
	v := r.visit(image.Reference)
	found, err := v.resolve(ctx)
	if s, ok := errors.AsType[*settled](err); ok {
		image.Status, image.Answer, image.Unreachable = s.status, s.answer, s.unreachable
		image.RateLimit, image.ManifestNotRead = v.limit, s.answer
		return
	}
	image.Status, image.Answer = Present, found.String()
	image.Digest, image.MediaType = found.digest, found.mediaType()
	image.RateLimit = v.limit
	v.read(ctx, found, image)
}

// visit is the questions about one image, and the token they are asked with.
type visit struct {
	remote
	ref      Reference
	manifest *url.URL
	token    string
	limit    *RateLimit // of the last answer that had one
	left     int64      // how much more may be read
}

func (r remote) visit(ref Reference) *visit {
	scheme := "https"
	if name, _ := splitPort(ref.apiHost()); reachOf(name) == loopback {
		scheme = "http" // as containerd does, without any setting
	}
	path := "/v2/" + ref.Repository + "/manifests/" + ref.manifest()
	return &visit{remote: r, ref: ref, left: visitLimit, manifest: &url.URL{Scheme: scheme, Host: ref.apiHost(), Path: path}}
}

// resolve returns the answer that has the manifest's digest, or a *settled.
func (v *visit) resolve(ctx context.Context) (*response, error) {
	answer, err := v.authorized(ctx, http.MethodHead, v.manifest)
	if err != nil {
		return nil, err
	}
	if answer.status == http.StatusMethodNotAllowed {
		if answer, err = v.authorized(ctx, http.MethodGet, v.manifest); err != nil {
			return nil, err
		}
	}
	// Without a digest or a length in the headers, containerd fetches the manifest and believes only what it computes.
	if answer.status == http.StatusOK && !answer.isPage() && (answer.claimed == "" || answer.length < 0) {
		if answer.method == http.MethodHead {
			if answer, err = v.authorized(ctx, http.MethodGet, v.manifest); err != nil {
				return nil, err
			}
		}
		answer.digest, answer.claimed, answer.length = "", "", int64(len(answer.body))
	}
	switch answer.status {
	case http.StatusOK:
		return answer, v.verify(answer)
	case http.StatusNotFound:
		if v.reason(ctx, answer) == "NAME_UNKNOWN" {
			return nil, &settled{status: RepositoryAbsent, answer: answer.String()}
		}
		return nil, &settled{status: ImageAbsent, answer: answer.String()}
	case http.StatusUnauthorized:
		v.reason(ctx, answer)
		return nil, &settled{status: CredentialsRequired, answer: answer.String() + " to an anonymous request"}
	case http.StatusForbidden:
		v.reason(ctx, answer)
	case http.StatusTooManyRequests:
		return nil, &settled{answer: answer.String() + ": the limit of this machine's address, not of the task's"}
	}
	return nil, &settled{answer: answer.String()}
}

// verify refuses a 200 that is not the manifest asked for.
func (v *visit) verify(answer *response) error {
	if answer.isPage() {
		return &settled{answer: answer.String() + " with a web page instead of a manifest"}
	}
	if answer.claimed != "" && answer.digest == "" {
		return &settled{answer: answer.String() + " with a Docker-Content-Digest that is none"}
	}
	if answer.length == 0 {
		return &settled{answer: answer.String() + " with a manifest of size zero"} // containerd stops when it fetches it
	}
	if answer.digest == "" {
		if answer.overflow {
			return &settled{answer: answer.String() + " with more than containerd reads of a manifest"}
		}
		algorithm := digest.Canonical
		if v.ref.Digest != "" {
			algorithm = digest.Digest(v.ref.Digest).Algorithm()
		}
		answer.digest = algorithm.FromBytes(answer.body).String()
	}
	if v.ref.Digest != "" && v.ref.Digest != answer.digest {
		return &settled{answer: answer.String() + " with another manifest than the one asked for: " + answer.digest}
	}
	return nil
}

// authorized sends the request, and if the registry wants a token, once more with one.
func (v *visit) authorized(ctx context.Context, method string, to *url.URL) (*response, error) {
	answer, err := v.exchange(ctx, method, to, v.token)
	if err != nil || answer.status != http.StatusUnauthorized || v.token != "" {
		return answer, err
	}
	challenge, ok := bearerChallenge(answer.header)
	if !ok {
		return answer, nil
	}
	if v.token, err = v.anonymousToken(ctx, challenge); err != nil {
		return nil, err
	}
	return v.exchange(ctx, method, to, v.token)
}

// reason learns the registry's error code, which an answer to HEAD cannot carry, and adds it to the answer. The
// status stays that of the HEAD, because that is where containerd stops.
func (v *visit) reason(ctx context.Context, answer *response) string {
	if answer.method == http.MethodHead {
		told, err := v.exchange(ctx, http.MethodGet, v.manifest, v.token)
		if err != nil || told.status != answer.status {
			return ""
		}
		answer.body = told.body
	}
	answer.code = errorCode(answer.body)
	return answer.code
}

var errorCodes = regexp.MustCompile(`^[A-Z][A-Z_]{1,40}$`)

// errorCode returns the first error code of a registry's JSON body, "" if it has none in the form of the
// distribution specification. The message beside it is free text, and never repeated.
func errorCode(body []byte) string {
	var told struct{ Errors []struct{ Code string } }
	if json.Unmarshal(body, &told) != nil || len(told.Errors) == 0 || !errorCodes.MatchString(told.Errors[0].Code) {
		return ""
	}
	return told.Errors[0].Code
}

// settled ends the questions about an image with what is to be said of it.
type settled struct {
	status      Status
	answer      string
	unreachable error
}

func (s *settled) Error() string { return fmt.Sprintf("%s: %s", s.status, s.answer) }
