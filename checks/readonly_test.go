package checks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/canpull/canpull/checks"
)

// Operations by whose names AWS means reading. BatchGetImage reads as well, but under a pull-through-cache rule it imports
// the image: registry calls it only where it knows that there is no such rule. SimulatePrincipalPolicy evaluates policies
// and changes none. GetDownloadUrlForLayer signs a URL.
var reading = regexp.MustCompile(`^(Describe|Get|List|Search|BatchGet|Simulate)[A-Z]`)

// The values of secrets are read by those sources only that were made with credentials.WithValues.
const byRequest = "secretsmanager:GetSecretValue"

// Whatever the code calls of AWS only reads, and is in Actions. To call an operation, its input has to be named, or its
// paginator, or the interface that has it.
func TestOnlyOperationsThatReadAreCalled(t *testing.T) {
	called := operations(t)
	if len(called) < 40 {
		t.Errorf("only %d operations were found: %v", len(called), called)
	}
	allowed := checks.Actions(checks.Default(checks.Sources{})...)
	for action, file := range called {
		if action == "ecs:RegisterTaskDefinition" && strings.HasSuffix(file, "load_planned.go") {
			continue // the form of a definition that is not registered yet: PlannedTask takes it and calls nothing
		}
		_, operation, _ := strings.Cut(action, ":")
		if !reading.MatchString(operation) {
			t.Errorf("%s names %s, which may change something", file, action)
		}
		if !slices.Contains(allowed, action) && action != byRequest {
			t.Errorf("%s names %s, which is not in Actions", file, action)
		}
	}
	for _, action := range allowed {
		if called[action] == "" {
			t.Errorf("%s is in Actions and is never called", action)
		}
	}
}

var sdkName = regexp.MustCompile(`^(?:New)?(\w+?)(?:Input|APIClient|Paginator)$`)

// operations returns the operations that the module's production code names, each with a file that does.
func operations(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasSuffix(entry.Name(), "test") || entry.Name() == "testdata" || entry.Name() == "examples"):
			return fs.SkipDir // a test kit; a program, which may tell of what it found
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		services := map[string]string{} // by the name that the file gives them
		for _, i := range file.Imports {
			imported, _ := strconv.Unquote(i.Path.Value)
			if rest, ok := strings.CutPrefix(imported, "github.com/aws/aws-sdk-go-v2/service/"); ok && !strings.Contains(rest, "/") {
				local := path.Base(imported)
				if i.Name != nil {
					local = i.Name.Name
				}
				services[local] = rest
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				x, isName := s.X.(*ast.Ident)
				if m := sdkName.FindStringSubmatch(s.Sel.Name); isName && services[x.Name] != "" && m != nil {
					found[services[x.Name]+":"+m[1]] = name
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
