package timeline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// O3: webhooks can ask for every kind there is.
func TestO3_KindsAreComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "timeline.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		kind, ok := spec.Type.(*ast.Ident)
		if !ok || kind.Name != "Kind" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if n++; err != nil || !slices.Contains(Kinds, Kind(text)) {
			t.Errorf("%s is not in Kinds", spec.Names[0])
		}
		return true
	})
	if n != len(Kinds) {
		t.Errorf("%d kinds, %d in Kinds", n, len(Kinds))
	}
}
