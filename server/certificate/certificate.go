// Package certificate is how the server speaks TLS: with which settings, and with a
// certificate that an operator put into files ([Files]) or that comes by itself
// ([Automatic], ACME, RFC 8555).
//
// Files are looked at again while the server runs, so that whoever renews them need not
// restart it; ones that cannot be used change nothing. An automatic certificate is for
// one host only, is kept in a folder for this user alone, and is renewed when a third
// of its time is left; where that fails the one before goes on until it ends. A client
// that names no host, such as a health check on this machine, is served too.
//
// Both are safe for concurrent use. The tests renew files under a running listener,
// and get certificates from Pebble, the test server of Let's Encrypt.
package certificate

import "crypto/tls"

// Settings are those of every TLS listener of the server: TLS 1.3, and 1.2 with forward
// secrecy and authenticated ciphers alone, for TVs that know no better (RFC 9325
// §3.1 and §4.2). There is no HTTP/2: devices' WebSockets need HTTP/1.1 (RFC 6455).
func Settings() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all good
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		NextProtos: []string{"http/1.1"},
	}
}
