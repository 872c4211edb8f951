package checks_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/iam"
)

// keptFields are the fields of a snapshot whose texts are AWS's, a registry's or a standard's own words, or a digest.
var keptFields = strings.Fields(`Action Answer KeyState Architecture Digest DNSSuffix Effect Kind ManifestNotRead MediaType Missing NotAction OS Partition PushedAt
DeletedAt Region Scope State Status Type Upstream UpstreamURL Version architecture association autoProvision availabilityZone blockPublicAccess dnsRecordIPType ipv6AddressAttribute mode osFamily
pinnedDigest platformVersion protocol reason region revisionNotRead service state stopCode type zones deploymentController createdAt`)

// keptTexts are texts that stay wherever they stand: they are everybody's.
var keptTexts = regexp.MustCompile(`^(` + strings.Join([]string{
	`\*`, `/`, `true`, `false`, `default`, `local`, `latest`, `LATEST`, `trust policy`, // words of AWS's
	`AmazonProvidedDNS`, `(ec2|ecs-tasks)\.amazonaws\.com`, `docker\.io`, `quay\.io`, `docker-hub`, `[a-z]{2}-[a-z]+-\d`,
	`com\.amazonaws\.[a-z0-9-]+\.[a-z0-9.-]+`, `arn:aws:iam::aws:policy/\S+`, `Amazon[A-Za-z0-9]+`, `ecr:[A-Za-z*]+`,
	`0\.0\.0\.0/0`, `::/0`, `64:ff9b::/96`, `10\.0\.0\.0/8`, // blocks of no one
	`\{"Statement":\[\{"Effect":"Allow","Principal":"\*","Action":"\*","Resource":"\*"\}\]\}`,
	`Essential container in task exited`, `CannotPullContainerError: context canceled`,
}, "|") + `)$`)

// What a redacted snapshot keeps of the original is on a list: every other text in it has changed.
func TestARedactedSnapshotKeepsWhatIsListed(t *testing.T) {
	seen := 0
	var compare func(t *testing.T, path, field string, before, after any)
	compare = func(t *testing.T, path, field string, before, after any) {
		switch before := before.(type) {
		case map[string]any:
			after, _ := after.(map[string]any)
			for key, value := range before { // a key that has changed, as a tag's, takes its value with it
				compare(t, path+"."+key, key, value, after[key])
			}
		case []any:
			after, _ := after.([]any)
			for i, value := range before {
				if i < len(after) {
					compare(t, path, field, value, after[i])
				}
			}
		case string:
			if seen++; before == after && before != "" && !slices.Contains(keptFields, field) && !keptTexts.MatchString(before) {
				t.Errorf("%s keeps %q", path, before)
			}
		}
	}
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			d := diagnose(t, s)
			compare(t, "", "", decoded(t, capture(t, d.Snapshot())), decoded(t, capture(t, redact(t, d.Snapshot()))))
		})
	}
	if seen < 10_000 {
		t.Errorf("only %d texts were compared", seen)
	}
}

func decoded(t *testing.T, document string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A canary in any field that an account fills is in no redacted snapshot.
func TestARedactedSnapshotHoldsNoCanary(t *testing.T) {
	const canary = "zq7canary"
	texts := regexp.MustCompile(`.*zq7canary.*`)
	for _, name := range []string{"endpoint-group-closed", "healthy-credentials-key", "healthy-role-tag", "cache-secret-name", "transit-gateway", "stopped-rate-limit"} {
		d := altered(t, name, func(s *checks.Snapshot) {
			s.Task.Containers = append(s.Task.Containers, checks.Container{Name: canary, Image: canary + ".example/" + canary + "/app:" + canary, RepositoryCredentials: canary, Reason: "CannotPullContainerError: " + canary})
			s.Task.StoppedReason += " " + canary + "/" + canary
			top := topologyOf(*s)
			for i := range top.SecurityGroups {
				if top.SecurityGroups[i].Name != "default" {
					top.SecurityGroups[i].Name = canary
				}
			}
			for i := range top.NATGateways {
				top.NATGateways[i].FailureMessage = canary
			}
			for _, a := range s.Facts.Roles {
				a.Fact.Tags = map[string]string{canary: canary}
				a.Fact.Identity.Policies = append(a.Fact.Identity.Policies, iam.Policy{Name: canary, Document: iam.Document{Version: "2012-10-17",
					Statements: []iam.Statement{{Sid: canary, Effect: iam.Allow, Actions: []string{"ecr:*"}, Resources: []string{"arn:aws:ecr:eu-west-1:111122223333:repository/" + canary}}}}})
			}
		})
		if got := texts.FindAllString(capture(t, redact(t, d.Snapshot())), -1); len(got) > 0 {
			t.Errorf("%s: the canary shows: %q", name, got)
		}
	}
}
