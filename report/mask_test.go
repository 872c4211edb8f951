package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

func TestAccountsAreMasked(t *testing.T) {
	for name, encode := range map[string]func(io.Writer, checks.Diagnosis, ...Option) error{"Text": Text, "Markdown": Markdown, "JSON": JSON, "HTML": HTML, "SARIF": SARIF, "JUnit": JUnit} {
		for scenario, d := range diagnoses(t) {
			var b bytes.Buffer
			if err := encode(&b, d, MaskAccounts()); err != nil {
				t.Fatal(err)
			}
			if id := account.FindString(b.String()); id != "" {
				t.Errorf("%s of %s shows %s", name, scenario, id)
			}
		}
	}
}

// Which letters an account gets does not depend on the order of a map.
func TestMaskIsDeterministic(t *testing.T) {
	f := checks.Finding{Code: "role.absent-unknown", Args: map[string]string{"subject": "web", "reason": "it is in account 444455556666, and the task is in 111122223333"}, Summary: "x"}
	first := md(t, checks.Diagnosis{Findings: []checks.Finding{f}}, MaskAccounts())
	if !strings.Contains(first, "`AAAAAAAAAAAA`, and the task is in `BBBBBBBBBBBB`") {
		t.Errorf("%s", first)
	}
	for range 20 {
		if got := md(t, checks.Diagnosis{Findings: []checks.Finding{f}}, MaskAccounts()); got != first {
			t.Fatalf("%s\nand then\n%s", first, got)
		}
	}
}

func TestMaskTellsAccountsApart(t *testing.T) {
	mask := settingsOf([]Option{MaskAccounts()}).masking()
	for _, tt := range []struct{ text, want string }{
		{"arn:aws:iam::111122223333:role/web", "arn:aws:iam::AAAAAAAAAAAA:role/web"},
		{"team_111122223333_web", "team_AAAAAAAAAAAA_web"},
		{"444455556666.dkr.ecr.eu-west-1.amazonaws.com and 111122223333", "BBBBBBBBBBBB.dkr.ecr.eu-west-1.amazonaws.com and AAAAAAAAAAAA"},
		{"sha256:" + strings.Repeat("123456789012", 5) + "abcd", "sha256:" + strings.Repeat("123456789012", 5) + "abcd"},
		{"1234567890123 and 12345678901", "1234567890123 and 12345678901"},
	} {
		if got := mask(tt.text); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.text, got, tt.want)
		}
	}
	if got := settingsOf(nil).masking()("111122223333"); got != "111122223333" {
		t.Errorf("masked although nobody asked: %s", got)
	}
}
