package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/opencontainers/go-digest"
)

const (
	exchangeBound = 15 * time.Second
	manifestLimit = 4 * 1048 * 1048 // containerd's MaxManifestSize; it refuses anything larger
	bodyLimit     = 64 << 10        // of every other answer
	headerLimit   = 64 << 10
)

// defaultTransport is http.DefaultTransport with a bound on what a registry may send before its body, and on whereto it is
// dialled. It keeps few connections, as a registry is asked two or three questions and then none for a long time.
func defaultTransport() http.RoundTripper { return transportThrough(nil) }

// transportThrough asks a resolver; nil is the system's.
func transportThrough(resolver *net.Resolver) http.RoundTripper {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			d := net.Dialer{Timeout: exchangeBound, KeepAlive: 30 * time.Second, Resolver: resolver}
			d.Control = func(_, resolved string, _ syscall.RawConn) error { return dialable(address, resolved) }
			return d.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: headerLimit,
	}
}

// response is an answer, read to its end or to its limit, whichever came first.
type response struct {
	method   string
	url      *url.URL // as asked, without the query
	status   int
	header   http.Header
	body     []byte
	overflow bool   // the body went on
	length   int64  // as the headers say, -1 when they do not
	claimed  string // Docker-Content-Digest as it came
	digest   string // the same if it is valid, or computed; "" when there is none
	code     string // the registry's error code, when it was looked for
}

// String says what was asked and answered, as far as it may be repeated.
func (r *response) String() string {
	word := http.StatusText(r.status)
	if r.code != "" {
		word = r.code
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s answered %d %s", r.method, r.url, r.status, word))
}

func (r *response) mediaType() string {
	mediaType, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return mediaType
}

// isPage reports a 200 that comes from something other than a registry: a portal, a proxy, a web site. containerd
// resolves it as an image of type text/html and fails later.
func (r *response) isPage() bool { return r.mediaType() == "text/html" }

// exchange sends one request, follows its redirects and reads its answer. An error is a *settled, [Unknown].
func (v *visit) exchange(ctx context.Context, method string, to *url.URL, token string) (*response, error) {
	ctx, cancel := context.WithTimeout(ctx, v.bound)
	defer cancel()
	bare := withoutQuery(to)

	request, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		return nil, &settled{answer: fmt.Sprintf("%s cannot be asked", bare)}
	}
	request.Header.Set("User-Agent", "canpull")
	request.Header.Set("Accept", manifestTypes)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: v.transport, CheckRedirect: checkRedirect}
	answer, err := client.Do(request)
	if err != nil {
		return nil, v.failed(method, bare, err)
	}
	defer answer.Body.Close()

	limit := int64(bodyLimit)
	if method == http.MethodGet && answer.StatusCode == http.StatusOK {
		limit = manifestLimit
	}
	limit = min(limit, v.left)
	body, err := readUpTo(answer.Body, limit+1)
	v.left -= min(int64(len(body)), limit)
	if err != nil && answer.StatusCode == http.StatusOK {
		return nil, v.failed(method, bare, err)
	}
	// The body of any other answer only explains its status, which stands without it.
	r := &response{method: method, url: bare, status: answer.StatusCode, header: answer.Header, body: body,
		length: answer.ContentLength, claimed: answer.Header.Get("Docker-Content-Digest")}
	if int64(len(body)) > limit {
		r.body, r.overflow = body[:limit], true
	}
	if l := rateLimit(answer.Header); l != nil {
		v.limit = l
	}
	if d, err := digest.Parse(r.claimed); err == nil {
		r.digest = d.String()
	}
	return r, nil
}

// readUpTo reads a body in pieces and joins them once, because io.ReadAll keeps twice of it as it grows.
func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	r = io.LimitReader(r, limit)
	var pieces [][]byte
	for {
		piece := make([]byte, 0, min(64<<10, limit))
		for len(piece) < cap(piece) {
			n, err := r.Read(piece[len(piece):cap(piece)])
			piece = piece[:len(piece)+n]
			if err != nil {
				pieces = append(pieces, piece)
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return bytes.Join(pieces, nil), err
			}
		}
		pieces = append(pieces, piece)
	}
}

// failed tells an answer that is not followed from no answer at all.
func (v *visit) failed(method string, to *url.URL, err error) *settled {
	if refused, ok := errors.AsType[redirectError](err); ok {
		return &settled{answer: fmt.Sprintf("%s %s was answered with a redirect %s", method, to, refused)}
	}
	// The error of an http.Client shows the whole URL it was at, the signed query of a redirect included.
	cause := err
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		cause = wrapped.Err
	}
	text, _, _ := strings.Cut(cause.Error(), "?")
	text = userinfo.ReplaceAllString(text, "//")
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no answer in time"
	}
	text = fmt.Sprintf("%s %s: %s", method, to, text)
	return &settled{answer: text, unreachable: &transportError{text, cause}}
}

// userinfo is what the error of a malformed proxy setting repeats.
var userinfo = regexp.MustCompile(`//[^/\s]*@`)

// transportError is an error whose text may be shown.
type transportError struct {
	text string
	err  error
}

func (e *transportError) Error() string { return e.text }
func (e *transportError) Unwrap() error { return e.err }

func withoutQuery(u *url.URL) *url.URL {
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
}
