package session

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// authority holds a server's keys and signs what a server signs.
type authority struct {
	name    string
	root    ed25519.PrivateKey
	signing ed25519.PrivateKey
	kid     string
}

func keyFrom(seed string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

func newAuthority(name string) *authority {
	return &authority{name: name, root: keyFrom(name + " root"), signing: keyFrom(name + " k1"), kid: "k1"}
}

func public(k ed25519.PrivateKey) protocol.Bytes {
	return protocol.Bytes(k.Public().(ed25519.PublicKey))
}

func (a *authority) sign(typ string, claims any) string {
	jws, err := sign.Sign(typ, a.kid, a.signing, claims)
	if err != nil {
		panic(err)
	}
	return jws
}

// keys signs key list number n with the present signing key.
func (a *authority) keys(n int64) string {
	jws, err := sign.Sign(protocol.TypKeys, "root", a.root, protocol.KeysClaims{
		Server: a.name, Number: n, Keys: []protocol.SigningKey{{ID: a.kid, Key: public(a.signing)}},
	})
	if err != nil {
		panic(err)
	}
	return jws
}

// rotate makes another signing key.
func (a *authority) rotate(kid string) {
	a.kid, a.signing = kid, keyFrom(a.name+" "+kid)
}

// keyLists are the key lists of a server whose keys change.
type keyLists struct {
	number  int64
	changes []protocol.Keys // that named another root key
	numbers []int64         // theirs
	last    protocol.Keys
}

// newest makes the next list, of these keys.
func (l *keyLists) newest(a *authority, kids ...string) {
	l.number++
	l.last = protocol.Keys{JWS: l.sign(a, nil, kids)}
}

// changeRoot makes two lists: one that names another root key, and one by it.
func (l *keyLists) changeRoot(a *authority, kids ...string) {
	next := keyFrom(fmt.Sprint(a.name, " root ", l.number))
	l.number++
	l.changes = append(l.changes, protocol.Keys{JWS: l.sign(a, public(next), kids)})
	l.numbers = append(l.numbers, l.number)
	a.root = next
	l.newest(a, kids...)
}

func (l *keyLists) sign(a *authority, root protocol.Bytes, kids []string) string {
	c := protocol.KeysClaims{Server: a.name, Number: l.number, Root: root}
	for _, kid := range kids {
		c.Keys = append(c.Keys, protocol.SigningKey{ID: kid, Key: public(keyFrom(a.name + " " + kid))})
	}
	jws, err := sign.Sign(protocol.TypKeys, "root", a.root, c)
	if err != nil {
		panic(err)
	}
	return jws
}

// since returns what a device lacks that has the list of this number.
func (l *keyLists) since(have int64) []protocol.Frame {
	var out []protocol.Frame
	for i, f := range l.changes {
		if l.numbers[i] > have {
			out = append(out, f)
		}
	}
	if have < l.number {
		out = append(out, l.last)
	}
	return out
}

// testDocument is a document of n bytes that is like no other of another name.
func testDocument(name string, n int) (*protocol.Blob, []byte) {
	data := make([]byte, n)
	for i := range data {
		data[i] = name[i%len(name)] ^ byte(i>>8)
	}
	return &protocol.Blob{Digest: protocol.DigestOf(data), Size: n}, data
}

// parts cuts a document as a server does.
func parts(data []byte) []protocol.Frame {
	var out []protocol.Frame
	for at := 0; at < len(data); at += protocol.MaxPart {
		out = append(out, protocol.Part{
			Digest: protocol.DigestOf(data), Offset: at, Total: len(data),
			Data: data[at:min(at+protocol.MaxPart, len(data))],
		})
	}
	return out
}

// testEntropy returns the n-th entropy of a test.
func testEntropy(n int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "entropy %d", n)) }

func testConfig(seed string) Config {
	return Config{Identity: IdentityOf(keyFrom(seed)), Name: "Living room", Model: "Test", Kind: "tv"}
}

func TestConfigCheck(t *testing.T) {
	if err := testConfig("tv").Check(); err != nil {
		t.Errorf("Check() = %v, want nil", err)
	}
	for name, spoil := range map[string]func(*Config){
		"no identity": func(c *Config) { c.Identity = Identity{} },
		"no name":     func(c *Config) { c.Name = "" },
		"long name":   func(c *Config) { c.Name = string(make([]byte, 65)) },
		"bad model":   func(c *Config) { c.Model = "a\nb" },
	} {
		c := testConfig("tv")
		spoil(&c)
		if c.Check() == nil {
			t.Errorf("Check() with %s = nil, want an error", name)
		}
	}
}
