package input

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must happen, on a machine that is busy.
const patience = 20 * time.Second

// bench is a folder of pipes and who reads them.
type bench struct {
	t      *testing.T
	folder string
	keys   chan Key
	log    *lines32
	reader *Reader
}

// lines32 is a log that may be read while it is written.
type lines32 struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines32) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines32) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func start(t *testing.T, folder string, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, folder: folder, keys: make(chan Key, 1024), log: &lines32{}}
	cfg := Config{
		Folder: folder, Devices: []string{Auto}, Press: func(k Key) { b.keys <- k },
		Log: slog.New(slog.NewTextHandler(b.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if b.reader, err = Start(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if b.reader == nil {
			return
		}
		if err := b.reader.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// plug makes a device, and returns when it is read.
func (b *bench) plug(node string) *os.File {
	b.t.Helper()
	path := filepath.Join(b.folder, node)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return b.attach(path)
}

// attach opens a device for writing, which waits until it is read.
func (b *bench) attach(path string) *os.File {
	b.t.Helper()
	opened := make(chan *os.File, 1)
	failed := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			failed <- err
			return
		}
		opened <- f
	}()
	select {
	case f := <-opened:
		b.t.Cleanup(func() { f.Close() })
		return f
	case err := <-failed:
		b.t.Fatal(err)
	case <-time.After(patience):
		// Whoever waits for a reader is let go of.
		if f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
		b.t.Fatalf("%s is not read; log:\n%s", path, b.log)
	}
	return nil
}

// send writes one key and its report.
func (b *bench) send(f *os.File, code Code, value int32) {
	b.t.Helper()
	all := append(event(nativeSize, 1, 2, evKey, uint16(code), value), event(nativeSize, 1, 2, evSyn, synReport, 0)...)
	if _, err := f.Write(all); err != nil {
		b.t.Fatal(err)
	}
}

// next expects keys, in this order.
func (b *bench) next(source string, want ...any) {
	b.t.Helper()
	for i := 0; i < len(want); i += 2 {
		w := Key{Source: source, Key: want[i].(keyseq.Key), Action: want[i+1].(Action)}
		select {
		case got := <-b.keys:
			if got != w {
				b.t.Fatalf("key %+v, want %+v", got, w)
			}
		case <-time.After(patience):
			b.t.Fatalf("no key, want %+v; log:\n%s", w, b.log)
		}
	}
}

func TestDevicesComeAndGo(t *testing.T) {
	b := start(t, filepath.Join(t.TempDir(), "input"), nil) // no folder yet: a box without any device
	if err := os.Mkdir(b.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	remote := b.plug("event0")
	b.send(remote, 103, 1)
	b.send(remote, 103, 2)
	b.send(remote, 103, 0)
	b.next("event0", keyseq.Up, Down, keyseq.Up, Repeat, keyseq.Up, Up)

	keyboard := b.plug("event7")
	b.send(keyboard, 28, 1)
	b.next("event7", keyseq.OK, Down)
	b.send(remote, 108, 1)
	b.next("event0", keyseq.Down, Down)

	// Unplugged with a key held down.
	if err := os.Remove(filepath.Join(b.folder, "event0")); err != nil {
		t.Fatal(err)
	}
	b.next("event0", keyseq.Down, Up)

	// Plugged in again, in its old place.
	remote = b.plug("event0")
	b.send(remote, 105, 1)
	b.next("event0", keyseq.Left, Down)

	// Another one in its place before anybody could look.
	other := filepath.Join(b.folder, "new")
	if err := unix.Mkfifo(other, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, filepath.Join(b.folder, "event0")); err != nil {
		t.Fatal(err)
	}
	b.next("event0", keyseq.Left, Up)
	remote = b.attach(filepath.Join(b.folder, "event0"))
	b.send(remote, 106, 1)
	b.next("event0", keyseq.Right, Down)

	// All of them gone, the folder too, and back.
	if err := os.RemoveAll(b.folder); err != nil {
		t.Fatal(err)
	}
	seen := map[Key]bool{<-b.keys: true, <-b.keys: true}
	if !seen[Key{"event0", keyseq.Right, Up}] || !seen[Key{"event7", keyseq.OK, Up}] {
		t.Errorf("let go of %v", seen)
	}
	if err := os.Mkdir(b.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	b.send(b.plug("event1"), 158, 1)
	b.next("event1", keyseq.Back, Down)
}

// TestFilesThatAreNoDevices: what is no device is left alone, and nothing is
// opened that the key map leaves out or the settings do not name.
func TestFilesThatAreNoDevices(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "event1"), event(nativeSize, 0, 0, evKey, 103, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(folder, "event2")); err != nil { // is no evdev: refuses to be asked
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "event3"), 0o700); err != nil {
		t.Fatal(err)
	}
	keymap, err := ParseKeymap("m", strings.NewReader("[event4]\nignore\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, folder, func(c *Config) { c.Devices, c.Keymap = []string{"event4", "event5*"}, keymap })
	for _, node := range []string{"event4", "event6", "mouse0"} {
		if err := unix.Mkfifo(filepath.Join(folder, node), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.send(b.plug("event51"), 28, 1) // comes last, so the others were looked at
	b.next("event51", keyseq.OK, Down)
	if err := b.reader.Close(); err != nil { // after the last look
		t.Fatal(err)
	}
	if n := strings.Count(b.log.String(), "remote control found"); n != 1 {
		t.Errorf("%d devices were read, want 1:\n%s", n, b.log)
	}
	b.reader = nil
}

// TestKeysInOrder: 20,000 keys of two devices at once arrive once each and in
// each device's order, however they are cut.
func TestKeysInOrder(t *testing.T) {
	const keys = 10_000
	b := start(t, t.TempDir(), nil)
	codes := []Code{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	for _, node := range []string{"event0", "event1"} {
		f := b.plug(node)
		go func() {
			var all []byte
			for i := range keys {
				all = append(all, event(nativeSize, 0, 0, evKey, uint16(codes[i%7]), 1)...)
				all = append(all, event(nativeSize, 0, 0, evKey, uint16(codes[i%7]), 0)...)
			}
			for len(all) > 0 {
				n := min(len(all), 997)
				if _, err := f.Write(all[:n]); err != nil {
					t.Error(err)
				}
				all = all[n:]
			}
		}()
	}
	next := map[string]int{}
	for range 2 * 2 * keys {
		select {
		case k := <-b.keys:
			i := next[k.Source]
			next[k.Source]++
			if want, _ := Meaning(codes[i/2%7]); k.Key != want || (k.Action == Down) != (i%2 == 0) {
				t.Fatalf("%s: key %d is %v %v, want %v", k.Source, i, k.Key, k.Action, want)
			}
		case <-time.After(patience):
			t.Fatalf("keys stopped at %v", next)
		}
	}
}

// TestNothingIsLeft: a hundred devices that come and go leave no descriptor.
func TestNothingIsLeft(t *testing.T) {
	b := start(t, t.TempDir(), nil)
	descriptors := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := 0
	for i := range 100 {
		f := b.plug("event0")
		b.send(f, 103, 1)
		b.next("event0", keyseq.Up, Down)
		f.Close()
		if err := os.Remove(filepath.Join(b.folder, "event0")); err != nil {
			t.Fatal(err)
		}
		b.next("event0", keyseq.Up, Up) // after it was closed
		if i < 10 {
			before = max(before, descriptors())
		}
	}
	if after := descriptors(); after > before+2 {
		t.Errorf("%d descriptors are open, %d were after the first devices", after, before)
	}
	if n := strings.Count(b.log.String(), "remote control found"); n != 100 {
		t.Errorf("%d devices were found, want 100", n)
	}
}

// TestCloseLetsGo: Close ends reads that wait, lets go of what is held, and
// returns after the last Press.
func TestCloseLetsGo(t *testing.T) {
	b := start(t, t.TempDir(), nil)
	b.send(b.plug("event0"), 103, 1)
	b.next("event0", keyseq.Up, Down)
	for range 2 {
		if err := b.reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b.next("event0", keyseq.Up, Up)
	if len(b.keys) != 0 {
		t.Errorf("%d more keys", len(b.keys))
	}
	b.reader = nil
}

func TestStartErrors(t *testing.T) {
	press := func(Key) {}
	for _, cfg := range []Config{
		{Press: press},
		{Press: press, Devices: make([]string, maxPatterns+1)},
		{Press: press, Devices: []string{"@pci"}},
		{Press: press, Devices: []string{Auto, ""}},
		{Press: press, Devices: []string{strings.Repeat("x", 300)}},
	} {
		if r, err := Start(cfg); !errors.Is(err, ErrDevices) {
			t.Errorf("Start(%.40q) = %v, %v; want ErrDevices", cfg.Devices, r, err)
		}
	}
	if r, err := Start(Config{Devices: []string{Auto}}); err == nil {
		t.Errorf("Start without Press = %v", r)
	}
}

// TestIoctlNumbers compares with what a C compiler makes of linux/input.h.
func TestIoctlNumbers(t *testing.T) {
	for _, tt := range []struct {
		name              string
		direction, number uintptr
		size              int
		want              uintptr
	}{
		{"EVIOCGNAME(256)", 2, 0x06, 256, 0x81004506},
		{"EVIOCGPHYS(256)", 2, 0x07, 256, 0x81004507},
		{"EVIOCGUNIQ(256)", 2, 0x08, 256, 0x81004508},
		{"EVIOCGBIT(EV_KEY, 96)", 2, 0x20 + evKey, 96, 0x80604521},
		{"EVIOCGKEY(96)", 2, 0x18, 96, 0x80604518},
		{"EVIOCGRAB", 1, 0x90, 4, 0x40044590},
		{"EVIOCGID", 2, 0x02, 8, 0x80084502},
	} {
		if got := ioc(tt.direction, tt.number, tt.size); got != tt.want {
			t.Errorf("%s = %#x, want %#x", tt.name, got, tt.want)
		}
	}
	if maxCode/8+1 != 96 {
		t.Errorf("%d bytes hold all codes, want 96", maxCode/8+1)
	}
}
