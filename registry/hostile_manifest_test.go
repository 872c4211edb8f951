package registry

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

// hungry counts what is read of every answer, headers aside.
type hungry struct {
	http.RoundTripper
	read atomic.Int64
}

func (h *hungry) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = &counted{answer.Body, &h.read}
	}
	return answer, err
}

type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// live returns how much the live heap grows at most while f runs.
func live(f func()) uint64 {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, peak := heap(), uint64(0)
	done, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, heap())
			}
		}
	}()
	f()
	close(done)
	<-sampled
	return max(peak, before) - before
}

// Once an image is found, its registry can still be hostile with the manifests: none of it costs the answer that the
// image is there, much time, or more than 16 MiB.
func TestHostileManifests(t *testing.T) {
	sums := func(text string) string { return digest.FromString(text).String() }
	// serve answers with manifest at any address but those of the others.
	serve := func(mediaType, manifest string, then http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead || strings.HasSuffix(r.URL.Path, sums(manifest)) {
				w.Header().Set("Content-Type", mediaType)
				w.Header().Set("Docker-Content-Digest", sums(manifest))
				w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
				_, _ = io.WriteString(w, manifest)
				return
			}
			then(w, r)
		}
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", typeOCIManifest)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	drip := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", typeOCIManifest)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
	circle := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}
	headers := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Filler", strings.Repeat("x", 2<<20))
	}
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>")
	}
	never := func(http.ResponseWriter, *http.Request) { t.Error("asked for something that nothing names") }
	var children []string
	for i := range 1000 {
		children = append(children, `{"mediaType":"`+typeOCIManifest+`","digest":"`+sums(fmt.Sprint(i))+`","platform":{"os":"linux","architecture":"amd64"}}`)
	}
	index := `{"manifests":[` + strings.Join(children, ",") + `]}`
	single := `{"config":{"digest":"` + sums("config") + `","size":1},"layers":[]}`
	empty := `{"config":{"digest":"` + sums("config") + `"},"layers":[` + strings.Repeat("{},", 1_400_000) + `{}]}`
	deep := `{"config":` + strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_001)
	long := `{"config":{"digest":"` + sums("config") + `","urls":["` + strings.Repeat("u", 4_000_000) + `"]},"layers":[]}`

	for name, tt := range map[string]http.HandlerFunc{
		"images without end":       serve(typeOCIIndex, index, endless),
		"images drop by drop":      serve(typeOCIIndex, index, drip),
		"images in circles":        serve(typeOCIIndex, index, circle),
		"images behind headers":    serve(typeOCIIndex, index, headers),
		"pages for images":         serve(typeOCIIndex, index, page),
		"configuration endless":    serve(typeOCIManifest, single, endless),
		"configuration in drops":   serve(typeOCIManifest, single, drip),
		"configuration in circles": serve(typeOCIManifest, single, circle),
		"page for a configuration": serve(typeOCIManifest, single, page),
		"a million empty layers":   serve(typeOCIManifest, empty, never),
		"nesting":                  serve(typeOCIManifest, deep, never),
		"one long text":            serve(typeOCIManifest, long, endless),
		"a binary":                 serve("application/octet-stream", strings.Repeat("\x00", 1<<20), never),
		"a manifest that is not the one of the HEAD": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				serve(typeOCIIndex, index, never)(w, r)
				return
			}
			endless(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			const bound = 400 * time.Millisecond
			var meter *hungry
			var image *Image
			var took time.Duration
			// The server lives in the same heap, and the collector runs when it likes: too much has to show every time.
			grown := uint64(1 << 62)
			for try := 0; try < 4 && grown > 16<<20; try++ {
				meter = &hungry{RoundTripper: defaultTransport()}
				grown = min(grown, live(func() { image, took = hostileThrough(t, bound, meter, tt) }))
			}
			if image.Status != Present || image.Supports(Platform{OS: "linux", Architecture: "s390x"}).Match > MatchNone {
				t.Errorf("%s, %+v", image.Answer, image.Status)
			}
			if _, ok := image.Size(fargate[0]); ok && image.Manifest.Kind == KindIndex {
				t.Errorf("a size came of images that cannot be read: %+v", image.Manifest)
			}
			if took > 2*bound+10*time.Second { // a busy machine is late
				t.Errorf("took %v", took)
			}
			if read := meter.read.Load(); read > 16<<20 {
				t.Errorf("read %d MiB", read>>20)
			}
			if grown > 16<<20 {
				t.Errorf("took %d MiB", grown>>20)
			}
		})
	}
}
