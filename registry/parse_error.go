package registry

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Part is the part of an image reference that is at fault.
type Part string

// The parts of a reference.
const (
	PartReference  Part = "reference" // the whole text
	PartRegistry   Part = "registry"
	PartRepository Part = "repository"
	PartTag        Part = "tag"
	PartDigest     Part = "digest"
)

// ParseError says which part of an image reference containerd would refuse, and why.
type ParseError struct {
	Ref    string // as given, less the credentials of a URL and anything after a question mark
	Part   Part
	Reason string // a predicate: "is empty", "is 130 characters long; 128 are allowed"
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("image reference %q: the %s %s", e.Ref, e.Part, e.Reason)
}

// explain finds what is wrong with a reference that the parser refused. It runs only after the refusal, so that it
// can never refuse what containerd accepts; the parser's own errors name the part only now and then.
func explain(s string) *ParseError {
	fault := func(part Part, format string, args ...any) *ParseError {
		return &ParseError{Ref: withoutSecrets(s), Part: part, Reason: fmt.Sprintf(format, args...)}
	}
	if reason := textFault(s); reason != "" {
		return fault(PartReference, "%s", reason)
	}
	name, checksum, hasDigest := strings.Cut(s, "@")
	if strings.Contains(checksum, "/") {
		return fault(PartRegistry, "has something before an @; credentials are not part of an image reference")
	}
	host, rest := splitRegistry(name)
	if host != "" && !isName(host+"/x") {
		return fault(PartRegistry, "%q is not a host name with an optional numeric port", host)
	}
	repository, tag, hasTag := strings.Cut(rest, ":")
	if reason := repositoryFault(repository); reason != "" {
		return fault(PartRepository, "%s", reason)
	}
	if reason := tagFault(tag); hasTag && reason != "" {
		return fault(PartTag, "%s", reason)
	}
	if reason := digestFault(checksum); hasDigest && reason != "" {
		return fault(PartDigest, "%s", reason)
	}
	if wholly(reference.IdentifierRegexp, name) {
		return fault(PartRepository, "is 64 hexadecimal digits, which is an image ID and not a name")
	}
	return fault(PartReference, "is not of the form [registry/]repository[:tag][@digest]")
}

// placeholders are what templates leave behind when a variable is not filled in: shell and CloudFormation,
// Go and Helm, documentation, the shell again, Windows.
var placeholders = regexp.MustCompile(`\$\{[^}]*\}?|\{\{.*?\}\}|<[^>]*>|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Za-z_]+%`)

// textFault finds what no part of a reference may contain.
func textFault(s string) string {
	if s == "" {
		return "is empty"
	}
	if p := placeholders.FindString(s); p != "" {
		return fmt.Sprintf("contains the placeholder %s, which nothing has filled in", p)
	}
	if scheme, _, ok := strings.Cut(s, "://"); ok {
		return fmt.Sprintf("begins with the scheme %q; an image reference begins with the registry's host", scheme+"://")
	}
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			return fmt.Sprintf("has white space (%U) at byte %d", r, i)
		case unicode.IsControl(r):
			return fmt.Sprintf("has a control character (%U) at byte %d", r, i)
		case r > unicode.MaxASCII:
			return fmt.Sprintf("has the character %q (%U), which is not ASCII, at byte %d", r, r, i)
		}
	}
	return ""
}

func repositoryFault(repository string) string {
	switch {
	case repository == "":
		return "is empty"
	case strings.HasPrefix(repository, "/"), strings.HasSuffix(repository, "/"), strings.Contains(repository, "//"):
		return "has an empty component: a slash too many"
	case strings.ToLower(repository) != repository:
		return fmt.Sprintf("%q has upper-case letters; only the registry and the tag may have them", repository)
	case len(repository) > reference.RepositoryNameTotalLengthMax:
		return fmt.Sprintf("is %d characters long; %d are allowed", len(repository), reference.RepositoryNameTotalLengthMax)
	}
	for component := range strings.SplitSeq(repository, "/") {
		if !isName(component) {
			return fmt.Sprintf("has the component %q; it must be lower-case letters and digits, "+
				"with single dots, one or two underscores, or dashes between them", component)
		}
	}
	return ""
}

func tagFault(tag string) string {
	switch {
	case tag == "":
		return "is empty after its colon"
	case strings.Contains(tag, "/"):
		return fmt.Sprintf("%q has a slash; a host with a port is the first component of a reference", tag)
	case strings.HasPrefix(tag, "."), strings.HasPrefix(tag, "-"):
		return fmt.Sprintf("%q begins with a dot or a dash", tag)
	case wholly(reference.TagRegexp, tag):
		return ""
	case len(tag) > 128:
		return fmt.Sprintf("is %d characters long; 128 are allowed", len(tag))
	}
	return fmt.Sprintf("%q may hold only letters, digits, underscores, dots and dashes", tag)
}

func digestFault(checksum string) string {
	_, err := digest.Parse(checksum)
	algorithm, hex, ok := strings.Cut(checksum, ":")
	switch {
	case err == nil:
		return ""
	case !ok:
		return fmt.Sprintf("%q is not of the form algorithm:hexadecimal, such as sha256:…", checksum)
	case errors.Is(err, digest.ErrDigestUnsupported):
		return fmt.Sprintf("uses the algorithm %q; sha256, sha384 and sha512 are known", algorithm)
	case errors.Is(err, digest.ErrDigestInvalidLength):
		return fmt.Sprintf("has %d characters after %s:, not %d", len(hex), algorithm, digest.Algorithm(algorithm).Size()*2)
	}
	return fmt.Sprintf("%q is not lower-case hexadecimal after its algorithm", checksum)
}

// splitRegistry tells the registry's host from the repository by Docker's rule: the first component is a host if it
// has a dot, a colon or an upper-case letter, or is "localhost".
func splitRegistry(name string) (host, rest string) {
	first, rest, ok := strings.Cut(name, "/")
	if ok && (strings.ContainsAny(first, ".:") || first == "localhost" || strings.ToLower(first) != first) {
		return first, rest
	}
	return "", name
}

func isName(s string) bool {
	_, err := reference.WithName(s)
	return err == nil
}

func wholly(expression *regexp.Regexp, s string) bool {
	at := expression.FindStringIndex(s)
	return at != nil && at[0] == 0 && at[1] == len(s)
}

// withoutSecrets drops what a URL pasted in the place of a reference may carry: a password, a signed query.
func withoutSecrets(s string) string {
	s, _, _ = strings.Cut(s, "?")
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", s
	} else {
		scheme += "://"
	}
	if credentials, host, ok := strings.Cut(rest, "@"); ok && (scheme != "" || strings.Contains(host, "/")) && !strings.Contains(credentials, "/") {
		rest = host
	}
	return scheme + rest
}
