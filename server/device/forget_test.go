package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// street is many households on one file, whose TVs come from addresses and places
// that name the TV.
type street struct {
	*fixture
	t    *testing.T
	path string
	tvs  []*traveller
}

// traveller is a TV that is taken about.
type traveller struct {
	*television
	who  account.Session
	word string // in each of its places
	net  string // prefix of its addresses
	seq  int64
}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{t: t, path: filepath.Join(t.TempDir(), "street.db")}
	driver, err := sqlite.Open(t.Context(), sqlite.Config{Path: s.path})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s.fixture = &fixture{ctx: context.Background(), clock: servertest.NewClock(), hints: map[protocol.AccountID]int{}}
	s.open(t, db, servertest.Keys(t), admit.New(admit.Config{Queue: 1000}))
	if err := s.Heartbeat(s.ctx, s.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	return s
}

// moveIn adds a household with a TV that was signed in at its own address, by its
// owner's browser elsewhere.
func (s *street) moveIn(n int, byPassword bool) {
	s.t.Helper()
	who := s.owner(s.t, fmt.Sprintf("owner%d@example.org", n))
	v := &traveller{television: s.tv(s.t), who: who, word: fmt.Sprintf("Zwetschgenhausen-%03d-", n), net: fmt.Sprintf("2001:db8:%x:", 0x1000+n)}
	frame := v.enrolFrame()
	e, err := s.Enrol(s.ctx, s.now(), frame, nonce, v.at(0))
	if err != nil {
		s.t.Fatal(err)
	}
	if byPassword {
		who.Client = account.Client{Agent: store.AgentTV, IP: v.at(0).IP, Place: v.at(0).Place, Kind: "tv"}
		err = s.c.DB.Update(s.ctx, func(tx *store.Tx) error { return s.BySignIn(s.now(), v.id)(tx, who) })
	} else {
		_, err = s.Approve(s.ctx, s.now(), who, e.Code.Code)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if e, err = s.Enrolled(s.ctx, s.now(), frame, v.at(0)); err != nil {
		s.t.Fatal(err)
	}
	v.sess, v.have = e.Session, protocol.Have{Epoch: e.Session.Epoch, Status: protocol.Active}
	v.state(frame.Ask)
	s.tvs = append(s.tvs, v)
}

func (v *traveller) at(n int) Meta {
	return Meta{IP: fmt.Sprintf("%s%x::7", v.net, 0x2000+n), Place: fmt.Sprint(v.word, n), Node: home.Node}
}

// travel connects from another address and watches there.
func (v *traveller) travel(n int) {
	v.t.Helper()
	f := v.authFrame()
	sess, err := v.Authenticate(v.ctx, v.now(), f, nonce, v.at(n))
	if err != nil {
		v.t.Fatal(err)
	}
	v.sess = sess
	v.state(f.Ask)
	if v.have.Status != protocol.Active {
		return
	}
	profiles, err := v.profiles.List(v.ctx, v.who.Account)
	if err != nil {
		v.t.Fatal(err)
	}
	v.seq++
	item := protocol.ActivityItem{
		Seq: v.seq, Profile: profiles[0].ID, Title: protocol.TitleID(fmt.Sprint("title-", n)), What: protocol.Started, At: protocol.MillisOf(v.now()),
	}
	if _, err := v.Activity(v.ctx, v.now(), v.sess, protocol.Activity{Epoch: v.sess.Epoch, Items: []protocol.ActivityItem{item}}); err != nil {
		v.t.Fatal(err)
	}
}

// traces counts what the files hold of each TV.
func (s *street) traces() map[*traveller]int {
	s.t.Helper()
	out := map[*traveller]int{}
	for _, file := range []string{s.path, s.path + "-wal", s.path + "-shm"} {
		data, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
		for _, v := range s.tvs {
			out[v] += bytes.Count(data, []byte(v.word)) + bytes.Count(data, []byte(v.net))
		}
	}
	return out
}

func (s *street) scrub() {
	s.t.Helper()
	if err := s.c.DB.Scrub(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}

// TestD4_DeactivationLeavesNoPlaceInTheFiles: many TVs travel, are signed in by code
// and at the TV, watch and are reported stolen, with the rows of all of them on the
// same pages; half of them are deactivated in each of the ways there are. Then no
// byte of where they were is in the database's files, and all of the others' is.
// GDPR 17.
func TestD4_DeactivationLeavesNoPlaceInTheFiles(t *testing.T) {
	s := newStreet(t)
	const households, places = 40, 12
	for n := range households {
		s.moveIn(n, n%4 < 2)
	}
	for n := range places {
		for i, v := range s.tvs {
			if n == places/2 && i%8 < 4 {
				must(t, s.ReportStolen(s.ctx, s.now(), v.who, v.id))
			}
			v.travel(n + 1)
		}
		s.clock.Advance(2 * time.Hour)
		must(t, s.Heartbeat(s.ctx, s.now(), home.Node))
	}
	for v, n := range s.traces() {
		if n < places {
			t.Fatalf("%s left %d traces before: this test looks for the wrong thing", v.word, n)
		}
	}
	for i, v := range s.tvs {
		switch {
		case i%2 == 0:
		case i%8 < 4:
			must(t, s.Finish(s.ctx, s.now(), v.who, v.id))
		case i%8 == 5:
			claims := protocol.SignedOutHereClaims{Device: v.id, Account: v.who.Account, Epoch: v.have.Epoch, Status: protocol.Deactivated, Applied: protocol.MillisOf(s.now())}
			_, err := s.SignedOutHere(s.ctx, s.now(), v.jws(protocol.TypSignedOutHere, claims))
			must(t, err)
		default:
			must(t, s.Deactivate(s.ctx, s.now(), v.who, v.id))
		}
		v.travel(places + 1) // to hear of it, from where it is now
	}
	s.scrub()
	left := s.traces()
	for i, v := range s.tvs {
		if i%2 == 1 && left[v] > 0 {
			t.Errorf("%s: %d traces are left", v.word, left[v])
		}
		if i%2 == 0 && left[v] < places {
			t.Errorf("%s, which stays: only %d traces are left", v.word, left[v])
		}
	}
}
