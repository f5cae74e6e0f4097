package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Passkey is a passkey provider of one credential: Web Authentication Level 3
// §6, with user verification and the attestation "none".
type Passkey struct {
	tb     testing.TB
	rp     string
	origin string
	id     []byte
	user   string // handle, base64url
	key    *ecdsa.PrivateKey
	count  uint32
}

// NewPasskey makes a provider for the relying party rp at a page's origin.
func NewPasskey(tb testing.TB, rp, origin string) *Passkey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return &Passkey{tb: tb, rp: rp, origin: origin, id: []byte(rand.Text()), key: key}
}

type passkeyOptions struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
	} `json:"publicKey"`
}

func (p *Passkey) options(raw []byte) passkeyOptions {
	p.tb.Helper()
	var o passkeyOptions
	if err := json.Unmarshal(raw, &o); err != nil || o.PublicKey.Challenge == "" {
		p.tb.Fatalf("options %s: %v", raw, err)
	}
	return o
}

// Create answers navigator.credentials.create (§5.1.3) as
// PublicKeyCredential.toJSON does.
func (p *Passkey) Create(options []byte) json.RawMessage {
	p.tb.Helper()
	o := p.options(options)
	p.user = o.PublicKey.User.ID
	point, err := p.key.PublicKey.Bytes() // uncompressed: 4, x, y
	if err != nil {
		p.tb.Fatal(err)
	}
	more := append(make([]byte, 16), 0, byte(len(p.id)))
	more = append(more, p.id...)
	more = append(more, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32) // COSE: EC2, ES256, P-256, x
	more = append(more, point[1:33]...)
	more = append(append(more, 0x22, 0x58, 32), point[33:]...)
	auth := p.data(0x40, more...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(auth)>>8), byte(len(auth)))
	return p.answer(map[string]any{
		"clientDataJSON": base64url(p.clientData("webauthn.create", o)), "attestationObject": base64url(append(object, auth...)),
	})
}

// Get answers navigator.credentials.get (§6.3.3).
func (p *Passkey) Get(options []byte) json.RawMessage {
	p.tb.Helper()
	client, auth := p.clientData("webauthn.get", p.options(options)), p.data(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, auth...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	if err != nil {
		p.tb.Fatal(err)
	}
	return p.answer(map[string]any{
		"clientDataJSON": base64url(client), "authenticatorData": base64url(auth), "signature": base64url(sig), "userHandle": p.user,
	})
}

// data is the authenticator's data (§6.1): user present and verified.
func (p *Passkey) data(extra byte, more ...byte) []byte {
	p.count++
	hash := sha256.Sum256([]byte(p.rp))
	out := append(hash[:], 0x05|extra)
	return append(binary.BigEndian.AppendUint32(out, p.count), more...)
}

func (p *Passkey) clientData(kind string, o passkeyOptions) []byte {
	return p.json(map[string]any{"type": kind, "challenge": o.PublicKey.Challenge, "origin": p.origin, "crossOrigin": false})
}

func (p *Passkey) answer(response map[string]any) json.RawMessage {
	return p.json(map[string]any{
		"id": base64url(p.id), "rawId": base64url(p.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
}

func (p *Passkey) json(v any) []byte {
	p.tb.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		p.tb.Fatal(err)
	}
	return data
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
