// Package membus is the bus of a server that is one process.
//
// Each subscription has a goroutine, which cancel and Close wait for, and a
// bounded set of waiting accounts with the highest numbers of each: a slow
// subscriber costs memory only up to the bound, and then loses nudges for
// accounts that are not waiting yet. A receiver of messages has a queue of its own,
// and loses the newest while that is full. Tested by package bustest.
package membus

import (
	"sync"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
)

// maxWaiting is how many accounts may wait in one subscription: about 9 MiB.
const maxWaiting = 1 << 16

// Bus implements bus.Bus. The zero value is ready.
type Bus struct {
	// OnDrop, if set before the first use, is called for each nudge that a
	// subscription lost. It must not wait.
	OnDrop func(bus.Nudge)

	mu        sync.RWMutex // guards what follows; taken before a subscription's mutex
	subs      map[*subscription]struct{}
	receivers map[*receiver]struct{}
	closed    bool
}

var _ bus.Bus = (*Bus)(nil)

// Publish implements bus.Bus.
func (b *Bus) Publish(n bus.Nudge) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.subs {
		if !s.add(n) && b.OnDrop != nil {
			b.OnDrop(n)
		}
	}
}

// Subscribe implements bus.Bus.
func (b *Bus) Subscribe(f func(bus.Nudge)) (cancel func()) {
	s := &subscription{
		f:       f,
		waiting: map[protocol.AccountID]bus.Nudge{},
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return func() {}
	}
	if b.subs == nil {
		b.subs = map[*subscription]struct{}{}
	}
	b.subs[s] = struct{}{}
	go s.run()
	return func() { b.cancel(s) }
}

func (b *Bus) cancel(s *subscription) {
	b.mu.Lock()
	delete(b.subs, s)
	b.mu.Unlock()
	s.end()
}

// Close implements bus.Bus.
func (b *Bus) Close() error {
	b.mu.Lock()
	subs, receivers := b.subs, b.receivers
	b.subs, b.receivers, b.closed = nil, nil, true
	b.mu.Unlock()
	for s := range subs {
		s.end()
	}
	for r := range receivers {
		r.end()
	}
	return nil
}

// subscription is one subscriber's waiting nudges and the goroutine that
// hands them over.
type subscription struct {
	f      func(bus.Nudge)
	wake   chan struct{} // something waits
	stop   chan struct{} // closed by end
	done   chan struct{} // closed when the goroutine has ended
	ending sync.Once

	mu      sync.Mutex // guards what follows
	waiting map[protocol.AccountID]bus.Nudge
	order   []protocol.AccountID // first come, first served
}

// add tells whether n, or a newer nudge of its account, is now waiting.
func (s *subscription) add(n bus.Nudge) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.waiting[n.Account]
	if !ok {
		if len(s.waiting) >= maxWaiting {
			return false
		}
		s.order = append(s.order, n.Account)
	}
	s.waiting[n.Account] = n.Join(before)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// take returns everything that waits, oldest first.
func (s *subscription) take() []bus.Nudge {
	s.mu.Lock()
	defer s.mu.Unlock()
	nudges := make([]bus.Nudge, 0, len(s.order))
	for _, account := range s.order {
		nudges = append(nudges, s.waiting[account])
	}
	clear(s.waiting)
	s.order = s.order[:0]
	return nudges
}

// end stops the goroutine and waits for it.
func (s *subscription) end() {
	s.ending.Do(func() { close(s.stop) })
	<-s.done
}

func (s *subscription) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *subscription) run() {
	defer close(s.done)
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		}
		for _, n := range s.take() {
			if s.stopped() {
				return
			}
			s.f(n)
		}
	}
}
