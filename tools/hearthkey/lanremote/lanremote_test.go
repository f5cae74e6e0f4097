package lanremote

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// pair pairs by the code on the screen, and ends the connection.
func (w *world) pair() TV {
	w.t.Helper()
	w.tv.Open(tvremote.Household, remote.PairingTime)
	tv, conn, err := w.wizard.Pair(context.Background(), w.tv.Window().Code, w.tv.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	conn.Close()
	return tv
}

func TestPairByCode(t *testing.T) {
	w := newWorld(t)
	tv := w.pair()
	if tv.Name != "Living room" || tv.ID != w.id.ID || len(w.wizard.Book.TVs()) != 1 {
		t.Errorf("paired with %+v", tv)
	}
	again, err := OpenBook(w.wizard.Book.path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w.wizard.Book.TVs(), again.TVs()); d != "" {
		t.Errorf("read again (-want +got):\n%s", d)
	}
	info, err := os.Stat(again.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	w.wizard.Book = again
	conn, welcome, err := w.wizard.Connect(context.Background(), tv, "")
	if err != nil || welcome.Role != tvremote.Household {
		t.Fatalf("Connect = %+v, %v", welcome, err)
	}
	defer conn.Close()
	st, err := Script(conn, []string{"ok", "Left", "7"}, "")
	if err != nil || st.Screen != "starting" {
		t.Errorf("Script = %+v, %v", st, err)
	}
	if d := cmp.Diff([]string{"OK", "Left", "7"}, w.keys(3)); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
}

// TestPairByAsking finds the TV, asks for the code, and asks again after a wrong one.
func TestPairByAsking(t *testing.T) {
	w := newWorld(t)
	w.tv.Open(tvremote.Guest, remote.PairingTime)
	code := w.tv.Window().Code
	bad := "000000"
	if code == bad {
		bad = "000001"
	}
	w.answers = []string{"12 34", bad, code[:3] + " " + code[3:]}
	_, conn, err := w.wizard.Pair(context.Background(), "", "")
	if err != nil {
		t.Fatalf("%v; told %s", err, w.told.String())
	}
	conn.Close()
	if told := w.told.String(); !strings.Contains(told, "It has 6 digits") || !strings.Contains(told, "That is not the code") {
		t.Errorf("the person was told %q", told)
	}
}

func TestPairByQR(t *testing.T) {
	w := newWorld(t)
	w.tv.Open(tvremote.Household, remote.PairingTime)
	text := tvremote.Invitation{TV: w.id.ID, Key: w.id.Hash[:], Secret: w.tv.Window().Secret, Addresses: []string{"127.0.0.1:1", w.tv.Addr().String()}}.Text()
	_, conn, err := w.wizard.Pair(context.Background(), text, "")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	// Another TV at that address is not talked to.
	other := newWorld(t)
	other.tv.Open(tvremote.Household, remote.PairingTime)
	text = tvremote.Invitation{TV: w.id.ID, Key: w.id.Hash[:], Secret: other.tv.Window().Secret, Addresses: []string{other.tv.Addr().String()}}.Text()
	if _, _, err := w.wizard.Pair(context.Background(), text, ""); !errors.Is(err, handset.ErrImpostor) {
		t.Errorf("another TV: %v, want ErrImpostor", err)
	}
}

// TestPairErrors: what a person reads says what to do.
func TestPairErrors(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	for _, c := range []struct{ code, address, want string }{
		{"12345", w.tv.Addr().String(), "6 digits"},
		{"hearthkey-pair:1/x", "", "6 digits"},
		{"123456", w.tv.Addr().String(), "Settings, Remotes"},
		{"123456", "127.0.0.1:1", "does not answer"},
		{"123456", "nonsense", "host:port"},
	} {
		if _, _, err := w.wizard.Pair(ctx, c.code, c.address); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Pair(%q, %q) = %v, want %q in it", c.code, c.address, err, c.want)
		} else if strings.Contains(err.Error(), "dial") || strings.Contains(err.Error(), "\n") {
			t.Errorf("Pair(%q, %q) = %v, which is not for people", c.code, c.address, err)
		}
	}
	w.wizard.Name = strings.Repeat("a", 65)
	if _, _, err := w.wizard.Pair(ctx, "123456", w.tv.Addr().String()); !errors.Is(err, ErrName) {
		t.Errorf("a name of 65 characters = %v, want ErrName", err)
	}
	w.wizard.Name = "Terminal"
	w.wizard.Ask = nil // a script
	w.tv.Open(tvremote.Household, remote.PairingTime)
	bad := "000000"
	if w.tv.Window().Code == bad {
		bad = "000001"
	}
	for _, want := range []string{"tries left: 2", "tries left: 1", "too many wrong codes", "in 30 seconds"} {
		if _, _, err := w.wizard.Pair(ctx, bad, w.tv.Addr().String()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a wrong code = %v, want %q in it", err, want)
		}
	}
	w.mu.Lock()
	w.found = nil
	w.mu.Unlock()
	if _, _, err := w.wizard.Pair(ctx, "", ""); err == nil || !strings.Contains(err.Error(), "no TV answers") {
		t.Errorf("without a TV = %v", err)
	}
}

// TestAddressChanges: a TV is found by its id and key, wherever it is, and whoever
// says to be it.
func TestAddressChanges(t *testing.T) {
	w := newWorld(t)
	tv := w.pair()
	if err := w.tv.Close(); err != nil {
		t.Fatal(err)
	}
	w.start("127.0.0.1:0") // another port
	impostor := newWorld(t)
	w.mu.Lock()
	w.found[0].Addresses = []string{impostor.tv.Addr().String()}
	w.found[0].Fingerprint = w.found[1].Fingerprint
	w.mu.Unlock()
	conn, _, err := w.wizard.Connect(context.Background(), tv, "")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got := w.wizard.Book.TVs()[0].Addresses; len(got) != 2 || got[0] != w.tv.Addr().String() {
		t.Errorf("addresses %v", got)
	}
}

// TestForgotten: a TV that does not know the remote any more.
func TestForgotten(t *testing.T) {
	w := newWorld(t)
	tv := w.pair()
	w.tv.SetRemotes(nil)
	if _, _, err := w.wizard.Connect(context.Background(), tv, ""); !errors.Is(err, ErrForgotten) {
		t.Errorf("Connect = %v, want ErrForgotten", err)
	}
}

func TestScriptErrors(t *testing.T) {
	w := newWorld(t)
	tv := w.pair()
	conn, _, err := w.wizard.Connect(context.Background(), tv, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := Script(conn, []string{"OK", "volumeUp"}, ""); err == nil || !strings.Contains(err.Error(), "volumeUp") {
		t.Errorf("an unknown key = %v", err)
	}
	if len(w.pressed) != 0 {
		t.Error("keys before an unknown one were pressed")
	}
	for _, text := range []string{strings.Repeat("a", 257), "two\nlines"} {
		if _, err := Script(conn, nil, text); err == nil || !strings.Contains(err.Error(), "256 characters") {
			t.Errorf("a text of %d characters = %v", len(text), err)
		}
	}
	if _, err := Script(conn, nil, "x"); err == nil || !strings.Contains(err.Error(), "nothing is being typed") {
		t.Errorf("a text without a field = %v", err)
	}
}

// TestBookRefuses: a file that others can read, or that is no book.
func TestBookRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "remotes.json")
	for text, want := range map[string]string{
		"x":                        "damaged",
		`{"tvs":[{"id":"x"}]}`:     "damaged",
		strings.Repeat(" ", 1<<19): "not a list",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenBook(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenBook of %.20q = %v, want %q", text, err, want)
		}
	}
	if err := os.WriteFile(path, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBook(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("OpenBook of a public file = %v", err)
	}
}

func TestFind(t *testing.T) {
	b := &Book{tvs: []TV{{ID: "00112233445566ff", Name: "Living room"}, {ID: "ffeeddccbbaa9988", Name: "Bedroom"}, {ID: "ff00000000000000", Name: "Bedroom 2"}}}
	for text, want := range map[string]int{"": 3, "bedroom": 1, "BED": 2, "living": 1, "room": 0, "0011": 1, "FFEE": 1, "00": 0, "kitchen": 0} {
		if got := b.Find(text); len(got) != want {
			t.Errorf("Find(%q) = %v, want %d", text, got, want)
		}
	}
	b.tvs[2].Name = b.tvs[0].ID
	if got := b.Find(b.tvs[0].ID); len(got) != 1 || got[0].Name != "Living room" {
		t.Errorf("a TV that calls itself as another's id is taken for it: %v", got)
	}
}
