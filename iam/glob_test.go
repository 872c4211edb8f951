package iam_test

import (
	"math/rand/v2"
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

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String-wildcard: * is a multi-character match, ? a single one.
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

// Random patterns over few characters, with parts longer than a machine word, agree with regular expressions.
func TestWildcardsOfAnyLength(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	word := func(alphabet string, n int) string {
		runes, out := []rune(alphabet), make([]rune, n)
		for i := range out {
			out[i] = runes[random.IntN(len(runes))]
		}
		return string(out)
	}
	matched := 0
	for range 3000 {
		text := word("aé", random.IntN(300))
		part := []rune(text)[random.IntN(len([]rune(text))+1):]
		part = part[:random.IntN(len(part)+1)]
		for i := range part { // an occurrence of the text, blurred
			if random.IntN(3) == 0 {
				part[i] = '?'
			}
		}
		pattern := word("a*", random.IntN(3)) + "*" + string(part) + "*" + word("aé?*", random.IntN(3))
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
		if got := like(t, pattern, text); got != want {
			t.Fatalf("%q on %q: %v", pattern, text, got)
		}
		if want {
			matched++
		}
	}
	if matched < 1000 || matched > 2900 {
		t.Errorf("%d of 3000 match: the test has lost its teeth", matched)
	}
}

// hard are patterns that a matcher going back tries for ever, and that do not match n times the letter a.
var hard = map[string]func(n int) string{
	"a*a*a*…b":              func(n int) string { return strings.Repeat("a*", n/2) + "b" },
	"*aaa…ab*":              func(n int) string { return "*" + strings.Repeat("a", n/2) + "b*" },
	"*a*a*a…b":              func(n int) string { return strings.Repeat("*a", n/2) + "b" },
	"a*?a?a?a*…b":           func(n int) string { return strings.Repeat("*?a?a?a", n/8) + "*b" },
	"*a?a?…b* of 64":        func(int) string { return "*" + strings.Repeat("a?", 31) + "ab*" },
	"many, each almost all": func(n int) string { return strings.Repeat("*"+strings.Repeat("a?", 16), n/64) + "*?b*" },
}

// A matcher that goes back to every star takes longer than the universe for the first of them, and one that goes back to the
// last star only takes an hour for the second.
func TestMatchingIsLinear(t *testing.T) {
	const n = 1 << 20
	text := strings.Repeat("a", n)
	for name, pattern := range hard {
		pattern, began := pattern(n), time.Now()
		if like(t, pattern, text) {
			t.Errorf("%s matches", name)
		}
		r := readable()
		r.Resource = "arn:aws:s3:::" + text
		want(t, identity(t, r, statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+pattern+`"`)), iam.ImplicitDeny)
		r = readable()
		r.Action = "ecr:" + text
		want(t, identity(t, r, statement(`"Effect":"Allow","Action":"ecr:`+pattern+`","Resource":"*"`)), iam.ImplicitDeny)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// Sixteen times the text and the pattern take sixteen times as long; a quadratic matcher would take 256 times.
func TestMatchingScales(t *testing.T) {
	fastest := func(pattern func(int) string, n int) time.Duration {
		p, text, best := pattern(n), strings.Repeat("a", n), time.Hour
		for range 7 {
			began := time.Now()
			like(t, p, text)
			best = min(best, time.Since(began))
		}
		return best
	}
	for name, pattern := range hard {
		var small, large time.Duration
		for range 5 { // a busy machine slows one of them and not the other
			if small, large = fastest(pattern, 1<<15), fastest(pattern, 1<<19); large <= 64*small {
				break
			}
		}
		if large > 64*small {
			t.Errorf("%s: %v, and %v for sixteen times as much", name, small, large)
		}
	}
}

// The one product that is left, of a part with ? and the text, is divided by the word size: as long a policy as AWS takes
// (20,480 characters on an endpoint), against more text than an ARN or a tag holds (2,048 and 256).
func TestALongPartWithQuestionMarks(t *testing.T) {
	fastest := time.Hour
	for range 5 { // a busy machine slows some of them
		began := time.Now()
		if like(t, "*"+strings.Repeat("a?", 10_239)+"b*", strings.Repeat("a", 1<<16)) {
			t.Error("it matches")
		}
		fastest = min(fastest, time.Since(began))
	}
	if fastest > time.Second {
		t.Errorf("it takes %v", fastest)
	}
}

// Deciding and explaining must cost a fleet nothing: at most six allocations for the policy that most roles have.
func TestAllocations(t *testing.T) {
	p, r := iam.Policies{Identity: *layer(t, ecsTaskExecution)}, readable()
	if n := testing.AllocsPerRun(100, func() { explained(t, r, p) }); n > 6 {
		t.Errorf("%v allocations", n)
	}
}
