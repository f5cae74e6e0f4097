package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/servertest"
)

// late is a form's body that does something before it is read: the server has
// looked at the visitor by then, and asks for the rest.
type late struct {
	before func()
	form   io.Reader
}

func (l *late) Read(b []byte) (int, error) {
	if l.before != nil {
		l.before()
		l.before = nil
	}
	return l.form.Read(b)
}

// postLate posts a form during which something happens.
func (p *person) postLate(before func(), path string, values ...string) answer {
	p.t.Helper()
	form := url.Values{}
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		form.Set(name, value)
	}
	r := p.form(path)
	r.Body, r.GetBody, r.ContentLength = io.NopCloser(&late{before, strings.NewReader(form.Encode())}), nil, -1
	r.Header.Set("Expect", "100-continue")
	return p.send(r)
}

// A request under way when its session is revoked ends with the session: it changes
// nothing, whatever it was for, and an approval is void.
func TestD5_ARequestInFlightEndsWithItsSession(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	d, _ := owner.approve("Den")
	stolen, _ := owner.approve("Cellar")
	owner.moved(owner.post("/account/devices/"+string(stolen.id())+"/stolen"), "/account/devices")
	list, err := w.site.c.Profiles.List(t.Context(), owner.who().Account)
	w.must(err)
	path := "/account/devices/" + string(d.id())
	for what, form := range map[string][]string{
		"approve":       {"/tv", "code={code}", "do=approve"},
		"refuse":        {"/tv", "code={code}", "do=refuse"},
		"sign out":      {path + "/sign-out"},
		"deactivate":    {path + "/deactivate"},
		"stolen":        {path + "/stolen"},
		"finish":        {"/account/devices/" + string(stolen.id()) + "/finish"},
		"rename":        {path + "/rename", "name=Taken"},
		"end date":      {path + "/end-date", "ends={ends}"},
		"everywhere":    {"/account/devices/everywhere"},
		"profile":       {"/account/profiles/" + string(list[0].ID), "name=Taken", "avatar=fox", "level=5", "language=en"},
		"delete":        {"/account/profiles/" + string(list[1].ID) + "/delete"},
		"other browser": {"/account/sessions/{other}/sign-out"},
	} {
		t.Run(what, func(t *testing.T) {
			w.clock.Advance(61 * time.Minute) // sign-ins with a code are few an hour
			waiting := w.newTV("Waiting")
			code := waiting.code()
			thief := w.browser()
			thief.client.Transport = &http.Transport{ExpectContinueTimeout: time.Minute}
			thief.signIn()
			revoke := "/account/sessions/" + string(thief.who().ID) + "/sign-out"
			fill := strings.NewReplacer("{code}", code, "{other}", string(owner.who().ID), "{ends}", w.clock.Now().Add(48*time.Hour).Format(layoutTyped))
			values := []string{}
			for _, v := range form[1:] {
				values = append(values, fill.Replace(v))
			}
			var before map[string][]string
			sent := 0
			mid := func() {
				owner.moved(owner.post(revoke), "/account/devices")
				before, sent = servertest.Rows(t, w.db), len(w.sent)
			}
			a := thief.postLate(mid, fill.Replace(form[0]), values...)
			if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "/signin") {
				t.Errorf("answer %d to %q, want 303 to the sign-in\n%s", a.status, a.to, visible(a.body))
			}
			if before == nil {
				t.Fatal("the form was read before the session was looked at")
			}
			if diff := cmp.Diff(before, servertest.Rows(t, w.db)); diff != "" || len(w.sent) != sent {
				t.Errorf("%d messages; in the database:\n%s", len(w.sent)-sent, diff)
			}
			if _, err := waiting.enrolled(); !errors.Is(err, device.ErrPending) {
				t.Errorf("the waiting TV: %v, want ErrPending", err)
			}
		})
	}
}

// An approval that the TV has not heard of yet is void with the sign-out everywhere.
func TestD5_AnApprovalNotHeardOfIsVoid(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Den")
	p.moved(p.post("/tv", "code="+d.code(), "do=approve"), "/tv/done?device="+string(d.id()))
	p.moved(p.post("/account/devices/everywhere"), "/account/devices")
	if e, err := d.enrolled(); err == nil {
		t.Errorf("the TV is signed in by an approval from before: %+v", e)
	}
}
