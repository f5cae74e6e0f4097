package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No sentence of the TV is outside the tables that the catalogues are made of.
func TestTheTVSaysNothingElse(t *testing.T) {
	files, err := filepath.Glob("../../agent/nav/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "catalogue_") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec, *ast.Field:
				return false
			case *ast.ValueSpec:
				return !slices.Contains(navTables, n.Names[0].Name)
			case *ast.BasicLit:
				if s, ok := literal(n); ok && (readable(s) || strings.Contains(strings.TrimSpace(s), " ") && strings.ContainsFunc(s, letter)) {
					t.Errorf("%s says %q", filepath.Base(name), s)
				}
			}
			return true
		})
	}
}
