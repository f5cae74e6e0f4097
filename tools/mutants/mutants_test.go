package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMutants(t *testing.T) {
	const src = `package p

func skipped() bool { return true }

func f(a, b int, ok bool) (int, bool) {
	if a < b && !ok {
		a += min(b, 2)
		g()
	}
	return a + 3, true
}
`
	got, err := Mutants("p.go", []byte(src), func(fn string) bool { return fn == "f" })
	if err != nil {
		t.Fatal(err)
	}
	var changes []string
	for _, m := range got {
		changed := string(m.apply([]byte(src)))
		if changed == src || !strings.Contains(changed, "func skipped() bool { return true }") {
			t.Errorf("%s changes %q", m.Key(), changed)
		}
		changes = append(changes, m.Old+" => "+m.New)
	}
	want := []string{
		"a < b && !ok => !(a < b && !ok)", "< => <=", "< => >=", "&& => ||", "! => ",
		"a += min(b, 2) => ", "+= => -=", "min => max", "g() => ", "+ => -", "3 => 4", "true => false",
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("mutants (-want +got):\n%s", diff)
	}
	if key, want := got[1].Key(), " f | if a < b && !ok { | < => <="; key != want {
		t.Errorf("key %q, want %q", key, want)
	}
}

// What reads the same twice is two mutants, in the order of the file: an entry for one of
// them says nothing of the other.
func TestTwinsAreToldApart(t *testing.T) {
	const src = `package p

func f(a, b, c bool) bool { return a || b || c }
func g(a, b, c bool) bool { return a || b || c }
`
	got, err := Mutants("p.go", []byte(src), func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range got {
		seen[m.Key()] = true
	}
	if len(got) != 4 || len(seen) != 4 {
		t.Fatalf("%d mutants with %d names, want 4", len(got), len(seen))
	}
	if first, second := got[0], got[1]; first.Nth != 1 || second.Nth != 2 || first.from >= second.from {
		t.Errorf("first %+v, second %+v", first, second)
	}
}

// Every target is there, and so is every mutant that is called equivalent.
func TestTargetsAndEquivalents(t *testing.T) {
	t.Chdir("../..")
	all, err := collect("")
	if err != nil {
		t.Fatal(err)
	}
	keys, packages := map[string]bool{}, map[string]bool{}
	for _, m := range all {
		keys[m.Key()], packages[m.File] = true, true
	}
	if len(packages) != len(targets) {
		t.Errorf("mutants in %d files of %d targets", len(packages), len(targets))
	}
	equivalent, err := readEquivalent("tools/mutants/equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	for key := range equivalent {
		if !keys[key] {
			t.Errorf("equivalent.txt: there is no mutant %q", key)
		}
	}
	if _, err := collect("no such function"); err == nil {
		t.Error("a word that nothing contains is accepted")
	}
}

func TestEquivalentsNeedAReason(t *testing.T) {
	path := filepath.Join(t.TempDir(), "equivalent.txt")
	for text, ok := range map[string]bool{
		"": true, "# why\n./p f | x | a => b\n": true, "./p f | x | a => b\n": false, "# why\n\n./p f | x | a => b\n": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readEquivalent(path); (err == nil) != ok {
			t.Errorf("%q: %v, want ok %t", text, err, ok)
		}
	}
}
