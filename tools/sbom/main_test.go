package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// build links this program into dir, with the release's flags.
func build(t *testing.T, dir string) string {
	t.Helper()
	out := filepath.Join(dir, "sbom")
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=test", "-o", out, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// Every module that is linked is in the bill, with its version and its sum; the same
// program gives the same bytes, and another build of the same source the same program.
func TestBill(t *testing.T) {
	one, two := build(t, t.TempDir()), build(t, t.TempDir())
	first, err1 := os.ReadFile(one)
	second, err2 := os.ReadFile(two)
	if err1 != nil || err2 != nil || !bytes.Equal(first, second) {
		t.Errorf("two builds differ: %v %v", err1, err2)
	}
	self, err := os.Executable() // the test's own program has modules in it
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for range 2 {
		dir := t.TempDir()
		var stdout, stderr bytes.Buffer
		if status := run([]string{"-out", dir, "-version", "1.2.3", self}, &stdout, &stderr); status != 0 {
			t.Fatalf("run = %d %s", status, stderr.String())
		}
		text, err := os.ReadFile(strings.TrimSpace(stdout.String()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Error("two bills of one program differ")
	}
	var b bill
	if err := json.Unmarshal([]byte(texts[0]), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Metadata.Component.Version != "1.2.3" || len(b.Components) == 0 || b.Components[0].Name != "std" {
		t.Errorf("bill = %+v", b)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(b.Serial) {
		t.Errorf("serial number %q", b.Serial)
	}
	if status := run([]string{"-out", t.TempDir(), "main.go"}, &bytes.Buffer{}, &bytes.Buffer{}); status != 1 {
		t.Errorf("a file that is no program = %d", status)
	}
}
