package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/speech"
)

// sentence is what a person is to read: it begins with a capital, has several words,
// and ends. What is put together has its pattern in speech.
var sentence = regexp.MustCompile(`^[A-Z][^%]* [^%]*\.$`)

// TestWhatTheDomainKeepsIsTranslated: the details that the domain writes into notices
// and the timeline are sentences of the catalogues.
func TestWhatTheDomainKeepsIsTranslated(t *testing.T) {
	seen := 0
	for _, domain := range []string{"account", "profile", "device", "risk"} {
		files, err := filepath.Glob("../../server/" + domain + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files of %s: %v", domain, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok {
					return true
				}
				if s, ok := literal(lit); ok && sentence.MatchString(s) {
					seen++
					if speech.Shown(words.German, s) == s {
						t.Errorf("%s/%s keeps %q, which is in no catalogue", domain, filepath.Base(name), s)
					}
				}
				return true
			})
		}
	}
	if seen < 20 {
		t.Errorf("%d sentences seen", seen)
	}
}
