package session

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// Times of the connection.
const (
	answerWithin  = 10 * time.Second // hello, acknowledgement, state, grant
	dialWithin    = 30 * time.Second // the link gives up before
	firstBackoff  = 500 * time.Millisecond
	maxBackoff    = 25 * time.Second // after an outage of any length all are back within half a minute
	idleBackoff   = 30 * time.Minute // where only a proof is left, and the server refused it
	goodAfter     = 30 * time.Second // of contact, the back-off begins anew
	proofsEvery   = 10 * time.Minute // in contact, and after a connection that ended over one
	proofsSeldom  = 24 * time.Hour   // as that doubles while the server refuses them
	newCodeAfter  = time.Second
	codeTolerance = 5 * time.Second // past its expiry, for the server to say so itself
)

var (
	errSilent     = errors.New("no answer in time")
	errServerName = errors.New("the server's name is not the pinned one")
)

// connect dials when there is a reason to and hangs up when there is none.
func (s *step) connect() {
	switch l := &s.line; {
	case !s.wanted():
		s.hangup()
	case l.stage == idle && s.now.Running >= l.until:
		l.conn++
		s.enter(dialing, dialWithin)
		s.do(Dial{l.conn})
	}
}

// enter begins a stage with its deadline.
func (s *step) enter(to stage, within time.Duration) {
	s.line.stage, s.line.until = to, s.now.Running+within
}

// timeouts gives up a stage that is past its deadline.
func (s *step) timeouts() {
	l := s.line
	if l.stage == idle || l.until == 0 || s.now.Running < l.until {
		return
	}
	if l.stage == enrolling && l.code != nil {
		s.redial()
		return
	}
	if l.stage == proving && l.proofsAt > 0 {
		s.deferProofs = true
	}
	s.log("connection given up", errSilent)
	s.lost(0)
}

// hangup ends the connection, if there is one, without a back-off.
func (s *step) hangup() {
	l := s.line
	if l.stage == idle {
		return
	}
	if !l.gone {
		s.do(Hangup{l.conn})
	}
	s.drop()
}

// drop forgets the connection.
func (s *step) drop() {
	l := s.line
	s.line = line{conn: l.conn, failures: l.failures, until: s.now.Running}
	s.ask = asking{at: s.ask.at}
	s.batch = batch{}
	s.cache.dropParts()
	if s.attempt.until > 0 {
		s.answered(RefusalOffline)
	}
	if s.request.until > 0 {
		s.requestAnswered("", true)
	}
	s.counting.told, s.counting.heard, s.shelf = nil, 0, shelf{}
	s.controls = controls{known: s.controls.known, now: s.controls.now}
	if l.stage != live {
		return
	}
	s.contact = s.now.Running
	if s.now.Running-l.since >= goodAfter {
		s.line.failures = 0
	}
	if s.active() && s.saved.Lease.Length > 0 && !s.vault.failed {
		s.save()
	}
}

// lost ends the connection and waits: as long as the server wishes, or with
// full jitter under a limit that doubles.
func (s *step) lost(retry time.Duration) {
	s.hangup()
	l := &s.line
	wait := retry
	if wait <= 0 {
		wait = s.upTo(s.backoff())
	}
	l.failures++
	l.until = s.now.Running + wait
}

func (s *step) backoff() time.Duration {
	limit := maxBackoff
	if s.deferProofs && !s.saved.member() && !s.signIn {
		limit = idleBackoff
	}
	return min(firstBackoff<<min(s.line.failures, 16), limit)
}

// redial begins a new connection at once.
func (s *step) redial() {
	s.hangup()
	s.line.until = s.now.Running
}

// mine reports whether an event is about the connection of the moment.
func (s *step) mine(conn uint64) bool { return s.line.stage != idle && conn == s.line.conn }

func (s *step) connected(w Connected) {
	if s.mine(w.Conn) && s.line.stage == dialing {
		s.enter(greeting, answerWithin)
	}
}

func (s *step) closed(w Closed) {
	if !s.mine(w.Conn) {
		return
	}
	s.line.gone = true
	if w.Err != nil {
		s.log("connection closed", w.Err)
	}
	s.refused(w.Code, w.RetryAfter)
}

// refused does what the table of codes says about one.
func (s *step) refused(code protocol.Code, retry time.Duration) {
	if code != 0 {
		s.problem = code
	}
	if s.line.stage == proving && s.line.proofsAt > 0 && code != protocol.CodeBusy && code != protocol.CodeTooMany {
		s.deferProofs = true
	}
	if code == protocol.CodeUnknown || code == protocol.CodeStaleEpoch {
		s.unbegun(false)
	}
	switch code.Action() {
	case protocol.Stop:
		s.stopped = code
		s.hangup()
	case protocol.NewCode:
		s.hangup()
		s.line.until = s.now.Running + max(retry, newCodeAfter)
	default:
		s.lost(retry)
	}
}

func (s *step) person(what What) {
	switch what.(type) {
	case SignIn:
		if s.saved.member() {
			s.impossible(what)
			return
		}
		s.signIn = true
		s.tryNow()
	case CancelSignIn:
		s.signIn, s.attempt = false, attempt{}
		if !s.saved.member() {
			s.stopped = 0
			s.hangup()
		}
	case TryAgain:
		s.tryNow()
	case SignOutHere:
		s.leave(protocol.SignedOut, s.here())
	case Deactivate:
		s.leave(protocol.Deactivated, s.here())
	case Reset:
		s.leave(protocol.Deactivated, protocol.Cause{By: protocol.ByReset, At: s.ServerTime(s.now)})
	}
}

// tryNow forgets what was stopped or waited for.
func (s *step) tryNow() {
	s.stopped, s.problem = 0, 0
	if s.line.stage == idle {
		s.line.failures, s.line.until = 0, s.now.Running
	}
}
