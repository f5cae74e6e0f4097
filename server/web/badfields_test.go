package web

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/servertest"
)

// countTries are the tables in which wrong tries are counted: all else is what
// a form with bad input must leave as it was.
var countTries = []string{"throttles", "streaks", "timeline"}

// state is every row but those that count tries.
func (w *world) state() map[string][]string {
	w.t.Helper()
	out := servertest.Rows(w.t, w.db)
	maps.DeleteFunc(out, func(table string, _ []string) bool {
		for _, t := range countTries {
			if t == table {
				return true
			}
		}
		return false
	})
	return out
}

// badField is something that a form of an owner refuses.
type badField struct {
	name     string
	values   []string
	status   int
	sentence string // on the page; of a redirect: where to
}

const notPassword = "That is not the password of this account."

// badPasswords are wrong in a field that asks for the account's own.
func badPasswords(field string, more ...string) []badField {
	out := []badField{{"no password", append([]string{field + "="}, more...), http.StatusUnprocessableEntity, "Type the password of this account."}}
	for name, typed := range map[string]string{
		"huge password": strings.Repeat("x", 20_000), "password with a control character": testPassword + "\x00", "password in other case": strings.ToUpper(testPassword),
	} {
		out = append(out, badField{name, append([]string{field + "=" + typed}, more...), http.StatusUnprocessableEntity, notPassword})
	}
	return out
}

// What every field of the owner's forms refuses, in words, and nothing changes.
// The forms of profiles, PINs and titles are TestBadInput_Household's, those of
// addresses and numbers TestBadAddresses' and TestBadNumbers'.
func TestBadInput_OwnersForms(t *testing.T) {
	pair := func(s string) []string { return []string{"current=" + testPassword, "new=" + s, "again=" + s} }
	phone, app := (*person).addPhone, func(p *person) { p.beginApp() }
	for path, form := range map[string]struct {
		ready func(*person)
		bad   []badField
	}{
		"/proof":                           {nil, badPasswords("password", "next=/account")},
		"/account/data/delete":             {nil, badPasswords("current")},
		"/account/membership/phone/remove": {phone, badPasswords("current", "everywhere=yes")},
		"/account/membership/password": {nil, append(badPasswords("current", "new="+newTestPassword, "again="+newTestPassword, "everywhere=yes"),
			badField{"no new one", pair(""), 422, `id="new-error"`},
			badField{"too short", pair("q7#Lw"), 422, `id="new-error"`},
			badField{"129 characters", pair(strings.Repeat("wq7 ", 32) + "x"), 422, `id="new-error"`},
			badField{"huge", pair(strings.Repeat("wq7 ", 5000)), 422, `id="new-error"`},
			badField{"common", pair("password1"), 422, `id="new-error"`},
			badField{"has the address", pair("mara-mara-mara"), 422, `id="new-error"`},
			badField{"typed differently", []string{"current=" + testPassword, "new=" + newTestPassword, "again=" + newTestPassword + " "}, 422, "The two new passwords are not the same."},
		)},
		"/account/security/preferences": {nil, []badField{
			{"nothing ticked", nil, 422, "sure"},
			{"an odd tick", []string{"newcode=on", "sure=true"}, 422, "sure"},
			{"SMS without a number", []string{"newcode=yes", "signinmails=yes", "sms=yes"}, 422, "once a phone number is added. Nothing was saved."},
		}},
		"/account/security/second-factor": {func(p *person) { p.addApp() }, []badField{
			{"nothing", nil, 422, "Choose whether it is asked for. Nothing was changed."},
			{"neither", []string{"needed=perhaps"}, 422, "Choose whether it is asked for. Nothing was changed."},
			{"huge", []string{"needed=" + strings.Repeat("yes", 3000)}, 422, "Choose whether it is asked for. Nothing was changed."},
		}},
		"/account/security/app": {app, []badField{
			{"nothing", nil, 422, "That code does not match."},
			{"letters", []string{"code=abcdef"}, 422, "That code does not match."},
			{"five digits", []string{"code=12345"}, 422, "That code does not match."},
			{"full-width digits", []string{"code=１２３４５６"}, 422, "That code does not match."},
			{"huge", []string{"code=" + strings.Repeat("1", 5000)}, 422, "That code does not match."},
			{"control characters", []string{"code=123\x00456"}, 422, "That code does not match."},
		}},
		"/account/security/app/remove":           {nil, []badField{{"there is none", nil, 303, "/account/security"}}},
		"/account/security/passkeys/none":        {nil, []badField{{"there is none", []string{"name=Key"}, 404, "There is nothing here"}}},
		"/account/security/passkeys/none/remove": {nil, []badField{{"there is none", nil, 404, "There is nothing here"}}},
		"/account/security/keep-address":         {nil, []badField{{"nothing to keep", nil, 303, "/account/security"}}},
		"/account/security/keep-factor":          {nil, []badField{{"nothing to keep", nil, 303, "/account/security"}}},
		"/account/data/keep":                     {nil, []badField{{"nothing to keep", nil, 303, "/account/data"}}},
		"/account/hacked/looked": {nil, []badField{
			{"no walk", []string{"step=devices"}, 303, "/account/hacked"}, {"no step", nil, 303, "/account/hacked"},
			{"an unknown step", []string{"step=nothing\x00"}, 303, "/account/hacked"}, {"huge", []string{"step=" + strings.Repeat("x", 3000)}, 303, "/account/hacked"},
		}},
		"/profiles": {nil, []badField{
			{"nothing", nil, 404, "There is nothing here"}, {"nobody", []string{"profile=nobody"}, 404, "There is nothing here"},
			{"huge", []string{"profile=" + strings.Repeat("x", 3000)}, 404, "There is nothing here"}, {"control characters", []string{"profile=\x00\r\n"}, 404, "There is nothing here"},
		}},
		"/tv": {nil, []badField{
			{"nothing", nil, 400, "That form did not arrive in one piece"}, {"nothing to do", []string{"code=BCDFGHJK", "do=sell"}, 400, "That form did not arrive in one piece"},
			{"refuse nothing", []string{"do=refuse"}, 422, "No TV is waiting with that code."}, {"approve nothing", []string{"do=approve"}, 422, "No TV is waiting with that code."},
			{"a vowel", []string{"code=ABCDEFGH", "do=approve"}, 422, "No TV is waiting with that code."}, {"huge", []string{"code=" + strings.Repeat("B", 3000), "do=approve"}, 422, "No TV is waiting with that code."},
		}},
	} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t)
			p := w.browser()
			p.signUp()
			if form.ready != nil {
				form.ready(p)
			}
			before, messages := w.state(), len(w.sent)
			for _, bad := range form.bad {
				a := p.post(path, bad.values...)
				if a.status != bad.status || a.status == http.StatusSeeOther && a.to != bad.sentence || a.status != http.StatusSeeOther && !strings.Contains(a.body, bad.sentence) {
					t.Errorf("%s: %d to %q, want %d with %q\n%s", bad.name, a.status, a.to, bad.status, bad.sentence, visible(a.body))
				}
				lacks(t, a.body, "account:", "\x00")
			}
			if diff := cmp.Diff(before, w.state()); diff != "" || len(w.sent) != messages {
				t.Errorf("%d messages; in the database:\n%s", len(w.sent)-messages, diff)
			}
		})
	}
}

// A right answer leads nowhere but to a page of this site.
// ASVS 3.7.2.
func TestBadInput_WhereAProofLeads(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for _, next := range []string{"", "//evil.example", "https://evil.example/", `/\evil.example`, "/\tevil", "javascript:alert(1)", strings.Repeat("/x", 2000)} {
		p.moved(p.post("/proof", "password="+testPassword, "next="+next), "/")
	}
}
