package cache

import (
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// BenchmarkOpen is the part of a cold start: a cache with a snapshot and a
// catalogue, opened, read and closed.
func BenchmarkOpen(b *testing.B) {
	cfg := Config{Dir: filepath.Join(b.TempDir(), "cache"), Key: testKey}
	digest, data := document(1, protocol.MaxCatalog)
	for b.Loop() {
		c, err := Open(cfg)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Blob(digest); err != nil {
			if err := c.PutBlob(digest, data); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifier is what a PIN's check reads.
func BenchmarkVerifier(b *testing.B) {
	c, err := Open(Config{Dir: filepath.Join(b.TempDir(), "cache"), Key: testKey})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.PutVerifiers(1, map[protocol.ProfileID]Verifier{"p": verifier(1)}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Verifier("p"); err != nil {
			b.Fatal(err)
		}
	}
}
