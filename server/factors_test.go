package server_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/servertest"
)

// begun is a passkey ceremony as the API gives it.
type begun struct {
	Ceremony string
	Options  json.RawMessage
}

func (h *house) newPasskey() *servertest.Passkey {
	_, port, _ := strings.Cut(strings.TrimPrefix(h.url, "http://"), ":")
	return servertest.NewPasskey(h.t, "localhost", "http://localhost:"+port)
}

// session is what answers about a session hold of use here.
type session struct {
	Token, Device, ID string
	Codes             []string `json:"recovery_codes"`
	Session           struct{ Token string }
}

// addPasskey adds one; the owner goes on under the new token.
func (o *owner) addPasskey(key *servertest.Passkey, name string) session {
	o.t.Helper()
	var c begun
	o.call("POST", "/v1/factors/passkeys/begin", nil, &c)
	var s session
	o.call("POST", "/v1/factors/passkeys", object{"ceremony": c.Ceremony, "response": key.Create(c.Options), "name": name}, &s)
	o.token = s.Session.Token
	return s
}

// appCode is the code of an authenticator app: RFC 6238 with SHA-1, 30 s and
// six digits.
func appCode(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(at.Unix()/30))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.skew.Load())) }

// addApp turns an authenticator app on.
func (o *owner) addApp() (secret string, codes []string) {
	o.t.Helper()
	var setup struct{ Secret, URI string }
	o.call("POST", "/v1/factors/totp", nil, &setup)
	var s session
	o.call("POST", "/v1/factors/totp/confirm", object{"code": appCode(o.t, setup.Secret, o.now())}, &s)
	o.token = s.Session.Token
	return setup.Secret, s.Codes
}

type factors struct {
	Second, TOTP bool
	Passkeys     []struct{ ID, Name string }
	Codes        int `json:"recovery_codes"`
}

func (o *owner) factors() (f factors) {
	o.t.Helper()
	o.call("GET", "/v1/factors", nil, &f)
	return f
}

func TestV3_PasskeysThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	key := h.newPasskey()
	if s := o.addPasskey(key, "Phone"); len(s.Codes) != 10 {
		t.Errorf("%d recovery codes, want 10", len(s.Codes))
	}
	list := o.factors().Passkeys
	if len(list) != 1 || list[0].Name != "Phone" {
		t.Fatalf("passkeys %v", list)
	}
	o.call("PATCH", "/v1/factors/passkeys/"+list[0].ID, object{"name": "Key ring"}, nil)

	var c begun
	var s session
	there := &owner{house: h, email: o.email}
	there.call("POST", "/v1/sign-in/passkey/begin", nil, &c)
	there.call("POST", "/v1/sign-in/passkey", object{"ceremony": c.Ceremony, "response": key.Get(c.Options)}, &s)
	if s.Token == "" || s.Device == "" {
		t.Fatalf("signed in with a passkey alone: %+v", s)
	}
	there.token = s.Token

	h.skew.Add(int64(account.ProofAge))
	there.call("POST", "/v1/session/prove/passkey/begin", nil, &c)
	there.call("POST", "/v1/session/prove/passkey", object{"ceremony": c.Ceremony, "response": key.Get(c.Options)}, &s)
	there.token = s.Token
	if got := there.factors().Passkeys[0].Name; got != "Key ring" {
		t.Errorf("the passkey is called %q", got)
	}

	there.call("PUT", "/v1/factors/second", object{"needed": true}, &s)
	there.token = s.Token
	var challenge struct {
		Challenge, Need string
		Factors         []string
	}
	third := &owner{house: h, email: o.email}
	third.call("POST", "/v1/sign-in", object{"email": o.email, "password": password}, &challenge)
	if challenge.Need != "second-factor" {
		t.Fatalf("sign-in needs %q", challenge.Need)
	}
	third.call("POST", "/v1/sign-in/pending", object{"challenge": challenge.Challenge}, &challenge)
	third.call("POST", "/v1/sign-in/answer/passkey", object{"challenge": challenge.Challenge}, &c)
	third.call("POST", "/v1/sign-in/answer", object{
		"challenge": challenge.Challenge, "passkey": object{"ceremony": c.Ceremony, "response": key.Get(c.Options)},
	}, &s)
	third.token = s.Token

	third.call("POST", "/v1/factors/passkeys/"+list[0].ID+"/remove", object{"everywhere": true}, &s)
	third.token = s.Token
	if f := third.factors(); f.Second || len(f.Passkeys) != 0 {
		t.Errorf("after the last passkey was removed: %+v", f)
	}
	status, body := there.try("GET", "/v1/session", nil)
	wantStatus(t, "another session after a removal with everywhere", status, 401, body)
}

func TestV3_AppAndRecoveryCodesThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	secret, codes := o.addApp()
	if f := o.factors(); !f.TOTP || !f.Second || f.Codes != 10 || len(codes) != 10 {
		t.Fatalf("factors %+v, codes %v", f, codes)
	}
	answer := func(with object) (int, []byte) {
		var challenge struct{ Challenge string }
		there := &owner{house: h, email: o.email}
		there.call("POST", "/v1/sign-in", object{"email": o.email, "password": password}, &challenge)
		with["challenge"] = challenge.Challenge
		return there.try("POST", "/v1/sign-in/answer", with)
	}
	h.skew.Add(int64(time.Minute)) // a step is used once
	code := appCode(t, secret, h.now())
	status, body := answer(object{"totp": code})
	wantStatus(t, "the app's code", status, 200, body)
	status, body = answer(object{"totp": code})
	wantStatus(t, "the app's code again", status, 422, body)
	status, body = answer(object{"recovery_code": codes[0]})
	wantStatus(t, "a recovery code", status, 200, body)
	status, body = answer(object{"recovery_code": codes[0]})
	wantStatus(t, "a recovery code again", status, 422, body)
	status, body = answer(object{"totp": code, "recovery_code": codes[1]})
	wantStatus(t, "two answers at once", status, 400, body)

	var s session
	o.call("POST", "/v1/factors/recovery-codes", object{}, &s)
	o.token = s.Session.Token
	if len(s.Codes) != 10 || o.factors().Codes != 10 {
		t.Errorf("new recovery codes: %v", s.Codes)
	}
	o.call("POST", "/v1/factors/totp/remove", object{}, &s)
	o.token = s.Token
	if f := o.factors(); f.TOTP || f.Second {
		t.Errorf("after the app was removed: %+v", f)
	}
}

// What was begun elsewhere, is over, or was used: each is refused with a
// sentence, and the account is as it was.
func TestV3_FactorsRefuse(t *testing.T) {
	h := open(t, nil)
	o, eve := h.signUp("mara@example.org"), h.signUp("eve@example.org")
	key, evil := h.newPasskey(), h.newPasskey()
	o.addPasskey(key, "Phone")
	eve.addPasskey(evil, "Evil")
	proof := func(who *owner) (c begun) {
		who.call("POST", "/v1/session/prove/passkey/begin", nil, &c)
		return c
	}
	used, foreign, late, own := proof(o), proof(eve), proof(o), proof(o)
	gets := key.Get(used.Options)
	var s session
	o.call("POST", "/v1/session/prove/passkey", object{"ceremony": used.Ceremony, "response": gets}, &s)
	o.token = s.Token
	status, body := o.try("POST", "/v1/factors/totp/remove", object{})
	wantProblem(t, "no app to remove", status, body, 404, "no-factor")
	status, body = o.try("POST", "/v1/factors/totp/confirm", object{"code": "123456"})
	wantProblem(t, "no app to confirm", status, body, 404, "no-factor")
	o.call("POST", "/v1/factors/totp", nil, nil)
	before := o.everything()
	for _, tt := range []struct {
		name, method, path string
		in                 any
		status             int
		kind               string
	}{
		{"a passkey's answer again", "POST", "/v1/session/prove/passkey", object{"ceremony": used.Ceremony, "response": gets}, 422, "wrong-passkey"},
		{"another's ceremony", "POST", "/v1/session/prove/passkey", object{"ceremony": foreign.Ceremony, "response": key.Get(foreign.Options)}, 422, "wrong-passkey"},
		{"another's passkey", "POST", "/v1/session/prove/passkey", object{"ceremony": own.Ceremony, "response": evil.Get(own.Options)}, 422, "wrong-passkey"},
		{"no answer of a passkey", "POST", "/v1/session/prove/passkey", object{"ceremony": late.Ceremony, "response": object{}}, 422, "wrong-passkey"},
		{"a proof's ceremony to add a passkey", "POST", "/v1/factors/passkeys", object{"ceremony": proof(o).Ceremony, "response": gets, "name": "x"}, 422, "wrong-passkey"},
		{"a proof's ceremony to sign in", "POST", "/v1/sign-in/passkey", object{"ceremony": proof(o).Ceremony, "response": gets}, 422, "wrong-passkey"},
		{"an unknown challenge", "POST", "/v1/sign-in/pending", object{"challenge": "none"}, 404, "no-attempt"},
		{"a passkey for an unknown challenge", "POST", "/v1/sign-in/answer/passkey", object{"challenge": "none"}, 404, "no-attempt"},
		{"a wrong code of a new app", "POST", "/v1/factors/totp/confirm", object{"code": "000000"}, 422, "wrong-code"},
		{"a code of other digits", "POST", "/v1/factors/totp/confirm", object{"code": "١٢٣٤٥٦"}, 422, "wrong-code"},
		{"another's passkey to rename", "PATCH", "/v1/factors/passkeys/" + eve.factors().Passkeys[0].ID, object{"name": "x"}, 404, "no-factor"},
		{"another's passkey to remove", "POST", "/v1/factors/passkeys/" + eve.factors().Passkeys[0].ID + "/remove", object{}, 404, "no-factor"},
		{"a name of controls", "PATCH", "/v1/factors/passkeys/" + o.factors().Passkeys[0].ID, object{"name": "a\x00b"}, 422, "bad-name"},
		{"a name too long", "PATCH", "/v1/factors/passkeys/" + o.factors().Passkeys[0].ID, object{"name": strings.Repeat("ä", 65)}, 422, "bad-name"},
		{"no removal to stop", "DELETE", "/v1/factors/reset", nil, 409, "no-reset"},
		{"no other address to stop", "DELETE", "/v1/contact/reset", nil, 409, "no-move"},
	} {
		status, body := o.try(tt.method, tt.path, tt.in)
		wantProblem(t, tt.name, status, body, tt.status, tt.kind)
	}
	h.skew.Add(int64(6 * time.Minute))
	c := proof(o)
	h.skew.Add(int64(5*time.Minute + time.Second))
	status, body = o.try("POST", "/v1/session/prove/passkey", object{"ceremony": c.Ceremony, "response": key.Get(c.Options)})
	wantProblem(t, "a ceremony after its five minutes", status, body, 422, "wrong-passkey")
	o.prove(password)
	o.unchanged(before)
}

// wantProblem checks an answer that says what is wrong and what to do.
func wantProblem(t testing.TB, what string, status int, body []byte, want int, kind string) {
	t.Helper()
	var p struct{ Type, Detail string }
	if err := json.Unmarshal(body, &p); err != nil {
		t.Errorf("%s: %d %s: %v", what, status, body, err)
		return
	}
	if status != want || p.Type != "urn:hearthkey:problem:"+kind || !strings.HasSuffix(p.Detail, ".") {
		t.Errorf("%s: %d %s; want %d %s", what, status, body, want, kind)
	}
}

// A new token is told to whoever sent a token, and to a browser as its cookie
// alone, whatever operation renews it.
// ASVS 3.3.4.
func TestBrowsersGetTokensAsCookiesOnly(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	key := h.newPasskey()
	o.addPasskey(key, "Phone")
	const next = "another-lantern-17-softly"
	current := password
	for _, tt := range []struct {
		name, method, path string
		in                 func() object
	}{
		{"proof", "POST", "/v1/session/prove", func() object { return object{"password": current} }},
		{"proof by passkey", "POST", "/v1/session/prove/passkey", func() object {
			var c begun
			o.call("POST", "/v1/session/prove/passkey/begin", nil, &c)
			return object{"ceremony": c.Ceremony, "response": key.Get(c.Options)}
		}},
		{"second factor on", "PUT", "/v1/factors/second", func() object { return object{"needed": true} }},
		{"second factor off", "PUT", "/v1/factors/second", func() object { return object{"needed": false} }},
		{"recovery codes", "POST", "/v1/factors/recovery-codes", func() object { return object{} }},
		{"a passkey", "POST", "/v1/factors/passkeys", func() object {
			var c begun
			o.call("POST", "/v1/factors/passkeys/begin", nil, &c)
			return object{"ceremony": c.Ceremony, "response": h.newPasskey().Create(c.Options), "name": "Another"}
		}},
		{"password", "POST", "/v1/password", func() object { return object{"current": current, "next": next} }},
		{"sign-in", "POST", "/v1/sign-in/passkey", func() object {
			var c begun
			o.call("POST", "/v1/sign-in/passkey/begin", nil, &c)
			return object{"ceremony": c.Ceremony, "response": key.Get(c.Options)}
		}},
	} {
		in, _ := json.Marshal(tt.in())
		old := o.token
		resp, body := h.raw(tt.method, tt.path, http.Header{
			"Cookie": {"hearthkey=" + old}, "Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"},
		}, string(in))
		if resp.StatusCode >= 300 {
			t.Fatalf("%s: %d %s", tt.name, resp.StatusCode, body)
		}
		if strings.Contains(body, `"token"`) || strings.Contains(body, `"device"`) {
			t.Errorf("%s: a browser reads a secret: %s", tt.name, body)
		}
		o.token = ""
		for _, cookie := range resp.Cookies() {
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || strings.Contains(body, cookie.Value) {
				t.Errorf("%s: cookie %v", tt.name, cookie)
			}
			if cookie.Name == "hearthkey" {
				o.token = cookie.Value
			}
		}
		if o.token == "" || o.token == old {
			t.Fatalf("%s: the browser got no new token", tt.name)
		}
		status, _, answer := h.do("GET", "/v1/session", http.Header{"Cookie": {"hearthkey=" + old}}, nil)
		wantStatus(t, tt.name+": the token before", status, 401, answer)
		if tt.name == "password" {
			current = next
		}
	}
	var s session
	o.call("POST", "/v1/password", object{"current": current, "next": password}, &s)
	if s.Token == "" {
		t.Error("a caller with a token is not told the new one")
	}
}

// A browser cannot be made to act from elsewhere.
func TestBrowsersAnswerTheirOwnPagesOnly(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	before := o.everything()
	for _, op := range h.operations() {
		if op.method == "GET" {
			continue
		}
		for _, from := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}} {
			from.Set("Cookie", "hearthkey="+o.token)
			from.Set("Content-Type", "application/json")
			status, _, body := h.do(op.method, op.path, from, []byte("{}"))
			wantStatus(t, fmt.Sprint(op.method, " ", op.path, " ", from), status, 403, body)
			if !bytes.Contains(body, []byte("This request came from another site and was refused. Open the account page itself and try there.")) {
				t.Errorf("%s %s = %s", op.method, op.path, body)
			}
		}
	}
	o.unchanged(before)
}
