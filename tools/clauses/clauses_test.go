package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// comments returns, for each test and fuzz target of a package, the comments
// before and within it.
func comments(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
				continue
			}
			text := f.Doc.Text()
			for _, c := range file.Comments {
				if c.Pos() > f.Pos() && c.End() < f.End() {
					text += " " + c.Text()
				}
			}
			out[f.Name.Name] = strings.Join(strings.Fields(text), " ")
		}
	}
	return out
}

// named reports whether a comment names a clause: the standard, then numbers,
// the clause's own among them.
func named(comment string, r Row) bool {
	one := `[§\d][\d.]*|Appendix [A-Z]|AA`
	list := regexp.MustCompile(regexp.QuoteMeta(r.Standard) + `,? ((?:` + one + `)(?:(?:, | and )(?:` + one + `))*)`)
	for _, m := range list.FindAllStringSubmatch(comment, -1) {
		for _, n := range regexp.MustCompile(`, | and `).Split(m[1], -1) {
			if strings.TrimRight(n, ".") == r.Clause {
				return true
			}
		}
	}
	return false
}

// Every test in the table exists and names its clause in a comment.
func TestClausesAreHeld(t *testing.T) {
	packages := map[string]map[string]string{}
	for _, r := range table {
		for _, name := range r.Tests {
			dot := strings.LastIndex(name, ".")
			folder, test := name[:dot], name[dot+1:]
			if packages[folder] == nil {
				packages[folder] = comments(t, folder)
			}
			comment, ok := packages[folder][test]
			switch {
			case !ok:
				t.Errorf("%s %s: there is no %s", r.Standard, r.Clause, name)
			case !named(comment, r):
				t.Errorf("%s does not name %s %s: %q", name, r.Standard, r.Clause, comment)
			}
		}
	}
}

func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table {
		key := r.Standard + " " + r.Clause
		if seen[key] || r.Asks == "" || strings.ContainsAny(key+r.Asks+r.Rest, "|\n") || len(r.Tests) == 0 && r.Rest == "" {
			t.Errorf("row %+v", r)
		}
		seen[key] = true
	}
	for _, of := range []struct {
		standard, before string
		last             int
	}{
		{asvs, "3.3.", 5}, {asvs, "3.4.", 8}, {asvs, "4.4.", 4}, {asvs, "6.2.", 10}, {asvs, "6.5.", 5}, {asvs, "6.6.", 4}, {asvs, "7.4.", 3},
		{asvs, "16.2.", 5}, {asvs, "16.3.", 4},
	} {
		for n := 1; n <= of.last; n++ {
			if key := fmt.Sprintf("%s %s%d", of.standard, of.before, n); !seen[key] {
				t.Errorf("no row for %s", key)
			}
		}
	}
}

func TestDocumentIsCurrent(t *testing.T) {
	text, err := os.ReadFile("../../" + document)
	if err != nil {
		t.Fatal(err)
	}
	want, err := replaced(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("%s is not what the table says; run: go run ./tools/clauses\n%s", document, diff)
	}
}

func TestNamed(t *testing.T) {
	for comment, want := range map[string]bool{
		"ASVS 6.2.1": true, "A3, ASVS 6.2.4, 6.2.1: words": true, "ASVS 6.2.4 and 6.2.1.": true, "ASVS 6.2.10": false, "ASVS 16.2.1": false,
		"6.2.1": false, "OWASP ASVS 6.2.1": true, "ASVS 6.2, 6.2.1": true, "NIST 6.2.1": false, "ASVS 6.2.4, words, 6.2.1": false,
	} {
		if got := named(comment, Row{Standard: asvs, Clause: "6.2.1"}); got != want {
			t.Errorf("named(%q) = %t, want %t", comment, got, want)
		}
	}
}

func TestReplaced(t *testing.T) {
	for _, bad := range []string{"", begin, end, end + begin, begin + end + begin + end} {
		if _, err := replaced(bad); err == nil {
			t.Errorf("replaced(%q) gives no error", bad)
		}
	}
	if got, err := replaced("a\n" + begin + "old\n" + end + "b\n"); err != nil || got != "a\n"+begin+section()+end+"b\n" {
		t.Errorf("replaced = %q, %v", got, err)
	}
}
