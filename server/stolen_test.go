package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

func (o *owner) reports(id string) (list []struct {
	How string
	Now bool
	IP  string
}) {
	o.t.Helper()
	var out struct{ Reports json.RawMessage }
	o.call("GET", "/v1/devices/"+id+"/reports", nil, &out)
	if err := json.Unmarshal(out.Reports, &list); err != nil {
		o.t.Fatal(err)
	}
	return list
}

// D3, D4: a TV that was reported stolen while connected is told at once, proves
// that it erased, is answered whenever it comes back so that it stays and
// reports, cannot be signed in anywhere, and is told when it is finished.
func TestD4_AStolenTV(t *testing.T) {
	h := open(t, nil)
	o, thief := h.signUp("mara@example.org"), h.signUp("rob@example.org")
	v := newTV(h, "Den")
	v.join(o)
	path := "/v1/devices/" + string(v.id)
	for _, call := range [][2]string{{"POST", "/finish"}, {"GET", "/reports"}, {"GET", "/reports/signed"}} {
		status, body := o.try(call[0], path+call[1], nil)
		wantStatus(t, call[1]+" of a TV that is not stolen", status, 409, body)
	}
	status, body := thief.try("POST", path+"/stolen", nil)
	wantStatus(t, "somebody else's TV", status, 404, body)

	o.call("POST", path+"/stolen", nil, nil)
	for v.state.Status == protocol.Active {
		expect[protocol.State](v)
	}
	if v.state.Status != protocol.Stolen || v.state.Cause == nil || v.state.Cause.By != protocol.ByOwner {
		t.Fatalf("the TV was told %+v", v.state)
	}
	v.prove()
	if d := o.device(string(v.id)); d.Status != "stolen" || d.Confirmed.IsZero() || !d.Online {
		t.Errorf("confirmed: %+v", d)
	}
	v.erase()
	v.have.Status, v.have.Version = protocol.Stolen, v.state.Version
	o.call("POST", "/v1/sign-out-everywhere", nil, nil)
	v.auth()
	if v.granted() || v.state.Status != protocol.Stolen {
		t.Errorf("back again: %+v", v.state)
	}
	if reports := o.reports(string(v.id)); len(reports) < 2 || !reports[0].Now || reports[0].How != "connection" || reports[0].IP == "" {
		t.Errorf("reports %+v", reports)
	}

	v.dial()
	v.send(v.enrolFrame())
	if e := expect[protocol.Error](v); e.Code != protocol.CodeStolen {
		t.Errorf("signing it in: code %d", e.Code)
	}
	if reports := o.reports(string(v.id)); reports[0].How != "sign_in_refused" {
		t.Errorf("reports %+v", reports)
	}
	var file protocol.ReportsFile
	o.call("GET", path+"/reports/signed", nil, &file)
	if c, err := sign.VerifyReports(file); err != nil || c.Device != v.id || len(c.Reports) != len(o.reports(string(v.id))) {
		t.Errorf("signed reports: %+v, %v", c, err)
	}

	v.auth()
	o.call("POST", path+"/finish", nil, nil)
	for v.state.Status == protocol.Stolen {
		expect[protocol.State](v)
	}
	v.prove()
	if d := o.device(string(v.id)); d.Status != "deactivated" || d.Confirmed.IsZero() {
		t.Errorf("finished: %+v", d)
	}
	status, body = o.try("GET", path+"/reports", nil)
	wantStatus(t, "the reports of a finished TV", status, 409, body)
	v.have = protocol.Have{}
	v.join(thief) // it may belong to somebody else by now
}

// A8: reporting and finishing need a fresh proof.
func TestA8_StolenNeedsAFreshProof(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	h.skew.Store(int64(11 * time.Minute))
	for _, call := range [][2]string{{"POST", "/stolen"}, {"POST", "/finish"}, {"GET", "/reports"}, {"GET", "/reports/signed"}} {
		status, body := o.try(call[0], "/v1/devices/"+string(v.id)+call[1], nil)
		wantStatus(t, call[1]+" without a fresh proof", status, 403, body)
	}
}

// V7: the notice of a report says which TV, and "It wasn't me" takes it back as
// far as it can be: the TV can be signed in again.
func TestV7_ItWasNotMeWhoReportedItStolen(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	o.call("POST", "/v1/devices/"+string(v.id)+"/stolen", nil, nil)
	var link string
	_, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct {
		Messages []struct{ Kind, Text string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	for _, m := range out.Messages {
		if m.Kind == "device-stolen" {
			_, rest, _ := strings.Cut(m.Text, "/not-me?link=")
			link = strings.Fields(rest)[0]
			if !strings.Contains(m.Text, "Den") {
				t.Errorf("the notice does not name the TV: %s", m.Text)
			}
		}
	}
	if link == "" {
		t.Fatal("no notice with a link")
	}
	o.call("POST", "/v1/links/not-me", object{"link": link}, nil)
	for v.state.Status != protocol.Deactivated {
		expect[protocol.State](v)
	}
}
