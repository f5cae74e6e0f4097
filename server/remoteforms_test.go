package server_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/api"
)

// cookies is what the owner's browser sends: the cookies of the session and of the
// chosen profile.
func (o *owner) cookies() http.Header {
	o.t.Helper()
	var session struct{ ID string }
	o.call("GET", "/v1/session", nil, &session)
	var profiles struct{ Profiles []struct{ ID string } }
	o.call("GET", "/v1/profiles", nil, &profiles)
	return http.Header{
		"Cookie": {"hearthkey=" + o.token + "; hearthkey-profile=" + session.ID + "." + profiles.Profiles[0].ID},
		"Origin": {o.url}, "Sec-Fetch-Site": {"same-origin"},
	}
}

// form posts one, and returns the status and where it leads.
func (o *owner) form(header http.Header, path string, values url.Values) (int, string) {
	o.t.Helper()
	req, err := http.NewRequest("POST", o.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Location")
}

// D11: a page of the service controls a TV with its cookies, and the banner names the
// chosen profile.
func TestD11_ThePageControlsWithItsCookies(t *testing.T) {
	h := open(t, nil)
	o, v := controlled(t, h)
	ws, _, err := h.remote(v, o.cookies())
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	p := &phone{t, ws}
	r := expect[protocol.Relay](v)
	if r.By != "Main" {
		t.Errorf("the banner names %q, want the profile", r.By)
	}
	v.send(protocol.RelayState{ID: r.ID, End: protocol.RelayBusy})
	if got := p.closed(); got != api.RemoteBusy {
		t.Errorf("closed with %d", got)
	}
}

// D11: without a script each key is a form. The TV is held from one to the next, hears
// that it is over, and stands in the timeline once; other sites' forms reach nothing.
func TestD11_KeysAreForms(t *testing.T) {
	h := open(t, nil)
	o, v := controlled(t, h)
	browser := o.cookies()
	at := "/account/devices/" + string(v.id) + "/remote"
	var id protocol.RelayID
	answers := make(chan string, 1)
	for i, c := range []struct {
		form    url.Values
		want    string
		ignored tvremote.Ignored
		leads   string
	}{
		{url.Values{"key": {"Up"}}, `{"t":"key","seq":1,"key":"Up","action":"press"}`, "", at},
		{url.Values{"text": {"otter"}}, `{"t":"text","seq":2,"text":"otter"}`, tvremote.NoField, at + "?told=no_field"},
		{url.Values{"key": {"OK"}}, `{"t":"key","seq":3,"key":"OK","action":"press"}`, "", at},
	} {
		go func() {
			status, to := o.form(browser, at, c.form)
			if status != http.StatusSeeOther {
				to = http.StatusText(status)
			}
			answers <- to
		}()
		r := expect[protocol.Relay](v)
		if i == 0 {
			id = r.ID
			v.says(id, tvremote.Welcome{V: 1, TV: "0011223344556677", Name: v.name, Role: tvremote.Relayed})
			v.says(id, tvremote.State{Screen: "gate", Title: "Who is watching?", Keyboard: tvremote.KeyboardNone, Role: tvremote.Relayed})
			r = expect[protocol.Relay](v)
		}
		if string(r.Frame) != c.want || r.ID != id {
			t.Fatalf("the TV reads %q of %s, want %q of %s", string(r.Frame), r.ID, c.want, id)
		}
		v.says(id, tvremote.Ack{Seq: int64(i + 1), Ignored: c.ignored})
		if to := <-answers; to != c.leads {
			t.Errorf("form %d leads to %q, want %q", i+1, to, c.leads)
		}
	}
	if _, _, page := h.do("GET", at, browser, nil); !strings.Contains(string(page), "Who is watching?") || !strings.Contains(string(page), `data-state="on"`) {
		t.Error("the page does not show what the TV shows")
	}
	for _, c := range []url.Values{{"key": {"Power"}}, {"text": {"a\nb"}}, {"text": {strings.Repeat("x", 257)}}, {}} {
		if _, to := o.form(browser, at, c); to != at+"?told=bad_text" {
			t.Errorf("%v leads to %q", c, to)
		}
	}
	foreign := browser.Clone()
	foreign.Set("Origin", "http://evil.example")
	foreign.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := o.form(foreign, at, url.Values{"key": {"Up"}}); status != http.StatusForbidden {
		t.Errorf("another site's form: status %d", status)
	}
	v.send(protocol.RelayState{ID: id, End: protocol.RelayRefused})
	v.tellsRemotes(2, func(r *protocol.Remotes) { r.Control = false })
	eventually(t, "the page says that it is refused", func() bool {
		_, _, page := h.do("GET", at, browser, nil)
		return strings.Contains(string(page), `data-state="refused"`)
	})
	if n := o.timelineOf("device_controlled"); n != 1 {
		t.Errorf("%d entries in the timeline, want 1", n)
	}
	if strings.Contains(h.logs.String(), "otter") {
		t.Error("what was typed is in the log")
	}
}
