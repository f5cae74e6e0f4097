package session

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ErrImpossible is in the [Log] of an event that cannot happen in the model's
// state: a fault of the caller.
var ErrImpossible = errors.New("impossible event")

// latest is the latest wall clock that is taken at its word, the year 144683.
const latest = 1 << 52

// step is one step under way.
type step struct {
	Model
	now     Now
	entropy [32]byte
	unsent  int64
	out     []Effect
}

// Step returns the model after e, and what is to be done, in order. m is used up.
func Step(m Model, e Event) (Model, []Effect) {
	s := &step{Model: m, now: e.Now, entropy: e.Entropy, unsent: max(e.Unsent, 0)}
	s.now.Wall = min(max(s.now.Wall, 0), latest)
	s.now.Running = max(s.now.Running, 0)
	_, starts := e.What.(Start)
	if starts == s.started {
		s.impossible(e.What)
		return s.Model, s.out
	}
	if _, failed := e.What.(VaultFailed); !starts && !failed {
		s.vault.before = s.vault.disk
	}
	if !starts {
		s.observe()
	}
	s.handle(e.What)
	s.settle()
	s.last = s.now
	return s.Model, s.out
}

func (s *step) handle(what What) {
	switch w := what.(type) {
	case Start:
		s.start(w)
	case Tick:
	case VaultFailed:
		s.vaultFailed(w)
	case CacheApplied, CacheLost, PinsStored, StartOver:
		s.cached(w)
	case Erased:
		s.erased(w)
	case ActivityReady:
		s.activity(w)
	case ProfileSelected:
		s.selected(w.Profile)
	case PINsTried:
		s.tried(w)
	case CountsKept:
		s.countsKept(w)
	case LibraryKept:
		s.libraryKept(w)
	case AddProfile, EditProfile:
		s.asked(w)
	case RemotesChanged:
		s.remotesChanged(w)
	case WishesDone:
		s.wishesDone(w)
	case RelayAnswer:
		s.relayAnswer(w)
	case PlayTitle:
		s.playTitle(w)
	case TitleEnded:
		s.titleEnded()
	case SignIn, CancelSignIn, SignOutHere, Deactivate, Reset, TryAgain:
		s.person(w)
	case SignInWithPassword, ChooseChannel, EnterCode:
		s.typed(w)
	case Connected:
		s.connected(w)
	case Received:
		s.received(w)
	case Closed:
		s.closed(w)
	default:
		s.impossible(what)
	}
}

// settle does what the state and the time ask for, whatever happened.
func (s *step) settle() {
	s.retryVault()
	s.timeouts()
	s.lostAnswer()
	s.lostRequest()
	s.prove()
	s.renew()
	s.tellTries()
	s.tellRemotes()
	s.playOn()
	s.endByDate()
	s.lostBatch()
	s.applyDocuments()
	s.sendReceipt()
	s.fetch()
	s.connect()
	s.writeLedger()
}

// observe takes note of the clocks.
func (s *step) observe() {
	ran := s.now.Running - s.last.Running
	moved := time.Duration(s.now.Wall-s.last.Wall) * time.Millisecond
	if ran > standby || (moved-ran).Abs() > clockJump {
		s.ask.soon = true
	}
	ledger, charged := s.saved.Lease.Observe(s.now)
	s.saved.Lease = ledger
	if charged {
		s.save()
	}
}

func (s *step) do(e Effect) { s.out = append(s.out, e) }

func (s *step) send(f protocol.Frame) { s.do(Send{s.line.conn, f}) }

func (s *step) log(message string, err error) { s.do(Log{message, err}) }

func (s *step) impossible(what What) {
	s.log("impossible event", fmt.Errorf("%w: %T", ErrImpossible, what))
}

// save asks for the vault to be written. Two in a row are one.
func (s *step) save() {
	if s.saved.Lease.Length > 0 {
		s.shorten()
		s.saved.Lease = s.saved.Lease.Wrote(s.now, s.slack())
	}
	s.vault.endKnown = s.saved.Lease.Left(s.now) == 0
	s.vault.failed = false
	s.vault.disk = s.saved.Lease
	if n := len(s.out); n > 0 {
		if _, ok := s.out[n-1].(SaveVault); ok {
			s.out[n-1] = SaveVault{s.saved}
			return
		}
	}
	s.do(SaveVault{s.saved})
}

// random returns 32 bytes of this step's entropy for one use.
func (s *step) random(use string) []byte {
	sum := sha256.Sum256(append([]byte(use), s.entropy[:]...))
	return sum[:]
}

// upTo returns a random duration from 0 to limit.
func (s *step) upTo(limit time.Duration) time.Duration {
	r := binary.BigEndian.Uint64(s.random("jitter")) >> 1
	return time.Duration(r % uint64(limit+1))
}
