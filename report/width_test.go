package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"github.com/canpull/canpull/checks"
)

// No line is wider than asked for, unless it holds a word that fits on none.
func TestTextFitsItsWidth(t *testing.T) {
	all := diagnoses(t)
	all["hostile"] = hostileDiagnosis()
	for _, width := range []int{40, 80, 200} {
		for _, tag := range Languages() {
			for name, d := range all {
				var b bytes.Buffer
				if err := Text(&b, d, WithWidth(width), WithLanguage(tag)); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					line = strings.TrimSuffix(line, "\n")
					quoted := strings.HasSuffix(strings.TrimSuffix(line, ` \`), "'") // a word of a command, with blanks in it
					if ansi.StringWidth(line) > width && widestWord(line) < width*3/5-4 && !quoted {
						t.Errorf("%s in %s is %d columns wide and not %d: %s", name, tag, ansi.StringWidth(line), width, line)
					}
					if strings.TrimRight(line, " ") != line {
						t.Errorf("%s: blanks at the end of %q", name, line)
					}
				}
			}
		}
	}
}

func widestWord(line string) (widest int) {
	for word := range strings.FieldsSeq(line) {
		widest = max(widest, ansi.StringWidth(word))
	}
	return widest
}

// The cause and its first fix stand on a screen of 24 lines.
func TestTheFirstScreenHoldsTheFix(t *testing.T) {
	for name, d := range diagnoses(t) {
		causes := d.RootCauses()
		if len(causes) == 0 {
			continue
		}
		for _, tag := range Languages() {
			w, err := wordsFor(tag)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := Text(&b, d, WithLanguage(tag)); err != nil {
				t.Fatal(err)
			}
			screen := strings.Join(strings.Split(b.String(), "\n")[:24], "\n")
			if !strings.Contains(screen, "["+string(causes[0].Code)+"]") || !strings.Contains(screen, "  "+w.say("label.fix")+"  ") {
				t.Errorf("%s in %s:\n%s", name, tag, screen)
			}
		}
	}
}

// Colour adds nothing to what is said without it.
func TestColourIsNoMeaning(t *testing.T) {
	for name, d := range diagnoses(t) {
		var plain, coloured bytes.Buffer
		if err := Text(&plain, d); err != nil {
			t.Fatal(err)
		}
		if err := Text(&coloured, d, WithColor(true)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plain.String(), "\x1b") {
			t.Errorf("%s: colours that nobody asked for", name)
		}
		if plain.String() == coloured.String() {
			t.Errorf("%s: no colours", name)
		}
		if diff := cmp.Diff(plain.String(), ansi.Strip(coloured.String())); diff != "" {
			t.Errorf("%s (-plain +coloured)\n%s", name, diff)
		}
	}
}

func TestWidthIsBounded(t *testing.T) {
	for columns, want := range map[int]int{-1: 40, 0: 40, 40: 40, 99: 99, 200: 200, 1000: 200} {
		if s := settingsOf([]Option{WithWidth(columns)}); s.width != want {
			t.Errorf("%d columns are taken for %d, want %d", columns, s.width, want)
		}
	}
}

// A Korean character takes two columns.
func TestWideCharactersAreMeasured(t *testing.T) {
	d := checks.Diagnosis{Assumptions: []string{strings.Repeat("가나다라 ", 20)}}
	var b bytes.Buffer
	if err := Text(&b, d, WithWidth(40), WithLanguage(language.Korean)); err != nil {
		t.Fatal(err)
	}
	if want := "  - 가나다라 가나다라 가나다라 가나다라\n    가나다라"; !strings.Contains(b.String(), want) {
		t.Errorf("no\n%s\nin\n%s", want, b.String())
	}
}
