package tvremote_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/goldentest"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// fill returns n bytes that count up from start.
func fill(start byte, n int) protocol.Bytes {
	b := make(protocol.Bytes, n)
	for i := range b {
		b[i] = start + byte(i)
	}
	return b
}

// golden holds one frame of each type, with every member present.
var golden = map[string]tvremote.Frame{ // by the name of its file
	"up-hello":        tvremote.Hello{V: 1},
	"up-key":          tvremote.Key{Seq: 1, Key: "OK", Action: tvremote.Press},
	"up-text":         tvremote.Text{Seq: 2, Text: "Ænna \"x\" <☕>"},
	"up-ping":         tvremote.Ping{N: 0},
	"up-pair":         tvremote.Pair{By: tvremote.ByCode, Name: "Anna's phone", Nonce: fill(1, 16), Share: fill(2, 32)},
	"up-pair_confirm": tvremote.PairConfirm{Tag: fill(3, 64)},
	"down-welcome":    tvremote.Welcome{V: 1, TV: "00112233445566ff", Name: "Living room", Model: "HK-1", Role: tvremote.Household},
	"down-ack":        tvremote.Ack{Seq: 2, Ignored: tvremote.NoField},
	"down-state":      tvremote.State{Screen: "accessCode", Title: "Enter the code", Keyboard: tvremote.KeyboardDigits, Role: tvremote.Guest},
	"down-pong":       tvremote.Pong{N: 0},
	"down-error":      tvremote.Error{Code: tvremote.CodeWrongCode, Retry: 30, TriesLeft: 2},
	"down-unpaired":   tvremote.Unpaired{TV: "00112233445566ff", Nonce: fill(4, 16), Open: true, Retry: 60},
	"down-pair_share": tvremote.PairShare{Share: fill(5, 32)},
	"down-paired":     tvremote.Paired{Tag: fill(6, 64)},
}

var wire = goldentest.Wire[tvremote.Frame]{Encode: tvremote.Encode, Up: tvremote.DecodeUp, Down: tvremote.DecodeDown}

func TestGoldenFrames(t *testing.T) { wire.Check(t, golden) }

// TestDecodeBounds breaks one bound at a time.
func TestDecodeBounds(t *testing.T) {
	long := strings.Repeat("a", tvremote.MaxFrame)
	for _, c := range []struct {
		name, up string
	}{
		{"empty", ``},
		{"no object", `[]`},
		{"no t", `{}`},
		{"t of another case", `{"T":"hello","v":1}`},
		{"t twice", `{"t":"key","t":"hello","v":1}`},
		{"two objects", `{"t":"hello","v":1}{}`},
		{"something after it", `{"t":"hello","v":1} x`},
		{"cut off", `{"t":"hello","v":1`},
		{"not UTF-8", "{\"t\":\"hello\",\"v\":1,\"x\":\"\xff\"}"},
		{"too long", `{"t":"hello","v":1,"x":"` + long + `"}`},
		{"no version", `{"t":"hello"}`},
		{"null", `{"t":"hello","v":null}`},
		{"version 0", `{"t":"hello","v":0}`},
		{"version as text", `{"t":"hello","v":"1"}`},
		{"half a version", `{"t":"hello","v":1.5}`},
		{"member of another case", `{"t":"hello","V":1}`},
		{"seq 0", `{"t":"key","seq":0,"key":"OK","action":"press"}`},
		{"seq too high", `{"t":"key","seq":9007199254740992,"key":"OK","action":"press"}`},
		{"no key", `{"t":"key","seq":1,"key":"","action":"press"}`},
		{"key too long", `{"t":"key","seq":1,"key":"aaaaaaaaaaaaaaaaa","action":"press"}`},
		{"key with a space", `{"t":"key","seq":1,"key":"O K","action":"press"}`},
		{"no action", `{"t":"key","seq":1,"key":"OK"}`},
		{"unknown action", `{"t":"key","seq":1,"key":"OK","action":"hold"}`},
		{"no text", `{"t":"text","seq":1,"text":""}`},
		{"text too long", `{"t":"text","seq":1,"text":"` + long[:tvremote.MaxText+1] + `"}`},
		{"text with a line", `{"t":"text","seq":1,"text":"a\nb"}`},
		{"ping below 0", `{"t":"ping","n":-1}`},
		{"pair by nothing", `{"t":"pair","by":"","name":"x","nonce":"AQIDBAUGBwgJCgsMDQ4PEA","share":"AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE"}`},
		{"nonce too short", `{"t":"pair","by":"qr","name":"x","nonce":"AQ","share":"AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE"}`},
		{"nonce with padding", `{"t":"pair","by":"qr","name":"x","nonce":"AQIDBAUGBwgJCgsMDQ4PEA==","share":"AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE"}`},
		{"name that hides", `{"t":"pair","by":"qr","name":"x\u202e","nonce":"AQIDBAUGBwgJCgsMDQ4PEA","share":"AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE"}`},
		{"name of too many bytes", `{"t":"pair","by":"qr","name":"` + strings.Repeat("猫", 43) + `","nonce":"AQIDBAUGBwgJCgsMDQ4PEA","share":"AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE"}`},
		{"name of a space", `{"t":"pair","by":"qr","name":" ","nonce":"AQIDBAUGBwgJCgsMDQ4PEA","share":"AgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICE"}`},
		{"tag too short", `{"t":"pair_confirm","tag":"AQ"}`},
	} {
		if f, err := tvremote.DecodeUp([]byte(c.up)); !errors.Is(err, tvremote.ErrBadFrame) {
			t.Errorf("%s: DecodeUp = %v, %v; want ErrBadFrame", c.name, f, err)
		}
	}
	for _, c := range []struct {
		name, down string
	}{
		{"id in capitals", `{"t":"unpaired","tv":"00112233445566FF","nonce":"AQIDBAUGBwgJCgsMDQ4PEA","open":true}`},
		{"open missing", `{"t":"unpaired","tv":"00112233445566ff","nonce":"AQIDBAUGBwgJCgsMDQ4PEA"}`},
		{"role unknown", `{"t":"state","screen":"home","keyboard":"none","role":"owner"}`},
		{"keyboard unknown", `{"t":"state","screen":"home","keyboard":"emoji","role":"guest"}`},
		{"screen missing", `{"t":"state","keyboard":"none","role":"guest"}`},
		{"wait too long", `{"t":"error","code":"wait","retry_after":86401}`},
		{"code with a space", `{"t":"error","code":"a b"}`},
		{"share too long", `{"t":"pair_share","share":"` + long[:44] + `"}`},
		{"what a remote sends, made wrong", `{"t":"ack","seq":0}`},
	} {
		if f, err := tvremote.DecodeDown([]byte(c.down)); !errors.Is(err, tvremote.ErrBadFrame) {
			t.Errorf("%s: DecodeDown = %v, %v; want ErrBadFrame", c.name, f, err)
		}
	}
}

// TestUnknownIsIgnored: both sides can be given new frames and members.
func TestUnknownIsIgnored(t *testing.T) {
	f, err := tvremote.DecodeUp([]byte(`{"t":"volume","by":3}`))
	if err != nil || f != (tvremote.Unknown{T: "volume"}) {
		t.Errorf("an unknown type = %v, %v", f, err)
	}
	f, err = tvremote.DecodeUp([]byte(`{"t":"hello","v":7,"app":{"deep":[1,{"er":null}]}}`))
	if err != nil || f != (tvremote.Hello{V: 7}) {
		t.Errorf("an unknown member: %v, %v", f, err)
	}
	// What one side sends is nothing to that side itself.
	if f, err = tvremote.DecodeUp([]byte(`{"t":"paired","tag":"x"}`)); err != nil || f != (tvremote.Unknown{T: "paired"}) {
		t.Errorf("a TV's frame from a remote = %v, %v", f, err)
	}
}

// TestEncodeRefuses: what would be refused at the other end is not sent.
func TestEncodeRefuses(t *testing.T) {
	for _, f := range []tvremote.Frame{
		tvremote.Hello{},
		tvremote.Key{Seq: 1, Key: "OK"},
		tvremote.Text{Seq: 1, Text: protocol.Secret(strings.Repeat("☕", tvremote.MaxText+1))},
		tvremote.Pair{By: tvremote.ByQR, Name: "\u200b", Nonce: fill(0, 16), Share: fill(0, 32)},
		tvremote.Unknown{T: "volume"},
	} {
		if data, err := tvremote.Encode(f); !errors.Is(err, tvremote.ErrBadFrame) {
			t.Errorf("Encode(%#v) = %q, %v; want ErrBadFrame", f, data, err)
		}
	}
}

// TestTextIsHidden: what is typed can be a password, and may not get into a log.
func TestTextIsHidden(t *testing.T) {
	f := tvremote.Text{Seq: 1, Text: "hunter2"}
	for _, s := range []string{fmt.Sprint(f), fmt.Sprintf("%+v %#v", f, f)} {
		if strings.Contains(s, "hunter2") {
			t.Errorf("a text shows itself: %s", s)
		}
	}
}

// TestChannelID: no two pairings of different keys or ways have the same one.
func TestChannelID(t *testing.T) {
	a, b := [tvremote.KeyHash]byte{1}, [tvremote.KeyHash]byte{2}
	seen := map[string]bool{}
	for _, id := range [][]byte{
		tvremote.ChannelID(tvremote.ByCode, a, b), tvremote.ChannelID(tvremote.ByCode, b, a),
		tvremote.ChannelID(tvremote.ByQR, a, b), tvremote.ChannelID(tvremote.ByQR, a, a),
	} {
		if seen[string(id)] {
			t.Errorf("%x is there twice", id)
		}
		seen[string(id)] = true
	}
	if got, want := len(tvremote.ChannelID(tvremote.ByCode, a, b)), 4+29+4+32+32; got != want {
		t.Errorf("ChannelID has %d bytes, want %d", got, want)
	}
}

func FuzzDecodeUp(f *testing.F) { fuzz(f, "up-", tvremote.DecodeUp) }

func FuzzDecodeDown(f *testing.F) { fuzz(f, "down-", tvremote.DecodeDown) }

// fuzz holds that whatever is taken can be sent on, and is the same then.
func fuzz(f *testing.F, side string, decode func([]byte) (tvremote.Frame, error)) {
	for file, frame := range golden {
		if data, err := tvremote.Encode(frame); err == nil && strings.HasPrefix(file, side) {
			f.Add(data)
		}
	}
	f.Add([]byte(`{"t":"volume","x":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := decode(data)
		if err != nil {
			if !errors.Is(err, tvremote.ErrBadFrame) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		if _, unknown := frame.(tvremote.Unknown); unknown {
			return
		}
		again, err := tvremote.Encode(frame)
		if err != nil {
			t.Fatalf("taken, but not to be sent: %v", err)
		}
		back, err := decode(again)
		if err != nil {
			t.Fatalf("sent, but not taken: %v", err)
		}
		if d := cmp.Diff(frame, back); d != "" {
			t.Errorf("comes back another (-first +second):\n%s", d)
		}
	})
}
