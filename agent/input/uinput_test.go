package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// kernelDevice is a device that the kernel itself makes of what uinput is told.
type kernelDevice struct {
	t *testing.T
	f *os.File
}

// uinput's numbers and layout. Source: linux/uinput.h.
const (
	uiSetEvBit, uiSetKeyBit, uiDevCreate = 0x40045564, 0x40045565, 0x5501
	uiNameSize                           = 80
)

// makeDevice makes a device with a name, a bus and keys. Where this machine has no
// uinput or may not use it, the test is skipped.
func makeDevice(t *testing.T, name string, bus uint16, repeats bool, keys ...uint16) *kernelDevice {
	t.Helper()
	f, err := os.OpenFile("/dev/uinput", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("NOT TESTED on this machine: real input devices, which its kernel has none of (make bench-box boots one that has):", err)
	}
	t.Cleanup(func() { f.Close() })
	set := func(request uint, value int) {
		if err := unix.IoctlSetInt(int(f.Fd()), request, value); err != nil {
			t.Fatal(err)
		}
	}
	set(uiSetEvBit, evKey)
	if repeats {
		set(uiSetEvBit, 0x14) // EV_REP: the kernel repeats by itself
	}
	for _, k := range keys {
		set(uiSetKeyBit, int(k))
	}
	// struct uinput_user_dev: a name, an id, and what keys do not need.
	var b bytes.Buffer
	b.WriteString(name)
	b.Write(make([]byte, uiNameSize-len(name)))
	for _, v := range []uint16{bus, 0x1234, 0x5678, 1} {
		_ = binary.Write(&b, binary.NativeEndian, v)
	}
	b.Write(make([]byte, 4+4*4*64))
	if _, err := f.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	set(uiDevCreate, 0)
	return &kernelDevice{t, f}
}

func (d *kernelDevice) send(code uint16, value int32) {
	d.t.Helper()
	all := append(event(nativeSize, 0, 0, evKey, code, value), event(nativeSize, 0, 0, evSyn, synReport, 0)...)
	if _, err := d.f.Write(all); err != nil {
		d.t.Fatal(err)
	}
}

// await waits for a line of the log.
func (b *bench) await(line string) {
	b.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(b.log.String(), line); {
		if time.Now().After(end) {
			b.t.Fatalf("no %q in the log:\n%s", line, b.log)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestRealDevices asks the kernel itself: names, buses, keys, repeats, what is down
// after a loss, grabbing and unplugging.
func TestRealDevices(t *testing.T) {
	keymap, err := ParseKeymap("m", strings.NewReader("[@cec]\nKEY_RED = Menu\n[hearthkey lid]\nignore\n"))
	if err != nil {
		t.Fatal(err)
	}
	remote := makeDevice(t, "Hearthkey Remote", 0x05, true, 103, 108, 105, 106, 28, 158, 115)
	cec := makeDevice(t, "Hearthkey CEC", 0x1e, false, 103, 398, 0x160)
	makeDevice(t, "Hearthkey Lid", 0x19, false, 103)     // is left out
	makeDevice(t, "Hearthkey Button", 0x19, false, 116)  // has no key with a meaning
	makeDevice(t, "Somebody's Remote", 0x03, false, 103) // is not named
	b := start(t, Folder, func(c *Config) { c.Devices, c.Keymap, c.Grab = []string{"hearthkey*"}, keymap, true })
	b.await(`name="Hearthkey Remote"`)
	b.await(`name="Hearthkey CEC"`)
	for _, name := range []string{"Lid", "Button", "Somebody"} {
		if strings.Contains(b.log.String(), name) {
			t.Errorf("%s is read:\n%s", name, b.log)
		}
	}
	if strings.Contains(b.log.String(), "another program") {
		t.Errorf("not grabbed:\n%s", b.log)
	}
	node := b.nodeOf("Hearthkey Remote")
	if !grabbed(t, node) {
		t.Error("another program could grab it too")
	}
	one := func() (k Key) {
		t.Helper()
		select {
		case k = <-b.keys:
		case <-time.After(patience):
			t.Fatal("no key")
		}
		return k
	}
	remote.send(103, 1)
	first := one()
	if first.Key != keyseq.Up || first.Action != Down {
		t.Errorf("first %+v", first)
	}
	if k := one(); k.Action != Repeat || k.Key != keyseq.Up {
		t.Errorf("while it is held: %+v", k)
	}
	remote.send(103, 0)
	for k := one(); k.Action != Up; k = one() {
		if k.Action != Repeat {
			t.Errorf("while it is held: %+v", k)
		}
	}
	cec.send(398, 1)
	if k := one(); k.Key != keyseq.Menu || k.Source == first.Source {
		t.Errorf("red by CEC: %+v, the remote is %q", k, first.Source)
	}
	// Unplugged with a key down.
	cec.f.Close()
	if k := one(); k.Key != keyseq.Menu || k.Action != Up {
		t.Errorf("after unplugging: %+v", k)
	}
	b.await("remote control gone")
}

// TestRealOverflow: a reader that is too slow loses keys, and is not left with one
// that is held for ever.
func TestRealOverflow(t *testing.T) {
	remote := makeDevice(t, "Hearthkey Slow", 0x05, false, 103, 108, 28)
	hold, got := make(chan struct{}), make(chan Key, 4096)
	r, err := Start(Config{Devices: []string{"hearthkey slow"}, Press: func(k Key) { <-hold; got <- k }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b := &bench{t: t}
	b.nodeOf("Hearthkey Slow")
	waitOpen(t, "Hearthkey Slow")
	remote.send(28, 1) // held, and its release is lost
	for range 2000 {
		remote.send(103, 1)
		remote.send(103, 0)
	}
	remote.send(28, 0)
	close(hold)
	held := map[keyseq.Key]bool{}
	for !held[keyseq.Down] { // the last key comes when all that was kept has been read
		select {
		case k := <-got:
			held[k.Key] = k.Action != Up
		case <-time.After(50 * time.Millisecond):
			remote.send(108, 1)
		}
	}
	delete(held, keyseq.Down)
	for k, down := range held {
		if down {
			t.Errorf("%v is held for ever", k)
		}
	}
}

// waitOpen waits until some process reads the device of this name.
func waitOpen(t *testing.T, name string) {
	t.Helper()
	path := (&bench{t: t}).nodeOf(name)
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		open, _ := filepath.Glob("/proc/self/fd/*")
		if slices.ContainsFunc(open, func(fd string) bool { to, _ := os.Readlink(fd); return to == path }) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not read", name)
		}
	}
}

// nodeOf is the file of the device of this name.
func (b *bench) nodeOf(name string) string {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		names, _ := filepath.Glob("/sys/class/input/event*/device/name")
		for _, path := range names {
			text, err := os.ReadFile(path)
			node := filepath.Join(Folder, filepath.Base(filepath.Dir(filepath.Dir(path))))
			if _, there := os.Stat(node); err == nil && there == nil && strings.TrimSpace(string(text)) == name {
				return node
			}
		}
	}
	b.t.Fatalf("no device %q", name)
	return ""
}

// grabbed reports whether some program keeps a device for itself.
func grabbed(t *testing.T, node string) bool {
	t.Helper()
	f, err := os.Open(node)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return errors.Is(grab(f), unix.EBUSY)
}
