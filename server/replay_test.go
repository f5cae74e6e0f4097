package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
)

// O4, D4: a PostgreSQL that its own tools restored gets back what was deleted since,
// and nothing else.
func TestO4_ReplayDeletesAgain(t *testing.T) {
	cluster, data := pgcluster.Shared(t), t.TempDir()
	db := servertest.Postgres(t)
	databases.Store(data, db)
	in := func(c *server.Config) { c.Data = data }
	h := open(t, in)
	o := h.signUp("anna@example.org")
	den, loft := newTV(h, "Den"), newTV(h, "Loft")
	den.join(o)
	loft.join(o)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	backup, restored := "backup_of_replay", cluster.URL("backup_of_replay")
	if err := cluster.Do(t.Context(), "postgres", "CREATE DATABASE "+backup+" TEMPLATE "+filepath.Base(strings.SplitN(db, "?", 2)[0])); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Do(t.Context(), "postgres", "DROP DATABASE "+backup+" WITH (FORCE)"); err != nil {
			t.Log(err)
		}
	})
	after := open(t, in)
	o.house = after
	o.call("POST", "/v1/devices/"+string(den.id)+"/deactivate", nil, nil)
	journal := filepath.Join(data, "deletions.log")
	eventually(t, "the deletion in the journal", func() bool {
		text, err := os.ReadFile(journal)
		return err == nil && strings.Contains(string(text), string(den.id))
	})
	if err := after.stop(); err != nil {
		t.Fatal(err)
	}

	cfg := server.Config{Database: restored}
	refused := func(what string, cfg server.Config, journals []string, want string) {
		t.Helper()
		if _, err := server.Replay(t.Context(), cfg, journals, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	refused("beside a server", cfg, []string{journal}, "stop all of them")
	cfg.Now = func() time.Time { return time.Now().Add(time.Minute) }
	refused("without a journal", cfg, nil, "each node's with --deletions")
	refused("without that journal", cfg, []string{journal + "2"}, "no journal of deletions")
	refused("without a database", server.Config{}, []string{journal}, "is for --database")
	refused("on an empty one", server.Config{Database: pgcluster.Database(t)}, []string{journal}, "nothing in the database")
	did, err := server.Replay(t.Context(), cfg, []string{journal}, false)
	if err != nil || did.Repeated != 1 {
		t.Fatalf("Replay = %+v, %v", did, err)
	}
	if again, err := server.Replay(t.Context(), cfg, []string{journal}, false); err != nil || again.Repeated != 1 {
		t.Errorf("Replay again = %+v, %v", again, err)
	}

	databases.Store(data, restored)
	last := open(t, in)
	o.house = last
	o.signIn()
	if d := o.device(string(den.id)); d.Status != "deactivated" {
		t.Errorf("the TV that was deactivated after the backup: %+v", d)
	}
	if d := o.device(string(loft.id)); d.Status != "active" {
		t.Errorf("the other TV: %+v", d)
	}
}
