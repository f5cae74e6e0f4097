package device

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// living is a household that watches: an owner, two profiles and a TV that is
// signed in and takes libraries.
type living struct {
	*fixture
	t    testing.TB
	who  account.Session
	main protocol.ProfileID
	kids protocol.ProfileID
	tv   *television
	seq  int64
}

func newLiving(t testing.TB) *living {
	t.Helper()
	f := newFixture(t)
	l := &living{fixture: f, t: t, who: f.owner(t, "anna@example.org")}
	all, err := f.profiles.List(f.ctx, l.who.Account)
	if err != nil {
		t.Fatal(err)
	}
	l.main, l.kids = all[0].ID, all[1].ID
	l.tv = l.another()
	return l
}

// another signs a further TV in that takes libraries.
func (l *living) another() *television {
	l.t.Helper()
	tv := l.fixture.tv(l.t)
	tv.cap = protocol.HouseholdCapability
	tv.join(l.who)
	return tv
}

// item is a TV's next word, the time now. All TVs count together.
func (l *living) item(p protocol.ProfileID, title protocol.TitleID, what protocol.ActivityKind, position int64) protocol.ActivityItem {
	l.seq++
	return protocol.ActivityItem{
		Seq: l.seq, Profile: p, Title: title, What: what, At: protocol.MillisOf(l.now()), Position: position, Length: 6000,
	}
}

// tells sends items from tv.
func (l *living) tells(tv *television, items ...protocol.ActivityItem) {
	l.t.Helper()
	through, err := l.Activity(l.ctx, l.now(), tv.sess, protocol.Activity{Epoch: tv.sess.Epoch, Items: items})
	if err != nil || through != items[len(items)-1].Seq {
		l.t.Fatalf("Activity = %d, %v", through, err)
	}
}

// watches has p watch a title for so long.
func (l *living) watches(tv *television, p protocol.ProfileID, title protocol.TitleID, lasting time.Duration) {
	l.t.Helper()
	l.tells(tv, l.item(p, title, protocol.Started, 0))
	for left := lasting; left > 0; left -= time.Minute {
		l.clock.Advance(min(left, time.Minute))
		l.tells(tv, l.item(p, title, protocol.Progress, int64((lasting-left)/time.Second)))
	}
	l.tells(tv, l.item(p, title, protocol.Stopped, int64(lasting/time.Second)))
}

func (l *living) watched(show Show) Viewings {
	l.t.Helper()
	show.N = max(show.N, 1)
	out, err := l.Watched(l.ctx, l.who.Account, show)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

func (l *living) streamed(show Show) Sittings {
	l.t.Helper()
	out, err := l.Streamed(l.ctx, l.who.Account, show)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// deleted is a profile that watched a title and is gone since.
func (l *living) deleted() protocol.ProfileID {
	l.t.Helper()
	p, err := l.profiles.Create(l.ctx, l.now(), l.who, profile.Edit{Name: "Guest", Avatar: "fox", Level: parental.All})
	if err != nil {
		l.t.Fatal(err)
	}
	l.watches(l.tv, p.ID, "hill", time.Minute)
	if err := l.profiles.Delete(l.ctx, l.now(), l.who, p.ID); err != nil {
		l.t.Fatal(err)
	}
	return p.ID
}

func (l *living) libraries() (lists []store.ListRow, begun []store.ProgressRow) {
	l.t.Helper()
	err := l.c.DB.View(l.ctx, func(tx *store.Tx) (err error) {
		lists, begun, err = tx.Libraries(l.who.Account)
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return lists, begun
}
