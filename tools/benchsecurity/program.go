package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

// populate adds the known accounts to the server that runs, through its own
// import.
func (b *bench) populate(ctx context.Context, program, dir string, wanted []kind) error {
	salt := []byte("0123456789abcdef")
	// The cost is that of server/account: a hash of another cost would be told
	// apart by time, as it is after an import until its owner signs in.
	key := argon2.IDKey([]byte("nobody signs in with this"), salt, 2, 19456, 1, 32)
	enc := base64.RawStdEncoding
	phc := "$argon2id$v=19$m=19456,t=2,p=1$" + enc.EncodeToString(salt) + "$" + enc.EncodeToString(key)
	var rows bytes.Buffer
	lines := json.NewEncoder(&rows)
	done := map[string]bool{}
	for n, k := range wanted {
		if done[k.letter] {
			continue
		}
		done[k.letter] = true
		for i := range b.pairs {
			row := map[string]string{
				"email": email(k, i, true), "passwordHash": phc, "phone": fmt.Sprintf("+49151%04d2345", 2000+n*b.pairs+i), // few of a range: SMS have budgets
			}
			if err := lines.Encode(row); err != nil {
				return err
			}
		}
	}
	file := filepath.Join(dir, "accounts.jsonl")
	if err := os.WriteFile(file, rows.Bytes(), 0o600); err != nil {
		return err
	}
	out, err := b.command(ctx, program, "import", file, "--reason", "measuring")
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("%d accounts added, 0 lines left out", len(done)*b.pairs); !strings.Contains(string(out), want) {
		return fmt.Errorf("import says …%q, want %q", out[max(0, len(out)-200):], want)
	}
	return nil
}

// command runs a command of the operator.
func (b *bench) command(ctx context.Context, program string, args ...string) (said string, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "HEARTHKEY_OPERATOR_TOKEN="+b.token, "HEARTHKEY_ADMIN_URL=http://"+b.admin)
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr[max(0, len(failed.Stderr)-300):])
		}
		return "", fmt.Errorf("%s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// freePort returns a loopback address that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start starts the server and returns how to end it.
func (b *bench) start(ctx context.Context, program, dir string) (stop func(), err error) {
	b.attempts, b.sentAt = map[string][]string{}, map[string]time.Time{}
	data := filepath.Join(dir, "data")
	if b.token, err = b.command(ctx, program, "operator", "add", "--data", data, "--role", "admin", "bench"); err != nil {
		return nil, err
	}
	if b.admin, err = freePort(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "--listen", "127.0.0.1:0", "--admin", b.admin, "--data", data, "--dev", "--log-level", "error")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	host, ok := strings.CutPrefix(strings.TrimSpace(line), "hearthkey-server: http://")
	if err != nil || !ok {
		stop()
		return nil, errors.Join(fmt.Errorf("the server says %q", line), err)
	}
	b.host = host
	return stop, nil
}
