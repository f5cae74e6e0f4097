package session

import (
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// request is a profile that a person at the TV adds or changes. Neither PIN nor
// password is ever in it: they go from the event straight into a frame.
type request struct {
	n       int64         // of the last one on this connection
	until   time.Duration // running time at which its answer is taken for lost; 0: none is awaited
	answers int           // so far
	refusal protocol.ProfileRefusal
	offline bool          // it could not be asked
	wait    time.Duration // running time: when the next try may be
}

// RequestStatus is how far the last [AddProfile] or [EditProfile] is.
type RequestStatus struct {
	Asking  bool                    // the server has not answered yet
	Answers int                     // how often it was answered; 0: nothing was asked
	Refusal protocol.ProfileRefusal // the last answer; "" for done
	Offline bool                    // there was no connection to ask over
	Wait    time.Duration           // until the next try
}

func (m Model) requestStatus(now Now) RequestStatus {
	r := m.request
	return RequestStatus{
		Asking: r.until > 0, Answers: r.answers, Refusal: r.refusal, Offline: r.offline, Wait: max(r.wait-now.Running, 0),
	}
}

// asked sends a request on, or answers it at once. It keeps nothing of it.
func (s *step) asked(what What) {
	if s.request.until > 0 {
		s.impossible(what)
		return
	}
	switch {
	case s.line.stage != live || !s.active():
		s.requestAnswered("", true)
		return
	case !s.household():
		s.requestAnswered(protocol.ProfileBusy, false)
		return
	}
	s.request.n++
	f := s.requestFrame(what)
	if _, err := protocol.Encode(f); err != nil {
		s.log("not sent", fmt.Errorf("%s: out of bounds", f.Type())) // the error may quote what was typed
		s.requestAnswered(protocol.ProfileBadName, false)
		return
	}
	s.request.refusal, s.request.offline, s.request.wait = "", false, 0
	s.request.until = s.now.Running + checkedWithin
	s.send(f)
}

func (s *step) requestFrame(what What) protocol.Frame {
	if w, ok := what.(EditProfile); ok {
		return protocol.EditProfile{N: s.request.n, Profile: w.Profile, Name: w.Name, Avatar: w.Avatar}
	}
	w, _ := what.(AddProfile)
	return protocol.AddProfile{
		N: s.request.n, Name: w.Name, Avatar: w.Avatar, Level: w.Level, Kids: w.Kids, PIN: w.PIN, Password: w.Password,
	}
}

func (s *step) requestAnswered(r protocol.ProfileRefusal, offline bool) {
	q := &s.request
	q.answers++
	q.refusal, q.offline, q.until, q.wait = r, offline, 0, 0
}

func (s *step) profileAnswer(f protocol.ProfileAnswer) {
	if s.request.until == 0 || f.N != s.request.n {
		s.outOfPlace(f)
		return
	}
	s.requestAnswered(f.Refusal, false)
	if f.RetryAfter > 0 {
		s.request.wait = s.now.Running + time.Duration(f.RetryAfter)*time.Millisecond
	}
}

// lostRequest gives up waiting for an answer that does not come. What was asked
// may have been done all the same; then the next state shows it.
func (s *step) lostRequest() {
	if s.request.until > 0 && s.now.Running >= s.request.until {
		s.log("profile request not answered", errSilent)
		s.requestAnswered("", true)
	}
}
