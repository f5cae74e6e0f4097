//go:build linux

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// pings is the interval of heartbeats while idle CPU is looked at.
const pings = 25 * time.Second

// whole is the server as operators run it, with the database in a folder.
type whole struct {
	stop context.CancelFunc
	end  chan error
}

// openWhole starts a server whose data, and certificate with TLS, are in a folder.
func openWhole(ctx context.Context, dir string, withTLS bool) (*whole, string, error) {
	cfg := server.Config{
		Listen: "127.0.0.1:0", Data: dir, Name: "hearthkey.bench", Dev: true, Ping: pings,
		PublicURL: "http://127.0.0.1:8700", // the same after a restart, or every snapshot is another
		Log:       slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	if withTLS {
		cfg.PublicURL = "https://127.0.0.1:8700"
		cfg.TLSCert, cfg.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	}
	s, err := server.New(ctx, cfg)
	if err != nil {
		return nil, "", err
	}
	ctx, stop := context.WithCancel(ctx)
	w := &whole{stop: stop, end: make(chan error, 1)}
	go func() { w.end <- s.Run(ctx) }()
	return w, s.Addr().String(), nil
}

func (w *whole) all(string, int)      {}
func (w *whole) one(int, string, int) {}

func (w *whole) close() {
	w.stop()
	<-w.end
}

// certify makes a certificate for loopback in a folder.
func certify(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	write := func(name, kind string, data []byte) error {
		return os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600)
	}
	if err := errors.Join(write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", private)); err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	return nil
}
