// Package pgcluster starts a throw-away PostgreSQL for tests and demonstrations: a
// cluster in a temporary folder that listens on a Unix socket only.
//
// It ends with the process that started it, however that ends: a shell between the
// two waits for the end of its input, stops the database at once and deletes the
// folder. As root the database runs as the user postgres, or nobody.
//
// A [Cluster]'s methods belong to one goroutine, but for URL, Database and Kill.
package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing: there is no PostgreSQL on this machine.
var ErrMissing = errors.New("pgcluster: no PostgreSQL found: install Debian's package postgresql")

// User is the superuser of every cluster. Nobody is asked for a password.
const User = "hearthkey"

// Settings are what postgresql.conf gets beside the defaults, for instance fsync.
type Settings map[string]string

// Fast are settings for tests that lose nothing but in a power cut.
var Fast = Settings{"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "300", "autovacuum": "off"}

// Cluster is a PostgreSQL that runs.
type Cluster struct {
	bin, dir string
	settings Settings
	keeper   *exec.Cmd
	hold     io.Closer // while it is open the database runs
}

// Start makes a cluster and starts it.
func Start(ctx context.Context, settings Settings) (*Cluster, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hk-pg-") // short: a socket's path has 107 bytes at most
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, dir: dir, settings: settings}
	if err := c.make(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.Run(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// find returns the folder with the newest PostgreSQL's programs.
func find() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // Debian's, which are not in the path
	if err != nil || len(found) == 0 {
		path, err := exec.LookPath("postgres")
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil {
			return "", ErrMissing
		}
		return filepath.Dir(path), nil
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

func (c *Cluster) make(ctx context.Context) error {
	if err := own(c.dir); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), "--pgdata", c.Data(), "--username", User,
		"--auth", "trust", "--no-locale", "--encoding", "UTF8", "--no-sync", "--no-instructions")
	asUser(cmd)
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// keep runs the database until its own input ends, or is told how: a line names the
// signal. With "restart" it only stops.
const keep = `
"$1" -D "$2" -k "$3" -h "" $4 >>"$3/log" 2>&1 &
pid=$!
how=QUIT
read -r how || how=end
case $how in end) kill -QUIT $pid ;; *) kill -$how $pid ;; esac
wait $pid 2>/dev/null
case $how in end) rm -rf "$3" ;; esac
`

// Run starts a cluster that was stopped.
func (c *Cluster) Run(ctx context.Context) error {
	var options []string
	for name, value := range c.settings {
		options = append(options, "-c", name+"="+value)
	}
	cmd := exec.Command("/bin/sh", "-c", keep, "keep", filepath.Join(c.bin, "postgres"), c.Data(), c.dir, strings.Join(options, " "))
	asUser(cmd)
	cmd.Dir = c.dir
	hold, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	c.keeper, c.hold = cmd, hold
	if err := c.answers(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		return errors.Join(fmt.Errorf("start PostgreSQL: %w: %s", err, log), c.Stop())
	}
	return nil
}

// startTime is how long a start may take, with the recovery after a crash.
const startTime = 60 * time.Second

// answers waits until the database lets somebody in.
func (c *Cluster) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// Program is the path of one of PostgreSQL's programs.
func (c *Cluster) Program(name string) string { return filepath.Join(c.bin, name) }

// Data is the folder of the database's files.
func (c *Cluster) Data() string { return filepath.Join(c.dir, "data") }

// URL is the address of one of its databases, for the superuser.
func (c *Cluster) URL(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: url.Values{"host": {c.dir}, "user": {User}}.Encode()}
	return u.String()
}

// Do runs statements in one of its databases, each on its own.
func (c *Cluster) Do(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// Restart stops the database in the way that an operator's "restart" does
// (SIGINT: what runs is undone), and starts it.
func (c *Cluster) Restart(ctx context.Context) error { return c.again(ctx, "INT") }

// Crash ends the database as a crash does (SIGQUIT: nothing is written any more),
// and starts it.
func (c *Cluster) Crash(ctx context.Context) error { return c.again(ctx, "QUIT") }

func (c *Cluster) again(ctx context.Context, signal string) error {
	if _, err := io.WriteString(c.hold.(io.Writer), signal+"\n"); err != nil {
		return err
	}
	if err := c.keeper.Wait(); err != nil {
		return err
	}
	return c.Run(ctx)
}

// Stop ends the database and deletes its folder.
func (c *Cluster) Stop() error {
	err := c.hold.Close()
	_ = c.keeper.Wait() // its status is that of rm
	return errors.Join(err, os.RemoveAll(c.dir))
}
