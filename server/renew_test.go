package server_test

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
)

// D7: a lease is renewed without a write to the database. Somebody else holds its
// write lock meanwhile, so that one that was tried would not be answered.
func TestD7_RenewalsWriteNothing(t *testing.T) {
	var data string
	h := open(t, func(c *server.Config) { data = c.Data })
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	v.auth()
	db, err := sql.Open("sqlite", filepath.Join(data, "hearthkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range []string{"PRAGMA busy_timeout = 5000", "BEGIN IMMEDIATE"} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err == nil {
		t.Fatal("the database can be written: this test tests nothing")
	}
	for i := range 40 {
		n := nonce()
		v.send(protocol.Ask{Nonce: n})
		var c protocol.StillClaims
		v.verify(expect[protocol.Still](v).JWS, protocol.TypStill, v.serverKey, &c)
		if !bytes.Equal(c.Ask, n) || c.Lease != protocol.MaxLease {
			t.Fatalf("renewal %d: %+v", i, c)
		}
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
}
