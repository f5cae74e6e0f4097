//go:build linux || darwin

package server

import (
	"errors"
	"net"
	"testing"
)

// Newcomers who would take the last descriptors are closed, and the rest is served.
func TestNewcomersLeaveDescriptors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := spare(l).(sparing)
	if s.most == 0 {
		t.Fatal("nobody may come")
	}
	accepted := make(chan error, 1)
	accept := func(most uintptr) {
		c, err := sparing{l, most}.Accept()
		if err == nil {
			err = c.Close()
		}
		accepted <- err
	}
	for _, tt := range []struct {
		most   uintptr
		answer error
	}{{s.most, nil}, {0, net.ErrClosed}} {
		most, answer := tt.most, tt.answer
		go accept(most)
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("with descriptors below %d: read %v", most, err)
		}
		c.Close()
		if answer != nil {
			l.Close() // or it waits for another one
		}
		if err := <-accepted; !errors.Is(err, answer) {
			t.Errorf("with descriptors below %d: Accept = %v, want %v", most, err, answer)
		}
	}
}
