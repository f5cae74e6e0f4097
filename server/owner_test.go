package server_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

var linkInMail = regexp.MustCompile(`[?&]link=([A-Za-z0-9_-]+)`)

// link is the token of the newest mail of this kind to an address.
func (h *house) link(email, kind string) string {
	h.t.Helper()
	_, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct {
		Messages []struct{ To, Kind, Text string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		h.t.Fatal(err)
	}
	for _, m := range out.Messages {
		if found := linkInMail.FindStringSubmatch(m.Text); m.To == email && m.Kind == kind && found != nil {
			return found[1]
		}
	}
	h.t.Fatalf("no link in a mail of kind %s to %s", kind, email)
	return ""
}

// renewed makes a call that gives the owner a new token.
func (o *owner) renewed(method, path string, in any) {
	o.t.Helper()
	var s session
	o.call(method, path, in, &s)
	if s.Token == "" {
		o.t.Fatalf("%s %s gave no new token", method, path)
	}
	o.token = s.Token
}

type change struct {
	Kind, To string
	Code     struct{ Channel, To string }
}

func TestV2_EmailAndPhoneThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o, eve := h.signUp("mara@example.org"), h.signUp("eve@example.org")
	const next, number = "mara@example.net", "+4915112345678"
	var c change
	o.call("POST", "/v1/email", object{"email": next}, &c)
	if c.Kind != "email" || c.To != next || c.Code.Channel != "mail" {
		t.Errorf("change of the address: %+v", c)
	}
	code := h.accessCode(next)
	h.skew.Add(int64(31 * time.Second))
	o.call("POST", "/v1/changes/email/resend", nil, nil)
	o.call("GET", "/v1/changes/email", nil, &c)
	status, body := o.try("POST", "/v1/changes/email/confirm", object{"code": code})
	if h.accessCode(next) != code {
		wantProblem(t, "the code before", status, body, 422, "wrong-code")
	}
	status, body = eve.try("POST", "/v1/changes/email/confirm", object{"code": h.accessCode(next)})
	wantProblem(t, "the code in another session", status, body, 404, "no-change")
	code = h.accessCode(next)
	o.renewed("POST", "/v1/changes/email/confirm", object{"code": code})
	status, body = o.try("POST", "/v1/changes/email/confirm", object{"code": code})
	wantProblem(t, "the code again", status, body, 404, "no-change")

	o.call("POST", "/v1/phone", object{"number": "0151 12345678", "region": "DE", "current": password, "notices": true}, &c)
	if c.To != number || c.Code.Channel != "sms" {
		t.Errorf("change of the number: %+v", c)
	}
	o.renewed("POST", "/v1/changes/phone/confirm", object{"code": h.accessCode(number)})
	var contact struct {
		Email string
		Phone *struct {
			Number  string
			Notices bool
		}
	}
	o.call("GET", "/v1/contact", nil, &contact)
	if contact.Email != next || contact.Phone == nil || contact.Phone.Number != number || !contact.Phone.Notices {
		t.Errorf("contact %+v", contact)
	}

	before := o.everything()
	for _, tt := range []struct {
		name, path string
		in         any
		status     int
		kind       string
	}{
		{"the same address", "/v1/email", object{"email": next}, 409, "same"},
		{"no address", "/v1/email", object{"email": "mara"}, 422, "bad-address"},
		{"a wrong password", "/v1/email", object{"email": "x@example.org", "current": "wrong"}, 401, "wrong-credentials"},
		{"the same number", "/v1/phone", object{"number": number, "current": password}, 409, "same"},
		{"no number", "/v1/phone", object{"number": "12", "current": password}, 422, "bad-number"},
		{"a landline's extension", "/v1/phone", object{"number": "call me", "current": password}, 422, "bad-number"},
		{"a number with a wrong password", "/v1/phone", object{"number": "+4915112345679", "current": "wrong"}, 401, "wrong-credentials"},
		{"no such change", "/v1/changes/name/confirm", object{"code": "123456"}, 404, "no-change"},
		{"nothing to send again", "/v1/changes/phone/resend", nil, 404, "no-change"},
		{"removal with a wrong password", "/v1/phone/remove", object{"current": "wrong"}, 401, "wrong-credentials"},
	} {
		status, body := o.try("POST", tt.path, tt.in)
		wantProblem(t, tt.name, status, body, tt.status, tt.kind)
	}
	o.unchanged(before)
	o.renewed("POST", "/v1/phone/remove", object{"current": password})
	status, body = o.try("POST", "/v1/phone/remove", object{"current": password})
	wantProblem(t, "no number to remove", status, body, 409, "no-number")
}

// A change to what another account has is answered as any other.
func TestV6_ChangesTellNobodyWhoElseIsHere(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	h.signUp("eve1@example.org")
	ask := func(email string) string {
		h.skew.Add(int64(31 * time.Second))
		resp, body := h.raw("POST", "/v1/email", o.header(), `{"email":"`+email+`"}`)
		return normal(resp, body, email)
	}
	if known, unknown := ask("eve1@example.org"), ask("eve2@example.org"); !alike(known, unknown) {
		t.Errorf("a known address is answered\n%s\nan unknown one\n%s", known, unknown)
	}
}

func TestA9_PreferencesThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	want := `{"code_on_new_device":false,"sign_in_mails":true,"remind_devices":true,"remind_password":false,"sms_notices":false}`
	status, body := o.tryRaw("PUT", "/v1/preferences", want)
	wantStatus(t, "preferences", status, 204, body)
	if _, got := o.try("GET", "/v1/preferences", nil); strings.TrimSpace(string(got)) != want {
		t.Errorf("preferences %s, want %s", got, want)
	}
	status, body = o.tryRaw("PUT", "/v1/preferences", strings.Replace(want, `"sms_notices":false`, `"sms_notices":true`, 1))
	wantProblem(t, "notices to no phone", status, body, 409, "no-number")
	// a device that was never checked needs a code to change the password (V2)
	there := &owner{house: h, email: o.email}
	there.renewed("POST", "/v1/sign-in", object{"email": o.email, "password": password})
	status, body = there.try("POST", "/v1/password", object{"current": password, "next": "another-lantern-17-softly"})
	wantProblem(t, "an unchecked device and a new password", status, body, 403, "check-needed")
	there.checked()
	there.renewed("POST", "/v1/password", object{"current": password, "next": "another-lantern-17-softly"})
}

func TestA5_TheLanguageThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	var got struct{ Language string }
	o.call("PUT", "/v1/language", object{"language": "es"}, &got)
	if got.Language != "es" {
		t.Errorf("the session speaks %q, want es", got.Language)
	}
	o.call("GET", "/v1/session", nil, &got)
	if got.Language != "es" {
		t.Errorf("and later %q", got.Language)
	}
	status, body := o.try("PUT", "/v1/language", object{"language": "fr"})
	wantProblem(t, "no language of ours", status, body, 422, "no-language")
	status, body = o.try("PUT", "/v1/language", object{})
	wantProblem(t, "no language", status, body, 400, "bad-body")
	h.skew.Add(int64(11 * time.Minute))
	status, body = o.try("PUT", "/v1/language", object{"language": "de"})
	wantProblem(t, "without a proof", status, body, 403, "proof-needed")
}

func TestV10_RecoveryThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	const next = "another-lantern-17-softly"
	var r struct{ Recovery string }
	begin := func() { t.Helper(); o.call("POST", "/v1/recovery", object{"login": o.email}, &r) }
	begin()
	status, body := o.try("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": next})
	wantProblem(t, "a new password before the code", status, body, 404, "no-recovery")
	first := h.accessCode(o.email)
	h.skew.Add(int64(31 * time.Second))
	o.call("POST", "/v1/recovery/resend", object{"recovery": r.Recovery, "channel": "mail"}, nil)
	if code := h.accessCode(o.email); code != first {
		status, body = o.try("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": first})
		wantProblem(t, "the code before", status, body, 422, "wrong-code")
	}
	status, body = o.try("POST", "/v1/recovery/prove", object{"recovery": "none", "code": h.accessCode(o.email)})
	wantProblem(t, "the code of another recovery", status, body, 404, "no-recovery")
	code := h.accessCode(o.email)
	o.call("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": code}, nil)
	status, body = o.try("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": code})
	wantProblem(t, "the code again", status, body, 404, "no-recovery")
	status, body = o.try("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": "12345678"})
	wantProblem(t, "a common password", status, body, 422, "password-refused")
	there := &owner{house: h, email: o.email}
	there.renewed("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": next})
	status, body = o.try("GET", "/v1/session", nil)
	wantStatus(t, "the session before the recovery", status, 401, body)
	status, body = o.try("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": password})
	wantProblem(t, "a recovery again", status, body, 404, "no-recovery")
	there.renewed("POST", "/v1/session/prove", object{"password": next})

	// a second factor stays: no session begins
	there.addApp()
	h.skew.Add(int64(time.Hour)) // codes are counted
	begin()
	o.call("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": h.accessCode(o.email)}, nil)
	status, body = o.try("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": password})
	wantStatus(t, "a recovery with a second factor", status, 204, body)

	h.skew.Add(int64(time.Hour))
	begin()
	code = h.accessCode(o.email)
	h.skew.Add(int64(10*time.Minute + time.Second))
	status, body = o.try("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": code})
	wantProblem(t, "a code after ten minutes", status, body, 410, "code-expired")
	for name, in := range map[string]object{
		"bad-login":  {"login": "mara"},
		"no-channel": {"login": o.email, "channel": "pigeon"},
	} {
		status, body = o.try("POST", "/v1/recovery", in)
		wantProblem(t, name, status, body, 422, name)
	}
}

func TestV7_V9_LinksThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	o.renewed("POST", "/v1/password", object{"current": password, "next": "another-lantern-17-softly"})
	link := h.link(o.email, "password-changed")
	before := o.everything()
	var undo struct {
		About       string
		Reverts     bool
		NeedsFactor bool `json:"needs_factor"`
	}
	for range 50 {
		o.call("POST", "/v1/links/not-me/look", object{"link": link}, &undo)
	}
	if undo.About != "password-changed" || undo.NeedsFactor {
		t.Errorf("the link would do %+v", undo)
	}
	for name, in := range map[string]string{"not whole": link[1:], "another's": strings.Repeat("A", len(link)), "not a link": "é", "of a purpose of its own": link} {
		path := "/v1/links/not-me"
		if in == link {
			path = "/v1/links/keep"
		}
		status, body := o.try("POST", path, object{"link": in})
		wantProblem(t, "a link that is "+name, status, body, 410, "link-over")
	}
	status, body := o.try("POST", "/v1/links/not-me/passkey", object{"link": link})
	wantProblem(t, "a passkey where none is needed", status, body, 404, "no-factor")
	o.unchanged(before)

	var undone struct {
		Reverted bool
		Recovery string
	}
	o.call("POST", "/v1/links/not-me", object{"link": link}, &undone)
	status, body = o.try("GET", "/v1/session", nil)
	wantStatus(t, "a session after It wasn't me", status, 401, body)
	status, body = o.try("POST", "/v1/links/not-me", object{"link": link})
	wantProblem(t, "a link again", status, body, 410, "link-over")
	o.renewed("POST", "/v1/recovery/finish", object{"recovery": undone.Recovery, "password": "a-third-lantern-23-gently"})

	h.skew.Add(int64(time.Minute))
	o.renewed("POST", "/v1/password", object{"current": "a-third-lantern-23-gently", "next": password})
	late := h.link(o.email, "password-changed")
	h.skew.Add(int64(7*24*time.Hour + time.Second))
	status, body = o.try("POST", "/v1/links/not-me", object{"link": late})
	wantProblem(t, "a link after seven days", status, body, 410, "link-over")
}

// The second factor that was there before a chain of changes is asked for.
func TestV8_RevertingAsksForTheFactorOfThatTime(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	key := h.newPasskey()
	o.addPasskey(key, "Phone")
	o.renewed("PUT", "/v1/factors/second", object{"needed": true})
	h.skew.Add(int64(8 * 24 * time.Hour))
	var proof begun
	o.call("POST", "/v1/session/prove/passkey/begin", nil, &proof) // a check at once
	o.renewed("POST", "/v1/session/prove/passkey", object{"ceremony": proof.Ceremony, "response": key.Get(proof.Options)})
	o.call("POST", "/v1/email", object{"email": "thief@example.org"}, nil)
	o.renewed("POST", "/v1/changes/email/confirm", object{"code": h.accessCode("thief@example.org")})
	link := h.link(o.email, "email-changed")
	before := o.everything()
	status, body := o.try("POST", "/v1/links/not-me", object{"link": link})
	wantProblem(t, "without the factor", status, body, 422, "factor-needed")
	status, body = o.try("POST", "/v1/links/not-me", object{"link": link, "factor": "000000"})
	wantProblem(t, "with a wrong code", status, body, 422, "wrong-factor")
	var c begun
	o.call("POST", "/v1/links/not-me/passkey", object{"link": link}, &c)
	evil := h.newPasskey()
	status, body = o.try("POST", "/v1/links/not-me", object{"link": link, "passkey": object{"ceremony": c.Ceremony, "response": evil.Get(c.Options)}})
	wantProblem(t, "with another's passkey", status, body, 422, "wrong-passkey")
	o.unchanged(before)
	o.call("POST", "/v1/links/not-me/passkey", object{"link": link}, &c)
	var undone struct{ Reverted bool }
	o.call("POST", "/v1/links/not-me", object{"link": link, "passkey": object{"ceremony": c.Ceremony, "response": key.Get(c.Options)}}, &undone)
	if !undone.Reverted {
		t.Error("the chain was not undone")
	}
}

func TestV10_HackedThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	var w struct {
		Begun time.Time
		Done  []string
		Next  string
	}
	status, body := o.try("POST", "/v1/hacked/looked", object{"step": "contact"})
	wantProblem(t, "a step of no walk", status, body, 409, "another-step")
	o.call("POST", "/v1/hacked", nil, &w)
	for _, step := range []string{"password", "contact", "tea"} {
		status, body := o.try("POST", "/v1/hacked/looked", object{"step": step})
		wantProblem(t, "step "+step, status, body, 409, "another-step")
	}
	h.skew.Add(int64(time.Second))
	o.renewed("POST", "/v1/password", object{"current": password, "next": "another-lantern-17-softly"})
	for _, step := range []string{"contact", "factors", "devices", "profiles", "activity"} {
		w.Next = ""
		o.call("POST", "/v1/hacked/looked", object{"step": step}, &w)
	}
	if len(w.Done) != 7 || w.Next != "" {
		t.Errorf("the walk %+v", w)
	}
	o.call("DELETE", "/v1/hacked", nil, nil)
	w.Begun = time.Time{}
	o.call("GET", "/v1/hacked", nil, &w)
	if !w.Begun.IsZero() {
		t.Errorf("a walk that was ended: %+v", w)
	}
}

func TestA10_ExportAndDeletionThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	resp, body := h.raw("POST", "/v1/export", o.header(), "")
	var file map[string]any
	if err := json.Unmarshal([]byte(body), &file); err != nil || file["format"] == "" || !strings.Contains(body, o.email) {
		t.Errorf("export %.200s: %v", body, err)
	}
	if got := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="account-`) {
		t.Errorf("Content-Disposition %q", got)
	}
	o.call("POST", "/v1/export", nil, nil) // its form is the document's

	status, answer := o.try("POST", "/v1/erasure", object{"current": "wrong"})
	wantProblem(t, "deletion with a wrong password", status, answer, 401, "wrong-credentials")
	status, answer = o.try("DELETE", "/v1/erasure", nil)
	wantProblem(t, "nothing to cancel", status, answer, 409, "not-leaving")
	var due struct{ Due time.Time }
	o.call("POST", "/v1/erasure", object{"current": password}, &due)
	if left := due.Due.Sub(h.now()); left < 7*24*time.Hour-time.Minute || left > 7*24*time.Hour {
		t.Errorf("erased in %v", left)
	}
	status, answer = o.try("GET", "/v1/session", nil)
	wantStatus(t, "a session after the deletion was asked for", status, 401, answer)
	link := h.link(o.email, "erasure-asked")
	var kept struct{ About string }
	for range 50 {
		o.call("POST", "/v1/links/keep/look", object{"link": link}, &kept)
	}
	h.skew.Add(int64(31 * time.Second))
	o.signIn()
	o.call("GET", "/v1/erasure", nil, &due)
	if due.Due.IsZero() {
		t.Error("looking at a link kept the account")
	}
	o.call("POST", "/v1/links/keep", object{"link": link}, &kept)
	status, answer = o.try("POST", "/v1/links/keep", object{"link": link})
	wantProblem(t, "a link again", status, answer, 410, "link-over")
	o.call("POST", "/v1/erasure", object{"current": password}, nil)
	h.skew.Add(int64(31 * time.Second))
	o.signIn()
	o.call("DELETE", "/v1/erasure", nil, nil)
	due.Due = time.Time{}
	if o.call("GET", "/v1/erasure", nil, &due); !due.Due.IsZero() {
		t.Errorf("still erased at %v", due.Due)
	}
}

// Lists are there, empty, from the first day.
func TestListsOfANewAccount(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	for path, want := range map[string]string{
		"/v1/bounces": `{"bounces":[]}`, "/v1/activity": `{"viewings":[],"withheld":[]}`, "/v1/activity/streaming": `{"streaming":[]}`,
	} {
		if _, got := o.try("GET", path, nil); strings.TrimSpace(string(got)) != want {
			t.Errorf("%s = %s, want %s", path, got, want)
		}
	}
}

var (
	timesInJSON   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)
	secretsInJSON = regexp.MustCompile(`"(attempt|recovery|challenge|ref)":"[^"]+"`)
)

// normal is an answer without what differs between any two: the time, secrets,
// and what was typed.
func normal(resp *http.Response, body, typed string) string {
	body = timesInJSON.ReplaceAllString(body, `"TIME"`)
	body = secretsInJSON.ReplaceAllString(body, `"$1":"SECRET"`)
	body = strings.ReplaceAll(body, typed, "TYPED")
	masked := account.Destination{Channel: account.ByMail, Address: typed}.Masked()
	if strings.HasPrefix(typed, "+") {
		masked = account.Destination{Channel: account.BySMS, Address: typed}.Masked()
	}
	body = strings.ReplaceAll(body, masked, "MASKED")
	header := resp.Header.Clone()
	header.Del("Date")
	header.Del("Content-Length") // of times with more or fewer digits
	text, _ := json.Marshal(header)
	return resp.Status + "\n" + string(text) + "\n" + body
}

var waitInAnswer = regexp.MustCompile(`"Retry-After":\["(\d+)"\]|"retry_after":(\d+)|(?:Try again|ask for another) in (\d+)[ \x{a0}]`)

// alike compares normal answers. Waits may differ by as much as lies between the
// two requests on a busy machine.
func alike(a, b string) bool {
	const busy = 20 // seconds
	waits, others := waitInAnswer.FindAllStringSubmatch(a, -1), waitInAnswer.FindAllStringSubmatch(b, -1)
	if waitInAnswer.ReplaceAllString(a, "WAIT") != waitInAnswer.ReplaceAllString(b, "WAIT") {
		return false
	}
	for i := range waits {
		n, err1 := strconv.Atoi(strings.Join(waits[i][1:], ""))
		m, err2 := strconv.Atoi(strings.Join(others[i][1:], ""))
		if err1 != nil || err2 != nil || max(n-m, m-n) > busy {
			return false
		}
	}
	return true
}

// V6 at the API's border: status, headers and body are the same for an account
// that there is and for one that there is not, at each step that can be taken
// without the secret.
// ASVS 6.3.8.
func TestV6_KnownAndUnknownAreAnsweredAlike(t *testing.T) {
	h := open(t, nil)
	const known, unknown = "mara1@example.org", "mara2@example.org"
	const number, nobodys = "+4915112345678", "+4915112345679"
	h.signUp(known)
	o := h.signUp("noor@example.org") // of its own: tries are counted per account
	o.call("POST", "/v1/phone", object{"number": number, "current": password}, nil)
	o.renewed("POST", "/v1/changes/phone/confirm", object{"code": h.accessCode(number)})

	post := func(path string, in any) (*http.Response, string) {
		body, _ := json.Marshal(in)
		return h.raw("POST", path, http.Header{"Content-Type": {"application/json"}}, string(body))
	}
	secret := func(body string) string {
		var s struct{ Attempt, Recovery string }
		_ = json.Unmarshal([]byte(body), &s)
		return s.Attempt + s.Recovery
	}
	// walk takes every step with one login, and collects what it hears.
	walk := func(login string) (heard []string) {
		h.skew.Add(int64(2 * time.Hour)) // no throttle is left
		hear := func(path string, in any) string {
			resp, body := post(path, in)
			heard = append(heard, path+"\n"+normal(resp, body, login))
			return secret(body)
		}
		for range 7 { // into the waits
			hear("/v1/sign-in", object{"email": login, "password": "wrong-wrong-wrong"})
		}
		for _, channel := range []string{"mail", "sms"} {
			id := hear("/v1/recovery", object{"login": login, "channel": channel})
			hear("/v1/recovery/resend", object{"recovery": id}) // too soon
			for range 6 {
				hear("/v1/recovery/prove", object{"recovery": id, "code": "000000"})
			}
			hear("/v1/recovery/finish", object{"recovery": id, "password": "another-lantern-17-softly"})
			h.skew.Add(int64(31 * time.Second))
			hear("/v1/recovery/resend", object{"recovery": id, "channel": channel})
		}
		if strings.Contains(login, "@") {
			h.skew.Add(int64(2 * time.Hour))
			id := hear("/v1/sign-up", object{"email": login, "password": "another-lantern-17-softly"})
			hear("/v1/sign-up/verify", object{"attempt": id, "code": "000000"})
			h.skew.Add(int64(31 * time.Second))
			hear("/v1/sign-up/resend", object{"attempt": id})
		}
		return heard
	}
	for known, unknown := range map[string]string{known: unknown, number: nobodys} {
		a, b := walk(known), walk(unknown)
		for i := range a {
			if !alike(a[i], b[i]) {
				t.Errorf("step %d with %s:\n%s\nwith %s:\n%s", i, known, a[i], unknown, b[i])
			}
		}
	}
}
