package operator

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

// second makes an admin who may approve at once.
func (o *office) second(name string) Operator {
	o.t.Helper()
	token, err := First(o.ctx, o.db, o.c.Audit, o.c.Rand, o.clock.Now(), name, Admin)
	o.must(err)
	by, err := o.Authenticate(o.ctx, o.clock.Now(), token, "127.0.0.1")
	o.must(err)
	return by
}

// crowd makes accounts, each with a browser signed in.
func (o *office) crowd(n int) (out []protocol.AccountID) {
	o.t.Helper()
	for i := range n {
		id := servertest.Owner(o.t, o.db, o.clock.Now(), fmt.Sprintf("owner%d@example.org", i))
		servertest.WebSession(o.t, o.db, o.clock.Now(), id, "Firefox on Linux")
		out = append(out, id)
	}
	return out
}

// generations counts accounts by their generation.
func (o *office) generations(ids []protocol.AccountID) map[int64]int {
	o.t.Helper()
	out := map[int64]int{}
	o.must(o.db.View(o.ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			acc, err := tx.Account(id)
			if err != nil {
				return err
			}
			out[acc.Generation]++
		}
		return nil
	}))
	return out
}

// run calls Sweep on fake time until it is over, and returns how long it took.
func (o *office) run(s *Service) time.Duration {
	o.t.Helper()
	begun := o.clock.Now()
	for range 10_000 {
		wait, err := s.Sweep(o.ctx, o.clock.Now())
		o.must(err)
		if o.newest().State != SweepRunning {
			return o.clock.Now().Sub(begun)
		}
		o.clock.Advance(wait)
	}
	o.t.Fatal("it does not end")
	return 0
}

func (o *office) newest() Sweep {
	o.t.Helper()
	list, err := o.Sweeps(o.ctx, o.clock.Now())
	o.must(err)
	return list[0]
}

func (o *office) ask(pace int) Sweep {
	o.t.Helper()
	s, err := o.AskSweep(o.ctx, o.clock.Now(), o.olga, "keys stolen", pace, true)
	o.must(err)
	return s
}

// O3: it takes two, within the hour, and neither may be made for the occasion.
func TestO3_EveryoneNeedsASecondOperator(t *testing.T) {
	o := newOffice(t)
	ids := o.crowd(3)
	bob := o.second("bob")
	eve, _ := o.add("eve", Admin)
	approve := func(by Operator, id, reason string) error {
		_, err := o.ApproveSweep(o.ctx, o.clock.Now(), by, id, reason)
		return err
	}
	for _, pace := range []int{-1, 1001} {
		_, err := o.AskSweep(o.ctx, o.clock.Now(), o.olga, "x", pace, true)
		want(t, fmt.Sprint("pace ", pace), err, ErrPace)
	}
	_, err := o.AskSweep(o.ctx, o.clock.Now(), o.olga, " ", 0, true)
	want(t, "no reason", err, ErrReason)
	s := o.ask(0)
	_, err = o.AskSweep(o.ctx, o.clock.Now(), bob, "me too", 0, true)
	want(t, "a second one", err, ErrSweepOpen)
	want(t, "by oneself", approve(o.olga, s.ID, "sure"), ErrSecond)
	want(t, "by one made for it", approve(eve, s.ID, "sure"), ErrTooNew)
	want(t, "without a reason", approve(bob, s.ID, ""), ErrReason)
	want(t, "another id", approve(bob, "0190a5f0-0000-7000-8000-000000000000", "sure"), ErrNoSweep)
	o.clock.Advance(time.Hour)
	want(t, "after the hour", approve(bob, s.ID, "sure"), ErrNoSweep)
	if got := o.newest().State; got != SweepVoid {
		t.Errorf("after the hour it is %s", got)
	}
	s = o.ask(0)
	o.must(o.Disable(o.ctx, o.clock.Now(), bob, "olga", "left"))
	want(t, "asked for by one who left", approve(bob, s.ID, "sure"), ErrNoSweep)
	o.must(o.CancelSweep(o.ctx, o.clock.Now(), bob, s.ID, "olga left"))
	want(t, "cancelled twice", o.CancelSweep(o.ctx, o.clock.Now(), bob, s.ID, "again"), ErrNoSweep)
	if wait, err := o.Sweep(o.ctx, o.clock.Now()); err != nil || wait != sweepIdle {
		t.Errorf("Sweep = %s, %v", wait, err)
	}
	if g := o.generations(ids); g[1] != 3 {
		t.Errorf("generations = %v: somebody was signed out", g)
	}
}

// O3: each account gets exactly one generation, at the pace, with the reason in
// its timeline and a notice where something was signed in.
func TestO3_EveryoneIsSignedOutOnceAtThePace(t *testing.T) {
	o := newOffice(t)
	ids := o.crowd(205)
	idle := servertest.Owner(t, o.db, o.clock.Now(), "idle@example.org")
	s := o.ask(50)
	_, err := o.ApproveSweep(o.ctx, o.clock.Now(), o.second("bob"), s.ID, "incident 7")
	o.must(err)
	o.clock.Advance(time.Millisecond)
	later := servertest.Owner(t, o.db, o.clock.Now(), "later@example.org")
	took := o.run(o.Service)
	if want := 206 * time.Second / 50; took < want-time.Second/5 || took > want+time.Second {
		t.Errorf("it took %s, want about %s", took, want)
	}
	if g := o.generations(append(ids, idle)); g[2] != 206 {
		t.Errorf("generations = %v", g)
	}
	if g := o.generations([]protocol.AccountID{later}); g[1] != 1 {
		t.Error("one who came later was signed out")
	}
	if got := o.newest(); got.State != SweepDone || got.Done != 206 || got.Failed != 0 || got.Total != 206 || got.ApprovedBy != "bob" {
		t.Errorf("%+v", got)
	}
	if got := o.events(ids[7]); len(got) != 1 || got[0] != "signed_out_everywhere " {
		t.Errorf("timeline = %q", got)
	}
	told := 0
	for _, n := range o.notices {
		if n.Kind == account.NoticeSupportSignOut && n.Detail == "keys stolen" && n.Account != idle {
			told++
		}
	}
	if told != 205 || len(o.notices) != 205 {
		t.Errorf("%d notices of %d", told, len(o.notices))
	}
	if e := o.last(); e.Act != ActSweepAsk || e.Outcome != "finished: 206 signed out, 0 left out; approved by bob" {
		t.Errorf("log = %+v", e)
	}
}

// O3: several nodes share one sweep, also where they begin the same batch.
func TestO3_EveryoneRunsOnceAcrossNodes(t *testing.T) {
	o := newOffice(t)
	ids := o.crowd(120)
	s := o.ask(1000)
	_, err := o.ApproveSweep(o.ctx, o.clock.Now(), o.second("bob"), s.ID, "incident 7")
	o.must(err)
	var nodes sync.WaitGroup
	for range 4 {
		node, err := New(o.c)
		o.must(err)
		nodes.Go(func() {
			for range 1000 {
				if _, err := node.Sweep(o.ctx, o.clock.Advance(20*time.Millisecond)); err != nil {
					t.Errorf("Sweep = %v", err)
				}
			}
		})
	}
	nodes.Wait()
	if got := o.newest(); got.State != SweepDone || got.Done != 120 {
		t.Errorf("%+v", got)
	}
	if g := o.generations(ids); g[2] != 120 {
		t.Errorf("generations = %v", g)
	}
}

// O3: what was done stays done and is not done again, whether it was stopped by
// an operator or by a crash.
func TestO3_EveryoneGoesOnAndStops(t *testing.T) {
	o := newOffice(t)
	ids := o.crowd(60)
	s := o.ask(50)
	bob := o.second("bob")
	_, err := o.ApproveSweep(o.ctx, o.clock.Now(), bob, s.ID, "incident 7")
	o.must(err)
	for range 3 {
		wait, err := o.Sweep(o.ctx, o.clock.Now())
		o.must(err)
		o.clock.Advance(wait)
	}
	after, err := New(o.c) // the process after a crash
	o.must(err)
	for range 2 {
		wait, err := after.Sweep(o.ctx, o.clock.Now())
		o.must(err)
		o.clock.Advance(wait)
	}
	if got := o.newest(); got.Done != 25 || got.State != SweepRunning || got.Left != 700*time.Millisecond {
		t.Errorf("%+v", got)
	}
	o.must(after.CancelSweep(o.ctx, o.clock.Now(), o.olga, s.ID, "false alarm"))
	for range 5 {
		_, err := after.Sweep(o.ctx, o.clock.Advance(time.Second))
		o.must(err)
	}
	if g := o.generations(ids); g[2] != 25 || g[1] != 35 {
		t.Errorf("generations = %v", g)
	}
	if got := o.newest(); got.State != SweepCancelled || got.EndedBy != "olga" {
		t.Errorf("%+v", got)
	}
}

// failing is accounts of which one cannot be signed out.
type failing struct {
	Accounts
	which protocol.AccountID
}

func (f failing) SignOutInSweep(tx *store.Tx, now time.Time, id protocol.AccountID, by, reason string, tell bool) error {
	if id == f.which {
		return errors.New("its language has no words")
	}
	return f.Accounts.SignOutInSweep(tx, now, id, by, reason, tell)
}

// O3: one account that fails keeps no other from being signed out.
func TestO3_EveryoneLeavesOutWhatFails(t *testing.T) {
	o := newOffice(t)
	ids := o.crowd(23)
	o.c.Accounts = failing{o.c.Accounts, ids[11]}
	s := o.ask(100)
	_, err := o.ApproveSweep(o.ctx, o.clock.Now(), o.second("bob"), s.ID, "incident 7")
	o.must(err)
	o.run(o.Service)
	if got := o.newest(); got.State != SweepDone || got.Done != 22 || got.Failed != 1 {
		t.Errorf("%+v", got)
	}
	if g := o.generations(ids); g[2] != 22 || g[1] != 1 {
		t.Errorf("generations = %v", g)
	}
}

// O3: notices wait for the outbox, so that access codes are not behind them.
func TestO3_EveryoneWaitsForTheOutbox(t *testing.T) {
	o := newOffice(t)
	ids := o.crowd(3)
	o.must(o.db.Update(o.ctx, func(tx *store.Tx) error {
		for i := range maxBacklog {
			r := store.OutboxRow{ID: fmt.Sprint(i), Account: ids[0], Channel: "mail", Created: o.clock.Now(), Next: o.clock.Now(), GiveUp: o.clock.Now().Add(time.Hour)}
			if err := tx.InsertOutbox(r); err != nil {
				return err
			}
		}
		return nil
	}))
	s := o.ask(100)
	_, err := o.ApproveSweep(o.ctx, o.clock.Now(), o.second("bob"), s.ID, "incident 7")
	o.must(err)
	wait, err := o.Sweep(o.ctx, o.clock.Advance(2*time.Second))
	if g := o.generations(ids); err != nil || wait != sweepRetry || g[1] != 3 {
		t.Errorf("Sweep = %s, %v; generations %v", wait, err, g)
	}
	o.must(o.db.Update(o.ctx, func(tx *store.Tx) error { return tx.DeleteOutbox(ids[0]) }))
	o.run(o.Service)
	if g := o.generations(ids); g[2] != 3 {
		t.Errorf("generations = %v", g)
	}
}
