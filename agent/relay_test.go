package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// page is the account page's remote, as the TV meets it.
type page struct {
	t  *testing.T
	s  *fakeServer
	id protocol.RelayID
	n  int64
}

// relayIDs are different ones, as a server gives them.
func relayID(n int) protocol.RelayID { return protocol.RelayID(fmt.Sprintf("relay-%016d", n)) }

// opens begins a relay that the TV takes.
func (s *fakeServer) opens(t *testing.T, n int) *page {
	t.Helper()
	p := &page{t: t, s: s, id: relayID(n)}
	s.tell(protocol.Relay{ID: p.id, By: "Mara"})
	if w, ok := p.hears().(tvremote.Welcome); !ok || w.Role != tvremote.Relayed || w.Name != "Test TV" {
		t.Fatalf("the TV begins with %+v", w)
	}
	return p
}

// hears returns the next frame of this relay.
func (p *page) hears() tvremote.Frame {
	p.t.Helper()
	for {
		r := next(p.t, p.s.relayed)
		if r.ID != p.id {
			continue
		}
		if r.End != "" {
			p.t.Fatalf("the relay ended: %s", r.End)
		}
		f, err := tvremote.DecodeDown([]byte(r.Frame))
		if err != nil {
			p.t.Fatal(err)
		}
		return f
	}
}

// ended reads on until the relay ends, and returns why.
func (p *page) ended() protocol.RelayEnd {
	p.t.Helper()
	for {
		if r := next(p.t, p.s.relayed); r.ID == p.id && r.End != "" {
			return r.End
		}
	}
}

func (p *page) send(f any) {
	p.t.Helper()
	data, err := json.Marshal(f)
	if err != nil {
		p.t.Fatal(err)
	}
	p.s.tell(protocol.Relay{ID: p.id, Frame: protocol.Secret(data)})
}

// answered reads on until a key or text is acknowledged.
func (p *page) answered() tvremote.Ignored {
	p.t.Helper()
	for {
		if a, ok := p.hears().(tvremote.Ack); ok {
			if a.Seq != p.n {
				p.t.Fatalf("acknowledged %d, want %d", a.Seq, p.n)
			}
			return a.Ignored
		}
	}
}

type object map[string]any

func (p *page) press(keys ...string) (ignored []tvremote.Ignored) {
	p.t.Helper()
	for _, k := range keys {
		p.n++
		p.send(object{"t": "key", "seq": p.n, "key": k, "action": "press"})
		ignored = append(ignored, p.answered())
	}
	return ignored
}

func (p *page) types(text string) tvremote.Ignored {
	p.t.Helper()
	p.n++
	p.send(object{"t": "text", "seq": p.n, "text": text})
	return p.answered()
}

func banner(v nav.View) string {
	if v.Banner == nil {
		return ""
	}
	return v.Banner.Text
}

// D11: the account page moves the screens, hears what they show, and types; a banner
// says who it is for as long as it lasts.
func TestD11_TheAccountPageMovesTheScreens(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	if f := next(t, s.remotes); !f.Control || len(f.Remotes) > 0 {
		t.Fatalf("told %+v, want that the account page may control it", f)
	}
	p := s.opens(t, 1)
	if st, ok := p.hears().(tvremote.State); !ok || st.Screen != string(nav.ScreenGate) || st.Keyboard != tvremote.KeyboardNone {
		t.Errorf("shows %+v", st)
	}
	v.wait("the banner", func(view nav.View) bool { return strings.Contains(banner(view), "Mara") })
	if got := p.types("nothing to type into"); got != tvremote.NoField {
		t.Errorf("text where there is no field: %q", got)
	}
	p.press("Right", "OK") // the kids profile
	v.waitScreen(nav.ScreenHome)
	for st, ok := p.hears().(tvremote.State); !ok || st.Screen != string(nav.ScreenHome); st, ok = p.hears().(tvremote.State) {
	}
	if got := p.types("hill"); got != tvremote.IgnoredNothing {
		t.Errorf("text where one searches by typing: %q", got)
	}
	if view := v.waitScreen(nav.ScreenSearch); view.Keyboard == nil || view.Keyboard.Text != "hill" {
		t.Errorf("the search shows %+v", view.Keyboard)
	}
	if got := p.press("Power")[0]; got != tvremote.UnknownKey {
		t.Errorf("a key that is none: %q", got)
	}
	p.send(object{"t": "ping", "n": 9})
	if f, ok := p.hears().(tvremote.Pong); !ok || f.N != 9 {
		t.Errorf("a ping is answered by %+v", f)
	}
	s.tell(protocol.Relay{ID: p.id, End: true})
	v.wait("no banner", func(view nav.View) bool { return banner(view) == "" })
	s.tell(protocol.Relay{ID: p.id, Frame: `{"t":"key","seq":99,"key":"Back","action":"press"}`})
	if why := p.ended(); why != protocol.RelayOver {
		t.Errorf("a key of a stale relay: %q", why)
	}
	if view := v.View(); view.Screen != nav.ScreenSearch {
		t.Errorf("and moves the screen to %s", view.Screen)
	}
}

// D11: relayed keys reach neither the key sequence nor the confirmation of a sign-out,
// nor a PIN.
func TestD11_RelayedKeysReachNeitherSequenceNorSignOut(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	p := s.opens(t, 1)
	p.press("Up", "Up", "Down", "Down", "Left", "Right", "Left", "Right", "Up", "Up", "Up", "Up")
	if view := v.View(); view.Dialog != nil || view.Screen != nav.ScreenGate {
		t.Fatalf("the key sequence opens %s, %+v", view.Screen, view.Dialog)
	}
	p.press("Left", "Left", "OK") // Robin, who has a PIN
	v.waitScreen(nav.ScreenPIN)
	for _, d := range robinPIN {
		p.press(string(d))
	}
	if view := v.View(); view.Screen != nav.ScreenPIN || view.PIN.Entered != 0 || view.PIN.Checking {
		t.Fatalf("a PIN from afar: %s, %+v", view.Screen, view.PIN)
	}
	// At the question whether to sign out nobody answers from afar.
	s.tell(protocol.Relay{ID: p.id, End: true})
	v.wait("no banner", func(view nav.View) bool { return banner(view) == "" })
	v.press(keyseq.Back, keyseq.Right, keyseq.OK)
	v.waitScreen(nav.ScreenHome)
	p = s.opens(t, 2)
	v.press([]keyseq.Key{keyseq.Up, keyseq.Up, keyseq.Down, keyseq.Down, keyseq.Left, keyseq.Right, keyseq.Left, keyseq.Right, keyseq.Up, keyseq.Up, keyseq.Up, keyseq.Up}...)
	v.wait("the choices of the key sequence", func(view nav.View) bool { return view.Dialog != nil })
	for range 6 {
		p.press("OK", "Up", "OK", "Left", "OK")
	}
	select {
	case here := <-s.here:
		t.Fatalf("signed out from afar: %+v", here)
	default:
	}
	if phase := v.phase(); phase != nav.Active {
		t.Errorf("phase %v after keys at the question", phase)
	}
}

// phase is what the screens are about.
func (v *tv) phase() (p nav.Phase) {
	v.inCore(func(c *core) { p = c.world().Phase })
	return p
}

// D11: one key at the TV ends the account page's control, and it does not begin again
// until it is allowed here; that survives the plug. What a sign-out erases, it does not.
func TestD11_OneKeyRefusesTheAccountPage(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	p, again := s.opens(t, 1), s.opens(t, 2)
	v.press(keyseq.Back)
	for _, p := range []*page{again, p} { // the newest first
		if why := p.ended(); why != protocol.RelayRefused {
			t.Errorf("ended: %q", why)
		}
	}
	v.wait("no banner", func(view nav.View) bool { return banner(view) == "" || !strings.Contains(banner(view), "Mara") })
	for next(t, s.remotes).Control {
	}
	v.unplug()
	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	if f := next(t, s.remotes); f.Control {
		t.Errorf("told %+v after the plug", f)
	}
	s.tell(protocol.Relay{ID: relayID(3), By: "Mara"})
	if why := (&page{t: t, s: s, id: relayID(3)}).ended(); why != protocol.RelayRefused {
		t.Errorf("another: %q", why)
	}
	v.inCore(func(c *core) { c.relayEffect(nav.AllowRelay{Allowed: true}) })
	s.opens(t, 4)
}

// In a hotel's room the account page controls nothing until somebody there allows it.
func TestD11_HotelModeAllowsNoAccountPage(t *testing.T) {
	s := newFakeServer(t)
	v := plugInAs(t, &Agent{Server: s.url(), Dir: t.TempDir(), Name: "Room 12", LAN: LAN{HotelMode: true}})
	v.signIn()
	if f := next(t, s.remotes); f.Control {
		t.Errorf("told %+v", f)
	}
	s.tell(protocol.Relay{ID: relayID(1), By: "Mara"})
	if why := (&page{t: t, s: s, id: relayID(1)}).ended(); why != protocol.RelayRefused {
		t.Errorf("ended: %q", why)
	}
}

// Control ends with the sign-in and with the connection, is bounded, and ends where the
// page sends what is no frame of a remote.
func TestD11_RelaysEnd(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	var open []*page
	for i := range protocol.MaxRelays {
		open = append(open, s.opens(t, i))
	}
	s.tell(protocol.Relay{ID: relayID(9), By: "Mara"})
	if why := (&page{t: t, s: s, id: relayID(9)}).ended(); why != protocol.RelayBusy {
		t.Errorf("one more: %q", why)
	}
	open[0].s.tell(protocol.Relay{ID: open[0].id, Frame: "up"})
	if why := open[0].ended(); why != protocol.RelayOver {
		t.Errorf("no frame: %q", why)
	}
	open[1].send(object{"t": "pair_confirm", "tag": strings.Repeat("A", 86)})
	s.change(func() { s.status = protocol.SignedOut })
	v.wait("the end of the sign-in", func(nav.View) bool { return v.phase() != nav.Active })
	v.inCore(func(c *core) {
		if len(c.relays.open) > 0 || c.rec.Relay != relayUndecided {
			t.Errorf("after the sign-out: %d relays, choice %q", len(c.relays.open), c.rec.Relay)
		}
	})
}

// A browser that is not heard for a while has gone, though nobody said so.
func TestD11_ASilentRelayEnds(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	p := s.opens(t, 1)
	v.inCore(func(c *core) {
		c.relays.open[0].heard -= protocol.RelaySilence * time.Second
		c.lookAtRelays()
	})
	if why := p.ended(); why != protocol.RelaySilent {
		t.Errorf("ended: %q", why)
	}
	v.wait("no banner", func(view nav.View) bool { return banner(view) == "" })
}

// D11: what the owner wants of this TV's remotes is done, kept and told; nothing that is
// typed or sent from afar is in the log.
func TestD11_TheOwnersWishesAreDone(t *testing.T) {
	s := newFakeServer(t)
	log := &quietLog{}
	v := plugInAs(t, &Agent{
		Server: s.url(), Dir: t.TempDir(), Name: "Test TV", LAN: LAN{Listen: "127.0.0.1:0"},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	v.signIn()
	a := pairedRemote{Key: bytes.Repeat([]byte{1}, 32), Name: protocol.Bytes("Mara"), Role: protocol.RemoteHousehold, Paired: 7}
	b := pairedRemote{Key: bytes.Repeat([]byte{2}, 32), Name: protocol.Bytes("Ben"), Role: protocol.RemoteHousehold, Paired: 8}
	v.inCore(func(c *core) { c.changeRemotes([]pairedRemote{b, a}) })
	for f := next(t, s.remotes); len(f.Remotes) != 2; f = next(t, s.remotes) {
	}
	wishes := protocol.RemoteWishesClaims{
		Device: v.device(), Epoch: s.epoch, Number: 1, Forget: []protocol.RemoteID{a.id(), "unknown"},
		Roles: []protocol.RoleWish{{ID: b.id(), Role: protocol.RemoteGuest}},
		Open:  &protocol.OpenWish{Number: 1, Seconds: 90, Role: protocol.RemoteGuest},
	}
	s.tell(protocol.RemoteWishes{JWS: s.sign(protocol.TypRemotes, wishes)})
	f := next(t, s.remotes)
	for f.Wishes != 1 {
		f = next(t, s.remotes)
	}
	if len(f.Remotes) != 1 || f.Remotes[0].ID != b.id() || f.Remotes[0].Role != protocol.RemoteGuest || f.Window < 80 || f.Window > 90 {
		t.Errorf("told %+v", f)
	}
	v.waitScreen(nav.ScreenPairing)
	v.inCore(func(c *core) {
		if kept := c.rec.LAN.Remotes; len(kept) != 1 || kept[0].Role != protocol.RemoteGuest || c.rec.Session.Wishes != 1 {
			t.Errorf("kept %+v, wishes %d", kept, c.rec.Session.Wishes)
		}
	})
	p := s.opens(t, 1)
	p.types("otter-in-the-lantern")
	if strings.Contains(log.String(), "otter") {
		t.Error("what was typed is in the log")
	}
}

// D11: a remote that the owner forgets from afar loses its connection within a second; a
// role from afar holds from its next key on.
func TestD11_ForgottenFromAfarAtOnce(t *testing.T) {
	s := newFakeServer(t)
	v := plugInLAN(t, s.url(), t.TempDir())
	v.signIn()
	p, other := v.pair(nav.RoleHousehold), v.pair(nav.RoleHousehold)
	var ids []protocol.RemoteID // newest first
	v.inCore(func(c *core) {
		for _, r := range c.rec.LAN.Remotes {
			ids = append(ids, r.id())
		}
	})
	began := time.Now()
	s.tell(protocol.RemoteWishes{JWS: s.sign(protocol.TypRemotes, protocol.RemoteWishesClaims{
		Device: v.device(), Epoch: 1, Number: 1, Forget: ids[1:], Roles: []protocol.RoleWish{{ID: ids[0], Role: protocol.RemoteGuest}},
	})})
	if why := p.ended(); why != tvremote.CodeRevoked {
		t.Errorf("the phone was told %q", why)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if f, err := p.again(v.LANAddr()); err != nil || f.Type() != "unpaired" {
		t.Errorf("a forgotten remote: %#v, %v", f, err)
	}
	other.press("Up", "Up", "Down", "Down", "Left", "Right", "Left", "Right", "Up", "Up", "Up", "Up")
	if view := v.View(); view.Dialog != nil {
		t.Errorf("a guest by the owner's wish opened %+v", view.Dialog)
	}
}

// D11: a remote that the owner forgets from afar is out at once, also where the vault
// cannot be written; the server hears of it when it can.
func TestD11_ForgottenFromAfarWithoutAVault(t *testing.T) {
	v := plugInLAN(t, newFakeServer(t).url(), t.TempDir())
	v.signIn()
	p := v.pair(nav.RoleHousehold)
	v.inCore(func(c *core) {
		forget := protocol.RemoteWishesClaims{Number: 1, Forget: []protocol.RemoteID{c.rec.LAN.Remotes[0].id()}}
		c.rec.LAN.Blocked = []string{strings.Repeat("x", 1<<20)} // more than a vault takes
		if err := c.doWishes(forget); err == nil {
			t.Error("the vault took it")
		}
		c.rec.LAN.Blocked = nil
	})
	if why := p.ended(); why != tvremote.CodeRevoked {
		t.Errorf("the phone was told %q", why)
	}
}

// device is this TV's id.
func (v *tv) device() (id protocol.DeviceID) {
	v.inCore(func(c *core) { id = c.rec.Session.Device })
	return id
}

// quietLog collects a log that several goroutines write.
type quietLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *quietLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *quietLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
