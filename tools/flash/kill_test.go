package flash

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var killsFlag = flag.Int("kills", 20, "`number` of kill -9 of TestR2_Kills")

// TestR2_Kills ends a writing worker by kill -9, now while it opens, now while it writes,
// and plants the empty files that such an end can leave. It always opens, and neither
// vault nor cache goes back.
func TestR2_Kills(t *testing.T) {
	t.Parallel()
	dir := scratch(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 2))
	var acked int64
	planted := 0
	for n := range *killsFlag {
		w := startWriter(t, "write", dir)
		w.acked.Store(acked)
		more := int64(1 + dice.IntN(3))
		if n%4 == 3 {
			more = 0 // perhaps it has not opened yet; two of these in a row are a crash loop, which is another matter
		}
		if err := w.until(acked + more); err != nil {
			t.Fatalf("kill %d: %v", n+1, err)
		}
		for range dice.IntN(40_000) { // a system call each
			unix.Getppid()
		}
		w.kill()
		acked = w.acked.Load()
		planted += plant(t, filepath.Join(dir, "cache"), dice)
		if n%3 != 2 && n != *killsFlag-1 {
			continue // several kills without a clean start between
		}
		f, crashes, err := look(dir)
		if err == nil && crashes > 0 {
			err = fmt.Errorf("ended %d times before it opened", crashes)
		}
		if err == nil {
			err = f.holds(max(acked, f.Round-1))
		}
		if err != nil {
			t.Fatalf("kill %d at round %d: %v", n+1, acked, err)
		}
		acked = max(acked, f.Round)
	}
	t.Logf("%d kills at up to round %d, %d empty files planted", *killsFlag, acked, planted)
}

// plant makes an empty file that Badger stumbles over, in two of three kills.
func plant(t *testing.T, dir string, dice *rand.Rand) int {
	t.Helper()
	name := []string{"%05d.mem", "%06d.vlog", ""}[dice.IntN(3)]
	if _, err := os.Stat(dir); err != nil || name == "" {
		return 0
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf(name, 1+dice.IntN(40))), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0 // it is there
	}
	f.Close()
	return 1
}
