package server_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// mail is a message as the development outbox shows it.
type mail struct{ To, Kind, Subject, Text string }

// mails returns what was sent to the owner, the newest first.
func (o *owner) mails() []mail {
	o.t.Helper()
	var out struct{ Messages []mail }
	o.call("GET", "/dev/outbox.json", nil, &out)
	var mine []mail
	for _, m := range out.Messages {
		if m.To == o.email {
			mine = append(mine, m)
		}
	}
	return mine
}

var notMeLinks = regexp.MustCompile(`/not-me\?link=([A-Za-z0-9_-]+)`)

// disputable returns the "It wasn't me" tokens of the owner's mails of a kind,
// the newest first.
func (o *owner) disputable(kind string) []string {
	o.t.Helper()
	var links []string
	for _, m := range o.mails() {
		if found := notMeLinks.FindStringSubmatch(m.Text); m.Kind == kind && found != nil {
			links = append(links, found[1])
		}
	}
	if len(links) == 0 {
		o.t.Fatalf("no %s with a link", kind)
	}
	return links
}

// undone is the answer to "It wasn't me".
type undone struct {
	Reverted, Profiles bool
	Recovery           string
}

// notMe disputes, and goes on to a new session by the recovery that begins.
func (o *owner) notMe(link string) undone {
	o.t.Helper()
	var did undone
	o.call("POST", "/v1/links/not-me", object{"link": link}, &did)
	if status, body := o.try("GET", "/v1/profiles", nil); status != 401 {
		o.t.Errorf("the session after the dispute: %d %s", status, body)
	}
	var session struct{ Token string }
	o.call("POST", "/v1/recovery/finish", object{"recovery": did.Recovery, "password": password}, &session)
	o.token = session.Token
	return did
}

// household is what a dispute puts back.
type household struct {
	ID, Name, Avatar string
	Level            int
	Kids, Locked     bool
}

func (o *owner) household() map[string]household {
	o.t.Helper()
	var out struct{ Profiles []household }
	o.call("GET", "/v1/profiles", nil, &out)
	all := map[string]household{}
	for _, p := range out.Profiles {
		all[p.ID] = p
	}
	return all
}

// ownerWithKit is an owner with a TV and a third profile that has a lock.
func ownerWithKit(t *testing.T) (*owner, string, *tv) {
	t.Helper()
	h := open(t, nil)
	o := h.signUp("nora@example.org")
	var made struct{ ID string }
	o.call("POST", "/v1/profiles", object{"name": "Kit", "avatar": "fox", "level": 3}, &made)
	o.call("PUT", "/v1/profiles/"+made.ID+"/pin", object{"pin": "4937", "current": password}, nil)
	v := newTV(h, "TV")
	v.join(o)
	return o, made.ID, v
}

// watches puts a title on a profile's own list and begins another.
func (v *tv) watches(profile string) {
	v.t.Helper()
	at, p := protocol.MillisOf(time.Now()), protocol.ProfileID(profile)
	v.tell(
		protocol.ActivityItem{Seq: 1, Profile: p, Title: "film-1", What: protocol.Listed, At: at},
		protocol.ActivityItem{Seq: 2, Profile: p, Title: "film-2", What: protocol.Started, At: at, Length: 5400},
		protocol.ActivityItem{Seq: 3, Profile: p, Title: "film-2", What: protocol.Stopped, At: at, Position: 700, Length: 5400},
	)
}

// opens tells whether a PIN opens a profile on the TV.
func (v *tv) opens(profile, digits string) bool {
	v.t.Helper()
	for _, p := range v.pins.Pins {
		if string(p.Profile) == profile {
			key, err := pin.Derive(digits, p.Salt, pin.Cost{Memory: p.Memory, Passes: p.Passes})
			if err != nil {
				v.t.Fatal(err)
			}
			return pin.Equal(key, p.Key)
		}
	}
	v.t.Fatalf("%s has no PIN of %s", v.name, profile)
	return false
}

// TestV7_NotMeRestoresProfiles: each change of a profile or its lock goes back
// by the link of its notice, and the TV hears of it.
func TestV7_NotMeRestoresProfiles(t *testing.T) {
	rename := func(o *owner, kit, name string) {
		o.call("PUT", "/v1/profiles/"+kit, object{"name": name, "avatar": "owl", "level": 5}, nil)
	}
	lock := func(o *owner, kit, pin string) {
		o.call("PUT", "/v1/profiles/"+kit+"/pin", object{"pin": pin, "current": password}, nil)
	}
	unlock := func(o *owner, kit string) {
		o.call("POST", "/v1/profiles/"+kit+"/pin/remove", object{"current": password}, nil)
	}
	remove := func(o *owner, kit string) { o.call("DELETE", "/v1/profiles/"+kit, nil, nil) }
	add := func(o *owner) {
		o.call("POST", "/v1/profiles", object{"name": "Guest", "avatar": "owl", "level": 5}, nil)
	}
	for _, test := range []struct {
		name, notice string
		change       func(o *owner, kit string)
		link         int // which of the links of the notice, from the newest
	}{
		{"renamed", "profile-changed", func(o *owner, kit string) { rename(o, kit, "Not Kit") }, 0},
		{"removed with its lock", "profile-changed", remove, 0},
		{"added", "profile-changed", func(o *owner, _ string) { add(o) }, 0},
		{"lock changed", "lock-changed", func(o *owner, kit string) { lock(o, kit, "8305") }, 0},
		{"lock removed", "lock-changed", unlock, 0},
		{"lock removed and set again", "lock-changed", func(o *owner, kit string) { unlock(o, kit); lock(o, kit, "8305") }, 1},
		{"renamed, and changed again since", "profile-changed", func(o *owner, kit string) {
			rename(o, kit, "Not Kit")
			rename(o, kit, "Nor this")
			unlock(o, kit)
		}, 1},
		{"renamed, and removed since, with others added", "profile-changed", func(o *owner, kit string) {
			rename(o, kit, "Not Kit")
			remove(o, kit)
			add(o)
			add(o)
		}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, kit, v := ownerWithKit(t)
			v.watches(kit)
			was := o.household()
			test.change(o, kit)
			did := o.notMe(o.disputable(test.notice)[test.link])
			if !did.Profiles || did.Reverted {
				t.Errorf("dispute = %+v, want profiles and nothing else", did)
			}
			if diff := cmp.Diff(was, o.household()); diff != "" {
				t.Errorf("profiles afterwards (-before +after):\n%s", diff)
			}
			if seen := o.activity("/v1/activity?profile=" + kit).Viewings; len(seen) != 1 {
				t.Error("what the profile watched is gone from the activity")
			}
			if !o.told("changes-undone", "their locks and parental control") {
				t.Error("no mail says what was put back")
			}
			for v.state.Status == protocol.Active { // nudged: it did not ask
				f, err := v.read()
				if err != nil {
					t.Fatal(err)
				}
				v.take(f)
			}
			known := v.have.Pins
			again := newTV(o.house, "TV again")
			again.join(o)
			again.until("the library of before", func() bool { return again.library != nil })
			if l := again.library[protocol.ProfileID(kit)]; len(l.List) != 1 || len(l.Watched) != 1 {
				t.Errorf("library of the profile = %+v, want its list and what it began", l)
			}
			if !again.opens(kit, "4937") || again.opens(kit, "8305") {
				t.Error("the PIN is not what it was")
			}
			if strings.Contains(test.name, "lock") && again.have.Pins <= known {
				t.Errorf("PINs of version %d after %d: a TV would not take them", again.have.Pins, known)
			}
		})
	}
}

func (o *owner) told(kind, what string) bool {
	for _, m := range o.mails() {
		if m.Kind == kind && strings.Contains(m.Text, what) {
			return true
		}
	}
	return false
}

// TestV7_NotMeOnce: a link tells what it would do however often it is opened,
// works once, and ends those of later changes; one that goes further back stays.
func TestV7_NotMeOnce(t *testing.T) {
	o, kit, _ := ownerWithKit(t)
	was := o.household()
	for _, name := range []string{"One", "Two", "Three"} {
		o.call("PUT", "/v1/profiles/"+kit, object{"name": name, "avatar": "owl", "level": 5}, nil)
	}
	links := o.disputable("profile-changed") // of Three, Two, One, and of Kit's addition
	for range 50 {
		var look struct{ Profiles, Reverts bool }
		o.call("POST", "/v1/links/not-me/look", object{"link": links[1]}, &look)
		if !look.Profiles || look.Reverts {
			t.Fatalf("look = %+v, want profiles", look)
		}
	}
	o.notMe(links[1])
	if name := o.household()[kit].Name; name != "One" {
		t.Errorf("the profile is %q, want what it was before Two", name)
	}
	for _, over := range links[:2] {
		if status, body := o.try("POST", "/v1/links/not-me", object{"link": over}); status != 410 && status != 404 {
			t.Errorf("a link that is over: %d %s", status, body)
		}
	}
	o.call("PUT", "/v1/profiles/"+kit, object{"name": "Mine", "avatar": "owl", "level": 5}, nil)
	o.notMe(links[2])
	if diff := cmp.Diff(was, o.household()); diff != "" {
		t.Errorf("profiles after the older link (-before +after):\n%s", diff)
	}
}

// TestV7_DisputedSignInTeachesNothing: what is disputed is not what later
// sign-ins are compared with.
func TestV7_DisputedSignInTeachesNothing(t *testing.T) {
	for _, test := range []struct {
		name, notice string
		change       func(o *owner)
	}{
		{"the sign-in", "new-sign-in", func(*owner) {}},
		{"what it did later", "profile-changed", func(o *owner) {
			o.skew.Add(int64(5 * time.Minute))
			o.call("POST", "/v1/profiles", object{"name": "Guest", "avatar": "owl", "level": 5}, nil)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := open(t, nil).signUp("nora@example.org")
			signUp := o.signIns()
			o.skew.Add(int64(time.Hour))
			o.signIn()
			disputed := o.signIns()[len(signUp):]
			if len(disputed) != 1 {
				t.Fatalf("the sign-in left %d rows", len(disputed))
			}
			test.change(o)
			o.skew.Add(int64(time.Minute))
			o.notMe(o.disputable(test.notice)[0])
			for _, row := range o.signIns() {
				if row == disputed[0] {
					t.Errorf("the disputed sign-in of %s is still there", row)
				}
			}
			if got := o.signIns(); len(got) == 0 || got[0] != signUp[0] {
				t.Errorf("sign-ins are %v, want that of the sign-up among them", got)
			}
		})
	}
}

// signIns are the times of the rows that sign-ins are compared with.
func (o *owner) signIns() []time.Time {
	o.t.Helper()
	var out struct{ SignIns []struct{ At time.Time } }
	o.call("POST", "/v1/export", nil, &out)
	var at []time.Time
	for _, row := range out.SignIns {
		at = append(at, row.At)
	}
	return at
}
