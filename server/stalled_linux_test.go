package server

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// R10: connections that stall are given up, also those that were accepted.
func TestR10_StalledConnections(t *testing.T) {
	l, err := listen("--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	ms := 0
	control := func(fd uintptr) { ms, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) }
	if cerr := raw.Control(control); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	if got := time.Duration(ms) * time.Millisecond; got != stalledAfter {
		t.Errorf("an accepted connection is given up after %v, want %v", got, stalledAfter)
	}
}
