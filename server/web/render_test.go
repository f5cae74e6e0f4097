package web

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol/words"
)

// -pages writes the rendered fixtures and the static files to a folder, to be
// looked at.
var pagesFolder = flag.String("pages", "", "write the rendered pages to this folder")

func testViews(t testing.TB) *views {
	t.Helper()
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseViews(a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEveryPageRenders(t *testing.T) {
	v := testViews(t)
	seen := map[reflect.Type]bool{}
	for name, page := range fixturePages() {
		t.Run(name, func(t *testing.T) {
			body, err := v.render(in(page, words.Language(*pagesLanguage)))
			if err != nil {
				t.Fatal(err)
			}
			seen[reflect.TypeOf(page)] = true
			checkPage(t, string(body))
			writePage(t, name, body)
		})
	}
	for typ := range pageTemplates {
		if !seen[typ] {
			t.Errorf("%v has no fixture", typ)
		}
	}
}

var (
	inlineCode = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:`)
	scriptTag  = regexp.MustCompile(`<script[^>]*>`)
	idValue    = regexp.MustCompile(`\sid="([^"]*)"`)
	reference  = regexp.MustCompile(`\s(?:for|aria-labelledby|aria-describedby)="([^"]*)"`)
	textInput  = regexp.MustCompile(`<input id="([^"]*)"`)
	imageTag   = regexp.MustCompile(`<img [^>]*>`)
)

// checkPage holds what every page promises.
func checkPage(t *testing.T, body string) {
	t.Helper()
	for _, tag := range scriptTag.FindAllString(body, -1) {
		if !strings.Contains(tag, ` src="/static/`) {
			t.Errorf("inline script: %s", tag)
		}
	}
	if m := inlineCode.FindString(scriptTag.ReplaceAllString(body, "")); m != "" {
		t.Errorf("inline code: %q", m)
	}
	for _, bad := range []string{"ZgotmplZ", "&lt;no value&gt;", "<nil>", "%!", "0001-01-01"} {
		if strings.Contains(body, bad) {
			t.Errorf("page contains %q", bad)
		}
	}
	ids := map[string]bool{}
	for _, m := range idValue.FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("id %q twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range reference.FindAllStringSubmatch(body, -1) {
		for id := range strings.FieldsSeq(m[1]) {
			if !ids[id] {
				t.Errorf("reference to %q, which is not there", id)
			}
		}
	}
	for _, m := range textInput.FindAllStringSubmatch(body, -1) {
		if !strings.Contains(body, `<label for="`+m[1]+`"`) {
			t.Errorf("input %q has no label", m[1])
		}
	}
	for _, tag := range imageTag.FindAllString(body, -1) {
		if !strings.Contains(tag, ` alt="`) {
			t.Errorf("no alt text: %s", tag)
		}
	}
	if n := strings.Count(body, "<h1"); n != 1 {
		t.Errorf("%d main headings, want 1", n)
	}
}

func writePage(t *testing.T, name string, body []byte) {
	t.Helper()
	if *pagesFolder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*pagesFolder, name+".html"), body, 0o644); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(staticFiles, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := staticFiles.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(*pagesFolder, path)
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, 0o644))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Names with markup in them must arrive as text.
func TestNamesAreText(t *testing.T) {
	body, err := testViews(t).render(fixturePages()["gate"])
	if err != nil {
		t.Fatal(err)
	}
	if got := string(body); !strings.Contains(got, "Grandma &amp; Grandpa &lt;3") || strings.Contains(got, "Grandpa <3") {
		t.Error("a profile's name was not escaped")
	}
}

// Every drawing that a template or an event asks for exists.
func TestIconsExist(t *testing.T) {
	ask := regexp.MustCompile(`icon "([a-z]+)"`)
	err := fs.WalkDir(templateFiles, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := templateFiles.ReadFile(path)
		for _, m := range ask.FindAllSubmatch(data, -1) {
			if icon(string(m[1])) == "" {
				t.Errorf("%s asks for the icon %q, which is not drawn", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind, words := range kinds {
		if icon(words.icon) == "" {
			t.Errorf("the event %s asks for the icon %q, which is not drawn", kind, words.icon)
		}
	}
}

// The first view of the longest page, without a cache: page, style, script,
// icon and avatars as they travel (docs: at most 60 KB).
func TestFirstViewIsSmall(t *testing.T) {
	v := testViews(t)
	body, err := v.render(fixturePages()["devices-40"])
	if err != nil {
		t.Fatal(err)
	}
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	sum := len(pack(body))
	for _, f := range a.files {
		sum += min(len(f.plain), len(f.packed))
	}
	t.Logf("%d bytes, of which the page %d (%d unpacked)", sum, len(pack(body)), len(body))
	if sum > 60_000 {
		t.Errorf("first view takes %d bytes, want at most 60000", sum)
	}
}
