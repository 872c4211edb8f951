package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/checks"
)

var update = flag.Bool("update", false, "write the reports of all scenarios into testdata/golden")

// golden are the encoders whose reports testdata/golden holds, by the beginning of their files' names.
var golden = []struct {
	name   string
	encode func(io.Writer, checks.Diagnosis, ...Option) error
}{
	{"text", Text},
	{"markdown", Markdown},
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
		t.Run(name, func(t *testing.T) {
			var archive txtar.Archive
			for _, tag := range Languages() {
				for _, g := range golden {
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
