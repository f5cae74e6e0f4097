package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/server/speech"
)

// pageTexts adds the sentences of the templates, and of the Go code that fills
// them.
func pageTexts(t *texts, root string) error {
	files, err := filepath.Glob(filepath.Join(root, "server/web/templates/*.html"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no templates: %w", err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read template: %w", err)
		}
		for _, s := range speech.MarkupTexts(string(source)) {
			t.add(s, "")
		}
		for _, p := range speech.MarkupPlurals(string(source)) {
			t.add(p[0], p[1])
		}
	}
	files, err = filepath.Glob(filepath.Join(root, "server/web/*.go"))
	if err != nil {
		return err
	}
	files = append(files, filepath.Join(root, "server/api/errors.go"), filepath.Join(root, "server/account/password.go"), filepath.Join(root, "server/account/change.go"), filepath.Join(root, "server/account/recover.go"), filepath.Join(root, "server/notify/bounces.go"))
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("read sentences: %w", err)
		}
		t.shown(file)
	}
	return nil
}

// silent are functions whose strings nobody sees, or only programs do.
var silent = map[string]bool{
	"New": true, "Errorf": true, "Error": true, "Warn": true, "Info": true, "Debug": true, "Set": true, "Get": true, "Add": true, "MustCompile": true, "FieldByName": true,
	"String": true, "Any": true, "Int": true, "HasPrefix": true, "HasSuffix": true, "Contains": true, "Handle": true, "HandleFunc": true, "Cut": true, "CutPrefix": true, "EqualFold": true, "Format": true,
}

// shown adds the strings of a file that look like what people read. Strings that
// are put together become patterns: what stands between is {v1}, or a number {n1}.
func (t *texts) shown(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field:
			return false
		case *ast.CallExpr:
			return t.shownCall(n)
		case *ast.KeyValueExpr: // hints may begin small
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Hint" {
				t.hint(n.Value)
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 && len(n.Rhs) == 1 {
				if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "hint" {
					t.hint(n.Rhs[0])
				}
			}
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				t.pattern(n)
				return false
			}
		case *ast.BasicLit:
			if s, ok := literal(n); ok && readable(s) {
				t.add(strings.TrimSpace(s), "")
			}
		case *ast.ValueSpec:
			if n.Names[0].Name == "words" || slices.Contains(tables, n.Names[0].Name) {
				t.table(n)
			}
		}
		return true
	})
}

// hint adds a string, or one that is put together, however it begins.
func (t *texts) hint(e ast.Expr) {
	if s, ok := literal(e); ok {
		t.add(s, "")
	} else if b, ok := e.(*ast.BinaryExpr); ok {
		t.put(b, func(string) bool { return true })
	}
}

// tables hold words that do not look like sentences.
var tables = []string{"fractions", "words", "did", "kindWords", "noticeNames", "stopNames", "erasedNames"}

func (t *texts) shownCall(n *ast.CallExpr) bool {
	name := ""
	switch f := n.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	switch {
	case name == "count" && len(n.Args) == 3:
		one, _ := literal(n.Args[1])
		many, ok := literal(n.Args[2])
		if ok {
			t.add("1 "+one, "{n} "+many)
			return false
		}
	case name == "Sprintf":
		if s, ok := literal(n.Args[0]); ok && readable(formatted(s)) {
			t.add(strings.TrimSpace(formatted(s)), "")
		}
		for _, a := range n.Args[1:] {
			ast.Inspect(a, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					return t.shownCall(c)
				}
				return true
			})
		}
		return false
	case says[name] != nil && name != "page": // a catalogue is asked
		t.call(n)
		return true
	case silent[name]:
		return false
	}
	return true
}

// names are the same in every language.
var names = map[string]bool{"Hearthkey": true, "English": true, "Deutsch": true, "Italiano": true, "Nederlands": true, "Polski": true}

var verb = regexp.MustCompile(`%[-+0-9.]*([a-zA-Z%])`)

// formatted makes a pattern of a format.
func formatted(s string) string {
	i := 0
	return verb.ReplaceAllStringFunc(s, func(v string) string {
		if v == "%%" {
			return "%"
		}
		i++
		if strings.HasSuffix(v, "d") {
			return fmt.Sprintf("{n%d}", i)
		}
		return fmt.Sprintf("{v%d}", i)
	})
}

// pattern adds a string that is put together with plus signs.
func (t *texts) pattern(n *ast.BinaryExpr) { t.put(n, readable) }

func (t *texts) put(n *ast.BinaryExpr, fits func(string) bool) {
	var parts []ast.Expr
	var flat func(e ast.Expr)
	flat = func(e ast.Expr) {
		if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
			flat(b.X)
			flat(b.Y)
			return
		}
		if id, ok := e.(*ast.Ident); ok && id.Name == "more" { // a sentence of its own
			return
		}
		parts = append(parts, e)
	}
	flat(n)
	var b strings.Builder
	said := false
	for i, p := range parts {
		if s, ok := literal(p); ok {
			b.WriteString(s)
			said = said || strings.ContainsFunc(s, letter)
			continue
		}
		fmt.Fprintf(&b, "{v%d}", i+1)
		ast.Inspect(p, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				return t.shownCall(c)
			}
			if l, ok := n.(*ast.BasicLit); ok {
				if s, ok := literal(l); ok && readable(s) {
					t.add(s, "")
				}
			}
			return true
		})
	}
	if s := strings.TrimSpace(b.String()); said && fits(s) {
		t.add(s, "")
	}
}

var (
	sentenceLike = regexp.MustCompile(`^[A-Z“][^/]*[a-z]`)
	between      = regexp.MustCompile(`\{\w+\}`)
	oneWord      = regexp.MustCompile(`^[A-Z][a-z]+$`)
	header       = regexp.MustCompile(`/v1/|application/json|WebSocket|level 5|M%d|^1 \(|1 \(little|^[A-Z][a-z]+(-[A-Z][A-Za-z]+)+$|^[A-Z][a-zA-Z]*[A-Z][a-zA-Z]*$|GMT|2006|PRAGMA`)
)

// readable reports whether a string looks like what people read.
func readable(s string) bool {
	s = strings.TrimSpace(s)
	if names[s] || strings.Contains(s, "{v1}{v2}") {
		return false
	}
	if strings.HasPrefix(s, "{") {
		return strings.Contains(s, " ") && len(strings.Join(strings.FieldsFunc(between.ReplaceAllString(s, ""), func(r rune) bool { return !letter(r) }), "")) > 6
	}
	if header.MatchString(s) || !sentenceLike.MatchString(s) {
		return false
	}
	return oneWord.MatchString(s) || strings.Contains(s, " ")
}
