package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/faultdisk"
	"github.com/hearthkey/hearthkey/tools/household"
)

var faultsFlag = flag.Int("faults", 1, "`number` of operations of a disk that TestFaults lets fail, one after another; 0 for every one")

// faulty is a family whose first TV keeps its data on a disk that fails.
type faulty struct {
	*family
	disk *faultdisk.Disk
	t    *testing.T
	ops  atomic.Int64 // operations since fails
}

func startFaulty(t *testing.T, agent []string) *faulty {
	t.Helper()
	back, err := os.MkdirTemp("/dev/shm", "hearthkey-faults-")
	if err != nil {
		back = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(back) })
	f := &faulty{t: t}
	f.family = startFamilyAs(t, agent, nil, func(p *household.Plan) {
		at := p.Data + "/tv1"
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
		f.disk, err = faultdisk.Mount(back, at)
		if errors.Is(err, faultdisk.ErrUnavailable) {
			t.Skipf("NOT TESTED on this machine: disks that fail: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := f.disk.Unmount(); err != nil {
				t.Error(err)
			}
		})
	})
	return f
}

// fails has operations of other processes than this test's fail with an error: those
// that bad says, of which it is told the number.
func (f *faulty) fails(with syscall.Errno, bad func(n int, op faultdisk.Op) bool) {
	f.ops.Store(0)
	f.disk.Use(func(op faultdisk.Op) syscall.Errno {
		if op.Mine() || !bad(int(f.ops.Add(1)), op) {
			return 0
		}
		return with
	})
}

func never(int, faultdisk.Op) bool { return false }

// start starts the TV as a box's supervisor does: again where it ended. It may end
// twice, when the disk takes mapped memory away; more is a crash loop.
func (f *faulty) start(ctx context.Context) error {
	f.tv.Close()
	var all error
	for range 3 {
		err := f.PlugIn(ctx, victim)
		if err == nil {
			f.tv, err = drive.Attach(ctx, f.Plan.ScreenAddr(victim))
		}
		if err == nil {
			return nil
		}
		if all = errors.Join(all, err); ctx.Err() != nil {
			break
		}
		if p := f.TVs[victim]; p != nil {
			p.Kill()
		}
	}
	return fmt.Errorf("does not start: %w", all)
}

// alive starts the TV again where it has ended.
func (f *faulty) alive(ctx context.Context) error {
	select {
	case <-f.TVs[victim].Done():
		return f.start(ctx)
	default:
		return nil
	}
}

// whole waits until the TV shows its household again, in contact, with nothing to say
// about its disk. It may have ended meanwhile.
func (f *faulty) whole(ctx context.Context) error {
	return drive.Poll(ctx, func() error {
		if err := f.alive(ctx); err != nil {
			return err
		}
		v := f.tv.View()
		if v.Screen != nav.ScreenGate || len(v.Items) < 2 || v.Banner != nil && v.Banner.Kind == "offline" || stuck(v) {
			return errors.New(drive.Describe(v))
		}
		return nil
	})
}

// stuck reports whether a screen says that nothing can be saved.
func stuck(v nav.View) bool {
	said := append(slices.Clone(v.Text), v.Title)
	if v.Banner != nil {
		said = append(said, v.Banner.Text)
	}
	if v.Code != nil {
		said = append(said, v.Code.Problem)
	}
	return strings.Contains(strings.Join(said, " "), "t save anything")
}

// shut holds that no wrong PIN and no key opens anything.
func (f *faulty) shut(ctx context.Context) error {
	if _, err := f.tv.Press(ctx, household.Digits("9999")...); err != nil {
		return err
	}
	if v := f.tv.View(); v.Screen == nav.ScreenHome {
		return fmt.Errorf("a lock is open: %s", drive.Describe(v))
	}
	return nil
}

// chosen are the numbers to try, of 1 to n.
func chosen(n int) (list []int) {
	tries := *faultsFlag
	if tries == 0 || tries > n {
		tries = n
	}
	first := 0
	if tries < n {
		first = rand.IntN(n / tries)
	}
	for i := range tries {
		list = append(list, 1+first+i*n/tries)
	}
	return list
}

var diskErrors = []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EROFS}

// TestR8_Faults lets the n-th operation of a TV's disk fail, and all from the n-th on,
// while it starts and while it is signed out. It always starts, opens no lock, says what
// it cannot do, forgets neither its sign-in nor its sign-out, and is as before when the
// disk is.
func TestR8_Faults(t *testing.T) {
	builds := map[string][]string{"native": nil}
	if long := *faultsFlag == 0 || *faultsFlag > 20; long {
		builds[emulated[0].name] = []string{emulated[0].emulator, program(emulated[0].agent)}
	}
	for name, agent := range builds {
		t.Run(name+"/start", func(t *testing.T) { faultsAtStart(t, agent) })
		for ops := range slices.Chunk(chosen(signOutOps), faultsPerTV) {
			t.Run(fmt.Sprintf("%s/sign-out from %d", name, ops[0]), func(t *testing.T) { faultsInSignOut(t, agent, ops) })
		}
	}
}

// faultsAtStart lets them fail while the TV starts.
func faultsAtStart(t *testing.T, agent []string) {
	f := startFaulty(t, agent)
	ctx := patient(t, 3*patience)
	if err := f.signedIn(ctx); err != nil {
		t.Fatal(err)
	}
	f.Unplug(victim)
	f.fails(0, never)
	if err := errors.Join(f.start(ctx), f.whole(ctx)); err != nil {
		t.Fatal(err)
	}
	ops := int(f.ops.Load())
	was, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range chosen(ops) {
		e := diskErrors[i%len(diskErrors)]
		if err := f.once(patient(t, 3*patience), n, e); err != nil {
			t.Errorf("start with operation %d of %d failing (%v): %v", n, ops, e, err)
		}
		if *faultsFlag == 1 {
			continue
		}
		if err := f.forGood(patient(t, 3*patience), n, e); err != nil {
			t.Errorf("start with all from %d of %d on failing (%v): %v", n, ops, e, err)
		}
	}
	now, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil || now.ID != was.ID || now.Epoch != was.Epoch {
		t.Errorf("the TV is %s in sign-in %d, was %s in %d: %v", now.ID, now.Epoch, was.ID, was.Epoch, err)
	}
	t.Logf("%d operations in a start; %v of them failed", ops, len(chosen(ops)))
}

// once lets one operation fail.
func (f *faulty) once(ctx context.Context, n int, e syscall.Errno) error {
	f.Unplug(victim)
	f.fails(e, func(i int, _ faultdisk.Op) bool { return i == n })
	if err := f.start(ctx); err != nil {
		return err
	}
	if err := f.whole(ctx); err != nil {
		return err
	}
	f.disk.Use(nil)
	return nil
}

// forGood lets all that would change the disk fail from the n-th operation on.
func (f *faulty) forGood(ctx context.Context, n int, e syscall.Errno) error {
	f.Unplug(victim)
	f.fails(e, func(i int, op faultdisk.Op) bool { return i >= n && op.Changes() })
	if err := f.start(ctx); err != nil {
		return err
	}
	_, err := f.tv.Wait(ctx, "what is wrong with the disk, or the gate", func(v nav.View) bool {
		return stuck(v) || v.Screen == nav.ScreenGate
	})
	if err != nil {
		return err
	}
	if err := f.shut(ctx); err != nil {
		return err
	}
	if err := f.alive(ctx); err != nil {
		return err
	}
	f.disk.Use(nil)
	return f.restarted(ctx)
}

// restarted waits for all to be well; where a run keeps its cache in memory until the
// next start, that start is made.
func (f *faulty) restarted(ctx context.Context) error {
	waiting, cancel := drive.Timeout(ctx, 20*time.Second)
	defer cancel()
	if err := f.whole(waiting); err == nil {
		return nil
	}
	f.Unplug(victim)
	return errors.Join(f.start(ctx), f.whole(ctx))
}

// faultsPerTV is for how many of them a household lasts: a server lets a TV ask to be
// signed in twenty times an hour, and a fault may make it ask twice.
const faultsPerTV = 8

// signOutOps is about how many operations a sign-out takes.
const signOutOps = 64

// faultsInSignOut lets operations fail while the owner signs the TV out, those that
// are given.
func faultsInSignOut(t *testing.T, agent []string, ops []int) {
	f := startFaulty(t, agent)
	for i, n := range ops {
		e := diskErrors[i%len(diskErrors)]
		ctx := patient(t, 3*patience)
		if err := f.signedIn(ctx); err != nil {
			t.Fatalf("before sign-out %d: %v", i, err)
		}
		keys, err := f.secrets()
		if err != nil {
			t.Fatal(err)
		}
		f.fails(e, func(i int, _ faultdisk.Op) bool { return i == n })
		if err := f.ordered(ctx, keys); err != nil {
			t.Errorf("sign-out with operation %d failing (%v): %v", n, e, err)
		}
		if i == 0 {
			t.Logf("%d operations in a sign-out", f.ops.Load())
		}
		f.disk.Use(nil)
	}
	if *faultsFlag == 1 {
		return
	}
	if err := f.signedOutOnADeadDisk(patient(t, 3*patience)); err != nil {
		t.Errorf("sign-out on a disk that fails for good: %v", err)
	}
}

// ordered signs the TV out and waits for the proof and its truth.
func (f *faulty) ordered(ctx context.Context, keys [][]byte) error {
	d, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil {
		return err
	}
	if err := f.owner.SignOutDevice(ctx, d.ID); err != nil {
		return err
	}
	stop := make(chan struct{})
	ended := make(chan error, 1)
	go func() { // its supervisor
		for {
			select {
			case <-stop:
				ended <- nil
				return
			case <-f.TVs[victim].Done():
				if err := f.start(ctx); err != nil {
					ended <- err
					return
				}
			}
		}
	}()
	err = f.signedOut(ctx, keys)
	close(stop)
	return errors.Join(err, <-ended)
}

// signedOutOnADeadDisk: what cannot be erased is not confirmed and not shown, not even
// after a restart, and is erased when the disk lets it be.
func (f *faulty) signedOutOnADeadDisk(ctx context.Context) error {
	if err := f.signedIn(ctx); err != nil {
		return err
	}
	keys, err := f.secrets()
	if err != nil {
		return err
	}
	d, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil {
		return err
	}
	f.fails(syscall.EIO, func(_ int, op faultdisk.Op) bool { return op.Changes() })
	if err := f.owner.SignOutDevice(ctx, d.ID); err != nil {
		return err
	}
	if _, err := f.tv.Wait(ctx, "a screen that says what cannot be done", func(v nav.View) bool {
		return v.Screen == nav.ScreenSignedOut && strings.Contains(strings.Join(v.Text, " "), "be erased yet")
	}); err != nil {
		return err
	}
	f.Unplug(victim)
	if err := f.start(ctx); err != nil {
		return err
	}
	if _, err := f.tv.Wait(ctx, "what is wrong with the disk", stuck); err != nil {
		return err
	}
	if err := f.shut(ctx); err != nil {
		return err
	}
	now, err := f.device(ctx, "there", func(drive.Device) bool { return true })
	if err != nil || now.Status != protocol.SignedOut || !now.Confirmed.IsZero() {
		return fmt.Errorf("on the account page the TV is %s, confirmed %v: %w", now.Status, now.Confirmed, err)
	}
	f.disk.Use(nil)
	return f.signedOut(ctx, keys)
}
