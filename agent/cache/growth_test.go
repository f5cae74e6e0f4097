package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestAYearOfUpdatesTakesNoMoreThanAMegabyte: 200 records that are updated 10,000 times
// without a restart, with the tables that wait to be merged.
func TestAYearOfUpdatesTakesNoMoreThanAMegabyte(t *testing.T) {
	const records, rounds, most = 200, 50, 1 << 20
	c := open(t, config(t))
	for round := range rounds {
		var changes []change
		for i := range records {
			changes = append(changes, change{key: fmt.Appendf(nil, "test-%d", i), value: fmt.Appendf(nil, "%0100d", round)})
		}
		c.writing.Lock()
		err := c.commitAll(changes)
		c.writing.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if now := allocated(t, c.cfg.Dir); now > most {
			t.Fatalf("%d updates take %d KiB on the disk, at most %d", (round+1)*records, now>>10, most>>10)
		}
	}
}

// allocated is what the files of a folder take up on the disk, in bytes.
func allocated(t *testing.T, dir string) (sum int64) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := os.Stat(filepath.Join(dir, f.Name()))
		if os.IsNotExist(err) { // a table that was merged meanwhile
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Sys().(*syscall.Stat_t).Blocks * 512
	}
	return sum
}
