package sqlite

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// childEnv names the database of the child process that is to be killed.
const childEnv = "HEARTHKEY_TEST_KILL_DB"

var (
	kills    = flag.Int("kills", 30, "how often TestKill kills its child")
	killSeed = flag.Uint64("seed", 0, "replay the moments of this `number`; 0 makes a new one")
)

const (
	killCallers = 8
	killTable   = `CREATE TABLE IF NOT EXISTS acked (n BIGINT NOT NULL PRIMARY KEY, padding TEXT NOT NULL)`
)

// runAsChild is what the test binary does when TestKill starts it: it commits
// numbered rows from several goroutines, and prints each number once its
// commit was acknowledged, until it is killed. A careless one does not wait for the
// disk.
func runAsChild() {
	path := os.Getenv(childEnv)
	if path == "" {
		return
	}
	ctx := context.Background()
	d, err := Open(ctx, Config{Path: path})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	first, err := strconv.Atoi(os.Getenv(childEnv + "_FIRST"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if os.Getenv(childEnv+"_CARELESS") != "" {
		const callers = 64
		d.writer = startWriter(&session{db: openPool(path, "journal_mode(WAL)", "synchronous(NORMAL)")}, callers, callers)
	}
	var wg sync.WaitGroup
	for caller := range killCallers {
		wg.Go(func() { commitForEver(ctx, d, first+caller) })
	}
	wg.Wait()
	os.Exit(1) // only a failed commit ends them
}

func commitForEver(ctx context.Context, d *Driver, n int) {
	for ; ; n += killCallers {
		err := d.Update(ctx, func(q store.Querier) error {
			_, err := q.ExecContext(ctx, `INSERT INTO acked (n, padding) VALUES ($1, $2)`, n, strings.Repeat("x", n%3000))
			return err
		})
		if err != nil {
			fmt.Println("commit:", err)
			return
		}
		os.Stdout.WriteString(strconv.Itoa(n) + "\n") // one write: one line
	}
}

// TestKill is R1 in short: what was acknowledged before kill -9 is there
// afterwards, and the file is whole. A process that ends loses nothing the
// kernel has taken; cut power is tried elsewhere, with a file system image.
func TestKill(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("replay with -args -seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "hearthkey.db")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, killTable)
	mustClose(t, d)
	acked := map[int]bool{}
	for range *kills {
		killOne(t, path, 1+random.IntN(400), acked)
		checkAcked(t, path, acked)
	}
	t.Logf("%d kills, %d acknowledged rows, none lost", *kills, len(acked))
}

// killOne starts a child and kills it after it has acknowledged some rows,
// which are added to acked.
func killOne(t *testing.T, path string, after int, acked map[int]bool) {
	t.Helper()
	first := 0
	for n := range acked {
		first = max(first, n)
	}
	child := exec.Command(os.Args[0])
	// The next number is far enough from those that were written, but not
	// acknowledged, when the last child was killed.
	child.Env = append(os.Environ(), childEnv+"="+path, fmt.Sprintf("%s_FIRST=%d", childEnv, first+10*killCallers))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for count := 0; lines.Scan(); count++ {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("child said %q", lines.Text())
		}
		acked[n] = true
		if count == after {
			child.Process.Kill() // and read on: the pipe may hold more
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("child ended with %v, want to have killed it", err)
	}
}

func checkAcked(t *testing.T, path string, acked map[int]bool) {
	t.Helper()
	d := mustOpen(t, Config{Path: path})
	defer mustClose(t, d)
	missing := len(acked)
	verdict := ""
	err := d.View(t.Context(), func(q store.Querier) error {
		rows, err := q.QueryContext(t.Context(), `SELECT n FROM acked`)
		if err != nil {
			return err
		}
		for rows.Next() {
			n := 0
			if err := rows.Scan(&n); err != nil {
				return err
			}
			if acked[n] {
				missing--
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		return queryOne(t.Context(), q, &verdict, `PRAGMA integrity_check`)
	})
	if err != nil || verdict != "ok" || missing != 0 {
		t.Fatalf("after a kill: %v, integrity_check %q, %d acknowledged rows missing", err, verdict, missing)
	}
}
