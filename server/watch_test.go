package server_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// home is a household: an owner, two TVs that are signed in, and its profiles.
type home struct {
	*house
	o          *owner
	one, two   *tv
	main, kids protocol.ProfileID
	seq        int64
	at         protocol.Millis
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{house: open(t, nil)}
	h.o = h.signUp("mara@example.org")
	h.one, h.two = newTV(h.house, "Living room"), newTV(h.house, "Bedroom")
	h.one.join(h.o)
	h.two.join(h.o)
	s := h.one.snapshot()
	h.main, h.kids = s.Profiles[0].ID, s.Profiles[1].ID
	return h
}

// snapshot is what the TV keeps.
func (v *tv) snapshot() (s protocol.Snapshot) {
	v.t.Helper()
	if err := json.Unmarshal(v.blobs[v.have.Snapshot], &s); err != nil {
		v.t.Fatal(err)
	}
	return s
}

// item is a TV's next word; all TVs count together, and none speaks in another's millisecond, so that the newest is one.
func (h *home) item(p protocol.ProfileID, title protocol.TitleID, what protocol.ActivityKind, position int64) protocol.ActivityItem {
	h.seq++
	h.at = max(protocol.MillisOf(time.Now()), h.at+1)
	return protocol.ActivityItem{Seq: h.seq, Profile: p, Title: title, What: what, At: h.at, Position: position, Length: 5400}
}

// tell sends items and waits until they are stored.
func (v *tv) tell(items ...protocol.ActivityItem) {
	v.t.Helper()
	v.send(protocol.Activity{Epoch: v.have.Epoch, Items: items})
	if ack := expect[protocol.ActivityAck](v); ack.Through != items[len(items)-1].Seq {
		v.t.Fatalf("acknowledged through %d", ack.Through)
	}
}

// until reads until ok, and tells how long that took.
func (v *tv) until(what string, ok func() bool) time.Duration {
	v.t.Helper()
	begun := time.Now()
	for !ok() {
		f, err := v.read()
		if err != nil {
			v.t.Fatalf("%s waits for %s: %v", v.name, what, err)
		}
		v.take(f)
	}
	return time.Since(begun)
}

// quiet asks for a grant: whatever was sent before its answer is taken in.
func (v *tv) quiet() {
	v.t.Helper()
	v.ask = nonce()
	v.send(protocol.Ask{Nonce: v.ask})
	v.until("the answer to its ask", func() bool { return v.granted() })
	v.fill()
}

// wantSoon fails where something took longer than a second.
func wantSoon(t *testing.T, what string, took time.Duration) {
	t.Helper()
	if took > time.Second {
		t.Errorf("%s took %v, want less than a second", what, took)
	}
}

// What is listed and begun on one TV is on the other at once, without a new
// state: watching does not make a new snapshot.
func TestLibraryReachesTheOtherTV(t *testing.T) {
	h := newHome(t)
	h.one.quiet()
	h.two.quiet()
	version, states := h.two.have.Version, h.two.got["state"]
	h.one.tell(h.item(h.main, "film-1", protocol.Started, 0), h.item(h.kids, "film-2", protocol.Listed, 0), h.item(h.main, "film-1", protocol.Stopped, 700))
	wantSoon(t, "the library", h.two.until("a library", func() bool { return h.two.library != nil }))
	want := map[protocol.ProfileID]protocol.Library{
		h.main: {Profile: h.main, Watched: []protocol.Watched{{Title: "film-1", Position: 700, Length: 5400}}},
		h.kids: {Profile: h.kids, List: []protocol.TitleID{"film-2"}},
	}
	ignore := []cmp.Option{cmpopts.IgnoreFields(protocol.Library{}, "Number", "Last"), cmpopts.IgnoreFields(protocol.Watched{}, "At")}
	if diff := cmp.Diff(want, h.two.library, ignore...); diff != "" {
		t.Errorf("library (-want +got):\n%s", diff)
	}
	h.two.quiet()
	if h.two.have.Version != version || h.two.got["state"] != states || h.two.got["part"] == 0 {
		t.Errorf("version %d after %d, %d states after %d", h.two.have.Version, version, h.two.got["state"], states)
	}
	if h.one.have.Library == 0 {
		h.one.until("its own library's number", func() bool { return h.one.have.Library == h.two.have.Library })
	}

	// A TV that was away gets what it lacks, and one that lacks nothing gets nothing.
	h.two.hangUp()
	h.one.tell(h.item(h.kids, "film-3", protocol.Listed, 0))
	h.two.auth()
	h.two.until("what it missed", func() bool { return len(h.two.library[h.kids].List) == 2 })
	libraries := h.two.got["library"]
	h.two.auth()
	h.two.quiet()
	if h.two.got["library"] != libraries {
		t.Error("a TV that lacked nothing was sent a library")
	}
	// Progress alone is kept and told to nobody.
	h.one.tell(h.item(h.main, "film-1", protocol.Progress, 800))
	h.two.quiet()
	if h.two.got["library"] != libraries {
		t.Error("progress was sent to the other TV")
	}
}

// Wrong tries at one TV count at the other within a second, and the tenth is
// told to the owner.
func TestP9_TriesCountAtTheOtherTV(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	pin := h.one.snapshotPIN(h.main)
	told := func(wrong int) []protocol.PINTry {
		return []protocol.PINTry{{Profile: h.main, PIN: pin, Wrong: wrong, At: protocol.MillisOf(time.Now())}}
	}
	for wrong := 1; wrong <= 10; wrong++ {
		h.one.send(protocol.PINTries{Epoch: h.one.have.Epoch, Tries: told(wrong)})
		took := h.two.until(fmt.Sprint("wrong try ", wrong), func() bool {
			return len(h.two.counts.Counts) == 1 && h.two.counts.Counts[0].Wrong == wrong
		})
		wantSoon(t, "a wrong try", took)
	}
	h.two.quiet()
	h.one.quiet()
	if len(h.one.counts.Counts) != 0 {
		t.Errorf("the TV is told its own tries: %+v", h.one.counts)
	}
	// The other's own add up with them, and a new connection begins with the sum.
	h.two.send(protocol.PINTries{Epoch: h.two.have.Epoch, Tries: told(3)})
	h.one.until("the other's tries", func() bool { return len(h.one.counts.Counts) == 1 && h.one.counts.Counts[0].Wrong == 3 })
	h.one.counts, h.one.have.Tries = protocol.PINCounts{}, 0
	h.one.auth()
	h.one.until("the other's tries again", func() bool { return len(h.one.counts.Counts) == 1 && h.one.counts.Counts[0].Wrong == 3 })
	if mails := h.mailsTo(h.o.email, "PIN"); mails == 0 {
		t.Error("the owner was not told of ten wrong tries")
	}
	// Those of an earlier sign-in, or of a PIN that is none, change nothing.
	h.two.quiet()
	before := h.two.have.Tries
	h.one.send(protocol.PINTries{Epoch: h.one.have.Epoch, Tries: []protocol.PINTry{
		{Profile: h.main, PIN: pin + 7, Wrong: 9}, {Profile: "nobody", PIN: 1, Wrong: 9},
	}})
	h.one.quiet()
	h.two.quiet()
	if h.two.have.Tries != before {
		t.Errorf("tries at PINs that are none: number %d after %d", h.two.have.Tries, before)
	}
}

func (h *home) setPIN(p protocol.ProfileID, pin string) {
	h.t.Helper()
	before := h.one.have.Pins
	h.o.call("PUT", "/v1/profiles/"+string(p)+"/pin", object{"pin": pin, "current": password}, nil)
	for _, v := range []*tv{h.one, h.two} {
		took := v.until("the new PIN", func() bool { return v.have.Pins > before && !v.missing() })
		if took > time.Second {
			h.t.Errorf("the new PIN reached %s after %v", v.name, took)
		}
		v.fill()
	}
}

func (v *tv) snapshotPIN(p protocol.ProfileID) int64 {
	v.t.Helper()
	for _, q := range v.snapshot().Profiles {
		if q.ID == p {
			return q.PIN
		}
	}
	v.t.Fatalf("no profile %s", p)
	return 0
}

func (h *house) mailsTo(address, about string) (n int) {
	h.t.Helper()
	_, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct {
		Messages []struct{ To, Subject string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		h.t.Fatal(err)
	}
	for _, m := range out.Messages {
		if m.To == address && strings.Contains(m.Subject, about) {
			n++
		}
	}
	return n
}

// A PIN that is changed on the web is in force on every connected TV within a
// second: the material has another version and another salt.
func TestP4_ChangedPINReachesEveryTV(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	before := h.two.pins.Pins[0]
	h.setPIN(h.main, "8261")
	for _, v := range []*tv{h.one, h.two} {
		after := v.pins.Pins[0]
		if len(v.pins.Pins) != 1 || after.Profile != h.main || after.Version <= before.Version || string(after.Key) == string(before.Key) || string(after.Salt) == string(before.Salt) {
			t.Errorf("%s has %+v after %+v", v.name, after, before)
		}
	}
}

// answered sends a request about profiles and returns its answer.
func (v *tv) answered(f protocol.Frame) protocol.ProfileAnswer {
	v.t.Helper()
	v.send(f)
	return expect[protocol.ProfileAnswer](v)
}

// P3: what a TV may add by itself, what it needs the main profile's PIN or the
// password for, and what it is told.
func TestP3_ProfilesAreAddedAtATV(t *testing.T) {
	h := newHome(t)
	add := func(n int64, level parental.Level) protocol.AddProfile {
		return protocol.AddProfile{N: n, Name: fmt.Sprint("Lea ", n), Avatar: "owl", Level: level}
	}
	withPIN := func(f protocol.AddProfile, pin string) protocol.AddProfile { f.PIN = protocol.Secret(pin); return f }
	withPassword := func(f protocol.AddProfile, p string) protocol.AddProfile { f.Password = protocol.Secret(p); return f }

	// The main profile is in use and not locked: it may give any level.
	h.one.send(protocol.ProfileSelected{Profile: h.main})
	if a := h.one.answered(add(1, parental.All)); a.N != 1 || a.Refusal != "" {
		t.Fatalf("added by the main profile: %+v", a)
	}
	for _, v := range []*tv{h.one, h.two} {
		wantSoon(t, "the new profile", v.until("the new profile", func() bool { return len(v.profilesNow()) == 3 }))
	}
	// The kids' profile may give its own level and no other.
	h.one.send(protocol.ProfileSelected{Profile: h.kids})
	for _, c := range []struct {
		name string
		f    protocol.AddProfile
		want protocol.ProfileRefusal
	}{
		{"a higher level", add(2, parental.All), protocol.ProfileNeedsPassword},
		{"a wrong password", withPassword(add(3, parental.All), "not-the-password"), protocol.ProfileWrong},
		{"a name that is none", protocol.AddProfile{N: 4, Name: " ", Avatar: "owl", Level: parental.LittleKids}, protocol.ProfileBadName},
		{"a name that is too long", protocol.AddProfile{N: 5, Name: strings.Repeat("n", 40), Avatar: "owl", Level: parental.LittleKids}, protocol.ProfileBadName},
		{"its own level", add(6, parental.LittleKids), ""},
		{"the password", withPassword(add(7, parental.All), password), ""},
		{"one too many", add(8, parental.LittleKids), protocol.ProfileTooMany},
	} {
		if a := h.one.answered(c.f); a.N != c.f.N || a.Refusal != c.want {
			t.Errorf("%s: %+v, want %q", c.name, a, c.want)
		}
	}
	if n := h.mailsTo(h.o.email, "rofile"); n < 3 {
		t.Errorf("%d mails about profiles, want one for each", n)
	}

	// With a lock on the main profile its PIN is asked for, and tries are counted.
	h.one.quiet()
	h.two.quiet()
	all := h.one.profilesNow()
	h.o.call("DELETE", "/v1/profiles/"+string(all[len(all)-2].ID), nil, nil)
	h.setPIN(h.main, "4937")
	for _, c := range []struct {
		name string
		f    protocol.AddProfile
		want protocol.ProfileRefusal
	}{
		{"no PIN", add(9, parental.All), protocol.ProfileNeedsPIN},
		{"the password instead", withPassword(add(10, parental.All), password), protocol.ProfileNeedsPIN},
		{"a wrong PIN", withPIN(add(11, parental.All), "1111"), protocol.ProfileWrong},
		{"the PIN", withPIN(add(12, parental.All), "4937"), ""},
	} {
		if a := h.one.answered(c.f); a.N != c.f.N || a.Refusal != c.want {
			t.Errorf("%s: %+v, want %q", c.name, a, c.want)
		}
	}
	for _, secret := range []string{"4937", "1111", "not-the-password", password} {
		// As a word: ids, ports and durations have digits of their own.
		if regexp.MustCompile(`[\s=":]` + regexp.QuoteMeta(secret) + `([\s",}]|$)`).MatchString(h.logs.String()) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// profilesNow are the profiles of the newest snapshot, or none while it is
// coming.
func (v *tv) profilesNow() []protocol.Profile {
	if v.missing() {
		return nil
	}
	v.have.Snapshot = digest(v.state.Snapshot)
	return v.snapshot().Profiles
}

// Guessing a PIN through requests waits as at a TV, whichever TV asks.
func TestP9_AskedPINsWait(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	h.one.send(protocol.ProfileSelected{Profile: h.kids})
	h.two.send(protocol.ProfileSelected{Profile: h.kids})
	guess := func(v *tv, n int64, pin string) protocol.ProfileAnswer {
		return v.answered(protocol.AddProfile{N: n, Name: "Eve", Avatar: "owl", Level: parental.All, PIN: protocol.Secret(pin)})
	}
	for n := int64(1); n <= 5; n++ {
		v := h.one
		if n%2 == 0 {
			v = h.two
		}
		if a := guess(v, n, fmt.Sprintf("00%02d", n)); a.Refusal != protocol.ProfileWrong {
			t.Fatalf("guess %d: %+v", n, a)
		}
	}
	for _, v := range []*tv{h.one, h.two} {
		if a := guess(v, 6, "4937"); a.Refusal != protocol.ProfileWait || a.RetryAfter <= 0 || a.RetryAfter > time.Minute.Milliseconds() {
			t.Errorf("the right PIN after five wrong ones at %s: %+v, want a wait of up to a minute", v.name, a)
		}
	}
}

func TestEditsOfTheProfileInUse(t *testing.T) {
	h := newHome(t)
	h.one.send(protocol.ProfileSelected{Profile: h.kids})
	for _, c := range []struct {
		name string
		f    protocol.EditProfile
		want protocol.ProfileRefusal
	}{
		{"the profile in use", protocol.EditProfile{N: 1, Profile: h.kids, Name: "Mia", Avatar: "whale"}, ""},
		{"another one", protocol.EditProfile{N: 2, Profile: h.main, Name: "Mia", Avatar: "whale"}, protocol.ProfileGone},
		{"none", protocol.EditProfile{N: 3, Profile: "nobody", Name: "Mia", Avatar: "whale"}, protocol.ProfileGone},
	} {
		if a := h.one.answered(c.f); a.N != c.f.N || a.Refusal != c.want {
			t.Errorf("%s: %+v, want %q", c.name, a, c.want)
		}
	}
	wantSoon(t, "the new name", h.two.until("the new name", func() bool {
		all := h.two.profilesNow()
		return len(all) == 2 && all[1].Name == "Mia" && all[1].Avatar == "whale"
	}))
}

// A TV of an older capability is served as before: it gets none of the frames
// that it does not know, and cannot send them.
func TestOlderTVsGetNothingNew(t *testing.T) {
	h := newHome(t)
	old := newTV(h.house, "Old")
	old.cap = protocol.PasswordCapability
	old.join(h.o)
	h.setPIN(h.main, "4937")
	old.until("the new PIN", func() bool { return old.have.Pins > 0 && !old.missing() })
	old.fill()
	h.one.tell(h.item(h.main, "film-1", protocol.Started, 0), h.item(h.kids, "film-2", protocol.Listed, 0))
	h.one.send(protocol.PINTries{Epoch: 1, Tries: []protocol.PINTry{{Profile: h.main, PIN: h.one.snapshotPIN(h.main), Wrong: 4}}})
	h.two.until("both", func() bool { return h.two.library != nil && len(h.two.counts.Counts) == 1 })
	old.quiet()
	old.auth()
	old.quiet()
	for _, name := range []string{"pin_counts", "library", "profile_answer"} {
		if old.got[name] != 0 {
			t.Errorf("an older TV got %d frames %s", old.got[name], name)
		}
	}
	old.tell(h.item(h.main, "film-9", protocol.Started, 0)) // what it knew before goes on
	h.two.until("what the older TV told", func() bool { return len(h.two.library[h.main].Watched) == 2 })
	for _, f := range []protocol.Frame{
		protocol.PINTries{Epoch: 1, Tries: []protocol.PINTry{{Profile: h.main, PIN: 1, Wrong: 1}}},
		protocol.AddProfile{N: 1, Name: "Lea", Avatar: "owl", Level: parental.All},
		protocol.EditProfile{N: 1, Profile: h.main, Name: "Lea", Avatar: "owl"},
	} {
		old.send(f)
		if e, code := old.closeCode(); e.Code != protocol.CodeOutOfOrder || code != protocol.CloseBase+int(protocol.CodeOutOfOrder) {
			t.Errorf("%s from an older TV: error %d, close code %d", f.Type(), e.Code, code)
		}
		old.auth()
	}
}

// D5: a TV whose sign-in has ended changes nothing any more, also on the
// connection that it still has.
func TestD5_EndedSignInsChangeNothing(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	pin := h.one.snapshotPIN(h.main)
	h.one.send(protocol.ProfileSelected{Profile: h.kids})
	h.one.quiet()
	h.o.call("POST", "/v1/devices/"+string(h.one.id)+"/sign-out", nil, nil)
	if a := h.one.answered(protocol.AddProfile{N: 1, Name: "Eve", Avatar: "owl", Level: parental.LittleKids}); a.Refusal != protocol.ProfileGone {
		t.Errorf("a profile added: %+v", a)
	}
	if a := h.one.answered(protocol.EditProfile{N: 2, Profile: h.kids, Name: "Eve", Avatar: "owl"}); a.Refusal != protocol.ProfileGone {
		t.Errorf("a profile changed: %+v", a)
	}
	h.one.send(protocol.PINTries{Epoch: 1, Tries: []protocol.PINTry{{Profile: h.main, PIN: pin, Wrong: 9}}})
	h.one.tell(h.item(h.kids, "film-1", protocol.Listed, 0), h.item(h.kids, "film-1", protocol.Started, 0))
	h.two.quiet()
	if h.two.library != nil || len(h.two.counts.Counts) != 0 || len(h.two.profilesNow()) != 2 {
		t.Errorf("the other TV has %+v, %+v, %+v", h.two.library, h.two.counts, h.two.profilesNow())
	}
	var out struct{ Viewings []any }
	h.o.call("GET", "/v1/activity", nil, &out)
	if len(out.Viewings) != 0 {
		t.Errorf("viewings = %+v", out.Viewings)
	}
}

// A device that tells more than can be is sent away with a time to come back, and
// coming back at once helps nothing.
func TestFloodOfActivityIsSlowed(t *testing.T) {
	h := newHome(t)
	var items []protocol.ActivityItem
	for range protocol.MaxActivity {
		items = append(items, h.item(h.kids, "film-1", protocol.Progress, 1))
	}
	taken, refused := 0, 0
	for tries := 0; refused < 2; tries++ {
		if tries > 200 {
			t.Fatalf("%d items were taken without a word", taken*protocol.MaxActivity)
		}
		e := h.one.floods(items)
		switch {
		case e.Code == 0:
			taken++
			continue
		case e.Code != protocol.CodeTooMany:
			t.Fatalf("after %d items: %+v", taken*protocol.MaxActivity, e)
		case e.RetryAfter > time.Minute.Milliseconds(): // else too many frames a second
			refused++
		}
		h.one.auth()
	}
	if taken != 64 {
		t.Errorf("%d items were taken, want 4096", taken*protocol.MaxActivity)
	}
	h.two.quiet() // the other TV is not disturbed
}

// floods sends items and returns the error that answers them, if one does.
func (v *tv) floods(items []protocol.ActivityItem) (e protocol.Error) {
	v.t.Helper()
	v.send(protocol.Activity{Epoch: 1, Items: items})
	for {
		f, err := v.read()
		if err != nil {
			v.t.Fatal(err)
		}
		switch f := f.(type) {
		case protocol.ActivityAck:
			return e
		case protocol.Error:
			return f
		}
		v.take(f)
	}
}
