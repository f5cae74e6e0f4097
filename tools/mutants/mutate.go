package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Mutant is one change of one file.
type Mutant struct {
	Package  string // as ./agent/pinlock
	File     string
	Func     string
	Line     int
	Text     string // of the line
	Old, New string
	Nth      int // of those in the function that are the same but for where they are
	from, to int // bytes of the file that New replaces
}

// Key names a mutant whatever is changed elsewhere in the file. It ends with " (2)" for
// the second of those that read the same.
func (m Mutant) Key() string {
	key := fmt.Sprintf("%s %s | %s | %s => %s", m.Package, m.Func, m.Text, short(m.Old), short(m.New))
	if m.Nth > 1 {
		key += fmt.Sprintf(" (%d)", m.Nth)
	}
	return key
}

func short(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// apply returns the changed source.
func (m Mutant) apply(src []byte) []byte {
	return bytes.Join([][]byte{src[:m.from], []byte(m.New), src[m.to:]}, nil)
}

// mutator collects the mutants of one file.
type mutator struct {
	src  []byte
	set  *token.FileSet
	fn   string
	out  []Mutant
	file string
}

// Mutants returns all changes of the functions that in names; no names: of all.
func Mutants(file string, src []byte, in func(fn string) bool) ([]Mutant, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	m := &mutator{src: src, set: set, file: file}
	for _, d := range tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || !in(fn.Name.Name) {
			continue
		}
		m.fn = fn.Name.Name
		ast.Inspect(fn.Body, m.look)
	}
	return number(m.out), nil
}

// number tells mutants that read the same apart, by their order in the file.
func number(list []Mutant) []Mutant {
	slices.SortStableFunc(list, func(a, b Mutant) int { return cmp.Compare(a.from, b.from) })
	seen := map[string]int{}
	for i := range list {
		m := &list[i]
		seen[m.Key()]++
		m.Nth = seen[m.Key()]
	}
	return list
}

func (m *mutator) add(from, to token.Pos, replace string) {
	a, b := m.set.Position(from), m.set.Position(to)
	line := bytes.Split(m.src, []byte("\n"))[a.Line-1]
	m.out = append(m.out, Mutant{
		File: m.file, Func: m.fn, Line: a.Line, Text: string(bytes.TrimSpace(line)),
		Old: string(m.src[a.Offset:b.Offset]), New: replace, from: a.Offset, to: b.Offset,
	})
}

// swaps are what an operator is changed into.
var swaps = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL},
	token.ADD_ASSIGN: {token.SUB_ASSIGN}, token.SUB_ASSIGN: {token.ADD_ASSIGN},
	token.INC: {token.DEC}, token.DEC: {token.INC},
}

func (m *mutator) operator(at token.Pos, op token.Token) {
	for _, other := range swaps[op] {
		m.add(at, at+token.Pos(len(op.String())), other.String())
	}
}

// words are what a name is changed into.
var words = map[string]string{"true": "false", "false": "true", "min": "max", "max": "min"}

func (m *mutator) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		m.operator(n.OpPos, n.Op)
		m.numbers(n.X, n.Y)
	case *ast.ReturnStmt:
		m.numbers(n.Results...)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			m.add(n.OpPos, n.X.Pos(), "")
		}
	case *ast.Ident:
		if other, ok := words[n.Name]; ok {
			m.add(n.Pos(), n.End(), other)
		}
	case *ast.BasicLit:
		m.statement(n)
	case *ast.IncDecStmt:
		m.operator(n.TokPos, n.Tok)
		m.add(n.Pos(), n.End(), "")
	case *ast.AssignStmt:
		m.operator(n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			m.add(n.Pos(), n.End(), "")
		}
	case *ast.ExprStmt:
		m.add(n.Pos(), n.End(), "")
	case *ast.IfStmt:
		m.add(n.Cond.Pos(), n.Cond.End(), "!("+m.text(n.Cond)+")")
	}
	return true
}

// inSQL is what is changed in a statement.
var inSQL = []struct{ is, into string }{
	{" <= ", " < "}, {" < ", " <= "}, {" >= ", " > "}, {" > ", " >= "}, {" + 1", " + 2"}, {" - 1", " - 2"}, {" OR ", " AND "}, {" AND ", " OR "},
}

// numbers changes those of the expressions that are numbers: what is compared, reckoned
// with and returned. Others begin a count, or are a bound of 0.
func (m *mutator) numbers(list ...ast.Expr) {
	for _, e := range list {
		n, ok := e.(*ast.BasicLit)
		if !ok || n.Kind != token.INT {
			continue
		}
		if v, err := strconv.Atoi(n.Value); err == nil {
			m.add(n.Pos(), n.End(), strconv.Itoa(v+1))
		}
	}
}

// statement changes one in SQL.
func (m *mutator) statement(n *ast.BasicLit) {
	if n.Kind != token.STRING || n.Value[0] != '`' {
		return
	}
	for _, c := range inSQL {
		for at := 0; ; {
			i := strings.Index(n.Value[at:], c.is)
			if i < 0 {
				break
			}
			from := n.Pos() + token.Pos(at+i)
			m.add(from, from+token.Pos(len(c.is)), c.into)
			at += i + len(c.is)
		}
	}
}

func (m *mutator) text(n ast.Node) string {
	return string(m.src[m.set.Position(n.Pos()).Offset:m.set.Position(n.End()).Offset])
}
