package checks_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/canpull/canpull/checks"
)

// block returns the first fenced block after a mark in the README.
func block(t *testing.T, mark string) string {
	t.Helper()
	_, rest, ok := strings.Cut(readme(t), mark)
	if !ok {
		t.Fatalf("README.md has no %s", mark)
	}
	_, rest, _ = strings.Cut(rest, "```")
	_, rest, _ = strings.Cut(rest, "\n")
	body, _, _ := strings.Cut(rest, "```")
	return body
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestREADMENamesThePermissions(t *testing.T) {
	want := strings.Join(checks.Actions(checks.Default(checks.Sources{})...), "\n") + "\n"
	if diff := cmp.Diff(want, block(t, "<!-- actions -->")); diff != "" {
		t.Errorf("the permissions in README.md (-want +got):\n%s", diff)
	}
}

func TestREADMEListsEveryCheckInOrder(t *testing.T) {
	rest := readme(t)
	for _, c := range checks.Default(checks.Sources{}) {
		_, after, ok := strings.Cut(rest, "\n| `"+c.Info().ID+"` |")
		if !ok {
			t.Fatalf("README.md does not list %s in its place", c.Info().ID)
		}
		rest = after
	}
}

// The README's code is the package's example, and its output that of the embedded account.
func TestREADMEShowsTheExample(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	code := strings.ReplaceAll("\n"+block(t, "# canpull"), "\n", "\n\t")
	if !strings.Contains(string(source), strings.TrimRight(code, "\t\n")) {
		t.Errorf("README.md shows code that is not in example_test.go:%s", code)
	}
	output := strings.ReplaceAll("\n"+block(t, "that prints:"), "\n", "\n\t// ")
	if !strings.Contains(string(source), strings.TrimRight(output, "\t/ \n")) {
		t.Errorf("README.md shows output that is not in example_test.go:%s", output)
	}
}
