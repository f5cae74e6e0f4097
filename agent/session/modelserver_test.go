package session

import (
	"crypto/ed25519"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// modelServer is the smallest server that keeps the protocol's promises: one
// account, any number of devices, everything in memory.
type modelServer struct {
	*authority
	lists    keyLists
	version  protocol.Version
	lease    int64
	snapshot *protocol.Blob
	catalog  *protocol.Blob
	docs     map[protocol.Digest][]byte
	pins     int64
	lost     bool            // every sign-in, as after a restored backup
	deaf     bool            // to what a person at a TV did: as of a session that it has lost
	ends     protocol.Millis // the end date of whoever is signed in; 0: none
	rows     map[protocol.DeviceID]*row
	pending  map[protocol.DeviceID]protocol.Bytes // enrolments that wait for the owner
	proofs   map[protocol.Digest]bool
	applied  map[protocol.DeviceID]protocol.Version // by receipts
	watched  map[string]protocol.ProfileID          // activity by epoch and number
	cap      protocol.Capability
	tries    map[protocol.DeviceID]protocol.PINTry // as the device told it last, of its epoch
	others   protocol.PINCounts                    // what all other devices hold
	library  protocol.Library
	now      func() protocol.Millis
	granted  func()       // a lease was signed
	fault    func(string) // the device broke a promise
}

// row is a device as the server knows it.
type row struct {
	key    protocol.Bytes
	epoch  protocol.Epoch
	status protocol.Status
	cause  *protocol.Cause
	conn   int64
	seq    int64
	fresh  bool // enrolled, and the device has not said that it knows
}

// peer is one connection as the server sees it.
type peer struct {
	nonce  protocol.Bytes
	device protocol.DeviceID // after auth or enrolment
	out    []protocol.Frame
}

func newModelServer(lease int64) *modelServer {
	s := &modelServer{
		authority: newAuthority("tv.example.com"), lease: lease, docs: make(map[protocol.Digest][]byte),
		rows: make(map[protocol.DeviceID]*row), pending: make(map[protocol.DeviceID]protocol.Bytes),
		proofs: make(map[protocol.Digest]bool), applied: make(map[protocol.DeviceID]protocol.Version),
		watched: make(map[string]protocol.ProfileID), cap: protocol.CurrentCapability,
		tries: make(map[protocol.DeviceID]protocol.PINTry),
	}
	s.lists.newest(s.authority, s.kid)
	s.guessedElsewhere()
	s.watchedElsewhere()
	s.change(true)
	return s
}

// change is any change of the account: a new version, and a new snapshot.
func (s *modelServer) change(catalog bool) {
	s.version++
	add := func(kind string, n int) *protocol.Blob {
		blob, data := testDocument(fmt.Sprintf("%s %d", kind, s.version), n)
		s.docs[blob.Digest] = data
		return blob
	}
	s.snapshot = add("snapshot", 100)
	if catalog {
		s.catalog = add("catalog", protocol.MaxPart+10)
		s.pins++
	}
}

// guessedElsewhere is a wrong PIN at another device.
func (s *modelServer) guessedElsewhere() {
	n := len(s.others.Counts)
	s.others.Number++
	s.others.Counts = []protocol.PINTry{{Profile: "p", PIN: 1, Wrong: n + 1}}
}

// watchedElsewhere is a change of a library.
func (s *modelServer) watchedElsewhere() {
	n := s.library.Number + 1
	s.library = protocol.Library{Number: n, Profile: "p", List: []protocol.TitleID{protocol.TitleID(fmt.Sprint("t", n))}, Last: true}
}

// revoke makes a device's status stricter.
func (s *modelServer) revoke(id protocol.DeviceID, status protocol.Status) {
	r := s.rows[id]
	if r == nil || protocol.Stricter(r.status, status) == r.status {
		return
	}
	s.version++
	r.status, r.cause = status, &protocol.Cause{By: protocol.ByOwner, At: s.now()}
}

// doubt signs a device out because another may have a copy of its key.
func (s *modelServer) doubt(id protocol.DeviceID) {
	if r := s.rows[id]; r != nil && r.status == protocol.Active {
		s.revoke(id, protocol.SignedOut)
		r.cause.By = protocol.BySafety
	}
}

func (s *modelServer) connect(nonce [32]byte) *peer {
	p := &peer{nonce: nonce[:]}
	p.out = append(p.out, protocol.Hello{Nonce: p.nonce, Cap: s.cap, Server: s.name})
	return p
}

func (s *modelServer) handle(p *peer, f protocol.Frame) {
	switch f := f.(type) {
	case protocol.Enrol:
		s.enrol(p, f)
	case protocol.Auth:
		s.auth(p, f)
	case protocol.Ask:
		if r := s.rows[p.device]; r != nil {
			r.fresh = false
			s.answer(p, f.Nonce, true, s.version, s.ends)
		}
	case protocol.Have:
		if s.rows[p.device] != nil {
			p.out = append(p.out, s.lists.since(f.Keys)...)
			s.answer(p, nil, false, 0, 0)
			s.blobs(p, f)
		}
	case protocol.Receipt:
		s.receipt(p, f.JWS)
	case protocol.SignedOutHere:
		if s.deaf {
			p.out = append(p.out, protocol.Error{Code: protocol.CodeUnknown})
			return
		}
		s.signedOutHere(p, f.JWS)
	case protocol.Activity:
		s.activity(p, f)
	case protocol.PINTries:
		s.pinTries(p, f)
	case protocol.AddProfile:
		s.addProfile(p, f)
	case protocol.EditProfile:
		s.addProfile(p, protocol.AddProfile{N: f.N, Name: f.Name})
	}
}

func (s *modelServer) enrol(p *peer, f protocol.Enrol) {
	id := protocol.DeviceIDOf(ed25519.PublicKey(f.PublicKey))
	r := s.rows[id]
	switch {
	case !ed25519.Verify(ed25519.PublicKey(f.PublicKey), sign.EnrolBytes(p.nonce, s.name, f), f.Sig):
		p.out = append(p.out, protocol.Error{Code: protocol.CodeBadSignature})
	case r != nil && r.status == protocol.Stolen:
		p.out = append(p.out, protocol.Error{Code: protocol.CodeStolen})
	case r != nil && r.fresh:
		s.enrolled(p, id)
	default:
		s.pending[id] = f.PublicKey
		p.device = id
		p.out = append(p.out, protocol.UserCode{Code: "BCDFGHJK", URI: "u", ExpiresIn: 900})
	}
}

// approve is the owner's word for a waiting device.
func (s *modelServer) approve(id protocol.DeviceID, p *peer) {
	key, ok := s.pending[id]
	if !ok {
		return
	}
	delete(s.pending, id)
	epoch := protocol.Epoch(1)
	if r := s.rows[id]; r != nil {
		epoch = r.epoch + 1
	}
	s.version++
	s.rows[id] = &row{key: key, epoch: epoch, status: protocol.Active, fresh: true}
	if p != nil && p.device == id {
		s.enrolled(p, id)
	}
}

func (s *modelServer) enrolled(p *peer, id protocol.DeviceID) {
	p.device = id
	p.out = append(p.out, protocol.Enrolled{Device: id, Account: "a1", Epoch: s.rows[id].epoch, Root: public(s.root), Keys: s.lists.last.JWS})
	s.push(p)
}

// push sends the state to a connected device.
func (s *modelServer) push(p *peer) {
	if p != nil && s.rows[p.device] != nil {
		s.answer(p, nil, false, 0, 0)
		s.blobs(p, protocol.Have{})
	}
}

func (s *modelServer) auth(p *peer, f protocol.Auth) {
	r := s.rows[f.Device]
	switch {
	case p.device != "":
		return
	case r == nil || !ed25519.Verify(ed25519.PublicKey(r.key), sign.AuthBytes(p.nonce, s.name, f), f.Sig):
		s.fault("auth that does not verify")
		return
	case f.Conn <= r.conn:
		s.fault(fmt.Sprintf("connection number %d after %d", f.Conn, r.conn))
		return
	case s.lost:
		s.over(p, f)
		return
	case f.Have.Epoch != r.epoch:
		p.out = append(p.out, protocol.Error{Code: protocol.CodeStaleEpoch})
		return
	}
	p.device, r.conn, r.fresh = f.Device, f.Conn, false
	p.out = append(p.out, s.lists.since(f.Have.Keys)...)
	s.answer(p, f.Ask, true, f.Have.Version, f.Have.Ends)
	s.blobs(p, f.Have)
}

// over ends a sign-in that the server does not know, where the TV shows that it had one.
func (s *modelServer) over(p *peer, f protocol.Auth) {
	if f.Have.State != "" {
		s.doubt(f.Device) // and so takes the receipt
		c := protocol.StateClaims{
			Device: f.Device, Account: "a1", Epoch: f.Have.Epoch, Status: protocol.SignedOut, Version: f.Have.Version + 1,
			Issued: s.now(), Keys: s.lists.number, Cause: &protocol.Cause{By: protocol.BySafety, At: s.now()},
		}
		p.out = append(p.out, protocol.State{JWS: s.sign(protocol.TypState, c)})
	}
	p.out = append(p.out, protocol.Error{Code: protocol.CodeUnknown})
}

// answer sends the state, or still to a device that has it and asked.
func (s *modelServer) answer(p *peer, n protocol.Bytes, asked bool, has protocol.Version, ends protocol.Millis) {
	r := s.rows[p.device]
	if asked && r.status == protocol.Active {
		s.granted()
	}
	if asked && has == s.version && ends == s.ends {
		p.out = append(p.out, protocol.Still{JWS: s.sign(protocol.TypStill, protocol.StillClaims{
			Device: p.device, Epoch: r.epoch, Version: s.version, Issued: s.now(), Lease: s.lease, Ask: n,
		})})
		return
	}
	c := protocol.StateClaims{
		Device: p.device, Account: "a1", Epoch: r.epoch, Status: r.status, Version: s.version,
		Issued: s.now(), Lease: s.lease, Ask: n, Keys: s.lists.number, Cause: r.cause,
	}
	if r.status == protocol.Active {
		c.Snapshot, c.Catalog, c.Pins, c.Ends = s.snapshot, s.catalog, s.pins, s.ends
	}
	p.out = append(p.out, protocol.State{JWS: s.sign(protocol.TypState, c)})
}

// blobs sends what the device does not have.
func (s *modelServer) blobs(p *peer, have protocol.Have) {
	r := s.rows[p.device]
	if r.status != protocol.Active {
		return
	}
	if have.Snapshot != s.snapshot.Digest {
		p.out = append(p.out, parts(s.docs[s.snapshot.Digest])...)
	}
	if have.Catalog != s.catalog.Digest {
		p.out = append(p.out, parts(s.docs[s.catalog.Digest])...)
	}
	if s.cap >= protocol.HouseholdCapability && have.Tries != s.others.Number {
		p.out = append(p.out, s.others)
	}
	if s.cap >= protocol.HouseholdCapability && have.Library != s.library.Number {
		p.out = append(p.out, s.library)
	}
	if have.Pins != s.pins {
		p.out = append(p.out, protocol.Pins{JWS: s.sign(protocol.TypPins, protocol.PinsClaims{Device: p.device, Epoch: r.epoch, Version: s.pins})})
	}
}

// key returns the key of the device that signed a proof, which proves itself.
func (s *modelServer) key(kid string) ed25519.PublicKey {
	if r := s.rows[protocol.DeviceID(kid)]; r != nil {
		return ed25519.PublicKey(r.key)
	}
	return nil
}

func (s *modelServer) receipt(p *peer, jws string) {
	var c protocol.ReceiptClaims
	if _, err := sign.Verify(jws, protocol.TypReceipt, s.key, &c); err != nil {
		s.fault("receipt: " + err.Error())
		return
	}
	if r := s.rows[c.Device]; r.epoch == c.Epoch {
		if c.Status != protocol.Active && r.status == protocol.Active {
			s.fault("receipt for a status that was never set")
		}
		s.applied[c.Device] = max(s.applied[c.Device], c.Version)
	}
	s.prove(p, jws)
}

func (s *modelServer) signedOutHere(p *peer, jws string) {
	var c protocol.SignedOutHereClaims
	if _, err := sign.Verify(jws, protocol.TypSignedOutHere, s.key, &c); err != nil {
		s.fault("signed_out_here: " + err.Error())
		return
	}
	if r := s.rows[c.Device]; r.epoch == c.Epoch {
		r.fresh = false
		s.revoke(c.Device, c.Status)
	}
	s.prove(p, jws)
}

func (s *modelServer) prove(p *peer, jws string) {
	d := protocol.DigestOf([]byte(jws))
	s.proofs[d] = true
	p.out = append(p.out, protocol.ReceiptAck{Digest: d})
}

func (s *modelServer) pinTries(p *peer, f protocol.PINTries) {
	r := s.rows[p.device]
	switch {
	case s.cap < protocol.HouseholdCapability:
		s.fault("pin_tries to a server that does not know them")
	case r != nil && r.epoch == f.Epoch && r.status == protocol.Active:
		s.tries[p.device] = f.Tries[0]
	}
}

// addProfile answers, now and then with a refusal.
func (s *modelServer) addProfile(p *peer, f protocol.AddProfile) {
	if s.cap < protocol.HouseholdCapability {
		s.fault("a profile asked of a server that does not know how")
	}
	a := protocol.ProfileAnswer{N: f.N}
	if len(f.Name)%2 == 0 {
		a.Refusal, a.RetryAfter = protocol.ProfileWait, 60_000
	}
	p.out = append(p.out, a)
}

// activity stores each number once; the profile stands for what was watched.
func (s *modelServer) activity(p *peer, f protocol.Activity) {
	r := s.rows[p.device]
	if r == nil || r.epoch != f.Epoch {
		return
	}
	for _, it := range f.Items {
		if lists(it) && s.cap < protocol.HouseholdCapability {
			s.fault("a list told to a server that does not know them")
		}
		k := fmt.Sprintf("%s %d %d", p.device, f.Epoch, it.Seq)
		if was, ok := s.watched[k]; ok && was != it.Profile {
			s.fault("one activity number used twice")
		}
		s.watched[k] = it.Profile
		r.seq = max(r.seq, it.Seq)
	}
	p.out = append(p.out, protocol.ActivityAck{Through: r.seq})
}
