package remote

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// Hash is the SHA-256 of a TLS key's SubjectPublicKeyInfo: who a peer is.
type Hash = [tvremote.KeyHash]byte

// HashOf returns the hash of a public key.
func HashOf(key *ecdsa.PublicKey) (Hash, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return Hash{}, fmt.Errorf("hash a public key: %w", err)
	}
	return sha256.Sum256(der), nil
}

// Certificate signs a certificate for key by itself. Its dates mean nothing: a box
// may have no clock, and what counts is the key. (99991231235959Z is RFC 5280,
// section 4.1.2.5, for no date.)
func Certificate(key *ecdsa.PrivateKey, name string) (tls.Certificate, error) {
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// errPeerKey means that a peer's certificate is not for a P-256 key.
var errPeerKey = errors.New("the certificate is not for a P-256 key")

// PeerHash tells who a peer is by the certificate that it has proved to have the key
// of. Only P-256 keys are taken.
func PeerHash(s *tls.ConnectionState) (Hash, error) {
	if s == nil || len(s.PeerCertificates) == 0 {
		return Hash{}, errPeerKey
	}
	key, ok := s.PeerCertificates[0].PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return Hash{}, errPeerKey
	}
	return sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo), nil
}

// tlsConfig asks every peer for a certificate and takes any for a P-256 key: what its
// key may do is decided after the handshake. Nothing is resumed, so that a removed
// remote has nothing to come back with.
func tlsConfig(certificate func() *tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		ClientAuth:             tls.RequireAnyClientCert,
		SessionTicketsDisabled: true,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate(), nil },
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := PeerHash(&s)
			return err
		},
	}
}
