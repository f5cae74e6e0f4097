package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// littleMemory is what a group of processes may use together, page cache included: what
// a box of 512 MB may leave for two agents.
const littleMemory = 64 << 20

// memoryGroup makes a control group with that bound, of either version of the kernel's
// interface, and returns its folder and where its peak stands.
func memoryGroup(t *testing.T) (dir, peak string) {
	t.Helper()
	name := "hearthkey-e2e-" + strconv.Itoa(os.Getpid())
	for _, v := range []struct{ base, limit, peak string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"},
		{"/sys/fs/cgroup", "memory.max", "memory.peak"},
	} {
		dir := filepath.Join(v.base, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if err := os.WriteFile(filepath.Join(dir, v.limit), []byte(strconv.Itoa(littleMemory)), 0o600); err == nil {
			return dir, filepath.Join(dir, v.peak)
		}
	}
	t.Skip("NOT TESTED on this machine, since it needs root and a memory controller: 64 MB for two agents")
	return "", ""
}

// throughRows looks at what there is on the home screen.
func throughRows(ctx context.Context, tv *drive.TV) error {
	seen := map[string]bool{}
	for _, k := range []keyseq.Key{keyseq.Right, keyseq.Right, keyseq.Down, keyseq.Right, keyseq.Right, keyseq.Down, keyseq.Left} {
		v, err := tv.Press(ctx, k)
		if err != nil {
			return err
		}
		seen[v.Focus] = true
	}
	if len(seen) < 3 {
		return fmt.Errorf("the keys reached only %v", seen)
	}
	return nil
}

// Two agents go through an evening in 64 MB together: signed in, PINs right and wrong, the rows of
// home, and signed out. None is killed for its memory.
func TestLittleMemory(t *testing.T) {
	group, peak := memoryGroup(t)
	ctx := patient(t, 2*patience)
	f := startFamily(t, []string{"sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group, program("hearthkey-agent")}, nil)
	if err := f.signedIn(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := household.OpenHome(ctx, f.tv, household.PIN); err != nil {
			t.Fatal(err)
		}
		if err := throughRows(ctx, f.tv); err != nil {
			t.Fatal(err)
		}
		if err := household.SequenceChoice(ctx, f.tv, "Start over"); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(household.EnterPIN(ctx, f.tv, "9999"), household.PINRefused(ctx, f.tv)); err != nil {
		t.Fatal(err)
	}
	if v := f.tv.View(); v.Screen != nav.ScreenPIN {
		t.Errorf("after a wrong PIN the screen is %s", v.Screen)
	}
	keys, err := f.secrets()
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.owner.SignOutDevice(ctx, d.ID), f.signedOut(ctx, keys)); err != nil {
		t.Fatal(err)
	}
	for _, p := range f.TVs {
		select {
		case <-p.Done():
			t.Errorf("%s ended: %v", p.Name, p.Ended())
		default:
		}
	}
	data, err := os.ReadFile(peak)
	if err != nil {
		t.Fatal(err)
	}
	most, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("two agents used up to %.1f MB, files' pages included", float64(most)/1e6)
	if most > littleMemory {
		t.Errorf("a bound of %d bytes is no bound: %d were used", littleMemory, most)
	}
}
