package archtest

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	Imports    []string
	GoFiles    []string
}

// module lists every package of the module, for the linux build that ships.
func module(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles", Module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func below(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, Module), "/")
}

func TestImports(t *testing.T) {
	used := map[string]bool{}
	for _, p := range module(t) {
		for _, r := range Rules {
			used[r.Name] = used[r.Name] || matchAny(r.In, below(p.ImportPath))
			for _, imp := range r.Broken(below(p.ImportPath), p.Imports) {
				t.Errorf("%s imports %s, but %s: %s", below(p.ImportPath), imp, r.Name, r.Reason)
			}
		}
	}
	for _, r := range Rules {
		if !used[r.Name] {
			t.Errorf("rule %q applies to no package: it guards nothing", r.Name)
		}
	}
}

// TestPureTakesTimeAsInput: importing package time for its types is fine in a
// pure package, reading a clock is not.
func TestPureTakesTimeAsInput(t *testing.T) {
	clocks := []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep"}
	for _, p := range module(t) {
		if !matchAny(pure, below(p.ImportPath)) && !matchAny(domain, below(p.ImportPath)) {
			continue
		}
		each(t, p, func(fset *token.FileSet, f *ast.File) {
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, sel.Sel.Name) {
						t.Errorf("%s: time.%s; take the time as an argument", fset.Position(n.Pos()), sel.Sel.Name)
					}
				}
				return true
			})
		})
	}
}

// TestSizes holds the sizes that docs/architecture.md promises: no file over
// 600 lines, no function over 80, and a doc comment on every package.
func TestSizes(t *testing.T) {
	for _, p := range module(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", below(p.ImportPath))
		}
		each(t, p, func(fset *token.FileSet, f *ast.File) {
			if n := fset.File(f.Pos()).LineCount(); n > 600 {
				t.Errorf("%s has %d lines, at most 600", fset.Position(f.Pos()).Filename, n)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > 80 {
						t.Errorf("%s: %s has %d lines, at most 80", fset.Position(fn.Pos()), fn.Name.Name, n)
					}
				}
			}
		})
	}
}

// TestNames refuses package names that say nothing.
func TestNames(t *testing.T) {
	for _, p := range module(t) {
		switch name := filepath.Base(p.ImportPath); name {
		case "util", "utils", "common", "helpers", "misc", "base", "types", "models", "shared", "lib":
			t.Errorf("%s: %q names no thing of the domain", below(p.ImportPath), name)
		}
	}
}

func each(t *testing.T, p pkg, visit func(*token.FileSet, *ast.File)) {
	t.Helper()
	for _, name := range p.GoFiles {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		visit(fset, f)
	}
}

// TestBroken checks the checker.
func TestBroken(t *testing.T) {
	r := Rule{In: []string{"a/..."}, Except: []string{"a/x"}, Forbid: []string{"net/...", "os"}, Allow: []string{"net/url"}}
	for _, c := range []struct {
		pkg  string
		imps string
		want string
	}{
		{"a", "net os fmt", "net os"},
		{"a/b", "net/http net/url", "net/http"},
		{"a/x", "net", ""},
		{"ab", "net", ""},
		{"a", "network ossify", ""},
	} {
		if got := strings.Join(r.Broken(c.pkg, strings.Fields(c.imps)), " "); got != c.want {
			t.Errorf("Broken(%s, %s) = %q, want %q", c.pkg, c.imps, got, c.want)
		}
	}
}
