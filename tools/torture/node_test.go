package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/bus/natsbus/natstest"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// serverName is what TVs sign.
const serverName = "hearthkey.demo"

// nodeVariable makes this test program a server: it holds a plan in JSON.
const nodeVariable = "HEARTHKEY_TORTURE_NODE"

// plan says what a server in a process of its own is like.
type plan struct {
	Listen, PublicURL, Data, Database, Bus, Deletions string

	Admin string        // address of its figures; empty: none
	Ahead time.Duration // of its clock; an hour more for each SIGUSR1, and less for each SIGUSR2
	Files uint64        // that it may have open; 0: as many as this program
	Group string        // folder of the control group that bounds it; empty: none
}

// runNode is a server, until it is told to end.
func runNode(role string) error {
	var p plan
	if err := json.Unmarshal([]byte(role), &p); err != nil {
		return err
	}
	if p.Files > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: p.Files, Max: p.Files}); err != nil {
			return err
		}
	}
	if p.Group != "" {
		if err := os.WriteFile(filepath.Join(p.Group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ahead := jumps(ctx, p.Ahead)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server.BoundMemory(log)
	srv, err := server.New(ctx, server.Config{
		Listen: p.Listen, Admin: p.Admin, PublicURL: p.PublicURL, Data: p.Data, Database: p.Database, Bus: p.Bus, Deletions: p.Deletions,
		Name: serverName, Dev: true, Drain: time.Millisecond,
		Log: log,
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err != nil {
		return err
	}
	return srv.Run(ctx)
}

// jumps is how far a clock is ahead, which signals change.
func jumps(ctx context.Context, first time.Duration) *atomic.Int64 {
	ahead, told := &atomic.Int64{}, make(chan os.Signal, 16)
	ahead.Store(int64(first))
	signal.Notify(told, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for {
			select {
			case s := <-told:
				hour := time.Hour
				if s == syscall.SIGUSR2 {
					hour = -hour
				}
				ahead.Add(int64(hour))
			case <-ctx.Done():
				return
			}
		}
	}()
	return ahead
}

// node is a server in a process of its own.
type node struct {
	t       *testing.T
	name    string
	plan    plan
	program string // of another build; empty: this one
	log     *os.File
	process *drive.Process // nil: it does not run
}

func newNode(t *testing.T, name string, p plan) *node {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, name: name, plan: p, log: log}
	t.Cleanup(func() {
		n.kill()
		if kept, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s", kept[max(0, len(kept)-6000):])
		}
		log.Close()
	})
	return n
}

func (n *node) url() string { return "http://" + n.plan.Listen }

// start runs the server, and waits until it is ready. One that ends by itself, as where
// its database is out of reach, is started again, as a supervisor does.
func (n *node) start(ctx context.Context) error {
	if err := n.run(); err != nil {
		return err
	}
	return n.ready(ctx)
}

func (n *node) run() (err error) {
	if n.program != "" {
		n.process, err = drive.Start(n.name, n.program, []string{
			"serve", "--dev", "--listen", n.plan.Listen, "--public-url", n.plan.PublicURL, "--name", serverName,
			"--data", n.plan.Data, "--deletions", n.plan.Deletions, "--log-level", "warn",
		}, []string{"HEARTHKEY_DATABASE=" + n.plan.Database, "HEARTHKEY_BUS=" + n.plan.Bus}, n.log)
		return err
	}
	role, err := json.Marshal(n.plan)
	if err != nil {
		return err
	}
	n.process, err = drive.Start(n.name, os.Args[0], nil, []string{nodeVariable + "=" + string(role)}, n.log)
	return err
}

func (n *node) ready(ctx context.Context) error {
	ctx, cancel := drive.Timeout(ctx, 2*time.Minute)
	defer cancel()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	err := drive.Poll(ctx, func() error {
		select {
		case <-n.process.Done():
			return errors.Join(n.process.Ended(), n.run())
		default:
		}
		resp, err := client.Get(n.url() + "/readyz")
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s is not ready: %s", n.name, resp.Status)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, n.process.Said())
	}
	return nil
}

// kill ends it as a power cut does.
func (n *node) kill() {
	if n.process != nil {
		n.process.Kill()
		n.process = nil
	}
}

// street is three servers over one PostgreSQL and one NATS, with a link to each; or one
// server with an SQLite file.
type street struct {
	t        *testing.T
	nodes    []*node
	troubles []trouble // that may happen to it

	// Nil and empty where there is one server.
	postgres *pgcluster.Cluster
	nats     *natstest.Cluster
	database []*link // from a node to PostgreSQL
	bus      []*link // from a node to NATS
}

// lone is a server over SQLite, not started.
func lone(t *testing.T, data string) *node {
	t.Helper()
	address := "127.0.0.1:" + strconv.Itoa(freePort(t))
	return newNode(t, "server", plan{Listen: address, PublicURL: "http://" + address, Data: data})
}

// openLone starts one server.
func openLone(ctx context.Context, t *testing.T) *street {
	t.Helper()
	n := lone(t, filepath.Join(t.TempDir(), "server"))
	s := &street{t: t, nodes: []*node{n}, troubles: processTroubles}
	s.must(n.start(ctx))
	return s
}

// openStreet starts three.
func openStreet(ctx context.Context, t *testing.T) *street { return openStreetOf(ctx, t, "") }

// openStreetOf starts three of another build.
func openStreetOf(ctx context.Context, t *testing.T, program string) *street {
	t.Helper()
	s := &street{t: t, nodes: make([]*node, 3), troubles: slices.Concat(processTroubles, streetTroubles)}
	var err error
	if s.postgres, err = pgcluster.Start(ctx, pgcluster.Settings{"max_connections": "200"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.postgres.Stop() }) // its folder is in use where a test failed
	s.must(s.postgres.Do(ctx, "postgres", "CREATE DATABASE hearthkey TEMPLATE template0"))
	s.nats = natstest.Start(t, 1)
	data := t.TempDir()
	public := ""
	for i := range s.nodes {
		address := "127.0.0.1:" + strconv.Itoa(freePort(t))
		if i == 0 {
			public = "http://" + address
		}
		name := fmt.Sprint("node ", i+1)
		s.nodes[i] = newNode(t, name, plan{
			Listen: address, PublicURL: public, Data: filepath.Join(data, "server"), Database: s.linkDatabase(),
			Bus: s.linkBus(), Deletions: filepath.Join(data, fmt.Sprintf("deletions-%d.log", i)),
		})
		s.nodes[i].program = program
		s.must(s.nodes[i].start(ctx)) // one by one: the first makes the keys that all share
	}
	return s
}

func (s *street) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// linkDatabase puts a link between the next node and PostgreSQL, and returns the address
// for the node.
func (s *street) linkDatabase() string {
	u, err := url.Parse(s.postgres.URL("hearthkey"))
	s.must(err)
	q := u.Query()
	dir, err := os.MkdirTemp("", "hk-link-") // short: a socket's path has 107 bytes at most
	s.must(err)
	s.t.Cleanup(func() { os.RemoveAll(dir) })
	const socket = ".s.PGSQL.5432"
	s.database = append(s.database, newLink(s.t, "unix", filepath.Join(dir, socket), filepath.Join(q.Get("host"), socket)))
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return u.String()
}

func (s *street) linkBus() string {
	u, err := url.Parse(s.nats.URL(0))
	s.must(err)
	l := newLink(s.t, "tcp", "127.0.0.1:0", u.Host)
	s.bus = append(s.bus, l)
	return "nats://" + l.listener.Addr().String()
}

// heal mends every link.
func (s *street) heal() {
	for _, l := range slices.Concat(s.database, s.bus) {
		l.set(faults{})
	}
}
