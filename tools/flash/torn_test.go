//go:build !arm && !386

// go-fuse is not for processors of 32 bits; what is built for these is the worker.

package flash

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/faultdisk"
)

var tornFlag = flag.Int("torn", 12, "`number` of states of a disk that TestTornAndReordered tries")

// happening is a write to a disk, a flush of it, or a round that became known to be
// durable.
type happening struct {
	off   int64
	data  []byte // nil: not a write
	flush bool
	round int64 // 0: none
}

// recorder writes down what reaches a disk, in order.
type recorder struct {
	mu    sync.Mutex
	on    bool
	trace []happening
}

func (r *recorder) add(h happening) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.trace = append(r.trace, h)
	}
}

// rule is the disk's: it lets all happen, but what would change it in another way.
func (r *recorder) rule(op faultdisk.Op) syscall.Errno {
	switch op.Kind {
	case faultdisk.Write:
		r.add(happening{off: op.Off, data: bytes.Clone(op.Data)})
	case faultdisk.Sync:
		r.add(happening{flush: true})
	case faultdisk.Allocate: // zeroes are written then
		return syscall.EOPNOTSUPP
	}
	return 0
}

func (r *recorder) stop() []happening {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.trace
}

// recorded has a worker write some rounds to an ext4 and returns the disk before it and
// what reached it.
func recorded(t *testing.T, rounds int64) (before []byte, trace []happening) {
	t.Helper()
	needsRoot(t, "mkfs.ext4", "mount")
	dir := scratch(t)
	back, fuse, at := filepath.Join(dir, "back"), filepath.Join(dir, "fuse"), filepath.Join(dir, "at")
	if err := errors.Join(os.Mkdir(back, 0o700), os.Mkdir(fuse, 0o700)); err != nil {
		t.Fatal(err)
	}
	d, err := faultdisk.Mount(back, fuse)
	if errors.Is(err, faultdisk.ErrUnavailable) {
		t.Skipf("NOT TESTED on this machine: torn and reordered writes: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Unmount(); err != nil {
			t.Error(err)
		}
	}()
	disk := filepath.Join(back, "disk")
	run(t, "truncate", "-s", "24M", disk)
	run(t, "mkfs.ext4", "-q", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", disk)
	if before, err = os.ReadFile(disk); err != nil {
		t.Fatal(err)
	}
	r := &recorder{on: true}
	d.Use(r.rule)
	if err := mount(t, filepath.Join(fuse, "disk"), at, "ext4", "loop,noatime"); err != nil {
		t.Fatal(err)
	}
	w := startWriterAnd(t, "write", at, func(n int64) { r.add(happening{round: n}) })
	err = w.until(rounds)
	trace = r.stop()
	w.kill()
	if err := errors.Join(err, unmount(at)); err != nil {
		t.Fatal(err)
	}
	return before, trace
}

// state is a disk that a power cut left: all that was flushed, and any part of the rest.
type state struct {
	disk    []byte
	acked   int64
	pending int // writes since the last flush
	lost    int // sectors of these that did not arrive
	how     string
}

// cutter makes states, of later and later moments.
type cutter struct {
	durable []byte // with all writes up to the last flush
	trace   []happening
	flushed int // happenings that are in durable
	dice    *rand.Rand
	liar    bool // the disk says of flushes that they are done, and they are not: the control
}

// at is a state at happening p.
func (c *cutter) at(p int) state {
	last := -1
	s := state{}
	for i := range p {
		if c.trace[i].flush && !c.liar {
			last = i
		}
		s.acked = max(s.acked, c.trace[i].round)
	}
	for ; c.flushed <= last; c.flushed++ {
		if h := c.trace[c.flushed]; h.data != nil {
			copy(c.durable[h.off:], h.data)
		}
	}
	s.disk = bytes.Clone(c.durable)
	sector := []int{512, 4096}[c.dice.IntN(2)]
	arrive := []int{0, 30, 70, 95}[c.dice.IntN(4)] // % of the sectors
	s.how = fmt.Sprintf("%d of %d, sectors of %d, %d %% arrive", p, len(c.trace), sector, arrive)
	for i := c.flushed; i < p; i++ {
		h := c.trace[i]
		if h.data == nil {
			continue
		}
		s.pending++
		for at := 0; at < len(h.data); at += sector {
			// ext4 itself does not live through a superblock that is torn; it is in the first 4 KiB.
			if h.off+int64(at) >= 4096 && c.dice.IntN(100) >= arrive {
				s.lost++
				continue
			}
			copy(s.disk[h.off+int64(at):], h.data[at:min(at+sector, len(h.data))])
		}
	}
	return s
}

// moments are n places of a trace, in order; most of them just before a flush for which
// several writes wait.
func moments(trace []happening, n int, dice *rand.Rand) []int {
	var busy []int
	waiting := 0
	for i, h := range trace {
		switch {
		case h.data != nil:
			waiting++
		case h.flush && waiting > 1:
			busy = append(busy, i)
			waiting = 0
		case h.flush:
			waiting = 0
		}
	}
	list := make([]int, n)
	for i := range list {
		if list[i] = 1 + dice.IntN(len(trace)); i%4 > 0 && len(busy) > 0 {
			list[i] = busy[dice.IntN(len(busy))]
		}
	}
	slices.Sort(list)
	return list
}

// TestTornAndReordered: whatever part of the writes since the last flush arrives, in
// whatever order, torn at sectors or pages, vault and cache open with all that was durable.
// A disk that lies about its flushes does lose: or this test is blind.
func TestTornAndReordered(t *testing.T) {
	t.Parallel()
	before, trace := recorded(t, 10+int64(*tornFlag)/10)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 5))
	dir := scratch(t)
	c := &cutter{durable: bytes.Clone(before), trace: trace, dice: dice}
	var pending, lost int
	for n, p := range moments(trace, *tornFlag, dice) {
		s := c.at(p)
		pending, lost = pending+s.pending, lost+s.lost
		if err := s.look(t, filepath.Join(dir, fmt.Sprint("disk", n)), s.judge); err != nil {
			t.Errorf("%s, %d writes pending, %d sectors lost, round %d: %v", s.how, s.pending, s.lost, s.acked, err)
		}
	}
	t.Logf("%d states of a disk with %d happenings: %d writes were pending, %d sectors lost", *tornFlag, len(trace), pending, lost)
	if pending == 0 || lost == 0 {
		t.Error("nothing was ever pending or lost: this test is blind")
	}
	liar := &cutter{durable: bytes.Clone(before), trace: trace, dice: dice, liar: true}
	caught := 0
	for n := range 6 {
		s := liar.at(len(trace) - n)
		if err := s.look(t, filepath.Join(dir, fmt.Sprint("liar", n)), s.judge); err != nil {
			caught++
		}
	}
	if caught == 0 {
		t.Error("a disk that lies about its flushes lost nothing: this test is blind")
	}
}

// judge holds what was found against what was durable; of that the recorder heard a little later.
func (s state) judge(f Found) error { return f.holds(max(s.acked, f.Round-1)) }

// look writes the state to a file, mounts it and has a worker look. Where the file system
// itself cannot be mounted, as on a disk that lies, that is the error.
func (s state) look(t *testing.T, path string, judge func(Found) error) error {
	t.Helper()
	if err := os.WriteFile(path, s.disk, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	return after(t, path, func(at string) error {
		f, crashes, err := look(at)
		if err == nil && crashes > 0 {
			err = fmt.Errorf("ended %d times before it opened", crashes)
		}
		return errors.Join(err, judge(f))
	})
}
