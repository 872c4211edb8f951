package checks_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/canpull/canpull/checks"
	"github.com/canpull/canpull/checks/checkstest"
)

// Nothing is left behind by a run that was given up: a bubble with a goroutine that is blocked fails. The fault matrix runs
// in bubbles as well.
func TestNothingIsLeftRunning(t *testing.T) {
	s := scenarios(t)[0]
	synctest.Test(t, func(t *testing.T) {
		s.Before(func(ctx context.Context, _ string, _ any) error { <-ctx.Done(); return ctx.Err() })
		defer s.Before(nil)
		tasks := func(yield func(checks.Task, error) bool) {
			for yield(s.Task, nil) {
			}
		}
		n := 0
		for d, err := range (checks.Runner{Timeout: time.Minute}).RunAll(t.Context(), tasks, checks.Default(s.Sources())...) {
			if err == nil || d.Status() != checks.Unknown {
				t.Errorf("%s, %v", d.Status(), err)
			}
			if n++; n == 40 {
				break
			}
		}
	})
}

// Every package that starts goroutines shows that it ends them; what serves tests ends with the test.
func TestEveryPackageThatStartsGoroutinesLooksForLeaks(t *testing.T) {
	starts := map[string]bool{}
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil || slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` }) {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				starts[filepath.Dir(name)] = true
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
					starts[filepath.Dir(name)] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(starts) < 5 {
		t.Errorf("only %v were found to start goroutines", starts)
	}
	for dir := range starts {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		looks := false
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			looks = looks || strings.Contains(string(text), "func TestNothingIsLeftRunning(")
		}
		if !looks {
			t.Errorf("%s starts goroutines and has no TestNothingIsLeftRunning", dir)
		}
	}
}

// A thousand runs at once over shared sources all say the same, and ask AWS once.
func TestAThousandRunsAtOnce(t *testing.T) {
	s := scenarios(t)[0]
	var recorded calls
	s.Before(recorded.record)
	sources := s.Sources().Shared()
	outlines := make([]string, 1000)
	var running sync.WaitGroup
	for i := range outlines {
		running.Go(func() {
			d, err := checks.Run(t.Context(), s.Task, checks.Default(sources)...)
			if err != nil {
				t.Error(err)
			}
			outlines[i] = checkstest.Outline(d)
		})
	}
	running.Wait()
	for i, o := range outlines {
		if o != s.Want {
			t.Fatalf("run %d says\n%s\nand should say\n%s", i, o, s.Want)
		}
	}
	for action, inputs := range recorded.counts {
		for input, n := range inputs {
			if n != 1 {
				t.Errorf("%s was called %d times with %s", action, n, input)
			}
		}
	}
}
