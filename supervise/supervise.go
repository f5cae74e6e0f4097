// Package supervise tells the service manager that started a program how it stands, as
// systemd has it (sd_notify(3)): ready, alive, about to end. procd and s6 read the same.
//
//	m := supervise.From(os.Getenv)
//	m.Ready()
//	m.Watch(ctx, alive) // in a goroutine: until ctx ends
//
// Where nobody asked, nothing is done. alive is called at half the interval of the
// watchdog; while it fails nothing is said, and the manager starts the program anew.
//
// All methods may be called from any goroutine. Agent and server use it; it imports
// nothing of ours.
package supervise

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// Manager is who started this program. The zero Manager asked for nothing.
type Manager struct {
	addr  string
	every time.Duration // of the watchdog; 0: none
}

// leastWatch is the shortest watchdog that is served: a shorter one is a mistake.
const leastWatch = 100 * time.Millisecond

// From reads what the manager asked for.
func From(getenv func(string) string) Manager {
	m := Manager{addr: getenv("NOTIFY_SOCKET")}
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return m
	}
	if us, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
		m.every = max(time.Duration(us)*time.Microsecond, leastWatch)
	}
	return m
}

// Ready says that the program is started.
func (m Manager) Ready() { m.say("READY=1") }

// Stopping says that the program is about to end.
func (m Manager) Stopping() { m.say("STOPPING=1") }

// Watch says that the program is alive as long as alive agrees, until ctx ends.
func (m Manager) Watch(ctx context.Context, alive func(context.Context) error) {
	if m.addr == "" || m.every == 0 {
		return
	}
	tick := time.NewTicker(m.every / 2)
	defer tick.Stop()
	for {
		check, cancel := context.WithTimeout(ctx, m.every/2)
		err := alive(check)
		cancel()
		if err == nil {
			m.say("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// say sends one datagram. A manager that does not take it is none that could be told.
func (m Manager) say(state string) {
	if m.addr == "" {
		return
	}
	name := m.addr
	if name[0] == '@' { // an abstract one
		name = "\x00" + name[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte(state))
}
