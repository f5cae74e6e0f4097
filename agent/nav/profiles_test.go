package nav

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// drive feeds keys and texts, and returns the last effect that is about a
// profile, with the model after it.
func drive(m Model, events ...any) (Model, Effect) {
	var last Effect
	for _, ev := range events {
		var effects []Effect
		switch ev := ev.(type) {
		case keyseq.Key:
			m, effects = Step(m, Press{Key: ev, Source: Source{Kind: Local}, At: m.now})
		case string:
			m, effects = Step(m, Text{Text: ev, Source: Source{Kind: Local}, At: m.now})
		case World:
			m, effects = Step(m, ev)
		}
		for _, e := range effects {
			switch e.(type) {
			case AddProfile, EditProfile, CheckPIN:
				last = e
			}
		}
	}
	return m, last
}

// atLevels opens the levels of a new profile.
func atLevels(t *testing.T, w World) Model {
	t.Helper()
	m, _ := drive(Model{}, w)
	for range w.Profiles {
		m, _ = drive(m, keyseq.Right)
	}
	m, _ = drive(m, keyseq.OK, keyseq.OK, "Zoe", keyseq.OK)
	if got := m.View().Screen; got != ScreenProfileLevel {
		t.Fatalf("the screen is %s", got)
	}
	return m
}

// TestP3_EveryLevelAsksForWhatTheServerWants goes through levels and households:
// the screen after the level is the one of the proof that the server asks for.
func TestP3_EveryLevelAsksForWhatTheServerWants(t *testing.T) {
	for _, locked := range []bool{false, true} {
		for bound := parental.LittleKids; bound <= parental.All; bound++ {
			for _, always := range []bool{false, true} {
				w := World{
					Phase: Active, Online: true, Household: Household{MaxProfiles: 5, AddProfileNeedsPIN: always},
					Profiles: []protocol.Profile{{ID: "a", Name: "Anna", Main: true, Level: bound, Locked: locked, PIN: 1}, {ID: "b", Name: "Ben", Level: bound}},
				}
				for l := parental.LittleKids; l <= parental.All; l++ {
					m := atLevels(t, w)
					m.focus = levelID(l)
					m, asked := drive(m, keyseq.OK, keyseq.OK)
					want := ScreenProfileAdding
					switch {
					case l <= bound && !always:
					case locked:
						want = ScreenProfilePIN
					default:
						want = ScreenProfilePassword
					}
					if got := m.View().Screen; got != want || (asked != nil) != (want == ScreenProfileAdding) {
						t.Errorf("level %s where %s is the bound, always %v, main locked %v: %s, asked %v; want %s", l, bound, always, locked, got, asked, want)
					}
				}
			}
		}
	}
}

// TestP3_WhatWasTypedIsNotKept looks for the digits and the password after they
// were sent.
func TestP3_WhatWasTypedIsNotKept(t *testing.T) {
	w := World{
		Phase: Active, Online: true, Household: Household{MaxProfiles: 5, AddProfileNeedsPIN: true},
		Profiles: []protocol.Profile{{ID: "a", Name: "Anna", Main: true, Level: parental.All, Locked: true, PIN: 1}},
	}
	m := atLevels(t, w)
	m, _ = drive(m, keyseq.OK, keyseq.OK)
	m, asked := drive(m, keyseq.Digit4, keyseq.Digit7, keyseq.Digit1, keyseq.Digit1)
	if a, ok := asked.(AddProfile); !ok || string(a.PIN) != "4711" || a.Password != "" {
		t.Fatalf("asked %+v", asked)
	}
	if m.draft.pad != (pad{}) {
		t.Error("the digits are kept")
	}
	w.Profiles = []protocol.Profile{{ID: "a", Name: "Anna", Main: true, Level: parental.All}}
	w.Answer = &ProfileAnswer{Answers: 1, Refusal: protocol.ProfileNeedsPassword}
	m, asked = drive(m, w, "correct horse", keyseq.OK)
	if a, ok := asked.(AddProfile); !ok || string(a.Password) != "correct horse" || a.PIN != "" {
		t.Fatalf("asked %+v", asked)
	}
	if m.typing != (typing{}) {
		t.Error("the password is kept")
	}
}

// TestP4_ANewPINEndsTheHelp: the TV goes back to the PIN by itself, whichever
// lock it was about.
func TestP4_ANewPINEndsTheHelp(t *testing.T) {
	w := World{
		Phase: Active, Online: true, ForgotPIN: &Help{URI: "https://tv.example.com/pin"}, At: time.Second,
		Profiles: []protocol.Profile{{ID: "b", Name: "Ben", Level: parental.All, Locked: true, PIN: 1}},
	}
	m, _ := drive(Model{}, w, keyseq.OK, keyseq.Down, keyseq.Right)
	if v := m.View(); v.Screen != ScreenForgotPIN || v.Link == nil || v.Link.URI != "tv.example.com/pin" {
		t.Fatalf("view %+v", v)
	}
	w.Profiles = []protocol.Profile{{ID: "b", Name: "Ben", Level: parental.All, Locked: true, PIN: 2}}
	m, asked := drive(m, w, keyseq.Digit1, keyseq.Digit2, keyseq.Digit3, keyseq.Digit4)
	if c, ok := asked.(CheckPIN); !ok || c.Profile != "b" || m.entry.pin != 2 {
		t.Errorf("the check is %+v, of version %d", asked, m.entry.pin)
	}
}
