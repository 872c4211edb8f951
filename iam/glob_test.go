package iam_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/canpull/canpull/iam"
)

// like asks whether a pattern matches a text, as StringLike does.
func like(t testing.TB, pattern, text string) bool {
	t.Helper()
	r := readable()
	r.Context = iam.Context{"k": iam.Present(text)}
	d := iam.Evaluate(r, iam.Policies{Identity: iam.Layer{Policies: []iam.Policy{{Document: iam.Document{Version: "2008-10-17", Statements: []iam.Statement{{
		Effect: iam.Allow, Actions: []string{"*"}, Resources: []string{"*"},
		Conditions: []iam.Condition{{Operator: "StringLike", Key: "k", Values: []string{pattern}}},
	}}}}}}})
	return d.Outcome == iam.Allowed
}

// …reference_policies_elements_condition_operators.html#Conditions_String: * is a multi-character match, ? a single one.
func TestWildcards(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"**", "", true},
		{"?", "", false},
		{"?", "é", true},
		{"??", "é", false},
		{"*?", "é", true},
		{"*??", "é", false},
		{"?*", "a", true},
		{"a*", "", false},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"ab*ba", "aba", false},
		{"*ab*", "aab", true},
		{"*a?c*", "aabcc", true},
		{"*a?c", "abcabc", true},
		{"a*b*c", "abcabc", true},
		{"a*b*c", "acb", false},
		{"*a*b?d*", "xaybcbddz", true},
		{"*€?", "a€b", true},
		{"a**b", "ab", true},
		{"a*?b", "ab", false},
		{"a*?b", "aéb", true},
	} {
		if got := like(t, test.pattern, test.text); got != test.want {
			t.Errorf("%q on %q: %v", test.pattern, test.text, got)
		}
	}
}

// FuzzWildcards holds the matcher against Go's regular expressions, which are linear by design.
func FuzzWildcards(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*a*a*b", "aaaa")
	f.Add("arn:aws:s3:::*/é?", "arn:aws:s3:::b/éx")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(text) || len(pattern) > 500 {
			return // JSON holds no such text
		}
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
		if got := like(t, pattern, text); got != want {
			t.Errorf("%q on %q: %v", pattern, text, got)
		}
	})
}

// A matcher that goes back to every star takes longer than the universe for the first of these, and one that goes back
// to the last star only takes an hour for the second.
func TestMatchingIsLinear(t *testing.T) {
	const n = 1 << 20
	for name, test := range map[string]struct{ pattern, text string }{
		"a*a*a*…b":      {strings.Repeat("a*", n/2) + "b", strings.Repeat("a", n)},
		"*aaa…ab":       {"*" + strings.Repeat("a", n/2) + "b*", strings.Repeat("a", n)},
		"many segments": {"arn:aws:s3:::" + strings.Repeat("*a", n/2) + "b", "arn:aws:s3:::" + strings.Repeat("a", n)},
	} {
		began := time.Now()
		if like(t, test.pattern, test.text) {
			t.Errorf("%s matches", name)
		}
		r := readable()
		r.Resource = "arn:aws:s3:::" + test.text
		want(t, identity(t, r, statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+test.pattern+`"`)), iam.ImplicitDeny)
		r = readable()
		r.Action = "ecr:" + test.text
		want(t, identity(t, r, statement(`"Effect":"Allow","Action":"ecr:`+test.pattern+`","Resource":"*"`)), iam.ImplicitDeny)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// Deciding and explaining must cost a fleet nothing: at most six allocations for the policy that most roles have.
func TestAllocations(t *testing.T) {
	p, r := iam.Policies{Identity: *layer(t, ecsTaskExecution)}, readable()
	if n := testing.AllocsPerRun(100, func() { explained(t, r, p) }); n > 6 {
		t.Errorf("%v allocations", n)
	}
}
