package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// texts are sentences in the order in which they are found, each once.
type texts struct {
	all  []words.Entry
	seen map[string]int
}

func (t *texts) add(id, plural string) {
	if t.seen == nil {
		t.seen = make(map[string]int)
	}
	if i, ok := t.seen[id]; ok {
		if plural != "" {
			t.all[i].Plural = plural
		}
		return
	}
	t.seen[id] = len(t.all)
	t.all = append(t.all, words.Entry{ID: id, Plural: plural})
}

// says tells which arguments of a function or method are English sentences.
// Those of "count" are one and other.
var says = map[string][]int{
	"t": {0}, "of": {1, 2}, "page": {1}, "tokenPage": {1}, "detail": {2}, "asked": {1, 2}, "say": {0}, "Format": {1}, "Text": {0}, "Sentence": {0},
}

// goTexts adds the sentences of Go files: arguments of the functions that say
// them, and elements of tables whose name is in tables.
func goTexts(t *texts, pattern string, tables ...string) error {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no files %s: %w", pattern, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read sentences: %w", err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				t.call(n)
			case *ast.ValueSpec:
				if len(n.Names) == 1 && slices.Contains(tables, n.Names[0].Name) {
					t.table(n)
				}
			case *ast.FuncDecl:
				if slices.Contains(tables, n.Name.Name) && n.Body != nil {
					t.table(n.Body)
				}
			}
			return true
		})
	}
	return nil
}

func (t *texts) call(n *ast.CallExpr) {
	name := ""
	switch f := n.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	if (name == "count" || name == "Count") && len(n.Args) >= 3 {
		one, isOne := literal(n.Args[1])
		other, isOther := literal(n.Args[2])
		if isOne && isOther {
			t.add(one, other)
		}
		return
	}
	for _, i := range says[name] {
		if i < len(n.Args) {
			if s, ok := literal(n.Args[i]); ok {
				t.add(s, "")
			}
		}
	}
}

// table adds every string with a letter that is no key of a map.
func (t *texts) table(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			t.table(n.Value)
			return false
		case *ast.ImportSpec:
			return false
		case *ast.CaseClause:
			for _, s := range n.Body {
				t.table(s)
			}
			return false
		case *ast.BasicLit:
			if s, ok := literal(n); ok && strings.ContainsFunc(s, letter) {
				t.add(s, "")
			}
		}
		return true
	})
}

func letter(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }

// literal is a string constant, also one that is added up.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil && s != ""
		}
	case *ast.BinaryExpr:
		a, isA := literal(e.X)
		b, isB := literal(e.Y)
		return a + b, isA && isB && e.Op == token.ADD
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return "", false
}
