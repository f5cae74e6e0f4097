package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// boundaries are where a torn write of a slot matters: around every field, the
// payload's end, and the sectors and pages of the disk.
func boundaries(payload int) []int {
	var at []int
	for _, b := range []int{0, len(magic), flagsAt, seqAt, lengthAt, sumAt, headerSize, headerSize + payload, 512, 4096, SlotSize} {
		for _, d := range []int{-1, 0, 1} {
			if n := b + d; n >= 0 && n <= SlotSize {
				at = append(at, n)
			}
		}
	}
	return at
}

// twoSaves returns the path of a vault with epoch 1 in one slot and epoch 2 in
// the other, and the bytes of its file before and after the second Save.
func twoSaves(t *testing.T) (path string, before, after []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "vault")
	v := open(t, path, nil)
	save(t, v, record{Epoch: 1, Tries: map[string]int{"p": 3}})
	before, _ = os.ReadFile(path)
	save(t, v, record{Epoch: 2, Tries: map[string]int{"p": 4}})
	after, _ = os.ReadFile(path)
	v.Close()
	return path, before, after
}

func TestTornWriteLeavesOldOrNew(t *testing.T) {
	path, before, after := twoSaves(t)
	payload := len(`{"tries":{"p":4},"epoch":2}`)
	start := bytes.Index(after, []byte(`"epoch":2`)) / SlotSize * SlotSize
	for _, n := range boundaries(payload) {
		for _, tail := range []string{"old", "zeros", "ones"} {
			torn := bytes.Clone(before)
			copy(torn[start:], after[start:start+n])
			for i := start + n; i < start+SlotSize && tail != "old"; i++ {
				torn[i] = map[string]byte{"zeros": 0, "ones": 0xff}[tail]
			}
			if err := os.WriteFile(path, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			checkEpochs(t, path, fmt.Sprintf("torn after %d bytes, then %s", n, tail), n < headerSize+payload)
		}
	}
}

// checkEpochs opens the vault: it must hold epoch 1 where old is true, else 2
// (or 1 while the bytes beyond the payload are all that differ), and go on.
func checkEpochs(t *testing.T, path, when string, old bool) {
	t.Helper()
	v, err := Open[record](path, nil)
	if err != nil {
		t.Errorf("%s: Open: %v", when, err)
		return
	}
	got := v.Load()
	want := int64(2)
	if old && got.Epoch == 1 {
		want = 1
	}
	if got.Epoch != want || got.Tries["p"] != int(want)+2 {
		t.Errorf("%s: Load() = %+v, want epoch %d", when, got, want)
	}
	if err := v.Save(record{Epoch: 9}); err != nil {
		t.Errorf("%s: Save: %v", when, err)
	}
	v.Close()
	v, err = Open[record](path, nil)
	if err != nil || v.Load().Epoch != 9 {
		t.Errorf("%s: the next Save did not win: %v", when, err)
		return
	}
	v.Close()
}

func TestOneDamagedSlot(t *testing.T) {
	path, _, after := twoSaves(t)
	newest := bytes.Index(after, []byte(`"epoch":2`)) / SlotSize
	for which := range 2 {
		want := int64(2)
		if which == newest {
			want = 1
		}
		for _, at := range []int{0, flagsAt + 3, seqAt + 7, lengthAt + 3, sumAt, headerSize, headerSize + 5} {
			b := bytes.Clone(after)
			b[which*SlotSize+at] ^= 1
			os.WriteFile(path, b, 0o600)
			v := open(t, path, nil)
			if got := v.Load().Epoch; got != want {
				t.Errorf("slot %d damaged at %d: epoch %d, want %d", which, at, got, want)
			}
			v.Close()
		}
	}
}

func TestBothSlotsDamaged(t *testing.T) {
	path, _, after := twoSaves(t)
	both := bytes.Clone(after)
	both[headerSize] ^= 1
	both[SlotSize+headerSize] ^= 1
	for name, b := range map[string][]byte{
		"one bit each": both, "zeros": make([]byte, fileSize), "empty": {}, "short": after[:20],
		"text": bytes.Repeat([]byte("hello"), 4000),
	} {
		os.WriteFile(path, b, 0o600)
		if _, err := Open[record](path, nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: Open = %v, want ErrDamaged", name, err)
		}
	}
	to, err := SetAside(path)
	if err != nil {
		t.Fatalf("SetAside: %v", err)
	}
	if _, err := os.Stat(to); err != nil {
		t.Errorf("what was set aside is gone: %v", err)
	}
	if got := open(t, path, nil).Load().Epoch; got != 0 {
		t.Errorf("after SetAside: epoch %d, want a new vault", got)
	}
}

func TestFileCutShort(t *testing.T) {
	path, _, after := twoSaves(t)
	first := int64(1)
	if bytes.Index(after, []byte(`"epoch":2`)) < SlotSize {
		first = 2
	}
	for _, size := range []int{SlotSize, SlotSize + 10, SlotSize + headerSize, fileSize - 1} {
		os.WriteFile(path, after[:size], 0o600)
		v := open(t, path, nil)
		if got := v.Load().Epoch; got != first && size < SlotSize+headerSize+20 {
			t.Errorf("cut at %d: epoch %d, want %d", size, got, first)
		}
		save(t, v, record{Epoch: 5})
		if info, _ := os.Stat(path); info.Size() != fileSize {
			t.Errorf("cut at %d: the file has %d bytes after a Save", size, info.Size())
		}
		v.Close()
	}
}

// badDisk writes n bytes of the next write, then fails; n < 0 fails the sync.
type badDisk struct {
	disk
	n    int
	fail error
}

func (d *badDisk) WriteAt(p []byte, off int64) (int, error) {
	if d.fail == nil || d.n < 0 {
		return d.disk.WriteAt(p, off)
	}
	n, _ := d.disk.WriteAt(p[:min(d.n, len(p))], off)
	return n, d.fail
}

func (d *badDisk) Sync() error {
	if d.fail != nil {
		return d.fail
	}
	return d.disk.Sync()
}

// TestNeverGoesBack runs saves, failing saves and restarts in any order. Within
// a run the value is the last durable one; after a restart it is that or one whose
// writing failed since.
func TestNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		path := filepath.Join(dir, fmt.Sprint(run))
		v, err := Open[record](path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { v.Close() }()
		var durable, next int64
		t.Repeat(map[string]func(*rapid.T){
			"save": func(t *rapid.T) {
				next++
				if err := v.Save(record{Epoch: next}); err != nil {
					t.Fatalf("Save: %v", err)
				}
				durable = next
			},
			"fail": func(t *rapid.T) {
				next++
				bad := &badDisk{disk: v.file, n: rapid.IntRange(-1, SlotSize).Draw(t, "written"), fail: errors.New("bad block")}
				v.file = bad
				if err := v.Save(record{Epoch: next}); !errors.Is(err, bad.fail) {
					t.Fatalf("Save on a bad disk = %v", err)
				}
				v.file = bad.disk
			},
			"restart": func(t *rapid.T) {
				v.Close()
				if v, err = Open[record](path, nil); err != nil {
					t.Fatalf("Open: %v", err)
				}
				got := v.Load().Epoch
				if got < durable || got > next {
					t.Fatalf("after a restart: %d, want %d to %d", got, durable, next)
				}
				durable = got
			},
			"": func(t *rapid.T) {
				if got := v.Load().Epoch; got != durable {
					t.Fatalf("Load() = %d, want %d", got, durable)
				}
			},
		})
	})
}

func FuzzDecodeSlot(f *testing.F) {
	f.Add(slot{seq: 1}.encode())
	f.Add(slot{seq: 7, flags: flagWrapped, payload: []byte(`{"epoch":1}`)}.encode())
	f.Add([]byte(magic))
	f.Add(make([]byte, SlotSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSlot(b)
		if err != nil {
			if !errors.Is(err, errSlot) {
				t.Errorf("decodeSlot = %v, want errSlot", err)
			}
			return
		}
		again, err := decodeSlot(s.encode())
		if err != nil || again.seq != s.seq || again.flags != s.flags || !bytes.Equal(again.payload, s.payload) {
			t.Errorf("decodeSlot(encode(%+v)) = %+v, %v", s, again, err)
		}
	})
}
