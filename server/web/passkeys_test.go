package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/account"
)

// authenticator is a passkey provider of one credential: Web Authentication
// Level 3 §6, with the attestation "none".
type authenticator struct {
	t     *testing.T
	id    []byte
	user  string // handle, base64url
	key   *ecdsa.PrivateKey
	count uint32
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &authenticator{t: t, id: []byte(rand.Text()), key: key}
}

type begunCeremony struct {
	Ceremony string
	Options  struct {
		PublicKey struct {
			Challenge string
			User      struct{ ID string }
		} `json:"publicKey"`
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) clientData(kind, challenge string) []byte {
	data, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": "https://" + testRP, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return data
}

// data is the authenticator's data (§6.1): user present and verified.
func (a *authenticator) data(extra byte, more ...byte) []byte {
	a.count++
	hash := sha256.Sum256([]byte(testRP))
	out := append(hash[:], 0x05|extra)
	return append(binary.BigEndian.AppendUint32(out, a.count), more...)
}

func (a *authenticator) answer(response map[string]any) string {
	data, err := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return string(data)
}

// register makes the credential (§5.1.3) and returns what a browser gives.
func (a *authenticator) register(c begunCeremony) string {
	a.user = c.Options.PublicKey.User.ID
	point, err := a.key.PublicKey.Bytes() // uncompressed: 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	more := append(make([]byte, 16), 0, byte(len(a.id)))
	more = append(more, a.id...)
	more = append(more, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32) // COSE: EC2, ES256, P-256, x
	more = append(more, point[1:33]...)
	more = append(append(more, 0x22, 0x58, 32), point[33:]...)
	auth := a.data(0x40, more...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(auth)>>8), byte(len(auth)))
	return a.answer(map[string]any{
		"clientDataJSON": b64(a.clientData("webauthn.create", c.Options.PublicKey.Challenge)), "attestationObject": b64(append(object, auth...)),
	})
}

// use signs a challenge (§6.3.3).
func (a *authenticator) use(c begunCeremony) string {
	client, auth := a.clientData("webauthn.get", c.Options.PublicKey.Challenge), a.data(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, auth...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(sig), "userHandle": a.user,
	})
}

// begin asks for a ceremony as the script does.
func (p *person) begin(path string, values ...string) begunCeremony {
	p.t.Helper()
	a := p.post(path, values...)
	var c begunCeremony
	if a.status != http.StatusOK || json.Unmarshal([]byte(a.body), &c) != nil || c.Ceremony == "" || c.Options.PublicKey.Challenge == "" {
		p.t.Fatalf("POST %s = %d %s", path, a.status, a.body)
	}
	return c
}

var codeItem = regexp.MustCompile(`<li class="mono">([a-z2-7-]{19})</li>`)

// addPasskey adds one and returns the answer.
func (p *person) addPasskey(key *authenticator, values ...string) answer {
	p.t.Helper()
	c := p.begin("/account/security/passkeys/begin")
	return p.post("/account/security/passkeys", append([]string{"ceremony=" + c.Ceremony, "response=" + key.register(c)}, values...)...)
}

func TestV3_PasskeysAreAddedRenamedAndRemoved(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	has(t, p.page("/account/security"), "You get them with the first app or passkey", "Add a passkey")
	has(t, p.page("/account/security/passkeys/new"), "data-passkey=\"register\"", "needs JavaScript", "passkey.js")

	key := newAuthenticator(t)
	a := p.addPasskey(key, "name=Phone")
	if codes := codeItem.FindAllString(a.body, -1); a.status != http.StatusOK || len(codes) != 10 {
		t.Fatalf("the first passkey: %d with %d recovery codes, want 200 with 10", a.status, len(codes))
	}
	has(t, a.body, "The passkey is added", "shown this once")
	c := p.begin("/account/security/passkeys/begin")
	again := []string{"ceremony=" + c.Ceremony, "response=" + newAuthenticator(t).register(c), "name=Tablet"}
	if a := p.post("/account/security/passkeys", again...); a.status != http.StatusSeeOther { // not the first: no codes
		t.Fatalf("another passkey: %d", a.status)
	}
	p.moved(p.post("/account/security/passkeys", again...), "/account/security/codes") // the page was loaded again
	has(t, p.page("/account/security/codes"), "This passkey is added already.", "make new ones here")
	tablet := regexp.MustCompile(`/passkeys/([0-9a-f-]{36})/remove"`).FindAllStringSubmatch(p.page("/account/security"), -1)[1][1]
	p.moved(p.post("/account/security/passkeys/"+tablet+"/remove"), "/account/security")
	body := p.page("/account/security")
	has(t, body, "<bdi>Phone</bdi>", "10 unused", "You can sign in with a passkey")
	id := regexp.MustCompile(`/passkeys/([0-9a-f-]{36})"`).FindStringSubmatch(body)[1]
	at := "/account/security/passkeys/" + id

	for _, name := range []string{"", "   ", strings.Repeat("x", 65), "a\x07b"} {
		if a := p.post(at, "name="+name); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "name-error") {
			t.Errorf("the name %q: %d, want 422 beside the field", name, a.status)
		}
	}
	has(t, p.page(at), `value="Phone"`)
	p.moved(p.post(at, "name=Mara’s phone"), "/account/security")
	has(t, p.page("/account/security"), "Mara’s phone", "The new name is saved")

	p.moved(p.post("/account/security/second-factor", "needed=yes"), "/account/security")
	has(t, p.page("/account/security"), "Your password needs a second factor")
	has(t, p.page(at+"/remove"), "The password alone signs in afterwards")
	p.moved(p.post(at+"/remove"), "/account/security")
	body = p.page("/account/security")
	has(t, body, "The passkey is removed", "The password is all that is needed")
	lacks(t, body, "Mara’s phone")
	for _, path := range []string{at, at + "/remove"} {
		if a := p.get(path); a.status != http.StatusNotFound {
			t.Errorf("GET %s of a removed passkey = %d, want 404", path, a.status)
		}
		if a := p.post(path, "name=x"); a.status != http.StatusNotFound {
			t.Errorf("POST %s of a removed passkey = %d, want 404", path, a.status)
		}
	}
	has(t, p.page("/account/timeline"), "Passkey added", "<bdi>Phone</bdi>", "Passkey removed")
}

// What a script sends is anything: nothing is added, and a sentence says why.
func TestV3_WhatIsNoPasskey(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	key := newAuthenticator(t)
	fresh := func() begunCeremony { return p.begin("/account/security/passkeys/begin") }
	used := fresh()
	if a := p.post("/account/security/passkeys", "ceremony="+used.Ceremony, "response="+key.register(used), "name=First"); a.status != http.StatusOK {
		t.Fatalf("a right answer: %d", a.status)
	}
	late := fresh()
	foreign := fresh()
	other := w.browser()
	other.signIn()
	for name, values := range map[string][]string{
		"nothing":         {},
		"no ceremony":     {"response=" + key.register(used), "name=x"},
		"no answer":       {"ceremony=" + fresh().Ceremony, "name=x"},
		"not JSON":        {"ceremony=" + fresh().Ceremony, "response={", "name=x"},
		"huge":            {"ceremony=" + fresh().Ceremony, "response=" + strings.Repeat("x", account.MaxPasskeyAnswer+1), "name=x"},
		"used before":     {"ceremony=" + used.Ceremony, "response=" + key.register(used), "name=x"},
		"known already":   {"ceremony=" + late.Ceremony, "response=" + key.register(late), "name=x"},
		"no name":         {"ceremony=" + fresh().Ceremony, "response=" + newAuthenticator(t).register(fresh()), "name="},
		"other challenge": {"ceremony=" + fresh().Ceremony, "response=" + newAuthenticator(t).register(fresh()), "name=x"},
	} {
		a := p.post("/account/security/passkeys", values...)
		if name == "no ceremony" || name == "used before" || name == "known already" { // of one that is there
			p.moved(a, "/account/security/codes")
			continue
		}
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `role="alert"`) && !strings.Contains(a.body, "name-error") {
			t.Errorf("%s: %d, want 422 with a sentence", name, a.status)
		}
	}
	a := other.post("/account/security/passkeys", "ceremony="+foreign.Ceremony, "response="+newAuthenticator(t).register(foreign), "name=x")
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("a ceremony of another browser: %d, want 422", a.status)
	}
	if n := strings.Count(p.page("/account/security"), ">Rename<"); n != 1 {
		t.Errorf("%d passkeys after all that, want 1", n)
	}
}

func TestA8_APasskeyProvesInPlaceOfThePassword(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	key := newAuthenticator(t)
	p.addPasskey(key, "name=Phone")
	w.clock.Advance(account.ProofAge)
	p.moved(p.get("/account/security"), "/proof?next=%2Faccount%2Fsecurity")
	has(t, p.page("/proof?next=/account/security"), `data-passkey="use"`, "Password")
	for _, path := range []string{"/account/security/passkeys/begin", "/account/security/app/begin", "/account/security/codes", "/account/data/export"} {
		p.moved(p.post(path), "/proof?next=%2F")
	}

	wrong := newAuthenticator(t)
	wrong.id, wrong.user = key.id, key.user
	c := p.begin("/proof/passkey/begin")
	for _, try := range []struct{ name, response string }{
		{"of another key", wrong.use(c)}, {"right, after a wrong one", key.use(c)}, {"empty", ""}, {"not JSON", "["},
	} {
		a := p.post("/proof/passkey", "ceremony="+c.Ceremony, "response="+try.response, "next=/account/security")
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "That passkey does not match") {
			t.Errorf("an answer %s: %d, want 422", try.name, a.status)
		}
	}
	p.moved(p.get("/account/security"), "/proof?next=%2Faccount%2Fsecurity")

	c = p.begin("/proof/passkey/begin")
	values := []string{"ceremony=" + c.Ceremony, "response=" + key.use(c), "next=//evil.example"}
	p.moved(p.post("/proof/passkey", values...), "/")
	p.page("/account/security")
	w.clock.Advance(account.ProofAge)
	if a := p.post("/proof/passkey", values...); a.status != http.StatusUnprocessableEntity {
		t.Errorf("the same answer again: %d, want 422", a.status)
	}
}

// Without a passkey the script gets a sentence.
func TestBeginWithoutAPasskey(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	a := p.post("/proof/passkey/begin")
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `"error":"`) || strings.Contains(a.body, "account:") {
		t.Errorf("begin without a passkey = %d %s", a.status, a.body)
	}
}

// A passkey proves on the way to approving a TV, and the page comes back to the
// same TV.
func TestD1_APasskeyApprovesATV(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	key := newAuthenticator(t)
	p.addPasskey(key, "name=Phone")
	w.clock.Advance(account.ProofAge)
	d := w.newTV("Bedroom TV")
	code := d.code()
	p.moved(p.post("/tv", "code="+code, "do=approve"), "/proof?next=%2F")
	at := "/tv?code=" + code
	p.moved(p.get(at), "/proof?next="+strings.NewReplacer("/", "%2F", "?", "%3F", "=", "%3D").Replace(at))
	c := p.begin("/proof/passkey/begin")
	p.moved(p.post("/proof/passkey", "ceremony="+c.Ceremony, "response="+key.use(c), "next="+at), at)
	has(t, p.page(at), "Sign in this TV?", "Bedroom TV")
	p.moved(p.post("/tv", "code="+code, "do=approve"), "/tv/done?device="+string(d.id()))
	d.session()
}
