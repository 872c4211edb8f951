package containerdtest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
)

const (
	ociIndex = "application/vnd.oci.image.index.v1+json"
	schema1  = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	index    = `{"schemaVersion":2,"mediaType":"` + ociIndex + `","manifests":[]}`
	other    = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

var sum = digest.FromString(index).String()

// exchange is a request that a server answers, and how often it was asked the same before.
type exchange struct {
	http.ResponseWriter
	*http.Request
	again int
}

func (x exchange) isHead() bool { return x.Method == http.MethodHead }
func (x exchange) isBlob() bool { return strings.Contains(x.URL.Path, "/blobs/") }
func (x exchange) hasToken() bool {
	return strings.HasPrefix(x.Request.Header.Get("Authorization"), "Bearer ")
}

// reply answers; headers are "Name: value".
func (x exchange) reply(status int, body string, headers ...string) {
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		x.ResponseWriter.Header().Add(name, value)
	}
	if x.isHead() && x.ResponseWriter.Header().Get("Content-Length") == "" {
		x.ResponseWriter.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.WriteHeader(status)
	if !x.isHead() {
		_, _ = x.ResponseWriter.Write([]byte(body))
	}
}

func (x exchange) manifest(headers ...string) {
	x.reply(200, index, append(headers, "Content-Type: "+ociIndex, "Docker-Content-Digest: "+sum)...)
}

// challenge asks for a token from this server.
func (x exchange) challenge(rest string) {
	x.reply(401, `{"errors":[{"code":"UNAUTHORIZED"}]}`, `WWW-Authenticate: Bearer realm="http://`+x.Host+`/token",service="test",scope="repository:team/app:pull"`+rest)
}

// bearer answers with f to whoever has a token, and gives one to everybody.
func bearer(f func(exchange)) func(exchange) {
	return func(x exchange) {
		switch {
		case x.URL.Path == "/token":
			x.reply(200, `{"token":"t"}`)
		case !x.hasToken():
			x.challenge("")
		default:
			f(x)
		}
	}
}

// token answers with f at the token's address, and with the manifest to whoever has a token.
func token(f func(exchange)) func(exchange) {
	return func(x exchange) {
		if x.URL.Path == "/token" {
			f(x)
			return
		}
		bearer(func(x exchange) { x.manifest() })(x)
	}
}

func status(code int) func(exchange) {
	return func(x exchange) { x.reply(code, `{"errors":[{"code":"X"}]}`) }
}

// situation is a server's behaviour and the reference that is asked for.
type situation struct {
	name   string
	ref    string // what follows the repository: ":1" or "@sha256:…"
	answer func(exchange)
	// outcome is where ours is meant to differ from containerd's, and why; "" where it must not.
	outcome string
	// requests is where ours are meant to differ from containerd's, and why.
	requests string
}

const (
	retried   = "containerd repeats the request at once; one is enough to know the answer, and a second may be lucky"
	believed  = "containerd goes by the digest that was asked for, and refuses the content when it comes"
	blobTried = "containerd looks for a blob of that digest as well; no image comes of it"
)

var situations = []situation{
	{name: "by tag", ref: ":1", answer: func(x exchange) { x.manifest() }},
	{name: "by digest", ref: "@" + sum, answer: func(x exchange) { x.manifest() }},
	{name: "tag and digest", ref: ":1@" + sum, answer: func(x exchange) { x.manifest() }},
	{name: "HEAD without a digest", ref: ":1", answer: func(x exchange) { x.reply(200, index, "Content-Type: "+ociIndex) }},
	{name: "HEAD with an invalid digest", ref: ":1", answer: func(x exchange) {
		x.reply(200, index, "Content-Type: "+ociIndex, "Docker-Content-Digest: sha256:zz")
	}},
	{name: "HEAD 405", ref: ":1", answer: func(x exchange) {
		if x.isHead() {
			x.reply(405, "")
			return
		}
		x.manifest()
	}},
	{name: "HEAD and GET 405", ref: ":1", answer: status(405)},
	{name: "404", ref: ":1", answer: status(404)},
	{name: "404 to HEAD, 200 to GET", ref: ":1", answer: func(x exchange) {
		if x.isHead() {
			x.reply(404, "")
			return
		}
		x.manifest()
	}},
	{name: "digest gone", ref: "@" + sum, answer: status(404), requests: blobTried},
	{name: "digest gone, 403 on the blob", ref: "@" + sum, answer: func(x exchange) {
		if x.isBlob() {
			x.reply(403, "")
			return
		}
		x.reply(404, "")
	}, outcome: "containerd reports the blob's 403; the manifest's 404 before it is the reason", requests: blobTried},
	{name: "digest gone, a blob instead", ref: "@" + sum, answer: func(x exchange) {
		if x.isBlob() {
			x.reply(200, index, "Docker-Content-Digest: "+sum)
			return
		}
		x.reply(404, "")
	}, outcome: "containerd resolves the blob, of which no image comes", requests: blobTried},
	{name: "401 basic", ref: ":1", answer: func(x exchange) { x.reply(401, "", `WWW-Authenticate: Basic realm="x"`) }},
	{name: "401 without a challenge", ref: ":1", answer: status(401)},
	{name: "401 with a challenge that is none", ref: ":1", answer: func(x exchange) { x.reply(401, "", `WWW-Authenticate: Negotiate`) }},
	{name: "bearer", ref: ":1", answer: bearer(func(x exchange) { x.manifest() })},
	{name: "bearer by digest", ref: "@" + sum, answer: bearer(func(x exchange) { x.manifest() })},
	{name: "basic and bearer", ref: ":1", answer: func(x exchange) {
		if x.URL.Path != "/token" && !x.hasToken() {
			x.ResponseWriter.Header().Add("WWW-Authenticate", `Basic realm="x"`)
		}
		bearer(func(x exchange) { x.manifest() })(x)
	}},
	{name: "access_token", ref: ":1", answer: token(func(x exchange) { x.reply(200, `{"access_token":"t"}`) })},
	{name: "token 401", ref: ":1", answer: token(status(401))},
	{name: "token 403", ref: ":1", answer: token(status(403))},
	{name: "token 404", ref: ":1", answer: token(status(404))},
	{name: "token 500", ref: ":1", answer: token(status(500))},
	{name: "token without one", ref: ":1", answer: token(func(x exchange) { x.reply(200, `{}`) })},
	{name: "token that is a page", ref: ":1", answer: token(func(x exchange) { x.reply(200, `<html>`) })},
	{name: "insufficient scope", ref: ":1", answer: func(x exchange) {
		if x.URL.Path == "/token" {
			x.reply(200, `{"token":"t"}`)
			return
		}
		x.challenge(`,error="insufficient_scope"`)
	}},
	{name: "401 in spite of a token", ref: ":1", answer: func(x exchange) {
		if x.URL.Path == "/token" {
			x.reply(200, `{"token":"t"}`)
			return
		}
		x.challenge("")
	}},
	{name: "404 with a token", ref: ":1", answer: bearer(status(404))},
	{name: "403 with a token", ref: ":1", answer: bearer(status(403))},
	{name: "realm without a host", ref: ":1", answer: func(x exchange) { x.reply(401, "", `WWW-Authenticate: Bearer realm="token"`) }},
	{name: "no realm", ref: ":1", answer: func(x exchange) { x.reply(401, "", `WWW-Authenticate: Bearer service="test"`) }},
	{name: "400", ref: ":1", answer: status(400)},
	{name: "403", ref: ":1", answer: status(403)},
	{name: "403 by digest", ref: "@" + sum, answer: status(403), requests: blobTried},
	{name: "429", ref: ":1", answer: status(429)},
	{name: "429 once", ref: ":1", answer: func(x exchange) {
		if x.again == 0 {
			x.reply(429, "")
			return
		}
		x.manifest()
	}, outcome: retried, requests: retried},
	{name: "500", ref: ":1", answer: status(500)},
	{name: "503", ref: ":1", answer: status(503)},
	{name: "redirect on the same host", ref: ":1", answer: func(x exchange) {
		if x.URL.Query().Has("there") {
			x.manifest()
			return
		}
		http.Redirect(x.ResponseWriter, x.Request, x.URL.Path+"?there", http.StatusTemporaryRedirect)
	}},
	{name: "redirects in a circle", ref: ":1", answer: func(x exchange) {
		http.Redirect(x.ResponseWriter, x.Request, x.URL.Path, http.StatusTemporaryRedirect)
	}, requests: "containerd follows ten redirects, ours five"},
	{name: "another digest than asked for", ref: "@" + other, answer: func(x exchange) { x.manifest() }, outcome: believed},
	{name: "another digest, asked for by GET", ref: "@" + other, answer: func(x exchange) { x.reply(200, index, "Content-Type: "+ociIndex) }, outcome: believed},
	{name: "web page", ref: ":1", answer: func(x exchange) {
		x.reply(200, "<html>", "Content-Type: text/html", "Docker-Content-Digest: "+sum)
	}, outcome: "containerd resolves a page as an image, and fails later"},
	{name: "schema 1", ref: ":1", answer: func(x exchange) {
		x.reply(200, index, "Content-Type: "+schema1, "Docker-Content-Digest: "+sum)
	}},
	{name: "size 0", ref: ":1", answer: func(x exchange) {
		x.reply(200, "", "Content-Type: "+ociIndex, "Docker-Content-Digest: "+sum, "Content-Length: 0")
	}, outcome: "containerd resolves it, and refuses \"content size of zero\" when it fetches it"},
	{name: "HEAD without a length", ref: ":1", answer: func(x exchange) {
		if x.isHead() {
			x.ResponseWriter.Header().Set("Content-Type", ociIndex)
			x.ResponseWriter.Header().Set("Docker-Content-Digest", other)
			x.ResponseWriter.(http.Flusher).Flush()
			return
		}
		x.reply(200, index, "Content-Type: "+ociIndex, "Docker-Content-Digest: "+other)
	}},
	{name: "hangs up", ref: ":1", answer: func(exchange) { panic(http.ErrAbortHandler) }},
}
