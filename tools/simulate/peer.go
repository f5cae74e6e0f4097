package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
)

// proofTime is how long a connection may stay without having proved anything.
const proofTime = 20 * time.Second

type stage uint8

const (
	greeted stage = iota
	pending
	live
	ended
)

// peer is one connection as its node sees it: what package api does with the
// frames of a TV.
type peer struct {
	n       *node
	wire    *wire
	stage   stage
	nonce   []byte
	greeted time.Time
	expires time.Time // zero: never
	enrol   *protocol.Enrol
	session device.Session
	answer  device.Answer

	wanted, sent protocol.Version
	pushDue      bool
	pushFailed   bool // the next poll tries again
	keysDue      bool // what is to be pushed is a key list
	askDue       bool
	granted      time.Time
	heard        time.Time
}

func (n *node) accept(w *wire) {
	p := &peer{n: n, wire: w, nonce: n.w.bytes(), greeted: n.w.now, expires: n.w.now.Add(proofTime), heard: n.w.now}
	w.peer = p
	n.peers = append(n.peers, p)
	p.send(protocol.Hello{
		Nonce: p.nonce, Time: protocol.MillisOf(n.w.now), Cap: protocol.CurrentCapability, Server: serverName,
	})
}

func (p *peer) send(frames ...protocol.Frame) {
	for _, f := range frames {
		data, err := protocol.Encode(f)
		if err != nil {
			p.n.w.fail("server sends %s: %v", f.Type(), err)
			return
		}
		if !p.wire.broken && !p.wire.tvGone {
			p.wire.down = append(p.wire.down, packet{frame: data})
		}
	}
}

// fail tells the device why the connection ends, and ends it.
func (p *peer) fail(code protocol.Code) {
	if p.stage == ended {
		return
	}
	p.send(protocol.Error{Code: code})
	if !p.wire.broken && !p.wire.tvGone {
		p.wire.down = append(p.wire.down, packet{ends: true, code: code})
	}
	p.closed()
}

// closed is the end of the connection as the server sees it.
func (p *peer) closed() {
	if p.stage == ended {
		return
	}
	if p.stage == live {
		p.n.left = append(p.n.left, device.Gone{Session: p.session, LastGrant: p.granted, LastContact: p.heard})
		if p.n.w.n(3) > 0 { // else a moment later: a crash loses it
			p.n.flush()
		}
	}
	p.stage = ended
	p.wire.peerGone, p.wire.up = true, nil
	p.n.peers = slices.DeleteFunc(p.n.peers, func(o *peer) bool { return o == p })
}

// take deals with one packet of the device.
func (p *peer) take(m packet) {
	if p.stage == ended {
		return
	}
	p.n.catchUp()
	if due(p.expires, p.n.w.now) || m.ends {
		p.closed()
		return
	}
	p.hears()
	f, err := protocol.DecodeUp(m.frame)
	if err == nil {
		p.n.w.trace("%s takes %s", p.n.name, f.Type())
		err = p.frame(f)
	}
	p.failed(err)
}

// hears is a sign of life.
func (p *peer) hears() {
	p.heard = p.n.w.now
	p.wire.tv.watch.heard(p.wire)
}

func (p *peer) failed(err error) {
	if err == nil {
		return
	}
	e, expected := api.Explain(err)
	if !expected {
		p.n.w.fail("server: %v", err)
	}
	p.n.w.trace("%s: %v", p.n.name, err)
	if errors.Is(err, device.ErrClone) && p.wire == p.wire.tv.wire {
		p.n.w.fail("a TV is taken for a clone of itself")
	}
	p.fail(e.Code)
}

func (p *peer) frame(f protocol.Frame) error {
	n, ctx, now := p.n, context.Background(), p.n.w.now
	if ask, ok := f.(protocol.Ask); ok && p.stage == live {
		return p.grant(ask.Nonce)
	}
	if n.cut {
		return errCut
	}
	switch f := f.(type) {
	case protocol.Receipt:
		d, err := n.devices.Receipt(ctx, now, f.JWS)
		return p.acknowledge(d, err)
	case protocol.SignedOutHere:
		d, err := n.devices.SignedOutHere(ctx, now, f.JWS)
		return p.acknowledge(d, err)
	case protocol.Enrol:
		if p.stage == live {
			break
		}
		return p.takeEnrol(f)
	case protocol.Auth:
		if p.stage != greeted {
			break
		}
		sess, err := n.devices.Authenticate(ctx, now, f, p.nonce, p.meta())
		if errors.Is(err, device.ErrUnknown) || errors.Is(err, device.ErrStaleEpoch) {
			return p.over(f, err)
		}
		if err != nil {
			return err
		}
		return p.begin(sess, f.Ask, f.Have)
	case protocol.Have:
		if p.stage != live {
			break
		}
		p.answer.Have = f
		return p.read(nil)
	case protocol.SignIn, protocol.EnterCode:
		if p.stage != pending {
			break
		}
		return p.takeTyped(f)
	case protocol.Play:
		if p.stage != live {
			break
		}
		return p.takePlay(f)
	case protocol.PlayEnd:
		if p.stage != live {
			break
		}
		return n.grants.End(ctx, p.tv(), f.N)
	default:
		return nil
	}
	p.fail(protocol.CodeOutOfOrder)
	return nil
}

// over tells a device that its sign-in is lost, where it shows that it had one.
func (p *peer) over(f protocol.Auth, why error) error {
	if p.n.w.bug == silentLosses {
		return why
	}
	frames, err := p.n.devices.Over(context.Background(), p.n.w.now, f)
	p.send(frames...)
	return errors.Join(why, err)
}

func (p *peer) meta() device.Meta {
	return device.Meta{IP: p.wire.ip, Place: "near Lyon", Node: p.n.name, Greeted: p.greeted}
}

func (p *peer) acknowledge(d protocol.Digest, err error) error {
	if err == nil {
		p.n.w.dirty = true
		p.send(protocol.ReceiptAck{Digest: d})
	}
	return err
}

func (p *peer) takeEnrol(f protocol.Enrol) error {
	e, err := p.n.devices.Enrol(context.Background(), p.n.w.now, f, p.nonce, p.meta())
	if err != nil {
		return err
	}
	p.enrol = &f
	if e.Enrolled != nil {
		return p.enrolled(e)
	}
	p.stage, p.askDue = pending, true
	p.expires = p.n.w.now.Add(time.Duration(e.Code.ExpiresIn)*time.Second + proofTime)
	p.send(*e.Code)
	return nil
}

// decided asks what became of the device's request.
func (p *peer) decided() {
	p.askDue = false
	if p.stage != pending || p.n.cut {
		return
	}
	e, err := p.n.devices.Enrolled(context.Background(), p.n.w.now, *p.enrol, p.meta())
	if errors.Is(err, device.ErrPending) {
		return
	}
	if err == nil {
		err = p.enrolled(e)
	}
	p.failed(err)
}

func (p *peer) enrolled(e device.Enrolment) error {
	p.send(*e.Enrolled)
	return p.begin(e.Session, p.enrol.Ask, protocol.Have{Epoch: e.Session.Epoch, Status: protocol.Active})
}

// begin makes the connection the device's own and answers its ask. It is known
// before the truth is read, so that no change falls in between.
func (p *peer) begin(sess device.Session, ask []byte, have protocol.Have) error {
	p.session, p.stage, p.expires = sess, live, time.Time{}
	p.n.w.judge.hears(signIn{sess.Device, sess.Epoch}, p.wire.ip)
	p.answer = device.Answer{Session: sess, Have: have}
	p.n.w.dirty = true
	if !p.n.add(p) {
		p.fail(protocol.CodeReplaced)
		return nil
	}
	return p.read(ask)
}

// read brings the device up to date, by the database. A node that is out of
// touch grants nothing.
func (p *peer) read(ask []byte) error {
	if p.n.cut || len(ask) > 0 && !p.n.fresh() {
		return errCut
	}
	a, err := p.n.devices.State(context.Background(), p.n.w.now, p.answer.Session, ask, p.answer.Have)
	if err != nil {
		return err
	}
	frames := a.Frames
	a.Frames = nil
	p.answer, p.sent, p.session.Epoch = a, a.Version, a.Session.Epoch
	if a.Granted {
		p.granted = p.n.w.now
	}
	p.n.w.dirty, p.keysDue = true, false
	p.send(frames...)
	return nil
}

// grant answers an ask, without the database where the node may.
func (p *peer) grant(ask []byte) error {
	careless := p.n.w.bug == carelessGrants
	if p.answer.Status != protocol.Active || p.answer.Over(p.n.w.now) || p.n.devices.Lacks(p.answer) || (!p.n.fresh() || p.wanted > p.sent) && !careless {
		return p.read(ask)
	}
	still, err := p.n.devices.Still(p.n.w.now, p.answer, ask)
	if err != nil {
		return err
	}
	p.granted = p.n.w.now
	p.send(still)
	return nil
}

// push brings the device to what was nudged. Where the node does not reach the
// database, the next poll has it tried again.
func (p *peer) push() {
	p.pushDue = false
	if p.stage != live || p.sent >= p.wanted && !p.keysDue {
		return
	}
	if p.n.cut {
		p.pushFailed = true
		return
	}
	p.failed(p.read(nil))
}
