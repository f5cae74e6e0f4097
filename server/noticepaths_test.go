package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// V7, A9: whatever a notice leads to is there. The mails are those that package
// notify holds its words against, one of each kind and more.
func TestV7_EveryPathInAMailIsAPage(t *testing.T) {
	h := open(t, nil)
	files, err := filepath.Glob("notify/testdata/mails/*")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d mails, %v", len(files), err)
	}
	address := regexp.MustCompile(`https://tv\.example(/[^\s"<]*)`)
	in := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range address.FindAllStringSubmatch(string(text), -1) {
			path, _, _ := strings.Cut(found[1], "?")
			in[path] = name
		}
	}
	if len(in) < 8 {
		t.Errorf("paths in mails: %v", in)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, name := range in {
		resp, err := client.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusNotFound {
			t.Errorf("%s leads to %s: %s", name, path, resp.Status)
		}
	}
}
