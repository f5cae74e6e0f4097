package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

var public = key.Public().(ed25519.PublicKey)

var claims = protocol.StillClaims{Device: "d-x", Epoch: 2, Version: 9, Issued: 1764093422000, Lease: 28800, Ask: protocol.Bytes("abc")}

func TestRoundTrip(t *testing.T) {
	jws, err := sign.Sign(protocol.TypStill, "k1", key, claims)
	if err != nil {
		t.Fatal(err)
	}
	var got protocol.StillClaims
	kid, err := sign.Verify(jws, protocol.TypStill, sign.OneKey("k1", public), &got)
	if err != nil || kid != "k1" || !cmp.Equal(got, claims) {
		t.Errorf("Verify = %q, %v, %v", kid, got, err)
	}
}

// TestForeignReaderAndWriter has go-jose read what Sign wrote, and Verify read
// what go-jose wrote.
func TestForeignReaderAndWriter(t *testing.T) {
	jws, err := sign.Sign(protocol.TypStill, "k1", key, claims)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	body, err := parsed.Verify(public)
	if err != nil {
		t.Fatal(err)
	}
	if h := parsed.Signatures[0].Protected; h.KeyID != "k1" || h.ExtraHeaders["typ"] != protocol.TypStill {
		t.Errorf("go-jose reads the header %+v", h)
	}

	opts := (&jose.SignerOptions{}).WithType(protocol.TypStill).WithHeader("kid", "k1")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	var got protocol.StillClaims
	if _, err := sign.Verify(foreign, protocol.TypStill, sign.OneKey("k1", public), &got); err != nil || !cmp.Equal(got, claims) {
		t.Errorf("Verify(go-jose's) = %v, %v", got, err)
	}
}

// raw builds a JWS with any header, well signed.
func raw(head string, body any) string {
	e := base64.RawURLEncoding
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	signed := e.EncodeToString([]byte(head)) + "." + e.EncodeToString(b)
	return signed + "." + e.EncodeToString(ed25519.Sign(key, []byte(signed)))
}

func TestVerifyRefuses(t *testing.T) {
	good := raw(`{"alg":"EdDSA","kid":"k1","typ":"T"}`, claims)
	parts := strings.Split(good, ".")
	flipped := []byte(good)
	flipped[len(flipped)-3] ^= 1
	for _, c := range []struct {
		name, jws string
		want      error
	}{
		{"good", good, nil},
		{"nothing", "", sign.ErrMalformed},
		{"two parts", parts[0] + "." + parts[1], sign.ErrMalformed},
		{"four parts", good + ".x", sign.ErrMalformed},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], sign.ErrMalformed},
		{"no algorithm", raw(`{"alg":"none","kid":"k1","typ":"T"}`, claims), sign.ErrMalformed},
		{"another algorithm", raw(`{"alg":"HS256","kid":"k1","typ":"T"}`, claims), sign.ErrMalformed},
		{"a key in the header", raw(`{"alg":"EdDSA","kid":"k1","typ":"T","jwk":{}}`, claims), sign.ErrMalformed},
		{"a critical extension", raw(`{"alg":"EdDSA","kid":"k1","typ":"T","crit":["b64"]}`, claims), sign.ErrMalformed},
		{"two headers", raw(`{"alg":"EdDSA","kid":"k1","typ":"T"}{}`, claims), sign.ErrMalformed},
		{"another type", raw(`{"alg":"EdDSA","kid":"k1","typ":"U"}`, claims), sign.ErrWrongType},
		{"an unknown key", raw(`{"alg":"EdDSA","kid":"k2","typ":"T"}`, claims), sign.ErrUnknownKey},
		{"a flipped bit", string(flipped), sign.ErrSignature},
		{"no signature", parts[0] + "." + parts[1] + ".", sign.ErrSignature},
		{"claims of another shape", raw(`{"alg":"EdDSA","kid":"k1","typ":"T"}`, []int{1}), sign.ErrMalformed},
		{"too large", good + strings.Repeat("A", sign.MaxJWS), sign.ErrMalformed},
	} {
		var got protocol.StillClaims
		if _, err := sign.Verify(c.jws, "T", sign.OneKey("k1", public), &got); !errors.Is(err, c.want) {
			t.Errorf("%s: Verify = %v, want %v", c.name, err, c.want)
		}
	}
}

// unsigned are the members that a signature does not cover: itself, and what only
// tells the server what to send again, which came with capabilities 3 and 6 and
// which a server of an earlier one could not check.
var unsigned = map[string]bool{"Sig": true, "Tries": true, "Library": true, "Wishes": true, "Ends": true}

// TestHandshakeCoversEveryMember changes each member of auth and enrol in turn:
// the signed bytes must change, but for those of unsigned.
func TestHandshakeCoversEveryMember(t *testing.T) {
	auth := protocol.Auth{Have: protocol.Have{}}
	checkCover(t, &auth, func() string { return string(sign.AuthBytes([]byte("n"), "s", auth)) })
	enrol := protocol.Enrol{}
	checkCover(t, &enrol, func() string { return string(sign.EnrolBytes([]byte("n"), "s", enrol)) })
	a := sign.AuthBytes([]byte("n"), "s", auth)
	for _, other := range [][]byte{
		sign.AuthBytes([]byte("m"), "s", auth),
		sign.AuthBytes([]byte("n"), "t", auth),
		sign.AuthBytes([]byte("ns"), "", auth),
		sign.EnrolBytes([]byte("n"), "s", enrol),
	} {
		if bytes.Equal(a, other) {
			t.Errorf("two handshakes sign the same bytes %q", a)
		}
	}
}

func checkCover(t *testing.T, frame any, signed func() string) {
	t.Helper()
	for _, path := range leaves(reflect.TypeOf(frame).Elem(), nil) {
		v := reflect.ValueOf(frame).Elem().FieldByIndex(path)
		name := reflect.TypeOf(frame).Elem().FieldByIndex(path).Name
		before := signed()
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		switch v.Kind() {
		case reflect.String:
			v.SetString("changed")
		case reflect.Slice:
			v.SetBytes([]byte("changed"))
		default:
			v.SetInt(77)
		}
		if changed := signed() != before; changed == unsigned[name] {
			t.Errorf("%T.%s: changing it changes the signed bytes: %t", frame, name, changed)
		}
		v.Set(old)
	}
}

func leaves(typ reflect.Type, at []int) [][]int {
	if typ.Kind() != reflect.Struct {
		return [][]int{at}
	}
	var out [][]int
	for i := range typ.NumField() {
		out = append(out, leaves(typ.Field(i).Type, append(append([]int{}, at...), i))...)
	}
	return out
}

func FuzzVerify(f *testing.F) {
	f.Add(raw(`{"alg":"EdDSA","kid":"k1","typ":"T"}`, claims))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, jws string) {
		var got protocol.StillClaims
		if _, err := sign.Verify(jws, "T", sign.OneKey("k1", public), &got); err == nil && !cmp.Equal(got, claims) {
			t.Errorf("a forged JWS was taken: %s", jws)
		}
	})
}
