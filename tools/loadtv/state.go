package loadtv

import (
	"bytes"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// take deals with one frame of the server. granted says that it answers the
// open ask.
func (t *tv) take(f protocol.Frame) (granted bool, err error) {
	switch f := f.(type) {
	case protocol.State:
		return t.takeState(f)
	case protocol.Still:
		var c protocol.StillClaims
		if _, err := sign.Verify(f.JWS, protocol.TypStill, t.signer, &c); err != nil {
			return false, fmt.Errorf("still: %w", err)
		}
		return bytes.Equal(c.Ask, t.ask), nil
	case protocol.Part:
		t.takePart(f)
	case protocol.Pins:
		var c protocol.PinsClaims
		if _, err := sign.Verify(f.JWS, protocol.TypPins, t.signer, &c); err != nil {
			return false, fmt.Errorf("pins: %w", err)
		}
		t.have.Pins = c.Version
	case protocol.ReceiptAck:
		return false, t.acked(f)
	}
	return false, t.prove()
}

// takeState verifies a state and keeps it where it is newer.
func (t *tv) takeState(f protocol.State) (granted bool, err error) {
	at := time.Now()
	var c protocol.StateClaims
	if _, err := sign.Verify(f.JWS, protocol.TypState, t.signer, &c); err != nil {
		return false, fmt.Errorf("state: %w", err)
	}
	if c.Device != t.id || c.Epoch != t.have.Epoch {
		return false, fmt.Errorf("state of device %s, epoch %d", c.Device, c.Epoch)
	}
	if c.Version < t.have.Version {
		return false, nil
	}
	t.state = c
	t.have.Version, t.have.Status = c.Version, c.Status
	t.newest.Store(int64(c.Version))
	select {
	case t.host.news <- heard{t, c.Version, at}:
	default: // nobody waits
	}
	if c.Status != protocol.Active {
		t.ended.told = at
		return false, t.sendReceipt(f.JWS, protocol.ErasedProfiles, protocol.ErasedVerifiers, protocol.ErasedActivity, protocol.ErasedSession)
	}
	t.jws = f.JWS
	return bytes.Equal(c.Ask, t.ask), t.prove()
}

// takePart counts the bytes of a document: simulated TVs do not keep them.
func (t *tv) takePart(f protocol.Part) {
	if t.parts == nil {
		t.parts = map[protocol.Digest]int{}
	}
	if t.parts[f.Digest] += len(f.Data); t.parts[f.Digest] < f.Total {
		return
	}
	if s := t.state.Snapshot; s != nil && s.Digest == f.Digest {
		t.have.Snapshot = f.Digest
	}
	if s := t.state.Catalog; s != nil && s.Digest == f.Digest {
		t.have.Catalog = f.Digest
	}
	delete(t.parts, f.Digest)
}

// complete reports whether the TV holds all that the newest state names.
func (t *tv) complete() bool {
	holds := func(want *protocol.Blob, have protocol.Digest) bool { return want == nil || want.Digest == have }
	return t.have.Version == 0 ||
		holds(t.state.Snapshot, t.have.Snapshot) && holds(t.state.Catalog, t.have.Catalog) && t.state.Pins == t.have.Pins
}

// prove sends the receipt for an active state once all of it is held.
func (t *tv) prove() error {
	if t.state.Status != protocol.Active || t.proved >= t.state.Version || t.receipt != "" || !t.complete() {
		return nil
	}
	return t.sendReceipt(t.jws)
}

func (t *tv) sendReceipt(state string, erased ...protocol.Erased) error {
	jws, err := sign.Sign(protocol.TypReceipt, string(t.id), t.key, protocol.ReceiptClaims{
		Device: t.id, Account: t.state.Account, Epoch: t.state.Epoch, Status: t.state.Status, Version: t.state.Version,
		Applied: protocol.MillisOf(time.Now()), Erased: erased, Answers: protocol.DigestOf([]byte(state)),
	})
	if err != nil {
		return err
	}
	t.receipt = protocol.DigestOf([]byte(jws))
	t.proved = t.state.Version
	return t.send(protocol.Receipt{JWS: jws})
}

func (t *tv) acked(f protocol.ReceiptAck) error {
	if f.Digest != t.receipt {
		return nil // of an earlier one
	}
	t.receipt = ""
	if t.state.Status != protocol.Active {
		t.ended.acked = time.Now()
		return nil
	}
	return t.prove()
}
