package checks

import (
	"regexp"
	"slices"
	"strings"
)

// sign is a wording that tells a kind of failure; stage is set where it tells that, too.
type sign struct {
	kind  Kind
	stage *Stage
	text  *regexp.Regexp
}

// words compiles what is looked for in a text in lower case: that is several times faster than folding in the expression.
func words(expression string) *regexp.Regexp { return regexp.MustCompile(expression) }

// pullFailure are the wordings that only a failed pull has; the others are told by their signs if they name an image.
var (
	pullFailure = words(`cannotpull\w*error|unable to pull secrets or registry auth|retrieve (ecr registry auth|secrets? from (asm|ssm))|` +
		`unable to assume (the )?role|(image manifest|ref pull|inspect image) has been retried|the task can'?t pull|the task cannot pull|` +
		`failed to (pull|resolve ref|copy|authorize)|pull access denied|error pulling image|toomanyrequests|failed commit on ref|dockertimeouterror`)
	otherFailure = words(`cannot(create|start|stop|inspect)\w*error|initialize logging driver|exec format error|efs (utils|volume)`)
)

func isPullFailure(lower string) bool {
	return pullFailure.MatchString(lower) && !otherFailure.MatchString(lower)
}

// stageOfText reads the step from the words that the agent and the runtime put around every failure of that step.
func stageOfText(lower string) (Stage, string) {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(lower, p) })
	}
	switch {
	case has("unable to assume"):
		return Assume, ""
	case has("from asm", "from aws secrets manager", "from secrets manager"):
		return Authenticate, "secretsmanager"
	case has("from ssm", "from aws systems manager"):
		return Authenticate, "ssm"
	case has("secrets or registry auth", "ecr registry auth", "cannot pull registry auth", "ecr:getauthorizationtoken"):
		if has("ecr registry auth", "cannot pull registry auth", "getauthorizationtoken", "api.ecr") {
			return Authenticate, "ecr"
		}
		return Authenticate, ""
	case has("failed to extract", "diffids", "wrong diff id", "rootfs and manifest layers"):
		return Unpack, ""
	case has("failed to copy", "redacted ecr url", "starport-layer-bucket", "getimageblob", "nil pointer dereference") && !has("/manifests/"):
		return Download, ""
	}
	return Resolve, ""
}

// signs are looked for in this order: a text often holds the words of a later one, too.
var signs = []sign{
	{KindAssume, new(Assume), words(`unable to assume (the )?role`)},
	{KindDisk, nil, words(`no space left on device|not enough space on the disk`)},
	{KindFormat, nil, words(`number of layers and diffids|rootfs and manifest layers|manifest\.v1\+prettyjws|unexpected commit digest|wrong diff id|content size of zero`)},
	{KindPlatform, new(Resolve), words(`descriptor matching platform|find a descriptor for platform|no match for platform|no matching manifest for|incompatible with a .*host`)},
	{KindRateLimit, nil, words(`toomanyrequests|too many requests|pull rate limit|throttlingexception|rateexceeded`)},
	{KindKey, nil, words(`access to kms is not allowed|kms:decrypt`)},
	{KindSecret, nil, words(`did not contain json key|can'?t retrieve the secret|marked for deletion|invalid schema|authorizationdata is malformed|empty secrets value|resourcenotfoundexception|invalid name|invalid ssm parameters`)},
	{KindDNS, nil, words(`no such host|lookup [^ ]+ on [^ ]+: .*(timeout|misbehaving)|read udp .*timeout|server misbehaving`)},
	{KindTLS, nil, words(`x509:|tls handshake timeout|certificate (is valid|signed)`)},
	{KindTimeout, nil, words(`i/o timeout|request canceled while waiting for connection|context deadline exceeded|deadlineexceeded|connection refused|connection reset|connection timed out|signal: killed|network is unreachable|no route to host|client\.timeout exceeded|connection issue between the task|requestcanceled|dockertimeouterror|failed to do request: get redacted`)},
	{KindDigestGone, new(Resolve), words(`head request to [^ ]*/blobs/sha256[^ ]*: 40[13]|@sha256:[0-9a-f]+: not found`)},
	{KindDenied, nil, words(`not authorized to perform|accessdenied|403 forbidden|check that the role has the permissions`)},
	{KindCredentials, nil, words(`no basic auth credentials|401 unauthorized|failed to authorize|anonymous token|insufficient_scope|requested access to the resource is denied|pull access denied|incorrect username or password`)},
	{KindNotFound, nil, words(`not found|manifest unknown|name unknown|check whether the image exists`)},
	{KindRegistry, nil, words(`: 5\d\d (internal|bad gateway|service|gateway)`)},
	{KindTimeout, nil, words(`failed to do request: (get|head)|error pulling image configuration: get`)},
}

var (
	hubManifest   = words(`unexpected status code https://registry-1\.docker\.io/v2/[^ ]*/manifests/sha256`)
	silence       = words(`context canceled|nil pointer dereference`)
	cachePrefix   = words(`\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com[^/]*/(docker-hub|ecr-public|quay|kubernetes|k8s|github|ghcr|gitlab|chainguard)/`)
	ecrRegistry   = words(`\d{12}\.dkr[.-]ecr`)
	upstreamHosts = words(`(docker\.com|cloudfront\.net|cloudflarestorage\.com|githubusercontent\.com|quay\.io)$`)
)

// reconsider reads what several parts of a text tell together.
func (s *Symptom) reconsider(lower string) {
	switch {
	case s.Kind == KindOther && silence.MatchString(lower):
		// AWS puts both down to a missing way to Amazon ECR, the second to S3.
		// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
		s.Kind, s.Likely = KindTimeout, true
	case s.Kind == KindOther && hubManifest.MatchString(lower):
		// Docker Hub counts the GET of a manifest: what ECS cut off behind it is mostly 429.
		s.Kind, s.Stage, s.Likely = KindRateLimit, Resolve, true
	case s.Stage == Download && ecrRegistry.MatchString(strings.ToLower(s.Ref)) && upstreamHosts.MatchString(strings.ToLower(s.Host)):
		// Layers of Amazon ECR come from the upstream only on the first pull through a cache rule.
		s.Kind = KindPullThroughCache
	case s.Kind == KindDenied && s.HTTPStatus == 403 && s.Action == "" && cachePrefix.MatchString(lower):
		s.Kind, s.Likely = KindPullThroughCache, true
	case s.Kind == KindOther && s.Service != "" && s.Truncated && s.Retries == 1:
		// What is refused is not tried again; what does not answer is, up to five times.
		s.Kind, s.Likely = KindDenied, true
	case s.Kind == KindOther && s.Service != "" && s.Retries > 1:
		s.Kind, s.Likely = KindTimeout, true
	}
}

// The checks by what they ask about.
var (
	networkChecks = []string{"dns", "security-group", "network-acl", "route", "public-ip", "vpc-endpoints"}
	policyChecks  = []string{"execution-role", "repository-policy", "endpoint-policy"}
	imageChecks   = []string{"image", "pull-through-cache", "rate-limit", "platform", "image-format", "storage"}
)

// ruledOut returns the checks whose findings cannot have caused a symptom: who was answered was reached, and who was not
// answered was not refused.
func ruledOut(s Symptom) []string {
	if s.Likely {
		return []string{}
	}
	switch s.Kind {
	case KindTimeout:
		out := slices.Concat(policyChecks, imageChecks, []string{"registry-credentials"})
		if s.IP.IsValid() {
			out = append(out, "dns") // a name was resolved to what was dialled
		}
		return out
	case KindDNS, KindTLS:
		return slices.Concat(policyChecks, imageChecks, []string{"registry-credentials"})
	case KindAssume:
		return slices.Concat(networkChecks, imageChecks, []string{"repository-policy", "endpoint-policy", "registry-credentials"})
	case KindDenied, KindCredentials, KindKey:
		if s.Stage == Authenticate {
			return slices.Concat(networkChecks, imageChecks)
		}
		return networkChecks
	case KindNotFound, KindDigestGone, KindSecret, KindRegistry:
		return networkChecks
	case KindPlatform, KindRateLimit, KindDisk, KindFormat:
		return slices.Concat(networkChecks, policyChecks)
	}
	return []string{}
}
