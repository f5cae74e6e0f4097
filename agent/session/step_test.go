package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"crypto"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// stranger is an event that the machine does not know.
type stranger struct{}

func (stranger) what() {}

// Every event in a state in which it cannot happen: noted, and nothing changes.
func TestImpossibleEvents(t *testing.T) {
	now := at("b", time.Hour, noon2026)
	started, _ := Step(New(testConfig("tv")), Event{Now: now, What: Start{}})
	for _, tt := range []struct {
		name  string
		model Model
		what  What
	}{
		{"tick before start", New(testConfig("tv")), Tick{}},
		{"nothing before start", New(testConfig("tv")), nil},
		{"second start", started, Start{Saved: Saved{Epoch: 9}}},
		{"nothing", started, nil},
		{"unknown", started, stranger{}},
		{"erased, when nothing is", started, Erased{}},
		{"sign out, signed out", started, SignOutHere{}},
	} {
		m, effects := Step(tt.model, Event{Now: now, What: tt.what})
		if len(effects) != 1 {
			t.Errorf("%s: effects = %v, want one Log", tt.name, effects)
			continue
		}
		if l, ok := effects[0].(Log); !ok || !errors.Is(l.Err, ErrImpossible) {
			t.Errorf("%s: effect = %v, want a Log of %v", tt.name, effects[0], ErrImpossible)
		}
		if d := cmp.Diff(tt.model.Saved(), m.Saved()); d != "" {
			t.Errorf("%s: Saved changed:\n%s", tt.name, d)
		}
	}
}

// Events that are merely late are ignored.
func TestLateEvents(t *testing.T) {
	now := at("b", time.Hour, noon2026)
	m, _ := Step(New(testConfig("tv")), Event{Now: now, What: Start{}})
	for _, w := range []What{
		Connected{3}, Closed{Conn: 3}, Received{3, protocol.Hello{}}, CacheApplied{1, 1}, PinsStored{1, 1},
		ActivityReady{testActivity([]string{"1"})}, CancelSignIn{}, TryAgain{}, StartOver{}, Tick{}, ProfileSelected{"p"},
	} {
		var effects []Effect
		if m, effects = Step(m, Event{Now: now, What: w}); len(effects) > 0 {
			t.Errorf("%T: effects = %v, want none", w, effects)
		}
	}
}

// Clocks may say anything.
func TestAbsurdClocks(t *testing.T) {
	h := newHome(func(int) int { return 0 }, t.Fatalf)
	h.join()
	for _, now := range []Now{
		{Running: -1 << 63, Boot: "boot 0", Wall: -1 << 63}, {Running: 1<<63 - 1, Boot: "boot 0", Wall: 1<<63 - 1}, {}, {Wall: 1<<63 - 1}, {Running: 1<<63 - 1},
	} {
		m, _ := Step(h.model, Event{Now: now, What: Tick{}})
		if got := m.Status(now).Left; got < 0 || got > maxLease {
			t.Errorf("at %+v: Left = %s", now, got)
		}
		m.Wake()
	}
}

// A signer that fails (hardware may) locks and erases all the same.
func TestSignerFails(t *testing.T) {
	h := newHome(func(int) int { return 0 }, t.Fatalf)
	h.join()
	h.model.config.Identity.Key = brokenKey{h.model.config.Identity.Key}
	m, effects := Step(h.model, Event{Now: h.now(), What: SignOutHere{}})
	if m.Saved().Status != protocol.SignedOut || len(m.Saved().Proofs) != 0 {
		t.Errorf("Saved = %+v, want signed out without a proof", m.Saved())
	}
	var kinds []string
	for _, e := range effects {
		kinds = append(kinds, strings.TrimPrefix(reflect.TypeOf(e).String(), "session."))
	}
	if d := cmp.Diff([]string{"Log", "SaveVault", "Erase", "Hangup"}, kinds); d != "" {
		t.Errorf("effects (-want +got):\n%s", d)
	}
}

type brokenKey struct{ crypto.Signer }

func (brokenKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no entropy left in the universe")
}

// The identity of a vault that was mixed up with another's signs the TV out.
func TestIdentityLost(t *testing.T) {
	h := newHome(func(int) int { return 0 }, t.Fatalf)
	h.join()
	m, effects := Step(New(testConfig("another")), Event{Now: h.now(), What: Start{Saved: h.model.Saved(), Held: h.held}})
	if p := m.Status(h.now()).Phase; p != PhaseSignedOut {
		t.Errorf("phase = %d, want signed out", p)
	}
	if _, ok := effects[len(effects)-1].(Erase); !ok {
		t.Errorf("effects = %v, want an Erase at the end", effects)
	}
}

// What the vault holds survives JSON, which is how it is written.
func TestSavedJSON(t *testing.T) {
	h := newHome(func(int) int { return 0 }, t.Fatalf)
	h.join()
	h.down = true
	h.hang()
	h.step(SignOutHere{})
	want := h.model.Saved()
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Saved
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Saved after JSON (-want +got):\n%s", d)
	}
	if len(data) > 8<<10 {
		t.Errorf("Saved takes %d bytes, want at most 8 KiB", len(data))
	}
}

// An effect's record is not changed by later steps.
func TestSavedIsNotShared(t *testing.T) {
	s := Saved{}.withProof(Proof{Digest: "a"})
	t1, t2 := s.withProof(Proof{Digest: "b"}), s.withProof(Proof{Digest: "c"})
	if t1.Proofs[1].Digest != "b" || t2.Proofs[1].Digest != "c" {
		t.Errorf("proofs share memory: %v, %v", t1.Proofs, t2.Proofs)
	}
	if _, ok := t1.withoutProof("a"); !ok || t1.Proofs[0].Digest != "a" {
		t.Errorf("withoutProof changed its receiver: %v", t1.Proofs)
	}
}

// FuzzFrames gives whatever a server may send to a TV in every stage: it never
// panics, never leaves the order of states, and never erases anything without
// a signed state.
func FuzzFrames(f *testing.F) {
	for _, s := range []string{
		`{"t":"hello","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","cap":1,"server":"tv.example.com"}`,
		`{"t":"state","jws":"a.b.c"}`, `{"t":"still","jws":"a.b.c"}`, `{"t":"error","code":12,"retry_after_ms":5}`,
		`{"t":"activity_ack","through":9223372036854775807}`, `{"t":"keys","jws":"x"}`, `{"t":"pins","jws":"x"}`,
		`{"t":"user_code","code":"BCDFGHJK","uri":"u","expires_in":1}`,
		`{"t":"pin_counts","number":9,"counts":[{"profile":"p","pin":1,"wrong":1048576}]}`,
		`{"t":"library","number":9,"profile":"p","list":["t"],"last":true}`, `{"t":"profile_answer","n":1,"refusal":"wait","retry_after_ms":9}`,
		`{"t":"grant","n":1,"jws":"a.b.c"}`, `{"t":"play_refused","n":1,"refusal":"streams","watching":["Bedroom"]}`,
	} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, before uint8) {
		frame, err := protocol.DecodeDown(data)
		if err != nil {
			return
		}
		h := newHome(func(int) int { return 0 }, t.Fatalf)
		switch before & 3 { // 0 is idle
		case 1:
			h.join()
			h.step(PlayTitle{Profile: "p", Title: "t", Play: protocol.Play{Path: parental.Open}})
		case 2:
			h.step(SignIn{})
			h.settle()
		case 3:
			h.step(SignIn{})
			h.step(Connected{h.conn})
			h.pending = nil
		}
		was := h.model.Saved()
		for range 1 + before>>4 {
			h.step(Received{h.conn, frame})
		}
		if now := h.model.Saved(); now.Status != was.Status || now.Epoch != was.Epoch || now.Version != was.Version {
			t.Errorf("%s changed the state from %+v to %+v", data, was, now)
		}
		h.wait(time.Minute)
	})
}

// What a person types is in the frame, once, and in nothing else that comes of it.
func TestTypedSecretsPassThrough(t *testing.T) {
	v := newTalker(t)
	for _, line := range []string{"start", "signin", "connected", "hello", "user_code"} {
		v.event([]string{line})
	}
	for _, typed := range []What{
		SignInWithPassword{"anna@example.com", "tr0ub4dor"}, EnterCode{protocol.ChannelTOTP, "tr0ub4dor"},
	} {
		m, effects := Step(v.model, Event{Now: v.now, What: typed})
		if len(effects) != 1 {
			t.Fatalf("effects = %v, want one Send", effects)
		}
		if data, _ := protocol.Encode(effects[0].(Send).Frame); !strings.Contains(string(data), "tr0ub4dor") {
			t.Errorf("%T: the frame is %s", typed, data)
		}
		for what, kept := range map[string]any{"model": m, "saved": m.Saved(), "status": m.Status(v.now), "effects": effects} {
			if shows(reflect.ValueOf(kept), what == "effects") {
				t.Errorf("%T: what was typed is in the %s", typed, what)
			}
		}
		m, _ = Step(m, Event{Now: v.now, What: Received{v.conn, protocol.CodeNeeded{Challenge: "c", ExpiresIn: 60}}})
		v.model = m
	}
}

// The same for a PIN or a password that is typed to add a profile.
func TestP3_WhatIsTypedForAProfilePassesThrough(t *testing.T) {
	h := newHome(func(int) int { return 1 }, t.Fatalf)
	h.join()
	m, effects := Step(h.model, Event{Now: h.now(), What: AddProfile{Name: "Ada", Avatar: "owl", Level: 3, PIN: "tr0ub4dor", Password: "tr0ub4dor"}})
	if len(effects) != 1 {
		t.Fatalf("effects = %v, want one Send", effects)
	}
	if data, _ := protocol.Encode(effects[0].(Send).Frame); strings.Count(string(data), "tr0ub4dor") != 2 {
		t.Errorf("the frame is %s", data)
	}
	for what, kept := range map[string]any{"model": m, "saved": m.Saved(), "status": m.Status(h.now()), "effects": effects} {
		if shows(reflect.ValueOf(kept), what == "effects") {
			t.Errorf("what was typed is in the %s", what)
		}
	}
}

// shows reports whether a string with the secret is anywhere in v; with
// printed, whether it shows when v is printed.
func shows(v reflect.Value, printed bool) bool {
	if printed {
		return strings.Contains(fmt.Sprintf("%v %+v %#v", v, v, v), "tr0ub4dor")
	}
	switch v.Kind() {
	case reflect.String:
		return strings.Contains(v.String(), "tr0ub4dor")
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && shows(v.Elem(), false)
	case reflect.Struct:
		for i := range v.NumField() {
			if shows(v.Field(i), false) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if shows(v.Index(i), false) {
				return true
			}
		}
	}
	return false
}
