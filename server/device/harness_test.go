package device

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/catalog"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

var (
	home = Meta{IP: "192.0.2.7", Place: "near Lyon", Node: "node-1"}
	fox  = account.Client{Agent: "Firefox on Linux", IP: "192.0.2.8"}
)

// fixture is the domain services on a real database.
type fixture struct {
	*Service
	profiles *profile.Service
	ctx      context.Context
	clock    *servertest.Clock
	lease    time.Duration
	titles   catalog.Live

	mu       sync.Mutex
	notices  []account.Notice
	hints    map[protocol.AccountID]int
	decided  []protocol.DeviceID
	restored []protocol.Version
	library  int64 // as Watched heard it
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{ctx: context.Background(), clock: servertest.NewClock(), hints: map[protocol.AccountID]int{}}
	db, keys, gate := servertest.DB(t), servertest.Keys(t), admit.New(admit.Config{Queue: 1000})
	f.open(t, db, keys, gate)
	if err := f.Heartbeat(f.ctx, f.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) open(t testing.TB, db *store.DB, keys *keyring.Ring, gate *admit.Gate) {
	t.Helper()
	notify := func(tx *store.Tx, n account.Notice) error {
		tx.OnCommit(func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.notices = append(f.notices, n)
		})
		return nil
	}
	changed := func(a protocol.AccountID, _ protocol.Version) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.hints[a]++
	}
	var err error
	if f.profiles, err = profile.New(profile.Config{DB: db, Keys: keys, Gate: gate, Notify: notify, Changed: changed}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.titles.Use([]byte(`{"rows":null,"titles":null}`)); err != nil {
		t.Fatal(err)
	}
	f.Service, err = New(Config{
		DB: db, Keys: keys, Profiles: f.profiles, Server: "tv.example", LinkURL: "https://tv.example/tv",
		Catalog: &f.titles, MaxDevices: 4, Notify: notify, Changed: changed,
		Watched: func(_ protocol.AccountID, number int64) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.library = number
		},
		Decided: func(id protocol.DeviceID) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.decided = append(f.decided, id)
		},
		Restored: func(_ protocol.AccountID, _ protocol.DeviceID, v protocol.Version) {
			f.restored = append(f.restored, v)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.lease = f.c.Lease
}

// heard is the newest number of a library that Watched heard.
func (f *fixture) heard() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.library
}

func (f *fixture) now() time.Time { return f.clock.Now() }

// owner makes an account with its first profiles and returns a web session.
func (f *fixture) owner(t testing.TB, email string) account.Session {
	t.Helper()
	acc := servertest.Owner(t, f.c.DB, f.now(), email)
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return profile.Household(tx, f.now(), acc, "de") })
	if err != nil {
		t.Fatal(err)
	}
	return f.browser(t, acc, email)
}

// browser begins another web session of an account.
func (f *fixture) browser(t testing.TB, acc protocol.AccountID, email string) account.Session {
	t.Helper()
	id, generation := servertest.WebSession(t, f.c.DB, f.now(), acc, fox.Agent)
	return account.Session{
		Account: acc, ID: account.SessionID(id), Generation: generation, Email: email, Language: "de",
		Created: f.now(), Proved: f.now(), Client: fox,
	}
}

func (f *fixture) notice(t testing.TB) account.Notice {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.notices) == 0 {
		t.Fatal("no notice")
	}
	return f.notices[len(f.notices)-1]
}

// television is a device as the server sees it.
type television struct {
	*fixture
	t    testing.TB
	id   protocol.DeviceID
	pub  ed25519.PublicKey
	key  ed25519.PrivateKey
	conn int64
	have protocol.Have
	sess Session
	cap  protocol.Capability // 0: 1
	last string              // JWS of the newest state
	had  protocol.Epoch      // that it says to enrol with

	name, model string // "": the usual ones
}

func (f *fixture) tv(t testing.TB) *television {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &television{fixture: f, t: t, id: protocol.DeviceIDOf(pub), pub: pub, key: key}
}

var nonce = []byte(strings.Repeat("n", 32))

func ask(letter string) []byte { return []byte(strings.Repeat(letter, 32)) }

// enrolFrame is what the TV sends on a new connection.
func (tv *television) enrolFrame() protocol.Enrol {
	tv.conn++
	f := protocol.Enrol{
		PublicKey: protocol.Bytes(tv.pub), Name: cmp.Or(tv.name, "Living room"), Model: cmp.Or(tv.model, "Lumen 55"), Kind: "tv",
		Cap: max(tv.cap, 1), Epoch: tv.had, Conn: tv.conn, Ask: ask("e"),
	}
	f.Sig = ed25519.Sign(tv.key, sign.EnrolBytes(nonce, "tv.example", f))
	return f
}

func (tv *television) authFrame() protocol.Auth {
	tv.conn++
	f := protocol.Auth{Device: tv.id, Cap: max(tv.cap, 1), Conn: tv.conn, Have: tv.have, Ask: ask("a")}
	f.Sig = ed25519.Sign(tv.key, sign.AuthBytes(nonce, "tv.example", f))
	return f
}

// shows enrols and returns the code on the TV's screen, and its frame.
func (tv *television) shows() (string, protocol.Enrol) {
	tv.t.Helper()
	frame := tv.enrolFrame()
	e, err := tv.Enrol(tv.ctx, tv.now(), frame, nonce, home)
	if err != nil || e.Code == nil {
		tv.t.Fatalf("Enrol = %+v, %v", e, err)
	}
	return e.Code.Code, frame
}

// signedIn is a new TV that the owner approved, with all that it was sent.
func (f *fixture) signedIn(t testing.TB, who account.Session) *television {
	t.Helper()
	tv := f.tv(t)
	tv.join(who)
	return tv
}

// join signs the TV in to the owner's account.
func (tv *television) join(who account.Session) {
	tv.t.Helper()
	code, frame := tv.shows()
	if _, err := tv.Approve(tv.ctx, tv.now(), who, code); err != nil {
		tv.t.Fatal(err)
	}
	e, err := tv.Enrolled(tv.ctx, tv.now(), frame, home)
	if err != nil {
		tv.t.Fatal(err)
	}
	tv.sess, tv.have = e.Session, protocol.Have{Epoch: e.Session.Epoch, Status: protocol.Active}
	tv.state(frame.Ask)
	if _, err := tv.Receipt(tv.ctx, tv.now(), tv.receipt(nil)); err != nil {
		tv.t.Fatal(err)
	}
}

// connect authenticates on a new connection and takes the state.
func (tv *television) connect() Answer {
	tv.t.Helper()
	f := tv.authFrame()
	sess, err := tv.Authenticate(tv.ctx, tv.now(), f, nonce, home)
	if err != nil {
		tv.t.Fatal(err)
	}
	tv.sess = sess
	return tv.state(f.Ask)
}

// state asks for what the TV lacks and takes it.
func (tv *television) state(ask []byte) Answer {
	tv.t.Helper()
	a, err := tv.State(tv.ctx, tv.now(), tv.sess, ask, tv.have)
	if err != nil {
		tv.t.Fatal(err)
	}
	tv.sess, tv.have = a.Session, a.Have
	for _, f := range a.Frames {
		if s, ok := f.(protocol.State); ok {
			tv.last = s.JWS
		}
	}
	return a
}

// claims returns the claims of the state among the frames.
func (tv *television) claims(a Answer) (c protocol.StateClaims, jws string) {
	tv.t.Helper()
	for _, f := range a.Frames {
		if s, ok := f.(protocol.State); ok {
			if err := tv.c.Keys.Verify(s.JWS, protocol.TypState, &c); err != nil {
				tv.t.Fatal(err)
			}
			return c, s.JWS
		}
	}
	tv.t.Fatalf("no state among %d frames", len(a.Frames))
	return c, ""
}

func (tv *television) jws(typ string, claims any) string {
	tv.t.Helper()
	jws, err := sign.Sign(typ, string(tv.id), tv.key, claims)
	if err != nil {
		tv.t.Fatal(err)
	}
	return jws
}

// receipt is the TV's word that it applied what it has.
func (tv *television) receipt(change func(*protocol.ReceiptClaims)) string {
	tv.t.Helper()
	c := protocol.ReceiptClaims{
		Device: tv.id, Account: tv.sess.Account, Epoch: tv.have.Epoch, Status: tv.have.Status, Version: tv.have.Version,
		Applied: protocol.MillisOf(tv.now()), Erased: tv.have.Status.Erases(), Dropped: 2,
		Answers: protocol.DigestOf([]byte(tv.last)),
	}
	if change != nil {
		change(&c)
	}
	return tv.jws(protocol.TypReceipt, c)
}

// row returns the TV as who's page shows it.
func (tv *television) row(who account.Session) Row {
	tv.t.Helper()
	rows, err := tv.List(tv.ctx, tv.now(), who.Account)
	if err != nil {
		tv.t.Fatal(err)
	}
	for _, r := range rows {
		if r.ID == tv.id {
			return r
		}
	}
	tv.t.Fatalf("%s is not among the account's %d devices", tv.id, len(rows))
	return Row{}
}
