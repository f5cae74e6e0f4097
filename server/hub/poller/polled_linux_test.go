package poller

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/protocol"
)

// smallBuffers makes the server's end of a socket take little.
func smallBuffers(t *testing.T, c Conn) *polled {
	t.Helper()
	p := c.(*polled)
	if err := unix.SetsockoptInt(p.descriptor(), unix.SOL_SOCKET, unix.SO_SNDBUF, 4<<10); err != nil {
		t.Fatal(err)
	}
	return p
}

// parked is how many bytes wait for the socket.
func (c *polled) parked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return 0
	}
	return len(c.out.bytes)
}

// fill sends until the socket takes no more.
func fill(t *testing.T, c *polled) (sent int) {
	t.Helper()
	for c.parked() == 0 {
		if err := c.Send([]byte(strings.Repeat("x", protocol.MaxFrame))); err != nil {
			t.Fatal(err)
		}
		sent++
	}
	return sent
}

// A socket that takes no more (EAGAIN) holds nobody up; what waited arrives in order once
// it is read.
func TestParkedArrivesInOrder(t *testing.T) {
	url, _, opened := serve(t, Config{Mode: Epoll}, nil)
	ws := dial(t, url)
	h := <-opened
	c := smallBuffers(t, h.conn)
	sent := fill(t, c)
	if err := c.Send([]byte("after")); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(); err != nil {
		t.Errorf("Ping while something waits = %v", err)
	}
	for range sent {
		if _, m, err := ws.ReadMessage(); err != nil || len(m) != protocol.MaxFrame {
			t.Fatalf("read %d bytes, %v", len(m), err)
		}
	}
	if _, m, err := ws.ReadMessage(); err != nil || string(m) != "after" {
		t.Fatalf("read %q, %v", m, err)
	}
	if got := c.parked(); got != 0 {
		t.Errorf("%d bytes wait, want 0", got)
	}
}

// What a device does not take within the write timeout, it is dropped for.
func TestParkedTooLong(t *testing.T) {
	url, _, opened := serve(t, Config{Mode: Epoll, WriteTimeout: 30 * time.Millisecond}, nil)
	dial(t, url)
	h := <-opened
	c := smallBuffers(t, h.conn)
	waitFor(t, "the device is dropped", func() bool {
		select {
		case cause := <-h.closed:
			if !errors.Is(cause, errSlow) {
				t.Errorf("Closed(%v), want %v", cause, errSlow)
			}
			return true
		default:
		}
		if c.parked() == 0 { // the kernel at the other end may take more after a while
			_ = c.Send([]byte(strings.Repeat("x", protocol.MaxFrame)))
		}
		return false
	})
}

// A device whose plug was pulled says nothing and takes nothing. Ending its connection
// takes the linger, and the descriptor is free.
func TestHalfOpen(t *testing.T) {
	url, p, opened := serve(t, Config{Mode: Epoll, Linger: 20 * time.Millisecond}, nil)
	dial(t, url) // never answers
	h := <-opened
	if err := h.conn.Ping(); err != nil {
		t.Fatal(err)
	}
	h.conn.Close(1001, "silent")
	if cause := <-h.closed; cause != nil {
		t.Errorf("Closed(%v), want nil", cause)
	}
	waitFor(t, "the descriptor is free", func() bool { return p.Len() == 0 })
}

// The peer sends its FIN and still reads: it gets what the handler says at the end.
func TestHalfClosed(t *testing.T) {
	p, err := New(Config{Mode: Epoll})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := socketPair(t)
	h := &recorder{frames: make(chan string, 1), closed: make(chan error, 1)}
	p.running.Add(1)
	if err := p.set.accept(taken{fd: ours}, func(c Conn) Handler { h.conn = c; return &lastWords{h} }); err != nil {
		t.Fatal(err)
	}
	if err := unix.Shutdown(theirs, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(theirs), "theirs")
	defer f.Close()
	buf := make([]byte, 100)
	n, err := f.Read(buf)
	if err != nil || !strings.Contains(string(buf[:n]), "bye") {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	if err := p.Close(t.Context(), 1001); err != nil {
		t.Error(err)
	}
}

// lastWords sends something when it hears of the end.
type lastWords struct{ *recorder }

func (l *lastWords) Closed(cause error) {
	_ = l.conn.Send([]byte("bye"))
	l.recorder.Closed(cause)
}

func socketPair(t *testing.T) (ours, theirs int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(pair[0], true); err != nil {
		t.Fatal(err)
	}
	return pair[0], pair[1]
}

// The kernel gives the number of a closed descriptor to the next connection at once. What
// is said to the one that had it before reaches nobody.
func TestDescriptorOfAnother(t *testing.T) {
	url, _, opened := serve(t, Config{Mode: Epoll, Linger: time.Millisecond}, nil)
	var before []*polled
	used := make(map[int]bool)
	for range 20 {
		ws := dial(t, url)
		h := <-opened
		c := h.conn.(*polled)
		used[c.descriptor()] = true
		ws.Close()
		<-h.closed
		waitFor(t, "closed", func() bool { return c.descriptor() < 0 })
		before = append(before, c)
	}
	ws := dial(t, url)
	h := <-opened
	for range 100 { // until one has the number of another
		if used[h.conn.(*polled).descriptor()] {
			break
		}
		ws = dial(t, url)
		h = <-opened
	}
	if fd := h.conn.(*polled).descriptor(); !used[fd] {
		t.Fatalf("descriptor %d is a new one, after a hundred", fd)
	}
	var talking sync.WaitGroup
	for _, c := range before {
		talking.Go(func() {
			if err := c.Send([]byte("to somebody else")); !errors.Is(err, net.ErrClosed) && !errors.Is(err, websocket.ErrCloseSent) {
				t.Errorf("Send on a closed connection = %v", err)
			}
			_ = c.Ping()
			c.Close(1000, "")
			c.giveUp()
			c.Expire(time.Now())
			c.expired()
			c.ready(unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLHUP, make([]byte, 100))
		})
	}
	talking.Wait()
	if err := h.conn.Send([]byte("mine")); err != nil {
		t.Fatal(err)
	}
	if _, m, err := ws.ReadMessage(); err != nil || string(m) != "mine" {
		t.Errorf("read %q, %v; want what was said to this one", m, err)
	}
}

// An event that was read before its descriptor changed hands is nobody's.
func TestEventOfAnother(t *testing.T) {
	url, p, opened := serve(t, Config{Mode: Epoll}, nil)
	dial(t, url)
	c := (<-opened).conn.(*polled)
	if got := p.set.find(int32(c.descriptor()), c.generation); got != c {
		t.Errorf("find = %v, want the connection", got)
	}
	for _, e := range [][2]int32{{int32(c.descriptor()), c.generation - 1}, {1 << 20, c.generation}} {
		if got := p.set.find(e[0], e[1]); got != nil {
			t.Errorf("find(%d, %d) = %v, want nil", e[0], e[1], got)
		}
	}
}

func (c *polled) descriptor() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fd
}

// Writers, the owner's ends and the devices' own meet in every order.
func TestEndsRace(t *testing.T) {
	url, p, opened := serve(t, Config{Mode: Epoll, Linger: 5 * time.Millisecond}, func(Conn, []byte) {})
	var all sync.WaitGroup
	for i := range 300 {
		ws := dial(t, url)
		h := <-opened
		all.Go(func() { _ = ws.WriteMessage(websocket.TextMessage, []byte("a")); ws.Close() })
		all.Go(func() { _ = h.conn.Send([]byte("b")); _ = h.conn.Ping() })
		all.Go(func() {
			if i%3 == 0 {
				h.conn.(*polled).giveUp()
			}
			h.conn.Close(1000, "")
		})
		all.Go(func() { h.conn.Expire(time.Now().Add(time.Millisecond)) })
		all.Go(func() { <-h.closed })
	}
	all.Wait()
	waitFor(t, "all are gone", func() bool { return p.Len() == 0 })
}

// A handler that takes its time holds up its own device, and the limit of workers only
// those that have something to say.
func TestWorkersAreBounded(t *testing.T) {
	free, begun := make(chan struct{}), make(chan string, 10)
	url, opener, opened := serve(t, Config{Mode: Epoll, Workers: 2}, func(_ Conn, m []byte) { begun <- string(m); <-free })
	var conns []*websocket.Conn
	for range 4 {
		ws := dial(t, url)
		<-opened
		if err := ws.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, ws)
	}
	<-begun
	<-begun
	crew := &opener.set.crew
	waitFor(t, "the others wait", func() bool {
		crew.mu.Lock()
		defer crew.mu.Unlock()
		return crew.working == 2 && len(crew.waiting) == 2
	})
	idle := dial(t, url)
	h := <-opened
	before := h.conn.Heard()
	if err := idle.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a pong is heard meanwhile", func() bool { return h.conn.Heard().After(before) })
	close(free)
	<-begun
	<-begun
	for _, ws := range conns {
		ws.Close()
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
