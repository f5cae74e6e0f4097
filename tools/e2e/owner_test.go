package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// TestPasskeys takes the account page through tools/browser/passkeys.mjs.
func TestPasskeys(t *testing.T) { owner(t, "passkeys.mjs", "") }

// TestOwner takes it through tools/browser/owner.mjs.
func TestOwner(t *testing.T) {
	if *screenshots != "" {
		t.Skip("TestScreenshots goes the same way")
	}
	owner(t, "owner.mjs", "")
}

// owner runs a program of tools/browser beside a server whose clock it moves.
func owner(t *testing.T, script, shots string) {
	ctx := patient(t, 3*time.Minute)
	var ahead atomic.Int64 // nanoseconds
	s := here(ctx, t, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	drives(ctx, t, script, map[string]string{"server": s.URL(), "shots": shots, "temp": t.TempDir()}, func(order string) error {
		text, ok := strings.CutPrefix(order, "later ")
		seconds, err := strconv.Atoi(text)
		if !ok || err != nil {
			return fmt.Errorf("unknown order %q", order)
		}
		ahead.Add(int64(time.Duration(seconds) * time.Second))
		return nil
	})
}

// here runs a server in this process until the test ends.
func here(ctx context.Context, t *testing.T, now func() time.Time) *server.Server {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(ctx, server.Config{
		Listen: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), PublicURL: fmt.Sprintf("http://localhost:%d", port),
		Data: t.TempDir(), Dev: true, Log: slog.New(slog.NewTextHandler(logFile(t), nil)), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// drives runs a program of tools/browser and does what it orders.
func drives(ctx context.Context, t *testing.T, script string, with map[string]string, obey func(order string) error) {
	settings, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(ctx, "node", script, string(settings))
	node.Dir, node.Stderr = filepath.Join(root, "tools", "browser"), os.Stderr
	in, err1 := node.StdinPipe()
	out, err2 := node.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		order, ok := strings.CutPrefix(lines.Text(), "@")
		if !ok {
			t.Log(lines.Text())
			continue
		}
		if err := obey(order); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintln(in, "ok"); err != nil {
			t.Fatal(err)
		}
	}
	if err := node.Wait(); err != nil {
		t.Error(err)
	}
}
