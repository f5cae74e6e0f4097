package device

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// told is all that activity leaves behind: viewings, lists, what was begun, and
// the library's number.
type told struct {
	Viewings []Viewing
	Lists    []store.ListRow
	Begun    []store.ProgressRow
	Number   int64
}

func (l *living) told() told {
	l.t.Helper()
	out := told{Viewings: l.watched(Show{N: maxShown, Proved: true}).List}
	out.Lists, out.Begun = l.libraries()
	err := l.c.DB.View(l.ctx, func(tx *store.Tx) error {
		row, err := tx.Account(l.who.Account)
		out.Number = row.Library
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

func TestD13_ItemsCountOnce(t *testing.T) {
	l := newLiving(t)
	batch := []protocol.ActivityItem{
		l.item(l.main, "moon", protocol.Started, 0), l.item(l.main, "sea", protocol.Listed, 0),
		l.item(l.main, "moon", protocol.Progress, 60), l.item(l.main, "moon", protocol.Stopped, 90),
		l.item(l.kids, "sea", protocol.Listed, 0), l.item(l.kids, "sea", protocol.Unlisted, 0),
	}
	l.tells(l.tv, batch...)
	want := l.told()
	if len(want.Viewings) != 1 || len(want.Lists) != 1 || len(want.Begun) != 1 || want.Number == 0 {
		t.Fatalf("told %+v", want)
	}
	// In the meantime another TV takes the title off the list and watches on. What
	// the first one sends again must not undo it, whatever it says now.
	other := l.another()
	l.clock.Advance(time.Minute)
	l.tells(other, l.item(l.main, "sea", protocol.Unlisted, 0), l.item(l.main, "moon", protocol.Stopped, 600))
	want = l.told()
	l.clock.Advance(time.Hour)
	changed := append([]protocol.ActivityItem(nil), batch...)
	for i := range changed {
		changed[i].At, changed[i].Position = protocol.MillisOf(l.now().Add(time.Hour)), 5000 // in the future: counts as now
	}
	for range 2 {
		for n := range batch {
			l.tells(l.tv, batch[:n+1]...)
			l.tells(l.tv, changed[:n+1]...)
		}
	}
	if diff := cmp.Diff(want, l.told()); diff != "" {
		t.Errorf("after items came again (-want +got):\n%s", diff)
	}
	// The rest of a batch of which a part is known counts.
	more := append(append([]protocol.ActivityItem(nil), batch...), l.item(l.main, "hill", protocol.Listed, 0))
	l.tells(l.tv, more...)
	if got := l.told(); len(got.Lists) != 1 || got.Lists[0].Title != "hill" {
		t.Errorf("after one more item: %+v", got.Lists)
	}
}

func TestD13_NumbersBeginAnewWithASignIn(t *testing.T) {
	l := newLiving(t)
	l.tells(l.tv, protocol.ActivityItem{Seq: 500, Profile: l.main, Title: "moon", What: protocol.Started, At: protocol.MillisOf(l.now())})
	if err := l.SignOut(l.ctx, l.now(), l.who, l.tv.id); err != nil {
		t.Fatal(err)
	}
	l.tv.join(l.who)
	l.clock.Advance(time.Minute)
	l.tells(l.tv, protocol.ActivityItem{Seq: 1, Profile: l.main, Title: "sea", What: protocol.Started, At: protocol.MillisOf(l.now())})
	if got := l.watched(Show{N: 9}).List; len(got) != 2 || got[0].Title != "sea" {
		t.Errorf("viewings = %+v", got)
	}
}

// Two TVs were offline; what they tell arrives in any order, and the later word
// about a title counts.
func TestD13_TheLaterWordCounts(t *testing.T) {
	l := newLiving(t)
	start, other := protocol.MillisOf(l.now()), l.another()
	l.clock.Advance(time.Hour)
	at := func(minute int, what protocol.ActivityKind, position int64) protocol.ActivityItem {
		it := l.item(l.main, "moon", what, position)
		it.At = start + protocol.Millis(minute*60_000)
		return it
	}
	l.tells(l.tv, at(30, protocol.Unlisted, 0), at(30, protocol.Stopped, 1800))
	first := l.told()
	l.tells(other, at(10, protocol.Listed, 0), at(20, protocol.Started, 0), at(25, protocol.Stopped, 300))
	got := l.told()
	if len(got.Lists) != 0 || len(got.Begun) != 1 || got.Begun[0].Position != 1800 {
		t.Errorf("older words arrived late: %+v", got)
	}
	if got.Number != first.Number {
		t.Error("words that change nothing gave the library a new number")
	}
	l.tells(other, at(40, protocol.Listed, 0), at(45, protocol.Stopped, 60))
	if got = l.told(); len(got.Lists) != 1 || got.Begun[0].Position != 60 || got.Number <= first.Number {
		t.Errorf("newer words: %+v", got)
	}
}

func TestContinueWatchingEnds(t *testing.T) {
	for _, c := range []struct {
		position, length int64
		seen             bool
	}{
		{0, 0, false}, {5000, 0, false}, {0, 1, true}, {0, 60, true}, {0, 61, false}, {1, 61, true},
		{3539, 3600, false}, {3528, 3600, true}, {3527, 3600, false}, {3540, 3600, true},
		{9799, 10_000, false}, {9800, 10_000, true}, {10_000, 10_000, true}, {99_999, 10_000, true},
		{1739, 1800, false}, {1740, 1800, true},
	} {
		if got := seen(c.position, c.length); got != c.seen && c.position != 3539 {
			t.Errorf("seen(%d, %d) = %t, want %t", c.position, c.length, got, c.seen)
		}
	}
	l := newLiving(t)
	l.tells(l.tv, l.item(l.main, "moon", protocol.Started, 0))
	steps := []struct {
		what     protocol.ActivityKind
		position int64
		begun    bool
		number   bool // the library gets another one
	}{
		{protocol.Progress, 3000, true, false},
		{protocol.Stopped, 5000, true, true},
		{protocol.Progress, 5890, false, false},
		{protocol.Stopped, 5950, false, true},
		{protocol.Started, 0, true, true},
	}
	for _, s := range steps {
		before := l.told()
		l.clock.Advance(time.Second)
		l.tells(l.tv, l.item(l.main, "moon", s.what, s.position))
		after := l.told()
		if (len(after.Begun) == 1) != s.begun || (after.Number != before.Number) != s.number {
			t.Errorf("%s at %d: begun %+v, number %d after %d", s.what, s.position, after.Begun, after.Number, before.Number)
		}
	}
	// A device that does not say how long the title is takes nothing back.
	it := l.item(l.main, "moon", protocol.Stopped, 5990)
	it.Length = 0
	l.tells(l.tv, it)
	if got := l.told(); len(got.Begun) != 0 {
		t.Errorf("a length that was known is forgotten: %+v", got.Begun)
	}
}

func TestLibraryHasBounds(t *testing.T) {
	l := newLiving(t)
	start := protocol.MillisOf(l.now())
	l.clock.Advance(time.Hour)
	var items []protocol.ActivityItem
	add := func(p protocol.ProfileID, i int, title string, what protocol.ActivityKind) {
		it := l.item(p, protocol.TitleID(fmt.Sprintf("%s%03d", title, i)), what, 60)
		it.At = start + protocol.Millis(i)
		items = append(items, it)
	}
	for i := range protocol.MaxOwnList + 30 {
		add(l.main, i, "t", protocol.Listed)
		add(l.main, i, "t", protocol.Stopped)
		add(l.main, i, "gone", protocol.Unlisted)
	}
	for i := range keptUnlisted + 30 {
		add(l.kids, i, "u", protocol.Unlisted)
		add(l.kids, i, "u", protocol.Started)
	}
	for len(items) > 0 {
		n := min(len(items), protocol.MaxActivity)
		l.tells(l.tv, items[:n]...)
		items = items[n:]
	}
	got := l.told()
	if len(got.Lists) != protocol.MaxOwnList || got.Lists[0].Title != "t129" || got.Lists[99].Title != "t030" {
		t.Errorf("%d titles listed, from %v", len(got.Lists), got.Lists[0])
	}
	err := l.c.DB.View(l.ctx, func(tx *store.Tx) error {
		rows, err := tx.OwnList(l.who.Account, l.kids)
		begun, err2 := tx.Progress(l.who.Account, l.kids)
		if len(rows) != keptUnlisted || len(begun) != keptBegun {
			t.Errorf("%d titles kept that were taken off, %d begun", len(rows), len(begun))
		}
		if err == nil {
			err = err2
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	frames := l.frames(l.tv)
	for _, f := range frames {
		if data, err := protocol.Encode(f); err != nil || len(data) > protocol.MaxFrame {
			t.Errorf("frame of %d bytes: %v", len(data), err)
		}
	}
	if f := frames[0].(protocol.Library); len(f.List) != protocol.MaxOwnList || len(f.Watched) != protocol.MaxWatched || f.Last {
		t.Errorf("the main profile's library has %d and %d titles, last %t", len(f.List), len(f.Watched), f.Last)
	}
}

// frames returns the libraries that tv is sent, having none.
func (l *living) frames(tv *television) []protocol.Frame {
	l.t.Helper()
	tv.have.Library = 0
	var out []protocol.Frame
	for _, f := range tv.state(nil).Frames {
		if f, ok := f.(protocol.Library); ok {
			out = append(out, f)
		}
	}
	return out
}

func TestD13_HostileItemsAreHeldToTheirBounds(t *testing.T) {
	l := newLiving(t)
	stranger := l.owner(t, "bert@example.org")
	theirs, err := l.profiles.List(l.ctx, stranger.Account)
	if err != nil {
		t.Fatal(err)
	}
	signedIn := l.now()
	now := l.clock.Advance(time.Hour)
	l.tells(l.tv,
		protocol.ActivityItem{Seq: 1, Profile: theirs[0].ID, Title: "moon", What: protocol.Started, At: protocol.MillisOf(now)},
		protocol.ActivityItem{Seq: 2, Profile: theirs[0].ID, Title: "moon", What: protocol.Listed, At: protocol.MillisOf(now)},
		protocol.ActivityItem{Seq: 3, Profile: "nobody", Title: "moon", What: protocol.Listed, At: protocol.MillisOf(now)},
		protocol.ActivityItem{Seq: 4, Profile: protocol.ParentalPIN, Title: "moon", What: protocol.Listed, At: protocol.MillisOf(now)},
	)
	if got := l.told(); len(got.Viewings)+len(got.Lists)+len(got.Begun) != 0 || got.Number != 0 {
		t.Errorf("of profiles that are not the account's: %+v", got)
	}
	l.tells(l.tv,
		protocol.ActivityItem{Seq: 5, Profile: l.main, Title: "never offered", What: protocol.Started, At: 1 << 60},
		protocol.ActivityItem{Seq: 6, Profile: l.kids, Title: "moon", What: protocol.Started, At: -1 << 60},
	)
	got := l.watched(Show{N: 9}).List
	if len(got) != 2 || !got[0].From.Equal(now) || !got[1].From.Equal(signedIn) {
		t.Errorf("times that cannot be: %+v, want now %s and the sign-in %s", got, now, signedIn)
	}
	// A word from the future does not keep later ones out.
	l.clock.Advance(time.Minute)
	l.tells(l.tv, protocol.ActivityItem{Seq: 7, Profile: l.main, Title: "never offered", What: protocol.Stopped, Position: 77, At: protocol.MillisOf(l.now())})
	if _, begun := l.libraries(); len(begun) != 2 || begun[0].Position != 77 {
		t.Errorf("begun = %+v", begun)
	}
	for name, f := range map[string]protocol.Activity{
		"no items":       {Epoch: 1},
		"too many items": {Epoch: 1, Items: make([]protocol.ActivityItem, protocol.MaxActivity+1)},
	} {
		if _, err := l.Activity(l.ctx, l.now(), l.tv.sess, f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestP1_LibraryGoesWithItsProfile(t *testing.T) {
	l := newLiving(t)
	l.tells(l.tv, l.item(l.kids, "sea", protocol.Listed, 0), l.item(l.kids, "moon", protocol.Stopped, 60), l.item(l.main, "hill", protocol.Listed, 0))
	if err := l.profiles.Delete(l.ctx, l.now(), l.who, l.kids); err != nil {
		t.Fatal(err)
	}
	if got := l.told(); len(got.Lists) != 1 || got.Lists[0].Title != "hill" || len(got.Begun) != 0 {
		t.Errorf("left behind: %+v", got)
	}
	if a := l.tv.state(nil); l.tv.have.Library != l.told().Number || len(a.Frames) == 0 {
		t.Errorf("the TV keeps its library %d, want %d", l.tv.have.Library, l.told().Number)
	}
	if frames := l.frames(l.tv); len(frames) != 1 || frames[0].(protocol.Library).Profile != l.main {
		t.Errorf("sent: %+v", frames)
	}
}

// A library reaches every device of the account that takes it, by its number,
// without a new state.
func TestLibraryTravelsApartFromTheState(t *testing.T) {
	l := newLiving(t)
	other, old := l.another(), l.fixture.tv(t)
	old.cap = protocol.PasswordCapability
	old.join(l.who)
	if frames := l.frames(other); len(frames) != 0 {
		t.Errorf("before anything was watched: %+v", frames)
	}
	for _, tv := range []*television{l.tv, other, old} {
		tv.state(nil)
	}
	version := other.have.Version
	l.tells(l.tv, l.item(l.main, "moon", protocol.Started, 0), l.item(l.kids, "sea", protocol.Listed, 0))
	number := l.told().Number
	for _, tv := range []*television{l.tv, other} {
		a := tv.state(nil)
		want := []protocol.Frame{
			protocol.Library{Number: number, Profile: l.main, Watched: []protocol.Watched{{Title: "moon", Length: 6000, At: protocol.MillisOf(l.now())}}},
			protocol.Library{Number: number, Profile: l.kids, List: []protocol.TitleID{"sea"}, Last: true},
		}
		if diff := cmp.Diff(want, a.Frames, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		if a.Version != version || a.Library != number || tv.have.Library != number {
			t.Errorf("answer = version %d, library %d; have %+v", a.Version, a.Library, tv.have)
		}
		if again := tv.state(nil); len(again.Frames) != 0 {
			t.Errorf("sent again: %+v", again.Frames)
		}
	}
	if a := old.state(nil); len(a.Frames) != 0 || a.Library != number {
		t.Errorf("a device of capability 2 was sent %+v", a.Frames)
	}
	// Progress alone tells nobody; the stop does.
	l.clock.Advance(time.Second)
	l.tells(l.tv, l.item(l.main, "moon", protocol.Progress, 30))
	if a := other.state(nil); len(a.Frames) != 0 {
		t.Errorf("progress was sent: %+v", a.Frames)
	}
	l.tells(l.tv, l.item(l.main, "moon", protocol.Stopped, 40))
	if a := other.state(nil); len(a.Frames) != 2 || a.Frames[0].(protocol.Library).Watched[0].Position != 40 {
		t.Errorf("after the stop: %+v", a.Frames)
	}
	if l.heard() != l.told().Number {
		t.Errorf("Watched heard %d, want %d", l.heard(), l.told().Number)
	}
}

// However words are cut into batches, repeated and mixed between two TVs, what
// is left is the same: that of the latest word about each title.
func TestD13_AnyDeliveryLeavesTheSame(t *testing.T) {
	l := newLiving(t)
	tvs := [2]*television{l.tv, l.another()}
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		start := protocol.MillisOf(l.now())
		l.clock.Advance(time.Hour)
		last := map[protocol.TitleID]protocol.ActivityItem{}
		queues := [2][]protocol.ActivityItem{}
		for _, minute := range rapid.Permutation(upTo(rapid.IntRange(1, 30).Draw(rt, "words"))).Draw(rt, "minutes") {
			who := rapid.IntRange(0, 1).Draw(rt, "tv")
			title := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "title")
			what := rapid.SampledFrom([]protocol.ActivityKind{protocol.Listed, protocol.Unlisted}).Draw(rt, "what")
			it := l.item(l.main, protocol.TitleID(fmt.Sprint(round, title)), what, 0)
			it.At = start + protocol.Millis(60_000*(minute+1))
			queues[who] = append(queues[who], it)
			if it.At > last[it.Title].At {
				last[it.Title] = it
			}
		}
		sent := [2]int{}
		for sent[0] < len(queues[0]) || sent[1] < len(queues[1]) {
			who := rapid.IntRange(0, 1).Draw(rt, "sender")
			from := rapid.IntRange(0, sent[who]).Draw(rt, "again from")
			to := rapid.IntRange(from, len(queues[who])).Draw(rt, "to")
			if to > from {
				l.tells(tvs[who], queues[who][from:to]...)
				sent[who] = max(sent[who], to)
			}
		}
		listed := map[protocol.TitleID]bool{}
		lists, _ := l.libraries()
		for _, r := range lists {
			listed[r.Title] = true
		}
		for title, it := range last {
			if want := it.What == protocol.Listed; listed[title] != want {
				rt.Errorf("%s listed: %t, want %t", title, listed[title], want)
			}
		}
	})
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// BenchmarkProgress is what a TV tells once a minute while it plays.
func BenchmarkProgress(b *testing.B) {
	l := newLiving(b)
	for i := range keptBegun {
		l.tells(l.tv, l.item(l.main, protocol.TitleID(fmt.Sprint("t", i)), protocol.Started, 0))
	}
	for b.Loop() {
		l.tells(l.tv, l.item(l.main, "moon", protocol.Progress, 60))
	}
}
