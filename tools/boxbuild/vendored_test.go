package boxbuild

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// A vendored tree is built with the stand-ins laid over it: what they replace is away, and
// the one changed file is changed.
func TestOverlay(t *testing.T) {
	module, dir := t.TempDir(), t.TempDir()
	for file, content := range map[string]string{
		"vendor/modules.txt":                             "",
		"vendor/" + pooling + "/" + pooledFile:           "package z\n" + pooled,
		"vendor/go.opentelemetry.io/otel/real.go":        "package otel\n",
		"packaging/box/otel/otel.go":                     "package otel\n",
		"vendor/github.com/klauspost/compress/zstd/a.go": "package zstd\n",
		"packaging/box/compress/zstd/zstd.go":            "package zstd\n",
		"vendor/github.com/dustin/go-humanize/a.go":      "package humanize\n",
		"packaging/box/humanize/humanize.go":             "package humanize\n",
		"vendor/google.golang.org/protobuf/proto/a.go":   "package proto\n",
		"packaging/box/protobuf/proto/proto.go":          "package proto\n",
	} {
		path := filepath.Join(module, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !vendored(module) || vendored(dir) {
		t.Error("a tree is vendored where it has vendor/modules.txt")
	}
	path, err := overlay(module, dir)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Replace map[string]string }
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	otel := filepath.Join(module, "vendor/go.opentelemetry.io/otel")
	if by, there := got.Replace[filepath.Join(otel, "real.go")]; !there || by != "" {
		t.Errorf("the real file is replaced by %q, %t; want it away", by, there)
	}
	if by := got.Replace[filepath.Join(otel, "otel.go")]; by != filepath.Join(module, "packaging/box/otel/otel.go") {
		t.Errorf("the stand-in is %q", by)
	}
	changed, err := os.ReadFile(got.Replace[filepath.Join(module, "vendor", pooling, pooledFile)])
	if want := "package z\n" + unpooled; err != nil || string(changed) != want {
		t.Errorf("the pool is %q, %v; want %q", changed, err, want)
	}
}
