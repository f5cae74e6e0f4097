package device

import (
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// several are TVs of one account.
func several(t *testing.T, f *fixture, who account.Session) (tvs []*television) {
	for i := range 4 { // as many as an account may have here
		tv := f.tv(t)
		tv.name = fmt.Sprint("TV ", i)
		tv.join(who)
		tvs = append(tvs, tv)
	}
	return tvs
}

// together asks for all of them at once, and gives each what it is sent.
func together(tvs []*television) (replies []Reply, keep func() error) {
	asked := make([]Question, len(tvs))
	for i, tv := range tvs {
		asked[i] = Question{Session: tv.sess, Have: tv.have}
	}
	f := tvs[0].fixture
	replies, later := f.States(f.ctx, f.now(), asked)
	for i, r := range replies {
		if r.Err == nil {
			tvs[i].have = r.Have
		}
		for _, frame := range r.Frames {
			if s, ok := frame.(protocol.State); ok {
				tvs[i].last = s.JWS
			}
		}
	}
	return replies, func() error { return later(f.ctx) }
}

// Devices of an account that are asked for together are told what each is told alone; one
// that is not known any more, or signed in anew, spoils nothing for the others.
func TestStatesAreThoseOfEach(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tvs := several(t, f, who)
	if err := f.SignOut(f.ctx, f.now(), who, tvs[3].id); err != nil {
		t.Fatal(err)
	}
	tvs[1].sess.Epoch--
	tvs[2].sess.Device = "d-nobody"
	replies, keep := together(tvs)
	if err := keep(); err != nil {
		t.Fatal(err)
	}
	for i, r := range replies {
		switch i {
		case 1:
			if r.Err == nil {
				t.Error("a state for an earlier sign-in")
			}
		case 2:
			if r.Err == nil {
				t.Error("a state for an unknown device")
			}
		default:
			want := protocol.Active
			if i == 3 {
				want = protocol.SignedOut
			}
			if r.Err != nil || r.Status != want || r.Session.Device != tvs[i].id {
				t.Errorf("TV %d: %s of %s, %v, want %s", i, r.Status, r.Session.Device, r.Err, want)
			}
			if c, _ := tvs[i].claims(r.Answer); c.Device != tvs[i].id || c.Status != want {
				t.Errorf("TV %d is told of %s, %s", i, c.Device, c.Status)
			}
		}
	}
	replies, _ = together(tvs[:1])
	for i, r := range replies {
		if r.Err != nil || len(r.Frames) != 0 {
			t.Errorf("TV %d, which has it all, is told %d frames more, %v", i, len(r.Frames), r.Err)
		}
	}
}

// An order that was sent before it was stored is known by its receipt: at once, after the
// process ended in between, and after the account has changed and another was stored.
func TestOrderIsKnownBeforeItIsStored(t *testing.T) {
	for name, between := range map[string]func(*testing.T, *fixture, account.Session, []*television){
		"at once": func(*testing.T, *fixture, account.Session, []*television) {},
		"sent again": func(t *testing.T, f *fixture, _ account.Session, tvs []*television) {
			f.clock.Advance(time.Minute)
			before := tvs[0].last
			tvs[0].have = protocol.Have{Epoch: 1, Status: protocol.Active}
			if tvs[0].state(nil); tvs[0].last != before {
				t.Error("another order for the same sign-out")
			}
		},
		"changed since": func(t *testing.T, f *fixture, _ account.Session, tvs []*television) {
			f.clock.Advance(time.Minute)
			acc := tvs[0].sess.Account
			err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return f.bump(tx, f.now(), acc) })
			if err != nil {
				t.Fatal(err)
			}
			last, have := tvs[0].last, tvs[0].have
			tvs[0].have = protocol.Have{Epoch: 1, Status: protocol.Active}
			if tvs[0].state(nil); tvs[0].last == last {
				t.Error("the order of another version is the same")
			}
			tvs[0].last, tvs[0].have = last, have // it believes the first
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			who := f.owner(t, "anna@example.org")
			tvs := []*television{f.signedIn(t, who), f.signedIn(t, who)}
			who, err := f.SignOutEverywhere(f.ctx, f.clock.Advance(time.Second), who)
			if err != nil {
				t.Fatal(err)
			}
			together(tvs) // and nothing is stored
			between(t, f, who, tvs)
			if _, err := f.Receipt(f.ctx, f.now(), tvs[0].receipt(nil)); err != nil {
				t.Fatalf("Receipt = %v", err)
			}
			list, err := f.Receipts(f.ctx, who.Account, tvs[0].id)
			if err != nil || list[0].State != tvs[0].last {
				t.Errorf("the order that the receipt answers is not kept: %v", err)
			}
			if w := tvs[0].row(who).Wish; w.Confirmed.IsZero() {
				t.Error("not confirmed")
			}
		})
	}
}

// What a device says that it answers, and never was sent, is no order.
func TestNoOrderIsMadeUp(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.state(nil)
	jws := tv.receipt(func(c *protocol.ReceiptClaims) { c.Answers = protocol.DigestOf([]byte("made up")) })
	if _, err := f.Receipt(f.ctx, f.now(), jws); err == nil {
		t.Error("taken")
	}
}
