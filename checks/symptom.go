package checks

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Symptom is what the text of a failed start proves by itself. An empty field is one that the text does not show.
type Symptom struct {
	Kind  Kind
	Stage Stage
	// Likely is set when the kind is only the likeliest reading, because the text was cut or fits another as well.
	Likely     bool
	Service    string     // the AWS service that was asked: "ecr", "secretsmanager", "ssm"
	Host       string     // the host that was asked; ECS hides the host of a layer
	IP         netip.Addr // the address that was dialled
	Port       uint16     // and its port
	HTTPStatus int        // what a registry or an API answered
	Action     string     // the IAM action that was denied
	PolicyKind string     // the kind of policy that denied it, in IAM's words: "service control policy"
	Ref        string     // the image as the text names it
	Digest     string     // the digest that was asked for
	Platform   string     // the platform that was looked for: "linux/amd64"
	Role       string     // the role that could not be assumed
	Retries    int        // how often it was tried again, which proves little
	Truncated  bool       // the text was cut: what it lacks proves nothing
	RuledOut   []string   // the IDs of the checks whose findings cannot have caused it
}

// Kind is the shape of a failure.
type Kind string

// The kinds of failures to pull.
const (
	KindAssume           Kind = "assume"             // ECS could not assume the execution role
	KindDNS              Kind = "dns"                // a name did not resolve
	KindTimeout          Kind = "timeout"            // a connection was not answered
	KindTLS              Kind = "tls"                // a certificate or handshake was refused
	KindDenied           Kind = "denied"             // AWS or the registry answered that it is not allowed
	KindKey              Kind = "key"                // the secret's KMS key may not be used
	KindSecret           Kind = "secret"             // the secret is missing, or not in the form that ECS reads
	KindCredentials      Kind = "credentials"        // the registry asked for credentials or refused them
	KindDigestGone       Kind = "digest-gone"        // a pinned digest is no longer there
	KindNotFound         Kind = "not-found"          // the registry has no such image
	KindPlatform         Kind = "platform"           // no image for the task's platform
	KindRateLimit        Kind = "rate-limit"         // the registry, or an AWS API, answered that it is asked too often
	KindPullThroughCache Kind = "pull-through-cache" // the first pull through a cache rule went wrong
	KindRegistry         Kind = "registry"           // the registry answered with a server error
	KindDisk             Kind = "disk"               // no space left
	KindFormat           Kind = "format"             // the image's format was refused
	KindOther            Kind = "pull-failure"       // a pull failed, and the text shows no more
)

// ParseSymptom reads why ECS, or a container runtime, says that a task did not start. ok is false for a text that is not
// about a pull. A wording that is not known keeps the stage that it still proves.
//
// The grammar is that of AWS's pages on CannotPullContainer and ResourceInitializationError errors and of the runtimes'
// own errors; the stage is read more surely from a text than its cause.
func ParseSymptom(text string) (s Symptom, ok bool) {
	text = normal(text)
	lower := strings.ToLower(text)
	if !isPullFailure(lower) {
		return Symptom{}, false
	}
	s.Truncated = strings.HasSuffix(text, "...") || strings.HasSuffix(text, "…")
	s.Stage, s.Service = stageOfText(lower)
	s.Kind = KindOther
	s.extract(text)
	for _, sign := range signs {
		if sign.text.MatchString(lower) {
			s.Kind = sign.kind
			if sign.stage != nil {
				s.Stage = *sign.stage
			}
			break
		}
	}
	s.reconsider(lower)
	s.RuledOut = ruledOut(s)
	return s, true
}

// stageOpen reports a text that shows no more than that the token was there: no image, no host and no cause for certain.
func (s Symptom) stageOpen() bool {
	return s.Stage == Resolve && (s.Kind == KindOther || s.Likely) && s.Ref == "" && s.Host == ""
}

var (
	blanks      = regexp.MustCompile(`\s+`)
	stoppedAt   = regexp.MustCompile(`^[^:：]{1,40}[:：] ?\d{4}-\d\d-\d\dT[0-9:.]+Z `) // the console's line above, in any language
	stoppedWrap = regexp.MustCompile(`^STOPPED \((.*)\)$`)
	quotes      = strings.NewReplacer("\u2018", "'", "\u2019", "'", "\u201c", `"`, "\u201d", `"`)
)

// normal brings a text to one line with plain quotes and takes off what a console wraps around it.
func normal(text string) string {
	const longest = 4 << 10 // ECS cuts its reasons far shorter
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	text = strings.TrimSpace(blanks.ReplaceAllString(quotes.Replace(text), " "))
	text = stoppedAt.ReplaceAllString(text, "")
	if m := stoppedWrap.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	return text
}

var (
	lookupText   = regexp.MustCompile(`(?i)lookup ([^ :]+)`)
	dialText     = regexp.MustCompile(`(?i)dial tcp \[?([0-9a-f.:]+?)\]?:(\d+):`)
	urlText      = regexp.MustCompile(`(?i)https?://([^/"\s:?]+)`)
	pullHostText = regexp.MustCompile(`(?i)pulling from host (\S+)`)
	statusTexts  = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(?:: |\]: )([1-5]\d\d) (?:bad|unauthorized|forbidden|not found|method|too many|internal|not impl|service|gateway)`),
		regexp.MustCompile(`(?i)status ?code: ([1-5]\d\d)\b`),
		regexp.MustCompile(`(?i)API error \(([1-5]\d\d)\)`),
	}
	actionText   = regexp.MustCompile(`(?i)not authorized to perform:? ([a-z0-9-]+:[a-z]+)`)
	policyText   = regexp.MustCompile(`(?i)(?:because no|explicit deny in an?) ([a-z -]+?(?:policy|boundary))`)
	refText      = regexp.MustCompile(`(?i)(?:failed to resolve ref(?:erence)?|pull access denied for|failed to pull(?: and unpack)? image|cannot pull|related to|manifest for|error: image) ['"]?([^\s'",]+)`)
	layerRefText = regexp.MustCompile(`(?i)failed to do request: Get "?([^\s":/]+\.[^\s"]+:[^\s":]+):`)
	digestText   = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	platformText = regexp.MustCompile(`(?i)platform ['{]?([a-z]+/[a-z0-9/]+)|manifest for ((?:linux|windows)/[a-z0-9/]+)`)
	roleText     = regexp.MustCompile(`(?i)assume the role '?([^' ]+)`)
	retriesText  = regexp.MustCompile(`(?i)has been retried (\d+) time`)
)

// extract reads what the text names.
func (s *Symptom) extract(text string) {
	if m := dialText.FindStringSubmatch(text); m != nil {
		if port, err := strconv.ParseUint(m[2], 10, 16); err == nil {
			s.Port = uint16(port)
		}
		s.IP, _ = netip.ParseAddr(m[1]) // what is no address stays the zero one
	}
	switch {
	case lookupText.MatchString(text):
		s.Host = first(lookupText, text)
	case s.Stage != Download && urlText.MatchString(text), strings.Contains(text, "registry-1.docker.io/v2/"):
		s.Host = first(urlText, text)
	case s.Stage == Download && urlText.MatchString(text): // shown only where ECS had nothing to hide
		s.Host = first(urlText, text)
	case pullHostText.MatchString(text):
		s.Host = first(pullHostText, text)
	}
	for _, status := range statusTexts {
		if code, err := strconv.Atoi(first(status, text)); err == nil && s.HTTPStatus == 0 {
			s.HTTPStatus = code
		}
	}
	s.Action = first(actionText, text)
	s.PolicyKind = strings.TrimSpace(first(policyText, text))
	s.Ref = strings.TrimRight(first(refText, text), ":.")
	if s.Ref == "" {
		s.Ref = first(layerRefText, text)
	}
	s.Digest = digestText.FindString(text)
	s.Platform = first(platformText, text)
	s.Role = strings.TrimRight(first(roleText, text), "'")
	s.Retries, _ = strconv.Atoi(first(retriesText, text)) // none is 0
}

// first returns the first group of an expression's first match that is not empty.
func first(e *regexp.Regexp, text string) string {
	m := e.FindStringSubmatch(text)
	for _, group := range m[min(1, len(m)):] {
		if group != "" {
			return group
		}
	}
	return ""
}
