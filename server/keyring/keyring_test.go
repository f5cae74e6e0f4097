package keyring

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

func open(t *testing.T, dir string) *Ring {
	t.Helper()
	r, err := Open(dir, "tv.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rootOf(r *Ring) ed25519.PublicKey {
	root, _, _ := r.Pinned()
	return root
}

func TestKeysSurviveAndStayPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	a := open(t, dir)
	b := open(t, dir)
	if !rootOf(a).Equal(rootOf(b)) || a.now.Load().chain.list != b.now.Load().chain.list || a.Number() != 1 {
		t.Error("the second Open has other keys")
	}
	jws, err := a.Sign(protocol.TypState, protocol.StateClaims{Version: 7})
	var claims protocol.StateClaims
	if err != nil || b.Verify(jws, protocol.TypState, &claims) != nil || claims.Version != 7 {
		t.Errorf("a state signed before a restart does not verify after it (%v)", err)
	}
	if err := b.Verify(jws, protocol.TypStill, &claims); !errors.Is(err, sign.ErrWrongType) {
		t.Errorf("Verify(another typ) = %v", err)
	}
	for _, name := range []string{rootFile, signingFile, dataFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

func TestListIsSignedByTheRoot(t *testing.T) {
	r := open(t, filepath.Join(t.TempDir(), "keys"))
	root, list, number := r.Pinned()
	var claims protocol.KeysClaims
	if _, err := sign.Verify(list, protocol.TypKeys, sign.OneKey("root", root), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Server != "tv.example" || claims.Number != number || len(claims.Keys) != 1 {
		t.Errorf("claims = %+v", claims)
	}
}

func TestRenamedServerSignsTheNextList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	a := open(t, dir)
	b, err := Open(dir, "other.example", nil)
	if err != nil || b.Number() != 2 || !rootOf(b).Equal(rootOf(a)) {
		t.Fatalf("number %d, %v", b.Number(), err)
	}
	if err := os.Remove(filepath.Join(dir, rootFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "other.example", nil); err != nil {
		t.Errorf("without root.key: %v", err)
	}
	if _, err := Open(dir, "third.example", nil); !errors.Is(err, ErrNoRoot) {
		t.Errorf("a new name without root.key: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	open(t, other)
	replace := func(name string, text []byte) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), text, 0o600) }
	}
	swap := func(name string) func(string) error {
		text, err := os.ReadFile(filepath.Join(other, name))
		if err != nil {
			t.Fatal(err)
		}
		return replace(name, text)
	}
	tests := map[string]struct {
		spoil func(dir string) error
		want  error
	}{
		"missing data key":     {func(dir string) error { return os.Remove(filepath.Join(dir, dataFile)) }, ErrIncomplete},
		"missing list":         {func(dir string) error { return os.Remove(filepath.Join(dir, listFile)) }, ErrIncomplete},
		"missing signing key":  {func(dir string) error { return os.Remove(filepath.Join(dir, signingFile)) }, ErrIncomplete},
		"empty data key":       {replace(dataFile, nil), ErrDamaged},
		"zeros":                {replace(dataFile, []byte(keyText(dataFile, make([]byte, 32)))), ErrDamaged},
		"short key":            {replace(dataFile, []byte(keyText(dataFile, make([]byte, 31)))), ErrDamaged},
		"another label":        {replace(dataFile, []byte(keyText(rootFile, bytes.Repeat([]byte{1}, 32)))), ErrDamaged},
		"garbage list":         {replace(listFile, []byte("a.b.c")), ErrDamaged},
		"another root's list":  {swap(listFile), ErrDamaged},
		"another root.key":     {swap(rootFile), ErrDamaged},
		"another signing key":  {swap(signingFile), ErrDamaged},
		"readable by everyone": {func(dir string) error { return os.Chmod(filepath.Join(dir, dataFile), 0o644) }, ErrExposed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			open(t, dir)
			if err := tt.spoil(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, "tv.example", nil); !errors.Is(err, tt.want) {
				t.Errorf("Open = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestCrashAtFirstStartLeavesNothingHalf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.MkdirAll(dir+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(dir+".new", rootFile, "hearth"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // an empty folder is a first start too
		t.Fatal(err)
	}
	open(t, dir)
}

func TestSeal(t *testing.T) {
	dir := t.TempDir()
	r, stranger := open(t, filepath.Join(dir, "a")), open(t, filepath.Join(dir, "b"))
	sealed, err := r.Seal(PINs, []byte("secret"), "account", "profile")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := r.Unseal(PINs, sealed, "account", "profile"); err != nil || string(plain) != "secret" {
		t.Errorf("Unseal = %q, %v", plain, err)
	}
	if again, _ := r.Seal(PINs, []byte("secret"), "account", "profile"); bytes.Equal(again, sealed) {
		t.Error("the same seal twice")
	}
	altered := bytes.Clone(sealed)
	altered[len(altered)-1] ^= 1
	for name, f := range map[string]func() ([]byte, error){
		"altered":          func() ([]byte, error) { return r.Unseal(PINs, altered, "account", "profile") },
		"moved":            func() ([]byte, error) { return r.Unseal(PINs, sealed, "account", "other") },
		"joined context":   func() ([]byte, error) { return r.Unseal(PINs, sealed, "accountprofile") },
		"another purpose":  func() ([]byte, error) { return r.Unseal(UserCodes, sealed, "account", "profile") },
		"another data key": func() ([]byte, error) { return stranger.Unseal(PINs, sealed, "account", "profile") },
		"short":            func() ([]byte, error) { return r.Unseal(PINs, sealed[:20], "account", "profile") },
		"empty":            func() ([]byte, error) { return r.Unseal(PINs, nil) },
		"another form":     func() ([]byte, error) { return r.Unseal(PINs, append([]byte{9}, sealed[1:]...), "account", "profile") },
	} {
		if _, err := f(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v, want ErrSealed", name, err)
		}
	}
}

func TestMAC(t *testing.T) {
	dir := t.TempDir()
	r, stranger := open(t, filepath.Join(dir, "a")), open(t, filepath.Join(dir, "b"))
	m := r.MAC(UserCodes, "ab", "c")
	if !bytes.Equal(m, r.MAC(UserCodes, "ab", "c")) {
		t.Error("not deterministic")
	}
	for name, other := range map[string][]byte{
		"parts joined otherwise": r.MAC(UserCodes, "a", "bc"),
		"another purpose":        r.MAC(AccessCodes, "ab", "c"),
		"another data key":       stranger.MAC(UserCodes, "ab", "c"),
	} {
		if bytes.Equal(m, other) {
			t.Errorf("%s: the same MAC", name)
		}
	}
}

func FuzzUnseal(f *testing.F) {
	r, err := Open(filepath.Join(f.TempDir(), "keys"), "tv.example", nil)
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := r.Seal(PINs, []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, err := r.Unseal(PINs, data); err == nil && !bytes.Equal(data, sealed) {
			t.Errorf("opened %x as %q", data, plain)
		}
	})
}
