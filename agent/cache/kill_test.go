package cache

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/protocol"
)

// writerDir tells a re-executed test binary to write for ever, printing the
// number of each round that is on disk.
const writerDir = "HEARTHKEY_CACHE_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		fmt.Println(writeForEver(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver puts, in round n, verifiers of version n, document n and one
// activity item, and drops older documents.
func writeForEver(dir string) error {
	fmt.Println("start")
	c, err := Open(Config{Dir: dir, Key: testKey})
	if err != nil {
		return err
	}
	if reason, ok := c.Rebuilt(); ok {
		return errors.New(reason)
	}
	fmt.Println("open")
	for n := c.PinsVersion() + 1; ; n++ {
		digest, data := roundDocument(n)
		set := map[protocol.ProfileID]Verifier{"p": verifier(n)}
		_, queued := c.Enqueue(item(fmt.Sprint(n), protocol.Started))
		err := errors.Join(queued, c.PutBlob(digest, data), c.DropBlobsExcept(digest), c.PutVerifiers(n, set))
		if err != nil {
			return err
		}
		if pending, _ := c.Queued(); pending > 50 {
			items, err := c.Pending(40)
			if err := errors.Join(err, c.Acknowledge(items[len(items)-1].Seq)); err != nil {
				return err
			}
		}
		fmt.Println(n)
	}
}

func roundDocument(n int64) (protocol.Digest, []byte) {
	return document(uint64(n), 1+int(n*7919)%(30<<10))
}

// TestKilledWhileWriting kills a writing process 30 times (HEARTHKEY_KILLS sets
// another number), now in the middle of opening, now of writing. Nothing that
// was reported may be missing, the folder is never rebuilt, and files do not
// pile up.
func TestKilledWhileWriting(t *testing.T) {
	cfg := config(t)
	open(t, cfg).Close()
	r := rand.New(rand.NewPCG(1, 2))
	var reported int64
	for kill := range rounds("HEARTHKEY_KILLS", 30) {
		last := writeUntilKilled(t, cfg.Dir, max(0, r.IntN(12)-4), r.IntN(100_000))
		reported = max(reported, last)
		if kill%5 != 4 {
			continue // several kills in a row, without a clean run between
		}
		c := open(t, cfg)
		if reason, ok := c.Rebuilt(); ok {
			t.Fatalf("kill %d: rebuilt because %s", kill, reason)
		}
		checkRound(t, c, reported)
		c.Close()
	}
	entries, err := os.ReadDir(cfg.Dir)
	if err != nil || len(entries) > 16 {
		t.Errorf("%d files in the folder after the kills, %v", len(entries), err)
	}
	t.Logf("%d rounds, %d files", reported, len(entries))
}

func checkRound(t *testing.T, c *Cache, reported int64) {
	t.Helper()
	n := c.PinsVersion()
	if n < reported {
		t.Fatalf("verifiers of round %d, but %d was reported", n, reported)
	}
	if v, err := c.Verifier("p"); n > 0 && (err != nil || v.MAC != verifier(n).MAC) {
		t.Errorf("Verifier of round %d = %v", n, err)
	}
	digest, _ := roundDocument(n)
	next, _ := roundDocument(n + 1)
	if _, err := c.Blob(digest); n > 0 && err != nil {
		// Round n + 1 may have dropped it, after it stored its own.
		if _, err := c.Blob(next); err != nil {
			t.Errorf("documents of round %d and %d: %v", n, n+1, err)
		}
	}
	items, err := c.Pending(MaxQueue)
	if err != nil || (n > 0 && len(items) == 0) {
		t.Errorf("round %d: %d items, %v", n, len(items), err)
	}
	for i := 1; i < len(items); i++ {
		if items[i].Seq != items[i-1].Seq+1 {
			t.Errorf("item %d follows %d", items[i].Seq, items[i-1].Seq)
		}
	}
}

// writeUntilKilled kills the writer some time after some lines; after line 0 it
// opens.
func writeUntilKilled(t *testing.T, dir string, after, spin int) (last int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for scan := bufio.NewScanner(out); scan.Scan(); lines++ {
		var n int64
		if _, err := fmt.Sscan(scan.Text(), &n); err == nil {
			last = n
		} else if scan.Text() != "start" && scan.Text() != "open" {
			t.Errorf("the writer said %q", scan.Text())
		}
		if lines == after {
			for range spin { // a system call each: up to some 10 ms into what follows
				unix.Getppid()
			}
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the writer ended by itself: %v", err)
	}
	return last
}

// smallDisk mounts a tmpfs of this many KiB.
func smallDisk(t *testing.T, kib int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: mounting a small tmpfs needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kib)); err != nil {
		t.Skipf("NOT TESTED: mount tmpfs: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// TestFullDisk fills a real small disk, once by the cache itself and once by
// somebody else. A fault would end this process.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, 6<<10)
	cfg := Config{Dir: filepath.Join(disk, "cache"), Key: testKey}
	c := open(t, cfg)
	var stored []protocol.Digest
	var err error
	for n := int64(1); err == nil; n++ {
		digest, data := document(uint64(n), 100<<10)
		if err = c.PutBlob(digest, data); err == nil {
			stored = append(stored, digest)
		}
		if n > 1000 {
			t.Fatal("100 MB fit on 6 MiB")
		}
	}
	if !errors.Is(err, ErrDiskFull) || len(stored) == 0 {
		t.Fatalf("after %d documents: %v, want ErrDiskFull", len(stored), err)
	}
	for _, digest := range stored {
		if _, err := c.Blob(digest); err != nil {
			t.Errorf("a document on the full disk: %v", err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	os.Remove(c.space.ballast()) // or its room would do
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 6<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if _, err := Open(cfg); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("Open on a full disk = %v, want ErrDiskFull", err)
	}
	os.Remove(filler)
	c = open(t, cfg)
	if reason, ok := c.Rebuilt(); ok {
		t.Errorf("rebuilt because %s", reason)
	}
	for _, digest := range stored {
		if _, err := c.Blob(digest); err != nil {
			t.Errorf("a document after the disk was full: %v", err)
		}
	}
}

// TestBallastOnAFullDisk: what somebody else fills does not stop a start.
func TestBallastOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, 6<<10)
	c := open(t, Config{Dir: filepath.Join(disk, "cache"), Key: testKey})
	enqueue(t, c, protocol.Started)
	os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 6<<20), 0o600)
	c = reopen(t, c)
	if got := seqs(t, c); len(got) != 1 {
		t.Errorf("activity after a start on a full disk: %v", got)
	}
	enqueue(t, c, protocol.Started)
}

// TestEraseOnAFullDisk: a sign-out must get through.
func TestEraseOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, 6<<10)
	c := open(t, Config{Dir: filepath.Join(disk, "cache"), Key: testKey})
	digest, data := document(1, 200<<10)
	if err := c.PutBlob(digest, data); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 6<<20), 0o600)
	if err := c.PutVerifiers(1, nil); !errors.Is(err, ErrDiskFull) {
		t.Errorf("PutVerifiers = %v, want ErrDiskFull", err)
	}
	if err := eraseAll(c, [32]byte{9}); err != nil {
		t.Errorf("Erase on a full disk = %v", err)
	}
	if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
		t.Errorf("Blob after Erase = %v, want ErrMissing", err)
	}
}

// TestLongRun writes until tables were merged often, and stays small.
func TestLongRun(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		c := open(t, cfg)
		for n := range int64(rounds("HEARTHKEY_LONG_RUN", 60)) {
			digest, data := document(uint64(n), 120<<10)
			if err := errors.Join(c.PutBlob(digest, data), c.DropBlobsExcept(digest)); err != nil {
				t.Fatalf("round %d: %v", n, err)
			}
			if got, err := c.Blob(digest); err != nil || len(got) != len(data) {
				t.Fatalf("round %d: Blob = %d bytes, %v", n, len(got), err)
			}
		}
		zero, size := countTables(c.db)
		if zero > flattenAt+1 || size > 5<<20 {
			t.Errorf("%d tables in level 0, %d KiB in all", zero, size>>10)
		}
		t.Logf("%d tables in level 0, %d KiB in all", zero, size>>10)
	})
}
