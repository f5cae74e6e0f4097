package torture

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// faults are what is wrong with a link.
type faults struct {
	cut              bool          // connections are closed, and new ones at once
	holdUp, holdDown bool          // nothing comes through in this direction; it does when that ends, as packets that are sent again
	delay            time.Duration // of every piece, in both directions
	torn             int           // after so many bytes in a direction a connection is closed; 0: never
}

// link carries connections from its own address to another one, as badly as it is
// told to.
type link struct {
	listener net.Listener
	network  string // of the other address
	to       string
	work     sync.WaitGroup

	mu    sync.Mutex // guards what follows
	is    faults
	moved chan struct{} // closed when is has changed
	open  map[net.Conn]struct{}
	over  bool
}

// newLink listens on an address of the network, of which to is another.
func newLink(t *testing.T, network, at, to string) *link {
	t.Helper()
	l, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	k := &link{listener: l, network: network, to: to, moved: make(chan struct{}), open: map[net.Conn]struct{}{}}
	k.work.Go(k.accept)
	t.Cleanup(k.close)
	return k
}

// set changes what is wrong. The zero value heals the link.
func (k *link) set(f faults) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.is = f
	close(k.moved)
	k.moved = make(chan struct{})
	if f.cut {
		k.closeAll()
	}
}

func (k *link) closeAll() {
	for c := range k.open {
		c.Close()
	}
}

func (k *link) close() {
	k.mu.Lock()
	k.over = true
	k.mu.Unlock()
	k.set(faults{cut: true})
	k.listener.Close()
	k.work.Wait()
}

// now returns what is wrong, and a channel that is closed when that changes.
func (k *link) now() (faults, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.is, k.moved
}

func (k *link) accept() {
	for {
		near, err := k.listener.Accept()
		if err != nil {
			return
		}
		k.work.Go(func() { k.carry(near) })
	}
}

func (k *link) carry(near net.Conn) {
	defer near.Close()
	if f, _ := k.now(); f.cut {
		return
	}
	far, err := net.DialTimeout(k.network, k.to, time.Second)
	if err != nil {
		return
	}
	defer far.Close()
	if !k.note(near, far) {
		return
	}
	defer k.forget(near, far)
	var both sync.WaitGroup
	both.Go(func() { k.copy(far, near, func(f faults) bool { return f.holdUp }) })
	both.Go(func() { k.copy(near, far, func(f faults) bool { return f.holdDown }) })
	both.Wait()
}

// note has the connections closed by a cut; false: there is one.
func (k *link) note(conns ...net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range conns {
		k.open[c] = struct{}{}
	}
	return !k.over && !k.is.cut
}

func (k *link) forget(conns ...net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range conns {
		delete(k.open, c)
	}
}

// copy carries one direction until either end is gone.
func (k *link) copy(to, from net.Conn, held func(faults) bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for carried := 0; ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		f := k.pass(held)
		if f.cut {
			return
		}
		piece := buf[:n]
		if f.torn > 0 && carried+n > f.torn {
			piece = piece[:max(0, f.torn-carried)]
		}
		if _, err := to.Write(piece); err != nil || len(piece) < n {
			return
		}
		carried += n
	}
}

// pass waits until a piece may go on, and returns what is wrong then.
func (k *link) pass(held func(faults) bool) faults {
	for {
		f, moved := k.now()
		switch {
		case f.cut || !held(f) && f.delay == 0:
			return f
		case held(f):
			<-moved
		default:
			late := time.NewTimer(f.delay)
			select {
			case <-late.C:
				return f
			case <-moved:
				late.Stop()
			}
		}
	}
}

// TestLinkFaults: a link does what it is told to.
func TestLinkFaults(t *testing.T) {
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var echo sync.WaitGroup
	defer echo.Wait()
	defer far.Close()
	echo.Go(func() {
		for {
			c, err := far.Accept()
			if err != nil {
				return
			}
			echo.Go(func() {
				defer c.Close()
				buf := make([]byte, 100)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			})
		}
	})
	k := newLink(t, "tcp", "127.0.0.1:0", far.Addr().String())
	for _, tt := range []struct {
		name string
		is   faults
		back int  // bytes of 10 that come back before a while is over
		ends bool // then the connection is closed
		heal int  // that come when the link has healed
	}{
		{"nothing wrong", faults{}, 10, false, 10},
		{"slow", faults{delay: 5 * time.Millisecond}, 10, false, 10},
		{"held up", faults{holdUp: true}, 0, false, 10},
		{"held down", faults{holdDown: true}, 0, false, 10},
		{"torn on the way up", faults{torn: 4}, 0, true, 0},
		{"cut", faults{cut: true}, 0, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k.set(tt.is)
			c, err := net.Dial("tcp", k.listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = c.Write(slices.Repeat([]byte{'x'}, 10)) // into a cut link it may fail
			got, ended := 0, false
			read := func(until int, wait time.Duration) {
				_ = c.SetReadDeadline(time.Now().Add(wait))
				for buf := make([]byte, 100); got < until; {
					n, err := c.Read(buf)
					got += n
					if err != nil {
						e, ok := err.(net.Error)
						ended = !ok || !e.Timeout()
						return
					}
				}
			}
			wait := 10 * time.Second
			if tt.back == 0 && !tt.ends {
				wait = 50 * time.Millisecond // nothing is to come: longer would show no more
			}
			if read(max(tt.back, 1), wait); got != tt.back {
				t.Errorf("%d bytes came back, want %d", got, tt.back)
			}
			k.set(faults{})
			read(11-min(1, tt.heal/10), 10*time.Second)
			if got != tt.heal || ended != tt.ends {
				t.Errorf("then %d bytes, want %d; ended %t, want %t", got, tt.heal, ended, tt.ends)
			}
		})
	}
}
