package main

import (
	"bytes"
	"go/constant"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ASVS 6.1.1, 7.1.2.
func TestDocumentIsCurrent(t *testing.T) {
	want, err := document("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/limits.md is not what the source says; run: go run ./tools/limits > docs/limits.md\n%s", diff)
	}
}

// Every limit says what it is and where it comes from, whichever package has it.
// ASVS 6.1.1, 7.1.2.
func TestEveryLimitHasASource(t *testing.T) {
	src := newSource("../..")
	listed := map[string]bool{}
	for _, folder := range packages {
		listed[folder] = true
		constants, err := src.constants(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range constants {
			if limiting(c) && (c.Comment == "" && !inTable(folder, c.Name) || sourceOf(folder, c) == "") {
				t.Errorf("%s.%s says nothing of itself", folder, c.Name)
			}
		}
	}
	for name := range sources {
		folder, constant, _ := strings.Cut(name, ".")
		constants, err := src.constants(folder)
		if _, ok := find(constants, constant); err != nil || !ok {
			t.Errorf("a source of %s, which is not there (%v)", name, err)
		}
	}
	for _, folder := range folders(t, "agent", "lan", "protocol", "server") {
		constants, err := src.constants(folder)
		if listed[folder] || forTests[folder] || err != nil { // no Go of its own
			continue
		}
		for _, c := range constants {
			if limiting(c) {
				t.Errorf("%s.%s is in no list: add the package", folder, c.Name)
			}
		}
	}
}

// forTests are packages that no program contains.
var forTests = map[string]bool{"server/servertest": true, "server/store/storetest": true, "server/bus/bustest": true, "server/bus/natsbus/natstest": true, "server/store/postgres/pgcluster": true, "agent/screen/screentest": true}

func inTable(folder, name string) bool {
	for _, r := range table {
		if r.Package == folder && r.Const == name {
			return true
		}
	}
	return false
}

// folders are all folders below some of the module's.
func folders(t *testing.T, below ...string) (out []string) {
	t.Helper()
	for _, top := range below {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() != "testdata" {
				out = append(out, filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("../..")+string(filepath.Separator))))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var literalLimit = regexp.MustCompile(`\bBudget\{[^}]*\bLimit: *\d`)

// A budget's limit is a constant, or the document would not have it.
func TestNoBudgetHidesItsLimit(t *testing.T) {
	for _, folder := range folders(t, "server") {
		names, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if found := literalLimit.Find(text); found != nil && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s: %s", name, found)
			}
		}
	}
}

func TestRows(t *testing.T) {
	for _, r := range table {
		if r.What == "" || r.Source == "" || strings.ContainsAny(r.What+r.Source, "|\n") {
			t.Errorf("row %+v", r)
		}
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestConstants(t *testing.T) {
	dir := write(t, map[string]string{
		"a/a.go": `package a
import ("time"; "example.org/unknown"; "github.com/hearthkey/hearthkey/b")
const (
	life = 2 * time.Hour // V1: how long
	// maxSize bounds it,
	// in bytes. More.
	maxSize = b.Size << 1
	word = "x"
)
// Age is alone.
const Age = time.Duration(b.Size) * time.Second
var x = unknown.F(3)
`,
		"a/a_test.go": "package a\nconst notThis = 1\n",
		"b/b.go":      "package b\nconst Size = 1 << 9\n",
	})
	got, err := newSource(dir).constants("a")
	if err != nil || len(got) != 3 {
		t.Fatalf("constants = %+v, %v", got, err)
	}
	for i, want := range []struct{ name, value, comment string }{
		{"life", "2 h", "V1: how long"}, {"maxSize", "1 KiB", "maxSize bounds it, in bytes"}, {"Age", "512 s", "Age is alone"},
	} {
		if c := got[i]; c.Name != want.name || c.text("bytes") != want.value || cell(c.Comment) != want.comment || !limiting(c) {
			t.Errorf("%s = %s, %q; want %+v", c.Name, c.text("bytes"), c.Comment, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing": {}, "no Go": {"server/account/a.go": "pack"},
	} {
		var out, said bytes.Buffer
		if run(write(t, files), &out, &said) != 1 || out.Len() != 0 || said.Len() == 0 {
			t.Errorf("%s: %q, %q", name, out.String(), said.String())
		}
	}
	dir := write(t, map[string]string{"server/account/a.go": "package account\nconst other = 1\n"})
	if _, err := document(dir); err == nil || !strings.Contains(err.Error(), "no constant defaultMinPassword") {
		t.Errorf("document = %v", err)
	}
}

func TestText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1 s", 90 * time.Second: "90 s", 2 * time.Minute: "2 min", 24 * time.Hour: "24 h",
		48 * time.Hour: "2 days", 1500 * time.Millisecond: "1500 ms", time.Microsecond: "1µs",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%v) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{1 << 20: "1 MiB", 24 << 10: "24 KiB", 1000: "1000 bytes", 0: "0 bytes"} {
		if got := (Constant{Value: constant.MakeInt64(n)}).text("bytes"); got != want {
			t.Errorf("%d = %q, want %q", n, got, want)
		}
	}
	if got := (Constant{Value: constant.MakeFloat64(0.5)}).text(""); got != "0.5" {
		t.Error(got)
	}
}
