package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDataKeyIsReplaced: what is hashed stays findable, what was sealed does not open
// by the other key, and each key knows the database that is sealed by it.
func TestDataKeyIsReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := Open(dir, "tv.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.Seal(PINs, []byte("4937"), "a", "p")
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReplaceDataKey(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Again(PINs, sealed, "a", "p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Again(PINs, again, "a", "p"); !errors.Is(err, ErrSealed) {
		t.Errorf("what is sealed anew is opened by the key before: %v", err)
	}
	if still, err := Reopen(dir); err != nil || still.Mark() != first.Mark() {
		t.Errorf("the key is another one before the end: %v", err)
	}
	if err := r.Finish(time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	second, err := Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if second.Mark() == first.Mark() || second.Mark() != r.Mark() {
		t.Errorf("marks %s, %s, %s", first.Mark(), r.Mark(), second.Mark())
	}
	if plain, err := second.Unseal(PINs, again, "a", "p"); err != nil || string(plain) != "4937" {
		t.Errorf("Unseal = %q, %v", plain, err)
	}
	if _, err := second.Unseal(PINs, sealed, "a", "p"); !errors.Is(err, ErrSealed) {
		t.Errorf("the new key opens what the one before sealed: %v", err)
	}
	for _, p := range hashing {
		if string(first.MAC(p, "x")) != string(second.MAC(p, "x")) {
			t.Errorf("what was hashed for %s is not found any more", p)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data.key.before-19700101T000000Z")); err != nil {
		t.Error(err)
	}
}

// A replacement that was cut off is ended by what the database says.
func TestSettleDataKey(t *testing.T) {
	for _, c := range []struct {
		name  string
		fresh bool // the database is sealed by the new key
		spoil func(dir string) error
		want  error
	}{
		{"before the commit", false, nil, nil},
		{"after the commit", true, nil, nil},
		{"after the commit, and the new key is lost", true, func(dir string) error { return os.Remove(filepath.Join(dir, freshData)) }, ErrOtherData},
		{"after the commit, and it is damaged", true, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, freshData), []byte("hearthkey-data.key AAAA\n"), 0o600)
		}, ErrDamaged},
		{"and it lacks lines", true, func(dir string) error {
			text, err := os.ReadFile(filepath.Join(dir, freshData))
			if err != nil {
				return err
			}
			lines := strings.SplitAfter(string(text), "\n")
			return os.WriteFile(filepath.Join(dir, freshData), []byte(strings.Join(lines[:3], "")), 0o600)
		}, ErrDamaged},
		{"and others can read it", true, func(dir string) error { return os.Chmod(filepath.Join(dir, freshData), 0o644) }, ErrExposed},
	} {
		dir := filepath.Join(t.TempDir(), "keys")
		first, err := Open(dir, "tv.example", nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReplaceDataKey(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		mark := first.Mark()
		if c.fresh {
			mark = r.Mark()
		}
		if c.spoil != nil {
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
		}
		if err := SettleDataKey(dir, mark, time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%s = %v, want %v", c.name, err, c.want)
		}
		if c.want != nil {
			continue
		}
		if now, err := Reopen(dir); err != nil || now.Mark() != mark {
			t.Errorf("%s: the key in use is not the database's: %v", c.name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, freshData)); err == nil {
			t.Errorf("%s: a key still waits", c.name)
		}
	}
}
