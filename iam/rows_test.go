package iam_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var awsPage = regexp.MustCompile(`https://docs\.aws\.amazon\.com/\S+?\.html`)

// The rules are AWS's, so a test with a table of them names the page that it was written from, above it or in it.
func TestTablesNameTheirPage(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rows, set := 0, token.NewFileSet()
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(set, name, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			test, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(test.Name.Name, "Test") {
				continue
			}
			n := table(test.Body)
			body := source[set.Position(test.Pos()).Offset:set.Position(test.End()).Offset]
			switch cites := awsPage.MatchString(test.Doc.Text()) || awsPage.Match(body); {
			case cites:
				rows += n
			case n >= 8:
				t.Errorf("%s: the %d rows of %s name no page", name, n, test.Name.Name)
			}
		}
	}
	if rows < 400 {
		t.Errorf("%d rows name a page, fewer than 400", rows)
	}
	t.Logf("%d rows", rows)
}

// table counts the rows of a test's largest table: the elements of a list or of a map.
func table(body *ast.BlockStmt) (rows int) {
	ast.Inspect(body, func(n ast.Node) bool {
		if literal, ok := n.(*ast.CompositeLit); ok {
			switch literal.Type.(type) {
			case *ast.ArrayType, *ast.MapType:
				rows = max(rows, len(literal.Elts))
			}
		}
		return true
	})
	return rows
}
