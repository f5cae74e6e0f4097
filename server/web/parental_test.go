package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// house is what a household decided, to be compared.
type house struct {
	Profiles []protocol.Profile
	Rules    profile.Settings
	PINs     int64 // version of the PINs
	Tries    map[protocol.ProfileID]profile.Tries
}

func (p *person) house() (h house) {
	p.t.Helper()
	acc, s := p.who().Account, p.site.c.Profiles
	var err error
	h.Profiles, err = s.List(p.t.Context(), acc)
	p.must(err)
	h.Rules, err = s.Parental(p.t.Context(), acc)
	p.must(err)
	_, h.PINs, err = s.Pins(p.t.Context(), acc)
	p.must(err)
	h.Tries, err = s.Tries(p.t.Context(), p.clock.Now(), acc)
	p.must(err)
	return h
}

// unchanged runs do, which is refused, and holds the household against what it was.
func (p *person) unchanged(t *testing.T, do func() answer, status int, sentence string) {
	t.Helper()
	was := p.house()
	a := do()
	if a.status != status || !strings.Contains(a.body, sentence) {
		t.Errorf("%d without %q, want %d with it", a.status, sentence, status)
	}
	if diff := cmp.Diff(was, p.house()); diff != "" {
		t.Errorf("the household changed:\n%s", diff)
	}
}

func TestP6_BlockedTitles(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	kids := p.profilePaths()[1]
	path := kids + "/blocked"
	has(t, p.page(kids), "Blocked titles", path)
	has(t, p.page(path), "Block a title", "None yet", `data-titles="/titles.json"`)
	p.moved(p.post(path, "title=the otter"), path) // the beginning of one name only
	p.moved(p.post(path, "title=SALT"), path)      // a whole name, though another begins so
	which := p.post(path, "title=low orbit")
	if which.status != http.StatusOK {
		t.Errorf("two titles of one name: %d, want 200", which.status)
	}
	lacks(t, which.body, "<title>Error", "These are the first")
	has(t, which.body, "Which one do you mean?", `name="add" value="orbit"`, `name="add" value="orbit-1"`, "Series, with its episodes", "Low Orbit, season 1, episode 1")
	p.moved(p.post(path, "add=orbit"), path)
	page := p.page(path)
	has(t, page, "Saved: the title is blocked", "The Otter Post", "Low Orbit", `name="remove" value="orbit"`)
	has(t, p.page("/account/profiles"), "3 titles blocked")
	p.moved(p.post(path, "remove=salt"), path)
	page = p.page(path)
	has(t, page, "no longer blocked")
	lacks(t, page, `value="salt"`)
	if diff := cmp.Diff([]protocol.TitleID{"orbit", "otter"}, p.house().Profiles[1].Blocked); diff != "" {
		t.Errorf("blocked (-want +got):\n%s", diff)
	}
	if n := w.notice(account.NoticeParentalChanged, testEmail); n.Profile != "Kids" || len(n.Before) == 0 {
		t.Errorf("notice = %+v", n)
	}
}

func TestP7_ParentalControl(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	has(t, p.page("/account/profiles"), "No parental PIN", `href="/account/parental"`)
	has(t, p.page("/account/parental"), "Not set", `name="above" value="0" checked`, "The main profile has no PIN")
	p.moved(p.post("/account/parental", "above=3", "addneedspin=yes"), "/account/parental")
	has(t, p.page("/account/parental"), "Parental control is saved", `name="above" value="3" checked`, `value="yes" checked`)
	p.moved(p.post("/account/parental/titles", "title=moon & sea"), "/account/parental")
	has(t, p.page("/account/parental"), "Moon &amp; Sea", `name="remove" value="moon"`)

	weak := p.post("/account/parental/lock", "password="+testPassword, "pin=1234", "do=set")
	has(t, weak.body, "easily guessed", "nothing is saved yet", `name="keep"`)
	p.moved(p.post("/account/parental/lock", "password="+testPassword, "pin=4821", "do=set"), "/account/parental")
	has(t, p.page("/account/parental"), "The parental PIN is saved")
	has(t, p.page("/account/parental"), "Change or remove")
	has(t, p.page("/account/profiles"), "asked for above Teens, and for 1 title", "always needs the account password")
	has(t, p.page("/account/timeline"), "Parental PIN set", "Parental control changed", "above the level Teens")
	p.moved(p.post("/account/parental/titles", "remove=moon"), "/account/parental")
	p.moved(p.post("/account/parental/lock", "password="+testPassword, "do=remove"), "/account/parental")
	has(t, p.page("/account/parental"), "The parental PIN is removed", "Not set")
}

// TestP4_ForgottenPIN is the way from a TV's QR code to a new PIN.
func TestP4_ForgottenPIN(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	main := owner.profilePaths()[0]
	has(t, owner.page("/pin"), "No profile has a PIN")
	owner.moved(owner.post(main+"/lock", "password="+testPassword, "pin=4821", "do=set"), "/account/profiles")
	owner.moved(owner.post("/account/parental/lock", "password="+testPassword, "pin=4821", "do=set"), "/account/parental")

	phone := w.browser()
	for _, path := range []string{"/pin", "/account/profiles/pin"} {
		phone.moved(phone.get(path), "/signin?next="+url.QueryEscape(path))
		has(t, owner.page(path), main+"/lock", "/account/parental/lock")
	}
	w.clock.Advance(account.ProofAge)
	owner.moved(owner.get("/pin"), "/proof?next=%2Fpin")
	owner.moved(owner.post("/proof", "password="+testPassword, "next=/pin"), "/pin")
	before := owner.house().PINs
	owner.moved(owner.post(main+"/lock", "password="+testPassword, "pin=7305", "do=set"), "/account/profiles")
	if got := owner.house().PINs; got <= before {
		t.Errorf("PINs at version %d, before %d", got, before)
	}
}

func TestP9_TheOwnerSeesAndForgivesWrongTries(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	main := p.profilePaths()[0]
	p.moved(p.post(main+"/lock", "password="+testPassword, "pin=4821", "do=set"), "/account/profiles")
	d, s := p.approve("Living room TV")
	at := p.house().Profiles[0]
	changed, err := p.site.c.Profiles.ReportTries(t.Context(), w.clock.Now(), profile.TV{Account: p.who().Account, Device: d.id(), Epoch: s.Epoch},
		[]protocol.PINTry{{Profile: at.ID, PIN: at.PIN, Wrong: 11}})
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	for _, path := range []string{"/account/profiles", main + "/lock", "/pin"} {
		has(t, p.page(path), "11 wrong tries", "The next try waits until ", `action="`+main+`/unlock"`, "Unlock now<span class=\"vh\"> for Main")
	}
	w.clock.Advance(time.Hour)
	p.moved(p.post("/proof", "password="+testPassword, "next=/account"), "/account")
	has(t, p.page("/account/profiles"), "11 wrong tries", "Every further one waits an hour", "Unlock now")
	has(t, p.page("/account/timeline"), "Ten wrong PINs")
	w.notice(account.NoticePINGuessing, testEmail)
	p.moved(p.post(main+"/unlock"), "/account/profiles")
	page := p.page("/account/profiles")
	has(t, page, "the wrong tries are forgiven")
	lacks(t, page, "11 wrong tries")
	if h := p.house(); len(h.Tries) != 0 || h.Profiles[0].Unlocks == 0 {
		t.Errorf("after Unlock: %+v", h)
	}
}

// TestP9_TheOwnerSeesWhetherAnybodyWaits: and a button only where it does something.
func TestP9_TheOwnerSeesWhetherAnybodyWaits(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		tries  profile.Tries
		next   time.Time
		unlock string
	}{
		"one":                  {profile.Tries{Wrong: 1, Last: noon}, time.Time{}, ""},
		"four":                 {profile.Tries{Wrong: 4, Last: noon}, time.Time{}, ""},
		"five, just now":       {profile.Tries{Wrong: 5, Last: noon}, noon.Add(time.Minute), "/x/unlock"},
		"seven, in a minute":   {profile.Tries{Wrong: 7, Last: noon.Add(-3*time.Minute - 5*time.Second)}, noon.Add(time.Minute), "/x/unlock"},
		"five, then waited":    {profile.Tries{Wrong: 5, Last: noon.Add(-time.Minute)}, time.Time{}, "/x/unlock"},
		"five, then right":     {profile.Tries{Wrong: 5}, time.Time{}, "/x/unlock"},
		"ten, half an hour on": {profile.Tries{Wrong: 10, Last: noon.Add(-30 * time.Minute)}, noon.Add(30 * time.Minute), "/x/unlock"},
	} {
		got := triesOf(noon, c.tries, "/x", "Mia")
		if !got.Next.Equal(c.next) || got.Unlock != c.unlock || got.Whose != "Mia" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := triesOf(noon, profile.Tries{}, "/x", "Mia"); got != nil {
		t.Errorf("without wrong tries: %+v", got)
	}
}

// TestP6_ChoicesSayWhetherThereAreMore: ten at most, and the eleventh is told of.
func TestP6_ChoicesSayWhetherThereAreMore(t *testing.T) {
	s := newWorld(t).site
	for n, more := range map[int]bool{2: false, 10: false, 11: true} {
		s.c.Search = func(_ string, limit int) (out []parental.Title) {
			for i := range min(n, limit) {
				out = append(out, parental.Title{ID: fmt.Sprint("t", i), Name: fmt.Sprint("The ", i)})
			}
			return out
		}
		_, choices, err := s.pick("the")
		got, _ := picker("/x", "Title", picked{choices: choices}, false, nil)
		if err != nil || len(got.Choices) != min(n, suggested) || got.More != more {
			t.Errorf("%d titles: %d choices, more %t, %v", n, len(got.Choices), got.More, err)
		}
	}
}

// TestA5_AStaleFormSaysThatNothingChanged: where the proof has run out meanwhile,
// and where the session is over; and only then.
func TestA5_AStaleFormSaysThatNothingChanged(t *testing.T) {
	const notYet = "Nothing was changed yet"
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	w.clock.Advance(account.ProofAge)
	lacks(t, p.page(p.get("/account/parental").to), notYet)
	a := p.post("/account/parental", "above=3")
	has(t, p.page(a.to), "Is it you?", notYet)
	lacks(t, p.page(a.to), notYet) // once
	p.post("/account/parental", "above=3")
	p.moved(p.post("/proof", "password="+testPassword, "next=/account/parental"), "/account/parental")
	p.moved(p.post("/account/parental", "above=3"), "/account/parental")
	lacks(t, p.page("/account/parental"), notYet)
	has(t, w.browser().page(w.browser().post("/account/parental", "above=3").to), "Sign in")
}

// TestP3_SummarySaysWhatAddingNeeds: it is the password where there is no PIN.
func TestP3_SummarySaysWhatAddingNeeds(t *testing.T) {
	for locked, want := range map[bool]string{true: "needs the main profile’s PIN.", false: "needs the account password."} {
		if got := parentalSummary(profile.Settings{AddNeedsPIN: true}, locked); !strings.HasSuffix(got[1], want) {
			t.Errorf("main profile locked %t: %q", locked, got[1])
		}
	}
}

func TestBadInput_Household(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	main, kids := p.profilePaths()[0], p.profilePaths()[1]
	huge := strings.Repeat("x", 3000)
	const noTitle, noPage, fourDigits = "No title on offer is called that", "There is nothing here", "exactly four digits"
	for name, tt := range map[string]struct {
		path     string
		values   []string
		status   int
		sentence string
	}{
		"blocked: nothing typed":            {kids + "/blocked", nil, 422, noTitle},
		"blocked: blank":                    {kids + "/blocked", []string{"title=  "}, 422, noTitle},
		"blocked: unknown name":             {kids + "/blocked", []string{"title=Nothing of the Kind"}, 422, noTitle},
		"blocked: huge":                     {kids + "/blocked", []string{"title=" + huge}, 422, noTitle},
		"blocked: not UTF-8":                {kids + "/blocked", []string{"title=\xff\xfe"}, 400, "That form did not arrive in one piece"},
		"blocked: markup":                   {kids + "/blocked", []string{"title=<script>"}, 422, "&lt;script&gt;"},
		"blocked: unknown id":               {kids + "/blocked", []string{"add=nothing"}, 422, noTitle},
		"blocked: huge id":                  {kids + "/blocked", []string{"add=" + huge}, 422, noTitle},
		"blocked: several":                  {kids + "/blocked", []string{"title=s"}, 200, "Which one do you mean?"},
		"blocked: of nobody":                {"/account/profiles/nobody/blocked", []string{"title=salt"}, 404, noPage},
		"blocked: of the parental PIN":      {"/account/profiles/parental/blocked", []string{"title=salt"}, 404, noPage},
		"parental: no level":                {"/account/parental", nil, 422, "Choose one of the maturity levels"},
		"parental: level of letters":        {"/account/parental", []string{"above=three"}, 422, "Choose one of the maturity levels"},
		"parental: level 6":                 {"/account/parental", []string{"above=6"}, 422, "Choose one of the maturity levels"},
		"parental: level -1":                {"/account/parental", []string{"above=-1"}, 422, "Choose one of the maturity levels"},
		"parental: level 3.5":               {"/account/parental", []string{"above=3.5"}, 422, "Choose one of the maturity levels"},
		"parental title: unknown":           {"/account/parental/titles", []string{"title=Nothing of the Kind"}, 422, noTitle},
		"parental title: nothing":           {"/account/parental/titles", nil, 422, noTitle},
		"parental PIN: wrong password":      {"/account/parental/lock", []string{"password=wrong", "pin=4821", "do=set"}, 422, "not the password of this account"},
		"parental PIN: none":                {"/account/parental/lock", []string{"password=" + testPassword, "do=set"}, 422, fourDigits},
		"parental PIN: three digits":        {"/account/parental/lock", []string{"password=" + testPassword, "pin=482"}, 422, fourDigits},
		"parental PIN: full-width":          {"/account/parental/lock", []string{"password=" + testPassword, "pin=４８２１"}, 422, fourDigits},
		"parental PIN: weak":                {"/account/parental/lock", []string{"password=" + testPassword, "pin=0000"}, 422, "easily guessed"},
		"parental PIN: no password, remove": {"/account/parental/lock", []string{"do=remove"}, 422, "Type the password of this account"},
		"unlock: nothing to unlock":         {kids + "/unlock", nil, 404, noPage},
		"unlock: no parental PIN":           {"/account/parental/unlock", nil, 404, noPage},
		"unlock: nobody":                    {"/account/profiles/nobody/unlock", nil, 404, noPage},
		"profile: kids of a teenager":       {"/account/profiles", []string{"name=Lea", "avatar=owl", "level=3", "language=en", "kids=yes"}, 422, "A kids profile has the level"},
		"profile: kids made a teenager":     {kids, []string{"name=Kids", "avatar=kite", "level=5", "language=en", "kids=yes"}, 422, "A kids profile has the level"},
		"profile: no level":                 {kids, []string{"name=Kids", "avatar=kite", "language=en"}, 422, "Choose one of the maturity levels"},
		"profile: huge name":                {main, []string{"name=" + huge, "avatar=kite", "level=5", "language=en"}, 422, "1 to 32 characters"},
		"lock: of nobody":                   {"/account/profiles/nobody/lock", []string{"password=" + testPassword, "pin=4821"}, 404, noPage},
	} {
		t.Run(name, func(t *testing.T) {
			p.unchanged(t, func() answer { return p.post(tt.path, tt.values...) }, tt.status, tt.sentence)
		})
	}
}

// TestA8_OnlyTheOwnerConfigures: a teenager at a browser that was left signed in
// has a session and no proof; what the form shows does not matter.
func TestA8_OnlyTheOwnerConfigures(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	main, kids := p.profilePaths()[0], p.profilePaths()[1]
	p.moved(p.post(main+"/lock", "password="+testPassword, "pin=4821", "do=set"), "/account/profiles")
	p.moved(p.post("/account/parental/lock", "password="+testPassword, "pin=4821", "do=set"), "/account/parental")
	p.moved(p.post(kids+"/blocked", "title=salt"), kids+"/blocked")
	w.clock.Advance(account.ProofAge)
	was := p.house()
	for _, path := range []string{
		"/account/profiles", main, main + "/delete", kids + "/delete", main + "/lock", main + "/unlock", kids + "/blocked",
		"/account/parental", "/account/parental/titles", "/account/parental/lock", "/account/parental/unlock",
	} {
		a := p.post(path, "name=Boss", "avatar=owl", "level=5", "language=en", "above=0", "remove=salt", "do=remove", "pin=0000", "keep=yes")
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "/proof?") {
			t.Errorf("POST %s without a proof = %d to %q, want to the proof", path, a.status, a.to)
		}
	}
	if diff := cmp.Diff(was, p.house()); diff != "" {
		t.Errorf("the household changed:\n%s", diff)
	}
}

// TestAnotherHouseholdsProfiles: whoever proved their own account reaches no
// profile of another, nor one that was deleted.
func TestAnotherHouseholdsProfiles(t *testing.T) {
	w := newWorld(t)
	anna := w.browser()
	anna.signUp()
	main := anna.profilePaths()[0]
	anna.moved(anna.post("/account/profiles", "name=Lea", "avatar=owl", "level=3", "language=en"), "/account/profiles")
	gone := anna.profilePaths()[2]
	anna.moved(anna.post(gone+"/delete"), "/account/profiles")
	was := anna.house()
	other := w.browser()
	other.moved(other.post("/signup", "email=zoe@example.net", "password="+testPassword), "/verify")
	other.moved(other.post("/verify", "code="+<-w.codes), "/profiles")
	other.choose("/")
	for who, p := range map[string]*person{"another owner": other, "the owner, of a deleted one": anna} {
		path := main
		if p == anna {
			path = gone
		}
		for _, end := range []string{"", "/delete", "/lock", "/blocked"} {
			if a := p.get(path + end); a.status != http.StatusNotFound {
				t.Errorf("%s: GET %s = %d, want 404", who, end, a.status)
			}
		}
		for _, end := range []string{"", "/delete", "/lock", "/unlock", "/blocked"} {
			a := p.post(path+end, "name=Mine", "avatar=owl", "level=5", "language=en", "title=salt", "password="+testPassword, "pin=4821")
			if a.status != http.StatusNotFound {
				t.Errorf("%s: POST %s = %d, want 404", who, end, a.status)
			}
		}
	}
	if diff := cmp.Diff(was, anna.house()); diff != "" {
		t.Errorf("the household changed:\n%s", diff)
	}
}

func TestSuggestions(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.moved(p.get("/titles.json?q=s"), "/signin?next=%2Ftitles.json%3Fq%3Ds")
	p.signUp()
	for query, want := range map[string]string{
		"":                          `{"titles":[]}`,
		"%20":                       `{"titles":[]}`,
		"nothing":                   `{"titles":[]}`,
		strings.Repeat("s", 1000):   `{"titles":[]}`,
		"%ff%fe":                    `{"titles":[]}`,
		"otter":                     `{"titles":[{"id":"otter","name":"The Otter Post","detail":"Film"}]}`,
		"LOW%20orb":                 `{"titles":[{"id":"orbit","name":"Low Orbit","detail":"Series, with its episodes · 2021"},{"id":"orbit-1","name":"Low Orbit","detail":"Low Orbit, season 1, episode 1"}]}`,
		url.QueryEscape("moon & s"): `{"titles":[{"id":"moon","name":"Moon \u0026 Sea","detail":"Film · 2020"}]}`,
	} {
		a := p.get("/titles.json?q=" + query)
		if a.status != http.StatusOK || a.body != want || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("GET ?q=%.20s = %d %s, want %s", query, a.status, a.body, want)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	var ids []protocol.TitleID
	for i := range profile.MaxBlocked {
		ids = append(ids, protocol.TitleID(fmt.Sprintf("t%03d", i)))
	}
	all, err := profile.New(profile.Config{ // in its eyes everything is on offer
		DB: w.db, Keys: w.keys, Gate: admit.New(admit.Config{}),
		Notify: func(*store.Tx, account.Notice) error { return nil }, Changed: func(protocol.AccountID, protocol.Version) {},
	})
	w.must(err)
	w.must(all.SetBlocked(t.Context(), w.clock.Now(), p.who(), p.house().Profiles[1].ID, ids))
	rest := ids[:profile.MaxParentalTitles]
	w.must(all.SetParental(t.Context(), w.clock.Now(), p.who(), profile.Decision{Titles: &rest}))
	main := p.profilePaths()[0]
	for _, path := range []string{main + "/blocked", "/account/parental"} {
		has(t, p.page(path), "The list is full")
	}
	p.unchanged(t, func() answer { return p.post(main+"/blocked", "title=salt") }, 422, "no room for another title")
	p.unchanged(t, func() answer { return p.post("/account/parental/titles", "title=salt") }, 422, "no room for another title")
}

// TestA5_AFormsAddressLeadsToItsPage: what a refused form, or a proof in between,
// leaves in the address bar is no dead end.
func TestA5_AFormsAddressLeadsToItsPage(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	main := p.profilePaths()[0]
	p.refused(p.post("/account/parental/titles", "title=Nothing of the Kind"), http.StatusUnprocessableEntity, "No title on offer is called that")
	for path, page := range map[string]string{
		"/account/parental/titles": "/account/parental",
		"/account/parental/unlock": "/account/parental",
		main + "/unlock":           "/account/profiles",
	} {
		p.moved(p.get(path), page)
	}
	w.clock.Advance(account.ProofAge)
	p.moved(p.get("/account/parental/titles"), "/proof?next="+url.QueryEscape("/account/parental/titles"))
	p.moved(p.post("/proof", "password="+testPassword, "next=/account/parental/titles"), "/account/parental/titles")
	p.moved(p.get("/account/parental/titles"), "/account/parental")
}
