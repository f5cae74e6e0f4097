package supervise

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// manager listens as systemd does.
func manager(t *testing.T) (env map[string]string, next func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return map[string]string{"NOTIFY_SOCKET": path}, func() string {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		b := make([]byte, 100)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func from(env map[string]string) Manager { return From(func(k string) string { return env[k] }) }

func TestReadyAndStopping(t *testing.T) {
	env, next := manager(t)
	m := from(env)
	m.Ready()
	m.Stopping()
	if a, b := next(), next(); a != "READY=1" || b != "STOPPING=1" {
		t.Errorf("said %q, %q", a, b)
	}
	Manager{}.Ready()                        // nobody asked
	Manager{addr: "/nowhere/at/all"}.Ready() // nobody is there
}

// While the program is not alive nothing is said.
func TestWatch(t *testing.T) {
	env, next := manager(t)
	env["WATCHDOG_USEC"], env["WATCHDOG_PID"] = "100000", strconv.Itoa(os.Getpid())
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		from(env).Watch(ctx, func(context.Context) error {
			if asked.Add(1) < 3 {
				return errors.New("stuck")
			}
			return nil
		})
	}()
	if got := next(); got != "WATCHDOG=1" || asked.Load() < 3 {
		t.Errorf("said %q after %d questions, want WATCHDOG=1 after 3", got, asked.Load())
	}
	cancel()
	<-done
}

func TestWhoIsNotAsked(t *testing.T) {
	for _, env := range []map[string]string{
		{},
		{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"},
		{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"},
		{"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
		{"WATCHDOG_USEC": "1000"},
	} {
		from(env).Watch(t.Context(), func(context.Context) error {
			t.Errorf("%v: asked", env)
			return nil
		}) // and it returns at once
	}
	if m := from(map[string]string{"WATCHDOG_USEC": "1"}); m.every != leastWatch {
		t.Errorf("a watchdog of a microsecond is %s", m.every)
	}
}
