package screen_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// tooNew lists what browsers older than Chromium 80 do not know, which is the
// level of boxes still in living rooms. The version that brought each is named.
var tooNew = map[string][]struct {
	what    string
	version int
	match   *regexp.Regexp
}{
	".js": {
		{"optional chaining", 80, regexp.MustCompile(`\?\.[a-zA-Z_$([]`)},
		{"nullish coalescing", 80, regexp.MustCompile(`\?\?`)},
		{"logical assignment", 85, regexp.MustCompile(`(\|\||&&)=`)},
		{"private members", 84, regexp.MustCompile(`\bthis\.#|^\s+#\w+`)},
		{"static blocks", 94, regexp.MustCompile(`static \{`)},
		{"replaceAll", 85, regexp.MustCompile(`\.replaceAll\(`)},
		{"at", 92, regexp.MustCompile(`\.at\(`)},
		{"findLast", 97, regexp.MustCompile(`\.findLast`)},
		{"Object.hasOwn", 93, regexp.MustCompile(`Object\.hasOwn\b`)},
		{"structuredClone", 98, regexp.MustCompile(`structuredClone`)},
		{"replaceChildren", 86, regexp.MustCompile(`\.replaceChildren\(`)},
		{"toSorted and its like", 110, regexp.MustCompile(`\.to(Sorted|Reversed|Spliced)\(`)},
		{"Promise.any", 85, regexp.MustCompile(`Promise\.(any|withResolvers)`)},
		{"WeakRef", 84, regexp.MustCompile(`WeakRef`)},
		{"top-level await", 89, regexp.MustCompile(`(?m)^(const .* = )?await\b`)},
		{"the v and d flags", 90, regexp.MustCompile(`/[gimsuy]*[dv][gimsuy]*\.(test|exec)`)},
	},
	".css": {
		{":has()", 105, regexp.MustCompile(`:has\(`)},
		{":is() and :where()", 88, regexp.MustCompile(`:(is|where)\(`)},
		{":not() with a list", 88, regexp.MustCompile(`:not\([^)]*,`)},
		{":focus-visible", 86, regexp.MustCompile(`:focus-visible`)},
		{"gap, which flex boxes take from 84", 84, regexp.MustCompile(`(^|[;{\s])(row-|column-)?gap:`)},
		{"inset", 87, regexp.MustCompile(`(^|[;{\s])inset(-\w+)*:`)},
		{"logical shorthands", 87, regexp.MustCompile(`(margin|padding|border)-(inline|block):`)},
		{"aspect-ratio", 88, regexp.MustCompile(`(^|[;{\s])aspect-ratio:`)},
		{"overflow: clip", 90, regexp.MustCompile(`overflow(-\w)?:\s*clip`)},
		{"translate, scale and rotate as properties", 104, regexp.MustCompile(`(^|[;{\s])(translate|scale|rotate):`)},
		{"nesting", 112, regexp.MustCompile(`&[\s.:]`)},
		{"layers and containers", 99, regexp.MustCompile(`@(layer|container|property|scope)`)},
		{"newer units", 108, regexp.MustCompile(`\d(d|s|l)v[hw]\b|\dcq[wh]\b`)},
		{"newer colours", 111, regexp.MustCompile(`color-mix\(|oklch\(|oklab\(|lab\(|lch\(`)},
		{"hwb()", 101, regexp.MustCompile(`hwb\(`)},
		{"accent-color", 93, regexp.MustCompile(`accent-color`)},
		{"content-visibility", 85, regexp.MustCompile(`content-visibility`)},
		{"text-wrap", 114, regexp.MustCompile(`text-wrap`)},
		{"line-clamp without prefix, in none", 999, regexp.MustCompile(`(^|[;{\s])line-clamp:`)},
		{"masks without prefix", 120, regexp.MustCompile(`(^|[;{\s])mask(-\w+)?:`)},
		{"ranges in media queries", 104, regexp.MustCompile(`@media[^{]*[<>]`)},
	},
}

var comments = regexp.MustCompile(`(?s)/\*.*?\*/|(?m)^\s*//.*$|\s// .*$`)

func TestRunsInOldBrowsers(t *testing.T) {
	for name, body := range asText(folder(t)) {
		body = comments.ReplaceAllString(body, "")
		for i, line := range strings.Split(body, "\n") {
			for _, rule := range tooNew[path.Ext(name)] {
				if found := rule.match.FindString(line); found != "" {
					t.Errorf("%s, line %d of its code: %q: %s needs Chromium %d", name, i+1, found, rule.what, rule.version)
				}
			}
		}
	}
}

// TestLevelRules holds the rules above to what they must find and must not.
func TestLevelRules(t *testing.T) {
	for _, test := range []struct {
		kind, code string
		want       bool
	}{
		{".js", "a?.b", true}, {".js", "a ?? b", true}, {".js", "a ? .5 : b", false}, {".js", `s.replaceAll("a", "b")`, true},
		{".js", "list.at(-1)", true}, {".js", "await x;", true}, {".js", "slide(at.item, at.row)", false},
		{".css", "a { display: flex; gap: 1rem; }", true}, {".css", "a { inset: 0; }", true}, {".css", "a:has(b) {}", true},
		{".css", "a { box-shadow: inset 0 0 1px #000; }", false}, {".css", "a { transform: scale(1.1); }", false},
		{".css", "a { aspect-ratio: 16 / 9; }", true}, {".css", "a { top: 0; left: 0; }", false},
	} {
		got := false
		for _, rule := range tooNew[test.kind] {
			got = got || rule.match.MatchString(test.code)
		}
		if got != test.want {
			t.Errorf("%s %q: too new = %v, want %v", test.kind, test.code, got, test.want)
		}
	}
}
