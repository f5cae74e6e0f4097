package server_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// What an operator can get wrong, and what the server says about it.
func TestOperatorErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*server.Config)
		want   string
	}{
		{"port in use", func(c *server.Config) { c.Listen = taken.Addr().String() }, "Another program listens on"},
		{"admin port in use", func(c *server.Config) { c.Admin = taken.Addr().String() }, "with --admin"},
		{"not an address", func(c *server.Config) { c.Listen = "nonsense" }, "is not host:port"},
		{"not this machine's address", func(c *server.Config) { c.Listen, c.Dev = "192.0.2.1:0", true }, "has no address"},
		{"plain HTTP for everybody", func(c *server.Config) { c.Listen = "0.0.0.0:0" }, "in the clear"},
		{"https without TLS", func(c *server.Config) { c.PublicURL = "https://tv.example" }, "nothing here speaks TLS"},
		{"a URL with a path", func(c *server.Config) { c.PublicURL = "http://tv.example/x" }, "without a path"},
		{"not a URL", func(c *server.Config) { c.PublicURL = "tv.example" }, "is not an address"},
		{"half of TLS", func(c *server.Config) { c.TLSCert = file }, "belong together"},
		{"no such certificate", func(c *server.Config) { c.TLSCert, c.TLSKey = file+"1", file+"2" }, "cannot be read"},
		{"not a certificate", func(c *server.Config) { c.TLSCert, c.TLSKey = file, file }, "cannot be used"},
		{"a proxy that is none", func(c *server.Config) { c.TrustedProxies = []string{"front"} }, "neither an address nor a network"},
		{"activity kept for an hour", func(c *server.Config) { c.KeepActivity = time.Hour }, "--keep-activity 1h0m0s is not between 24h0m0s"},
		{"activity kept for ever", func(c *server.Config) { c.KeepActivity = 10 * 8760 * time.Hour }, "--keep-activity 87600h"},
		{"addresses kept for longer", func(c *server.Config) { c.KeepAddresses = 8761 * time.Hour }, "--keep-addresses 8761h0m0s is not between"},
		{"addresses kept for longer than activity", func(c *server.Config) { c.KeepActivity, c.KeepAddresses = 48*time.Hour, 72*time.Hour }, "and 48h0m0s"},
		{"one profile", func(c *server.Config) { c.MaxProfiles = 1 }, "--max-profiles 1 is not between 2 and 20"},
		{"many profiles", func(c *server.Config) { c.MaxProfiles = 21 }, "--max-profiles 21 is not between 2 and 20"},
		{"profiles below nothing", func(c *server.Config) { c.MaxProfiles = -1 }, "--max-profiles -1"},
		{"agents of the future", func(c *server.Config) { c.MinCapability = protocol.CurrentCapability + 1 }, "--min-capability"},
		{"a lease too long", func(c *server.Config) { c.Lease = 9 * time.Hour }, "--lease 9h"},
		{"a hub that there is not", func(c *server.Config) { c.Hub = "kqueue" }, "--hub"},
		{"a ping too short", func(c *server.Config) { c.Ping = time.Millisecond }, "--ping"},
		{"not a database's address", func(c *server.Config) { c.Database = "db.example" }, "--database cannot be used"},
		{"a database in the clear", func(c *server.Config) { c.Database = "postgres://hk:sesame@db.example/hk" }, "does not say how the link is protected"},
		{"a database that is not there", func(c *server.Config) { c.Database = "postgres://hk:sesame@127.0.0.1:9/hk" }, "127.0.0.1:9/hk does not answer"},
		{"a bus for one node", func(c *server.Config) { c.Bus = "nats://127.0.0.1" }, "give --database too"},
		{"a bus in the clear", func(c *server.Config) { c.Database, c.Bus = "postgres:///hk", "nats://anna:sesame@nats.example" }, "in the clear"},
		{"not a bus", func(c *server.Config) { c.Database, c.Bus = "postgres:///hk", "https://sesame@nats.example" }, "--bus cannot be used"},
		{"a name too long", func(c *server.Config) { c.Name = strings.Repeat("x", 300) }, "--name"},
		{"not a mail server", func(c *server.Config) { c.SMTPURL = "http://mail" }, "--smtp-url"},
		{"not a gateway", func(c *server.Config) { c.SMSURL = "https://gateway" }, "--sms-url"},
		{"a gateway in the clear", func(c *server.Config) { c.SMSURL = "sms://AC1:t@gateway.example?from=123&tls=none" }, "in the clear"},
		{"a DKIM key for no mails", func(c *server.Config) { c.DKIMKey = file }, "give --smtp-url too"},
		{"no such DKIM key", func(c *server.Config) { c.SMTPURL, c.DKIMKey = "smtp://mail.example", file+"1" }, "--dkim-key cannot be read"},
		{"not a DKIM key", func(c *server.Config) { c.SMTPURL, c.DKIMKey = "smtp://mail.example", file }, "not in a PEM file"},
		{"another's DKIM domain", func(c *server.Config) {
			c.SMTPURL, c.DKIMKey, c.DKIMDomain = "smtp://mail.example", dkimKey(t), "tv.example"
		}, "does not answer for no-reply@mail.example"},
		{"a host that fits in no SMS", func(c *server.Config) {
			c.PublicURL = "http://" + strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example"
		}, "host is over 100 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := server.Config{Listen: "127.0.0.1:0", Data: t.TempDir()}
			tt.change(&cfg)
			wantOperator(t, cfg, tt.want)
		})
	}
}

func dkimKey(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantOperator(t *testing.T, cfg server.Config, want string) {
	t.Helper()
	srv, err := server.New(t.Context(), cfg)
	if err == nil {
		srv.Close()
	}
	var mend *server.OperatorError
	if !errors.As(err, &mend) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
		t.Errorf("New = %v, want an operator's error with %q", err, want)
	}
}

func TestDatabaseOfANewerVersion(t *testing.T) {
	dir := t.TempDir()
	cfg := server.Config{Listen: "127.0.0.1:0", Data: dir}
	makeNewer(t, cfg)
	before, err := os.ReadFile(filepath.Join(dir, "hearthkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	wantOperator(t, cfg, "written by a newer version")
	after, err := os.ReadFile(filepath.Join(dir, "hearthkey.db"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the database was touched: %v", err)
	}
}

// makeNewer makes a database and says that a later program has changed it.
func makeNewer(t *testing.T, cfg server.Config) {
	t.Helper()
	srv, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv.Close()
	driver, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(cfg.Data, "hearthkey.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	err = driver.Migrate(t.Context(), func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hearthkey.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantOperator(t, server.Config{Listen: "127.0.0.1:0", Data: dir}, "is damaged")
}

func TestDatabaseInUse(t *testing.T) {
	dir := t.TempDir()
	first, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	wantOperator(t, server.Config{Listen: "127.0.0.1:0", Data: dir}, "Another hearthkey-server")
}

func TestMissingKeys(t *testing.T) {
	dir := t.TempDir()
	cfg := server.Config{Listen: "127.0.0.1:0", Data: dir}
	first, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	keys, err := os.ReadDir(filepath.Join(dir, "keys"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	if err := os.Remove(filepath.Join(dir, "keys", keys[0].Name())); err != nil {
		t.Fatal(err)
	}
	wantOperator(t, cfg, "Key files are missing")
}

// A server that was opened and not run leaves nothing behind, and one whose
// context has ended runs no longer.
func TestCloseWithoutRun(t *testing.T) {
	cfg := server.Config{Listen: "127.0.0.1:0", Data: t.TempDir()}
	for range 2 {
		srv, err := server.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		srv.Close()
		srv.Close()
	}
	srv, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := srv.Run(ctx); err != nil {
		t.Errorf("Run = %v", err)
	}
}
