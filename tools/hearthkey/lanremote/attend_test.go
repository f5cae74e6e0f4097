package lanremote

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/tools/hearthkey/ptytest"
)

// attend runs a remote on a pseudo terminal.
func (w *world) attend() (person *os.File, out *paper, ended <-chan error) {
	w.t.Helper()
	tv := w.pair()
	conn, _, err := w.wizard.Connect(context.Background(), tv, "")
	if err != nil {
		w.t.Fatal(err)
	}
	person, program := ptytest.Open(w.t)
	out = newPaper()
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- w.wizard.Attend(ctx, tv, conn, program, out) }()
	w.t.Cleanup(cancel)
	return person, out, done
}

func (w *world) types(person *os.File, text string) {
	w.t.Helper()
	if _, err := person.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
}

func over(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
		return nil
	}
}

func TestAttend(t *testing.T) {
	w := newWorld(t)
	person, out, ended := w.attend()
	out.until(t, "Living room · starting")
	w.types(person, "\x1b[A\r\x1b[D7\x7fh")
	if d := cmp.Diff([]string{"Up", "OK", "Left", "7", "Back", "Home"}, w.keys(6)); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	out.until(t, "Home ✓")
	w.types(person, "t")
	out.until(t, "nothing is being typed on the TV")
	w.types(person, "?")
	out.until(t, "q: quit")

	w.mu.Lock()
	w.field = true
	w.mu.Unlock()
	w.tv.Show(remote.State{Screen: "email", Title: "Enter your\x1b[2J address", Keyboard: tvremote.KeyboardEmail})
	out.until(t, "email: Enter your[2J address")
	w.types(person, "tqu7\x7f@x.example\r")
	if d := cmp.Diff([]string{"text qu@x.example"}, w.keys(1)); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
	w.tv.Show(remote.State{Screen: "password", Title: "Password", Keyboard: tvremote.KeyboardPassword})
	out.until(t, "password: Password")
	w.types(person, "tab")
	out.until(t, "Enter sends: ••")
	out.mu.Lock()
	if shown := out.text.String(); strings.Contains(shown, "sends: a") {
		t.Errorf("a password is shown: %q", shown)
	}
	out.mu.Unlock()
	w.types(person, "\x7f\x7f\x7f") // nothing left, and out
	out.until(t, "Living room · password")
	w.types(person, "q")
	if err := over(t, ended); err != nil {
		t.Errorf("Attend = %v", err)
	}
}

// TestAttendFindsTheTVAgain: it was unplugged, and has another address.
func TestAttendFindsTheTVAgain(t *testing.T) {
	w := newWorld(t)
	person, out, ended := w.attend()
	out.until(t, "Living room · starting")
	if err := w.tv.Close(); err != nil {
		t.Fatal(err)
	}
	out.until(t, "not reachable")
	w.types(person, "\x1b[A") // goes nowhere
	w.start("127.0.0.1:0")
	out.until(t, "Living room · starting")
	w.types(person, "\x1b[B")
	if got := w.keys(1)[0]; got != "Down" {
		t.Errorf("the TV took %s", got)
	}
	w.types(person, "\x03")
	if err := over(t, ended); err != nil {
		t.Errorf("Attend = %v", err)
	}
}

// TestAttendIsForgotten: removed on the TV, it ends and says so.
func TestAttendIsForgotten(t *testing.T) {
	w := newWorld(t)
	_, out, ended := w.attend()
	out.until(t, "Living room · starting")
	w.tv.SetRemotes(nil)
	if err := over(t, ended); !errors.Is(err, ErrForgotten) {
		t.Errorf("Attend = %v, want ErrForgotten", err)
	}
}
