// Package ptytest makes pseudo terminals, so that a test is the person at a program
// that draws on one.
//
// It is for tests alone; Linux only. Concurrency: as that of files. Its users are its
// tests.
package ptytest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Open returns both ends of a pseudo terminal, which end with the test.
func Open(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY)
	if errno != 0 {
		t.Fatal(errno)
	}
	program = os.NewFile(peer, "terminal")
	t.Cleanup(func() { program.Close() })
	return person, program
}
