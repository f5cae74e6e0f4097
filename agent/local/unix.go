package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// listenUnix listens at path with the rights that package doc tells.
func listenUnix(path string, group int) (*net.UnixListener, error) {
	if err := clear(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	mode := fs.FileMode(0o600)
	if group != 0 {
		mode = 0o660
		if err := give(path, group); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: give %s to the group: %w", ErrListen, path, err), l.Close())
		}
	}
	if err := os.Chmod(path, mode); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrListen, err), l.Close())
	}
	return l, nil
}

// give gives a file to a group. Where it has it already nothing is asked of the kernel:
// a service manager may forbid chown, and have set the group itself.
func give(path string, group int) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Gid) == group {
		return nil
	}
	return os.Chown(path, -1, group)
}

// clear removes the socket of a run that was killed; a socket that is served, and
// what is no socket, stay.
func clear(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrListen, err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%w: %s is there and no socket", ErrConfig, path)
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(context.Background(), "unix", path)
	if err == nil {
		conn.Close()
		return fmt.Errorf("%w: %s", ErrInUse, path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", ErrListen, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("%w: %w", ErrListen, err)
	}
	return nil
}

// acceptUnix serves whoever connects and may.
func (s *Server) acceptUnix() {
	for {
		conn, err := s.unix.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			acceptFailed(s.log, err)
			continue
		}
		peer, err := peerOf(conn)
		if err != nil || !s.welcome(peer) {
			s.log.Warn("local connection refused", "uid", peer.Uid, "error", err)
			conn.Close()
			continue
		}
		s.running.Go(func() { s.serve(newClient(newLines(conn), true)) })
	}
}

// Serve serves a client that is connected already and may do everything: whoever
// made the connection vouches for it.
func (s *Server) Serve(conn *net.UnixConn) {
	s.running.Go(func() { s.serve(newClient(newLines(conn), true)) })
}

// peerOf asks the kernel who is at the other end.
func peerOf(conn *net.UnixConn) (peer unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return peer, err
	}
	var asked *unix.Ucred
	if err := errors.Join(raw.Control(func(fd uintptr) {
		asked, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}), err); err != nil {
		return peer, err
	}
	return *asked, nil
}

// welcome reports whether a process may connect. With a group the kernel has held it
// to the socket's mode already: it does not tell all of a peer's groups.
func (s *Server) welcome(peer unix.Ucred) bool {
	return s.group != 0 || peer.Uid == 0 || int(peer.Uid) == os.Geteuid()
}

// lines carries messages as lines.
type lines struct {
	conn *net.UnixConn
	in   *bufio.Reader
}

func newLines(conn *net.UnixConn) *lines {
	return &lines{conn: conn, in: bufio.NewReaderSize(conn, maxMessage+2)}
}

// read returns the next line, which is valid until the next read. A longer one than a
// message ends the connection.
func (l *lines) read() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("local: a message of more than %d bytes: %w", maxMessage, err)
		}
		return nil, err
	}
	return line[:len(line)-1], nil
}

func (l *lines) write(data []byte, until time.Time) error {
	if err := l.conn.SetWriteDeadline(until); err != nil {
		return err
	}
	buffers := net.Buffers{data, []byte("\n")}
	_, err := buffers.WriteTo(l.conn)
	return err
}

func (l *lines) close() { l.conn.Close() }
