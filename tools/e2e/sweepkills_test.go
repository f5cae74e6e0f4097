package e2e

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
	"github.com/hearthkey/hearthkey/tools/drive"
)

const (
	sweptAccounts = 240
	sweepPace     = 120 // accounts a second
	sweepKills    = 6
)

// TestO3_KilledSweep pulls the server's plug again and again while it signs everyone
// out: it goes on where it was, leaves nobody out, and signs nobody out twice.
func TestO3_KilledSweep(t *testing.T) {
	s := openSwept(t)
	generations := s.generations() // before
	s.start()
	out := s.must("sign-out", "everyone", "ask", "--reason", "keys stolen", "--per-second", strconv.Itoa(sweepPace), "--token-file", s.token("olga"))
	id := regexp.MustCompile(`approve (\S{36}) `).FindStringSubmatch(out)
	if id == nil {
		t.Fatalf("ask said %s", out)
	}
	s.must("sign-out", "everyone", "approve", id[1], "--reason", "incident 7", "--token-file", s.token("bob"))
	r := rand.New(rand.NewPCG(seed(t), 1))
	counts := []int{}
	for range sweepKills {
		<-time.After(time.Duration(50+r.IntN(300)) * time.Millisecond)
		s.server.Kill()
		n := 0
		for email, g := range s.generations() {
			if was := generations[email]; g != was && g != was+1 {
				t.Errorf("%s was signed out %d times", email, g-was)
			} else if g > was {
				n++
			}
		}
		counts = append(counts, n)
		s.start()
	}
	t.Logf("accounts done at each kill: %v of %d", counts, sweptAccounts)
	if counts[0] == sweptAccounts {
		t.Error("the sweep was over before the first kill: nothing was tested")
	}
	err := drive.Poll(patient(t, patience), func() error {
		if line := s.must("sign-out", "everyone", "status", "--token-file", s.token("olga")); !strings.Contains(line, " done ") {
			return fmt.Errorf("not done: %s", line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	line := s.must("sign-out", "everyone", "status", "--token-file", s.token("olga"))
	want := fmt.Sprintf("olga bob %d 0 %d 0s", sweptAccounts, sweptAccounts)
	if got := strings.Join(strings.Fields(line), " "); !strings.Contains(got, want) {
		t.Errorf("status = %s, want %s", got, want)
	}
	if err := s.server.Stop(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for email, g := range s.generations() {
		if was := generations[email]; g != was+1 {
			t.Errorf("%s was signed out %d times, want once", email, g-was)
		}
	}
}

// swept is a server with many accounts and two admins.
type swept struct {
	t      *testing.T
	dir    string
	port   int // and the one above, for operators
	server *drive.Process
}

func openSwept(t *testing.T) *swept {
	t.Helper()
	s := &swept{t: t, dir: t.TempDir()}
	var err error
	if s.port, err = freePort(); err != nil {
		t.Fatal(err)
	}
	for _, admin := range []string{"olga", "bob"} {
		s.must("operator", "add", admin, "--role", "admin", "--data", s.data(), "--save", s.token(admin))
	}
	var lines bytes.Buffer
	for n := range sweptAccounts {
		fmt.Fprintf(&lines, `{"email":%q,"passwordHash":"$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"}`+"\n", sweptOwner(n))
	}
	file := filepath.Join(s.dir, "accounts.jsonl")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.must("import", file, "--reason", "moved", "--token-file", s.token("olga"))
	if err := s.server.Stop(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.server.Stop(10 * time.Second); err != nil {
			t.Error(err)
		}
	})
	return s
}

func sweptOwner(n int) string { return fmt.Sprintf("owner%d@example.org", n) }

func (s *swept) data() string { return filepath.Join(s.dir, "data") }

func (s *swept) token(admin string) string { return filepath.Join(s.dir, admin+".token") }

func (s *swept) admin() string { return "127.0.0.1:" + strconv.Itoa(s.port+1) }

// start starts the server and waits until it is ready.
func (s *swept) start() {
	s.t.Helper()
	p, err := drive.Start("server", program("hearthkey-server"), []string{
		"--listen", "127.0.0.1:" + strconv.Itoa(s.port), "--admin", s.admin(), "--data", s.data(), "--dev", "--log-level", "warn",
	}, nil, logFile(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	s.server = p
	err = drive.Poll(patient(s.t, patience), func() error {
		if !strings.Contains(p.Said(), "hearthkey-server: http") {
			return fmt.Errorf("the server does not say that it is ready: %s", p.Said())
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// must runs a command that must succeed, and returns what it printed.
func (s *swept) must(args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), program("hearthkey-server"), args...)
	cmd.Env = append(os.Environ(), "HEARTHKEY_ADMIN_URL=http://"+s.admin())
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// generations reads how often everything was signed out of each account, while no
// server runs.
func (s *swept) generations() map[string]int64 {
	s.t.Helper()
	ctx := context.Background()
	driver, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(s.data(), "hearthkey.db")})
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := store.Open(ctx, driver, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	out := map[string]int64{}
	err = db.View(ctx, func(tx *store.Tx) error {
		for n := range sweptAccounts {
			acc, err := tx.AccountByEmail(sweptOwner(n))
			if err != nil {
				return err
			}
			out[sweptOwner(n)] = acc.Generation
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}
