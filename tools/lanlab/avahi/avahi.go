// Package avahi runs avahi on a host of a lab, as a peer and as a reference: a daemon of
// the host's own, on a bus of its own, so that many hosts have one each and this machine's
// is left alone.
//
// A [Daemon] may be used by several goroutines. It ends with its test. The tests of
// package lan are its tests.
package avahi

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/lanlab"
)

// Programs are what must be installed.
var Programs = []string{"avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon", "stdbuf"}

// patience is how long a daemon may take to start on a machine that is busy.
const patience = 30 * time.Second

// Daemon is avahi on one host.
type Daemon struct {
	host *lanlab.Host
	env  []string
}

// Start starts a daemon.
func Start(t testing.TB, h *lanlab.Host) *Daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "hk") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "avahi.conf")
	// The name is its own, since all hosts here would have this machine's.
	settings := fmt.Sprintf("[server]\nhost-name=%s\nuse-ipv4=yes\nuse-ipv6=yes\nenable-dbus=yes\n", filepath.Base(dir))
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	bus := "unix:path=" + filepath.Join(dir, "bus")
	d := &Daemon{host: h, env: append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+bus)}
	d.run(t, "unix:path=", "dbus-daemon --session --nofork --nopidfile --print-address --address="+bus)
	// It drops no rights, since the test's root may be root of nothing else.
	d.run(t, "Server startup complete", "mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "+config)
	return d
}

// run starts a part of it and waits until it says that it is ready.
func (d *Daemon) run(t testing.TB, ready, command string) {
	t.Helper()
	cmd := d.Command("sh", "-c", command)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says that it was killed
	})
	is, said := make(chan struct{}), make(chan string, 1)
	go func() {
		var all strings.Builder
		for s := bufio.NewScanner(out); s.Scan(); {
			all.WriteString(s.Text() + "\n")
			if strings.Contains(s.Text(), ready) {
				close(is)
				_, _ = io.Copy(io.Discard, out) // until it is killed
				break
			}
		}
		said <- all.String()
	}()
	select {
	case <-is:
	case all := <-said:
		t.Fatalf("%s ended: %s", command, all)
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatalf("%s is not ready: %s", command, <-said)
	}
}

// Command is a client of the daemon, or any other program on its host, not started yet.
func (d *Daemon) Command(name string, args ...string) *exec.Cmd {
	cmd := d.host.Command(name, args...)
	cmd.Env = d.env
	return cmd
}

// Publish is avahi-publish for a service.
func (d *Daemon) Publish(name, service string, port int, text ...string) *exec.Cmd {
	return d.Command("avahi-publish", append([]string{"-s", name, service, fmt.Sprint(port)}, text...)...)
}
