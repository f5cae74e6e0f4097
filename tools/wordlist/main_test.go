package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func archive(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	if err := files.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(files, text); err != nil {
		t.Fatal(err)
	}
	if files.Close() != nil || zipped.Close() != nil {
		t.Fatal("not closed")
	}
	return out.Bytes()
}

func TestLists(t *testing.T) {
	ranked, err := rankedList(archive(t, rankedFile, "Dragon12\r\n1234\nabc\n0007\nDRAGON12\nlong enough"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0007", "1234", "abc", "dragon12", "enough", "long"}, passwords(ranked)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1234", "0007"}, pins(ranked)); diff != "" {
		t.Error(diff)
	}
	one, err := pack([]string{"a", "b"})
	again, _ := pack([]string{"a", "b"})
	if err != nil || !bytes.Equal(one, again) {
		t.Errorf("packed differently: %v", err)
	}
}

func TestBadArchives(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty": nil, "no gzip": []byte("hello"), "no list": archive(t, "package/README.md", "x"),
	} {
		if _, err := rankedList(data); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	path := filepath.Join(t.TempDir(), "x.tgz")
	if err := os.WriteFile(path, archive(t, rankedFile, "x"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for _, args := range [][]string{{path}, {path + "-none"}} {
		if run(append([]string{"-to", t.TempDir()}, args...), &said) != 1 {
			t.Errorf("run(%q) succeeded", args)
		}
	}
	if run(nil, &said) != 2 || !strings.Contains(said.String(), "not the archive") {
		t.Error(said.String())
	}
}
