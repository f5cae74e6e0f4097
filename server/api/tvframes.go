package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/hub"
)

// take deals with one frame.
func (v *tv) take(ctx context.Context, f protocol.Frame) error {
	switch f := f.(type) {
	case protocol.Receipt:
		return v.takeProof(ctx, f.JWS, v.t.cfg.Devices.Receipt)
	case protocol.SignedOutHere:
		return v.takeProof(ctx, f.JWS, v.t.cfg.Devices.SignedOutHere)
	case protocol.Unknown:
		return nil // of a newer agent
	}
	if v.stage == live {
		return v.takeLive(ctx, f)
	}
	switch f := f.(type) {
	case protocol.Enrol:
		return v.takeEnrol(ctx, f)
	case protocol.Auth:
		return v.takeAuth(ctx, f)
	case protocol.SignIn, protocol.SendCode, protocol.EnterCode:
		return v.takeTyped(ctx, f)
	}
	return errOutOfOrder
}

// takeProof stores a proof and acknowledges it.
func (v *tv) takeProof(ctx context.Context, jws string, store func(context.Context, time.Time, string) (protocol.Digest, error)) error {
	done, err := v.checking(ctx)
	if err != nil {
		return err
	}
	digest, err := store(ctx, v.t.cfg.Now(), jws)
	done()
	if err != nil {
		return err
	}
	return hub.Send(v.conn, protocol.ReceiptAck{Digest: digest})
}

// checking waits for one of the places at which signatures are checked.
func (v *tv) checking(ctx context.Context) (done func(), err error) {
	select {
	case v.t.proofs <- struct{}{}:
		return func() { <-v.t.proofs }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// takeEnrol answers with a user code, or with the enrolment where the owner has
// approved before.
func (v *tv) takeEnrol(ctx context.Context, f protocol.Enrol) error {
	if f.Cap < v.t.cfg.MinCap {
		return errTooOld
	}
	done, err := v.checking(ctx)
	if err != nil {
		return err
	}
	now := v.t.cfg.Now()
	e, err := v.t.cfg.Devices.Enrol(ctx, now, f, v.nonce[:], v.meta())
	done()
	if err != nil {
		return err
	}
	if v.stage == pending { // it asked again, maybe by another key
		v.t.stopWaiting(protocol.DeviceIDOf(v.enrolKey()), v)
	}
	v.enrol = &f
	if e.Enrolled != nil {
		return v.enrolled(ctx, e)
	}
	v.stage = pending
	v.t.wait(protocol.DeviceIDOf([]byte(f.PublicKey)), v)
	v.conn.Expire(now.Add(time.Duration(e.Code.ExpiresIn)*time.Second + v.t.cfg.ProofTime))
	if err := hub.Send(v.conn, *e.Code); err != nil {
		return err
	}
	v.wake() // the owner may have been quicker than this connection
	return nil
}

// wake has the connection ask what became of its request. It does not block;
// calls while it asks are answered together.
func (v *tv) wake() {
	if v.asks.Add(1) > 1 {
		return
	}
	v.t.start(func() {
		for {
			n := v.asks.Load()
			v.guarded(v.decided)
			if v.asks.Add(-n) == 0 {
				return
			}
		}
	})
}

func (v *tv) decided(ctx context.Context) error {
	if v.stage != pending {
		return nil
	}
	done, err := v.checking(ctx)
	if err != nil {
		return nil // asked again soon
	}
	e, err := v.t.cfg.Devices.Enrolled(ctx, v.t.cfg.Now(), *v.enrol, v.meta())
	done()
	if errors.Is(err, device.ErrPending) {
		return nil
	}
	if err != nil {
		return err
	}
	return v.enrolled(ctx, e)
}

// enrolled tells the device that it was approved, and all that it may know.
func (v *tv) enrolled(ctx context.Context, e device.Enrolment) error {
	v.t.stopWaiting(protocol.DeviceIDOf(v.enrolKey()), v)
	if err := hub.Send(v.conn, *e.Enrolled); err != nil {
		return err
	}
	ask := v.enrol.Ask
	v.enrol = nil
	return v.begin(ctx, e.Session, ask, e.Have)
}

func (v *tv) takeAuth(ctx context.Context, f protocol.Auth) error {
	if f.Cap < v.t.cfg.MinCap {
		return errTooOld
	}
	if v.stage != greeted {
		return errOutOfOrder
	}
	done, err := v.checking(ctx)
	if err != nil {
		return err
	}
	defer done() // all of a handshake's work is in that place: it bounds what a storm of them takes
	sess, err := v.t.cfg.Devices.Authenticate(ctx, v.t.cfg.Now(), f, v.nonce[:], v.meta())
	switch {
	case errors.Is(err, device.ErrClone):
		return errors.Join(err, v.tellClone(ctx, sess, f.Have))
	case errors.Is(err, device.ErrUnknown), errors.Is(err, device.ErrStaleEpoch):
		return errors.Join(err, v.tellOver(ctx, f))
	case err != nil:
		return err
	}
	return v.begin(ctx, sess, f.Ask, f.Have)
}

// tellOver sends a device whose sign-in is lost the state that ends it, where it
// has shown that it had one.
func (v *tv) tellOver(ctx context.Context, f protocol.Auth) error {
	frames, err := v.t.cfg.Devices.Over(ctx, v.t.cfg.Now(), f)
	if err != nil {
		return err
	}
	return hub.Send(v.conn, frames...)
}

// tellClone sends a device that shares its identity the state that locks it.
func (v *tv) tellClone(ctx context.Context, sess device.Session, have protocol.Have) error {
	a, err := v.t.cfg.Devices.State(ctx, v.t.cfg.Now(), sess, nil, have)
	if err != nil {
		return err
	}
	return hub.Send(v.conn, a.Frames...)
}

// begin makes the connection the device's own and answers its ask. It is known
// to the hub before the truth is read, so that no change falls in between.
func (v *tv) begin(ctx context.Context, sess device.Session, ask []byte, have protocol.Have) error {
	v.stage, v.nonce = live, nil
	v.left(true)
	v.conn.Expire(time.Time{})
	v.answer = device.Answer{Session: sess, Have: have}
	v.session = &hub.Session{
		Account: sess.Account, Device: sess.Device, Epoch: sess.Epoch, Number: sess.Conn, Conn: v.conn, Truth: v,
		Library: sess.Cap >= protocol.HouseholdCapability, Relays: sess.Cap >= protocol.RemotesCapability,
	}
	if err := v.t.cfg.Hub.Add(v.session); err != nil {
		return err
	}
	return v.session.Do(ctx, func(ctx context.Context) ([]protocol.Frame, error) {
		return v.read(ctx, v.session, ask)
	})
}

func (v *tv) takeLive(ctx context.Context, f protocol.Frame) error {
	switch f := f.(type) {
	case protocol.Ask:
		return v.session.Do(ctx, func(ctx context.Context) ([]protocol.Frame, error) {
			return v.grant(ctx, f.Nonce)
		})
	case protocol.Have:
		return v.session.Do(ctx, func(ctx context.Context) ([]protocol.Frame, error) {
			v.answer.Have = f
			return v.read(ctx, v.session, nil)
		})
	case protocol.Activity:
		return v.takeActivity(ctx, f)
	case protocol.ProfileSelected:
		now, sess := v.t.cfg.Now(), v.current()
		if err := v.t.words.take(sess.Device, 1, now); err != nil {
			return err
		}
		return v.t.cfg.Devices.ProfileSelected(ctx, now, sess, f.Profile)
	case protocol.Play, protocol.PlayEnd:
		return v.takePlay(ctx, f)
	case protocol.Remotes, protocol.RelayState:
		return v.takeRemotes(ctx, f)
	}
	return v.takeHousehold(ctx, f)
}

// takeActivity stores what was watched and acknowledges it.
func (v *tv) takeActivity(ctx context.Context, f protocol.Activity) error {
	now, sess := v.t.cfg.Now(), v.current()
	if err := v.t.told.take(sess.Device, len(f.Items), now); err != nil {
		return err
	}
	through, err := v.t.cfg.Devices.Activity(ctx, now, sess, f)
	if err != nil {
		return err
	}
	return hub.Send(v.conn, protocol.ActivityAck{Through: through})
}

// current returns the device's session as it was last read.
func (v *tv) current() (sess device.Session) {
	_ = v.session.Do(context.Background(), func(context.Context) ([]protocol.Frame, error) {
		sess = v.answer.Session
		return nil, nil
	})
	return sess
}

// Desired implements [hub.Truth]: one read for all. A device that belongs elsewhere by
// now is sent away: nothing will ever be true of its connection again.
func (v *tv) Desired(ctx context.Context, sessions []*hub.Session) ([]hub.Told, func()) {
	now := v.t.cfg.Now()
	asked := make([]device.Question, len(sessions))
	for i, s := range sessions {
		a := s.Truth.(*tv).answer // every Truth of this hub is a tv
		asked[i] = device.Question{Session: a.Session, Have: a.Have}
	}
	replies, keep := v.t.cfg.Devices.States(ctx, now, asked)
	told := make([]hub.Told, len(sessions))
	for i, s := range sessions {
		told[i].Frames, told[i].Err = s.Truth.(*tv).desired(now, s, replies[i])
	}
	return told, func() {
		if err := keep(ctx); err != nil { // whoever misses them signs them again
			v.t.cfg.Log.WarnContext(ctx, "orders not stored", "error", err)
		}
	}
}

func (v *tv) desired(now time.Time, s *hub.Session, r device.Reply) ([]protocol.Frame, error) {
	if errors.Is(r.Err, device.ErrUnknown) || errors.Is(r.Err, device.ErrStaleEpoch) {
		e, _ := Explain(r.Err)
		hub.Fail(v.conn, e.Code, 0, "")
		return nil, fmt.Errorf("%w: %w", hub.ErrGone, r.Err)
	}
	if r.Err != nil {
		return nil, r.Err
	}
	return v.answered(now, s, r.Answer), nil
}

// grant answers an ask: without the database where this node may.
func (v *tv) grant(ctx context.Context, ask []byte) ([]protocol.Frame, error) {
	now := v.t.cfg.Now()
	if v.answer.Status != protocol.Active || v.answer.Over(now) || !v.t.cfg.Hub.Current(v.session) || v.t.cfg.Devices.Lacks(v.answer) {
		return v.read(ctx, v.session, ask)
	}
	still, err := v.t.cfg.Devices.Still(now, v.answer, ask)
	if err != nil {
		return nil, err
	}
	v.granted(v.session, now)
	return []protocol.Frame{still}, nil
}

// read asks the database what should be true. The turn is held. A node that is
// out of touch grants nothing: see [hub.Hub.Fresh].
func (v *tv) read(ctx context.Context, s *hub.Session, ask []byte) ([]protocol.Frame, error) {
	now := v.t.cfg.Now()
	if len(ask) > 0 && !v.t.cfg.Hub.Fresh() {
		return nil, errOutOfTouch
	}
	a, err := v.t.cfg.Devices.State(ctx, now, v.answer.Session, ask, v.answer.Have)
	if err != nil {
		return nil, err
	}
	return v.answered(now, s, a), nil
}

// answered takes the newest answer, and returns its frames. The turn is held.
func (v *tv) answered(now time.Time, s *hub.Session, a device.Answer) []protocol.Frame {
	frames, before := a.Frames, v.answer.Status
	a.Frames = nil
	v.answer = a
	s.Sent, s.Epoch, s.Edition = hub.Numbers{Version: a.Version, Library: a.Library}, a.Session.Epoch, a.Edition
	if a.Granted {
		v.granted(s, now)
	}
	if a.Status != protocol.Active && before == protocol.Active {
		v.unrelay()
	}
	if ends(a.Status) && !ends(before) {
		v.conn.Expire(now.Add(v.t.cfg.EndedTime)) // time enough for its receipt
	}
	return frames
}

// ends reports whether a device of this status has nothing more to hear. A
// stolen one stays connected: it reports where it is.
func ends(s protocol.Status) bool {
	return s == protocol.SignedOut || s == protocol.Deactivated
}

// granted notes a lease that is on its way. The turn is held.
func (v *tv) granted(s *hub.Session, now time.Time) {
	s.Granted = now
	if v.t.cfg.Granted != nil {
		v.t.cfg.Granted()
	}
}
