package notify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

var testRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func pkcs8(t *testing.T, key crypto.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func testEd25519(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// verify checks the signature of a mail as its recipient would, with the record
// that the operator was told to publish.
func verify(d *DKIM, mail string) error {
	found, err := dkim.VerifyWithOptions(strings.NewReader(mail), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		owner, text, err := d.Record()
		if err != nil || name != owner {
			return nil, fmt.Errorf("no record %s, %w", name, err)
		}
		return []string{text}, nil
	}})
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0].Domain != "tv.example" {
		return fmt.Errorf("%d signatures", len(found))
	}
	return found[0].Err
}

func TestDKIM(t *testing.T) { // V11
	keys := map[string][]byte{
		"RSA":     pkcs8(t, testRSA()),
		"PKCS #1": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testRSA())}),
		"Ed25519": pkcs8(t, testEd25519(t)),
	}
	server := serveMail(t, "starttls")
	for name, key := range keys {
		transport := server.transport(t, "starttls")
		var err error
		if transport.DKIM, err = ParseDKIM(key, "mail", "TV.example"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m := composed(t)
		if err := transport.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		mails := server.all()
		got := mails[len(mails)-1].data
		if err := verify(transport.DKIM, got); err != nil {
			t.Errorf("%s: not verified: %v\n%s", name, err, got)
		}
		checkMail(t, got, m)
		for what, forged := range map[string]string{
			"another code":     strings.Replace(got, "048213", "048214", 1),
			"another subject":  strings.Replace(got, "Subject: Your", "Subject: His", 1),
			"a second subject": strings.Replace(got, "Subject: ", "Subject: Read me\r\nSubject: ", 1),
			"a second sender":  "From: bank@home.example\r\n" + got,
			"another ID":       strings.Replace(got, "Message-ID: <0195", "Message-ID: <0196", 1),
		} {
			if forged == got {
				t.Errorf("%s: no %s was forged", name, what)
			} else if verify(transport.DKIM, forged) == nil {
				t.Errorf("%s: verified with %s", name, what)
			}
		}
		transport.Close()
	}
}

func TestParseDKIMErrors(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pkcs8(t, testRSA())
	tests := []struct {
		name             string
		key              []byte
		selector, domain string
	}{
		{"no key", nil, "mail", "tv.example"},
		{"no PEM", []byte("hunter2"), "mail", "tv.example"},
		{"a certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), "mail", "tv.example"},
		{"garbage", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hunter2")}), "mail", "tv.example"},
		{"1024 bits", pkcs8(t, small), "mail", "tv.example"},
		{"P-256", pkcs8(t, curve), "mail", "tv.example"},
		{"no selector", good, "", "tv.example"},
		{"selector with a space", good, "ma il", "tv.example"},
		{"selector with another tag", good, "mail; x=1", "tv.example"},
		{"no domain", good, "mail", ""},
		{"one label", good, "mail", "tv"},
		{"address", good, "mail", "a@tv.example"},
		{"long domain", good, "mail", strings.Repeat("abcdefgh.", 30) + "example"},
	}
	for _, test := range tests {
		if _, err := ParseDKIM(test.key, test.selector, test.domain); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: ParseDKIM = %v", test.name, err)
		}
	}
}

func TestDKIMCovers(t *testing.T) {
	d := &DKIM{domain: "tv.example"}
	for address, want := range map[string]bool{
		"no-reply@tv.example": true, "no-reply@Mail.TV.example": true, "a@nottv.example": false, "a@example": false, "": false,
	} {
		if got := d.Covers(address); got != want {
			t.Errorf("Covers(%q) = %t", address, got)
		}
	}
}

func FuzzParseDKIM(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"), "mail", "tv.example")
	f.Fuzz(func(t *testing.T, key []byte, selector, domain string) {
		d, err := ParseDKIM(key, selector, domain)
		if err != nil {
			return
		}
		if name, text, err := d.Record(); err != nil || !oneLine(name) || !oneLine(text) {
			t.Errorf("Record = %q, %q, %v", name, text, err)
		}
	})
}
