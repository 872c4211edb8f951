package registry

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	almostECR   = regexp.MustCompile(`(^|\.)dkr[.-]ecr(-fips)?\.|^\d+\.ecr\.`)
	accountHost = regexp.MustCompile(`^(\d+)\.dkr[.-]ecr`)
	account     = regexp.MustCompile(`^\d{12}$`)
)

// webSites are hosts of web pages about images, which serve none, and what to write instead.
var webSites = map[string]string{
	"hub.docker.com":  "docker.io",
	"gallery.ecr.aws": "public.ecr.aws",
	"github.com":      "ghcr.io",
}

// Hint says what a reference that was accepted looks like a mistake for, "" if it does not look like one. It proves
// nothing: whoever knows that the image is there has no use for it.
func (r Reference) Hint() string {
	first, rest, _ := strings.Cut(r.Repository, "/")
	switch {
	case r.ECR != nil:
		return ""
	case almostECR.MatchString(r.Registry):
		return r.almostECRHint()
	case r.Registry == "docker.io" && first == "library" && almostECR.MatchString(rest):
		return "it is the host of an Amazon ECR registry without a repository after it"
	case r.Registry == "docker.io" && account.MatchString(first):
		return fmt.Sprintf("an image in the Amazon ECR of account %s begins with %[1]s.dkr.ecr.REGION.amazonaws.com/", first)
	case r.Registry == "docker.io" && r.Repository == "library/latest":
		return "it is an image called latest; a tag stands after the name and a colon"
	case webSites[r.Registry] != "":
		return fmt.Sprintf("%s is a web site; its images are at %s", r.Registry, webSites[r.Registry])
	case r.Registry == "quay.io" && first == "repository" && strings.Contains(rest, "/"):
		return "quay.io/repository/… is a page of the web site; the image is quay.io/" + rest
	case !strings.ContainsAny(r.Registry, ".:[") && r.Registry != "localhost":
		return fmt.Sprintf("its upper-case letters make %s the name of a host", r.Registry)
	}
	return ""
}

// almostECRHint is for a host that has something of an ECR host's form.
func (r Reference) almostECRHint() string {
	m := accountHost.FindStringSubmatch(r.Registry)
	switch {
	case strings.HasPrefix(r.Registry, "dkr"):
		return "the host of an Amazon ECR registry begins with the account: ACCOUNT." + r.Registry
	case m == nil:
		return "the host of an Amazon ECR registry is of the form ACCOUNT.dkr.ecr.REGION.amazonaws.com"
	case !account.MatchString(m[1]):
		return fmt.Sprintf("the account in its host has %d digits, and an AWS account has 12", len(m[1]))
	}
	return "its host looks like one of Amazon ECR, and no partition of AWS has such a name for its Region"
}
