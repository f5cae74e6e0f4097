package poller

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const defaultMode = Epoll

// set is one epoll set: the sockets of devices, and the one goroutine that waits for
// all of them. Go's own poller waits for the set, so that no thread does.
type set struct {
	poller *Poller
	file   *os.File // of the set
	raw    syscall.RawConn
	fd     int // the same
	crew   crew
	ended  chan struct{}
	room   []byte // of the loop alone, for what is decrypted; nil until there is TLS

	mu    sync.Mutex
	conns []*polled // by descriptor
	count int
	turn  int32 // generation of the next connection: see polled.generation
}

// Sizes of what the loop reads with.
const (
	maxEvents = 256
	chunkSize = 64 << 10
	plainSize = chunkSize + 32<<10 // what is decrypted at once: of the chunk, and of a record before it
)

func newSet(p *Poller) (*set, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // only so is it given to Go's poller
		_ = unix.Close(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err == nil {
		err = file.SetReadDeadline(time.Time{}) // fails where Go's poller did not take it
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	s := &set{poller: p, file: file, raw: raw, fd: fd, ended: make(chan struct{})}
	s.crew.limit = p.cfg.Workers
	go s.loop()
	return s, nil
}

// close ends the loop. No connection is left.
func (s *set) close() {
	_ = s.file.Close()
	<-s.ended
	s.crew.done.Wait()
}

func (s *set) loop() {
	defer close(s.ended)
	events, chunk := make([]unix.EpollEvent, maxEvents), make([]byte, chunkSize)
	for {
		n := 0
		err := s.raw.Read(func(uintptr) bool {
			n, _ = unix.EpollWait(s.fd, events, 0)
			return n > 0
		})
		if err != nil {
			return // closed
		}
		for _, e := range events[:n] {
			if c := s.find(e.Fd, e.Pad); c != nil {
				c.ready(e.Events, chunk)
			}
		}
	}
}

// find returns the connection of an event. A descriptor may be another connection's
// by the time that its event is looked at: then it is nobody's.
func (s *set) find(fd, generation int32) *polled {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(fd) >= len(s.conns) {
		return nil
	}
	if c := s.conns[fd]; c != nil && c.generation == generation {
		return c
	}
	return nil
}

// add makes the descriptor c's. It is not waited for yet.
func (s *set) add(c *polled) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.conns) <= c.fd {
		s.conns = append(s.conns, make([]*polled, max(64, len(s.conns)/4))...)
	}
	s.turn++
	c.generation = s.turn
	c.events = unix.EPOLLET
	if err := unix.EpollCtl(s.fd, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: c.events, Fd: int32(c.fd), Pad: c.generation}); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	s.conns[c.fd] = c
	s.count++
	return nil
}

// arm says what c is waited for. Its lock is held, and its descriptor open.
func (s *set) arm(c *polled, events uint32) {
	if c.events == events {
		return
	}
	c.events = events
	// It cannot fail: the descriptor is in the set.
	_ = unix.EpollCtl(s.fd, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: events, Fd: int32(c.fd), Pad: c.generation})
}

// remove closes c's descriptor. Its lock is held.
func (s *set) remove(c *polled) {
	s.mu.Lock()
	s.conns[c.fd] = nil
	s.count--
	s.mu.Unlock()
	_ = unix.EpollCtl(s.fd, unix.EPOLL_CTL_DEL, c.fd, nil)
	_ = unix.Close(c.fd)
}

// accept makes the descriptor a connection of the set. open is called before anything
// is read.
func (s *set) accept(t taken, open func(Conn) Handler) error {
	fd := t.fd
	c := &polled{set: s, fd: fd, tls: t.tls, busy: true}
	if t.tls != nil {
		t.tls.NetConn().(*carrier).by = c
	}
	c.heard.Store(time.Now().UnixNano())
	if err := s.add(c); err != nil {
		_ = unix.Close(fd)
		return err
	}
	c.handler = open(c)
	if c.tls != nil { // TLS may have read more than the request
		var few [512]byte
		c.plain(nil, few[:0])
	}
	c.settle()
	s.poller.late(c)
	return nil
}

// all returns every connection.
func (s *set) all() []owned {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]owned, 0, s.count)
	for _, c := range s.conns {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

func (s *set) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// taken is a socket that was taken over.
type taken struct {
	fd  int
	tls *tls.Conn // that it carries; nil: none
}

// detach takes the socket out of the hands of net and net/http: the descriptor is
// doubled, and theirs closed with all that belongs to it. It is false where the
// socket is not a bare TCP one, nor carries TLS of [NewTLSListener].
func detach(nc net.Conn) (t taken, ok bool, err error) {
	if secure, is := nc.(*tls.Conn); is {
		c, is := secure.NetConn().(*carrier)
		if !is {
			return taken{}, false, nil
		}
		nc, t.tls = c.Conn, secure
	}
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return taken{}, false, nil
	}
	defer tcp.Close()
	raw, err := tcp.SyscallConn()
	if err != nil {
		return taken{}, true, err
	}
	if cerr := raw.Control(func(old uintptr) {
		t.fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	}); cerr != nil {
		err = cerr
	}
	if err != nil {
		return taken{}, true, fmt.Errorf("take the descriptor: %w", err)
	}
	// Heartbeats tell what is alive; the kernel's would only cost.
	_ = unix.SetsockoptInt(t.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0)
	return t, true, nil
}

// crew runs the handlers: a goroutine for each connection that has something to do,
// up to a limit. The others wait in the order in which they came; each is in the list
// once at most, so the number of connections bounds it.
type crew struct {
	limit int
	done  sync.WaitGroup

	mu      sync.Mutex
	working int
	waiting []*polled
}

func (w *crew) do(c *polled) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.working >= w.limit {
		w.waiting = append(w.waiting, c)
		return
	}
	w.working++
	w.done.Go(func() {
		for c := c; c != nil; c = w.next() {
			c.work()
		}
	})
}

func (w *crew) next() *polled {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.waiting = nil
		w.working--
		return nil
	}
	c := w.waiting[0]
	w.waiting[0] = nil
	w.waiting = w.waiting[1:]
	return c
}
