package account

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

const (
	testRP     = "tv.example"
	testOrigin = "https://tv.example"
)

// authenticator is a foreign half of the ceremonies: ES256 keys, no attestation.
type authenticator struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	flags  byte   // user present 1, verified 4, backup eligible 8, backed up 16
	origin string // of the page
	rp     string
}

func newAuthenticator(t *testing.T) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		t.Fatal(err)
	}
	return &authenticator{t: t, key: key, id: id, flags: 5, origin: testOrigin, rp: testRP}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) clientData(typ, challenge string) []byte {
	data, err := json.Marshal(map[string]any{"type": typ, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return data
}

func (a *authenticator) authData(extra byte) []byte {
	rp := sha256.Sum256([]byte(a.rp))
	return binary.BigEndian.AppendUint32(append(rp[:], a.flags|extra), a.count)
}

func (a *authenticator) cbor(v any) []byte {
	data, err := webauthncbor.Marshal(v)
	if err != nil {
		a.t.Fatal(err)
	}
	return data
}

// create answers navigator.credentials.create.
func (a *authenticator) create(c Ceremony) PasskeyAnswer {
	a.t.Helper()
	var options struct {
		PublicKey struct {
			Challenge string
			RP        struct{ ID string }
			User      struct{ ID string }
			Selection struct{ UserVerification, ResidentKey string } `json:"authenticatorSelection"`
		}
	}
	if err := json.Unmarshal(c.Options, &options); err != nil {
		a.t.Fatal(err)
	}
	o := options.PublicKey
	if o.RP.ID != testRP || o.Selection.UserVerification != "required" || o.Selection.ResidentKey != "required" || o.Challenge == "" {
		a.t.Errorf("options = %s", c.Options)
	}
	a.handle, _ = base64.RawURLEncoding.DecodeString(o.User.ID)
	public, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	cose := a.cbor(map[int]any{1: 2, 3: -7, -1: 1, -2: public[1:33], -3: public[33:]})
	auth := append(a.authData(0x40), make([]byte, 16)...)
	auth = binary.BigEndian.AppendUint16(auth, uint16(len(a.id)))
	auth = append(append(auth, a.id...), cose...)
	object := a.cbor(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": auth})
	return a.answer(c, map[string]any{
		"clientDataJSON": b64(a.clientData("webauthn.create", o.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"},
	})
}

// get answers navigator.credentials.get.
func (a *authenticator) get(c Ceremony) PasskeyAnswer {
	a.t.Helper()
	var options struct {
		PublicKey struct{ Challenge, UserVerification string }
	}
	if err := json.Unmarshal(c.Options, &options); err != nil {
		a.t.Fatal(err)
	}
	if options.PublicKey.UserVerification != "required" {
		a.t.Errorf("user verification is %q", options.PublicKey.UserVerification)
	}
	a.count++
	client, auth := a.clientData("webauthn.get", options.PublicKey.Challenge), a.authData(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, auth...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(c, map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(sig), "userHandle": b64(a.handle),
	})
}

func (a *authenticator) answer(c Ceremony, response map[string]any) PasskeyAnswer {
	data, err := json.Marshal(map[string]any{
		"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform",
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return PasskeyAnswer{Ceremony: c.ID, Response: data}
}

// addPasskey registers a new passkey and returns it with the session's new
// token.
func (f *fixture) addPasskey(t *testing.T, who Session, name string) (*authenticator, Web) {
	t.Helper()
	a := newAuthenticator(t)
	c, err := f.BeginPasskey(f.ctx, f.clock.Now(), who)
	if err != nil {
		t.Fatal(err)
	}
	web, _, err := f.AddPasskey(f.ctx, f.clock.Now(), who, a.create(c), name, false)
	if err != nil {
		t.Fatal(err)
	}
	return a, web
}

func (f *fixture) passkeySignIn(t *testing.T, a *authenticator) (SignedIn, error) {
	t.Helper()
	c, err := f.BeginPasskeySignIn(f.ctx, f.clock.Now(), elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	return f.PasskeySignIn(f.ctx, f.clock.Now(), a.get(c), "", elsewhere)
}

func TestV3_PasskeyAlone(t *testing.T) { // A2
	f := newFixture(t)
	who := f.signedUp(t, anna)
	a, web := f.addPasskey(t, who.Session, "Anna's phone")
	if f.live(t, who.Token) || !f.live(t, web.Token) {
		t.Error("the token was not rotated")
	}
	f.strangersFail(t, anna, refuseStreak+1) // V5: passkeys go on
	in, err := f.passkeySignIn(t, a)
	if err != nil || in.Session.Account != who.Session.Account || in.Session.Factors != "passkey" || in.Device == "" {
		t.Fatalf("PasskeySignIn = %+v, %v", in.Session, err)
	}
	fs, err := f.Factors(f.ctx, web.Session)
	if err != nil || len(fs.Passkeys) != 1 || fs.Passkeys[0].Name != "Anna's phone" || fs.Passkeys[0].LastUsed.IsZero() || fs.Codes != recoveryCodes {
		t.Errorf("Factors = %+v, %v", fs, err)
	}
	if fs.Second {
		t.Error("a passkey alone makes the password insufficient without being asked to")
	}
}

func TestV3_PasskeyCeremonies(t *testing.T) { // WebAuthn L3 §7: each once, in time, of this page, verified
	f := newFixture(t)
	who := f.signedUp(t, anna)
	a, web := f.addPasskey(t, who.Session, "Key")
	begin := func() Ceremony {
		c, err := f.BeginPasskeySignIn(f.ctx, f.clock.Now(), elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	try := func(p PasskeyAnswer) error {
		_, err := f.PasskeySignIn(f.ctx, f.clock.Now(), p, "", elsewhere)
		return err
	}
	answer := a.get(begin())
	errs := all(20, func() error { return try(answer) })
	if n := succeeded(errs); n != 1 {
		t.Errorf("%d of 20 uses of one answer succeeded, want 1", n)
	}
	late := a.get(begin())
	f.clock.Advance(ceremonyLife)
	tests := map[string]func() PasskeyAnswer{
		"late":               func() PasskeyAnswer { return late },
		"another ceremony":   func() PasskeyAnswer { p := a.get(begin()); p.Ceremony = begin().ID; return p },
		"no ceremony":        func() PasskeyAnswer { p := a.get(begin()); p.Ceremony = ""; return p },
		"another origin":     func() PasskeyAnswer { b := *a; b.origin = "https://evil.example"; return b.get(begin()) },
		"another party":      func() PasskeyAnswer { b := *a; b.rp = "evil.example"; return b.get(begin()) },
		"not verified":       func() PasskeyAnswer { b := *a; b.flags = 1; return b.get(begin()) },
		"nobody there":       func() PasskeyAnswer { b := *a; b.flags = 4; return b.get(begin()) },
		"another key":        func() PasskeyAnswer { b := newAuthenticator(t); b.id, b.handle = a.id, a.handle; return b.get(begin()) },
		"unknown credential": func() PasskeyAnswer { b := *a; b.id = []byte("0123456789abcdef"); return b.get(begin()) },
		"another's handle":   func() PasskeyAnswer { b := *a; b.handle = []byte("0123456789abcdef"); return b.get(begin()) },
		"no handle":          func() PasskeyAnswer { b := *a; b.handle = nil; return b.get(begin()) },
		"not JSON":           func() PasskeyAnswer { return PasskeyAnswer{begin().ID, []byte("{")} },
		"huge":               func() PasskeyAnswer { return PasskeyAnswer{begin().ID, make([]byte, 1<<20)} },
		"a registration":     func() PasskeyAnswer { return a.create(f.mustBegin(t, web.Session)) },
	}
	for name, make := range tests {
		if err := try(make()); !errors.Is(err, ErrPasskey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := try(a.get(begin())); err != nil {
		t.Errorf("the passkey itself: %v", err)
	}
}

func (f *fixture) mustBegin(t *testing.T, who Session) Ceremony {
	t.Helper()
	web, err := f.Prove(f.ctx, f.clock.Now(), who, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.BeginPasskey(f.ctx, f.clock.Now(), web.Session)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// WebAuthn L3 §7.
func TestV3_PasskeyRegistrations(t *testing.T) { // WebAuthn L3 §7.1
	f := newFixture(t)
	web := f.signedUp(t, anna).Web
	tests := map[string]func(*authenticator){
		"another origin": func(a *authenticator) { a.origin = "https://evil.example" },
		"another party":  func(a *authenticator) { a.rp = "evil.example" },
		"not verified":   func(a *authenticator) { a.flags = 1 },
		"nobody there":   func(a *authenticator) { a.flags = 4 },
	}
	for name, spoil := range tests {
		a := newAuthenticator(t)
		spoil(a)
		c, err := f.BeginPasskey(f.ctx, f.clock.Now(), web.Session)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.AddPasskey(f.ctx, f.clock.Now(), web.Session, a.create(c), "Key", false); !errors.Is(err, ErrPasskey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := f.BeginPasskey(f.ctx, f.clock.Now(), web.Session)
	if err != nil {
		t.Fatal(err)
	}
	answer := newAuthenticator(t).create(c)
	other := f.signedUp(t, "bert@example.org")
	if _, _, err := f.AddPasskey(f.ctx, f.clock.Now(), other.Session, answer, "Key", false); !errors.Is(err, ErrPasskey) {
		t.Errorf("another account's ceremony: %v", err)
	}
	f.clock.Advance(ceremonyLife)
	if _, _, err := f.AddPasskey(f.ctx, f.clock.Now(), web.Session, answer, "Key", false); !errors.Is(err, ErrPasskey) {
		t.Errorf("late: %v", err)
	}
	if fs, err := f.Factors(f.ctx, web.Session); err != nil || len(fs.Passkeys) != 0 {
		t.Errorf("Factors = %+v, %v", fs, err)
	}
}

func TestV3_PasskeyAsSecondFactor(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	a, web := f.addPasskey(t, who.Session, "Key")
	b, web := f.addPasskey(t, web.Session, "Spare")
	if c := f.step(t, anna, goodPassword, who.Device, fox).Challenge; c != nil {
		t.Errorf("before it is asked for: %+v", c)
	}
	web, err := f.SetSecondFactor(f.ctx, f.clock.Now(), web.Session, true, false)
	if err != nil {
		t.Fatal(err)
	}
	c := f.step(t, anna, goodPassword, who.Device, fox).Challenge
	if c == nil || c.Need != NeedSecondFactor || c.Factors[0] != Passkeys {
		t.Fatalf("challenge = %+v", c)
	}
	ceremony, err := f.BeginPasskeyFactor(f.ctx, f.clock.Now(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	answer := b.get(ceremony)
	other := f.step(t, anna, goodPassword, who.Device, fox).Challenge
	if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), other.ID, Answer{Passkey: &answer}, "", fox); err == nil {
		t.Error("an answer for another challenge")
	}
	if ceremony, err = f.BeginPasskeyFactor(f.ctx, f.clock.Now(), c.ID); err != nil {
		t.Fatal(err)
	}
	answer = a.get(ceremony)
	in, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Passkey: &answer}, "", fox)
	if err != nil || in.Session.Factors != "password passkey" {
		t.Fatalf("ContinueSignIn = %+v, %v", in.Session, err)
	}
	fs, err := f.Factors(f.ctx, web.Session)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range fs.Passkeys {
		if web, err = f.RemovePasskey(f.ctx, f.clock.Now(), web.Session, p.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	if c := f.step(t, anna, goodPassword, who.Device, fox).Challenge; c != nil {
		t.Errorf("after the last passkey went: %+v", c)
	}
	if _, err := f.passkeySignIn(t, a); !errors.Is(err, ErrPasskey) {
		t.Errorf("a removed passkey: %v", err)
	}
}

func TestA8_ProofByPasskey(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	a, web := f.addPasskey(t, who.Session, "Key")
	now := f.clock.Advance(ProofAge)
	begin := func(about string) Ceremony {
		c, err := f.BeginPasskeyProof(f.ctx, now, web.Session, about)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if _, err := f.ProveByPasskey(f.ctx, now, web.Session, a.get(begin("BCDF-GHJK")), "another TV"); !errors.Is(err, ErrPasskey) {
		t.Errorf("about another TV: %v", err)
	}
	stranger := f.signedUp(t, "bert@example.org")
	if _, err := f.ProveByPasskey(f.ctx, now, stranger.Session, a.get(begin("")), ""); !errors.Is(err, ErrPasskey) {
		t.Errorf("for another account: %v", err)
	}
	next, err := f.ProveByPasskey(f.ctx, now, web.Session, a.get(begin("BCDF-GHJK")), "BCDF-GHJK")
	if err != nil || !next.Session.Fresh(now) || f.live(t, web.Token) || !f.live(t, next.Token) {
		t.Errorf("ProveByPasskey = %+v, %v", next.Session, err)
	}
	if err := f.SignOut(f.ctx, now, next.Session); err != nil {
		t.Fatal(err)
	}
	if _, err := f.BeginPasskeyProof(f.ctx, now, next.Session, ""); !errors.Is(err, ErrSignedOut) {
		t.Errorf("after the sign-out: %v", err)
	}
}

func TestV3_PasskeyManagement(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	a, web := f.addPasskey(t, who.Session, "Key")
	c, err := f.BeginPasskey(f.ctx, f.clock.Now(), web.Session)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(c.Options), b64(a.id)) {
		t.Error("the passkey that is there is not excluded")
	}
	if _, _, err := f.AddPasskey(f.ctx, f.clock.Now(), web.Session, a.create(c), "Again", false); !errors.Is(err, ErrPasskeyKnown) {
		t.Errorf("the same passkey again: %v", err)
	}
	stranger := f.signedUp(t, "bert@example.org")
	fs, err := f.Factors(f.ctx, web.Session)
	if err != nil {
		t.Fatal(err)
	}
	id := fs.Passkeys[0].ID
	for name, want := range map[string]error{"": ErrFactorName, " ": ErrFactorName, strings.Repeat("x", 65): ErrFactorName, "a\x00": ErrFactorName, " Phone ": nil} {
		if err := f.RenamePasskey(f.ctx, f.clock.Now(), web.Session, id, name); !errors.Is(err, want) {
			t.Errorf("rename to %q: %v", name, err)
		}
	}
	if err := f.RenamePasskey(f.ctx, f.clock.Now(), stranger.Session, id, "Mine"); !errors.Is(err, ErrNoFactor) {
		t.Errorf("a stranger renames: %v", err)
	}
	if _, err := f.RemovePasskey(f.ctx, f.clock.Now(), stranger.Session, id, false); !errors.Is(err, ErrNoFactor) {
		t.Errorf("a stranger removes: %v", err)
	}
	if fs, err = f.Factors(f.ctx, web.Session); err != nil || fs.Passkeys[0].Name != "Phone" {
		t.Errorf("Factors = %+v, %v", fs, err)
	}
	f.clock.Advance(ProofAge)
	if _, err := f.BeginPasskey(f.ctx, f.clock.Now(), web.Session); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("a new passkey without a proof: %v", err)
	}
	if _, err := f.RemovePasskey(f.ctx, f.clock.Now(), web.Session, id, false); !errors.Is(err, ErrProofNeeded) {
		t.Errorf("removing without a proof: %v", err)
	}
}

// WebAuthn L3 §7.
func TestV3_PasskeyCountGoesBack(t *testing.T) { // noted, and nobody is locked out
	f := newFixture(t)
	who := f.signedUp(t, anna)
	a, web := f.addPasskey(t, who.Session, "Key")
	a.count = 10
	for range 2 {
		if _, err := f.passkeySignIn(t, a); err != nil {
			t.Fatal(err)
		}
		if has(f.kinds(t, who.Session.Account), timeline.PasskeyRegressed) {
			t.Fatal("a rising count is taken for a copy")
		}
	}
	a.count = 3
	if _, err := f.passkeySignIn(t, a); err != nil {
		t.Errorf("after its count went back: %v", err)
	}
	fs, err := f.Factors(f.ctx, web.Session)
	if err != nil || fs.Passkeys[0].Regressed.IsZero() || !has(f.kinds(t, who.Session.Account), timeline.PasskeyRegressed) {
		t.Errorf("not noted: %+v, %v", fs, err)
	}
}

func TestNoPasskeys(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	f.authn = nil
	if _, err := f.BeginPasskeySignIn(f.ctx, f.clock.Now(), fox); !errors.Is(err, ErrNoPasskeys) {
		t.Errorf("BeginPasskeySignIn = %v", err)
	}
	if _, err := f.BeginPasskey(f.ctx, f.clock.Now(), who.Session); !errors.Is(err, ErrNoPasskeys) {
		t.Errorf("BeginPasskey = %v", err)
	}
}

// ASVS 14.2.7.
func TestTidyEndsWhatIsOver(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	c := f.step(t, anna, goodPassword, "", elsewhere).Challenge
	if _, err := f.BeginPasskeySignIn(f.ctx, f.clock.Now(), fox); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(2 * DeviceLife)
	if err := f.Tidy(f.ctx, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.update(t, func(tx *store.Tx) error {
		rows, err := tx.SignInHistory(who.Session.Account, time.Time{}, 10)
		if err != nil || len(rows) != 0 {
			t.Errorf("history: %d rows, %v", len(rows), err)
		}
		if _, err := tx.AccessCode(stored(c.ID), string(ForSignIn)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("access code: %v", err)
		}
		return nil
	})
}

func FuzzPasskeyAnswers(f *testing.F) {
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`))
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := parseAssertion(data); err == nil && p == nil {
			t.Error("no assertion and no error")
		}
		if p, err := parseAttestation(data); err == nil && p == nil {
			t.Error("no attestation and no error")
		}
	})
}
