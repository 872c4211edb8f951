package registry_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/canpull/canpull/registry"
)

// htpasswd is alice with the password s3cret.
const htpasswd = "alice:$2b$04$VBixutycOxyR4sdu6CWrx.lHzZ4PCZdUB24pee3m5Zvsj3TQeWoAe\n"

// dockerRegistry starts Debian's docker-registry on a free port of the loopback address, and returns its address and its
// access log. It listens for this test only.
func dockerRegistry(t *testing.T, private bool) (address string, log func() string) {
	t.Helper()
	binary, err := exec.LookPath("docker-registry")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("docker-registry is not installed, and CI is set: apt-get install docker-registry")
		}
		t.Skip("docker-registry is not installed: apt-get install docker-registry")
	}
	for range 5 { // a port that was free may be taken by the time docker-registry wants it
		if address, log, ok := startRegistry(t, binary, private); ok {
			return address, log
		}
	}
	t.Fatal("docker-registry found no free port")
	return "", nil
}

// startRegistry returns false if another process took the port.
func startRegistry(t *testing.T, binary string, private bool) (address string, log func() string, ok bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " + dir + "/data}}\nhttp: {addr: \"" + address + "\"}\n"
	if private {
		text += "auth: {htpasswd: {realm: test, path: " + dir + "/htpasswd}}\n"
		if err := os.WriteFile(filepath.Join(dir, "htpasswd"), []byte(htpasswd), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out output
	command := exec.Command(binary, "serve", filepath.Join(dir, "config.yml"))
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
	})
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		switch told := out.String(); {
		case strings.Contains(told, "address already in use"):
			return "", nil, false
		case strings.Contains(told, "listening on "+address):
			return address, out.String, true
		}
	}
	t.Fatalf("docker-registry does not listen: %s", out.String())
	return "", nil, false
}

// output collects what a process writes while others read it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// built makes an image of two random layers whose configuration names a platform.
func built(os, architecture, version string) v1.Image {
	image := must(random.Image(2048, 2))
	file := must(image.ConfigFile()).DeepCopy()
	file.OS, file.Architecture, file.OSVersion = os, architecture, version
	image = mutate.MediaType(must(mutate.ConfigFile(image, file)), types.OCIManifestSchema1)
	return mutate.ConfigMediaType(image, types.OCIConfigJSON)
}

func indexOf(images ...v1.Image) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		file := must(image.ConfigFile())
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: file.OS, Architecture: file.Architecture, OSVersion: file.OSVersion}}})
	}
	return index
}

func push(t *testing.T, address, image string, what remote.Taggable, options ...remote.Option) {
	t.Helper()
	ref := must(name.ParseReference(address + "/" + image))
	var err error
	switch it := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(ref, it, options...)
	case v1.Image:
		err = remote.Write(ref, it, options...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRealRegistry(t *testing.T) {
	address, log := dockerRegistry(t, false)
	amd, arm64 := built("linux", "amd64", ""), built("linux", "arm64", "")
	mixed := must(mutate.AppendLayers(amd, static.NewLayer([]byte("not looked at"), types.OCILayerZStd)))
	index := indexOf(amd, arm64, built("windows", "amd64", "10.0.17763.6414"))
	push(t, address, "team/multi:1", index)
	push(t, address, "team/single:arm64", arm64)
	push(t, address, "team/mixed:1", mixed)

	var layers []string
	for _, image := range []v1.Image{mixed, arm64} {
		for _, layer := range must(image.Layers()) {
			layers = append(layers, must(layer.Digest()).String())
		}
	}
	pushed := len(log())

	multi := ask(t, address+"/team/multi:1")
	if multi.Status != registry.Present || multi.Digest != must(index.Digest()).String() {
		t.Errorf("index: %+v", multi)
	}
	windows := registry.Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348"}
	for platform, want := range map[registry.Platform]registry.Match{linux: registry.MatchStrict, arm: registry.MatchStrict, windows: registry.MatchVariant,
		{OS: "linux", Architecture: "s390x"}: registry.MatchNone} {
		if s := multi.Supports(platform); s.Match != want || !s.Index {
			t.Errorf("index on %s: %s, want %s (%+v)", platform, s.Match, want, multi.Manifest)
		}
	}
	want := registry.Total([]registry.Blob{{Size: must(amd.Manifest()).Config.Size}})
	for _, layer := range must(amd.Manifest()).Layers {
		want += layer.Size
	}
	if size, ok := multi.Size(linux); !ok || size != want {
		t.Errorf("size = %d, %v; want %d", size, ok, want)
	}
	single := ask(t, address+"/team/single:arm64")
	if s := single.Supports(arm); s.Match != registry.MatchStrict || s.Index {
		t.Errorf("single image: %+v, %+v", s, single.Manifest)
	}
	if s := single.Supports(linux); s.Match != registry.MatchNone || s.Index {
		t.Errorf("single image on amd64: %+v", s)
	}
	if f := ask(t, address+"/team/mixed:1").Format(linux); !f.Known || !f.Mixed {
		t.Errorf("mixed: %+v", f)
	}
	if f := multi.Format(linux); !f.Known || f.Mixed {
		t.Errorf("index: %+v", f)
	}
	for image, want := range map[string]registry.Status{"team/multi:none": registry.ImageAbsent, "team/none:1": registry.ImageAbsent} {
		if got := ask(t, address+"/"+image); got.Status != want {
			t.Errorf("%s: %s, %s", image, got.Status, got.Answer)
		}
	}

	read := log()[pushed:]
	if !strings.Contains(read, "GET /v2/team/single/blobs/") {
		t.Fatalf("the access log lacks the configuration that was read:\n%s", read)
	}
	for _, layer := range layers {
		if strings.Contains(read, layer) {
			t.Errorf("layer %s was asked for:\n%s", layer, read)
		}
	}
}

func TestRealPrivateRegistry(t *testing.T) {
	address, _ := dockerRegistry(t, true)
	login := remote.WithAuth(authn.FromConfig(authn.AuthConfig{Username: "alice", Password: "s3cret"}))
	push(t, address, "team/private:1", built("linux", "amd64", ""), login)
	for _, image := range []string{"team/private:1", "team/none:1"} { // a missing repository hides behind the same answer
		got := ask(t, address+"/"+image)
		if got.Status != registry.CredentialsRequired || got.Manifest != nil || got.ManifestNotRead == "" {
			t.Errorf("%s: %s, %s, %+v", image, got.Status, got.Answer, got.Manifest)
		}
	}
}
