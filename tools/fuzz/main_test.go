package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"a/x_test.go":              "package a\nfunc FuzzTwo(f *testing.F) {}\nfunc FuzzOne(f *testing.F) {}\nfunc TestFuzzed(t *testing.T) {}",
		"a/b/y_test.go":            "package b\nfunc FuzzDeep(f *testing.F) {}\nfunc (s) FuzzNone() {}",
		"a/z.go":                   "package a\nfunc FuzzNotATest() {}",
		"node_modules/n_test.go":   "package n\nfunc FuzzForeign(f *testing.F) {}",
		"a/testdata/more_test.go":  "package n\nfunc FuzzData(f *testing.F) {}",
		".hidden/deep/old_test.go": "package n\nfunc FuzzOld(f *testing.F) {}",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	all, err := Find(".", "")
	if err != nil {
		t.Fatal(err)
	}
	want := []Targets{{"a", []string{"FuzzOne", "FuzzTwo"}}, {"a/b", []string{"FuzzDeep"}}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if some, err := Find(".", "FuzzD"); err != nil || len(some) != 1 || some[0].Dir != "a/b" {
		t.Errorf("of one name: %v, %v", some, err)
	}
	if err := run(t.Context(), []string{"-only", "nothing"}, io.Discard); err != nil {
		t.Errorf("without a target: %v", err)
	}
}

// There are as many in this repository as its packages say, and each decoder's is one.
func TestListIsWhole(t *testing.T) {
	t.Chdir("../..")
	var out strings.Builder
	if err := run(t.Context(), []string{"-list"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"agent/session FuzzFrames", "protocol FuzzDecodeDown", "server/api FuzzDecode", "lan/mdns FuzzDecode"} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("%s is not found", want)
		}
	}
}
