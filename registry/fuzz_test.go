package registry

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzAnswers: whatever a registry answers, its image has is present only where something was answered with 200, and nothing
// but public hosts is asked over HTTPS.
func FuzzAnswers(f *testing.F) {
	manifest := `{"schemaVersion":2,"mediaType":"` + typeOCIManifest + `","config":{"digest":"` + sumA + `"},"layers":[{"digest":"` + sumB + `","size":1}]}`
	f.Add(200, "Content-Type: "+typeOCIManifest+"\nDocker-Content-Digest: "+sumOf([]byte(manifest)), manifest, 200, "", "")
	f.Add(200, "Content-Type: "+typeOCIIndex, `{"manifests":[{"digest":"`+sumA+`","platform":{"os":"linux","architecture":"amd64"}}]}`, 200, "", "")
	f.Add(401, `WWW-Authenticate: Bearer realm="https://registry.test/token",service="s"`, `{"token":"t","access_token":"a"}`, 404, "", `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`)
	f.Add(307, "Location: https://registry.test/v2/other", "", 403, "", `{"errors":[{"code":"DENIED","message":"no"}]}`)
	f.Add(429, "Retry-After: 1\nRateLimit-Remaining: 0;w=21600", "", 500, "Content-Type: text/html", "<html>")
	f.Fuzz(func(t *testing.T, status int, header, body string, status2 int, header2, body2 string) {
		ref, err := Parse("registry.test/app:1")
		if err != nil {
			t.Fatal(err)
		}
		var asked int
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Scheme != "https" || reachOf(r.URL.Hostname()) != public {
				t.Errorf("it asks %s", r.URL)
			}
			if asked++; asked > 200 {
				t.Fatal("it asks without end")
			}
			if asked > 1 {
				return answered(r, status2, header2, body2), nil
			}
			return answered(r, status, header, body), nil
		})
		image, err := New(nil, WithTransport(transport)).Image(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		succeeds := status == http.StatusOK || status2 == http.StatusOK
		if (image.Status == Present || image.Manifest != nil) && !succeeds {
			t.Errorf("%s after %d and %d: %s", image.Status, status, status2, image.Answer)
		}
		if text, err := json.Marshal(image); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answered is an answer whose header is given in lines.
func answered(r *http.Request, status int, header, body string) *http.Response {
	h := http.Header{}
	for _, line := range strings.Split(header, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
	return &http.Response{StatusCode: status, Header: h, Request: r, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}
