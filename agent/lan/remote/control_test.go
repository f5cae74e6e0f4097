package remote_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// TestAcks: one for each key and text, in order, also where it had no effect.
func TestAcks(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	for i, k := range []string{"Up", "down", "volumeUp", "7"} {
		p.send(tvremote.Key{Seq: int64(10 * (i + 1)), Key: k, Action: tvremote.Press})
	}
	p.send(tvremote.Text{Seq: 50, Text: "Ænna"})
	p.send(tvremote.Key{Seq: 60, Key: "OK", Action: tvremote.Up})
	p.send(tvremote.Ping{N: 5})
	var got []tvremote.Ack
	for range 6 {
		got = append(got, expect[tvremote.Ack](p))
	}
	want := []tvremote.Ack{{Seq: 10}, {Seq: 20}, {Seq: 30, Ignored: tvremote.UnknownKey}, {Seq: 40}, {Seq: 50}, {Seq: 60, Ignored: tvremote.NotDown}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("acks (-want +got):\n%s", d)
	}
	if pong := expect[tvremote.Pong](p); pong.N != 5 {
		t.Errorf("pong %d", pong.N)
	}
	keys := []string{"phone household Up", "phone household Down", "phone household 7", "phone types Ænna"}
	if d := cmp.Diff(keys, v.keys(4)); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	v.mu.Lock()
	v.field = false
	v.mu.Unlock()
	p.send(tvremote.Text{Seq: 70, Text: "x"})
	if ack := expect[tvremote.Ack](p); ack.Ignored != tvremote.NoField {
		t.Errorf("text without a field: %+v", ack)
	}
}

// TestNumbersGrow: a key that comes twice, or late, ends the connection.
func TestNumbersGrow(t *testing.T) {
	for _, second := range []int64{7, 6} {
		v := startTV(t, nil)
		p := v.paired("phone", tvremote.Household)
		p.send(tvremote.Key{Seq: 7, Key: "Up", Action: tvremote.Press})
		expect[tvremote.Ack](p)
		v.keys(1)
		p.send(tvremote.Key{Seq: second, Key: "OK", Action: tvremote.Press})
		p.ended(tvremote.CodeBadFrame)
		v.noKey()
	}
}

// TestState: a remote hears what the TV shows, and of its role.
func TestState(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	if st := expect[tvremote.State](p); st.Screen != "starting" || st.Role != tvremote.Household {
		t.Errorf("first state %+v", st)
	}
	v.Show(remote.State{Screen: "password", Title: "Enter your password", Keyboard: tvremote.KeyboardPassword})
	want := tvremote.State{Screen: "password", Title: "Enter your password", Keyboard: tvremote.KeyboardPassword, Role: tvremote.Household}
	if d := cmp.Diff(want, expect[tvremote.State](p)); d != "" {
		t.Errorf("state (-want +got):\n%s", d)
	}
	v.mu.Lock()
	v.remotes[0].Role = tvremote.Guest
	list := v.remotes
	v.mu.Unlock()
	v.SetRemotes(list)
	want.Role = tvremote.Guest
	if d := cmp.Diff(want, expect[tvremote.State](p)); d != "" {
		t.Errorf("state with another role (-want +got):\n%s", d)
	}
	p.press("Up", tvremote.Press)
	if got := v.keys(1)[0]; got != "phone guest Up" {
		t.Errorf("key after another role: %q", got)
	}
	// What no frame takes is left out, and ends no connection.
	v.Show(remote.State{Screen: "home", Title: "\x1b[2J\xff" + strings.Repeat("x", 300), Keyboard: tvremote.KeyboardNone})
	if st := expect[tvremote.State](p); st.Title != "[2J"+strings.Repeat("x", 197) {
		t.Errorf("title %q", st.Title)
	}
	// Many changes come as few states, and the last one comes.
	for i := range 500 {
		v.Show(remote.State{Screen: "home", Title: fmt.Sprint(i), Keyboard: tvremote.KeyboardNone})
	}
	states := 0
	for st := (tvremote.State{}); st.Title != "499"; states++ {
		st = expect[tvremote.State](p)
	}
	if states > 20 {
		t.Errorf("500 changes came as %d states", states)
	}
}

// TestHeldKey: it repeats until it is released.
func TestHeldKey(t *testing.T) {
	t.Parallel()
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	p.press("Right", tvremote.Down)
	want := []string{"phone household Right", "phone household Right held", "phone household Right held"}
	if d := cmp.Diff(want, v.keys(3)); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	p.press("Right", tvremote.Up)
	for len(v.pressed) > 0 {
		<-v.pressed
	}
	// After the acknowledgement of the release nothing repeats.
	p.press("OK", tvremote.Press)
	if got := v.keys(1)[0]; got != "phone household OK" {
		t.Errorf("after the release: %q", got)
	}
}

// TestHeldKeyIsReleased: when the connection ends, whichever way, it is not held
// any more.
func TestHeldKeyIsReleased(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"cut", "revoked"} {
		v := startTV(t, nil)
		p := v.paired("phone", tvremote.Household)
		p.press("Right", tvremote.Down)
		v.keys(2)
		for len(v.changed) > 0 {
			<-v.changed
		}
		if how == "cut" {
			p.ws.NetConn().Close()
		} else {
			v.SetRemotes(nil)
		}
		<-v.changed // the connection is gone, and its goroutines
		for len(v.pressed) > 0 {
			<-v.pressed
		}
		select {
		case k := <-v.pressed:
			t.Errorf("%s: %q repeats without a connection", how, k)
		case <-time.After(300 * time.Millisecond): // three repetitions
		}
	}
}

// TestTooFast: what comes faster than a person is acknowledged, and has no effect.
func TestTooFast(t *testing.T) {
	v := startTV(t, func(c *remote.Config) { c.KeysPerSecond = 5 })
	p := v.paired("phone", tvremote.Household)
	for i := range 12 {
		p.send(tvremote.Key{Seq: int64(i + 1), Key: "Up", Action: tvremote.Press})
	}
	fast := 0
	for i := range 12 {
		ack := expect[tvremote.Ack](p)
		if ack.Seq != int64(i+1) {
			t.Fatalf("ack %+v at place %d", ack, i)
		}
		if ack.Ignored == tvremote.TooFast {
			fast++
		}
	}
	if fast == 0 || len(v.pressed) != 12-fast {
		t.Errorf("of 12 keys at 5 a second %d were too fast, and %d came", fast, len(v.pressed))
	}
	// A second connection of the same remote has no pace of its own.
	q := v.again(p.key)
	for range 12 {
		if q.press("Down", tvremote.Press) == tvremote.TooFast {
			return
		}
	}
	t.Error("a second connection gives a remote a second pace")
}

// TestManyConnections: a phone that lost its network comes back, and the oldest
// connection gives way.
func TestManyConnections(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	p.press("Up", tvremote.Press)
	for range 3 {
		v.again(p.key)
	}
	p.ended(tvremote.CodeBusy)
}

// TestRenew: with its session's data the TV forgets its remotes and who it was.
func TestRenew(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	v.Open(tvremote.Household, remote.PairingTime)
	fresh := newIdentity(t, "ffeeddccbbaa9988")
	if err := v.Renew(fresh); err != nil {
		t.Fatal(err)
	}
	p.ended(tvremote.CodeRevoked)
	if w := v.Window(); w.Open {
		t.Errorf("window: %+v", w)
	}
	q := v.connect(p.key)
	if q.tv == p.tv || q.tv != fresh.Hash {
		t.Error("the TV has the key that it had")
	}
	q.send(tvremote.Hello{V: 1})
	if u := expect[tvremote.Unpaired](q); u.TV != "ffeeddccbbaa9988" {
		t.Errorf("unpaired %+v", u)
	}
}

// TestClose: remotes are told, and everything ends.
func TestClose(t *testing.T) {
	v := startTV(t, nil)
	p := v.paired("phone", tvremote.Household)
	stranger := v.connect(nil)
	stranger.send(tvremote.Hello{V: 1})
	expect[tvremote.Unpaired](stranger)
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	p.ended(tvremote.CodeStopping)
	stranger.ended(tvremote.CodeStopping)
}
