package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// askAgain is when a play whose question was not answered asks again.
const askAgain = 30 * time.Second

var errGrant = errors.New("grant is not for what plays")

// PlayTitle says that a title begins to play, in place of the one before. The
// server is asked for a grant now or, out of contact, as soon as there is one.
type PlayTitle struct {
	Profile protocol.ProfileID
	Title   protocol.TitleID
	Play    protocol.Play // Path and the PINs that were proved; the rest is filled in
}

// TitleEnded says that it does not play any more.
type TitleEnded struct{}

func (PlayTitle) what()  {}
func (TitleEnded) what() {}

// playing is the title that plays, and its grant. None of it is ever kept.
//
//	PlayTitle ──▶ asks ──▶ granted ──▶ asks (at half the grant's life)
//	                └────▶ refused: nothing more is asked
type playing struct {
	number  int64         // of the last play since the start
	now     protocol.Play // N is 0 where nothing plays
	asked   time.Duration // running time of the latest question
	told    bool          // the server was asked about it
	next    time.Duration // running time of the next question
	grant   string        // JWS; "" for none
	ends    time.Duration // running time when it ends
	refusal protocol.PlayRefusal
	watches []string // other TVs, with the refusal PlayStreams
	unended int64    // a play that ended without the server having been told; 0 for none
}

// PlayStatus is what plays, and the server's word on it.
type PlayStatus struct {
	Number   int64 // names the play since the start; 0: nothing plays
	Profile  protocol.ProfileID
	Title    protocol.TitleID
	Grant    protocol.Secret      // compact JWS of [protocol.GrantClaims]; "" while there is none
	Left     time.Duration        // of the grant
	Refusal  protocol.PlayRefusal // why there will be none: the title is to stop; "" for not refused
	Watching []string             // names of other TVs, with protocol.PlayStreams
}

// Play derives what plays at now. It changes only by [Step] and by time.
func (m Model) Play(now Now) PlayStatus {
	p := m.playing
	if p.now.N == 0 {
		return PlayStatus{}
	}
	out := PlayStatus{Number: p.now.N, Profile: p.now.Profile, Title: p.now.Title, Refusal: p.refusal, Watching: slices.Clone(p.watches)}
	if p.grant != "" && now.Running < p.ends {
		out.Grant, out.Left = protocol.Secret(p.grant), p.ends-now.Running
	}
	return out
}

// grants reports whether the server in contact gives grants.
func (m Model) grants() bool {
	return m.line.stage == live && m.active() && m.line.cap >= protocol.GrantCapability
}

func (s *step) playTitle(w PlayTitle) {
	f := w.Play
	f.N, f.Profile, f.Title = s.playing.number+1, w.Profile, w.Title
	if _, err := protocol.Encode(f); err != nil || !s.active() {
		s.impossible(w)
		return
	}
	s.titleEnded()
	s.playing = playing{number: f.N, now: f, unended: s.playing.unended}
}

func (s *step) titleEnded() {
	p := s.playing
	s.playing = playing{number: p.number, unended: p.unended}
	if p.told && p.now.N > 0 {
		s.playing.unended = p.now.N
	}
}

// playOn tells the server what has ended, and asks about what plays where that is
// due. A session that has ended takes its grant with it.
func (s *step) playOn() {
	p := &s.playing
	if !s.active() {
		*p = playing{number: p.number}
		return
	}
	if p.grant != "" && s.now.Running >= p.ends {
		p.grant = ""
	}
	if !s.grants() {
		return
	}
	if p.unended > 0 {
		s.send(protocol.PlayEnd{N: p.unended})
		p.unended = 0
	}
	if p.now.N > 0 && p.refusal == "" && s.now.Running >= p.next {
		p.asked, p.told, p.next = s.now.Running, true, s.now.Running+askAgain
		s.send(p.now)
	}
}

// playDue is when playOn has something to do.
func (m Model) playDue() (at time.Duration, ok bool) {
	p := m.playing
	if p.grant != "" {
		at, ok = p.ends, true
	}
	if p.now.N > 0 && p.refusal == "" && m.grants() && (!ok || p.next < at) {
		at, ok = p.next, true
	}
	return at, ok
}

// granted takes a grant that is for what plays. It counts from the moment it was
// asked for, whatever this TV's clock says.
func (s *step) granted(f protocol.Grant) {
	p := &s.playing
	if s.line.stage != live || p.now.N != f.N || p.refusal != "" {
		return // of a title that has ended meanwhile
	}
	life, err := s.grantLife(f.JWS)
	if err != nil {
		s.log("grant refused", err)
		return
	}
	p.grant, p.ends, p.next = f.JWS, p.asked+life, p.asked+life/2
}

func (s *step) grantLife(jws string) (time.Duration, error) {
	var c protocol.GrantClaims
	if err := s.verify(jws, protocol.TypGrant, &c); err != nil {
		return 0, err
	}
	if err := c.Check(); err != nil {
		return 0, fmt.Errorf("%w: %w", errBounds, err)
	}
	p := s.playing.now
	if c.Device != s.saved.Device || c.Account != s.saved.Account || c.Epoch != s.saved.Epoch || c.Title != p.Title || c.Profile != p.Profile {
		return 0, errGrant
	}
	return time.Duration(c.Expires-c.Issued) * time.Second, nil
}

func (s *step) playRefused(f protocol.PlayRefused) {
	p := &s.playing
	if s.line.stage != live || p.now.N != f.N || p.refusal != "" {
		return
	}
	if f.Refusal == protocol.PlayBusy {
		p.next = s.now.Running + max(time.Duration(f.RetryAfter)*time.Millisecond, time.Second)
		return
	}
	p.grant, p.ends, p.refusal, p.watches = "", 0, f.Refusal, slices.Clone(f.Watching)
}
