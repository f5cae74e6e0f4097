//go:build linux

package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// floor is as little as can answer: descriptors in an epoll set. It knows no ping, no
// slow reader and no wrong request.
type floor struct {
	listener, set int
	ended         sync.WaitGroup

	mu      sync.Mutex
	clients map[int]int // descriptor of each
}

// acceptKey is the GUID of RFC 6455, section 1.3.
const acceptKey = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

func openFloor() (*floor, string, error) {
	l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, "", err
	}
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, "", err
	}
	if err := unix.Listen(l, 4096); err != nil {
		return nil, "", err
	}
	at, err := unix.Getsockname(l)
	if err != nil {
		return nil, "", err
	}
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, "", err
	}
	f := &floor{listener: l, set: set, clients: make(map[int]int)}
	if err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, l, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(l)}); err != nil {
		return nil, "", err
	}
	f.ended.Go(f.loop)
	return f, fmt.Sprintf("127.0.0.1:%d", at.(*unix.SockaddrInet4).Port), nil
}

func (f *floor) loop() {
	events, buf := make([]unix.EpollEvent, 256), make([]byte, 4096)
	for {
		n, err := unix.EpollWait(f.set, events, 1000)
		if err != nil && err != unix.EINTR {
			return // closed
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == f.listener {
				f.accept()
				continue
			}
			n, err := unix.Read(int(e.Fd), buf)
			if err == nil && n > 0 && bytes.HasPrefix(buf[:n], []byte("GET /")) {
				f.greet(int(e.Fd), buf[:n])
			} else if n == 0 || err != nil && err != unix.EAGAIN {
				_ = unix.Close(int(e.Fd))
			}
		}
	}
}

func (f *floor) accept() {
	for {
		fd, _, err := unix.Accept4(f.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		_ = unix.EpollCtl(f.set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}
}

// greet answers the request, which came in one piece.
func (f *floor) greet(fd int, request []byte) {
	path, _, _ := bytes.Cut(request[len("GET /"):], []byte(" "))
	id, _ := strconv.Atoi(string(path)) // our own fleet asks
	_, key, _ := bytes.Cut(request, []byte("Sec-WebSocket-Key: "))
	key, _, _ = bytes.Cut(key, []byte("\r\n"))
	sum := sha1.Sum([]byte(string(key) + acceptKey))
	f.mu.Lock()
	f.clients[id] = fd
	f.mu.Unlock()
	_, _ = fmt.Fprintf(raw(fd), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
}

// raw writes to a descriptor.
type raw int

func (fd raw) Write(b []byte) (int, error) { return unix.Write(int(fd), b) }

func framed(message string) []byte {
	n := len(message)
	return append([]byte{0x81, 126, byte(n >> 8), byte(n)}, message...)
}

func (f *floor) all(message string, _ int) {
	m := framed(message)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fd := range f.clients {
		_, _ = unix.Write(fd, m)
	}
}

func (f *floor) one(client int, message string, _ int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = unix.Write(f.clients[client], framed(message))
}

func (f *floor) close() {
	_ = unix.Close(f.set)
	f.ended.Wait()
	_ = unix.Close(f.listener)
}
