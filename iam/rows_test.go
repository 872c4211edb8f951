package iam_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var page = regexp.MustCompile(`https://docs\.aws\.amazon\.com/[^\s),]+`)

// The rules are AWS's, so each table of them names the page that it was written from, in the comment of its test. A row is
// an element of a list or a map of structs.
func TestRowsNameTheirPage(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	set, rows, pages := token.NewFileSet(), 0, map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			test, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(test.Name.Name, "Test") {
				continue
			}
			n := rowsOf(test.Body)
			cited := page.FindAllString(test.Doc.Text(), -1)
			for _, p := range cited {
				pages[strings.Split(p, "#")[0]] = true
			}
			if len(cited) > 0 {
				rows += n
			}
			t.Logf("%4d %s %v", n, test.Name.Name, cited)
		}
	}
	t.Logf("%d rows, %d pages", rows, len(pages))
	if rows < 400 {
		t.Errorf("%d rows name a page of AWS's, fewer than 400", rows)
	}
}

// rowsOf counts the rows of a test's largest table.
func rowsOf(body *ast.BlockStmt) (rows int) {
	ast.Inspect(body, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch kind := literal.Type.(type) {
		case *ast.ArrayType, *ast.MapType:
			rows = max(rows, len(literal.Elts))
		default:
			_ = kind
		}
		return true
	})
	return rows
}
