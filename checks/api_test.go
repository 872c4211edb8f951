package checks_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apiFile records every exported name with its type. A change of it is one for those who import canpull, and has a line in
// CHANGELOG.md; -update records it.
const apiFile = "testdata/api.txt"

func TestExportedNamesAreThoseRecorded(t *testing.T) {
	var b strings.Builder
	for _, p := range packages(t) {
		fmt.Fprintf(&b, "package %s\n", p.dir)
		for _, line := range p.exported(t) {
			fmt.Fprintf(&b, "\t%s\n", strings.ReplaceAll(line, "\n", "\n\t"))
		}
	}
	recorded(t, apiFile, b.String())
}

// Every exported name says what it is. A group of constants may say it once.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, p := range packages(t) {
		if p.doc.Doc == "" {
			t.Errorf("package %s has no documentation", p.dir)
		}
		missing := func(name, text string) {
			if text == "" && ast.IsExported(name[strings.LastIndex(name, ".")+1:]) {
				t.Errorf("%s: %s has no documentation", p.dir, name)
			}
		}
		values := func(all []*doc.Value) {
			for _, v := range all {
				for _, spec := range v.Decl.Specs {
					s := spec.(*ast.ValueSpec)
					for _, name := range s.Names {
						missing(name.Name, v.Doc+s.Doc.Text()+s.Comment.Text())
					}
				}
			}
		}
		functions := func(of string, all []*doc.Func) {
			for _, f := range all {
				if standard := of != "" && slices.Contains([]string{"String", "Error", "Unwrap"}, f.Name); !standard {
					missing(of+f.Name, f.Doc)
				}
			}
		}
		values(append(p.doc.Consts, p.doc.Vars...))
		functions("", p.doc.Funcs)
		for _, typ := range p.doc.Types {
			missing(typ.Name, typ.Doc)
			values(append(typ.Consts, typ.Vars...))
			functions("", typ.Funcs)
			functions(typ.Name+".", typ.Methods)
		}
	}
}

// What an account does not show is said where the package is explained that would have to know it.
func TestPackagesSayTheirLimits(t *testing.T) {
	heads := map[string]string{path.Clean(module): "# Limitations"}
	for _, dir := range []string{"checks", "network", "iam", "registry", "registry/credentials"} {
		heads[path.Join(module, dir)] = "# Limits"
	}
	for _, p := range packages(t) {
		if head := heads[p.dir]; !strings.Contains(p.doc.Doc, head) {
			t.Errorf("the documentation of %s has no %q", p.dir, head)
		}
		delete(heads, p.dir)
	}
	if len(heads) > 0 {
		t.Errorf("there are no packages %v", heads)
	}
}

// recorded compares a text with a file, or writes the file.
func recorded(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		sameText(t, name+" is not up to date (go test ./checks -run '"+t.Name()+"' -update)", string(got), want)
	}
}

// parsedPackage is a package of the module that others may import.
type parsedPackage struct {
	dir   string
	files *token.FileSet
	doc   *doc.Package
}

func packages(t *testing.T) (all []parsedPackage) {
	t.Helper()
	err := filepath.WalkDir("..", func(dir string, entry fs.DirEntry, err error) error {
		switch name := filepath.Base(dir); {
		case err != nil || !entry.IsDir():
			return err
		case name != ".." && strings.HasPrefix(name, "."), slices.Contains([]string{"testdata", "internal", "examples", "containerdtest"}, name):
			return fs.SkipDir
		}
		p := parsedPackage{dir: path.Join(module, filepath.ToSlash(strings.TrimPrefix(dir, ".."))), files: token.NewFileSet()}
		var files []*ast.File
		sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return err
		}
		for _, name := range sources {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(p.files, name, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			files = append(files, file)
		}
		if len(files) == 0 {
			return nil
		}
		if p.doc, err = doc.NewFromFiles(p.files, files, p.dir, doc.PreserveAST); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d packages were found", len(all))
	}
	return all
}

// exported returns the declarations of exported names without comments and bodies, sorted.
func (p parsedPackage) exported(t *testing.T) (lines []string) {
	print := func(node any) {
		var b bytes.Buffer
		if err := format.Node(&b, p.files, node); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, b.String())
	}
	values := func(all []*doc.Value) {
		for _, v := range all {
			for _, spec := range v.Decl.Specs {
				s := *spec.(*ast.ValueSpec)
				s.Doc, s.Comment = nil, nil
				if s.Type == nil && v.Decl.Tok == token.VAR {
					s.Values = nil // its type is that of its value, which is no promise
				}
				if slices.ContainsFunc(s.Names, func(n *ast.Ident) bool { return n.IsExported() }) {
					print(&ast.GenDecl{Tok: v.Decl.Tok, Specs: []ast.Spec{&s}})
				}
			}
		}
	}
	functions := func(all []*doc.Func) {
		for _, f := range all {
			print(&ast.FuncDecl{Recv: f.Decl.Recv, Name: f.Decl.Name, Type: f.Decl.Type})
		}
	}
	values(append(p.doc.Consts, p.doc.Vars...))
	functions(p.doc.Funcs)
	for _, typ := range p.doc.Types {
		s := *typ.Decl.Specs[0].(*ast.TypeSpec)
		s.Doc, s.Comment = nil, nil
		ast.Inspect(s.Type, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok {
				f.Doc, f.Comment = nil, nil
			}
			if s, ok := n.(*ast.StructType); ok {
				s.Fields.List = slices.DeleteFunc(s.Fields.List, func(f *ast.Field) bool {
					return len(f.Names) > 0 && !slices.ContainsFunc(f.Names, func(n *ast.Ident) bool { return n.IsExported() })
				})
			}
			return true
		})
		print(&ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{&s}})
		values(append(typ.Consts, typ.Vars...))
		functions(typ.Funcs)
		functions(typ.Methods)
	}
	slices.Sort(lines)
	return lines
}
