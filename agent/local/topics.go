package local

import (
	"encoding/json"
	"fmt"
	"sync"
)

// feed holds the newest value of each event and wakes the clients. A value is encoded
// when the first client asks for it: what nobody subscribes to costs nothing.
type feed struct {
	mu      sync.Mutex
	values  [len(topics)]value // guarded by mu, as all below
	clients map[*client]uint64 // and how many joined before it
	joined  uint64
	open    sync.WaitGroup // one for each client that joined; none joins once closed
	closed  bool
}

type value struct {
	v       any
	number  uint64 // grows with each value; 0: there is none yet
	encoded []byte // as a notification; nil until asked for
}

// tell replaces a value and wakes every client.
func (f *feed) tell(topic int, v any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[topic] = value{v: v, number: f.values[topic].number + 1}
	for c := range f.clients {
		c.poke()
	}
}

// newest returns a value as a notification where its number is not the one that was
// seen, else nil, and its number.
func (f *feed) newest(topic int, seen uint64) ([]byte, uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := &f.values[topic]
	if v.number == seen {
		return nil, seen, nil
	}
	if v.encoded == nil {
		var err error
		if v.encoded, err = json.Marshal(notification{Version: "2.0", Method: topics[topic], Params: v.v}); err != nil {
			return nil, seen, fmt.Errorf("encode %s: %w", topics[topic], err)
		}
	}
	return v.encoded, v.number, nil
}

// notification is an event on the wire.
type notification struct {
	Version string `json:"jsonrpc"`
	Method  Topic  `json:"method"`
	Params  any    `json:"params"`
}

// join adds a client, unless there are too many or the server closes. Strangers have
// room of their own, and make it for the next: whoever cannot prove itself holds up nobody who can.
func (f *feed) join(c *client) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || c.served && f.count(true) >= maxClients {
		return false
	}
	if !c.served && f.count(false) >= maxStrangers {
		oldest := f.oldestStranger()
		delete(f.clients, oldest) // it leaves when its goroutines have ended
		oldest.stop()
	}
	f.clients[c] = f.joined
	f.joined++
	f.open.Add(1)
	return true
}

// prove makes a stranger a client that is served, unless there are too many.
func (f *feed) prove(c *client) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.served = c.served || f.count(true) < maxClients
	return c.served
}

// count tells how many are served, or are strangers.
func (f *feed) count(served bool) (n int) {
	for c := range f.clients {
		if c.served == served {
			n++
		}
	}
	return n
}

func (f *feed) oldestStranger() (oldest *client) {
	for c, at := range f.clients {
		if !c.served && (oldest == nil || at < f.clients[oldest]) {
			oldest = c
		}
	}
	return oldest
}

func (f *feed) leave(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, c)
	f.open.Done()
}

// close tells every client to end, and lets no other join.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.clients {
		c.stop()
	}
}
