package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	branch   = regexp.MustCompile(`\{\{-?\s*(?:if|else|end|with|range)\b[^}]*\}\}`)
	markings = regexp.MustCompile(`</?(?:b|bdi|em|i|strong)\b[^>]*>`)
	goesOn   = regexp.MustCompile(`^\s*[a-z,;:]|^\s*\.`)
	ends     = regexp.MustCompile(`[.?!:…”“]\s*$`)
)

// A sentence is whole in each case: what goes on behind a branch, or begins before
// it, cannot be put in the order of another language.
func TestSentencesAreWhole(t *testing.T) {
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range brokenSentences(string(source)) {
			t.Errorf("%s: %s", filepath.Base(name), broken)
		}
	}
	for _, bad := range []string{
		`<p>Get a code by email{{if .SMS}} or SMS{{end}} and choose.</p>`,
		`<p>It works{{if .Spam}}; look there too{{end}}.</p>`,
		`<p>Remove the {{if .Parental}}parental PIN{{else}}lock{{end}}</p>`,
		`<p>What {{range .All}}<b>{{.}}</b>{{end}} watched is locked.</p>`,
	} {
		if len(brokenSentences(bad)) == 0 {
			t.Errorf("%s is taken for whole", bad)
		}
	}
	const good = `<p>{{if .SMS}}Get a code by SMS.{{else}}Get a code by email.{{end}} It works once.</p>`
	if broken := brokenSentences(good); len(broken) > 0 {
		t.Errorf("%s: %q", good, broken)
	}
}

// brokenSentences returns the texts of a template that a branch cuts.
func brokenSentences(source string) []string {
	var out []string
	for _, at := range branch.FindAllStringIndex(source, -1) {
		before, after := markings.ReplaceAllString(source[:at[0]], ""), markings.ReplaceAllString(source[at[1]:], "")
		if strings.LastIndexByte(before, '<') > strings.LastIndexByte(before, '>') {
			continue // in a tag
		}
		before = before[strings.LastIndexAny(before, ">}")+1:]
		if i := strings.IndexAny(after, "<{"); i >= 0 {
			after = after[:i]
		}
		action := source[at[0]:at[1]]
		over := strings.Contains(action, "end") || strings.Contains(action, "else")
		begun := !over && letters(before) && !ends.MatchString(before) && letters(after)
		rest := strings.Contains(action, "end") && letters(after) && goesOn.MatchString(after)
		if begun || rest {
			out = append(out, "…"+strings.TrimSpace(before)+action+strings.TrimSpace(after)+"…")
		}
	}
	return out
}

func letters(s string) bool {
	return strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
