package session

import (
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// checkedWithin is how long the server may take over a password or a code.
const checkedWithin = 15 * time.Second

// RefusalOffline is this TV's own: there is no connection to ask over.
const RefusalOffline protocol.Refusal = "offline"

// attempt is a sign-in by password, as far as it has come. Neither a password
// nor a code is ever in it: they go from the event straight into a frame.
type attempt struct {
	answers   int           // so far
	until     time.Duration // running time at which the answer that is awaited is taken for lost; 0: none is
	refusal   protocol.Refusal
	wait      time.Duration // running time: when the next try may be
	tries     int           // left with the present code
	challenge *protocol.CodeNeeded
	resend    time.Duration // running time: when another code can be sent
	ends      time.Duration // running time: when the challenge ends
}

// Challenge is what the server wants beside the password.
type Challenge struct {
	Channels  []protocol.Channel   // not to be changed
	Sent      protocol.ChannelKind // where a code is on its way to; "" for none
	RetryIn   time.Duration        // until another can be sent
	TriesLeft int                  // with the present code
	Left      time.Duration        // of the attempt
}

// SignInStatus is how far a sign-in by password is.
type SignInStatus struct {
	Checking  bool             // the server has not answered yet
	Answers   int              // how often it was answered: tells two alike refusals apart
	Refusal   protocol.Refusal // the last answer; "" where it was none
	Wait      time.Duration    // until the next try
	Challenge *Challenge       // nil where no code is wanted
}

func (m Model) signInStatus(now Now) SignInStatus {
	a := m.attempt
	out := SignInStatus{
		Checking: a.until > 0, Answers: a.answers, Refusal: a.refusal, Wait: max(a.wait-now.Running, 0),
	}
	if c := a.challenge; c != nil && now.Running < a.ends {
		out.Challenge = &Challenge{
			Channels: c.Channels, Sent: c.Sent, RetryIn: max(a.resend-now.Running, 0),
			TriesLeft: a.tries, Left: a.ends - now.Running,
		}
	}
	return out
}

// typed sends on what a person typed, or refuses it at once. It keeps nothing
// of it: without a connection it is to be sent again.
func (s *step) typed(what What) {
	if s.saved.member() || s.attempt.until > 0 {
		s.impossible(what)
		return
	}
	f, ok := s.question(what)
	switch {
	case !ok:
		s.answered(protocol.RefusalOver)
	case s.line.stage != enrolling || s.line.code == nil:
		s.answered(RefusalOffline)
	case s.line.cap < protocol.PasswordCapability:
		s.answered(protocol.RefusalUserCode)
	default:
		if _, err := protocol.Encode(f); err != nil {
			s.log("not sent", fmt.Errorf("%s: out of bounds", f.Type())) // the error may quote what was typed
			s.answered(protocol.RefusalCredentials)
			return
		}
		s.attempt.refusal, s.attempt.wait, s.attempt.until = "", 0, s.now.Running+checkedWithin
		s.send(f)
	}
}

// question makes the frame. It is not ok where there is no challenge to answer.
func (s *step) question(what What) (f protocol.Frame, ok bool) {
	c := s.attempt.challenge
	if w, ok := what.(SignInWithPassword); ok {
		s.attempt.challenge = nil
		return protocol.SignIn{Login: w.Login, Password: w.Password}, true
	}
	if c == nil || s.now.Running >= s.attempt.ends {
		return nil, false
	}
	switch w := what.(type) {
	case ChooseChannel:
		return protocol.SendCode{Challenge: c.Challenge, Channel: w.Channel}, true
	case EnterCode:
		return protocol.EnterCode{Challenge: c.Challenge, Channel: w.Channel, Code: w.Code}, true
	}
	return nil, false
}

// answered notes an answer. Some end the challenge.
func (s *step) answered(r protocol.Refusal) {
	a := &s.attempt
	a.answers++
	a.refusal, a.until = r, 0
	switch r {
	case protocol.RefusalCredentials, protocol.RefusalOver, protocol.RefusalUserCode, protocol.RefusalLimit,
		protocol.RefusalFactor, protocol.RefusalLocked:
		a.challenge = nil
	}
}

func (s *step) codeNeeded(f protocol.CodeNeeded) {
	if s.line.stage != enrolling || s.attempt.until == 0 {
		s.outOfPlace(f)
		return
	}
	s.answered("")
	a := &s.attempt
	a.challenge, a.tries = &f, f.TriesLeft
	a.resend = s.now.Running + time.Duration(f.RetryIn)*time.Second
	a.ends = s.now.Running + time.Duration(f.ExpiresIn)*time.Second
}

func (s *step) signInRefused(f protocol.SignInRefused) {
	if s.line.stage != enrolling || s.attempt.until == 0 {
		s.outOfPlace(f)
		return
	}
	s.answered(f.Reason)
	if f.Reason == protocol.RefusalCode {
		s.attempt.tries = f.TriesLeft
	}
	if f.RetryAfter > 0 {
		s.attempt.wait = s.now.Running + time.Duration(f.RetryAfter)*time.Millisecond
	}
}

// lostAnswer gives up waiting for an answer that does not come.
func (s *step) lostAnswer() {
	if s.attempt.until > 0 && s.now.Running >= s.attempt.until {
		s.log("password or code not answered", errSilent)
		s.answered(RefusalOffline)
	}
}
