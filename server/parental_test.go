package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// rules is what the API says of parental control.
type rules struct {
	HasPIN      bool `json:"has_pin"`
	Above       int
	AddNeedsPIN bool `json:"add_needs_pin"`
	Titles      []struct{ ID, Name string }
}

func (o *owner) rules() (r rules) {
	o.t.Helper()
	o.call("GET", "/v1/parental", nil, &r)
	return r
}

// TestP7_ParentalControlReachesTheTVs: what the owner decides is in the snapshot
// that a connected TV gets, and comes back with "It wasn't me".
func TestP7_ParentalControlReachesTheTVs(t *testing.T) {
	h := newHome(t)
	o := h.o
	o.call("PUT", "/v1/parental", object{"above": 3, "add_needs_pin": true}, nil)
	o.call("PUT", "/v1/parental/titles/otter-post", nil, nil)
	o.call("PUT", "/v1/parental/titles/the-hollow-ledger", nil, nil)
	o.call("DELETE", "/v1/parental/titles/the-hollow-ledger", nil, nil)
	o.call("PUT", "/v1/profiles/"+string(h.kids)+"/blocked/salt-and-iron", nil, nil)
	if got := h.one.profilesNow(); len(got) > 0 && got[0].Locked {
		t.Error("no PIN is set yet")
	}
	var set struct{ Weak bool }
	o.call("PUT", "/v1/parental/pin", object{"pin": "4937", "current": password}, &set)
	now := o.rules()
	if !now.HasPIN || now.Above != 3 || !now.AddNeedsPIN || len(now.Titles) != 1 || now.Titles[0].Name != "The Otter Post" || set.Weak {
		t.Errorf("parental control: %+v, weak %t", now, set.Weak)
	}
	want := &protocol.Parental{PIN: 1, Above: parental.Teens, Titles: []protocol.TitleID{"otter-post"}}
	wantSoon(t, "the decisions", h.one.until("the decisions", func() bool {
		if h.one.missing() || h.one.profilesNow() == nil {
			return false
		}
		s := h.one.snapshot()
		return s.Parental != nil && s.Parental.PIN == want.PIN && s.Parental.Above == want.Above && slices.Equal(s.Parental.Titles, want.Titles) &&
			s.AddProfileNeedsPIN && slices.Equal(s.Profiles[1].Blocked, []protocol.TitleID{"salt-and-iron"})
	}))
	if h.one.pins == nil || len(h.one.pins.Pins) != 1 || h.one.pins.Pins[0].Profile != protocol.ParentalPIN {
		t.Errorf("PIN material: %+v", h.one.pins)
	}
	link := h.link(o.email, "parental-changed") // of the newest: the PIN
	o.call("POST", "/v1/links/not-me", object{"link": link}, nil)
	o.signInAfter(t, link)
}

// signInAfter goes on after "It wasn't me": a new password, and the parental PIN
// is gone again while what was decided before it stays.
func (o *owner) signInAfter(t *testing.T, link string) {
	t.Helper()
	if status, _ := o.try("GET", "/v1/parental", nil); status != 401 {
		t.Errorf("the session after It wasn't me: %d, want 401", status)
	}
	if status, body := o.try("POST", "/v1/links/not-me", object{"link": link}); status != 410 {
		t.Errorf("the link again: %d %s", status, body)
	}
}

func TestP6_BlockedTitlesThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	var list struct{ Profiles []struct{ ID string } }
	o.call("GET", "/v1/profiles", nil, &list)
	path := "/v1/profiles/" + list.Profiles[1].ID + "/blocked"
	var found struct {
		Titles []struct{ ID, Name, Kind string }
	}
	o.call("GET", "/v1/titles?q=the%20otter%20p", nil, &found)
	if len(found.Titles) != 1 || found.Titles[0].ID != "otter-post" {
		t.Fatalf("titles = %+v", found)
	}
	var episodes struct {
		Titles []struct {
			Kind, Series    string
			Season, Episode int
		}
	}
	o.call("GET", "/v1/titles?q=The%20Letter%20That%20Swam%20Upstream", nil, &episodes)
	if e := episodes.Titles; len(e) != 1 || e[0].Kind != "episode" || e[0].Series != "The Otter Post" || e[0].Season != 1 || e[0].Episode != 1 {
		t.Errorf("an episode = %+v", e)
	}
	for range 2 { // the same again is no change
		o.call("PUT", path+"/otter-post", nil, nil)
	}
	o.call("GET", path, nil, &found)
	if len(found.Titles) != 1 || found.Titles[0].Name != "The Otter Post" {
		t.Errorf("blocked = %+v", found)
	}
	if n := h.mailsTo(o.email, "arental control"); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	for range 2 {
		o.call("DELETE", path+"/otter-post", nil, nil)
	}
	o.call("GET", path, nil, &found)
	if len(found.Titles) != 0 {
		t.Errorf("blocked = %+v", found)
	}
}

// TestBadInputHousehold: the status, the problem, and that nothing changed.
func TestBadInputHousehold(t *testing.T) {
	h := open(t, nil)
	o, eve := h.signUp("mara@example.org"), h.signUp("eve@example.org")
	var list struct{ Profiles []struct{ ID string } }
	o.call("GET", "/v1/profiles", nil, &list)
	kids := "/v1/profiles/" + list.Profiles[1].ID
	o.call("POST", "/v1/profiles", object{"name": "Gone", "avatar": "owl", "level": 5}, &struct{}{})
	o.call("GET", "/v1/profiles", nil, &list)
	gone := "/v1/profiles/" + list.Profiles[2].ID
	o.call("DELETE", gone, nil, nil)
	o.call("PUT", "/v1/parental", object{"above": 2, "add_needs_pin": false}, nil)
	before, rules := o.everything(), o.rules()
	long := strings.Repeat("x", 65)
	for _, tt := range []struct {
		name         string
		who          *owner
		method, path string
		in           any
		status       int
		kind         string
	}{
		{"level 6", o, "PUT", "/v1/parental", object{"above": 6, "add_needs_pin": true}, 422, "bad-level"},
		{"above everything", o, "PUT", "/v1/parental", object{"above": 5, "add_needs_pin": true}, 422, "bad-level"},
		{"level -1", o, "PUT", "/v1/parental", object{"above": -1, "add_needs_pin": true}, 422, "bad-level"},
		{"a level in words", o, "PUT", "/v1/parental", object{"above": "teens", "add_needs_pin": true}, 400, "bad-body"},
		{"half a level", o, "PUT", "/v1/parental", object{"above": 2.5, "add_needs_pin": true}, 400, "bad-body"},
		{"no level", o, "PUT", "/v1/parental", object{"add_needs_pin": true}, 400, "bad-body"},
		{"no choice", o, "PUT", "/v1/parental", object{"above": 2}, 400, "bad-body"},
		{"a member too many", o, "PUT", "/v1/parental", object{"above": 2, "add_needs_pin": true, "has_pin": false}, 400, "bad-body"},
		{"unknown parental title", o, "PUT", "/v1/parental/titles/nothing", nil, 404, "no-title"},
		{"long parental title", o, "PUT", "/v1/parental/titles/" + long, nil, 404, "no-title"},
		{"unknown blocked title", o, "PUT", kids + "/blocked/nothing", nil, 404, "no-title"},
		{"long blocked title", o, "PUT", kids + "/blocked/" + long, nil, 404, "no-title"},
		{"a path as a title", o, "PUT", kids + "/blocked/%2e%2e%2fpin", nil, 404, "no-title"},
		{"not UTF-8", o, "PUT", kids + "/blocked/%ff%fe", nil, 404, "no-title"},
		{"blocked for nobody", o, "PUT", "/v1/profiles/none/blocked/otter-post", nil, 404, "no-profile"},
		{"blocked for the parental PIN", o, "PUT", "/v1/profiles/parental/blocked/otter-post", nil, 404, "no-profile"},
		{"list of nobody", o, "GET", "/v1/profiles/none/blocked", nil, 404, "no-profile"},
		{"blocked for a deleted one", o, "PUT", gone + "/blocked/otter-post", nil, 404, "no-profile"},
		{"a deleted one's PIN", o, "PUT", gone + "/pin", object{"pin": "4937", "current": password}, 404, "no-profile"},
		{"a deleted one's tries", o, "POST", gone + "/unlock", nil, 404, "no-profile"},
		{"another household's list", eve, "GET", kids + "/blocked", nil, 404, "no-profile"},
		{"another household's blocks", eve, "PUT", kids + "/blocked/otter-post", nil, 404, "no-profile"},
		{"another household's unblocks", eve, "DELETE", kids + "/blocked/otter-post", nil, 404, "no-profile"},
		{"another household's PIN", eve, "PUT", kids + "/pin", object{"pin": "4937", "current": password}, 404, "no-profile"},
		{"another household's tries", eve, "POST", kids + "/unlock", nil, 404, "no-profile"},
		{"another household's profile", eve, "PUT", kids, object{"name": "Eve", "avatar": "owl", "level": 5}, 404, "no-profile"},
		{"tries at no PIN", o, "POST", kids + "/unlock", nil, 404, "no-profile"},
		{"tries at no parental PIN", o, "POST", "/v1/parental/unlock", nil, 404, "no-profile"},
		{"the parental PIN as a profile's", o, "PUT", "/v1/profiles/parental/pin", object{"pin": "4937", "current": password}, 404, "no-profile"},
		{"three digits", o, "PUT", "/v1/parental/pin", object{"pin": "493", "current": password}, 422, "bad-pin"},
		{"five digits", o, "PUT", "/v1/parental/pin", object{"pin": "49371", "current": password}, 422, "bad-pin"},
		{"full-width digits", o, "PUT", "/v1/parental/pin", object{"pin": "４９３７", "current": password}, 422, "bad-pin"},
		{"digits of another script", o, "PUT", "/v1/parental/pin", object{"pin": "٤٩٣٧", "current": password}, 422, "bad-pin"},
		{"a wrong password", o, "PUT", "/v1/parental/pin", object{"pin": "4937", "current": "wrong"}, 401, "wrong-credentials"},
		{"no password", o, "PUT", "/v1/parental/pin", object{"pin": "4937"}, 400, "bad-body"},
		{"a wrong password for a profile", o, "PUT", kids + "/pin", object{"pin": "4937", "current": "wrong"}, 401, "wrong-credentials"},
		{"no password for a profile", o, "PUT", kids + "/pin", object{"pin": "4937"}, 400, "bad-body"},
		{"a lock removed with a wrong password", o, "POST", kids + "/pin/remove", object{"current": "wrong"}, 401, "wrong-credentials"},
		{"a lock removed without a password", o, "POST", kids + "/pin/remove", object{}, 400, "bad-body"},
		{"the parental PIN removed without a password", o, "POST", "/v1/parental/pin/remove", object{}, 400, "bad-body"},
		{"the old way to remove a lock", o, "DELETE", kids + "/pin", nil, 405, "method"},
		{"a number", o, "PUT", "/v1/parental/pin", object{"pin": 4937, "current": password}, 400, "bad-body"},
		{"no PIN", o, "PUT", "/v1/parental/pin", object{}, 400, "bad-body"},
		{"kids above older kids", o, "PUT", kids, object{"name": "Kids", "avatar": "kite", "level": 3, "kids": true}, 422, "bad-kids-level"},
		{"a search for nothing", o, "GET", "/v1/titles", nil, 400, "bad-body"},
		{"a search for blanks", o, "GET", "/v1/titles?q=%20%20", nil, 400, "bad-body"},
		{"a search for too much", o, "GET", "/v1/titles?q=" + strings.Repeat("x", 201), nil, 400, "bad-body"},
	} {
		status, body := tt.who.try(tt.method, tt.path, tt.in)
		wantProblem(t, tt.name, status, body, tt.status, tt.kind)
	}
	o.unchanged(before)
	if got := o.rules(); fmt.Sprint(got) != fmt.Sprint(rules) {
		t.Errorf("parental control was %+v, is %+v", rules, got)
	}
}

// TestP2_PINsTakeThePasswordEachTime: a session with a fresh proof is not enough
// by the API either, and wrong passwords there count with those at a proof.
func TestP2_PINsTakeThePasswordEachTime(t *testing.T) {
	h := newHome(t)
	o := h.o
	main := "/v1/profiles/" + string(h.main) + "/pin"
	o.call("PUT", main, object{"pin": "4937", "current": password}, nil)
	for _, path := range []string{main, "/v1/parental/pin"} {
		status, body := o.try("PUT", path, object{"pin": "2846"})
		wantProblem(t, "a PIN without the password", status, body, 400, "bad-body")
		status, body = o.try("POST", path+"/remove", object{"current": "not " + password})
		wantProblem(t, "removed with another password", status, body, 401, "wrong-credentials")
	}
	if !o.household()[string(h.main)].Locked || o.rules().HasPIN {
		t.Errorf("after refusals: %+v, %+v", o.household(), o.rules())
	}
	waits := false
	for range 6 {
		status, _ := o.try("PUT", main, object{"pin": "2846", "current": "not " + password})
		waits = waits || status == 429
	}
	status, body := o.try("POST", "/v1/session/prove", object{"password": password})
	if !waits {
		t.Error("wrong passwords for PINs wait for nothing")
	}
	wantStatus(t, "the right password at the proof", status, 429, body)
}

// TestP9_WrongPINsOnThePage: what a TV tells of its wrong tries the owner sees,
// and forgives on every TV.
func TestP9_WrongPINsOnThePage(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	h.one.send(protocol.PINTries{Epoch: 1, Tries: []protocol.PINTry{{Profile: h.main, PIN: h.one.snapshotPIN(h.main), Wrong: 10}}})
	h.two.until("the other TV's tries", func() bool { return len(h.two.counts.Counts) == 1 && h.two.counts.Counts[0].Wrong == 10 })
	var out struct {
		PINs []struct {
			Profile string
			Wrong   int
			Last    time.Time
		}
	}
	h.o.call("GET", "/v1/wrong-pins", nil, &out)
	if len(out.PINs) != 1 || out.PINs[0].Profile != string(h.main) || out.PINs[0].Wrong != 10 || out.PINs[0].Last.IsZero() {
		t.Errorf("wrong PINs = %+v", out)
	}
	if n := h.mailsTo(h.o.email, "guessing a PIN"); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	h.o.call("POST", "/v1/profiles/"+string(h.main)+"/unlock", nil, nil)
	h.two.until("the owner's word", func() bool {
		all := h.two.profilesNow()
		return len(h.two.counts.Counts) == 0 && len(all) == 2 && all[0].Unlocks > 0
	})
	h.o.call("GET", "/v1/wrong-pins", nil, &out)
	if len(out.PINs) != 0 {
		t.Errorf("after Unlock: %+v", out)
	}
}

// TestP9_TenThousandPINsOverTheWire: two modified TVs that ask without end, and say
// in between that they have counted nothing, try at most one PIN an hour after
// the first ten.
func TestP9_TenThousandPINsOverTheWire(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	pin := h.one.snapshotPIN(h.main)
	tried, hours := 0, 0
	for n := int64(1); hours < 6; n++ {
		v := []*tv{h.one, h.two}[n%2]
		v.send(protocol.PINTries{Epoch: 1, Tries: []protocol.PINTry{{Profile: h.main, PIN: pin, Wrong: 0}}})
		a := v.answered(protocol.AddProfile{N: n, Name: "Eve", Avatar: "owl", Level: parental.All, PIN: protocol.Secret(fmt.Sprintf("%04d", tried))})
		switch a.Refusal {
		case protocol.ProfileWrong:
			tried++
		case protocol.ProfileWait, protocol.ProfileBusy:
			wait := time.Duration(a.RetryAfter) * time.Millisecond
			if wait >= 59*time.Minute {
				hours++
			}
			h.skew.Add(int64(wait + time.Second))
		default:
			t.Fatalf("guess %d: %+v", n, a)
		}
	}
	if tried < 15 || tried > 16 {
		t.Errorf("%d PINs were tried in the first half hour and six hours more, want 16", tried)
	}
	h.o.prove(password)
	if n := h.mailsTo(h.o.email, "guessing a PIN"); n != 1 {
		t.Errorf("%d mails in a day, want 1", n)
	}
}

// TestP3_TwoTVsAndOnePlace: both have the right PIN at the same moment.
func TestP3_TwoTVsAndOnePlace(t *testing.T) {
	h := newHome(t)
	h.setPIN(h.main, "4937")
	h.o.call("POST", "/v1/profiles", object{"name": "Lea", "avatar": "owl", "level": 1}, nil)
	h.o.call("POST", "/v1/profiles", object{"name": "Tim", "avatar": "owl", "level": 1}, nil)
	add := protocol.AddProfile{N: 1, Name: "Fifth", Avatar: "owl", Level: parental.All, PIN: "4937"}
	h.one.send(add)
	h.two.send(add)
	var got []protocol.ProfileRefusal
	for _, v := range []*tv{h.one, h.two} {
		got = append(got, expect[protocol.ProfileAnswer](v).Refusal)
	}
	slices.Sort(got)
	if !slices.Equal(got, []protocol.ProfileRefusal{"", protocol.ProfileTooMany}) {
		t.Errorf("answers = %q, want one profile", got)
	}
	var list struct{ Profiles []json.RawMessage }
	h.o.call("GET", "/v1/profiles", nil, &list)
	if len(list.Profiles) != 5 {
		t.Errorf("%d profiles, want 5", len(list.Profiles))
	}
}
