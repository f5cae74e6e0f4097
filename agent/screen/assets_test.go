package screen_test

import (
	"encoding/xml"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/screen/pagefile"
	"github.com/hearthkey/hearthkey/agent/screen/pagefile/bundle"
	"github.com/hearthkey/hearthkey/protocol"
)

// files are the page's as they are served.
func files(t *testing.T) map[string]string {
	t.Helper()
	return asText(screen.Static())
}

// folder are the files that these are made of.
func folder(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := pagefile.Read(os.DirFS("static"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func asText(files map[string][]byte) map[string]string {
	all := make(map[string]string, len(files))
	for name, data := range files {
		all[name] = string(data)
	}
	return all
}

// TestThePageIsPacked holds the page in the program against its folder.
func TestThePageIsPacked(t *testing.T) {
	want, err := bundle.Page(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	all := files(t)
	for name, body := range asText(want) {
		if all[name] != body {
			t.Errorf("%s is another one in the program: go run ./tools/page", name)
		}
	}
	if len(all) != len(want) {
		t.Errorf("the program has %d files, want %d: go run ./tools/page", len(all), len(want))
	}
}

func TestPageIsSmall(t *testing.T) {
	const budget = 150_000 // bytes, uncompressed
	sum := 0
	for _, body := range files(t) {
		sum += len(body)
	}
	t.Logf("the page has %d bytes of %d", sum, budget)
	if sum > budget {
		t.Errorf("the page has %d bytes, want at most %d", sum, budget)
	}
}

func TestEveryFileIsServed(t *testing.T) {
	s := start(t, nil)
	kinds := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for name, body := range files(t) {
		answer := ask(t, s, "/"+name, "Host: "+s.Addr().String())
		got, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 200 || string(got) != body {
			t.Errorf("%s: %s, %d bytes, %v", name, answer.Status, len(got), err)
		}
		if kind := answer.Header.Get("Content-Type"); kind == "" || kind != kinds[path.Ext(name)] {
			t.Errorf("%s: type %q", name, kind)
		}
		again := ask(t, s, "/"+name, "Host: "+s.Addr().String(), "If-None-Match: "+answer.Header.Get("ETag"))
		if again.StatusCode != 304 {
			t.Errorf("%s, asked again: %s, want 304", name, again.Status)
		}
	}
	for _, name := range []string{"/nothing", "/avatars/", "/../screen.go", "/static/main.js", "/main.js", "/%2e%2e/wire.go"} {
		if got := ask(t, s, name, "Host: "+s.Addr().String()).StatusCode; got == 200 {
			t.Errorf("%s is served", name)
		}
	}
}

// TestNothingInline holds what the policy would refuse anyway, and what would
// reach outside.
func TestNothingInline(t *testing.T) {
	rules := map[string]*regexp.Regexp{
		".html": regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>\s*[^<\s]|\son\w+=|\sstyle=|https?://|javascript:`),
		".js":   regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setAttribute\("style"|https?://(?:[^w]|w[^w]|www\.[^w])`),
		".css":  regexp.MustCompile(`(?i)@import|url\(|https?://|expression\(`),
		".svg":  regexp.MustCompile(`(?i)<script|\son\w+=|<foreignObject|href|<style|<!`),
	}
	for name, body := range asText(folder(t)) {
		if found := rules[path.Ext(name)].FindString(body); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
}

func TestImportsAreThere(t *testing.T) {
	all := asText(folder(t))
	from := regexp.MustCompile(`(?m)^(?:import|export) .*from "\./([^"]+)";$`)
	for name, body := range all {
		if path.Ext(name) != ".js" {
			continue
		}
		for _, match := range from.FindAllStringSubmatch(body, -1) {
			if all[match[1]] == "" {
				t.Errorf("%s imports %s, which is not there", name, match[1])
			}
		}
	}
}

func TestAvatars(t *testing.T) {
	all := files(t)
	for _, name := range protocol.Avatars() {
		if all["avatars/"+name+".svg"] == "" {
			t.Errorf("avatar %s is missing", name)
		}
	}
	for name, body := range all {
		if path.Ext(name) != ".svg" {
			continue
		}
		if len(body) > 1024 || !strings.Contains(body, "viewBox=") {
			t.Errorf("%s has %d bytes, want at most 1024, and a viewBox", name, len(body))
		}
		if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
