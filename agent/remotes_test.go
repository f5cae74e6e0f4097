package agent

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/handset"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// phone is a paired remote: what it keeps, and its connection.
type phone struct {
	t  *testing.T
	to handset.Target
	*handset.Conn
	state tvremote.State
}

// plugInLAN starts an agent that serves remotes on a loopback port.
func plugInLAN(t *testing.T, server, dir string) *tv {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	return plugInAs(t, &Agent{Log: log, Server: server, Dir: dir, Name: "Test TV", LAN: LAN{Listen: "127.0.0.1:0", KeysPerSecond: 10_000}})
}

// inCore runs fn in the agent's core.
func (v *tv) inCore(fn func(*core)) {
	v.t.Helper()
	if err := v.core.call(func() { fn(v.core) }); err != nil {
		v.t.Fatal(err)
	}
}

// window opens the pairing window as the person at the TV does.
func (v *tv) window(role nav.RemoteRole) (w nav.PairingWindow) {
	v.t.Helper()
	v.inCore(func(c *core) {
		c.screenEffect(nav.OpenPairing{Role: role})
		w = *c.navRemotes().Window
	})
	return w
}

// pair pairs a phone by the code on the screen.
func (v *tv) pair(role nav.RemoteRole) *phone {
	v.t.Helper()
	w := v.window(role)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		v.t.Fatal(err)
	}
	p := &phone{t: v.t, to: handset.Target{Address: v.LANAddr(), Key: key}}
	if p.Conn, err = handset.Dial(context.Background(), p.to); err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { p.Close() })
	f, err := p.Hello()
	unpaired, ok := f.(tvremote.Unpaired)
	if !ok || err != nil {
		v.t.Fatalf("hello: %#v, %v", f, err)
	}
	welcome, err := p.Pair(unpaired, tvremote.ByCode, []byte(w.Code), "Anna's phone")
	if err != nil || string(welcome.Role) != string(role) || welcome.TV != unpaired.TV {
		v.t.Fatalf("pair: %+v, %v", welcome, err)
	}
	hash := p.TV()
	p.to.TV = &hash
	return p
}

// again connects a phone that was paired. The error is of the dial.
func (p *phone) again(address string) (tvremote.Frame, error) {
	p.t.Helper()
	p.to.Address = address
	conn, err := handset.Dial(context.Background(), p.to)
	if err != nil {
		return nil, err
	}
	p.t.Cleanup(func() { conn.Close() })
	p.Conn = conn
	f, err := conn.Hello()
	if err != nil {
		p.t.Fatal(err)
	}
	return f, nil
}

// press presses keys, each after the acknowledgement of the one before.
func (p *phone) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		seq, err := p.Press(k, tvremote.Press)
		if err != nil {
			p.t.Fatal(err)
		}
		if got := p.ack(seq); got != "" {
			p.t.Fatalf("%s is ignored: %s", k, got)
		}
	}
}

func (p *phone) ack(seq int64) tvremote.Ignored {
	p.t.Helper()
	for {
		f, err := p.Read()
		if err != nil {
			p.t.Fatal(err)
		}
		switch f := f.(type) {
		case tvremote.State:
			p.state = f
		case tvremote.Ack:
			if f.Seq != seq {
				p.t.Fatalf("ack of %d, want %d", f.Seq, seq)
			}
			return f.Ignored
		}
	}
}

// shows waits until the phone is told of a screen.
func (p *phone) shows(s nav.Screen) tvremote.State {
	p.t.Helper()
	for p.state.Screen != string(s) {
		f, err := p.Read()
		if err != nil {
			p.t.Fatalf("no screen %s: %v", s, err)
		}
		if st, ok := f.(tvremote.State); ok {
			p.state = st
		}
	}
	return p.state
}

// ended waits for the end of the connection, and says why.
func (p *phone) ended() tvremote.Code {
	for {
		f, err := p.Read()
		if err != nil {
			return ""
		}
		if e, ok := f.(tvremote.Error); ok {
			return e.Code
		}
	}
}

// TestD11_PairedRemote: a paired remote is as the one in the hand: it signs in, enters
// a PIN, types, and reaches the key sequence.
func TestD11_PairedRemote(t *testing.T) {
	s := newFakeServer(t)
	v := plugInLAN(t, s.url(), t.TempDir())
	v.waitScreen(nav.ScreenWelcome)
	p := v.pair(nav.RoleHousehold)
	p.shows(nav.ScreenWelcome)
	p.press("OK")
	v.waitScreen(nav.ScreenGate)
	p.shows(nav.ScreenGate)
	p.press("OK", "0", "0", "4")
	if st := p.shows(nav.ScreenPIN); st.Keyboard != tvremote.KeyboardDigits {
		t.Errorf("at a PIN the phone shows the keyboard %q", st.Keyboard)
	}
	if seq, err := p.Type("2"); err != nil || p.ack(seq) != tvremote.NoField {
		t.Errorf("a PIN is typed as text: %v", err)
	}
	p.press("2")
	v.waitScreen(nav.ScreenHome)
	p.press(strings.Fields("Up Up Down Down Left Right Left Right Up Up Up Up")...)
	v.wait("the key sequence's menu", func(view nav.View) bool { return view.Dialog != nil })
}

// TestD11_GuestRemote: a guest's keys work, but not in the key sequence.
func TestD11_GuestRemote(t *testing.T) {
	s := newFakeServer(t)
	v := plugInLAN(t, s.url(), t.TempDir())
	v.signIn()
	guest := v.pair(nav.RoleGuest)
	guest.press(strings.Fields("Up Up Down Down Left Right Left Right Up Up Up Up")...)
	if view := v.View(); view.Dialog != nil {
		t.Errorf("a guest reached %+v", view.Dialog)
	}
	before := v.View().Focus
	guest.press("Left")
	if v.View().Focus == before {
		t.Error("a guest's key does nothing")
	}
	// The role counts from the next key on, in the middle of the sequence too.
	half := strings.Fields("Up Up Down Down Left Right")
	guest.press(half...)
	v.inCore(func(c *core) {
		c.screenEffect(nav.SetRemoteRole{ID: nav.RemoteID(c.rec.LAN.Remotes[0].id()), Role: nav.RoleHousehold})
	})
	guest.press(strings.Fields("Left Right Up Up Up Up")...)
	if view := v.View(); view.Dialog != nil {
		t.Error("half a sequence of a guest counts for the household")
	}
	guest.press(strings.Fields("Up Up Down Down Left Right Left Right Up Up Up Up")...)
	v.wait("the key sequence's menu", func(view nav.View) bool { return view.Dialog != nil })
}

// TestRemotesSurviveARestart: a paired remote comes back, by its key and the TV's.
func TestRemotesSurviveARestart(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugInLAN(t, s.url(), dir)
	v.signIn()
	p := v.pair(nav.RoleHousehold)
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if why := p.ended(); why != tvremote.CodeStopping {
		t.Errorf("the phone was told %q", why)
	}
	v = plugInLAN(t, s.url(), dir)
	f, err := p.again(v.LANAddr())
	if w, ok := f.(tvremote.Welcome); !ok || err != nil || w.Role != tvremote.Household || w.Name != "Test TV" {
		t.Errorf("after a restart: %#v, %v", f, err)
	}
	v.inCore(func(c *core) {
		r := c.navRemotes()
		if len(r.Paired) != 1 || !r.Paired[0].Connected || r.Paired[0].Name != "Anna's phone" || r.Paired[0].LastUsed == "" {
			t.Errorf("the screens show %+v", r.Paired)
		}
	})
}

// TestForgottenRemote: its connection ends within a second, and its key is unknown.
func TestForgottenRemote(t *testing.T) {
	s := newFakeServer(t)
	v := plugInLAN(t, s.url(), t.TempDir())
	v.signIn()
	p, other := v.pair(nav.RoleHousehold), v.pair(nav.RoleGuest)
	began := time.Now()
	v.inCore(func(c *core) { c.screenEffect(nav.ForgetRemote{ID: nav.RemoteID(c.rec.LAN.Remotes[1].id())}) })
	if why := p.ended(); why != tvremote.CodeRevoked {
		t.Errorf("the phone was told %q", why)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	f, err := p.again(v.LANAddr())
	if _, ok := f.(tvremote.Unpaired); !ok || err != nil {
		t.Errorf("a forgotten remote: %#v, %v", f, err)
	}
	other.press("Right")
}

// TestRemotesEndWithTheSession: who signs out leaves nothing behind: no remote, not
// the TV's key, and not its name on the network.
func TestRemotesEndWithTheSession(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugInLAN(t, s.url(), dir)
	v.signIn()
	p := v.pair(nav.RoleHousehold)
	var had lanRecord
	v.inCore(func(c *core) { had = c.rec.LAN })
	v.window(nav.RoleGuest) // stays open
	s.change(func() { s.status = protocol.SignedOut })
	v.waitScreen(nav.ScreenSignedOut)
	if why := p.ended(); why != tvremote.CodeRevoked {
		t.Errorf("the phone was told %q", why)
	}
	if _, err := p.again(v.LANAddr()); !errors.Is(err, handset.ErrImpostor) {
		t.Errorf("the TV still has its key: %v", err)
	}
	v.inCore(func(c *core) {
		r := c.navRemotes()
		if len(r.Paired) != 0 || r.Window != nil {
			t.Errorf("the screens show %+v", r)
		}
		if bytes.Equal(c.rec.LAN.ID, had.ID) || bytes.Equal(c.rec.LAN.Key, had.Key) {
			t.Error("the TV has its key or its id")
		}
	})
	vault, err := os.ReadFile(filepath.Join(dir, "vault"))
	if err != nil {
		t.Fatal(err)
	}
	key, _ := had.Key.MarshalText()
	name, _ := had.Remotes[0].Name.MarshalText()
	for what, text := range map[string][]byte{"key": key, "remote's name": name} {
		if bytes.Contains(vault, text) {
			t.Errorf("the %s is still on the disk", what)
		}
	}
}

// TestPairingWaitSurvivesARestart: pulling the plug does not give three more codes.
func TestPairingWaitSurvivesARestart(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugInLAN(t, s.url(), dir)
	v.signIn()
	code := []byte(v.window(nav.RoleHousehold).Code)
	code[0] = '0' + (code[0]-'0'+1)%10
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := handset.Dial(context.Background(), handset.Target{Address: v.LANAddr(), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Hello()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []tvremote.Code{tvremote.CodeWrongCode, tvremote.CodeWrongCode, tvremote.CodeClosed} {
		_, err := c.Pair(f.(tvremote.Unpaired), tvremote.ByCode, code, "x")
		if refused, ok := errors.AsType[*handset.Refused](err); !ok || refused.Why.Code != want {
			t.Fatalf("wrong code: %v, want %s", err, want)
		}
	}
	for noted := false; !noted; {
		v.inCore(func(c *core) { noted = v.core.rec.LAN.Failed == 1 })
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = plugInLAN(t, s.url(), dir)
	if w := v.window(nav.RoleHousehold); w.Code != "" || w.Problem != nav.PairingWait || w.Wait < 25*time.Second {
		t.Errorf("after a restart: %+v", w)
	}
}

// TestInvitation: what the QR code says is enough to pair, and names the TV's key.
func TestInvitation(t *testing.T) {
	s := newFakeServer(t)
	v := plugInLAN(t, s.url(), t.TempDir())
	v.signIn()
	w := v.window(nav.RoleGuest)
	var text string
	v.inCore(func(c *core) { text = c.remotes.invite })
	i, err := tvremote.ParseInvitation(text)
	if err != nil || len(i.Addresses) != 1 || i.Addresses[0] != v.LANAddr() {
		t.Fatalf("invitation %v, %v, %v", i, i.Addresses, err)
	}
	if len(w.QR) < 40 || len(w.QR[0]) != len(w.QR) {
		t.Errorf("the picture has %d rows", len(w.QR))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := handset.Dial(context.Background(), handset.Target{Address: i.Addresses[0], Key: key, TV: handset.Pin(i)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Hello()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Pair(f.(tvremote.Unpaired), tvremote.ByQR, i.Secret, "Anna's phone"); err != nil {
		t.Errorf("pair by it: %v", err)
	}
	// It is gone with the window, from memory too.
	v.inCore(func(c *core) { c.screenEffect(nav.ClosePairing{}) })
	v.inCore(func(c *core) {
		if c.remotes.invite != "" || c.remotes.qr.text != "" {
			t.Error("the secret is kept")
		}
	})
}

// TestLANRecordFits: eight remotes with the longest names leave the vault most of its
// room.
func TestLANRecordFits(t *testing.T) {
	var r record
	for i := range protocol.MaxRemotes {
		r.LAN.Remotes = append(r.LAN.Remotes, pairedRemote{
			Key: bytes.Repeat([]byte{byte(i)}, 32), Name: bytes.Repeat([]byte("<"), tvremote.MaxNameBytes),
			Role: protocol.RemoteHousehold, Paired: 1764093422000, Used: 1764093422000,
		})
	}
	if _, err := r.LAN.complete(); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r.LAN)
	if err != nil || len(data) > 3000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// TestLANSettings: what cannot work is said at the start.
func TestLANSettings(t *testing.T) {
	for _, lan := range []LAN{{Listen: "8713"}, {Listen: ":8713", KeysPerSecond: -1}, {Listen: ":8713", KeysPerSecond: 1e6}} {
		a := &Agent{Server: "ws://127.0.0.1:1", Dir: t.TempDir(), Name: "TV", LAN: lan}
		if err := a.Start(context.Background()); !errors.Is(err, ErrSettings) {
			t.Errorf("Start with %+v = %v", lan, err)
		}
	}
}

// TestRemoteAtFullSpeed: a remote that sends without waiting loses nothing, and keys in
// the hand are answered meanwhile.
func TestRemoteAtFullSpeed(t *testing.T) {
	s := newFakeServer(t)
	v := plugInLAN(t, s.url(), t.TempDir())
	v.signIn()
	p := v.pair(nav.RoleHousehold)
	const keys = 2000
	go func() {
		for i := range keys {
			if _, err := p.Press([]string{"Right", "Left"}[i%2], tvremote.Press); err != nil {
				return
			}
		}
	}()
	for i := range keys {
		if i%100 == 0 {
			v.press(keyseq.Up)
		}
		if got := p.ack(int64(i + 1)); got != "" {
			t.Fatalf("key %d is ignored: %s", i+1, got)
		}
	}
}
