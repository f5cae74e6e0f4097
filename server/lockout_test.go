package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// from posts to the API from an address of the machine's own network, 127.0.0.0/8.
func (h *house) from(ip, path string, in object) (*http.Response, string) {
	h.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, to)
	}}
	body, _ := json.Marshal(in)
	req, err := http.NewRequest("POST", h.url+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp, string(out)
}

// sent counts what went to an address.
func (h *house) sent(to string) (n int) {
	h.t.Helper()
	_, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct{ Messages []struct{ To string } }
	if err := json.Unmarshal(body, &out); err != nil {
		h.t.Fatal(err)
	}
	for _, m := range out.Messages {
		if m.To == to {
			n++
		}
	}
	return n
}

// withPhone makes an account that has a number.
func (h *house) withPhone(email, number string) *owner {
	h.t.Helper()
	o := h.signUp(email)
	o.call("POST", "/v1/phone", object{"number": number, "current": password}, nil)
	o.renewed("POST", "/v1/changes/phone/confirm", object{"code": h.accessCode(number)})
	return o
}

// Whoever has an account of their own and asks for somebody else's address or
// number as the new one keeps no code from them: neither at a sign-in on a new
// device nor at a recovery, on a new device or a known one.
func TestV5_AChangeToAnothersAddressLocksThemNotOut(t *testing.T) {
	const mara, number = "mara@example.org", "+4915112345678"
	for path, in := range map[string]object{"/v1/email": {"email": mara, "current": password}, "/v1/phone": {"number": number, "current": password}} {
		t.Run(path, func(t *testing.T) {
			h := open(t, nil)
			h.withPhone(mara, number)
			known := h.knownDevice(mara)
			eve := h.signUp("eve@example.org")
			h.skew.Add(int64(2 * time.Hour))
			eve.prove(password)
			eve.checked()
			told := h.sent(mara)
			for range 6 {
				if status, body := eve.try("POST", path, in); status != 202 && status != 429 {
					t.Fatalf("%s = %d %s", path, status, body)
				}
				h.skew.Add(int64(31 * time.Second))
			}
			if n := h.sent(mara) - told; n != 1 {
				t.Errorf("the owner got %d mails, want one", n)
			}
			for _, step := range []struct {
				what, path, to string
				in             object
			}{
				{"a sign-in on a new device", "/v1/sign-in", mara, object{"email": mara, "password": password}},
				{"a recovery on a new device by mail", "/v1/recovery", mara, object{"login": mara, "channel": "mail"}},
				{"a recovery on a new device by SMS", "/v1/recovery", number, object{"login": number, "channel": "sms"}},
				{"a recovery on a known device by mail", "/v1/recovery", mara, object{"login": mara, "channel": "mail", "device": known}},
				{"a recovery on a known device by SMS", "/v1/recovery", number, object{"login": number, "channel": "sms", "device": known}},
			} {
				before := h.sent(step.to)
				resp, body := h.from("127.0.20.1", step.path, step.in)
				if resp.StatusCode != 202 || h.sent(step.to) != before+1 {
					t.Errorf("%s = %d %s and %d messages, want 202 and one", step.what, resp.StatusCode, body, h.sent(step.to)-before)
				}
			}
		})
	}
}

// knownDevice signs in with a code, and returns what makes the device known.
func (h *house) knownDevice(email string) string {
	h.t.Helper()
	var (
		o         = &owner{house: h, email: email}
		challenge struct{ Challenge string }
		in        struct{ Device string }
	)
	o.call("POST", "/v1/sign-in", object{"email": email, "password": password}, &challenge)
	o.call("POST", "/v1/sign-in/answer", object{"challenge": challenge.Challenge, "code": h.accessCode(email)}, &in)
	return in.Device
}

// A guesser of which number belongs to which address uses up what the one leads
// to, and learns nothing from asking for the other.
// ASVS 6.3.8.
func TestV6_RecoveryTellsNotWhatBelongsTogether(t *testing.T) {
	const mara, noor = "mara@example.org", "noor@example.org"
	const maras, noors, nobodys = "+4915112345678", "+4915112345679", "+4915112345670"
	h := open(t, nil)
	h.withPhone(mara, maras)
	h.withPhone(noor, noors)
	for name, tt := range map[string]struct {
		first, channel string
		second         []string // the one that belongs to it, then others
	}{
		"a number of an address": {mara, "sms", []string{maras, noors, nobodys}},
		"an address of a number": {maras, "mail", []string{mara, noor, "nobody@example.org"}},
		"a number by mail":       {mara, "mail", []string{maras, noors, nobodys}},
		"an address by SMS":      {maras, "sms", []string{mara, noor, "nobody@example.org"}},
	} {
		for _, ips := range [][]string{{"127.0.1.1", "127.0.1.1", "127.0.1.1", "127.0.1.1"}, {"127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.4.1"}} {
			answers := map[string]string{}
			for _, second := range tt.second {
				h.skew.Add(int64(2 * time.Hour))
				for _, ip := range ips[:3] {
					h.from(ip, "/v1/recovery", object{"login": tt.first, "channel": tt.channel})
				}
				for range 3 {
					resp, body := h.from(ips[3], "/v1/recovery", object{"login": second, "channel": tt.channel})
					answers[second] += normal(resp, body, second) + "\n"
				}
			}
			for _, other := range tt.second[1:] {
				if !alike(answers[other], answers[tt.second[0]]) {
					t.Errorf("%s, %s: after %s, %s is answered\n%s\nand %s\n%s", name, strings.Join(ips, " "), tt.first,
						tt.second[0], answers[tt.second[0]], other, answers[other])
				}
			}
		}
	}
}
