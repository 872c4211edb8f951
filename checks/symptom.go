package checks

import (
	"regexp"
	"strconv"
	"strings"
)

// Symptom is what the text of a failed start proves by itself.
type Symptom struct {
	Kind       Kind
	Stage      Stage
	Host       string   // the host that was asked, "" when the text does not show it
	IP         string   // the address that was dialled
	HTTPStatus int      // what a registry or an API answered; 0 for none
	Action     string   // the IAM action that was denied
	RuledOut   []string // causes that the text excludes
}

// Kind is the shape of a failure.
type Kind string

// The kinds of failures to pull.
const (
	KindAssume      Kind = "assume"       // ECS could not assume the execution role
	KindDNS         Kind = "dns"          // a name did not resolve
	KindTimeout     Kind = "timeout"      // a connection was not answered
	KindTLS         Kind = "tls"          // a certificate or handshake was refused
	KindDenied      Kind = "denied"       // AWS or the registry answered that it is not allowed
	KindCredentials Kind = "credentials"  // the registry asked for credentials or refused them
	KindDigestGone  Kind = "digest-gone"  // a pinned digest is no longer there
	KindNotFound    Kind = "not-found"    // the registry has no such image
	KindPlatform    Kind = "platform"     // no image for the task's platform
	KindRateLimit   Kind = "rate-limit"   // the registry answered 429
	KindDisk        Kind = "disk"         // no space left
	KindFormat      Kind = "format"       // the image's format was refused
	KindOther       Kind = "pull-failure" // a pull failed, and the text shows no more
)

var (
	lookupText = regexp.MustCompile(`(?i)lookup ([^ :]+)`)
	dialText   = regexp.MustCompile(`(?i)dial tcp \[?([0-9a-f.:]+?)\]?:\d+:`)
	urlText    = regexp.MustCompile(`(?i)https?://([^/"\s:]+)`)
	statusText = regexp.MustCompile(`(?i)(?:: |statuscode: |\]: )([1-5]\d\d)\b(?: [a-z]+|,)`)
	actionText = regexp.MustCompile(`(?i)not authorized to perform:? ([a-z0-9-]+:[a-z]+)`)
	blankText  = regexp.MustCompile(`\s+`)
)

// signs are told apart in this order: a text often holds the words of a later one, too.
var signs = []struct {
	kind     Kind
	stage    Stage
	text     *regexp.Regexp
	ruledOut []string
}{
	{KindAssume, Assume, sign(`unable to assume (the )?role`), []string{"routes and DNS", "the image"}},
	{KindDisk, Unpack, sign(`no space left on device|not enough space on the disk`), []string{"the network", "permissions", "the image's existence"}},
	{KindFormat, Unpack, sign(`number of layers and diffids|manifest\.v1\+prettyjws|unexpected commit digest|wrong diff id`), []string{"the network", "permissions"}},
	{KindPlatform, Resolve, sign(`descriptor matching platform|find a descriptor for platform|no match for platform|no matching manifest for|incompatible with a .*host`), []string{"the network", "permissions", "rate limits"}},
	{KindRateLimit, Resolve, sign(`toomanyrequests|too many requests|pull rate limit`), []string{"the network", "permissions", "the image's existence"}},
	{KindDNS, Resolve, sign(`no such host|lookup [^ ]+ on [^ ]+: .*(timeout|misbehaving)|read udp .*timeout|server misbehaving`), []string{"permissions", "the image's existence"}},
	{KindTLS, Resolve, sign(`x509:|tls handshake timeout|certificate (is valid|signed)`), []string{"permissions", "the image's existence"}},
	{KindTimeout, Resolve, sign(`i/o timeout|request canceled while waiting for connection|context deadline exceeded|connection refused|network is unreachable|no route to host|client\.timeout exceeded|connection issue between the task|requestcanceled`), []string{"permissions", "the image's existence", "its platform"}},
	{KindDigestGone, Resolve, sign(`/blobs/sha256[^ ]*: 40[13]`), []string{"the network", "the image's platform"}},
	{KindDenied, Resolve, sign(`not authorized to perform|accessdenied|403 forbidden|check that the role has the permissions`), []string{"the network path to the host that answered"}},
	{KindCredentials, Resolve, sign(`no basic auth credentials|401 unauthorized|failed to authorize|anonymous token|insufficient_scope|requested access to the resource is denied|incorrect username or password|authorizationdata is malformed|invalid schema`), []string{"the network path to the host that answered"}},
	{KindNotFound, Resolve, sign(`not found|manifest unknown|name unknown|check whether the image exists`), []string{"the network path to the registry"}},
}

func sign(words string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + words) }

// pullError matches the names of errors that a pull ends with.
var pullError = sign(`CannotPull(ECR)?Container(Auth)?Error|CannotPullImageManifestError|unable to pull secrets or registry auth|unable to retrieve ecr registry auth|was unable to assume (the )?role|pull image manifest has been retried|ref pull has been retried|inspect image has been retried|the task can.?t pull the image|the task cannot pull`)

// parseSymptom reads why a task did not start. ok is false for a text that is not about a pull.
func parseSymptom(text string) (s Symptom, ok bool) {
	text = strings.TrimSpace(blankText.ReplaceAllString(strings.NewReplacer("\u2018", "'", "\u2019", "'").Replace(text), " "))
	if !pullError.MatchString(text) {
		return Symptom{}, false
	}
	s = Symptom{Kind: KindOther, Stage: Resolve}
	for _, sign := range signs {
		if sign.text.MatchString(text) {
			s.Kind, s.Stage, s.RuledOut = sign.kind, sign.stage, sign.ruledOut
			break
		}
	}
	lower := strings.ToLower(text)
	switch {
	case s.Kind == KindAssume || s.Stage == Unpack:
	case strings.Contains(lower, "secrets or registry auth") || strings.Contains(lower, "registry auth") || strings.Contains(lower, "cannot pull secrets"):
		s.Stage = Authenticate
	case strings.Contains(lower, "failed to copy") || strings.Contains(lower, "redacted") || strings.Contains(lower, "starport-layer-bucket"):
		s.Stage = Download
	}
	if m := dialText.FindStringSubmatch(text); m != nil {
		s.IP = m[1]
	}
	switch {
	case s.Kind == KindDNS && lookupText.MatchString(text):
		s.Host = lookupText.FindStringSubmatch(text)[1]
	case s.Stage != Download && urlText.MatchString(text): // ECS hides the host of a layer behind the image's name
		s.Host = urlText.FindStringSubmatch(text)[1]
	}
	if m := statusText.FindStringSubmatch(text); m != nil {
		s.HTTPStatus, _ = strconv.Atoi(m[1]) // three digits
	}
	if m := actionText.FindStringSubmatch(text); m != nil {
		s.Action = m[1]
	}
	return s, true
}
