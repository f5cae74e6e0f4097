package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at, at most.
const lookEvery = 30 * time.Second

// Files is a certificate chain and its key in PEM files. Make one with [Open].
type Files struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex // guards what follows
	pair    *tls.Certificate
	stamp   string    // of the files that pair is from, or of those that could not be used
	nextTry time.Time // when they are looked at again
}

// Open reads the files. now is the clock, for when to look again.
func Open(cert, key string, log *slog.Logger, now func() time.Time) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log, now: now}
	f.stamp = f.stamped()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", cert, err)
	}
	f.pair, f.nextTry = &pair, now().Add(lookEvery)
	return f, nil
}

// TLS is for a listener.
func (f *Files) TLS() *tls.Config {
	c := Settings()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(), nil }
	return c
}

// PublicKey is the SubjectPublicKeyInfo of the certificate in use.
func (f *Files) PublicKey() []byte { return f.current().Leaf.RawSubjectPublicKeyInfo }

// current is the pair in use, that of the files where they have changed.
func (f *Files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Before(f.nextTry) {
		return f.pair
	}
	f.nextTry = now.Add(lookEvery)
	stamp := f.stamped()
	if stamp == f.stamp {
		return f.pair
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil { // the two may be in the middle of a change: it is tried again, and told of each time
		f.log.Error("changed certificate not used: the one before stays in use", "file", f.cert, "error", err)
		return f.pair
	}
	f.pair, f.stamp = &pair, stamp
	f.log.Info("certificate changed", "file", f.cert, "until", pair.Leaf.NotAfter)
	return f.pair
}

// stamped tells the files' content apart, without reading it.
func (f *Files) stamped() string {
	stamp := ""
	for _, path := range []string{f.cert, f.key} {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprintf("%d %d ", info.Size(), info.ModTime().UnixNano())
		}
	}
	return stamp
}
