package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/checks"
)

var update = flag.Bool("update", false, "write the reports of all scenarios into testdata/golden")

type encoder struct {
	name   string
	encode func(io.Writer, checks.Diagnosis, ...Option) error
}

// golden are the encoders whose reports testdata/golden holds, by the beginning of their files' names.
var golden = []encoder{
	{"text", Text},
	{"markdown", Markdown},
	{"json", flatJSON},
	{"html", mainText},
	{"sarif", SARIF},
	{"junit", JUnit},
}

// testdata/golden has an archive for each scenario, with a report for each encoder and language.
func TestGolden(t *testing.T) {
	all := diagnoses(t)
	if *update {
		if err := os.RemoveAll("testdata/golden"); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata/golden", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, d := range all {
		d.Started, d.Elapsed = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), 1500*time.Millisecond
		t.Run(name, func(t *testing.T) {
			var archive txtar.Archive
			for _, tag := range Languages() {
				for _, g := range golden {
					if g.name == "json" && tag != Languages()[0] {
						continue // it is the same in all of them
					}
					var b bytes.Buffer
					if err := g.encode(&b, d, WithLanguage(tag)); err != nil {
						t.Fatal(err)
					}
					archive.Files = append(archive.Files, txtar.File{Name: g.name + "." + tag.String(), Data: b.Bytes()})
				}
			}
			path := filepath.Join("testdata", "golden", name+".txtar")
			if *update {
				if err := os.WriteFile(path, txtar.Format(&archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(txtar.Format(&archive))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(file), ".txtar")]; !ok {
			t.Errorf("%s is of no scenario", file)
		}
	}
}

// flatJSON writes what JSON does without its indentation, which is a third of it.
func flatJSON(w io.Writer, d checks.Diagnosis, options ...Option) error {
	var indented, flat bytes.Buffer
	if err := JSON(&indented, d, options...); err != nil {
		return err
	}
	if err := json.Indent(&flat, indented.Bytes(), "", ""); err != nil {
		return err
	}
	_, err := flat.WriteTo(w)
	return err
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`[ \n]*\n[ \n]*`)
)

// mainText writes what a reader of HTML's page sees of its main part: the page less its markup.
func mainText(w io.Writer, d checks.Diagnosis, options ...Option) error {
	var b bytes.Buffer
	if err := HTML(&b, d, options...); err != nil {
		return err
	}
	_, page, _ := strings.Cut(b.String(), "<main>")
	page, _, _ = strings.Cut(page, "</main>")
	for _, block := range []string{"</td>", "</th>", "</p>", "</h3>", "</caption>", "</button>"} {
		page = strings.ReplaceAll(page, block, block+"\n")
	}
	_, err := io.WriteString(w, html.UnescapeString(spaces.ReplaceAllString(tags.ReplaceAllString(page, ""), "\n")))
	return err
}
