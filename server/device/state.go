package device

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// State returns what the device lacks of the truth, given what it has. With an
// ask (32 bytes) the answer holds a grant; without one it is a push. A have
// with a State newer than the database (a restored backup) is taken over. An order
// among the frames is stored. Errors: ErrUnknown, ErrStaleEpoch, ErrProof.
func (s *Service) State(ctx context.Context, now time.Time, sess Session, ask []byte, have protocol.Have) (Answer, error) {
	replies, keep := s.States(ctx, now, []Question{{sess, ask, have}})
	if r := replies[0]; r.Err != nil {
		return Answer{}, r.Err
	}
	return replies[0].Answer, keep(ctx)
}

// Question is what one device has, and what it asks for: see [Service.State].
type Question struct {
	Session Session
	Ask     []byte // empty: it is a push
	Have    protocol.Have
}

// Reply is the answer to a [Question], or the error of [Service.State].
type Reply struct {
	Answer
	Err error
}

// States is State for devices of one account, in one read of the database. Orders
// among the frames are not stored yet: the caller sends the frames and calls keep.
func (s *Service) States(ctx context.Context, now time.Time, asked []Question) (replies []Reply, keep func(context.Context) error) {
	replies = make([]Reply, len(asked))
	truths := make([]truth, len(asked))
	for i := range asked {
		replies[i].Err = s.takeOverIn(ctx, now, &asked[i])
	}
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := rowsOf(tx, asked)
		for i := 0; i < len(asked) && err == nil; i++ {
			if replies[i].Err == nil {
				truths[i], replies[i].Err = s.read(tx, now, rows, asked[i])
			}
		}
		return err
	})
	sideBySide(len(asked), func(i int) {
		r, q := &replies[i], asked[i]
		switch {
		case err != nil:
			r.Err = fmt.Errorf("read state: %w", err)
		case r.Err != nil:
			r.Err = fmt.Errorf("read state: %w", r.Err)
		default:
			if r.Answer, r.Err = s.answer(now, q.Session, q.Ask, q.Have, &truths[i]); r.Err != nil {
				r.Err = fmt.Errorf("sign state: %w", r.Err)
			}
		}
	})
	return replies, func(ctx context.Context) error { return s.keepOrders(ctx, truths) }
}

// takeOverIn takes over a state that the device shows, and puts what was found in its
// place.
func (s *Service) takeOverIn(ctx context.Context, now time.Time, q *Question) (err error) {
	if q.Have.State == "" {
		return nil
	}
	if q.Session, err = s.takeOver(ctx, now, q.Session, q.Have.State); err != nil {
		return fmt.Errorf("take over state: %w", err)
	}
	q.Have.State = ""
	return nil
}

// fewSigned is how many answers are signed one after another.
const fewSigned = 4

// sideBySide calls f for 0 to n-1: on all processors where there are many.
func sideBySide(n int, f func(int)) {
	workers := 1
	if n > fewSigned {
		workers = min(runtime.GOMAXPROCS(0), n)
	}
	var done sync.WaitGroup
	for w := 1; w < workers; w++ {
		done.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	for i := 0; i < n; i += workers {
		f(i)
	}
	done.Wait()
}

// truth is what one moment of the database says of a device.
type truth struct {
	row      store.DeviceRow
	status   protocol.Status
	cause    protocol.Cause
	snapshot []byte
	digest   protocol.Digest
	pins     []protocol.PinMaterial // only where the device has another version
	titles   document
	orders   []store.OrderRow // earlier ones, of a device that is to stop
	order    *store.OrderRow  // to be stored; nil: there is none, or it is stored
	more     []protocol.Frame // wrong tries elsewhere, libraries and wishes about remotes, as pins
	wishes   int64            // number of the wishes among them; 0: there are none
}

// document is one edition of the catalogue.
type document struct {
	data    []byte
	blob    *protocol.Blob // nil: there is none
	edition int32
}

func (s *Service) titles() (d document) {
	if s.c.Catalog == nil {
		return d
	}
	data, blob, edition := s.c.Catalog.Document()
	d.edition = edition
	if len(data) > 0 {
		d.data, d.blob = data, &blob
	}
	return d
}

func (s *Service) read(tx *store.Tx, now time.Time, rows *rows, q Question) (t truth, err error) {
	sess, have := q.Session, q.Have
	if t.row, err = rows.current(sess); err != nil {
		return t, err
	}
	t.titles = s.titles()
	t.status, t.cause = effective(now, t.row)
	if t.status != protocol.Active {
		t.orders, err = rows.ordersOf(t.row)
		return t, err
	}
	owner := t.row.Owner
	of := profile.Owner{Email: owner.Email, Language: owner.Language, Version: owner.Version}
	if t.snapshot, t.digest, err = s.c.Profiles.SnapshotIn(tx, sess.Account, of); err != nil {
		return t, err
	}
	if have.Pins != owner.PinsVersion {
		if t.pins, err = s.c.Profiles.PinsIn(tx, sess.Account); err != nil {
			return t, err
		}
	}
	if t.more, err = s.household(tx, now, sess, have, owner.Tries, owner.Library); err != nil {
		return t, err
	}
	wishes, number, err := s.remoteWishes(tx, now, t.row, sess, have)
	t.more, t.wishes = append(t.more, wishes...), number
	return t, err
}

// answer puts the frames together: keys, so that the rest can be verified;
// state or still; pins; parts.
func (s *Service) answer(now time.Time, sess Session, ask []byte, have protocol.Have, t *truth) (Answer, error) {
	lists, number, edition := s.c.Keys.Since(have.Keys)
	next := protocol.Have{
		Epoch: sess.Epoch, Version: t.row.Owner.Version, Status: t.status, Snapshot: t.digest, Pins: have.Pins, Keys: number,
		Tries: have.Tries, Library: have.Library, Wishes: max(have.Wishes, t.wishes),
	}
	if t.status == protocol.Active && t.titles.blob != nil {
		next.Catalog = t.titles.blob.Digest
	}
	if t.status == protocol.Active && sess.Cap >= protocol.RemotesCapability && !t.row.Ends.IsZero() {
		next.Ends = protocol.MillisOf(t.row.Ends)
	}
	a := Answer{
		Session: sess, Version: next.Version, Library: t.row.Owner.Library, Edition: t.titles.edition + edition,
		Status: t.status, ends: endSecond(t.row.Ends),
	}
	a.Granted = t.status == protocol.Active && len(ask) > 0 && !a.Over(now)
	if t.status == protocol.Active && !a.Granted {
		ask = nil // in the last second before the end date there is nothing to grant
	}
	if have.Keys > number && s.c.Ahead != nil {
		s.c.Ahead(sess.Device, have.Keys)
	}
	for _, jws := range lists {
		a.Frames = append(a.Frames, protocol.Keys{JWS: jws})
	}
	same := have.Epoch == next.Epoch && have.Version == next.Version && have.Status == next.Status &&
		have.Snapshot == next.Snapshot && have.Catalog == next.Catalog && have.Ends == next.Ends
	switch {
	case !same && t.status != protocol.Active, len(ask) > 0 && t.status == protocol.Stolen: // it stays, without a grant
		f, err := s.order(now, t, next)
		if err != nil {
			return Answer{}, err
		}
		a.Frames = append(a.Frames, f)
	case !same:
		f, err := s.sign(now, ask, *t, next)
		if err != nil {
			return Answer{}, err
		}
		a.Frames = append(a.Frames, f)
	case a.Granted:
		f, err := s.still(now, sess, next.Version, a.ends, ask)
		if err != nil {
			return Answer{}, err
		}
		a.Frames = append(a.Frames, f)
	}
	if t.status == protocol.Active {
		if err := s.addDocuments(&a, have, &next, *t); err != nil {
			return Answer{}, err
		}
	}
	a.Have = next
	return a, nil
}

// sign returns the state that says t of an active device.
func (s *Service) sign(now time.Time, ask []byte, t truth, next protocol.Have) (protocol.State, error) {
	c := protocol.StateClaims{
		Device: t.row.ID, Account: t.row.Account, Epoch: t.row.Epoch, Status: t.status, Version: next.Version,
		Issued: protocol.MillisOf(now), Ask: ask, Pins: t.row.Owner.PinsVersion, Keys: next.Keys,
		Lease: s.leaseAt(now, endSecond(t.row.Ends)), Snapshot: &protocol.Blob{Digest: t.digest, Size: len(t.snapshot)}, Catalog: t.titles.blob,
	}
	if !t.row.Ends.IsZero() {
		c.Ends = protocol.MillisOf(t.row.Ends)
	}
	jws, err := s.c.Keys.Sign(protocol.TypState, c)
	return protocol.State{JWS: jws}, err
}

// addDocuments adds the PIN material and the parts that the device lacks.
func (s *Service) addDocuments(a *Answer, have protocol.Have, next *protocol.Have, t truth) error {
	if version := t.row.Owner.PinsVersion; have.Pins != version {
		jws, err := s.c.Keys.Sign(protocol.TypPins, protocol.PinsClaims{
			Device: t.row.ID, Epoch: t.row.Epoch, Version: version, Pins: t.pins,
		})
		if err != nil {
			return err
		}
		a.Frames = append(a.Frames, protocol.Pins{JWS: jws})
		next.Pins = version
	}
	if have.Snapshot != t.digest {
		a.Frames = append(a.Frames, parts(t.digest, t.snapshot)...)
	}
	if blob := t.titles.blob; blob != nil && have.Catalog != blob.Digest {
		a.Frames = append(a.Frames, parts(blob.Digest, t.titles.data)...)
	}
	a.Frames = append(a.Frames, t.more...)
	for _, f := range t.more {
		switch f := f.(type) {
		case protocol.PINCounts:
			next.Tries = f.Number
		case protocol.Library:
			next.Library = f.Number
		}
	}
	return nil
}

// parts cuts a document into frames.
func parts(d protocol.Digest, data []byte) []protocol.Frame {
	var out []protocol.Frame
	for at := 0; at < len(data); at += protocol.MaxPart {
		end := min(at+protocol.MaxPart, len(data))
		out = append(out, protocol.Part{Digest: d, Offset: at, Total: len(data), Data: data[at:end]})
	}
	return out
}

// Lacks reports whether there is a key list that the device was not sent with a:
// then it may not know the key that signs a [Service.Still].
func (s *Service) Lacks(a Answer) bool { return a.Have.Keys < s.c.Keys.Number() }

// Still signs a grant without a database read. The caller allows it only while
// its node's last successful look at the database began less than 10 s ago,
// and a is the device's newest answer, active, with nothing newer known and
// nothing that it [Service.Lacks].
func (s *Service) Still(now time.Time, a Answer, ask []byte) (protocol.Still, error) {
	if a.Over(now) {
		return protocol.Still{}, fmt.Errorf("grant: %w: at its end date", ErrProof)
	}
	if a.Status != protocol.Active {
		return protocol.Still{}, fmt.Errorf("grant: %w: the device is %s", ErrProof, a.Status)
	}
	return s.still(now, a.Session, a.Version, a.ends, ask)
}

func (s *Service) still(now time.Time, sess Session, v protocol.Version, ends uint32, ask []byte) (protocol.Still, error) {
	jws, err := s.c.Keys.Sign(protocol.TypStill, protocol.StillClaims{
		Device: sess.Device, Epoch: sess.Epoch, Version: v, Issued: protocol.MillisOf(now),
		Lease: s.leaseAt(now, ends), Ask: ask,
	})
	return protocol.Still{JWS: jws}, err
}
