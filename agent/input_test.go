package agent

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/input"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// hand is a remote control at the box: a pipe in place of /dev/input/eventN.
type hand struct {
	t    *testing.T
	file *os.File
}

// pickUp plugs a remote in. The pipe is opened for both ways, so that what is written
// waits for the agent.
func pickUp(t *testing.T, folder, node string) hand {
	t.Helper()
	path := filepath.Join(folder, node)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return hand{t, f}
}

// push presses a key and lets go of it.
func (h hand) push(code uint16) {
	h.t.Helper()
	var b []byte
	event := func(kind, code uint16, value uint32) {
		b = append(b, make([]byte, 2*unsafe.Sizeof(uintptr(0)))...) // the time
		b = binary.NativeEndian.AppendUint16(b, kind)
		b = binary.NativeEndian.AppendUint16(b, code)
		b = binary.NativeEndian.AppendUint32(b, value)
	}
	for _, value := range []uint32{1, 0} {
		event(1, code, value)
		event(0, 0, 0)
	}
	if _, err := h.file.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

// TestD9_RemotesInTheHand: keys of the box's own remotes reach the screens, what a
// key map says counts, and each remote has a key sequence of its own in which
// auto-repeat does not count.
func TestD9_RemotesInTheHand(t *testing.T) {
	keymap, err := input.ParseKeymap("m", strings.NewReader("[event1]\nKEY_RED = OK\n"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	v := plugInAs(t, &Agent{
		Server: newFakeServer(t).url(), Dir: t.TempDir(), Name: "Test TV",
		Input: Input{Devices: []string{input.Auto}, Keymap: keymap, folder: folder},
	})
	v.waitScreen(nav.ScreenWelcome)
	one, two := pickUp(t, folder, "event0"), pickUp(t, folder, "event1")
	const red = 398
	one.push(red) // means nothing on this one
	two.push(red)
	v.waitScreen(nav.ScreenGate)

	// From here on without the pipes, so that all have been taken when asked.
	sequence := []keyseq.Key{
		keyseq.Up, keyseq.Up, keyseq.Down, keyseq.Down, keyseq.Left, keyseq.Right,
		keyseq.Left, keyseq.Right, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up,
	}
	enter := func(source string, keys []keyseq.Key, held int) {
		for _, k := range keys {
			v.inputKey(input.Key{Source: source, Key: k, Action: input.Down})
			for range held {
				v.inputKey(input.Key{Source: source, Key: k, Action: input.Repeat})
			}
			v.inputKey(input.Key{Source: source, Key: k, Action: input.Up})
		}
	}
	enter("one", sequence[:6], 0)
	enter("two", sequence[6:], 0)
	if d := v.View().Dialog; d != nil {
		t.Errorf("two remotes together open %q", d.Title)
	}
	enter("two", sequence, 2)
	if d := v.View().Dialog; d == nil || len(d.Items) < 3 {
		t.Errorf("the sequence opens %+v", d)
	}
}

func TestInputSettings(t *testing.T) {
	a := &Agent{Server: newFakeServer(t).url(), Dir: t.TempDir(), Name: "TV", Input: Input{Devices: []string{"@pci"}}}
	if err := a.Start(t.Context()); !errors.Is(err, ErrSettings) || !errors.Is(err, input.ErrDevices) {
		t.Errorf("Start = %v, want ErrSettings", err)
	}
	if err := a.Press(keyseq.OK, Local, false); !errors.Is(err, ErrClosed) {
		t.Errorf("Press after a failed Start = %v", err)
	}
}
