package registry_test

import (
	"strings"
	"testing"

	"github.com/canpull/canpull/registry"
)

func TestHint(t *testing.T) {
	for in, want := range map[string]string{
		"latest":                                            "called latest",
		"library/latest:latest":                             "called latest",
		"111122223333/app:1":                                "111122223333.dkr.ecr.REGION",
		"dkr.ecr.eu-west-1.amazonaws.com/app":               "begins with the account",
		"111122223333.ecr.eu-west-1.amazonaws.com/app":      "ACCOUNT.dkr.ecr",
		"11112222333.dkr.ecr.eu-west-1.amazonaws.com/app":   "11 digits",
		"111122223333.dkr.ecr.cn-north-1.amazonaws.com/app": "no partition",
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com":      "without a repository",
		"quay.io/repository/org/app":                        "quay.io/org/app",
		"hub.docker.com/r/org/app":                          "docker.io",
		"gallery.ecr.aws/nginx/nginx":                       "public.ecr.aws",
		"github.com/org/app":                                "ghcr.io",
		"MyOrg/app":                                         "the name of a host",

		"nginx": "", "org/app": "", "org/latest": "", "ghcr.io/org/app": "", "quay.io/org/app": "", "quay.io/repository/app": "",
		"localhost/app": "", "localhost:5000/app": "", "[::1]/app": "", "myregistry:5000/app": "",
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/app": "",
	} {
		ref, err := registry.Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := ref.Hint(); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
