package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/library"
	"github.com/hearthkey/hearthkey/protocol"
)

// fullShelf is as large as a library can be.
func fullShelf(mark string) library.Shelf {
	var s library.Shelf
	id := func(kind string, i int) protocol.TitleID {
		return protocol.TitleID(fmt.Sprintf("%s-%s-%s", mark, kind, strings.Repeat("x", 40))[:40] + fmt.Sprintf("%024d", i))
	}
	for i := range protocol.MaxOwnList {
		s.List = append(s.List, id("list", i))
	}
	for i := range protocol.MaxWatched {
		s.Watched = append(s.Watched, protocol.Watched{Title: id("watched", i), Position: 172_800, Length: 172_800, At: 1 << 50})
	}
	for i := range 10 {
		s.Next = append(s.Next, protocol.Watched{Title: id("next", i), Length: 172_800, At: 1 << 50})
	}
	return s
}

func TestShelves(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, Config{Dir: dir, Key: [32]byte{1}})
	want := map[protocol.ProfileID]library.Shelf{}
	for i := range protocol.MaxProfiles {
		want[protocol.ProfileID(fmt.Sprintf("%064d", i))] = fullShelf(fmt.Sprint("secret", i))
	}
	if err := c.PutShelves(want); err != nil {
		t.Fatalf("PutShelves of the largest: %v", err)
	}
	checkShelves(t, c, want)
	before := c.written
	if err := c.PutShelves(want); err != nil || c.written != before {
		t.Errorf("the same again wrote %d bytes: %v", c.written-before, err)
	}
	small := protocol.ProfileID(fmt.Sprintf("%064d", 3))
	want = map[protocol.ProfileID]library.Shelf{small: {List: []protocol.TitleID{"a"}}, "new": {}}
	if err := c.PutShelves(want); err != nil {
		t.Fatal(err)
	}
	checkShelves(t, c, want)
	if _, err := c.Shelf(protocol.ProfileID(fmt.Sprintf("%064d", 4))); !errors.Is(err, ErrMissing) {
		t.Errorf("library of a profile that is gone: %v, want ErrMissing", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	checkShelves(t, open(t, Config{Dir: dir, Key: [32]byte{1}}), want)
}

func checkShelves(t *testing.T, c *Cache, want map[protocol.ProfileID]library.Shelf) {
	t.Helper()
	for p, w := range want {
		got, err := c.Shelf(p)
		if err != nil {
			t.Errorf("Shelf(%s): %v", p, err)
		}
		if d := cmp.Diff(w, got); d != "" {
			t.Errorf("Shelf(%s) (-want +got):\n%s", p, d)
		}
	}
}

func TestShelvesAreBounded(t *testing.T) {
	c := open(t, Config{Dir: filepath.Join(t.TempDir(), "cache"), Key: [32]byte{1}})
	many := map[protocol.ProfileID]library.Shelf{}
	for i := range protocol.MaxProfiles + 1 {
		many[protocol.ProfileID(fmt.Sprint(i))] = library.Shelf{}
	}
	huge := library.Shelf{List: []protocol.TitleID{protocol.TitleID(strings.Repeat("x", maxShelf))}}
	for name, all := range map[string]map[protocol.ProfileID]library.Shelf{
		"too many": many, "too large": {"p": huge}, "a profile of 65 letters": {protocol.ProfileID(strings.Repeat("p", 65)): {}},
	} {
		if err := c.PutShelves(all); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: PutShelves = %v, want ErrTooLarge", name, err)
		}
	}
}

// TestP10_ShelvesAreSealed: what a profile watches, and whose it is, is nowhere in
// the files; and after an erasure nowhere in the cache.
func TestP10_ShelvesAreSealed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := open(t, Config{Dir: dir, Key: [32]byte{1}})
	if err := c.PutShelves(map[protocol.ProfileID]library.Shelf{"profile-of-robin": {List: []protocol.TitleID{"title-of-robin"}}}); err != nil {
		t.Fatal(err)
	}
	look := func() {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte("-of-robin")) {
				t.Errorf("%s holds it in plain", filepath.Base(path))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	look()
	if err := eraseAll(c, [32]byte{2}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Shelf("profile-of-robin"); !errors.Is(err, ErrMissing) {
		t.Errorf("after Erase: %v, want ErrMissing", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	look()
}
