package session

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

var errOutOfPlace = errors.New("frame out of place")

func (s *step) received(w Received) {
	if !s.mine(w.Conn) {
		return
	}
	if s.line.stage <= dialing {
		s.impossible(w)
		return
	}
	switch f := w.Frame.(type) {
	case protocol.Hello:
		s.hello(f)
	case protocol.UserCode:
		s.userCode(f)
	case protocol.Enrolled:
		s.enrolled(f)
	case protocol.State:
		s.state(f.JWS)
	case protocol.Still:
		s.still(f.JWS)
	case protocol.Part:
		s.part(f)
	case protocol.Pins:
		s.pins(f.JWS)
	case protocol.Keys:
		s.newKeys(f.JWS)
	case protocol.ReceiptAck:
		s.acknowledged(f.Digest)
	case protocol.ActivityAck:
		s.activityAcked(f.Through)
	case protocol.PINCounts:
		s.counts(f)
	case protocol.Library:
		s.library(f)
	case protocol.ProfileAnswer:
		s.profileAnswer(f)
	case protocol.Grant:
		s.granted(f)
	case protocol.PlayRefused:
		s.playRefused(f)
	case protocol.RemoteWishes:
		s.wishes(f)
	case protocol.Relay:
		s.relay(f)
	case protocol.CodeNeeded:
		s.codeNeeded(f)
	case protocol.SignInRefused:
		s.signInRefused(f)
	case protocol.Error:
		s.complaint(f)
	}
}

func (s *step) outOfPlace(f protocol.Frame) {
	s.log("frame ignored", fmt.Errorf("%w: %s", errOutOfPlace, f.Type()))
}

func (s *step) complaint(f protocol.Error) {
	s.log("server refused", fmt.Errorf("code %d (%s), ref %q", f.Code, protocol.Codes[f.Code].Name, f.Ref))
	s.refused(f.Code, time.Duration(f.RetryAfter)*time.Millisecond)
}

func (s *step) hello(f protocol.Hello) {
	if s.line.stage != greeting {
		s.outOfPlace(f)
		return
	}
	s.line.nonce, s.line.server, s.line.cap = f.Nonce, f.Server, f.Cap
	if !s.pinned() && !s.signIn {
		s.log("connection given up", fmt.Errorf("%w: %.64q", errServerName, f.Server))
		s.lost(0)
		return
	}
	s.enter(proving, answerWithin)
}

// pinned reports whether the server is the one that this TV's session and
// proofs are about.
func (s *step) pinned() bool { return s.saved.Server == "" || s.saved.Server == s.line.server }

// prove delivers the proofs, before anything else where the server takes them,
// and then signs in.
func (s *step) prove() {
	joins := s.saved.member() || s.signIn
	switch {
	case s.line.stage == live && s.signIn && !s.saved.member():
		s.redial()
	case s.line.stage == enrolling && s.saved.member():
		s.redial()
	case s.line.stage == live:
		if s.deliverable() && s.now.Running >= s.line.proofsAt {
			s.sendProofs()
			s.deferProofs = s.refusals > 0 // until they are acknowledged
		}
	case s.line.stage != proving:
	case s.deliverable() && s.pinned() && !(s.deferProofs && joins):
		if s.line.proofsAt == 0 {
			s.sendProofs()
		}
	case s.saved.member():
		s.putOff()
		s.auth()
	case s.signIn && !s.erasing:
		s.putOff()
		s.enrol()
	}
}

// putOff lets the proofs wait for this once, where they were deferred.
func (s *step) putOff() {
	if s.deferProofs {
		s.deferProofs = false
		s.refusals++
		s.line.proofsAt = s.now.Running + s.proofsWait()
	}
}

// proofsWait is the time until the proofs are sent again on the same connection. A
// server that has lost what they are about refuses them for good, and each time that
// costs the connection.
func (m Model) proofsWait() time.Duration {
	return min(proofsEvery<<min(max(m.refusals-1, 0), 8), proofsSeldom)
}

func (s *step) sendProofs() {
	for _, p := range s.saved.Proofs {
		if p.Server == s.line.server {
			s.send(p.frame())
		}
	}
	s.line.proofsAt = s.now.Running + s.proofsWait()
}

// acknowledged forgets the proof or receipt with this digest.
func (s *step) acknowledged(d protocol.Digest) {
	if next, ok := s.saved.withoutProof(d); ok {
		s.saved, s.deferProofs, s.refusals = next, false, 0
		s.save()
		return
	}
	if d == s.receipt.digest && s.receipt.version > s.saved.Receipted {
		s.saved.Receipted = s.receipt.version
	}
}

// auth counts the connection in the vault before it proves who this is: a copy
// of this TV cannot do both without being noticed.
func (s *step) auth() {
	s.saved.Conn++
	s.openAsk()
	s.save()
	f := protocol.Auth{
		Device: s.saved.Device, Cap: protocol.CurrentCapability, Conn: s.saved.Conn,
		Have: s.have(), Ask: s.ask.nonce,
	}
	if s.problem == protocol.CodeUnknown || s.problem == protocol.CodeStaleEpoch {
		f.Have.State = s.saved.State // the server has lost this sign-in: only its own signed word ends it
	}
	var err error
	if f.Sig, err = s.sign(sign.AuthBytes(s.line.nonce, s.line.server, f)); err != nil {
		s.log("auth not signed", err)
		s.lost(0)
		return
	}
	s.send(f)
	s.enter(entering, answerWithin)
}

func (s *step) enrol() {
	s.saved.Conn++
	s.openAsk()
	s.save()
	c := s.config
	f := protocol.Enrol{
		PublicKey: protocol.Bytes(c.Identity.public()), Name: c.Name, Model: c.Model, Kind: c.Kind,
		Cap: protocol.CurrentCapability, Conn: s.saved.Conn, Ask: s.ask.nonce,
	}
	if s.line.cap >= protocol.EndsCapability && s.saved.Device == c.Identity.Device {
		f.Epoch = s.saved.Epoch
	}
	var err error
	if f.Sig, err = s.sign(sign.EnrolBytes(s.line.nonce, s.line.server, f)); err != nil {
		s.log("enrol not signed", err)
		s.lost(0)
		return
	}
	s.send(f)
	s.enter(enrolling, answerWithin)
}

func (s *step) sign(message []byte) ([]byte, error) {
	if s.config.Identity.Key == nil {
		return nil, errIdentity
	}
	return s.config.Identity.Key.Sign(nil, message, crypto.Hash(0))
}

func (s *step) userCode(f protocol.UserCode) {
	if s.line.stage != enrolling {
		s.outOfPlace(f)
		return
	}
	life := time.Duration(f.ExpiresIn) * time.Second
	s.line.code, s.line.codeEnds = &f, s.now.Running+life
	s.problem = 0
	s.enter(enrolling, life+codeTolerance)
}

// enrolled begins a new epoch: the first record of a session, with what it
// pins, before anything of it is shown.
func (s *step) enrolled(f protocol.Enrolled) {
	if s.line.stage != enrolling {
		s.outOfPlace(f)
		return
	}
	next, keys, err := s.session(f)
	if err != nil {
		s.log("enrolment refused", err)
		s.lost(0)
		return
	}
	s.saved, s.keys = next, keys
	s.signIn, s.profile, s.attempt = false, "", attempt{}
	s.cache, s.receipt, s.ask = cache{}, receipt{}, asking{}
	s.counting, s.shelf, s.request = counting{}, shelf{}, request{}
	s.controls = controls{known: s.controls.known, now: s.controls.now}
	s.save()
	s.alive()
}

// session returns the record of a new session, or why it cannot be.
func (s *step) session(f protocol.Enrolled) (Saved, []protocol.SigningKey, error) {
	old, id := s.saved, s.config.Identity.Device
	if f.Device != id {
		return Saved{}, nil, fmt.Errorf("for device %.64q, this is %s", f.Device, id)
	}
	if old.Device == id && f.Epoch <= old.Epoch {
		return Saved{}, nil, fmt.Errorf("epoch %d after epoch %d", f.Epoch, old.Epoch)
	}
	list, err := readKeys(f.Keys, f.Root, s.line.server)
	if err != nil {
		return Saved{}, nil, err
	}
	next := Saved{
		Device: id, Account: f.Account, Epoch: f.Epoch, Status: protocol.Active,
		Server: s.line.server, Root: bytes.Clone(f.Root),
		Clock: old.Clock, Proofs: old.Proofs, Conn: old.Conn, NextActivity: 1,
	}
	return next.withKeys(f.Keys, list), list.Keys, nil
}

// arrive notes that the server knows this session: its answer to auth.
func (s *step) arrive() {
	if s.line.stage == entering {
		s.alive()
	}
}

// alive begins the stage in which everything is exchanged.
func (s *step) alive() {
	s.line.stage, s.line.until = live, 0
	s.line.since, s.line.code = s.now.Running, nil
	s.problem = 0
	s.cache.expect(s.now.Running)
	s.playing.next = 0 // whatever plays asks anew
	if !s.active() {
		return
	}
	if s.profile != "" {
		s.send(protocol.ProfileSelected{Profile: s.profile})
	}
	s.do(WantActivity{})
}
