package checks

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names maps names to others, letter by letter: a letter to a letter of its case, a digit to a digit, by a permutation that
// hangs on the key and on what stands before it in its word. So names that begin alike still do, as do a name and the
// patterns of policies that match it: "app-pro*" matches what "app-prod" becomes. A word begins behind what is neither
// letter nor digit, and with whatever some pattern has behind a wildcard, for "*role" to match what "approle" becomes.
type names struct {
	key       []byte
	begin     []string          // in lower case, what begins a word within one
	accounts  map[string]string // by account ID
	addresses *addressMap
	private   map[string]bool // the words that were mapped, in lower case
	letters   map[string][]byte
}

var behindWildcard = regexp.MustCompile(`[*?]([0-9A-Za-z]+)`)

// newNames reads from a snapshot's document what its patterns are.
func newNames(key, document []byte, addresses *addressMap) *names {
	n := &names{key: key, accounts: map[string]string{}, addresses: addresses, private: map[string]bool{}, letters: map[string][]byte{}}
	for _, m := range behindWildcard.FindAllSubmatch(document, -1) {
		n.begin = with(n.begin, strings.ToLower(string(m[1])))
	}
	return n
}

const (
	regions   = `(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(?:-(?:gov|iso[a-z]?|de))?-(?:central|north|south|east|west|northeast|northwest|southeast|southwest)-\d[a-z]?`
	suffixes  = `(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|api\.aws|on\.amazonwebservices\.com\.cn|api\.amazonwebservices\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov|cloudfront\.net|cloudflarestorage\.com)`
	services  = `(?:api|dkr|dkr-ecr|dkr-ecr-fips|ecr|ecr-fips|ecr-public|s3|s3-fips|dualstack|secretsmanager|kms|ssm|sts|iam|logs|ec2|ecs|ecs-tasks|lambda|events|vpce|elb)`
	resources = `(?:role|user|group|policy|root|assumed-role|federated-user|repository|secret|key|alias|task|task-definition|service|cluster|subnet|vpc|vpc-endpoint|security-group|core-network|transit-gateway|parameter|organization|ou|network-interface)`
	ids       = `(?:vpc|subnet|sg|eni|igw|eigw|nat|vgw|lgw|cagw|vpce|vpce-svc|rtb|acl|dopt|pl|pcx|i|tgw|tgw-attach|tgw-rtb|eipalloc|vpcbpa-exclude|o)`
	hubs      = `(?:docker\.io|[a-z0-9-]+\.docker\.(?:io|com)|production\.cloudflare\.docker\.com|(?:pkg-containers\.)?(?:ghcr\.io|githubusercontent\.com)|(?:[a-z0-9]+\.)?quay\.io|(?:registry\.)?gitlab\.com|mcr\.microsoft\.com|(?:[a-z]+\.)?gcr\.io|registry\.k8s\.io|public\.ecr\.aws|ecr-public\.aws\.com|cgr\.dev)`
)

// publicNames is what stays of any text: of each, its first group, or the whole. It is AWS's own, or a public registry's.
var publicNames = compiled(
	`sha(?:256|512):[0-9a-f]+`, // says nothing to who does not have the image
	`arn:[^:\s]*:[^:\s]*:[^:\s]*:aws:[^\s'",]*`,
	`arn:[^:\s]*:[^:\s]*:[^:\s]*:`,
	`arn:(?:[^:\s]*:){4}(`+resources+`)[:/*]`,
	`arn:(?:[^:\s]*:){4}(root)$`,
	`\b`+regions+`\b`,
	`\b(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)-[*?]`,
	`(?:\b`+services+`\.)+(?:`+regions+`\.)?(?:vpce\.|elb\.|api\.)?`+suffixes+`\b`,
	`\.(?:dkr[.-]ecr(?:-fips)?\.)?(?:`+regions+`\.)?(?:vpce\.|elb\.)?`+suffixes+`\b`,
	`com\.amazonaws\.(?:`+regions+`|global)(?:\.[a-z0-9-]+){1,3}`,
	`^aws\.(?:api|sagemaker)\.[a-z0-9.-]+`,
	`(?:^|[^0-9A-Za-z.-])(`+hubs+`)(?:[^0-9A-Za-z.-]|\.?$)`,
	`\b(`+ids+`-)[0-9A-Za-z*?]`,
	`\b(?:AROA|AIDA|AGPA|ASIA|AKIA)`, // the kind of a unique id
	`\$\{[a-z0-9-]+:[0-9A-Za-z]+`,    // a policy variable
	`:::(prod)-`, `\bstarport(?:-layer(?:-bucket)?)?\b`,
	`\becr-pullthroughcache/`, `\balias/aws/[a-z]+`,
	`\b(?:docker-hub|ecr-public|quay|kubernetes|k8s|github|ghcr|gitlab|chainguard|library)\b`, // as cache rules are named by default
	`\b(?:latest|localhost|AmazonProvidedDNS)\b`,
	`^(?:local|root|ROOT|true|false|aws|default|unrestricted|trust policy)$`,
	`:(\d{2,5})/`, // a registry's port
)

func compiled(expressions ...string) (all []*regexp.Regexp) {
	for _, e := range expressions {
		all = append(all, regexp.MustCompile(e))
	}
	return all
}

var addressText = compiled(
	`\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,3})?`,
	`[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,}(?:(?:\.\d{1,3}){3})?(?:/\d{1,3})?`,
)

// of maps whatever a text holds of names, account IDs and addresses, and leaves what also keeps says.
func (n *names) of(text string, also ...*regexp.Regexp) string {
	kept := make([]bool, len(text)+1)
	for _, e := range append(also, publicNames...) {
		for _, m := range e.FindAllStringSubmatchIndex(text, -1) {
			if len(m) > 2 {
				m = m[2:]
			}
			for i := max(m[0], 0); i < m[1]; i++ {
				kept[i] = true
			}
		}
	}
	addresses := n.addressesIn(text)
	var b strings.Builder
	for i := 0; i < len(text); {
		if a, ok := addresses[i]; ok {
			b.WriteString(a.mapped)
			i = a.end
			continue
		}
		end := i
		for end < len(text) && !kept[end] {
			c, size := utf8.DecodeRuneInString(text[end:])
			if _, ok := addresses[end]; ok || !inWord(c) {
				break
			}
			end += size
		}
		if end > i {
			b.WriteString(n.word(text[i:end]))
			i = end
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		b.WriteString(text[i : i+size])
		i += size
	}
	return b.String()
}

func inWord(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || c >= utf8.RuneSelf && c != utf8.RuneError
}

// foundAddress is an address or a block in a text.
type foundAddress struct {
	end    int
	mapped string
}

// addressesIn returns the addresses of a text by where they begin.
func (n *names) addressesIn(text string) map[int]foundAddress {
	found := map[int]foundAddress{}
	part := func(c byte) bool { return c == '.' || c == '_' || c == '-' || inWord(rune(c)) }
	for _, e := range addressText {
		for _, m := range e.FindAllStringIndex(text, -1) {
			start, end := m[0], m[1]
			if start > 0 && part(text[start-1]) || end < len(text) && inWord(rune(text[end])) || end+1 < len(text) && text[end] == '.' && part(text[end+1]) {
				continue
			}
			word, rest := strings.TrimSuffix(text[start:end], ":"), ""
			address, bits, block := strings.Cut(word, "/")
			if block {
				if _, err := netip.ParsePrefix(word); err != nil {
					continue
				}
				rest = "/" + bits
			}
			if a, err := netip.ParseAddr(address); err == nil {
				found[start] = foundAddress{start + len(word), n.addresses.addr(a).String() + rest}
			}
		}
	}
	return found
}

// word maps a run of letters and digits. Twelve digits are an account ID: accounts are numbered.
func (n *names) word(w string) string {
	lower := strings.ToLower(w)
	n.private[lower] = true
	if len(w) == 12 && strings.Trim(w, "0123456789") == "" {
		if n.accounts[w] == "" {
			n.accounts[w] = fmt.Sprintf("%012d", len(n.accounts)+1)
		}
		return n.accounts[w]
	}
	var b strings.Builder
	start := 0
	for i, c := range w {
		for _, begin := range n.begin {
			if len(lower) == len(w) && strings.HasPrefix(lower[i:], begin) {
				start = i
			}
		}
		before := strings.ToLower(w[start:i])
		switch {
		case c >= 'a' && c <= 'z':
			b.WriteByte('a' + n.permutation(before, 26)[c-'a'])
		case c >= 'A' && c <= 'Z':
			b.WriteByte('A' + n.permutation(before, 26)[c-'A'])
		case c >= '0' && c <= '9':
			b.WriteByte('0' + n.permutation(before, 10)[c-'0'])
		default: // a letter for a letter, of one script for all
			b.WriteRune('가' + rune(n.seed(before + string(c))[0])<<5)
		}
	}
	return b.String()
}

// permutation returns a permutation of n things that leaves none where it was (Sattolo, 1986).
func (n *names) permutation(before string, size int) []byte {
	id := fmt.Sprint(size, before)
	if p := n.letters[id]; p != nil {
		return p
	}
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(i)
	}
	random := rand.New(rand.NewChaCha8(n.seed(id)))
	for i := size - 1; i > 0; i-- {
		j := random.IntN(i)
		p[i], p[j] = p[j], p[i]
	}
	n.letters[id] = p
	return p
}

func (n *names) seed(text string) [32]byte {
	mac := hmac.New(sha256.New, n.key)
	mac.Write([]byte(text))
	return [32]byte(mac.Sum(nil))
}
