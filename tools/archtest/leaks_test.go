package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// R11: the tests of every package that starts goroutines, or whose tests do, look for
// what is left of them at the end (goleak).
func TestGoroutinesAreLookedFor(t *testing.T) {
	starts, looks := map[string]bool{}, map[string]bool{}
	for _, root := range []string{"agent", "lan", "protocol", "server", "supervise"} {
		err := filepath.WalkDir(filepath.Join("../..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			dir := filepath.Dir(path)
			if strings.HasSuffix(path, "_test.go") && strings.Contains(string(src), "goleak.") {
				looks[dir] = true
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
			if err == nil && startsGoroutines(file) {
				starts[dir] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir := range starts {
		tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(tests) > 0 && !looks[dir] {
			t.Errorf("%s: goroutines are started, and no test looks for what is left of them: add a TestMain with goleak", dir)
		}
	}
}

func startsGoroutines(file *ast.File) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = true
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" {
				found = true
			}
		}
		return !found
	})
	return found
}
