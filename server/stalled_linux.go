package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// stalledAfter is after how long somebody who does not acknowledge what was sent, or
// that the connection stands, is given up. TCP by itself sends again at intervals
// that double: after an outage of a minute it would be silent for half a minute more.
// A TV finds by its own probes, within 15 s, that it was given up, and comes back.
const stalledAfter = 25 * time.Second

// impatient has a connection given up when it stalls (RFC 5482). A kernel that cannot
// is patient.
func impatient(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(stalledAfter.Milliseconds()))
}
