package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// tv is an agent under test and its newest views.
type tv struct {
	*Agent
	t     *testing.T
	views chan nav.View
}

// plugIn starts an agent on dir.
func plugIn(t *testing.T, server, dir string) *tv {
	t.Helper()
	return plugInLogged(t, server, dir, t.Output())
}

func plugInLogged(t *testing.T, server, dir string, log io.Writer) *tv {
	t.Helper()
	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	return plugInAs(t, &Agent{Log: slog.New(slog.NewTextHandler(log, level)), Server: server, Dir: dir, Name: "Test TV"})
}

// plugInAs starts an agent with its settings, but for OnView.
func plugInAs(t *testing.T, a *Agent) *tv {
	t.Helper()
	v := &tv{Agent: a, t: t, views: make(chan nav.View, 1)}
	a.OnView = func(view nav.View) {
		for { // keep the newest
			select {
			case v.views <- view:
				return
			default:
			}
			select {
			case <-v.views:
			default:
			}
		}
	}
	if err := v.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.unplug() })
	return v
}

func (v *tv) unplug() {
	if err := v.Close(); err != nil {
		v.t.Errorf("Close = %v", err)
	}
}

// wait waits for a view that ok accepts.
func (v *tv) wait(what string, ok func(nav.View) bool) nav.View {
	v.t.Helper()
	deadline := time.After(10 * time.Second)
	for view := v.View(); ; {
		if ok(view) {
			return view
		}
		select {
		case view = <-v.views:
		case <-deadline:
			v.t.Fatalf("no %s; the screen shows %+v", what, v.View())
		}
	}
}

func (v *tv) waitScreen(s nav.Screen) nav.View {
	v.t.Helper()
	return v.wait("screen "+string(s), func(view nav.View) bool { return view.Screen == s })
}

func (v *tv) press(keys ...keyseq.Key) {
	v.t.Helper()
	for _, k := range keys {
		if err := v.Press(k, Local, false); err != nil {
			v.t.Fatal(err)
		}
	}
}

// signIn goes from the welcome screen to the gate.
func (v *tv) signIn() nav.View {
	v.t.Helper()
	v.waitScreen(nav.ScreenWelcome)
	v.press(keyseq.OK)
	return v.waitScreen(nav.ScreenGate)
}

// enter types a PIN at the focused profile.
func (v *tv) enter(digits string) {
	v.t.Helper()
	v.waitScreen(nav.ScreenPIN)
	for _, d := range digits {
		v.press(keyseq.Digit0 + keyseq.Key(d-'0'))
	}
}

func next[T any](t *testing.T, from chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("nothing arrived")
		panic("unreachable")
	}
}

func TestSignInAndPIN(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	if d, err := v.Decide("t-hill", parental.Open); err != nil || d.Reason != parental.NoAccess {
		t.Errorf("Decide before the sign-in = %+v, %v", d, err)
	}
	gate := v.signIn()
	if d, err := v.Decide("t-hill", parental.Open); err != nil || d.Reason != parental.NoProfile {
		t.Errorf("Decide at the gate = %+v, %v", d, err)
	}
	if len(gate.Items) < 2 || !gate.Items[0].Locked || gate.Items[1].Locked {
		t.Errorf("the gate shows %+v", gate.Items)
	}
	if r := next(t, s.receipts); r.Status != protocol.Active || r.Epoch != 1 {
		t.Errorf("receipt of the first state: %+v", r)
	}
	v.press(keyseq.OK)
	v.enter("9999")
	v.wait("refusal of a wrong PIN", func(view nav.View) bool {
		return view.Screen == nav.ScreenPIN && view.PIN != nil && !view.PIN.Checking && view.PIN.Message != "" && view.PIN.Entered == 0
	})
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
	if d, err := v.Decide("t-night", parental.Open); err != nil || d.Verdict != parental.Allow {
		t.Errorf("Decide(t-night) for an adult = %+v, %v", d, err)
	}
	if d, err := v.Decide("t-unknown", parental.Open); err != nil || d.Reason != parental.UnknownTitle {
		t.Errorf("Decide of an unknown title = %+v, %v", d, err)
	}
}

// typeText types into the field on the screen.
func (v *tv) typeText(text string) {
	v.t.Helper()
	if err := v.Type(text, Local); err != nil {
		v.t.Fatal(err)
	}
}

// TestSignInWithPassword types all of it; nothing typed is in a log or on the disk.
func TestSignInWithPassword(t *testing.T) {
	s := newFakeServer(t)
	s.asks = true
	dir := t.TempDir()
	var log bytes.Buffer
	v := plugInLogged(t, s.url(), dir, &log)
	v.waitScreen(nav.ScreenWelcome)
	v.press(keyseq.Down, keyseq.OK)
	v.waitScreen(nav.ScreenEmail)
	v.typeText("robin@example.com")
	v.press(keyseq.OK)
	v.waitScreen(nav.ScreenPassword)
	v.typeText("tr0ub4dor")
	v.waitConnected()
	v.press(keyseq.OK)
	v.wait("refusal", func(view nav.View) bool {
		return view.Screen == nav.ScreenPassword && !view.Keyboard.Checking && strings.Contains(view.Keyboard.Message, "Check the address")
	})
	v.typeText("correct horse")
	v.press(keyseq.OK)
	v.waitScreen(nav.ScreenAccessCode)
	v.press(keyseq.Left, keyseq.Left, keyseq.Left, keyseq.Down, keyseq.OK)
	v.wait("code by SMS", func(view nav.View) bool { return strings.Contains(strings.Join(view.Text, " "), "67") })
	v.typeText("123450")
	v.wait("refusal of a wrong code", func(view nav.View) bool {
		return view.Screen == nav.ScreenAccessCode && strings.Contains(view.Keyboard.Message, "4 more tries")
	})
	v.typeText("123456")
	v.waitScreen(nav.ScreenGate)
	v.unplug()
	for _, secret := range []string{"tr0ub4dor", "correct horse", "123456"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, log.String())
		}
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			if data, err := os.ReadFile(path); err != nil || bytes.Contains(data, []byte(secret)) {
				t.Errorf("%q is in %s (%v)", secret, path, err)
			}
			return nil
		})
	}
}

// waitConnected waits until the server has answered this TV that asks to be signed
// in: a password that is typed before that is to be typed again.
func (v *tv) waitConnected() {
	v.t.Helper()
	for {
		var ready bool
		if err := v.core.call(func() { ready = v.core.session.Status(v.core.now()).Code != nil }); err != nil {
			v.t.Fatal(err)
		}
		if ready {
			return
		}
		next(v.t, v.views) // there is one for every frame
	}
}

// TestOffline: what needs no server works without one, after a restart too.
func TestOffline(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	next(t, s.receipts)
	v.unplug()
	s.cut()

	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
}

// TestNewPINWorksAtOnce: after a change the old PIN opens nothing.
func TestNewPINWorksAtOnce(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	next(t, s.receipts)
	s.change(func() { s.pin, s.pinVer = "7777", 2 })
	next(t, s.receipts)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.wait("refusal of the old PIN", func(view nav.View) bool { return view.PIN != nil && !view.PIN.Checking && view.PIN.Message != "" })
	v.enter("7777")
	v.waitScreen(nav.ScreenHome)
}

// TestSignedOutFromElsewhere: the TV erases, proves it, and nothing of the
// household is left on its disk.
func TestSignedOutFromElsewhere(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	next(t, s.receipts)
	before := v.core.rec // the core is idle: it has answered
	s.change(func() { s.status = protocol.SignedOut })
	r := next(t, s.receipts)
	if r.Status != protocol.SignedOut || len(r.Erased) == 0 {
		t.Errorf("receipt = %+v", r)
	}
	view := v.waitScreen(nav.ScreenSignedOut)
	if len(view.Rows) > 0 || view.Who != nil {
		t.Errorf("a signed-out screen still shows %+v", view)
	}
	v.unplug()
	for _, secret := range [][]byte{before.DataKey, before.Secret, []byte("Robin"), []byte("robin@example.com")} {
		assertAbsent(t, dir, secret)
	}
	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenSignedOut)
}

// assertAbsent looks for bytes, and for their base64 as the vault has it, in
// every file below dir.
func assertAbsent(t *testing.T, dir string, secret []byte) {
	t.Helper()
	text, _ := protocol.Bytes(secret).MarshalText()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, secret) || bytes.Contains(data, text[:40*len(text)/43]) && len(secret) == 32 {
			t.Errorf("%s still holds %q", filepath.Base(path), secret)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSignOutHereOffline: the person at the TV signs out without a network; the
// server hears of it when the network is back.
func TestSignOutHereOffline(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	next(t, s.receipts)
	v.press(keyseq.Up, keyseq.Up, keyseq.Down, keyseq.Down, keyseq.Left, keyseq.Right, keyseq.Left, keyseq.Right, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up)
	v.wait("the key sequence's choices", func(view nav.View) bool { return view.Dialog != nil && len(view.Dialog.Items) >= 4 })
	v.press(keyseq.OK) // Sign out
	d := v.wait("a confirmation", func(view nav.View) bool { return view.Dialog != nil && len(view.Dialog.Items) == 2 })
	if yes := d.Dialog.Items[0]; yes.Label != "Yes" || d.Focus == yes.ID {
		t.Errorf("the focus begins on %q: a held OK would sign out", d.Focus)
	}
	v.press(keyseq.Up, keyseq.Left, keyseq.OK)
	if c := next(t, s.here); c.Status != protocol.SignedOut || c.Epoch != 1 {
		t.Errorf("signed_out_here = %+v", c)
	}
	v.waitScreen(nav.ScreenWelcome)
}

// TestDamagedCache: a damaged cache is set aside and fetched again, and while it
// is missing a locked profile stays locked.
func TestDamagedCache(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	next(t, s.receipts)
	v.unplug()
	damage(t, filepath.Join(dir, "cache"))

	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	v.press(keyseq.OK)
	// Until the verifiers are here again, even the right PIN is refused.
	for v.View().Screen != nav.ScreenHome {
		v.enter(robinPIN)
		v.wait("answer to the PIN", func(view nav.View) bool {
			return view.Screen == nav.ScreenHome || view.PIN != nil && !view.PIN.Checking && view.PIN.Entered == 0
		})
	}
}

// damage overwrites the middle of every file.
func damage(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("no cache in %s: %v", dir, err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := len(data) / 4; i < len(data)*3/4; i++ {
			data[i] ^= 0x5a
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamagedVault: without its vault the TV is a new device that asks to be
// signed in; it never opens what it had.
func TestDamagedVault(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	next(t, s.receipts)
	before := protocol.DeviceIDOf(s.device)
	v.unplug()
	path := filepath.Join(dir, "vault")
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xff}, 16<<10), 0o600); err != nil {
		t.Fatal(err)
	}

	v = plugIn(t, s.url(), dir)
	v.signIn()
	if after := protocol.DeviceIDOf(s.device); after == before {
		t.Error("the TV has the same identity after its vault was lost")
	}
}

func TestTwoAgentsOnOneFolder(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	plugIn(t, s.url(), dir)
	second := &Agent{Server: s.url(), Dir: dir, Name: "Second"}
	if err := second.Start(context.Background()); !errors.Is(err, vault.ErrInUse) {
		t.Errorf("a second agent on the folder: %v, want ErrInUse", err)
	}
}

func TestSettings(t *testing.T) {
	for name, a := range map[string]*Agent{
		"no server":                     {Dir: "x", Name: "TV"},
		"http":                          {Server: "http://127.0.0.1", Dir: "x", Name: "TV"},
		"ws to a host":                  {Server: "ws://tv.example", Dir: t.TempDir(), Name: "TV"},
		"no folder":                     {Server: "wss://tv.example", Name: "TV"},
		"no name":                       {Server: "wss://tv.example", Dir: "x"},
		"a name of 65":                  {Server: "wss://tv.example", Dir: "x", Name: string(bytes.Repeat([]byte("a"), 65))},
		"a model of 65":                 {Server: "wss://tv.example", Dir: "x", Name: "TV", Model: string(bytes.Repeat([]byte("a"), 65))},
		"a language that is not spoken": {Server: "wss://tv.example", Dir: t.TempDir(), Name: "TV", Language: "fr"},
		"control chars":                 {Server: "wss://tv.example", Dir: t.TempDir(), Name: "a\nb"},
	} {
		if err := a.Start(context.Background()); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: Start = %v, want ErrSettings", name, err)
			a.Close()
		}
	}
}

func TestPressBeforeStart(t *testing.T) {
	if err := new(Agent).Press(keyseq.OK, Local, false); !errors.Is(err, ErrClosed) {
		t.Errorf("Press before Start = %v, want ErrClosed", err)
	}
}

func TestScreenPortInUse(t *testing.T) {
	s := newFakeServer(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	a := &Agent{Server: s.url(), Dir: t.TempDir(), Name: "TV", Screen: busy.Addr().String()}
	if err := a.Start(context.Background()); !errors.Is(err, screen.ErrPortInUse) {
		t.Errorf("Start = %v, want ErrPortInUse", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("Close after a failed Start = %v", err)
	}
}

func TestPressAfterClose(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.unplug()
	if err := v.Press(keyseq.OK, Local, false); !errors.Is(err, ErrClosed) {
		t.Errorf("Press after Close = %v, want ErrClosed", err)
	}
}
