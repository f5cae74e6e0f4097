package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// modulePath is the module's own import path.
const modulePath = "github.com/hearthkey/hearthkey"

// Constant is a constant as the source has it.
type Constant struct {
	Name    string
	Value   constant.Value
	Time    bool   // a time.Duration
	Comment string // of its line or declaration; may be empty
}

// source reads the constants of packages. Nothing is compiled: whatever else a
// package has stays unknown.
type source struct {
	module   string // folder
	files    *token.FileSet
	packages map[string]*types.Package // by import path
}

func newSource(module string) *source {
	s := &source{module: module, files: token.NewFileSet(), packages: map[string]*types.Package{}}
	s.packages["time"] = timePackage()
	return s
}

// timePackage has what constants need of package time.
func timePackage() *types.Package {
	p := types.NewPackage("time", "time")
	name := types.NewTypeName(token.NoPos, p, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	p.Scope().Insert(name)
	for unit, d := range map[string]time.Duration{
		"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
		"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		p.Scope().Insert(types.NewConst(token.NoPos, p, unit, duration, constant.MakeInt64(int64(d))))
	}
	p.MarkComplete()
	return p
}

var errForeign = errors.New("not ours")

// Import implements types.Importer: our own packages from their source, others
// not at all.
func (s *source) Import(path string) (*types.Package, error) {
	if p := s.packages[path]; p != nil {
		return p, nil
	}
	folder, ours := strings.CutPrefix(path, modulePath+"/")
	if !ours {
		return nil, errForeign
	}
	files, err := s.parse(folder)
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: s, Error: func(error) {}, IgnoreFuncBodies: true}
	p, _ := config.Check(path, s.files, files, nil) // what it does not know is no constant
	s.packages[path] = p
	return p, nil
}

func (s *source) parse(folder string) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(s.module, folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(s.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no package %s", folder)
	}
	return files, nil
}

// constants returns the numbers among the constants of a package, in the order
// of its files.
func (s *source) constants(folder string) ([]Constant, error) {
	p, err := s.Import(modulePath + "/" + folder)
	if err != nil {
		return nil, err
	}
	files, err := s.parse(folder)
	if err != nil {
		return nil, err
	}
	var out []Constant
	for _, file := range files {
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.GenDecl); ok && decl.Tok == token.CONST {
				out = append(out, declared(p, decl)...)
			}
		}
	}
	return out, nil
}

func declared(p *types.Package, decl *ast.GenDecl) (out []Constant) {
	for _, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		comment := spec.Comment.Text()
		if comment == "" {
			comment = spec.Doc.Text()
		}
		if comment == "" {
			comment = decl.Doc.Text() // also where it is about a whole group
		}
		for _, name := range spec.Names {
			c, ok := p.Scope().Lookup(name.Name).(*types.Const)
			if !ok || c.Val().Kind() != constant.Int && c.Val().Kind() != constant.Float {
				continue
			}
			of := c.Type().String()
			if _, basic := c.Type().(*types.Basic); !basic && of != "time.Duration" {
				continue // one of a set of names, not a number
			}
			out = append(out, Constant{
				Name: name.Name, Value: c.Val(), Time: of == "time.Duration",
				Comment: strings.Join(strings.Fields(comment), " "),
			})
		}
	}
	return out
}
