package checks_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
	"github.com/canpull/canpull/iam"
	"github.com/canpull/canpull/network"
)

func redact(t *testing.T, s checks.Snapshot) checks.Snapshot {
	t.Helper()
	hidden, err := checks.RedactWith(t.Context(), s, []byte("a key that stays the same"))
	if err != nil {
		t.Fatal(err)
	}
	return hidden
}

// outline says what was found without names, in an order that does not hang on them.
func outline(d checks.Diagnosis) []string {
	lines := []string{d.Status().String()}
	for _, f := range d.Findings {
		lines = append(lines, strings.Join([]string{f.Check, f.Stage.String(), f.Status.String(), string(f.Code), strings.Join(f.Missing, ",")}, " "))
	}
	for _, f := range d.RootCauses() {
		lines = append(lines, "root cause "+string(f.Code))
	}
	slices.Sort(lines)
	return lines
}

// redactsWell fails the test unless a diagnosis gives the same without saying whose it is.
func redactsWell(t *testing.T, d checks.Diagnosis) {
	t.Helper()
	hidden := redact(t, d.Snapshot())
	document := capture(t, hidden)
	again := diagnosed(t, replay(t, document))
	if diff := cmp.Diff(outline(d), outline(again)); diff != "" {
		t.Errorf("redaction changes what is found (-before +after):\n%s", diff)
	}
	if len(again.Paths) != len(d.Paths) {
		t.Errorf("%d paths, %d before", len(again.Paths), len(d.Paths))
	}
	shown := words(document)
	for word := range words(capture(t, d.Snapshot())) {
		if shown[word] && traceable(word) {
			t.Errorf("%s still shows", word)
		}
	}
	names := namesOf(d.Snapshot())
	for word := range words(ownText.ReplaceAllString(document, "")) {
		if slices.Contains(names, word) {
			t.Errorf("the name %s still shows", word)
		}
	}
}

var (
	nameText   = regexp.MustCompile(`[0-9A-Za-z](?:[0-9A-Za-z_.:/@-]*[0-9A-Za-z])?`)
	accountID  = regexp.MustCompile(`^\d{12}$`)
	resourceID = regexp.MustCompile(`^(vpc|subnet|sg|eni|igw|nat|vpce|rtb|acl|tgw|tgw-[a-z]+|pcx|i|dopt|eigw|pl)-[0-9A-Za-z]{2,}$|^AROA.{4,}`)
	ownText    = regexp.MustCompile(`"(stoppedReason|reason|Answer|failureMessage|NotRead|ManifestNotRead)": .*|"[A-Za-z]+":`) // sentences and keys
)

// words are the names of a document, whole and in parts.
func words(document string) map[string]bool {
	all := map[string]bool{}
	for _, found := range nameText.FindAllString(document, -1) {
		all[found] = true
		for _, separators := range []string{"/", "/:", "/:@", "/:.@", "/:.@-"} {
			for _, part := range strings.FieldsFunc(found, func(c rune) bool { return strings.ContainsRune(separators, c) }) {
				all[part] = true
			}
		}
	}
	return all
}

// traceable reports whether a word is an account ID, an ID, a private address, or a block of such. The private ranges as a
// whole are nobody's.
func traceable(word string) bool {
	if p, err := netip.ParsePrefix(word); err == nil {
		return p.Addr().IsPrivate() && p.Bits() > 8
	}
	if a, err := netip.ParseAddr(word); err == nil {
		return a.IsPrivate() && word != "10.0.0.0" && !strings.HasPrefix(word, "fd00:ec2:")
	}
	return accountID.MatchString(word) || word != "vpc-lattice" && resourceID.MatchString(word)
}

// namesOf returns what a snapshot's account calls its things.
func namesOf(s checks.Snapshot) (names []string) {
	add := func(all ...string) {
		for _, name := range all {
			for part := range strings.SplitSeq(name, "/") {
				if len(part) > 1 && !slices.Contains([]string{"cluster", "library", "docker-hub", "ecr-pullthroughcache", "secret", "prod", "logs", "latest", "default", "role", "trust policy"}, part) {
					names = append(names, part)
				}
			}
		}
	}
	last := func(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }
	add(last(s.Task.Cluster), s.Task.Service, last(s.Task.ExecutionRole))
	for _, c := range s.Task.Containers {
		add(c.Name)
	}
	for _, a := range s.Facts.Images {
		add(a.Question.Repository, a.Question.Tag)
	}
	for _, a := range s.Facts.Secrets {
		add(last(a.Question.Name))
	}
	for _, a := range s.Facts.Roles {
		if a.Fact == nil {
			continue
		}
		add(a.Fact.Name, a.Fact.Path)
		for key, value := range a.Fact.Tags {
			add(key, value)
		}
		for _, p := range a.Fact.Identity.Policies {
			if strings.HasPrefix(p.ARN, "arn:aws:iam::aws:") {
				continue
			}
			add(p.Name)
			for _, statement := range p.Document.Statements {
				add(statement.Sid)
			}
		}
	}
	return names
}

func TestARedactedSnapshotGivesTheSameCodes(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) { redactsWell(t, diagnose(t, s)) })
	}
}

// What is private to nobody's eye is found by looking for it. This is what the tests above look for.
func TestTheTestsFindWhatIsTraceable(t *testing.T) {
	d := diagnose(t, scenario(t, checkstest.DefaultScenario))
	found := words(capture(t, d.Snapshot()))
	for _, want := range []string{"111122223333", "10.0.0.0/16", "10.0.1.0/24", "subnet-0private0a", "vpc-0a1b2c3d"} {
		if !found[want] || !traceable(want) {
			t.Errorf("%s is overlooked", want)
		}
	}
	for _, want := range []string{"web", "web-execution"} {
		if !found[want] || !slices.Contains(namesOf(d.Snapshot()), want) {
			t.Errorf("the name %s is overlooked", want)
		}
	}
}

// Facts that are missing are missing in the redacted snapshot, too.
func TestARedactedSnapshotLacksTheSame(t *testing.T) {
	t.Parallel()
	for i, s := range some(t) {
		if i%16 != 0 {
			continue
		}
		var recorded calls
		s.Before(recorded.record)
		diagnose(t, s)
		for _, action := range slices.Sorted(maps.Keys(recorded.counts)) {
			t.Run(s.Name+"/"+action, func(t *testing.T) {
				s.Before(func(_ context.Context, a string, _ any) error {
					if a == action {
						return faults["denied"](action)
					}
					return nil
				})
				redactsWell(t, diagnose(t, s))
			})
		}
	}
}

// Each call draws its own key: what two people attach cannot be held together.
func TestRedactionsDiffer(t *testing.T) {
	s := diagnose(t, scenario(t, checkstest.DefaultScenario)).Snapshot()
	var documents [2]string
	for i := range documents {
		hidden, err := checks.Redact(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		documents[i] = capture(t, hidden)
	}
	if documents[0] == documents[1] {
		t.Error("both are the same")
	}
}

// Patterns match after redaction what they matched before, wherever their wildcards cut a name.
func TestRedactionKeepsWhatPatternsMatch(t *testing.T) {
	texts := []string{"app-prod", "App-Prod", "myprod", "prodapp", "app", "apple", "team/app-prod", "AppTaskRole", "TaskRole", "hub-AbCdEf", "a1b2", "111122223333", "under_score", "x.y.z"}
	patterns := []string{"app-pro*", "*prod", "*-prod", "*pp*", "team/*", "*TaskRole", "hub-??????", "?pp", "app", "*", "a1*", "??b2", "*score", "x.*.z", "11112222*3333"}
	for _, key := range []string{"one", "two", "three", "four", "five"} {
		mapped := checks.RedactTexts([]byte(key), append(slices.Clone(texts), patterns...)...)
		for i, text := range texts {
			if mapped[i] == text {
				t.Errorf("%s stays", text)
			}
			for j, pattern := range patterns {
				if text == "111122223333" && strings.HasPrefix(pattern, "1") {
					continue // accounts are numbered, and whoever cuts one has Redact fail
				}
				if before := matches(pattern, text); !before && len(strings.Trim(pattern, "*?")) < 3 {
					continue // so short a pattern may come to match by chance, which has Redact draw another key
				}
				if before, after := matches(pattern, text), matches(mapped[len(texts)+j], mapped[i]); before != after {
					t.Errorf("key %s: %s matches %s: %v, but %s matches %s: %v", key, pattern, text, before, mapped[len(texts)+j], mapped[i], after)
				}
			}
		}
	}
}

func matches(pattern, text string) bool {
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^" + expression + "$").MatchString(text)
}

// What belongs to AWS or to the public stays, the rest does not.
func TestWhatRedactionKeeps(t *testing.T) {
	for text, want := range map[string]string{ // in what is wanted, # stands for any letter or digit, and a number for an account
		"arn:aws:iam::111122223333:role/team/app-role":                                              "arn:aws:iam::000000000001:role/####/###-####",
		"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy":                     "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
		"arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*":                                       "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*",
		"arn:aws:s3:::my-bucket":                                                                    "arn:aws:s3:::##-######",
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1.2":                                      "000000000001.dkr.ecr.eu-west-1.amazonaws.com/###:#.#",
		"111122223333.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/nginx:latest":              "000000000001.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/#####:latest",
		"api.ecr.eu-west-1.amazonaws.com":                                                           "api.ecr.eu-west-1.amazonaws.com",
		"vpce-0abc-1.api.ecr.eu-west-1.vpce.amazonaws.com":                                          "vpce-####-#.api.ecr.eu-west-1.vpce.amazonaws.com",
		"com.amazonaws.eu-west-1.ecr.dkr":                                                           "com.amazonaws.eu-west-1.ecr.dkr",
		"registry.corp.example:5000/team/app@sha256:5de487da52320ad9978f3a7a4f6700910342956c7dcb3b": "########.####.#######:5000/####/###@sha256:5de487da52320ad9978f3a7a4f6700910342956c7dcb3b",
		"docker.io/me/app":           "docker.io/##/###",
		"mydocker.io/me/app":         "########.##/##/###",
		"${aws:PrincipalTag/team}-x": "${aws:PrincipalTag/####}-#",
		"vpce-0abc":                  "vpce-####",
		"AROAEXAMPLE:session":        "AROA#######:#######",
		"169.254.169.253":            "169.254.169.253",
		"0.0.0.0/0":                  "0.0.0.0/0",
		"2020-01-01":                 "####-##-##",
		"":                           "",
		"팀":                          "#",
		"{\"Statement\": ":           "{\"#########\": ",
		"999988887777 and 111122223333 and again 999988887777": "000000000001 ### 000000000002 ### ##### 000000000001",
	} {
		got := checks.RedactTexts([]byte("key"), text)[0]
		expression := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), "#", `[\pL\pN]`) + "$"
		if !regexp.MustCompile(expression).MatchString(got) {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

// Of a condition key, that of a tag is the account's, and so is the host of its own identity provider.
func TestRedactionOfConditionKeys(t *testing.T) {
	for key, want := range map[string]string{
		"aws:SourceVpce":                         `aws:SourceVpce`,
		"aws:PrincipalTag/acme":                  `aws:PrincipalTag/[a-z]{4}`,
		"ecr:ResourceTag/acme-1":                 `ecr:ResourceTag/[a-z]{4}-\d`,
		"kms:EncryptionContext:SecretARN":        `kms:EncryptionContext:SecretARN`,
		"kms:EncryptionContext:aws:ecr:arn":      `kms:EncryptionContext:aws:ecr:arn`,
		"kms:EncryptionContext:acme":             `kms:EncryptionContext:[a-z]{4}`,
		"login.acme.example:sub":                 `[a-z]{5}\.[a-z]{4}\.[a-z]{7}:[a-z]{3}`,
		"oidc.eks.eu-west-1.amazonaws.com/id/AC": `[a-z]{4}\.[a-z]{3}\.eu-west-1\.amazonaws\.com/[a-z]{2}/[A-Z]{2}`,
	} {
		got := checks.RedactConditionKey([]byte("key"), key)
		if !regexp.MustCompile("^"+want+"$").MatchString(got) || strings.Contains(got, "acme") {
			t.Errorf("%s became %s", key, got)
		}
	}
}

// The errors that tasks stopped with prove the same after redaction, and name nobody.
func TestRedactionKeepsWhatAnErrorProves(t *testing.T) {
	texts := []string{}
	for _, s := range symptoms {
		texts = append(texts, s.text)
	}
	recorded, err := os.ReadFile("testdata/stopped_reasons.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(recorded)) {
		var row struct{ Message string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, row.Message)
	}
	for _, text := range texts {
		before, pull := checks.ParseSymptom(text)
		got := checks.RedactSentence([]byte("key"), text)
		after, still := checks.ParseSymptom(got)
		if pull != still || before.Kind != after.Kind || before.Stage != after.Stage || before.HTTPStatus != after.HTTPStatus || before.Action != after.Action || before.Retries != after.Retries {
			t.Errorf("%s\nproves %+v, but\n%s\nproves %+v", text, before, got, after)
		}
	}
	got := checks.RedactSentence([]byte("key"), "CannotPullContainerError: ref payments/ledger:7 from 10.9.8.7 of acme in 111122223333 for User: arn:aws:sts::111122223333:assumed-role/Dev/alice")
	for _, name := range []string{"payments", "ledger", "10.9.8.7", "acme", "111122223333", "Dev", "alice"} {
		if strings.Contains(got, name) {
			t.Errorf("%s still shows in %s", name, got)
		}
	}
}

// Blocks and addresses lie in each other as they did.
func TestRedactionKeepsWhichBlockAnAddressIsIn(t *testing.T) {
	texts := []string{"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.7", "10.0.1.7/32", "10.0.0.2", "10.1.0.0/16", "172.16.0.0/12", "172.17.3.0/24", "172.31.0.2",
		"192.168.0.0/16", "192.168.200.4", "100.64.0.0/10", "100.64.3.4", "52.218.0.0/17", "52.218.9.9", "203.0.113.5", "169.254.169.253", "127.0.0.1", "fd00:ec2::253", "fd12:3456::1", "fc00::/7", "2600:1f18:12:3400::/56",
		"2600:1f18:12:3401::5", "::/0", "64:ff9b::/96", "64:ff9b::34da:909", "fe80::1"}
	parse := func(text string) netip.Prefix {
		if p, err := netip.ParsePrefix(text); err == nil {
			return p
		}
		a := netip.MustParseAddr(text)
		return netip.PrefixFrom(a, a.BitLen())
	}
	within := func(a, b netip.Prefix) bool { return b.Bits() <= a.Bits() && b.Contains(a.Addr()) }
	for _, key := range []string{"one", "two", "three"} {
		mapped := checks.RedactTexts([]byte(key), texts...)
		for i := range texts {
			a, c := parse(texts[i]), parse(mapped[i])
			if a.Addr().IsPrivate() != c.Addr().IsPrivate() || a.Bits() != c.Bits() || a.Addr().IsGlobalUnicast() != c.Addr().IsGlobalUnicast() {
				t.Errorf("%s became %s", a, c)
			}
			for j := range texts {
				if b, d := parse(texts[j]), parse(mapped[j]); within(a, b) != within(c, d) {
					t.Errorf("%s in %s: %v; %s in %s: %v", a, b, within(a, b), c, d, within(c, d))
				}
			}
		}
	}
}

// The third address of a VPC's block is its resolver.
func TestRedactionKeepsTheResolver(t *testing.T) {
	for _, block := range []string{"10.3.0.0/16", "172.20.128.0/20", "192.168.0.0/16", "192.168.40.0/24", "100.64.0.0/16", "52.9.16.0/28"} {
		base := netip.MustParsePrefix(block)
		resolver := base.Addr().Next().Next()
		s := checks.Snapshot{Facts: checks.Facts{Networks: []checks.Answer[network.Placement, network.Topology]{{Fact: &network.Topology{
			VPC: network.VPC{CIDRs: []network.CIDR{{Prefix: base}}, NameServers: []string{resolver.String()}}}}}}}
		vpc := redact(t, s).Facts.Networks[0].Fact.VPC
		if got := vpc.CIDRs[0].Addr().Next().Next().String(); got != vpc.NameServers[0] {
			t.Errorf("the resolver of %s, which was %s, became %s", vpc.CIDRs[0], block, vpc.NameServers[0])
		}
		if vpc.CIDRs[0].String() == block && block != "192.168.0.0/16" {
			t.Errorf("%s stays", block)
		}
	}
}

// A pattern that cuts what is replaced as a whole cannot be kept: Redact says so and returns nothing.
func TestRedactRefusesWhatItWouldChange(t *testing.T) {
	s := scenario(t, "healthy-nat")
	d := diagnose(t, s)
	for i, p := range d.Facts.Roles[0].Fact.Identity.Policies {
		p.ARN = ""
		p.Document = iam.Document{Version: "2012-10-17", Statements: []iam.Statement{{Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"arn:aws:ecr:eu-west-1:1111*:repository/*", "*"}},
			{Effect: iam.Deny, Actions: []string{"ecr:BatchGetImage"}, Resources: []string{"arn:aws:ecr:eu-west-1:1111*:repository/*"}}}}
		d.Facts.Roles[0].Fact.Identity.Policies[i] = p
	}
	hidden, err := checks.RedactWith(t.Context(), d.Snapshot(), []byte("key"))
	if err == nil || !strings.Contains(err.Error(), "role.explicit-deny") || len(hidden.Facts.Roles) > 0 {
		t.Errorf("the error is %v, with %d roles", err, len(hidden.Facts.Roles))
	}
}

// A policy that was not understood shows nothing of what it holds, and counts as not understood.
func TestARedactedMalformedPolicyIsMalformed(t *testing.T) {
	for _, text := range []string{
		`{"Version": "2012-10-17", "Statement": [{"Sid": "acme", "Effect": "Allow", "Action": "*", "Acme": {"acme": 1}}]}`,
		`{"Version": "2012-10-17", "Statement": [], "Acme": "acme"}`,
		`acme`,
		`{"acme": `,
	} {
		document, _ := iam.Parse(text)
		s := checks.Snapshot{Facts: checks.Facts{Roles: []checks.Answer[string, iam.Role]{{Fact: &iam.Role{Identity: iam.Layer{Policies: []iam.Policy{{Name: "x", Document: document}}}}}}}}
		hidden := redact(t, s)
		if err := hidden.Facts.Roles[0].Fact.Identity.Policies[0].Document.Err(); err == nil {
			t.Errorf("%s became well-formed", text)
		}
		if document := capture(t, hidden); strings.Contains(strings.ToLower(document), "acme") {
			t.Errorf("%s shows in %s", text, document)
		}
	}
}
