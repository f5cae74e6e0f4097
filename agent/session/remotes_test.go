package session

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
)

// parlour is a signed-in TV whose remotes the test looks at.
type parlour struct {
	*cinema
	told    []protocol.Remotes
	relayed []protocol.Frame
	wished  []protocol.RemoteWishesClaims
	kept    []Saved
}

func newParlour(t *testing.T, cap int) *parlour {
	t.Helper()
	return &parlour{cinema: newCinema(t, cap)}
}

// do steps the machine, and answers wishes as the agent does where answers says so.
func (p *parlour) do(w What, answers bool) {
	p.t.Helper()
	p.entropy++
	var effects []Effect
	p.model, effects = Step(p.model, Event{Now: p.now, Entropy: testEntropy(p.entropy), What: w})
	for _, e := range effects {
		switch e := e.(type) {
		case Send:
			switch f := e.Frame.(type) {
			case protocol.Remotes:
				p.told = append(p.told, f)
			case protocol.RelayState:
				p.relayed = append(p.relayed, f)
			}
		case SaveVault:
			p.kept = append(p.kept, e.Saved)
		case Relayed:
			p.relayed = append(p.relayed, e.Frame)
		case DoWishes:
			p.wished = append(p.wished, e.Claims)
			if answers {
				p.do(WishesDone{Epoch: e.Claims.Epoch, Number: e.Claims.Number}, true)
			}
		}
	}
}

func (p *parlour) hear(f protocol.Frame) { p.do(Received{p.conn, f}, true) }

func (p *parlour) wishes(change func(*protocol.RemoteWishesClaims)) protocol.RemoteWishes {
	c := protocol.RemoteWishesClaims{Device: p.config.Identity.Device, Epoch: 1, Number: 1, Forget: []protocol.RemoteID{"r-1"}}
	if change != nil {
		change(&c)
	}
	return protocol.RemoteWishes{JWS: p.server.sign(protocol.TypRemotes, c)}
}

// again makes another connection to the same server.
func (p *parlour) again(cap string) {
	p.t.Helper()
	for _, line := range [][]string{{"closed"}, {"connected"}, {"hello", "cap=" + cap}} {
		if line[0] == "connected" {
			p.pass(time.Minute)
		}
		p.event(line)
	}
	p.hear(p.frame("still", arguments([]string{"n"})))
	if !p.model.online() {
		p.t.Fatalf("not connected again: %+v", p.model.Status(p.now))
	}
}

var aRemote = protocol.Remote{ID: "r-1", Name: "Mara", Role: protocol.RemoteHousehold, Paired: 7}

// D11: the server is told of remotes when they change and on every connection, with
// numbers that grow over both; each says all there is.
func TestD11_RemotesAreTold(t *testing.T) {
	p := newParlour(t, int(protocol.RemotesCapability))
	first := RemotesChanged{Remotes: []protocol.Remote{aRemote}, Control: true}
	p.do(first, true)
	p.do(first, true)
	p.do(Tick{}, true)
	open := first
	open.Window = p.now.Running + 110*time.Second
	p.do(open, true)
	open.Window += time.Second // the same window, read at another moment
	p.do(open, true)
	p.do(RemotesChanged{}, true)
	before := p.told
	p.told = nil
	p.again("6")
	p.do(Tick{}, true)
	var got []protocol.Remotes
	for _, f := range append(before, p.told...) {
		if len(got) > 0 && f.Number <= got[len(got)-1].Number {
			t.Errorf("number %d after %d", f.Number, got[len(got)-1].Number)
		}
		got = append(got, f)
		got[len(got)-1].Number = 0
	}
	want := []protocol.Remotes{
		{Epoch: 1, Remotes: []protocol.Remote{aRemote}, Control: true}, {Epoch: 1, Remotes: []protocol.Remote{aRemote}, Control: true, Window: 110},
		{Epoch: 1}, {Epoch: 1},
	}
	for i := range got {
		if len(got[i].Remotes) == 0 {
			got[i].Remotes = nil
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
}

// An older server is told nothing of remotes, and nothing of it reaches the TV.
func TestD11_AnOlderServerHearsNothingOfRemotes(t *testing.T) {
	p := newParlour(t, int(protocol.RemotesCapability)-1)
	p.do(RemotesChanged{Remotes: []protocol.Remote{aRemote}}, true)
	p.hear(protocol.Relay{ID: "AAAAAAAAAAAAAAAAAAAAAA", By: "Mara"})
	p.hear(p.wishes(nil))
	p.do(RelayAnswer{protocol.RelayState{ID: "AAAAAAAAAAAAAAAAAAAAAA"}}, true)
	if p.model.Relays() || len(p.told)+len(p.relayed)+len(p.wished) > 0 {
		t.Errorf("told %v, relayed %v, wished %v", p.told, p.relayed, p.wished)
	}
}

// D11: wishes are done once, and only where the server signed them for this sign-in;
// that they are done is kept, and told.
func TestD11_WishesAreDoneOnce(t *testing.T) {
	p := newParlour(t, int(protocol.RemotesCapability))
	p.do(RemotesChanged{Remotes: []protocol.Remote{aRemote}}, true)
	forged := p.wishes(nil)
	forged.JWS = forged.JWS[:len(forged.JWS)-4] + "AAAA"
	for name, f := range map[string]protocol.RemoteWishes{
		"forged":         forged,
		"for another":    p.wishes(func(c *protocol.RemoteWishesClaims) { c.Device = protocol.DeviceIDOf(make([]byte, 32)) }),
		"another epoch":  p.wishes(func(c *protocol.RemoteWishesClaims) { c.Epoch = 2 }),
		"out of bounds":  p.wishes(func(c *protocol.RemoteWishesClaims) { c.Number = 0 }),
		"another's type": {JWS: p.server.sign(protocol.TypPins, protocol.RemoteWishesClaims{Device: p.config.Identity.Device, Epoch: 1, Number: 1})},
	} {
		if p.hear(f); len(p.wished) > 0 {
			t.Fatalf("%s: done: %+v", name, p.wished)
		}
	}
	p.kept, p.told = nil, nil
	first := p.wishes(nil)
	p.hear(first)
	p.hear(first)
	if len(p.wished) != 1 || len(p.kept) == 0 || p.kept[len(p.kept)-1].Wishes != 1 || len(p.told) != 1 || p.told[0].Wishes != 1 {
		t.Fatalf("done %d times, kept %+v, told %+v", len(p.wished), p.kept, p.told)
	}
	open := func(number, asked int64) protocol.RemoteWishes {
		return p.wishes(func(c *protocol.RemoteWishesClaims) {
			c.Number, c.Forget = number, nil
			c.Open = &protocol.OpenWish{Number: asked, Seconds: 100, Role: protocol.RemoteGuest}
		})
	}
	p.hear(open(2, 2))
	p.hear(open(3, 2)) // with another wish: the window was opened before
	if len(p.wished) != 3 || p.wished[1].Open == nil || p.wished[2].Open != nil {
		t.Errorf("a window: %+v", p.wished)
	}
	p.again("6")
	p.hear(first)
	p.hear(open(3, 3))
	if len(p.wished) != 3 {
		t.Errorf("done again on another connection: %+v", p.wished[3:])
	}
}

// A vault that cannot be written leaves a wish undone: the server is told so, and sends
// it again over the next connection.
func TestD11_WishesThatAreNotKeptComeAgain(t *testing.T) {
	p := newParlour(t, int(protocol.RemotesCapability))
	p.do(RemotesChanged{}, true)
	p.do(Received{p.conn, p.wishes(nil)}, false)
	p.do(VaultFailed{}, false)
	if got := p.told[len(p.told)-1].Wishes; got != 0 || p.model.saved.Wishes != 0 {
		t.Errorf("told that %d are done, keeps %d", got, p.model.saved.Wishes)
	}
}

// What the account page's remote sends goes through in order, and nothing of it while
// there is no contact or no sign-in.
func TestD11_RelayPassesThrough(t *testing.T) {
	p := newParlour(t, int(protocol.RemotesCapability))
	id := protocol.RelayID("AAAAAAAAAAAAAAAAAAAAAA")
	want := []protocol.Frame{
		protocol.Relay{ID: id, By: "Mara"}, protocol.RelayState{ID: id, Frame: "a"}, protocol.Relay{ID: id, Frame: "b"},
	}
	p.hear(want[0])
	p.do(RelayAnswer{want[1].(protocol.RelayState)}, true)
	p.hear(want[2])
	p.do(SignOutHere{}, true)
	if p.model.Relays() {
		t.Error("a TV that is signed out can be controlled")
	}
	p.hear(want[2])
	p.do(RelayAnswer{want[1].(protocol.RelayState)}, true)
	if d := cmp.Diff(want, p.relayed); d != "" {
		t.Errorf("relayed (-want +got):\n%s", d)
	}
}
