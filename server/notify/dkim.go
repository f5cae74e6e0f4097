package notify

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// minRSA is the least size of an RSA key in bits (RFC 8301 §3.2).
const minRSA = 2048

// maxKeyFile bounds a key file, in bytes.
const maxKeyFile = 64 << 10

// DKIM signs mails for a domain (RFC 6376). Make one with [ParseDKIM]. It is
// safe for concurrent use.
type DKIM struct {
	domain, selector string
	key              crypto.Signer
}

// ParseDKIM reads a private key from PEM: RSA of 2048 bits or more (PKCS #1 or
// PKCS #8), which every mail server understands, or Ed25519 (PKCS #8; RFC
// 8463), which many do not yet. domain is the one that answers for the mails;
// their sender must be in it. Errors do not show the key.
func ParseDKIM(keyPEM []byte, selector, domain string) (*DKIM, error) {
	domain = strings.ToLower(domain)
	if !dnsName(selector) || !dnsName(domain) || !strings.Contains(domain, ".") {
		return nil, errors.New("dkim: selector and domain must be DNS names, such as mail and tv.example")
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, err
	}
	return &DKIM{domain: domain, selector: selector, key: key}, nil
}

func parseKey(keyPEM []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(keyPEM[:min(len(keyPEM), maxKeyFile)])
	if block == nil {
		return nil, errors.New("dkim: the key is not in a PEM file")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("dkim: the file holds no private key, but %.40q", block.Type)
	}
	if err != nil {
		return nil, errors.New("dkim: the private key is malformed")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSA {
			return nil, fmt.Errorf("dkim: an RSA key of %d bits: at least %d are needed", bits, minRSA)
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, errors.New("dkim: the key is neither RSA nor Ed25519")
}

var label = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$`)

func dnsName(s string) bool {
	for l := range strings.SplitSeq(s, ".") {
		if !label.MatchString(l) {
			return false
		}
	}
	return len(s) <= 253
}

// Covers reports whether the domain answers for a sender's address: the address
// is in it or below it, as DMARC wants (RFC 7489 §3.1.1).
func (d *DKIM) Covers(address string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	return domain == d.domain || strings.HasSuffix(domain, "."+d.domain)
}

// Record returns what the operator publishes: the name and the text of a TXT
// record (RFC 6376 §3.6).
func (d *DKIM) Record() (name, text string, err error) {
	name = d.selector + "._domainkey." + d.domain
	if public, ok := d.key.Public().(ed25519.PublicKey); ok { // RFC 8463 §4.2: without the wrapping
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	}
	public, err := x509.MarshalPKIXPublicKey(d.key.Public())
	if err != nil {
		return "", "", fmt.Errorf("dkim: %w", err)
	}
	return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public), nil
}

// signed are the headers that a signature covers. Those named twice cannot be
// added to afterwards (RFC 6376 §8.15).
var signed = []string{
	"From", "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted",
}

// sign returns a rendered mail with its signature in front.
func (d *DKIM) sign(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	err := dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: d.domain, Selector: d.selector, Signer: d.key, Hash: crypto.SHA256, HeaderKeys: signed,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, fmt.Errorf("dkim: %w", err)
	}
	return out.Bytes(), nil
}
