package checkstest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/canpull/canpull/checks"
)

// Run diagnoses every scenario of a directory with the standard checks, or with those that checkers returns when it is
// not nil, and compares the outline with the scenario's file "want". With update, it writes that file instead.
func Run(t *testing.T, dir string, update bool, checkers func(checks.Sources) []checks.Checker) {
	t.Helper()
	if checkers == nil {
		checkers = checks.Default
	}
	scenarios, err := Read(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(scenarios) == 0 {
		t.Fatalf("%s holds no scenarios", dir)
	}
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			d, err := checks.Run(t.Context(), s.Task, checkers(s.Sources())...)
			if err != nil {
				t.Fatal(err)
			}
			got := Outline(d)
			if update {
				rewrite(t, filepath.Join(dir, s.Name+".txtar"), got)
				return
			}
			if diff := cmp.Diff(s.Want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", s.Summary, diff)
			}
		})
	}
}

// rewrite replaces the file "want" of a scenario.
func rewrite(t *testing.T, path, want string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i := range archive.Files {
		if archive.Files[i].Name == "want" {
			archive.Files[i].Data, found = []byte(want), true
		}
	}
	if !found {
		archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(want)})
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
