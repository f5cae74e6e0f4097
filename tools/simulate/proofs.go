package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// proven says why none of the stored proofs shows that the device ended as the
// board says, or nothing. key is the device's own, not the server's word for
// it; given are the proofs that it really sent. The check is written out here:
// what is judged shares no code with it.
func proven(proofs []device.Receipt, r device.Row, key ed25519.PublicKey, given map[string]bool) string {
	why := "there is no receipt of that sign-in"
	for _, p := range proofs {
		if p.Epoch != r.Epoch {
			continue
		}
		if why = wrong(p, r, key, given); why == "" {
			return ""
		}
	}
	return why
}

func wrong(p device.Receipt, r device.Row, key ed25519.PublicKey, given map[string]bool) string {
	part := strings.Split(p.JWS, ".")
	if len(part) != 3 {
		return "a receipt has not three parts"
	}
	var raw [3][]byte
	for i := range raw {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part[i]); err != nil {
			return fmt.Sprintf("a receipt: %v", err)
		}
	}
	if !ed25519.Verify(key, []byte(part[0]+"."+part[1]), raw[2]) {
		return "a receipt's signature does not verify by the device's key"
	}
	var head struct{ Alg, Typ, Kid string }
	var body struct {
		Device string
		Epoch  int64
		Status protocol.Status
		Erased []string
	}
	if json.Unmarshal(raw[0], &head) != nil || json.Unmarshal(raw[1], &body) != nil {
		return "a receipt is no JSON"
	}
	erased := []string{"profiles", "verifiers", "activity"}
	if body.Status != protocol.Stolen { // which keeps its session, to report where it is
		erased = append(erased, "session")
	}
	switch {
	case head.Alg != "EdDSA" || head.Kid != string(r.ID) || body.Device != string(r.ID):
		return "a receipt is of another device"
	case head.Typ != protocol.TypReceipt && head.Typ != protocol.TypSignedOutHere:
		return "a receipt is of another type"
	case body.Epoch != int64(r.Epoch):
		return "a receipt is of another sign-in"
	case ranks[body.Status] < ranks[r.Wish.Status]:
		return fmt.Sprintf("a receipt says %s, the board %s", body.Status, r.Wish.Status)
	case !given[p.JWS]:
		return "a receipt was never sent by the device"
	}
	for _, e := range erased {
		if !slices.Contains(body.Erased, e) {
			return "a receipt does not say that it erased " + e
		}
	}
	return ""
}

// watch is what the judge notes of one TV.
type watch struct {
	tv         *television
	used       time.Duration // showed profiles, awake
	heardUsed  time.Duration // of that, when the server last heard it
	heardBoots int           // its boots, then; -1 where it was off since
	blind      bool          // the database was restored, and the server has not heard it since
	proofs     map[string]bool
	granted    int                  // its boots at its newest grant; -1: not known
	base       int64                // that tells grants apart
	calm       bool                 // in contact over a network without trouble
	calmSince  time.Time            // since when
	good       map[string]time.Time // until when play grants are that it was given

	have   protocol.Have // as the TV told it last
	haveID protocol.DeviceID

	epoch   protocol.Epoch // of the newest record
	device  protocol.DeviceID
	rank    int
	version protocol.Version
	content protocol.Digest // that was looked into last
	newest  int             // number of the newest name that it showed in this sign-in
}

// heard notes that the server had a sign of life over a connection.
func (c *watch) heard(w *wire) {
	c.heardUsed = c.used
	if c.tv.on && c.tv.wire == w {
		c.heardBoots, c.blind = c.tv.boots, false
	}
}

func (c *watch) unplugged() { c.heardBoots = -1 }

// said notes what a TV says.
func (c *watch) said(t *television, f protocol.Frame) {
	var jws string
	switch f := f.(type) {
	case protocol.Auth:
		c.told(t, f.Device, f.Have)
		return
	case protocol.Have:
		c.told(t, t.model.Saved().Device, f)
		return
	case protocol.Receipt:
		jws = f.JWS
	case protocol.SignedOutHere:
		jws = f.JWS
	default:
		return
	}
	if c.proofs == nil {
		c.proofs = map[string]bool{}
	}
	c.proofs[jws] = true
}

// told holds the TV to never telling the server of less than it had.
func (c *watch) told(t *television, id protocol.DeviceID, h protocol.Have) {
	before, same := c.have, c.haveID == id
	c.haveID, c.have = id, h
	switch {
	case !same || h.Epoch > before.Epoch:
	case h.Epoch < before.Epoch || h.Version < before.Version && len(t.w.leaked) == 0 || ranks[h.Status] < ranks[before.Status]:
		t.w.fail("TV %d has sign-in %d, version %d, %s, and had %d, %d, %s", t.index, h.Epoch, h.Version, h.Status,
			before.Epoch, before.Version, before.Status)
	}
}

// begins notes the record that the agent starts from: what a pulled plug took
// was never promised to anybody.
func (c *watch) begins(s session.Saved) {
	if s.Device != c.device || s.Epoch != c.epoch {
		c.newest = 0
	}
	c.device, c.epoch, c.rank, c.version = s.Device, s.Epoch, ranks[s.Status], s.Version
	if s.Lease.Base != c.base {
		c.base, c.granted = s.Lease.Base, -1
	}
}

// contact notes whether the TV is in contact, and nothing is in the way of what it
// should be told.
func (c *watch) contact(t *television) {
	was := c.calm
	w := t.wire
	c.calm = t.on && t.cutIn == 0 && !t.full && !t.w.lossy && w != nil && !w.broken && !w.stuck && !w.spoiled && !w.peerGone &&
		w.peer.stage == live && !w.peer.n.cut
	if c.calm && !was {
		c.calmSince = t.w.now
	}
}

// record holds the TV to never going back: by its record, and by the names
// that it shows, which are numbered as they were given.
func (c *watch) record(t *television) {
	if !t.on {
		return
	}
	s := t.model.Saved()
	rank := ranks[s.Status]
	switch {
	case s.Device != c.device || s.Epoch > c.epoch:
		c.newest = 0
	case s.Epoch < c.epoch:
		t.w.fail("TV %d went back from sign-in %d to %d", t.index, c.epoch, s.Epoch)
	case rank < c.rank:
		t.w.fail("TV %d is %s and was stricter", t.index, s.Status)
	case s.Version < c.version && len(t.w.leaked) == 0: // what came by a leaked key is void
		t.w.fail("TV %d went back from version %d to %d", t.index, c.version, s.Version)
	}
	c.device, c.epoch, c.rank, c.version = s.Device, s.Epoch, rank, s.Version
	if s.Lease.Base != c.base {
		c.base, c.granted = s.Lease.Base, t.boots
	}
	if s.Snapshot == nil || s.Snapshot.Digest == c.content {
		return
	}
	data, ok := t.disk.cache[s.Snapshot.Digest]
	if !ok {
		return
	}
	c.content = s.Snapshot.Digest
	var doc struct{ Profiles []struct{ Name string } }
	if json.Unmarshal(data, &doc) != nil {
		t.w.fail("TV %d holds a snapshot that is no JSON", t.index)
	}
	newest := 0
	for _, p := range doc.Profiles {
		var n int
		if _, err := fmt.Sscanf(p.Name, "Ada %d", &n); err == nil {
			newest = max(newest, n)
		}
	}
	if newest < c.newest && !t.w.restored {
		t.w.fail("TV %d shows name %d after name %d", t.index, newest, c.newest)
	}
	c.newest = newest
}

// owns returns the TV that has, or had, a device's identity, and the key.
func (w *world) owns(id protocol.DeviceID) (*television, ed25519.PublicKey) {
	for _, t := range w.tvs {
		for i := range t.disk.identity + 1 {
			key := t.key(i).Public().(ed25519.PublicKey)
			if protocol.DeviceIDOf(key) == id {
				return t, key
			}
		}
	}
	return nil, nil
}
