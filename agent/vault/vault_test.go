package vault

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// record stands for an agent's value.
type record struct {
	Tries  map[string]int `json:"tries,omitempty"`
	Epoch  int64          `json:"epoch"`
	Secret []byte         `json:"secret,omitempty"`
}

func open(t *testing.T, path string, ks KeyStore) *Vault[record] {
	t.Helper()
	v, err := Open[record](path, ks)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func reopen(t *testing.T, v *Vault[record]) *Vault[record] {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return open(t, v.path, v.keys)
}

func save(t *testing.T, v *Vault[record], r record) {
	t.Helper()
	if err := v.Save(r); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func TestSaveAndLoad(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), nil)
	if diff := cmp.Diff(record{}, v.Load()); diff != "" {
		t.Errorf("a new vault is not empty:\n%s", diff)
	}
	for i := range 5 {
		want := record{Epoch: int64(i), Tries: map[string]int{"p": i}, Secret: []byte{byte(i)}}
		save(t, v, want)
		if diff := cmp.Diff(want, v.Load()); diff != "" {
			t.Errorf("Load after Save %d:\n%s", i, diff)
		}
		v = reopen(t, v)
		if diff := cmp.Diff(want, v.Load()); diff != "" {
			t.Errorf("Load after Save %d and a restart:\n%s", i, diff)
		}
	}
	info, err := os.Stat(v.path)
	if err != nil || info.Size() != fileSize || info.Mode().Perm() != 0o600 {
		t.Errorf("file is %v, %v; want %d bytes with mode 0600", info, err, fileSize)
	}
}

func TestLoadSharesNothing(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), nil)
	mine := record{Tries: map[string]int{"p": 1}}
	save(t, v, mine)
	mine.Tries["p"] = 7
	v.Load().Tries["p"] = 8
	if got := v.Load().Tries["p"]; got != 1 {
		t.Errorf("Load().Tries = %d, want 1: callers share memory with the vault", got)
	}
}

func TestTooLargeChangesNothing(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), nil)
	save(t, v, record{Epoch: 1})
	before, _ := os.ReadFile(v.path)
	if err := v.Save(record{Epoch: 2, Secret: make([]byte, SlotSize)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Save of a large value = %v, want ErrTooLarge", err)
	}
	after, _ := os.ReadFile(v.path)
	if v.Load().Epoch != 1 || !cmp.Equal(before, after) {
		t.Error("a refused Save changed the vault")
	}
	if err := v.Save(record{Epoch: 3}); err != nil || v.Load().Epoch != 3 {
		t.Errorf("Save after a refused one = %v", err)
	}
}

func TestInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	v := open(t, path, nil)
	if _, err := Open[record](path, nil); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open = %v, want ErrInUse", err)
	}
	if _, err := SetAside(path); !errors.Is(err, ErrInUse) {
		t.Errorf("SetAside of an open vault = %v, want ErrInUse", err)
	}
	reopen(t, v)
}

func TestClosed(t *testing.T) {
	v := open(t, filepath.Join(t.TempDir(), "vault"), nil)
	save(t, v, record{Epoch: 4})
	if err := errors.Join(v.Close(), v.Close()); err != nil {
		t.Errorf("Close twice = %v", err)
	}
	if err := v.Save(record{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Save after Close = %v, want ErrClosed", err)
	}
	if got := v.Load().Epoch; got != 4 {
		t.Errorf("Load after Close = %d, want 4", got)
	}
}

func TestReplaceLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if err := os.WriteFile(asideName(path), []byte("SECRETSECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := open(t, path, nil)
	old := record{Tries: map[string]int{"SECRETSECRET": 1}}
	save(t, v, old)
	save(t, v, old)
	save(t, v, record{Epoch: 2})
	if raw, _ := os.ReadFile(path); !strings.Contains(string(raw), "SECRETSECRET") {
		t.Fatal("the test is void: Save left no earlier value")
	}
	if err := v.Replace(record{Epoch: 3}); err != nil {
		t.Fatalf("Replace: %v", err)
	}
	names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	for _, name := range names {
		if raw, _ := os.ReadFile(name); strings.Contains(string(raw), "SECRETSECRET") {
			t.Errorf("%s still holds the earlier value after Replace", filepath.Base(name))
		}
	}
	if got := reopen(t, v).Load().Epoch; got != 3 {
		t.Errorf("Load after Replace = %d, want 3", got)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		path string
		want string
	}{
		{"in a file", filepath.Join(dir, "file", "vault"), "not a directory"},
		{"a folder", dir, "is a directory"},
	} {
		_, err := Open[record](tt.path, nil)
		if err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Open = %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestUnfinishedCreationIsForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	if err := os.WriteFile(path+".new", make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	v := open(t, path, nil)
	if _, err := os.Stat(path + ".new"); !os.IsNotExist(err) {
		t.Errorf("the unfinished file is still there: %v", err)
	}
	save(t, v, record{Epoch: 1})
}

// xorStore is a key store that changes every byte and can be out of order.
type xorStore struct{ broken error }

func (x *xorStore) Wrap(b []byte) ([]byte, error)   { return x.xor(b), x.broken }
func (x *xorStore) Unwrap(b []byte) ([]byte, error) { return x.xor(b), x.broken }
func (x *xorStore) xor(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c ^ 0xa5
	}
	return out
}

func TestKeyStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	ks := &xorStore{}
	v := open(t, path, ks)
	save(t, v, record{Tries: map[string]int{"visible": 1}})
	if raw, _ := os.ReadFile(path); strings.Contains(string(raw), "visible") {
		t.Error("the payload is in plain in spite of the key store")
	}
	v = reopen(t, v)
	if got := v.Load().Tries["visible"]; got != 1 {
		t.Errorf("Load through the key store = %d, want 1", got)
	}
	ks.broken = errors.New("chip is away")
	if err := v.Save(record{}); !errors.Is(err, ErrKeyStore) || !errors.Is(err, ks.broken) {
		t.Errorf("Save with a broken key store = %v", err)
	}
	if got := v.Load().Tries["visible"]; got != 1 {
		t.Errorf("Load after a failed Save = %d, want 1", got)
	}
	v.Close()
	if _, err := Open[record](path, ks); !errors.Is(err, ErrKeyStore) || errors.Is(err, ErrDamaged) {
		t.Errorf("Open with a broken key store = %v, want ErrKeyStore", err)
	}
	if _, err := Open[record](path, nil); !errors.Is(err, ErrKeyStore) {
		t.Errorf("Open without the key store = %v, want ErrKeyStore", err)
	}
}

func TestKeyStoreAddedLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	v := open(t, path, nil)
	save(t, v, record{Tries: map[string]int{"visible": 2}})
	v.Close()
	v = open(t, path, &xorStore{})
	value := v.Load()
	if err := v.Replace(value); err != nil {
		t.Fatal(err)
	}
	if raw, _ := os.ReadFile(path); strings.Contains(string(raw), "visible") {
		t.Error("Replace left the plain payload behind")
	}
	if got := reopen(t, v).Load().Tries["visible"]; got != 2 {
		t.Errorf("Load after the move = %d, want 2", got)
	}
}
