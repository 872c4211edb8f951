package checks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

// Default is the table of contents: a checker that is not in it is one that nobody runs.
func TestDefaultHoldsEveryChecker(t *testing.T) {
	declared := map[string]bool{}
	files := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			method, ok := d.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != "Check" {
				continue
			}
			if name, ok := method.Recv.List[0].Type.(*ast.Ident); ok && name.IsExported() {
				declared[name.Name] = true
			}
		}
	}
	var listed []string
	for _, c := range checks.Default(checks.Sources{}) {
		listed = append(listed, reflect.TypeOf(c).Name())
	}
	for name := range declared {
		if !slices.Contains(listed, name) {
			t.Errorf("the checker %s is not in Default", name)
		}
	}
	if len(declared) != len(listed) {
		t.Errorf("%d checkers are declared and Default holds %d", len(declared), len(listed))
	}
}

var blank = regexp.MustCompile(`\{[a-zA-Z]+\}`)

func TestCodesAreWellFormed(t *testing.T) {
	ids, codes := map[string]bool{}, map[checks.Code]string{}
	for _, c := range checks.Default(checks.Sources{}) {
		info := c.Info()
		if info.ID == "" || info.Title == "" || ids[info.ID] {
			t.Errorf("%q is no ID of its own, or has no title", info.ID)
		}
		ids[info.ID] = true
		for code, m := range info.Codes {
			if other := codes[code]; other != "" {
				t.Errorf("%s is a code of %s and of %s", code, other, info.ID)
			}
			codes[code] = info.ID
			if m.Status == checks.Fail && len(m.Fixes) == 0 {
				t.Errorf("%s fails and offers no fix", code)
			}
			for _, fix := range m.Fixes {
				if !strings.HasPrefix(fix.Docs, "https://docs.aws.amazon.com/") {
					t.Errorf("%s: the fix %q does not cite AWS's documentation", code, fix.Text)
				}
			}
			if m.Text == "" {
				t.Errorf("%s has no sentence", code)
			}
		}
	}
}

func TestFindingsAreComplete(t *testing.T) {
	known := map[string]checks.Info{}
	for _, c := range checks.Default(checks.Sources{}) {
		known[c.Info().ID] = c.Info()
	}
	for _, s := range scenarios(t) {
		for _, f := range diagnose(t, s).Findings {
			if _, ok := known[f.Check].Codes[f.Code]; !ok {
				t.Errorf("%s: %s is not a code of %s", s.Name, f.Code, f.Check)
			}
			if left := blank.FindString(f.Summary); left != "" && !strings.Contains(f.Subject, left) {
				t.Errorf("%s: %s leaves the blank %s: %s", s.Name, f.Code, left, f.Summary)
			}
			for _, fix := range f.Fixes {
				if left := blank.FindString(fix.Summary); left != "" && !strings.Contains(f.Subject, left) {
					t.Errorf("%s: a fix of %s leaves the blank %s: %s", s.Name, f.Code, left, fix.Summary)
				}
			}
			if f.Status == checks.Fail && len(f.Evidence) == 0 && f.Code != "role.none" && f.Code != "image.malformed" && f.Code != "endpoint.missing" {
				t.Errorf("%s: %s has no evidence", s.Name, f.Code)
			}
			if f.Subject == "" {
				t.Errorf("%s: %s has no subject", s.Name, f.Code)
			}
		}
	}
}

// Each broken scenario has one root cause, and each healthy one none.
func TestRootCauses(t *testing.T) {
	more := map[string]int{"two-faults": 2, "two-faults-of-two-stages": 2, "two-faults-of-one-role": 2, "credentials-cross-account": 2}
	for _, s := range scenarios(t) {
		d := diagnose(t, s)
		want := 0
		if d.Status() == checks.Fail {
			want = max(1, more[s.Name])
		}
		if got := d.RootCauses(); len(got) != want {
			t.Errorf("%s has %d root causes and should have %d: %v", s.Name, len(got), want, got)
		}
		if strings.HasPrefix(s.Name, "healthy-") && d.Status() != checks.Pass {
			t.Errorf("%s is %s", s.Name, d.Status())
		}
	}
}
