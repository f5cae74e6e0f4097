package device

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestD6_ItemsBecomeViewings(t *testing.T) {
	l := newLiving(t)
	other := l.another()
	began := l.now()
	l.watches(l.tv, l.main, "moon", 50*time.Minute)
	l.tells(other, protocol.ActivityItem{Seq: 1, Profile: l.kids, Title: "sea", What: protocol.Started, At: protocol.MillisOf(l.now())})
	l.watches(l.tv, l.main, "moon", 10*time.Minute) // again: another viewing
	l.watches(l.tv, l.main, "sea", 0)
	l.watches(l.tv, l.kids, "sea", time.Minute)
	at := func(minute int) time.Time { return began.Add(time.Duration(minute) * time.Minute) }
	want := []Viewing{
		{Device: l.tv.id, Name: "Living room", Profile: l.kids, Title: "sea", From: at(60), To: at(61), Position: 60, Length: 6000},
		{Device: l.tv.id, Name: "Living room", Profile: l.main, Title: "sea", From: at(60), To: at(60), Length: 6000},
		{Device: l.tv.id, Name: "Living room", Profile: l.main, Title: "moon", From: at(50), To: at(60), Position: 600, Length: 6000},
		{Device: other.id, Name: "Living room", Profile: l.kids, Title: "sea", From: at(50), To: at(50)},
		{Device: l.tv.id, Name: "Living room", Profile: l.main, Title: "moon", From: at(0), To: at(50), Position: 3000, Length: 6000},
	}
	byTime := func(list []Viewing) []Viewing { // two viewings began at the same moment on two devices
		out := append([]Viewing(nil), list...)
		for i := range out[1:] {
			if out[i].From.Equal(out[i+1].From) && out[i].Device == other.id {
				out[i], out[i+1] = out[i+1], out[i]
			}
		}
		return out
	}
	if diff := cmp.Diff(want, byTime(l.watched(Show{N: 50}).List)); diff != "" {
		t.Errorf("viewings (-want +got):\n%s", diff)
	}
	if got := l.watched(Show{N: 50, Profile: l.kids}).List; len(got) != 2 || got[0].Profile != l.kids || got[1].Profile != l.kids {
		t.Errorf("of the kids' profile: %+v", got)
	}
	if got := l.watched(Show{N: 50, Device: other.id}).List; len(got) != 1 || got[0].Device != other.id {
		t.Errorf("of the other TV: %+v", got)
	}
	if got := l.watched(Show{N: 50, Profile: "nobody"}).List; len(got) != 0 {
		t.Errorf("of nobody: %+v", got)
	}
	viewed, err := l.ViewedSince(l.ctx, l.who.Account, at(55))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[protocol.ProfileID]Viewed{l.main: {1, 0}, l.kids: {1, time.Minute}}, viewed); diff != "" {
		t.Errorf("viewed (-want +got):\n%s", diff)
	}
}

func TestD6_ViewingsBeginAnew(t *testing.T) {
	l := newLiving(t)
	l.watches(l.tv, l.main, "moon", time.Minute)
	for _, c := range []struct {
		name  string
		pause time.Duration
		what  protocol.ActivityKind
		anew  bool
	}{
		{"goes on", time.Hour, protocol.Progress, false},
		{"the longest pause", longestPause, protocol.Progress, false},
		{"a longer pause", longestPause + time.Millisecond, protocol.Progress, true},
		{"a start", 0, protocol.Started, true},
		{"stopped late", time.Minute, protocol.Stopped, false},
	} {
		before := len(l.watched(Show{N: 50}).List)
		l.clock.Advance(c.pause)
		l.tells(l.tv, l.item(l.main, "moon", c.what, 90))
		if got := len(l.watched(Show{N: 50}).List) - before; (got == 1) != c.anew {
			t.Errorf("%s: %d more viewings, want one more: %t", c.name, got, c.anew)
		}
	}
}

func TestD6_SittingsTellPlacesAndNoTitles(t *testing.T) {
	l := newLiving(t)
	began := l.now()
	l.watches(l.tv, l.main, "moon", 30*time.Minute)
	l.watches(l.tv, l.main, "sea", 30*time.Minute) // the same sitting
	l.watches(l.tv, l.kids, "sea", time.Minute)    // somebody else
	l.clock.Advance(sittingPause + time.Second)
	later := l.now()
	l.watches(l.tv, l.kids, "sea", time.Minute)
	got := l.streamed(Show{N: 50})
	sitting := func(p protocol.ProfileID, from, to time.Time) Sitting {
		return Sitting{Device: l.tv.id, Name: "Living room", Profile: p, From: from, To: to, IP: home.IP, Place: home.Place}
	}
	want := []Sitting{
		sitting(l.kids, later, later.Add(time.Minute)),
		sitting(l.kids, began.Add(time.Hour), began.Add(61*time.Minute)),
		sitting(l.main, began, began.Add(time.Hour)),
	}
	if diff := cmp.Diff(want, got.List); diff != "" || got.Older != "" {
		t.Errorf("sittings (-want +got):\n%s\nolder %q", diff, got.Older)
	}
	// Another address is another sitting.
	l.tv.sess, _ = l.Authenticate(l.ctx, l.now(), l.tv.authFrame(), nonce, Meta{IP: "198.51.100.9", Node: home.Node})
	l.watches(l.tv, l.kids, "sea", time.Minute)
	if got := l.streamed(Show{N: 1}).List[0]; got.IP != "198.51.100.9" || got.Place != "" {
		t.Errorf("after a move: %+v", got)
	}
}

func TestD6_ListsHavePages(t *testing.T) {
	l := newLiving(t)
	other := l.another()
	for i := range 90 {
		tv := l.tv
		if i%3 == 0 {
			tv = other
		}
		if i%9 != 0 { // some begin in the same millisecond
			l.clock.Advance(2 * time.Hour)
		}
		l.watches(tv, l.main, protocol.TitleID(fmt.Sprint("t", i)), 0)
	}
	for name, read := range map[string]func(Show) (ids []string, older string){
		"viewings": func(show Show) (ids []string, older string) {
			v := l.watched(show)
			for _, r := range v.List {
				ids = append(ids, string(r.Title))
			}
			return ids, v.Older
		},
		"sittings": func(show Show) (ids []string, older string) {
			v := l.streamed(show)
			for _, r := range v.List {
				ids = append(ids, fmt.Sprint(r.From.UnixMilli(), r.Device))
			}
			return ids, v.Older
		},
	} {
		whole, _ := read(Show{N: 200})
		var got []string
		show, pages := Show{N: 40}, 0
		for {
			ids, older := read(show)
			got, pages = append(got, ids...), pages+1
			if older == "" {
				break
			}
			show.Before = older
		}
		if diff := cmp.Diff(whole, got); diff != "" || pages < 2 {
			t.Errorf("%s in %d pages (-whole +pages):\n%s", name, pages, diff)
		}
	}
	if n := len(l.watched(Show{N: 200}).List); n != 90 {
		t.Errorf("%d viewings, want 90", n)
	}
}

func TestD6_ShowIsHeldToItsBounds(t *testing.T) {
	l := newLiving(t)
	for _, show := range []Show{
		{N: 0}, {N: -1}, {N: maxShown + 1}, {N: 1, Before: "x"}, {N: 1, Before: "1.d.1"}, {N: 1, Before: "1.d.1.x"},
		{N: 1, Before: "-1.d.1.1"}, {N: 1, Before: "1.d.1.1.1"}, {N: 1, Before: "99999999999999999999.d.1.1"},
		{N: 1, Before: fmt.Sprintf("1.%0200d.1.1", 0)},
	} {
		if _, err := l.Watched(l.ctx, l.who.Account, show); !errors.Is(err, ErrCursor) {
			t.Errorf("Watched(%+v) = %v, want ErrCursor", show, err)
		}
		if _, err := l.Streamed(l.ctx, l.who.Account, show); !errors.Is(err, ErrCursor) {
			t.Errorf("Streamed(%+v) = %v, want ErrCursor", show, err)
		}
	}
	if _, err := l.Watched(l.ctx, l.who.Account, Show{N: 1, Before: "1.d-x'; DROP TABLE activity.1.1"}); err != nil {
		t.Errorf("a strange device: %v", err)
	}
}

func TestP10_LockedTitlesNeedAProof(t *testing.T) {
	l := newLiving(t)
	l.watches(l.tv, l.main, "moon", time.Minute)
	l.watches(l.tv, l.kids, "sea", time.Minute)
	gone := l.deleted()
	if _, err := l.profiles.SetPIN(l.ctx, l.now(), l.who, l.main, "4071"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		show     Show
		titles   []protocol.TitleID
		withheld []protocol.ProfileID
	}{
		{"without a proof", Show{}, []protocol.TitleID{"sea"}, []protocol.ProfileID{l.main}},
		{"the locked one without a proof", Show{Profile: l.main}, nil, []protocol.ProfileID{l.main}},
		{"the other one without a proof", Show{Profile: l.kids}, []protocol.TitleID{"sea"}, nil},
		{"a device without a proof", Show{Device: l.tv.id}, []protocol.TitleID{"sea"}, []protocol.ProfileID{l.main}},
		{"with a proof", Show{Proved: true}, []protocol.TitleID{"hill", "sea", "moon"}, nil},
		{"a deleted one without a proof", Show{Profile: gone}, nil, nil},
		{"a deleted one with a proof", Show{Profile: gone, Proved: true}, []protocol.TitleID{"hill"}, nil},
		{"the locked one with a proof", Show{Profile: l.main, Proved: true}, []protocol.TitleID{"moon"}, nil},
	} {
		c.show.N = 50
		got := l.watched(c.show)
		var titles []protocol.TitleID
		for _, v := range got.List {
			titles = append(titles, v.Title)
		}
		if diff := cmp.Diff(c.titles, titles); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.withheld, got.Withheld); diff != "" {
			t.Errorf("%s: withheld (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestP10_NothingOfAnotherAccount(t *testing.T) {
	l := newLiving(t)
	l.watches(l.tv, l.main, "moon", time.Minute)
	stranger := l.owner(t, "bert@example.org")
	for _, show := range []Show{{N: 50, Proved: true}, {N: 50, Profile: l.main, Proved: true}, {N: 50, Device: l.tv.id, Proved: true}} {
		v, err := l.Watched(l.ctx, stranger.Account, show)
		s, err2 := l.Streamed(l.ctx, stranger.Account, show)
		if err != nil || err2 != nil || len(v.List) != 0 || len(s.List) != 0 {
			t.Errorf("a stranger sees %+v, %+v, %v, %v", v, s, err, err2)
		}
	}
}

func TestD4_DeactivatedDevicesLeaveNoPlaces(t *testing.T) {
	l := newLiving(t)
	other := l.another()
	l.watches(l.tv, l.main, "moon", time.Minute)
	l.tells(other, protocol.ActivityItem{Seq: 1, Profile: l.kids, Title: "sea", What: protocol.Started, At: protocol.MillisOf(l.now())})
	if err := l.SignOut(l.ctx, l.now(), l.who, l.tv.id); err != nil {
		t.Fatal(err)
	}
	if s := l.streamed(Show{N: 9, Device: l.tv.id}).List[0]; s.IP == "" || s.Place == "" {
		t.Errorf("after a sign-out: %+v", s)
	}
	if err := l.Deactivate(l.ctx, l.now(), l.who, l.tv.id); err != nil {
		t.Fatal(err)
	}
	if s := l.streamed(Show{N: 9, Device: l.tv.id}).List[0]; s.IP != "" || s.Place != "" {
		t.Errorf("after it was deactivated: %+v", s)
	}
	if s := l.streamed(Show{N: 9, Device: other.id}).List[0]; s.IP == "" || s.Place == "" {
		t.Errorf("another TV: %+v", s)
	}
}

func FuzzPlace(f *testing.F) {
	for _, s := range []string{"", "1.d-abc.1.1", "1.d.1", "x", "-1.d.1.1", "1..1.1", "01.d.1.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePlace(s)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Errorf("parsePlace(%q) = %v, want ErrCursor", s, err)
			}
			return
		}
		again, err := parsePlace(fmt.Sprintf("%d.%s.%d.%d", p.At, p.Device, p.Epoch, p.Seq))
		if s != "" && (err != nil || again != p) {
			t.Errorf("parsePlace(%q) = %+v, read again %+v, %v", s, p, again, err)
		}
	})
}
