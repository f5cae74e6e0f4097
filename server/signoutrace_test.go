package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// sessionCookie is the pages' where they are not reached over TLS.
const sessionCookie = "hearthkey"

// page asks for a page, or posts a form, with a session's cookie as one tab holds it.
func (h *house) page(method, path, token string, form url.Values) *http.Response {
	h.t.Helper()
	req, err := http.NewRequest(method, h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: sessionCookie, Value: token})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func (o *owner) isLive(token string) bool {
	o.t.Helper()
	status, _ := (&owner{house: o.house, token: token}).try("GET", "/v1/session", nil)
	return status == 200
}

// D5: a sign-out that a proof has overtaken ends the session under its new
// token. The token before is good for that alone, and an answer to it leaves
// the browser's new cookie where it is.
func TestD5_ASignOutBehindAProofEndsTheSession(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("nora@example.org")
	for what, signOut := range map[string]func(token string) int{
		"API": func(token string) int {
			status, _ := (&owner{house: h, token: token}).try("POST", "/v1/sign-out", nil)
			return status
		},
		"page": func(token string) int { return h.page("POST", "/signout", token, nil).StatusCode },
	} {
		o.signIn()
		h.skew.Add(int64(11 * time.Minute))
		before := o.token
		if resp := h.page("GET", "/account", before, nil); resp.StatusCode != 303 && resp.StatusCode != 200 {
			t.Errorf("%s: /account = %s", what, resp.Status)
		}
		o.prove(password)
		if o.isLive(before) || !o.isLive(o.token) {
			t.Fatalf("%s: after the proof: before %v, new %v", what, o.isLive(before), o.isLive(o.token))
		}
		for _, c := range h.page("GET", "/account", before, nil).Cookies() {
			if c.Name == sessionCookie {
				t.Errorf("%s: an answer to the token before sets the cookie: %v", what, c)
			}
		}
		if status := signOut(before); status >= 400 {
			t.Errorf("%s: sign-out = %d", what, status)
		}
		if o.isLive(o.token) || o.isLive(before) {
			t.Errorf("%s: the session lives after its sign-out", what)
		}
	}
	status, body := (&owner{house: h, token: o.token}).try("POST", "/v1/sign-out", nil)
	wantProblem(t, "again", status, body, 401, "signed-out")
}

// D5: two tabs, a proof in one and a sign-out in the other at any moment of it.
func TestD5_SignOutInOneTabWhileAnotherProves(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("nora@example.org")
	for i := range 12 {
		o.signIn()
		h.skew.Add(int64(35 * time.Minute))
		var (
			wg    sync.WaitGroup
			token = o.token
			now   string // in the other tab
		)
		wg.Go(func() {
			resp := h.page("POST", "/proof", token, url.Values{"password": {password}})
			for _, c := range resp.Cookies() {
				if c.Name == sessionCookie {
					now = c.Value
				}
			}
		})
		for range i * 20 { // a little later each time
			h.do("GET", "/healthz", nil, nil)
		}
		h.page("POST", "/signout", token, nil)
		wg.Wait()
		if now != "" && o.isLive(now) || o.isLive(token) {
			t.Fatal("the session lives after its sign-out")
		}
	}
}
