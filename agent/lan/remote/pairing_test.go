package remote_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// wrong is a code that is not the one on the screen.
func wrong(code string) []byte {
	if code == "000000" {
		return []byte("000001")
	}
	return []byte("000000")
}

// TestPairing: by the code and by the QR code, and then the remote is known.
func TestPairing(t *testing.T) {
	for _, by := range []tvremote.Way{tvremote.ByCode, tvremote.ByQR} {
		t.Run(string(by), func(t *testing.T) {
			v := startTV(t, nil)
			v.Open(tvremote.Guest, remote.PairingTime)
			w := v.Window()
			secret := []byte(w.Code)
			if by == tvremote.ByQR {
				secret = w.Secret
			}
			p := v.connect(nil)
			a := p.begin(by, secret, "Anna's phone")
			a.ask()
			got := a.confirm()
			want := tvremote.Welcome{V: 1, TV: "00112233445566ff", Name: "Living room", Model: "HK-1", Role: tvremote.Guest}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("welcome (-want +got):\n%s", d)
			}
			if w := v.Window(); w.Open || w.Paired != "Anna's phone" {
				t.Errorf("the window after it: %+v", w)
			}
			if !v.Connected()[remote.RemoteIDOf(hashOf(t, p.key))] {
				t.Error("the remote is not counted as connected")
			}
			p.press("OK", tvremote.Press)
			p.ws.Close()
			q := v.again(p.key)
			q.press("Up", tvremote.Press)
			want2 := []string{"Anna's phone guest OK", "Anna's phone guest Up"}
			if d := cmp.Diff(want2, v.keys(2)); d != "" {
				t.Errorf("keys (-want +got):\n%s", d)
			}
		})
	}
}

// TestPairingNeedsAWindow: nothing on the screen, nothing to guess.
func TestPairingNeedsAWindow(t *testing.T) {
	v := startTV(t, nil)
	p := v.connect(nil)
	p.send(tvremote.Hello{V: 1})
	u := expect[tvremote.Unpaired](p)
	if u.Open || u.Retry != 0 {
		t.Errorf("unpaired says %+v", u)
	}
	p.send(p.beginAfter(u, tvremote.ByCode, []byte("123456"), "x").pair)
	p.ended(tvremote.CodeNotPairing)
}

// TestThreeWrongCodes close the window, and another opens only after a while.
func TestThreeWrongCodes(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	code := v.Window().Code
	p := v.connect(nil)
	p.send(tvremote.Hello{V: 1})
	u := expect[tvremote.Unpaired](p)
	for _, left := range []int{2, 1} {
		a := p.beginAfter(u, tvremote.ByCode, wrong(code), "x")
		a.ask()
		if e := a.fail(); e.Code != tvremote.CodeWrongCode || e.TriesLeft != left {
			t.Errorf("%+v, want %d tries left", e, left)
		}
		if w := v.Window(); !w.Open || w.TriesLeft != left || w.Problem != remote.WrongCode {
			t.Errorf("window: %+v", w)
		}
	}
	a := p.beginAfter(u, tvremote.ByCode, wrong(code), "x")
	a.ask()
	if e := a.fail(); e.Code != tvremote.CodeClosed || e.Retry != 30 {
		t.Errorf("third wrong code: %+v", e)
	}
	if w := v.Window(); w.Open || w.Problem != remote.TooOften || w.Failed != 1 {
		t.Errorf("window: %+v", w)
	}
	// The right code is nothing any more, and the owner's page opens nothing either.
	v.Open(tvremote.Household, remote.PairingTime)
	q := v.connect(nil)
	q.send(tvremote.Hello{V: 1})
	if u = expect[tvremote.Unpaired](q); u.Open || u.Retry != 30 {
		t.Errorf("during the wait: %+v", u)
	}
	q.send(q.beginAfter(u, tvremote.ByCode, []byte(code), "x").pair)
	q.ended(tvremote.CodeWait)
	v.pass(30 * time.Second)
	v.paired("Anna's phone", tvremote.Household)
}

// TestRightCodeAfterAWrongOne: people mistype, on the same connection.
func TestRightCodeAfterAWrongOne(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, remote.PairingTime)
	p := v.connect(nil)
	p.send(tvremote.Hello{V: 1})
	u := expect[tvremote.Unpaired](p)
	a := p.beginAfter(u, tvremote.ByCode, wrong(v.Window().Code), "phone")
	a.ask()
	a.fail()
	a = p.beginAfter(u, tvremote.ByCode, []byte(v.Window().Code), "phone")
	a.ask()
	a.confirm()
}

// TestEightRemotes: there is room for eight, and a window says that it is full.
func TestEightRemotes(t *testing.T) {
	v := startTV(t, nil)
	for range 8 {
		v.paired("phone", tvremote.Household).ws.Close()
	}
	v.Open(tvremote.Household, remote.PairingTime)
	if w := v.Window(); w.Open || w.Problem != remote.Full {
		t.Errorf("a ninth window: %+v", w)
	}
}

// TestNotKept: where the TV cannot remember a remote it is not paired.
func TestNotKept(t *testing.T) {
	v := startTV(t, nil)
	v.mu.Lock()
	v.keepErr = errors.New("disk is full")
	v.mu.Unlock()
	v.Open(tvremote.Household, remote.PairingTime)
	p := v.connect(nil)
	a := p.begin(tvremote.ByCode, []byte(v.Window().Code), "phone")
	a.ask()
	p.send(tvremote.PairConfirm{Tag: a.keys.Tag()})
	p.ended(tvremote.CodeInternal)
	if w := v.Window(); w.Open || w.Paired != "" {
		t.Errorf("window: %+v", w)
	}
	q := v.connect(p.key)
	q.send(tvremote.Hello{V: 1})
	expect[tvremote.Unpaired](q)
}

// TestWindowEndsByItself: the TV hears of it without anybody asking.
func TestWindowEndsByItself(t *testing.T) {
	v := startTV(t, nil)
	v.Open(tvremote.Household, 50*time.Millisecond)
	v.pass(50 * time.Millisecond)
	select {
	case <-v.changed:
	case <-time.After(5 * time.Second):
		t.Fatal("nobody was told")
	}
	if w := v.Window(); w.Open || w.Problem != remote.Expired || w.Code != "" {
		t.Errorf("window: %+v", w)
	}
}
