package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/hub"
	"github.com/hearthkey/hearthkey/server/hub/poller"
)

// frameTimeout bounds the work on one frame.
const frameTimeout = 6 * time.Second

// tv is one connection of a device, from hello to its end.
//
//	          enrol        approved, or the password
//	greeted ────────▶ pending ────────────▶ live ──▶ ended
//	   │                                      ▲        ▲
//	   └────────────────── auth ──────────────┘        │ from every stage
//
// Proofs (receipt, signed_out_here) are taken in every stage but ended.
type tv struct {
	t    *TVs
	conn poller.Conn
	ip   string

	asks atomic.Int32 // calls of wake that are not answered yet; beside the mutex it takes no room

	// mu orders frames, decisions of the owner and the end. It is taken before
	// the turn of the session.
	mu    sync.Mutex
	stage stage
	leave func(proved bool) // nil once called
	nonce *[32]byte         // of hello; nil in live
	hello protocol.Millis   // when that was sent
	enrol *protocol.Enrol   // in pending

	session *hub.Session // in live, else nil

	// answer is the newest, without its frames. Guarded by the session's turn.
	answer device.Answer
}

type stage uint8

const (
	greeted stage = iota
	pending
	live
	ended
)

// open greets a device.
func (t *TVs) open(c poller.Conn, ip string, leave func(bool)) poller.Handler {
	v := &tv{t: t, conn: c, ip: ip, leave: leave, nonce: new([32]byte)}
	_, _ = rand.Read(v.nonce[:]) // never fails
	now := t.cfg.Now()
	v.hello = protocol.MillisOf(now)
	c.Expire(now.Add(t.cfg.ProofTime))
	_ = hub.Send(c, protocol.Hello{
		Nonce: v.nonce[:], Time: protocol.MillisOf(now), Cap: protocol.CurrentCapability, Server: t.cfg.Server,
	})
	return v
}

// Frame implements [poller.Handler].
func (v *tv) Frame(data []byte) {
	v.guarded(func(ctx context.Context) error {
		f, err := protocol.DecodeUp(data)
		if err != nil {
			return err
		}
		return v.take(ctx, f)
	})
}

// Closed implements [poller.Handler].
func (v *tv) Closed(cause error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, expected := Explain(cause); cause != nil && expected && v.stage != ended {
		v.fail(cause)
	}
	if v.stage == pending {
		v.t.stopWaiting(protocol.DeviceIDOf(v.enrolKey()), v)
	}
	v.stage = ended
	v.left(false)
	if v.session != nil {
		v.unrelay()
		v.t.cfg.Hub.Remove(v.session)
	}
}

// guarded runs f in turn with all else of this connection. Where f fails or
// panics the device is told why and the connection ends.
func (v *tv) guarded(f func(context.Context) error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stage == ended {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), frameTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			v.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	if err := f(ctx); err != nil && !errors.Is(err, hub.ErrGone) {
		v.fail(err)
	}
}

// fail ends the connection with the reason that [Explain] gives.
func (v *tv) fail(err error) {
	e, expected := Explain(err)
	code, ref := e.Code, ""
	if code == 0 {
		expected, code = false, protocol.CodeInternal
	}
	if !expected {
		ref = reference()
		v.t.cfg.Log.Error("device connection failed", "ref", ref, "ip", v.ip, "device", v.device(), "error", err)
	} else {
		v.t.cfg.Log.Info("device refused", "code", int(code), "ip", v.ip, "device", v.device(), "error", err)
	}
	wait := e.RetryAfter
	if code == protocol.CodeInternal {
		wait = 5 * time.Second
	}
	if v.t.cfg.Refused != nil {
		v.t.cfg.Refused(code)
	}
	hub.Fail(v.conn, code, delay(wait), ref)
	if v.stage == pending {
		v.t.stopWaiting(protocol.DeviceIDOf(v.enrolKey()), v)
	}
	v.stage = ended
}

func (v *tv) device() protocol.DeviceID {
	switch {
	case v.session != nil:
		return v.session.Device
	case v.enrol != nil:
		return protocol.DeviceIDOf(v.enrolKey())
	}
	return ""
}

func (v *tv) enrolKey() []byte {
	if v.enrol == nil {
		return nil
	}
	return v.enrol.PublicKey
}

// left frees the connection's place among the unproved.
func (v *tv) left(proved bool) {
	if v.leave != nil {
		v.leave(proved)
		v.leave = nil
	}
}

func (v *tv) meta() device.Meta {
	return device.Meta{IP: v.ip, Place: v.place(), Node: v.t.cfg.Node, Greeted: v.hello.Time()}
}

// place is where the connection comes from, approximately; empty: not known.
func (v *tv) place() string {
	if place := v.t.cfg.Origins.Place; place != nil {
		return place(parseAddr(v.ip))
	}
	return ""
}

// reference is a short random name that joins an answer and a log line.
func reference() string { return strings.ToLower(rand.Text()[:8]) }
