package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/registry"
)

var (
	hex256 = strings.Repeat("0123456789abcdef", 4)
	sha256 = "sha256:" + hex256
	sha384 = "sha384:" + strings.Repeat("0123456789abcdef", 6)
	sha512 = "sha512:" + strings.Repeat("0123456789abcdef", 8)
)

// What containerd reads, by its own parser and by the messages of Fargate, which show the normalised name.
var valid = []struct{ in, registry, repository, tag, digest string }{
	// Docker Hub and its short names.
	{"nginx", "docker.io", "library/nginx", "latest", ""},
	{"nginx:1.27", "docker.io", "library/nginx", "1.27", ""},
	{"nginx:1.27-alpine", "docker.io", "library/nginx", "1.27-alpine", ""},
	{"nginx:Tag_With.Upper-Case", "docker.io", "library/nginx", "Tag_With.Upper-Case", ""},
	{"nginx:_underscore", "docker.io", "library/nginx", "_underscore", ""},
	{"nginx:5000", "docker.io", "library/nginx", "5000", ""},
	{"nginx@" + sha256, "docker.io", "library/nginx", "", sha256},
	{"nginx:1.25@" + sha256, "docker.io", "library/nginx", "1.25", sha256},
	{"nginx@" + sha384, "docker.io", "library/nginx", "", sha384},
	{"nginx@" + sha512, "docker.io", "library/nginx", "", sha512},
	{"library/nginx", "docker.io", "library/nginx", "latest", ""},
	{"grafana/grafana:11.2.0", "docker.io", "grafana/grafana", "11.2.0", ""},
	{"a/b/c/d:x", "docker.io", "a/b/c/d", "x", ""},
	{"docker.io/nginx", "docker.io", "library/nginx", "latest", ""},
	{"docker.io/library/nginx:1", "docker.io", "library/nginx", "1", ""},
	{"docker.io/team/app", "docker.io", "team/app", "latest", ""},
	{"index.docker.io/nginx:1", "docker.io", "library/nginx", "1", ""},
	{"index.docker.io/team/app:1", "docker.io", "team/app", "1", ""},
	{"registry-1.docker.io/library/x:1", "registry-1.docker.io", "library/x", "1", ""},
	{"registry-1.docker.io/x:1", "registry-1.docker.io", "x", "1", ""},
	{"registry.hub.docker.com/library/x:1", "registry.hub.docker.com", "library/x", "1", ""},
	{"docker.io:443/nginx", "docker.io:443", "nginx", "latest", ""},
	{"test.com:tag", "docker.io", "library/test.com", "tag", ""},
	{"test.com:5000", "docker.io", "library/test.com", "5000", ""},
	{"localhost", "docker.io", "library/localhost", "latest", ""},
	{"192.168.1.1", "docker.io", "library/192.168.1.1", "latest", ""},
	{"192.168.1.1:5000", "docker.io", "library/192.168.1.1", "5000", ""},
	{"foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", ""},
	{"foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", ""},
	{"team/app_one", "docker.io", "team/app_one", "latest", ""},
	{"team/app__two", "docker.io", "team/app__two", "latest", ""},
	{"team/app---three", "docker.io", "team/app---three", "latest", ""},
	{"team/app.four", "docker.io", "team/app.four", "latest", ""},
	{"0/1:2", "docker.io", "0/1", "2", ""},
	{strings.Repeat("a", 63), "docker.io", "library/" + strings.Repeat("a", 63), "latest", ""},
	{hex256[:63], "docker.io", "library/" + hex256[:63], "latest", ""},
	{"library/" + hex256, "docker.io", "library/" + hex256, "latest", ""},
	{"app:" + strings.Repeat("t", 128), "docker.io", "library/app", strings.Repeat("t", 128), ""},

	// Other registries, with and without ports.
	{"ghcr.io/org/app:1", "ghcr.io", "org/app", "1", ""},
	{"ghcr.io/org/app:1@" + sha256, "ghcr.io", "org/app", "1", sha256},
	{"quay.io/prometheus/prometheus", "quay.io", "prometheus/prometheus", "latest", ""},
	{"quay.io/repository/org/app", "quay.io", "repository/org/app", "latest", ""},
	{"public.ecr.aws/nginx/nginx:1", "public.ecr.aws", "nginx/nginx", "1", ""},
	{"ecr-public.aws.com/nginx/nginx:1", "ecr-public.aws.com", "nginx/nginx", "1", ""},
	{"mcr.microsoft.com/dotnet/runtime:8.0", "mcr.microsoft.com", "dotnet/runtime", "8.0", ""},
	{"registry.k8s.io/pause:3.9", "registry.k8s.io", "pause", "3.9", ""},
	{"registry.gitlab.com/group/sub/app", "registry.gitlab.com", "group/sub/app", "latest", ""},
	{"gcr.io/distroless/static", "gcr.io", "distroless/static", "latest", ""},
	{"example.com/app", "example.com", "app", "latest", ""},
	{"example.com:5000/app", "example.com:5000", "app", "latest", ""},
	{"example.com:5000/app:5050", "example.com:5000", "app", "5050", ""},
	{"test:5000/repo", "test:5000", "repo", "latest", ""},
	{"test:5000/repo:tag", "test:5000", "repo", "tag", ""},
	{"test:5000/repo@" + sha256, "test:5000", "repo", "", sha256},
	{"test:5000/repo:tag@" + sha256, "test:5000", "repo", "tag", sha256},
	{"host:99999/x", "host:99999", "x", "latest", ""},
	{"localhost/app", "localhost", "app", "latest", ""},
	{"localhost:5000/app", "localhost:5000", "app", "latest", ""},
	{"127.0.0.1/app", "127.0.0.1", "app", "latest", ""},
	{"127.0.0.1:5000/team/app:1", "127.0.0.1:5000", "team/app", "1", ""},
	{"192.168.1.1/repo", "192.168.1.1", "repo", "latest", ""},
	{"192.168.1.1:5000/repo:5050", "192.168.1.1:5000", "repo", "5050", ""},
	{"[::1]:5000/repo", "[::1]:5000", "repo", "latest", ""},
	{"[2001:db8::1]/repo", "[2001:db8::1]", "repo", "latest", ""},
	{"[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]", "repo", "tag", ""},
	{"xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", ""},
	{"xn--7o8h.com/myimage@" + sha512, "xn--7o8h.com", "myimage", "", sha512},
	{"b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io", "test.example.com/my-app", "test.example.com", ""},
	{"sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com", "bar/baz/quux", "some-long-tag", ""},
	{"foo_bar.com/app", "foo_bar.com", "app", "latest", ""}, // no valid domain, and yet what is dialled
	{"example.com/" + strings.Repeat("a", 255) + ":tag", "example.com", strings.Repeat("a", 255), "tag", ""},
	{strings.Repeat("a/", 120) + "a:tag", "docker.io", strings.Repeat("a/", 120) + "a", "tag", ""},

	// Upper case in the first component makes it a host, which no resolver will know.
	{"myOrg/app", "myOrg", "app", "latest", ""},
	{"MYREG/app:1", "MYREG", "app", "1", ""},
	{"Example.COM/app", "Example.COM", "app", "latest", ""},

	// Amazon ECR.
	{"111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1", "111122223333.dkr.ecr.eu-west-1.amazonaws.com", "team/app", "1", ""},
	{"111122223333.dkr.ecr.eu-west-1.amazonaws.com/app", "111122223333.dkr.ecr.eu-west-1.amazonaws.com", "app", "latest", ""},
	{"111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1@" + sha256, "111122223333.dkr.ecr.eu-west-1.amazonaws.com", "app", "1", sha256},
	{"111122223333.dkr-ecr.eu-west-1.on.aws/app:1", "111122223333.dkr-ecr.eu-west-1.on.aws", "app", "1", ""},
	{"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/app:1", "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "app", "1", ""},
}

// What containerd refuses, and the part that an error must name.
var invalid = []struct {
	in     string
	part   registry.Part
	reason string // a piece of the reason
}{
	{"", registry.PartReference, "is empty"},
	{" ", registry.PartReference, "white space"},
	{" nginx", registry.PartReference, "white space"},
	{"nginx ", registry.PartReference, "white space"},
	{"nginx\n", registry.PartReference, "white space"},
	{"nginx:1.25\t", registry.PartReference, "white space"},
	{"my app:1", registry.PartReference, "white space"},
	{"nginx\u00a0", registry.PartReference, "white space"},
	{"nginx\x00", registry.PartReference, "control character"},
	{"nginx:\x1b[0m", registry.PartReference, "control character"},
	{"nginx:１", registry.PartReference, "not ASCII"},
	{"nginx\u200b", registry.PartReference, "not ASCII"},
	{"“nginx”", registry.PartReference, "not ASCII"},
	{"nginx:1\xff", registry.PartReference, "not ASCII"},
	{"https://docker.io/nginx", registry.PartReference, `the scheme "https://"`},
	{"http://localhost:5000/app", registry.PartReference, `the scheme "http://"`},
	{"docker://nginx", registry.PartReference, `the scheme "docker://"`},
	{"oci://ghcr.io/org/app:1", registry.PartReference, `the scheme "oci://"`},
	{"${IMAGE}", registry.PartReference, "${IMAGE}"},
	{"app:${TAG}", registry.PartReference, "${TAG}"},
	{"app:${TAG", registry.PartReference, "${TAG"},
	{"app:$TAG", registry.PartReference, "$TAG"},
	{"${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/app", registry.PartReference, "${AWS::AccountId}"},
	{"app:{{ .Values.tag }}", registry.PartReference, "{{ .Values.tag }}"},
	{"<image>", registry.PartReference, "<image>"},
	{"<account>.dkr.ecr.eu-west-1.amazonaws.com/app", registry.PartReference, "<account>"},
	{"app:%TAG%", registry.PartReference, "%TAG%"},

	{"user:pass@example.com/app", registry.PartRegistry, "credentials"},
	{"host:port/app", registry.PartRegistry, "host name"},
	{"host:/app", registry.PartRegistry, "host name"},
	{"-host.com/app", registry.PartRegistry, "host name"},
	{"host-.com/app", registry.PartRegistry, "host name"},
	{"ho..st/app", registry.PartRegistry, "host name"},
	{".example.com/app", registry.PartRegistry, "host name"},
	{"../app", registry.PartRegistry, "host name"},
	{"[fe80::1%eth0]:5000/repo", registry.PartRegistry, "host name"},
	{"2001:db8::1/repo", registry.PartRegistry, "host name"},

	{":tag", registry.PartRepository, "is empty"},
	{"@" + sha256, registry.PartRepository, "is empty"},
	{"example.com/", registry.PartRepository, "is empty"},
	{"example.com/:1", registry.PartRepository, "is empty"},
	{"/app", registry.PartRepository, "a slash too many"},
	{"app/", registry.PartRepository, "a slash too many"},
	{"a//b", registry.PartRepository, "a slash too many"},
	{"example.com//app", registry.PartRepository, "a slash too many"},
	{"NGINX", registry.PartRepository, "upper-case"},
	{"Nginx:1", registry.PartRepository, "upper-case"},
	{"ghcr.io/MyOrg/app:1", registry.PartRepository, "upper-case"},
	{"test:5000/Uppercase/lowercase:tag", registry.PartRepository, "upper-case"},
	{"team/App", registry.PartRepository, "upper-case"},
	{"111122223333.dkr.ecr.eu-west-1.amazonaws.com/Team/app", registry.PartRepository, "upper-case"},
	{"-app", registry.PartRepository, `"-app"`},
	{"app-", registry.PartRepository, `"app-"`},
	{"_app", registry.PartRepository, `"_app"`},
	{"app___x", registry.PartRepository, `"app___x"`},
	{"a..b/c", registry.PartRegistry, "host name"},
	{"c/a..b", registry.PartRepository, `"a..b"`},
	{"a/../b", registry.PartRepository, `".."`},
	{"docker.io/../evil", registry.PartRepository, `".."`},
	{"aa/asdf$$^/aa", registry.PartRepository, `"asdf$$^"`},
	{"app?x=1", registry.PartRepository, `"app?x=1"`},
	{"app#1", registry.PartRepository, `"app#1"`},
	{"[2001:db8::1]", registry.PartRepository, `"[2001"`},
	{"example.com/" + strings.Repeat("a", 256), registry.PartRepository, "256 characters"},
	{hex256, registry.PartRepository, "image ID"},

	{"app:", registry.PartTag, "is empty"},
	{"app:@" + sha256, registry.PartTag, "is empty"},
	{"app:-tag", registry.PartTag, "a dot or a dash"},
	{"app:.tag", registry.PartTag, "a dot or a dash"},
	{"app:tag!", registry.PartTag, "only letters"},
	{"app:a:b", registry.PartTag, "only letters"},
	{"team/app:5000/x", registry.PartTag, "slash"},
	{"app:" + strings.Repeat("t", 129), registry.PartTag, "129 characters"},

	{"app@", registry.PartDigest, "algorithm:hexadecimal"},
	{"app:1@", registry.PartDigest, "algorithm:hexadecimal"},
	{"app@sha256", registry.PartDigest, "algorithm:hexadecimal"},
	{"app@sha256:", registry.PartDigest, "hexadecimal"},
	{"app@sha256:abc", registry.PartDigest, "3 characters"},
	{"app@sha256:" + hex256 + "0", registry.PartDigest, "65 characters"},
	{"app@sha256:" + strings.ToUpper(hex256), registry.PartDigest, "lower-case hexadecimal"},
	{"app@sha256:" + strings.Repeat("g", 64), registry.PartDigest, "lower-case hexadecimal"},
	{"app@SHA256:" + hex256, registry.PartDigest, "hexadecimal"},
	{"app@md5:" + strings.Repeat("a", 32), registry.PartDigest, `"md5"`},
	{"validname@invaliddigest:" + strings.Repeat("f", 128), registry.PartDigest, `"invaliddigest"`},
	{"app@" + sha256 + "@" + sha256, registry.PartDigest, "136 characters"},
}

func TestParse(t *testing.T) {
	for _, tt := range valid {
		got, err := registry.Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		want := registry.Reference{
			Original: tt.in, Registry: tt.registry, Repository: tt.repository, Tag: tt.tag, Digest: tt.digest, ECR: got.ECR,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.in, diff)
		}
		if isECR := strings.Contains(tt.in, ".dkr"); isECR != (got.ECR != nil) {
			t.Errorf("Parse(%q).ECR = %v", tt.in, got.ECR)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range invalid {
		_, err := registry.Parse(tt.in)
		fault, ok := errors.AsType[*registry.ParseError](err)
		if !ok {
			t.Errorf("Parse(%q) = %v, want a *ParseError", tt.in, err)
			continue
		}
		if fault.Part != tt.part || !strings.Contains(fault.Reason, tt.reason) {
			t.Errorf("Parse(%q): the %s %s; want the %s … %s", tt.in, fault.Part, fault.Reason, tt.part, tt.reason)
		}
	}
}

// The tables above must be containerd's view, not ours.
func TestTablesAgreeWithContainerd(t *testing.T) {
	if n := len(valid) + len(invalid); n < 120 {
		t.Errorf("%d references", n)
	}
	for _, tt := range valid {
		named, err := reference.ParseNormalizedNamed(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		got, _ := registry.Parse(tt.in)
		if want := reference.TagNameOnly(named).String(); got.String() != want {
			t.Errorf("Parse(%q) = %s, containerd: %s", tt.in, got, want)
		}
	}
	for _, tt := range invalid {
		if named, err := reference.ParseNormalizedNamed(tt.in); err == nil {
			t.Errorf("%q: containerd reads it as %s", tt.in, named)
		}
	}
}

func TestParseErrorHoldsNoSecret(t *testing.T) {
	for _, in := range []string{
		"https://user:hunter2@example.com/app",
		"user:hunter2@example.com/app",
		"https://bucket.s3.amazonaws.com/app?X-Amz-Signature=hunter2",
		"https://hunter2@example.com/app",
	} {
		_, err := registry.Parse(in)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Parse(%q): %v", in, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range valid {
		f.Add(tt.in)
	}
	for _, tt := range invalid {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		named, wanted := reference.ParseNormalizedNamed(s)
		got, err := registry.Parse(s)
		if (err == nil) != (wanted == nil) {
			t.Fatalf("Parse: %v, containerd: %v", err, wanted)
		}
		if err != nil {
			if fault := err.(*registry.ParseError); fault.Part == "" || fault.Reason == "" {
				t.Fatalf("%+v", fault)
			}
			return
		}
		if want := reference.TagNameOnly(named).String(); got.String() != want {
			t.Fatalf("Parse = %s, containerd: %s", got, want)
		}
		again, err := registry.Parse(got.String())
		again.Original = got.Original
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Fatalf("%s does not read back: %v\n%s", got, err, diff)
		}
		if len(got.Hosts()) < 2 {
			t.Fatalf("%s: %v", got, got.Hosts())
		}
	})
}

func ExampleParse() {
	ref, err := registry.Parse("nginx:1.27")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ref)
	for _, host := range ref.Hosts() {
		fmt.Printf("%-8s %s:%d\n", host.Purpose, host.Name, host.Port)
	}

	_, err = registry.Parse("ghcr.io/MyOrg/app:1")
	fmt.Println(err)
	// Output:
	// docker.io/library/nginx:1.27
	// token    auth.docker.io:443
	// manifest registry-1.docker.io:443
	// layers   :443
	// image reference "ghcr.io/MyOrg/app:1": the repository "MyOrg/app" has upper-case letters; only the registry and the tag may have them
}
