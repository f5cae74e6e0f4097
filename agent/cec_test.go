package agent

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// cecAdapter is one end of an HDMI cable, as the kernel gives it to programs.
type cecAdapter struct {
	t    *testing.T
	f    *os.File
	name string
}

// Structures and numbers of linux/cec.h.
type (
	cecCaps struct {
		Driver, Name                [32]byte
		Available, Can, KernelBuild uint32
	}
	cecLogAddrs struct {
		Addr                [4]uint8
		Mask                uint16
		Version, Count      uint8
		Vendor, Flags       uint32
		OSD                 [15]byte
		Primary, Type, Kind [4]uint8
		Features            [4][12]uint8
	}
	cecMsg struct {
		Sent, Received                  uint64
		Len, Timeout, Sequence, Flags   uint32
		Msg                             [16]uint8
		Reply, RxStatus, TxStatus       uint8
		Lost, Nacks, LowDrive, TxErrors uint8
	}
)

const (
	cecRead, cecWrite = 2, 1
	cecPassKeys       = 1 << 1 // CEC_LOG_ADDRS_FL_ALLOW_RC_PASSTHRU
	cecVersion14      = 5
	cecSent           = 1 << 0 // CEC_TX_STATUS_OK
	cecTV, cecBox     = 0, 4   // logical addresses: the TV, and the first player
)

// cecAsk is an ioctl of CEC, with _IOC's number as on x86 and ARM.
func cecAsk[T any](a *cecAdapter, direction, number uintptr, arg *T) {
	a.t.Helper()
	request := direction<<30 | unsafe.Sizeof(*arg)<<16 | 'a'<<8 | number
	raw, err := a.f.SyscallConn()
	if err != nil {
		a.t.Fatal(err)
	}
	var errno unix.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(arg)))
	})
	if err != nil || errno != 0 {
		a.t.Fatalf("%s: ioctl %d: %v %v", a.name, number, err, errno)
	}
}

// cecAdapters returns the two ends of the cable that vivid emulates: its input is a
// TV, its output is a box.
func cecAdapters(t *testing.T) (tv, box *cecAdapter) {
	t.Helper()
	nodes, err := filepath.Glob("/dev/cec*")
	if err != nil || len(nodes) == 0 {
		t.Skip("NOT TESTED on this machine: keys by HDMI-CEC, of which its kernel has no adapter (make bench-box boots one that has)")
	}
	for _, node := range nodes {
		fd, err := unix.Open(node, unix.O_RDWR|unix.O_CLOEXEC, 0) // blocking, so that each ioctl waits for the bus
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), node)
		t.Cleanup(func() { f.Close() })
		a := &cecAdapter{t: t, f: f, name: node}
		var caps cecCaps
		cecAsk(a, cecRead|cecWrite, 0, &caps)
		name, _, _ := bytes.Cut(caps.Name[:], []byte{0})
		switch a.name = string(name); {
		case strings.Contains(a.name, "vid-cap"):
			tv = a
		case strings.Contains(a.name, "vid-out"):
			box = a
		}
	}
	if tv == nil || box == nil {
		t.Skip("NOT TESTED on this machine: keys by HDMI-CEC, of whose adapters none are vivid's two")
	}
	return tv, box
}

// be makes the adapter a device of this kind, and waits until it has its address.
func (a *cecAdapter) be(primary, logical, kind uint8, flags uint32) {
	a.t.Helper()
	want := cecLogAddrs{Version: cecVersion14, Count: 1, Vendor: 0xffffffff, Flags: flags}
	copy(want.OSD[:], "hearthkey")
	want.Primary[0], want.Type[0], want.Kind[0] = primary, logical, kind
	cecAsk(a, cecRead|cecWrite, 4, &cecLogAddrs{}) // none, in place of an earlier run's
	cecAsk(a, cecRead|cecWrite, 4, &want)
	if want.Mask == 0 {
		a.t.Fatalf("%s has no logical address: %+v", a.name, want)
	}
}

// say sends a message from the TV to the box, which must be acknowledged.
func (a *cecAdapter) say(message ...uint8) {
	a.t.Helper()
	m := cecMsg{Len: uint32(1 + len(message))}
	m.Msg[0] = cecTV<<4 | cecBox
	copy(m.Msg[1:], message)
	cecAsk(a, cecRead|cecWrite, 5, &m)
	if m.TxStatus&cecSent == 0 {
		a.t.Fatalf("% x was not sent: status %#x", message, m.TxStatus)
	}
}

// TestRealCEC: the keys of a TV's own remote control go over an HDMI cable, as
// <User Control Pressed>, to the box's kernel, from it to the agent, and change what
// it shows.
func TestRealCEC(t *testing.T) {
	tv, box := cecAdapters(t)
	tv.be(0, 0, 0x80, 0)
	box.be(4, 3, 0x10, cecPassKeys)
	views := make(chan nav.View, 256)
	a := &Agent{
		Server: "ws://127.0.0.1:1", Dir: t.TempDir(), Name: "Box", Input: Input{Devices: []string{"@cec"}},
		OnView: func(v nav.View) { views <- v },
	}
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	press := func(what string, key uint8, wait time.Duration, ok func(nav.View) bool) bool {
		t.Helper()
		tv.say(0x44, key) // <User Control Pressed>
		tv.say(0x45)      // <User Control Released>
		for timer := time.After(wait); ; {
			select {
			case v := <-views:
				if ok(v) {
					return true
				}
			case <-timer:
				t.Logf("%s: after %s the screen is %s with the focus on %q", what, wait, a.View().Screen, a.View().Focus)
				return false
			}
		}
	}
	drainViews(views)
	tries := 0
	for ; tries < 60 && !press("Up, which moves nothing", 0x01, time.Second, func(nav.View) bool { return true }); tries++ {
		// the agent has not found the device yet
	}
	for _, k := range []struct {
		what string
		key  uint8
		ok   func(nav.View) bool
	}{
		{"Down", 0x02, func(v nav.View) bool { return v.Screen == nav.ScreenWelcome && v.Focus == "password" }},
		{"Up", 0x01, func(v nav.View) bool { return v.Screen == nav.ScreenWelcome && v.Focus == "signIn" }},
		{"Down again", 0x02, func(v nav.View) bool { return v.Focus == "password" }},
		{"Select", 0x00, func(v nav.View) bool { return v.Screen == nav.ScreenEmail }},
		{"Exit", 0x0d, func(v nav.View) bool { return v.Screen == nav.ScreenWelcome }},
	} {
		if !press(k.what, k.key, 30*time.Second, k.ok) {
			t.Fatalf("%s by CEC has no effect", k.what)
		}
	}
}

func drainViews(views <-chan nav.View) {
	for {
		select {
		case <-views:
		default:
			return
		}
	}
}

// The structures are as long as the kernel's, on 32 bits and on 64.
func TestCECStructures(t *testing.T) {
	got := [3]uintptr{unsafe.Sizeof(cecCaps{}), unsafe.Sizeof(cecLogAddrs{}), unsafe.Sizeof(cecMsg{})}
	if want := [3]uintptr{76, 92, 56}; got != want {
		t.Errorf("sizes %v, want %v", got, want)
	}
}
