package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

var bootsFlag = flag.Int("boots", 20, "`number` of boots of TestR9_RealBoots; from 20 on with a lease of 8 hours, else of 30 minutes")

// bootCharge is what every boot costs at least (product rule D7).
const bootCharge = 5 * time.Minute

// inBoot has an agent run in namespaces of its own, in which the kernel tells another
// name of its boot and another time since it.
func inBoot(t *testing.T, id string, running time.Duration) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "boot_id")
	if err := os.WriteFile(name, []byte(id+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		t.Fatal(err)
	}
	offset := strconv.Itoa(int(running.Seconds()) - int(now.Sec))
	return []string{"unshare", "--time", "--mount", "--fork", "--kill-child=KILL", "--boottime", offset,
		"sh", "-c", `mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"`, name, program("hearthkey-agent")}
}

// TestR9_RealBoots boots a TV again and again out of contact, in time namespaces with
// names of boots of their own. Of each boot some minutes are used and then its plug is
// pulled. It shows profiles for no longer than its lease and one boot charge, and for as
// long as it may.
func TestR9_RealBoots(t *testing.T) {
	if err := exec.Command("unshare", "--time", "--mount", "--fork", "true").Run(); err != nil {
		t.Skipf("NOT TESTED on this machine, since it needs root and time namespaces: real boots: %v", err)
	}
	boots, lease := *bootsFlag, 30*time.Minute
	if boots >= 20 {
		lease = 8 * time.Hour
	}
	// At 0.8 of the boots the lease is at its end.
	use := time.Duration(float64(lease)/(0.8*float64(boots))) - bootCharge
	f := startFamilyAs(t, nil, nil, func(p *household.Plan) { p.ServerArgs = []string{"--lease", lease.String()} })
	ctx := patient(t, patience)
	if err := f.signedIn(ctx); err != nil {
		t.Fatal(err)
	}
	f.Server.Kill()
	var used time.Duration
	ended := 0
	shows := func(boot int, running time.Duration) bool {
		t.Helper()
		ctx := patient(t, patience)
		if p := f.TVs[victim]; p != nil {
			f.Unplug(victim)
		}
		f.Plan.Agent = inBoot(t, fmt.Sprintf("00000000-0000-4000-8000-%012d", boot), running)
		if err := f.plugIn(ctx); err != nil {
			t.Fatal(err)
		}
		v, err := f.tv.Wait(ctx, "the gate, or the end of the lease", func(v nav.View) bool {
			return v.Screen == nav.ScreenGate && len(v.Items) > 0 || v.Screen == nav.ScreenLeaseEnded
		})
		if err != nil {
			t.Fatal(err)
		}
		return v.Screen == nav.ScreenGate
	}
	for boot := 1; boot <= boots; boot++ {
		const begun = 20 * time.Second
		before := shows(boot, begun)
		after := shows(boot, begun+use)
		switch {
		case after && !before:
			t.Errorf("boot %d: profiles again after the lease had ended", boot)
		case after:
			used += use
		case ended == 0:
			ended = boot
		}
		if used > lease+bootCharge {
			t.Fatalf("boot %d: %s were used of a lease of %s", boot, used, lease)
		}
		if !after && boot <= boots/2 {
			t.Errorf("boot %d of %d: %s were used of a lease of %s, and it has ended", boot, boots, used, lease)
		}
	}
	if ended == 0 {
		t.Errorf("after %d boots with %s each the lease of %s has not ended", boots, use, lease)
	}
	t.Logf("%d boots: %s used of a lease of %s, at its end in boot %d", boots, used, lease, ended)
	f.Unplug(victim)
	f.Plan.Agent = nil
	ctx = patient(t, patience)
	if err := f.StartServer(ctx); err != nil {
		t.Fatal(err)
	}
	if err := f.plugIn(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := f.tv.Wait(ctx, "the gate, in contact", func(v nav.View) bool { return v.Screen == nav.ScreenGate }); err != nil {
		t.Error(err)
	}
	if _, err := f.device(ctx, "online", func(d drive.Device) bool { return d.Online }); err != nil {
		t.Error(err)
	}
}
