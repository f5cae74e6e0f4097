package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
)

func levels(list []Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, string(f.Level))
		if f.Level != OK && f.Level != Skip && f.Do == "" {
			out = append(out, "without advice")
		}
	}
	return strings.Join(out, " ")
}

func TestPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if got := levels(Private("x", file, Finding{})); got != "" {
		t.Errorf("a missing file = %q", got)
	}
	if got := levels(Private("x", file, Finding{Level: Warn, Do: "make it"})); got != "warn" {
		t.Errorf("a missing file that should be there = %q", got)
	}
	for mode, want := range map[os.FileMode]string{0o600: "ok", 0o400: "ok", 0o640: "bad", 0o604: "bad", 0o610: "bad"} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if got := levels(Private("x", file, Finding{})); got != want {
			t.Errorf("mode %o = %q, want %q", mode, got, want)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSpaceAndClock(t *testing.T) {
	for free, want := range map[uint64]Level{0: Bad, LeastFree - 1: Bad, LeastFree: Warn, EnoughFree - 1: Warn, EnoughFree: OK} {
		if got := space("/data", free); got.Level != want {
			t.Errorf("%d bytes free = %v, want %v", free, got, want)
		}
	}
	now := time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		skew   time.Duration
		newest time.Time
		want   Level
	}{
		{"empty", 0, time.Time{}, OK},
		{"written lately", 0, now.Add(-time.Second), OK},
		{"a little ahead", MaxSkew, now.Add(MaxSkew), OK},
		{"the database is ahead", MaxSkew + 1, time.Time{}, Bad},
		{"the database is behind", -MaxSkew - 1, time.Time{}, Bad},
		{"this clock was turned back", 0, now.Add(time.Hour), Bad},
	} {
		if got := Clock(now, c.skew, c.newest); got.Level != c.want {
			t.Errorf("%s = %v, want %v", c.name, got, c.want)
		}
	}
}

// pair makes a certificate for tv.example, signed by itself or by another.
func pair(t *testing.T, from, until time.Time, self bool, short bool) tls.Certificate {
	t.Helper()
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until, DNSNames: []string{"tv.example"}, IsCA: self, BasicConstraintsValid: true}
	parent := template
	if !self {
		parent = &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	}
	var public any = ca.Public()
	if short {
		t.Setenv("GODEBUG", "rsa1024min=0")
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		public = weak.Public()
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, ca)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, Leaf: leaf}
}

func TestCertificate(t *testing.T) {
	now, day := time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC), 24*time.Hour
	for _, c := range []struct {
		name string
		pair tls.Certificate
		host string
		want string
	}{
		{"fresh", pair(t, now.Add(-day), now.Add(89*day), false, false), "tv.example", "ok"},
		{"of six days, fresh", pair(t, now.Add(-day), now.Add(5*day), false, false), "tv.example", "ok"},
		{"of six days, at its end", pair(t, now.Add(-5*day), now.Add(day), false, false), "tv.example", "warn"},
		{"ends soon", pair(t, now.Add(-80*day), now.Add(10*day), false, false), "tv.example", "warn"},
		{"ended", pair(t, now.Add(-90*day), now.Add(-time.Second), false, false), "tv.example", "bad"},
		{"not yet", pair(t, now.Add(time.Hour), now.Add(90*day), false, false), "tv.example", "bad"},
		{"of another host", pair(t, now.Add(-day), now.Add(89*day), false, false), "other.example", "ok bad"},
		{"by itself", pair(t, now.Add(-day), now.Add(89*day), true, false), "tv.example", "ok warn"},
		{"with a short key", pair(t, now.Add(-day), now.Add(89*day), false, true), "tv.example", "ok bad"},
	} {
		if got := levels(leaf(c.pair, c.host, now)); got != c.want {
			t.Errorf("%s = %q, want %q", c.name, got, c.want)
		}
	}
	if got := levels(Certificate("nothing", "there", "x", now)); got != "bad" {
		t.Errorf("no files = %q", got)
	}
}

func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	now := time.Now()
	if got := levels(Keys(dir, "tv", now)); got != "" {
		t.Errorf("no folder = %q", got)
	}
	if _, err := keyring.Open(dir, "tv", rand.Reader); err != nil {
		t.Fatal(err)
	}
	if got := levels(Keys(dir, "tv", now)); got != "warn ok" {
		t.Errorf("with the root key here = %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "root.key")); err != nil {
		t.Fatal(err)
	}
	if got := levels(Keys(dir, "tv", now)); got != "ok ok" {
		t.Errorf("sound = %q", got)
	}
	if got := levels(Keys(dir, "tv", now.Add(oldKey+time.Hour))); got != "ok warn" {
		t.Errorf("a year later = %q", got)
	}
	if got := levels(Keys(dir, "other", now)); got != "bad ok ok" {
		t.Errorf("of another service = %q", got)
	}
	if err := os.Truncate(filepath.Join(dir, "keys.jws"), 10); err != nil {
		t.Fatal(err)
	}
	if got := levels(Keys(dir, "tv", now)); got != "bad" {
		t.Errorf("damaged = %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "data.key")); err != nil {
		t.Fatal(err)
	}
	if got := levels(Keys(dir, "tv", now)); got != "bad" {
		t.Errorf("incomplete = %q", got)
	}
}

func TestReach(t *testing.T) {
	ready := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	if got := Reach(t.Context(), "x", "it", "start it", Health(s.URL)); got.Level != OK {
		t.Errorf("a server that is ready = %v", got)
	}
	ready = false
	if got := Reach(t.Context(), "x", "it", "start it", Health(s.URL)); got.Level != Bad || !strings.Contains(got.Text, "503") {
		t.Errorf("one that is not = %v", got)
	}
	if got := Reach(t.Context(), "x", "it", "start it", func(context.Context) error { return errors.New("gone") }); got.Level != Bad {
		t.Errorf("one that is gone = %v", got)
	}
}
