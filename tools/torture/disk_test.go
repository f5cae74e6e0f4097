package torture

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/faultdisk"
)

var diskFaults = flag.Int("disk-faults", 3, "points at which TestR8_ServerDisk lets the disk fail, in each of its ways")

// badDisk is a server whose folder is on a disk that fails.
type badDisk struct {
	*family
	disk *faultdisk.Disk
	back string
}

func openBadDisk(ctx context.Context, t *testing.T) *badDisk {
	t.Helper()
	below := "/dev/shm"
	if _, err := os.Stat(below); err != nil {
		below = t.TempDir()
	}
	back, err := os.MkdirTemp(below, "hearthkey-torture-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(back) })
	at := t.TempDir()
	disk, err := faultdisk.Mount(back, at)
	if errors.Is(err, faultdisk.ErrUnavailable) {
		t.Skipf("NOT TESTED on this machine: disks that fail: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := disk.Unmount(); err != nil {
			t.Error(err)
		}
	})
	n := lone(t, filepath.Join(at, "server"))
	t.Cleanup(n.kill) // before the disk goes
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	return &badDisk{moveIn(ctx, t, n, 1), disk, back}
}

// evening is what the owner does while the disk fails: sign a TV out and the second
// browser, then a name. It returns what was answered for.
func (b *badDisk) evening(ctx context.Context) (tvOut, browserOut bool) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tvOut = b.owner.SignOutDevice(ctx, b.tvs[0].id) == nil
	browserOut = b.browser.Call(ctx, "POST", "/v1/sign-out", nil, nil) == nil
	_ = b.owner.Call(ctx, "GET", "/v1/devices", nil, nil)
	return tvOut, browserOut
}

// again signs the browser and another TV in.
func (b *badDisk) again(ctx context.Context) {
	b.t.Helper()
	b.browser.Device = b.owner.Device
	b.must(drive.Poll(ctx, func() error { return b.browser.SignIn(ctx, linearPassword) }))
	b.tvs = nil
	b.addTV(ctx)
}

// R8: whatever operation of the disk fails, and from whichever on it is full, the server
// loses nothing that it answered for, lets nobody back in, and needs no help but room.
func TestR8_ServerDisk(t *testing.T) {
	ctx := patient(t, time.Minute+time.Duration(*diskFaults)*time.Minute)
	b := openBadDisk(ctx, t)
	gone := b.tvs[0]
	b.must(b.owner.SignOutDevice(ctx, gone.id)) // for good: it never comes back
	b.again(ctx)
	b.disk.Use(nil)
	b.evening(ctx)
	all := b.disk.Count()
	if all < 5 {
		t.Fatalf("an evening takes %d operations", all)
	}
	ways := map[string]func(n int) faultdisk.Rule{
		"one fails": func(n int) faultdisk.Rule { return only(func(o faultdisk.Op) bool { return o.N == n }, syscall.EIO) },
		"full from one on": func(n int) faultdisk.Rule {
			return only(func(o faultdisk.Op) bool { return o.N >= n && grows(o) }, syscall.ENOSPC)
		},
	}
	for way, rule := range ways {
		for i := range *diskFaults {
			n := 1 + i*all / *diskFaults
			b.again(ctx)
			b.disk.Use(rule(n))
			tvOut, browserOut := b.evening(ctx)
			if status, err := gone.access(bounded(ctx), b.node.url()); err == nil && status == protocol.Active {
				t.Errorf("%s, operation %d: a TV that was signed out is let in", way, n)
			}
			if i%2 == 0 { // and the power goes
				b.node.kill()
			}
			b.disk.Use(nil)
			if b.node.process == nil {
				b.must(b.node.start(ctx))
			} else {
				b.must(b.node.ready(ctx))
			}
			b.check(ctx, way, n, tvOut, browserOut)
		}
	}
}

// check holds the server to what it answered for.
func (b *badDisk) check(ctx context.Context, way string, n int, tvOut, browserOut bool) {
	b.t.Helper()
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	var in bool
	b.must(drive.Poll(ctx, func() (err error) { in, err = live(ctx, b.browser); return err }))
	if in && browserOut {
		b.t.Errorf("%s, operation %d: the browser's sign-out was answered, and is lost", way, n)
	}
	var status protocol.Status
	b.must(drive.Poll(ctx, func() (err error) { status, err = b.tvs[0].access(ctx, b.node.url()); return err }))
	if status == protocol.Active && tvOut {
		b.t.Errorf("%s, operation %d: the TV's sign-out was answered, and is lost", way, n)
	}
}

func only(which func(faultdisk.Op) bool, e syscall.Errno) faultdisk.Rule {
	return func(o faultdisk.Op) syscall.Errno {
		if which(o) {
			return e
		}
		return 0
	}
}

// grows reports whether a full disk refuses it.
func grows(o faultdisk.Op) bool {
	return o.Kind == faultdisk.Write || o.Kind == faultdisk.Create || o.Kind == faultdisk.Allocate || o.Kind == faultdisk.Resize || o.Kind == faultdisk.MakeDir
}

// A disk that takes a quarter of a second for each sync: changes wait for it, and
// nobody else does.
func TestSlowDisk(t *testing.T) {
	ctx := patient(t, 2*time.Minute)
	b := openBadDisk(ctx, t)
	const slow = 250 * time.Millisecond
	syncing := make(chan struct{}, 1)
	b.disk.Use(func(o faultdisk.Op) syscall.Errno {
		if o.Kind == faultdisk.Sync {
			select {
			case syncing <- struct{}{}:
			default:
			}
			late := time.NewTimer(slow)
			<-late.C
		}
		return 0
	})
	begun := time.Now()
	changed := make(chan error, 1)
	go func() { changed <- b.owner.SignOutDevice(ctx, b.tvs[0].id) }()
	<-syncing
	if in, err := live(ctx, b.browser); err != nil || !in {
		t.Errorf("a read beside a slow change: %t, %v", in, err)
	}
	b.must(<-changed)
	if took := time.Since(begun); took < slow {
		t.Errorf("a change was answered after %v: it did not wait for the disk", took)
	}
	b.disk.Use(nil)
	b.holds(ctx, "after a slow sign-out", true, false)
}
