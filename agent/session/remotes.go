package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// From the agent, about what controls this TV.
type (
	// RemotesChanged says what controls this TV, after Start and whenever that
	// changes.
	RemotesChanged struct {
		Remotes []protocol.Remote // at most [protocol.MaxRemotes]
		Control bool              // the account page may
		// Window is until when another remote can be paired, in running time; 0: not now.
		Window time.Duration
	}
	// WishesDone answers [DoWishes].
	WishesDone struct {
		Epoch  protocol.Epoch
		Number int64
	}
	// RelayAnswer is for the account page's remote. It is dropped where the server is
	// not in contact: there is no remote then either.
	RelayAnswer struct{ Frame protocol.RelayState }
)

func (RemotesChanged) what() {}
func (WishesDone) what()     {}
func (RelayAnswer) what()    {}

type (
	// DoWishes does what the owner wants of this TV's remotes: all that is in Claims,
	// whose Open is nil where that was done before. It is durable before the next
	// effect runs, and fails as SaveVault does. Answered by [WishesDone].
	DoWishes struct{ Claims protocol.RemoteWishesClaims }
	// Relayed is what the account page's remote sends.
	Relayed struct{ Frame protocol.Relay }
)

func (DoWishes) effect() {}
func (Relayed) effect()  {}

// controls is what passes between this TV and the server about remotes. They are the
// agent's, in its vault.
type controls struct {
	known bool            // the agent has said
	now   RemotesChanged  // what it said last
	told  *RemotesChanged // the same, as the server was told on this connection, or nil
	done  int64           // number of the wishes that the server was told are done, likewise
	count int64           // reports on this connection
	heard int64           // highest number of wishes that was taken on this connection
}

// reportsEach is how many numbers a connection has for its reports: numbers grow over
// restarts because the connections' do.
const reportsEach = 1 << 20

// windowTolerance is how far two ends of one pairing window may differ.
const windowTolerance = 2 * time.Second

// Relays reports whether the server in contact can carry the account page's remote to
// this TV. Where it cannot, whatever was carried has ended.
func (m Model) Relays() bool {
	return m.line.stage == live && m.active() && m.line.cap >= protocol.RemotesCapability
}

// same reports whether two reports say the same.
func (w RemotesChanged) same(o RemotesChanged) bool {
	return w.Control == o.Control && slices.Equal(w.Remotes, o.Remotes) && (w.Window == 0) == (o.Window == 0) &&
		(w.Window-o.Window).Abs() <= windowTolerance
}

func (s *step) remotesChanged(w RemotesChanged) {
	if _, err := protocol.Encode(protocol.Remotes{Epoch: 1, Number: 1, Remotes: w.Remotes}); err != nil {
		s.log("remotes not told", err)
		return
	}
	w.Remotes = slices.Clone(w.Remotes)
	s.controls.now, s.controls.known = w, true
}

// tellRemotes tells the server what it was not told on this connection.
func (s *step) tellRemotes() {
	c := &s.controls
	if !s.Relays() || !c.known || c.count >= reportsEach-1 || c.told != nil && c.told.same(c.now) && c.done == s.saved.Wishes {
		return
	}
	told := c.now
	c.told, c.done = &told, s.saved.Wishes
	c.count++
	f := protocol.Remotes{
		Epoch: s.saved.Epoch, Number: s.saved.Conn*reportsEach + c.count, Remotes: told.Remotes, Control: told.Control, Wishes: s.saved.Wishes,
	}
	if left := told.Window - s.now.Running; left > 0 {
		f.Window = min(int64((left+time.Second-1)/time.Second), protocol.MaxPairing)
	}
	s.send(f)
}

var errWishes = errors.New("wishes are not for this session")

// wishes takes what the owner wants of this TV's remotes, where the server signed it and
// it was not done before.
func (s *step) wishes(f protocol.RemoteWishes) {
	if !s.Relays() {
		s.outOfPlace(f)
		return
	}
	var c protocol.RemoteWishesClaims
	err := s.verify(f.JWS, protocol.TypRemotes, &c)
	switch {
	case err == nil && c.Check() != nil:
		err = fmt.Errorf("%w: %w", errBounds, c.Check())
	case err == nil && (c.Device != s.saved.Device || c.Epoch != s.saved.Epoch):
		err = errWishes
	}
	if err != nil {
		s.log("wishes refused", err)
		return
	}
	if c.Number <= max(s.saved.Wishes, s.controls.heard) {
		return
	}
	if c.Open != nil && c.Open.Number <= max(s.saved.Wishes, s.controls.heard) {
		c.Open = nil
	}
	s.controls.heard = c.Number
	s.do(DoWishes{c})
}

// wishesDone keeps the number: nothing at or below it is done again.
func (s *step) wishesDone(w WishesDone) {
	if !s.active() || w.Epoch != s.saved.Epoch || w.Number <= s.saved.Wishes {
		return
	}
	s.saved.Wishes = w.Number
	s.save()
}

// relay hands on what the account page's remote sends.
func (s *step) relay(f protocol.Relay) {
	if !s.Relays() {
		s.outOfPlace(f)
		return
	}
	s.do(Relayed{f})
}

func (s *step) relayAnswer(w RelayAnswer) {
	if s.Relays() {
		s.send(w.Frame)
	}
}
