package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// gateway is a real HTTP gateway in this process.
type gateway struct {
	server *httptest.Server

	mu     sync.Mutex // guards what follows
	got    []url.Values
	status int // of the next answers; 0: 201
	body   string
	header http.Header
	hold   chan struct{} // if set, answers wait for it
}

const gatewayToken = "hunter2/?&"

func serveSMS(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{}
	g.server = httptest.NewTLSServer(g)
	t.Cleanup(g.server.Close)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sid, token, _ := r.BasicAuth()
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" || sid != "AC1" || r.ParseForm() != nil {
		http.Error(w, `{"code":20404}`, http.StatusNotFound)
		return
	}
	if token != gatewayToken {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":20003,"message":"Authenticate","status":401}`)
		return
	}
	g.mu.Lock()
	hold := g.hold
	g.mu.Unlock()
	if hold != nil {
		<-hold
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, values := range g.header {
		w.Header()[key] = values
	}
	if g.status != 0 {
		w.WriteHeader(g.status)
		fmt.Fprint(w, g.body)
		return
	}
	g.got = append(g.got, r.PostForm)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprint(w, `{"sid":"SM1","status":"queued","error_code":null,"error_message":null}`)
}

func (g *gateway) answer(status int, body string, header http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status, g.body, g.header = status, body, header
}

func (g *gateway) transport(t *testing.T) *SMS {
	t.Helper()
	u := url.URL{Scheme: "sms", User: url.UserPassword("AC1", gatewayToken), Host: strings.TrimPrefix(g.server.URL, "https://")}
	s, err := ParseSMS(u.String() + "?from=+15550006789")
	if err != nil {
		t.Fatal(err)
	}
	s.Client = g.server.Client()
	s.Client.CheckRedirect = ownClient.CheckRedirect
	return s
}

// An access code leaves as an SMS through the gateway (V1, V11).
func TestSMSArrives(t *testing.T) {
	g := serveSMS(t)
	b := newBench(t, nil)
	b.c.SMS = g.transport(t)
	n := full(account.NoticeAccessCode)
	n.To, n.SMS = "", "+15550100042"
	if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Notify(tx, n) }); err != nil {
		t.Fatal(err)
	}
	b.step(t)
	row := b.only(t)
	if row.Sent.IsZero() || row.Channel != "sms" || row.Text != "" || row.Subject != "" {
		t.Errorf("row = %+v, want it sent and its code erased", row)
	}
	want := []url.Values{{"To": {"+15550100042"}, "From": {"+15550006789"}, "Body": {
		"048213 is your Hearthkey code to sign in. Nobody at Hearthkey will ask you for it.\n\n@tv.example #048213"}}}
	if diff := cmp.Diff(want, g.got); diff != "" {
		t.Errorf("the gateway got (-want +got):\n%s", diff)
	}
}

// A notice goes to the phone beside the mail, where its owner wants that (V7).
func TestNoticeBySMSToo(t *testing.T) {
	mails, sms := &fakeTransport{}, &fakeTransport{}
	b := newBench(t, mails)
	b.c.SMS = sms
	n := full(account.NoticePasswordChanged)
	n.SMS = "+15550100042"
	if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Notify(tx, n) }); err != nil {
		t.Fatal(err)
	}
	b.step(t)
	b.step(t)
	if len(mails.got) != 1 || len(sms.got) != 1 || sms.got[0].To != n.SMS {
		t.Fatalf("%d mails, SMS %+v", len(mails.got), sms.got)
	}
	want := "Hearthkey: Your password was changed. 2 Mar 18:04 UTC, near Lyon, France, TV Living room. Not you? https://tv.example/recover"
	if sms.got[0].Text != want {
		t.Errorf("SMS = %q, want %q", sms.got[0].Text, want)
	}
}

func TestGatewayRefusals(t *testing.T) {
	tests := []struct {
		status    int
		body      string
		code      string
		permanent bool
	}{
		{400, `{"code":21211,"message":"'To' +15550100042 is not valid","status":400}`, "http 400 code 21211", true},
		{422, `no JSON`, "http 422", true},
		{429, `{"code":20429,"status":429}`, "http 429 code 20429", false},
		{500, ``, "http 500", false},
		{503, `<html>`, "http 503", false},
		{401, `{"code":20003,"status":401}`, "http 401 code 20003", false},
		{403, ``, "http 403", false},
		{404, ``, "http 404", false},
		{302, ``, "http 302", false},
		{200, `<html>welcome to this hotel's wireless`, "http 200 malformed", false},
		{201, `{"status":"queued"}`, "no sid", false},
		{201, `{"sid":"SM1","status":"failed","error_code":30006}`, "failed code 30006", true},
		{201, `{"sid":"SM1","status":"undelivered"}`, "undelivered", true},
		{201, `{"sid":[]}`, "http 201 malformed", false},
		{201, strings.Repeat("[", maxAnswer*2), "http 201 malformed", false},
	}
	g := serveSMS(t)
	transport := g.transport(t)
	mail := Mail{To: "+15550100042", Text: "secret 123456"}
	for _, test := range tests {
		g.answer(test.status, test.body, http.Header{"Location": {g.server.URL + "/elsewhere"}})
		code, permanent := codeOf(transport.Send(t.Context(), mail))
		if code != test.code || permanent != test.permanent {
			t.Errorf("%d %.40s: code %q, permanent %t; want %q, %t", test.status, test.body, code, permanent, test.code, test.permanent)
		}
	}
	g.answer(0, "", nil)
	transport.Token = "wrong"
	if code, permanent := codeOf(transport.Send(t.Context(), mail)); code != "http 401 code 20003" || permanent {
		t.Errorf("wrong token: %q, permanent %t", code, permanent)
	}
	transport.Client = nil // trusts only known certificates
	err := transport.Send(t.Context(), mail)
	if code, _ := codeOf(err); code != "no connection" || loggable(err) == nil || strings.Contains(err.Error(), gatewayToken) {
		t.Errorf("unknown CA: %v", err)
	}
	if len(g.got) != 0 {
		t.Errorf("%d SMS were sent", len(g.got))
	}
}

// A gateway that is busy is left alone for as long as it asks.
func TestGatewayRetryAfter(t *testing.T) {
	g := serveSMS(t)
	b := newBench(t, nil)
	b.c.SMS = g.transport(t)
	for header, want := range map[string]time.Duration{"600": 10 * time.Minute, "1": 30 * time.Second, "soon": 30 * time.Second, "99999999": time.Hour} {
		g.answer(http.StatusTooManyRequests, "{}", http.Header{"Retry-After": {header}})
		b.enqueue(t, sampleSMS())
		b.step(t)
		if row := b.only(t); row.Next != b.clock().Add(want) {
			t.Errorf("Retry-After %s: put off by %v, want %v", header, row.Next.Sub(b.clock()), want)
		}
		if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteOutbox("a") }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGatewaySilent(t *testing.T) {
	g := serveSMS(t)
	g.hold = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	transport := g.transport(t)
	go func() { ended <- transport.Send(ctx, Mail{To: "+15550100042", Text: "x"}) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Send = %v, want context.Canceled", err)
	}
	close(g.hold)
}

func TestParseSMS(t *testing.T) {
	s, err := ParseSMS("sms://AC1:to%2Fken@gateway.example:8443?from=Hearthkey&hourly=50")
	if err != nil || s.Host != "gateway.example:8443" || s.SID != "AC1" || s.Token != "to/ken" || s.From != "Hearthkey" || s.Hourly != 50 || s.Plain {
		t.Errorf("ParseSMS = %+v, %v", s, err)
	}
	if strings.Contains(s.LogValue().String(), "ken") {
		t.Error("the log shows the token")
	}
	if s, err = ParseSMS("sms://AC1:t@127.0.0.1:9000?from=MG0123456789abcdef0123456789abcdef&tls=none"); err != nil || !s.Plain || s.Hourly != defaultHourly {
		t.Errorf("ParseSMS = %+v, %v", s, err)
	}
	r, err := s.request(t.Context(), Mail{To: "+15550100042", Text: "x"})
	if err != nil || r.URL.Scheme != "http" {
		t.Fatal(r, err)
	}
	if err := r.ParseForm(); err != nil || r.Form.Get("MessagingServiceSid") != s.From || r.Form.Has("From") {
		t.Errorf("form = %v, %v", r.Form, err)
	}
}

func TestParseSMSErrors(t *testing.T) {
	for _, setting := range []string{
		"", "gateway.example", "https://AC1:hunter2@gateway.example?from=123", "sms://", "sms://AC1:hunter2@?from=123",
		"sms://gateway.example?from=123", "sms://AC1@gateway.example?from=123", "sms://:hunter2@gateway.example?from=123",
		"sms://AC1%2F..:hunter2@gateway.example?from=123", "sms://AC1:hunter2@gateway.example", "sms://AC1:hunter2@gateway.example?from=",
		"sms://AC1:hunter2@gateway.example?from=%2B0123", "sms://AC1:hunter2@gateway.example?from=a-b", "sms://AC1:hunter2@gateway.example?from=12%0a34",
		"sms://AC1:hunter2@gateway.example?from=twelve+letters", "sms://AC1:hunter2@gateway.example?from=123&hourly=0",
		"sms://AC1:hunter2@gateway.example?from=123&hourly=x", "sms://AC1:hunter2@gateway.example?from=123&tls=none",
		"sms://AC1:hunter2@gateway.example?from=123&tls=maybe", "sms://AC1:hunter2@gateway.example?form=123", "sms://AC1:hunter2@gateway.example?%zz",
		"sms://AC1:hunter2@gateway.example/path?from=123", "sms://AC1:hunter2@gateway.example:0?from=123", "sms://AC1:hunter2@gateway.example:99999?from=123",
		"sms://AC1:hunter2%@gateway.example?from=123",
	} {
		if _, err := ParseSMS(setting); err == nil {
			t.Errorf("ParseSMS(%q) was accepted", setting)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseSMS(%q) shows the token: %v", setting, err)
		}
	}
}

func FuzzParseSMS(f *testing.F) {
	f.Add("sms://AC1:token@gateway.example:8443?from=+15550006789&hourly=50")
	f.Add("sms://AC1:t@[::1]:9000?from=MG0123456789abcdef0123456789abcdef&tls=none")
	f.Fuzz(func(t *testing.T, setting string) {
		s, err := ParseSMS(setting)
		if err != nil {
			return
		}
		r, err := s.request(t.Context(), Mail{To: "+15550100042", Text: "x"})
		if err != nil {
			t.Fatalf("accepted %q, then: %v", setting, err)
		}
		if (r.URL.Scheme == "http") != s.Plain || s.Plain && !loopback(r.URL.Hostname()) || r.URL.Path != "/2010-04-01/Accounts/"+s.SID+"/Messages.json" {
			t.Errorf("%q leads to %s", setting, r.URL)
		}
	})
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(201, []byte(`{"sid":"SM1","status":"queued","error_code":null}`))
	f.Add(400, []byte(`{"code":21211,"status":400}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := readAnswer(&http.Response{StatusCode: status, Header: http.Header{}}, body)
		if code, _ := codeOf(err); err != nil && (!oneLine(code) || len(code) > 80) {
			t.Errorf("code %q", code)
		}
	})
}
