// Command scan has the scanners of Debian's packages look for holes in a real server,
// with TLS, on loopback: testssl.sh at what it speaks, wapiti at its pages, as a
// stranger and as somebody signed in, ffuf for what should not be there and for foreign
// names in the Host header, and sqlmap at forms, API and links. Each is bounded in time.
//
// What they find is held against a list of what was looked at before, with reasons
// (accepted.go). A line is printed for each scanner, and one for each finding. It ends
// with 0 where nothing else was found and the server neither failed inside nor ended, 1
// where something was, 2 where it could not scan.
//
// Run it by make scan, which installs the scanners; it takes about ten minutes.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// limit is the whole run's, and perScanner one scanner's.
const (
	limit      = 60 * time.Minute
	perScanner = 15 * time.Minute
)

// finding is one thing that a scanner tells.
type finding struct{ Scanner, ID, Text string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	only := flag.String("only", "", "run only the `name`d scanner")
	flag.Parse()
	status, err := run(ctx, *only, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		status = 2
	}
	os.Exit(status)
}

// target is the server that is scanned.
type target struct {
	dir     string
	url     string
	ca      string
	cookies string // of somebody signed in
	process *drive.Process
	log     *bytes.Buffer
	mu      sync.Mutex // of log
}

// Write collects the server's log.
func (t *target) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.log.Write(p)
}

func run(ctx context.Context, only string, out io.Writer) (int, error) {
	dir, err := os.MkdirTemp("", "hearthkey-scan")
	if err != nil {
		return 2, err
	}
	defer os.RemoveAll(dir)
	t := &target{dir: dir, log: &bytes.Buffer{}}
	defer func() {
		if t.process != nil {
			t.process.Kill()
		}
	}()
	if err := t.start(ctx); err != nil {
		return 2, err
	}
	if err := t.signUp(ctx); err != nil {
		return 2, err
	}
	status := 0
	for _, s := range scanners {
		if only != "" && s.name != only {
			continue
		}
		began := time.Now()
		found, err := t.scan(ctx, s)
		if err != nil {
			return 2, fmt.Errorf("%s: %w", s.name, err)
		}
		open := tell(out, found)
		fmt.Fprintf(out, "scan.%s %d open, %d accepted, %d s\n", s.name, open, len(found)-open, int(time.Since(began).Seconds()))
		if open > 0 {
			status = 1
		}
	}
	return max(status, t.after(out)), nil
}

// tell prints findings, of accepted ones each kind once, and returns how many are open.
func tell(out io.Writer, found []finding) (open int) {
	told := map[string]int{}
	for _, f := range found {
		why := acceptedAs(f)
		if why == "" {
			open++
			fmt.Fprintf(out, "FOUND     %-10s %s: %s\n", f.Scanner, f.ID, f.Text)
			continue
		}
		told[fmt.Sprintf("%-10s %s: %s", f.Scanner, f.ID, why)]++
	}
	for _, line := range slices.Sorted(maps.Keys(told)) {
		fmt.Fprintf(out, "accepted  %3d × %s\n", told[line], line)
	}
	return open
}

// scan runs one scanner and reads what it found.
func (t *target) scan(ctx context.Context, s scanner) ([]finding, error) {
	ctx, cancel := context.WithTimeout(ctx, perScanner)
	defer cancel()
	return s.run(ctx, t)
}

// after looks whether the server came through: it answers, and nothing failed inside.
func (t *target) after(out io.Writer) int {
	status := 0
	if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(t.url, "https://localhost"), 5*time.Second); err != nil {
		fmt.Fprintln(out, "FOUND     server             it does not answer any more")
		status = 1
	} else {
		conn.Close()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	lines, failed := 0, 0
	for line := range strings.Lines(t.log.String()) {
		lines++
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "panic") {
			failed++
			fmt.Fprint(out, "FOUND     server             ", line)
		}
	}
	fmt.Fprintf(out, "scan.server %d of %d lines of its log say that something failed inside\n", failed, lines)
	return max(status, min(failed, 1))
}

// start makes a certificate and starts the server with it.
func (t *target) start(ctx context.Context) error {
	if err := t.certify(ctx); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	t.url = fmt.Sprintf("https://localhost:%d", port)
	os.Setenv("SSL_CERT_FILE", t.ca) // for our own requests
	t.process, err = drive.Start("server", "bin/hearthkey-server", []string{
		"serve", "--dev", "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--public-url", t.url, "--name", "scan.example",
		"--tls-cert", filepath.Join(t.dir, "cert.pem"), "--tls-key", filepath.Join(t.dir, "key.pem"), "--data", filepath.Join(t.dir, "data"),
	}, nil, t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return drive.Poll(ctx, func() error {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// freePort is one that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// certify makes an authority and a certificate of it, by openssl.
func (t *target) certify(ctx context.Context) error {
	t.ca = filepath.Join(t.dir, "ca.pem")
	const script = `set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 90 -subj "/CN=Scan's authority"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem -subj /CN=localhost
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' > extensions
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 60 -extfile extensions -out leaf.pem
cat leaf.pem ca.pem > cert.pem`
	c := exec.CommandContext(ctx, "sh", "-c", script)
	c.Dir = t.dir
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("make a certificate: %w: %s", err, said)
	}
	return nil
}

// signUp makes an account with a profile, and signs a browser in.
func (t *target) signUp(ctx context.Context) error {
	const password = "lantern-otter-42-quietly"
	owner := &drive.Account{URL: t.url, Email: "scan@example.org"}
	if err := owner.SignUp(ctx, password); err != nil {
		return err
	}
	profiles, err := owner.Profiles(ctx)
	if err != nil || len(profiles) == 0 {
		return errors.Join(err, errors.New("there is no profile"))
	}
	browser, err := drive.NewBrowser(t.url)
	if err != nil {
		return err
	}
	if err := browser.SignIn(ctx, owner.Email, password, profiles[0].ID); err != nil {
		return err
	}
	for _, c := range browser.Cookies() {
		t.cookies += c.Name + "=" + c.Value + "; "
	}
	t.cookies = strings.TrimSuffix(t.cookies, "; ")
	return nil
}
