package input

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

var update = flag.Bool("update", false, "write the recordings' binary forms anew")

var actions = map[Action]string{Down: "down", Repeat: "repeat", Up: "up"}

// recordings are the event streams in testdata, recorded (cec-vivid) or written after
// what the kernel's drivers and tables make of each key: NAME.evemu as evemu-record writes it,
// NAME.16 and NAME.24 as a program reads it, NAME.keys what it means.
func recordings(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.evemu")
	if err != nil || len(paths) < 6 {
		t.Fatalf("recordings = %v, %v", paths, err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(p, ".evemu")
	}
	return paths
}

// event is one struct input_event.
func event(size int, sec, usec uint64, kind, code uint16, value int32) []byte {
	var b []byte
	for _, time := range []uint64{sec, usec} {
		if size == size32 {
			b = binary.LittleEndian.AppendUint32(b, uint32(time))
		} else {
			b = binary.LittleEndian.AppendUint64(b, time)
		}
	}
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, code)
	return binary.LittleEndian.AppendUint32(b, uint32(value))
}

// encode makes of a recording what a program reads.
func encode(t *testing.T, name string, size int) []byte {
	t.Helper()
	var out []byte
	for _, line := range lines(t, name+".evemu") {
		var sec, usec uint64
		var kind, code uint16
		var value int32
		if strings.HasPrefix(line, "#") {
			continue
		}
		if n, err := fmt.Sscanf(line, "E: %d.%d %x %x %d", &sec, &usec, &kind, &code, &value); n != 5 {
			t.Fatalf("%s: %q: %v", name, line, err)
		}
		out = append(out, event(size, sec, usec, kind, code, value)...)
	}
	return out
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		out = append(out, s.Text())
	}
	return out
}

// decoded is what a decoder makes of b, read n bytes at a time.
func decoded(d *decoder, b []byte, n int) []string {
	var got []string
	emit := func(k keyseq.Key, a Action) { got = append(got, k.String()+" "+actions[a]) }
	for chunk := range slices.Chunk(b, n) {
		d.decode(chunk, func() (down, bool) { return nil, false }, emit)
	}
	return got
}

func TestRecordings(t *testing.T) {
	for _, name := range recordings(t) {
		for _, size := range []int{size32, size64} {
			path := fmt.Sprintf("%s.%d", name, size)
			if *update {
				if err := os.WriteFile(path, encode(t, name, size), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b, encode(t, name, size)) {
				t.Errorf("%s is not what %s.evemu says: run with -update", path, name)
			}
			want := lines(t, name+".keys")
			for _, n := range []int{len(b), size, 64 * size, 7, 1} {
				got := decoded(&decoder{size: size, table: builtIn}, b, n)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s read %d bytes at a time (-want +got):\n%s", path, n, diff)
				}
			}
		}
	}
}

// TestD9_SequenceFromRemotes: a remote on which somebody entered the key
// sequence, one key of it held down, opens the menu once.
func TestD9_SequenceFromRemotes(t *testing.T) {
	for name, want := range map[string]int{"mce-rc6": 1, "cec-vc4": 1, "cec-vivid": 1, "bluetooth-hid": 1, "meson-ir": 0, "usb-keyboard": 0} {
		var m keyseq.Matcher
		var at time.Duration
		got := 0
		d := decoder{size: size64, table: builtIn}
		d.decode(encode(t, "testdata/"+name, size64), nil, func(k keyseq.Key, a Action) {
			at += 200 * time.Millisecond
			var done bool
			if a != Up {
				if m, done = keyseq.Step(m, keyseq.Press{Key: k, Repeat: a == Repeat, At: at}); done {
					got++
				}
			}
		})
		if got != want {
			t.Errorf("%s completes the sequence %d times, want %d", name, got, want)
		}
	}
}

// TestLostEvents: after a loss the device is asked, and only a key that is up
// now is let go of.
func TestLostEvents(t *testing.T) {
	const up, ok = 103, 28
	key := func(code uint16, value int32) []byte { return event(size64, 0, 0, evKey, code, value) }
	report, dropped := event(size64, 0, 0, evSyn, synReport, 0), event(size64, 0, 0, evSyn, synDropped, 0)
	stream := slices.Concat(key(up, 1), key(ok, 1), report, dropped, key(up, 0), key(108, 1), report, key(ok, 2), report, key(ok, 0), report)
	still := make(down, maxCode/8+1)
	still[ok/8] |= 1 << (ok % 8)
	var got []string
	d := decoder{size: size64, table: builtIn}
	d.decode(stream, func() (down, bool) { return still, true }, func(k keyseq.Key, a Action) { got = append(got, k.String()+" "+actions[a]) })
	want := []string{"Up down", "OK down", "Up up", "OK repeat", "OK up"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// TestHeldKeysAreBounded: a device that says that all its keys are down costs
// nothing, and gets nothing but presses.
func TestHeldKeysAreBounded(t *testing.T) {
	d := decoder{size: size32, table: builtIn}
	for code := range maxCode {
		decoded(&d, event(size32, 0, 0, evKey, uint16(code), 1), size32)
	}
	if len(d.held) != maxHeld {
		t.Errorf("%d keys are held, want %d", len(d.held), maxHeld)
	}
	var let int
	d.release(func(keyseq.Key, Action) { let++ })
	if let != maxHeld || len(d.held) != 0 {
		t.Errorf("let go of %d, %d are held; want %d and 0", let, len(d.held), maxHeld)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range recordings(f) {
		for _, size := range []int{size32, size64} {
			b, err := os.ReadFile(fmt.Sprintf("%s.%d", name, size))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b, size == size64, 5)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, long bool, n int) {
		size := size32
		if long {
			size = size64
		}
		n = 1 + (n&0x7fffffff)%64
		whole, parts := decoder{size: size, table: builtIn}, decoder{size: size, table: builtIn}
		one, many := decoded(&whole, b, max(len(b), 1)), decoded(&parts, b, n)
		if diff := cmp.Diff(one, many); diff != "" {
			t.Fatalf("read %d bytes at a time (-whole +parts):\n%s", n, diff)
		}
		if len(whole.held) > maxHeld || len(whole.part) >= size {
			t.Fatalf("%d held, %d bytes kept", len(whole.held), len(whole.part))
		}
		heldOnce := map[Code]bool{}
		for _, c := range whole.held {
			if heldOnce[c] {
				t.Fatalf("%d is held twice", c)
			}
			heldOnce[c] = true
		}
	})
}
