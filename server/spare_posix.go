//go:build linux || darwin

package server

import (
	"net"
	"syscall"
)

// spareFiles is how many descriptors newcomers leave free: for the database, files and
// connections that the server itself makes. A limit below twice that is halved.
const spareFiles = 64

// sparing closes newcomers who would take the last descriptors. Those who are
// connected stay, and what they change can be stored. The kernel gives the lowest
// number that is free, so a number says how many are taken.
type sparing struct {
	net.Listener
	most uintptr // numbers below it are for newcomers
}

// spare has l leave descriptors free. A limit that cannot be read is none.
func spare(l net.Listener) net.Listener {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return l
	}
	return sparing{l, uintptr(limit.Cur - min(spareFiles, limit.Cur/2))}
}

// Accept returns the next connection that may stay, for as long as it does not stall.
func (s sparing) Accept() (net.Conn, error) {
	for {
		c, err := s.Listener.Accept()
		if err != nil || settle(c) < s.most {
			return c, err
		}
		c.Close() // nothing was read, and there is nothing to answer with
	}
}

// settle returns a new connection's descriptor: 0 where it has none.
func settle(c net.Conn) (number uintptr) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0
	}
	if err := raw.Control(func(fd uintptr) { number = fd; impatient(fd) }); err != nil {
		return 0
	}
	return number
}
