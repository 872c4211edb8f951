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

func readme(t *testing.T) string { return readmeIn(t, "README.md") }

func readmeIn(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../" + name)
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

// The Korean README has the sections, the code and the checks of the English one, in its order.
func TestREADMEsAreAlike(t *testing.T) {
	outline := func(text string) (lines []string) {
		code := false
		for line := range strings.Lines(text) {
			fence := strings.HasPrefix(line, "```")
			first, _, _ := strings.Cut(line, " ")
			cell := strings.SplitAfterN(line, "|", 3)
			switch {
			case fence || code || strings.HasPrefix(line, "<!--"):
				lines = append(lines, line)
			case strings.Trim(first, "#") == "" && first != "":
				lines = append(lines, first)
			case strings.HasPrefix(line, "| `"):
				lines = append(lines, cell[1])
			case strings.HasPrefix(line, "- "):
				lines = append(lines, "-")
			}
			code = code != fence
		}
		return lines
	}
	if diff := cmp.Diff(outline(readme(t)), outline(readmeIn(t, "README.ko.md"))); diff != "" {
		t.Errorf("headings, code, checks and items (-README.md +README.ko.md)\n%s", diff)
	}
}
