package cutdisk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// What was synced is there after a cut, what was not is not, and the disk goes on.
func TestCut(t *testing.T) {
	d, err := Make(t.TempDir())
	if errors.Is(err, ErrUnavailable) {
		t.Skipf("NOT TESTED on this machine: power cuts: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, round := range []string{"first", "second"} {
		synced, err := os.Create(filepath.Join(d.Folder(), round))
		if err != nil {
			t.Fatal(err)
		}
		_, err = synced.WriteString(round)
		folder, err2 := os.Open(d.Folder())
		if err2 != nil {
			t.Fatal(err2)
		}
		if err := errors.Join(err, synced.Sync(), folder.Sync(), folder.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := synced.WriteString(" and more"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(filepath.Join(d.Folder(), round+" unsynced"), []byte("x"), 0o600), synced.Close()); err != nil {
			t.Fatal(err)
		}
		cut, done, err := d.Cut()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(cut, round)); err != nil || string(got) != round {
			t.Errorf("after the %s cut: %q, %v, want %q", round, got, err, round)
		}
		if got, err := os.ReadFile(filepath.Join(cut, round+" unsynced")); err == nil && len(got) > 0 {
			t.Errorf("after the %s cut there is what was not synced: %q", round, got)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
		if err := os.Remove(filepath.Join(d.Folder(), round+" unsynced")); err != nil {
			t.Error(err)
		}
	}
}
