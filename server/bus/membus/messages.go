package membus

import (
	"sync"

	"github.com/hearthkey/hearthkey/server/bus"
)

// maxMessages is how many messages may wait for one receiver: at most 32 MiB, and a
// thousandth of that where they are keys.
const maxMessages = 1 << 10

// Send implements bus.Bus.
func (b *Bus) Send(node string, data []byte) {
	if len(data) > bus.MaxMessage {
		return
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for r := range b.receivers {
		if r.node != node {
			continue
		}
		select {
		case r.waiting <- data:
		default: // lost, as it may be
		}
	}
}

// Receive implements bus.Bus.
func (b *Bus) Receive(node string, f func([]byte)) (cancel func()) {
	r := &receiver{
		node: node, f: f, waiting: make(chan []byte, maxMessages), stop: make(chan struct{}), done: make(chan struct{}),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return func() {}
	}
	if b.receivers == nil {
		b.receivers = map[*receiver]struct{}{}
	}
	b.receivers[r] = struct{}{}
	go r.run()
	return func() {
		b.mu.Lock()
		delete(b.receivers, r)
		b.mu.Unlock()
		r.end()
	}
}

// receiver is the messages that wait for a function, and the goroutine that calls it.
type receiver struct {
	node    string
	f       func([]byte)
	waiting chan []byte
	stop    chan struct{} // closed by end
	done    chan struct{} // closed when the goroutine has ended
	ending  sync.Once
}

// end stops the goroutine and waits for it.
func (r *receiver) end() {
	r.ending.Do(func() { close(r.stop) })
	<-r.done
}

func (r *receiver) run() {
	defer close(r.done)
	for {
		select {
		case <-r.stop:
			return
		case data := <-r.waiting:
			select {
			case <-r.stop:
				return
			default:
			}
			r.f(data)
		}
	}
}
