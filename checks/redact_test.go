package checks_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
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
		if shown[word] && private(word) {
			t.Errorf("%s still shows", word)
		}
	}
}

var (
	nameText  = regexp.MustCompile(`[0-9A-Za-z](?:[0-9A-Za-z_.:/-]*[0-9A-Za-z])?`)
	accountID = regexp.MustCompile(`^\d{12}$`)
	shownID   = regexp.MustCompile(`^(vpc|subnet|sg|eni|igw|nat|vpce|rtb|acl|tgw|pcx|i|dopt|eigw|pl)-[0-9a-z]{2,}`)
)

// words are the names of a document, whole and in parts.
func words(document string) map[string]bool {
	all := map[string]bool{}
	for _, t := range nameText.FindAllString(document, -1) {
		all[t] = true
		for _, part := range strings.FieldsFunc(t, func(c rune) bool { return c == '/' || c == ':' }) {
			all[part] = true
			for sub := range strings.SplitSeq(part, ".") {
				all[sub] = true
			}
		}
	}
	return all
}

// private reports whether a word is one that a redacted document must not show: an account ID, an address or block of a
// private or of the VPC's own range, an ID, or one of the names that the scenarios give.
func private(word string) bool {
	if p, err := netip.ParsePrefix(word); err == nil {
		return p.Addr().IsPrivate() && p.Bits() > 8
	}
	if a, err := netip.ParseAddr(word); err == nil {
		return a.IsPrivate() && !strings.HasPrefix(word, "fd00:ec2:") && word != "10.0.0.0"
	}
	return accountID.MatchString(word) || shownID.MatchString(word) || slices.Contains(scenarioNames, word)
}

// scenarioNames are names of clusters, services, roles, repositories, policies, secrets and statements in the scenarios.
var scenarioNames = []string{"web", "web-execution", "app", "prod", "pull", "logs", "hub-AbCdEf", "payments", "team", "web-pull", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}

func TestARedactedSnapshotGivesTheSameCodes(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) { redactsWell(t, diagnose(t, s)) })
	}
}
