package e2e

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
)

const (
	root     = "../.." // of the repository
	patience = time.Minute
)

var (
	binFlag     = flag.String("bin", "", "`folder` with the programs; if empty, bin/, built where it is older than the sources")
	killsFlag   = flag.Int("kills", 100, "`number` of plugs that TestKills pulls on this machine's own build")
	armFlag     = flag.Int("arm-kills", 50, "the same on the ARM build")
	outKillFlag = flag.Int("signout-kills", 30, "`number` of plugs that TestSignOutKills pulls")
	seedFlag    = flag.Uint64("seed", 0, "replay the random moments of this `number`; 0 makes a new one")
	screenshots = flag.String("screenshots", "", "`folder` to draw every page and screen into")

	binDir string // absolute
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := findPrograms(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func findPrograms() (err error) {
	if *binFlag != "" {
		binDir, err = filepath.Abs(*binFlag)
		return err
	}
	if binDir, err = filepath.Abs(filepath.Join(root, "bin")); err != nil {
		return err
	}
	fresh, err := upToDate()
	if err != nil || fresh {
		return err
	}
	fmt.Println("building the programs …")
	make := exec.Command("make", "--no-print-directory", "build")
	make.Dir, make.Stdout, make.Stderr = root, os.Stdout, os.Stderr
	return make.Run()
}

// programs are what the tests run.
var programs = []string{
	"hearthkey", "hearthkey-server", "hearthkey-agent",
	"hearthkey-agent-linux-arm64", "hearthkey-agent-linux-armv7",
}

// upToDate reports whether no source is newer than a program.
func upToDate() (bool, error) {
	var oldest time.Time
	for _, name := range programs {
		info, err := os.Stat(filepath.Join(binDir, name))
		if err != nil {
			return false, nil // not there: it must be built
		}
		if t := info.ModTime(); oldest.IsZero() || t.Before(oldest) {
			oldest = t
		}
	}
	fresh := true
	for _, dir := range []string{"agent", "protocol", "server", "packaging/box", "tools/boxbuild", "tools/drive", "tools/hearthkey", "tools/household", "go.mod"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
				return err
			}
			info, err := d.Info()
			if err == nil && info.ModTime().After(oldest) {
				fresh = false
			}
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return fresh, nil
}

func program(name string) string { return filepath.Join(binDir, name) }

// portStep is the distance between two ports that are handed out: a program
// that takes the next free port instead of a taken one disturbs nobody.
const portStep = 4

// nextPort gives every user of this process ports of its own, below those that
// the kernel hands out, beginning where another process of tests does not.
var nextPort atomic.Int32

func init() { nextPort.Store(int32(20000 + os.Getpid()%24*500)) }

func freePort() (int, error) {
	for range 100 {
		want := int(nextPort.Add(portStep))
		if port, err := drive.FreePort(want); err != nil || port == want {
			return port, err
		}
	}
	return 0, fmt.Errorf("no free port below %d", nextPort.Load())
}

// patient returns a context that is generous, and still ends before the test
// binary does.
func patient(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := drive.Timeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// seed returns the seed of a test of random moments, and prints it.
func seed(t testing.TB) uint64 {
	s := *seedFlag
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d; replay: go test ./tools/e2e -run '^%s$' -args -seed %d", s, t.Name(), s)
	return s
}

// logFile returns where the programs of a test write, and shows its end where
// the test failed.
func logFile(t testing.TB) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if !t.Failed() {
			return
		}
		if said, err := os.ReadFile(f.Name()); err == nil {
			t.Logf("the programs said:\n%s", said[max(0, len(said)-16<<10):])
		}
	})
	return f
}
