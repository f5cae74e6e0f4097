package local

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of one client.
const (
	maxClients       = 8 // at once, over both sockets
	maxStrangers     = 8 // at once, that have not said the token; then the oldest has to go
	requestsASecond  = 100
	requestsAtOnce   = 100
	answersWaiting   = 16 // for the client to read; then its requests wait
	writeTimeout     = 5 * time.Second
	helloTimeout     = 5 * time.Second // for a client that has to prove itself
	wrongTokenDelay  = time.Second
	maxWrongRequests = 20 // one after another that are none; then the connection ends
)

// wire carries whole messages. read is called from one goroutine, write from another;
// close may be called from any, more than once.
type wire interface {
	read() ([]byte, error)
	write([]byte, time.Time) error
	close()
}

// client is one connection: a reader, which carries out requests, and a writer.
type client struct {
	wire    wire
	answers chan []byte
	wake    chan struct{} // of one: there may be an event
	done    chan struct{} // closed by stop
	once    sync.Once
	served  bool          // hello was right, or is not needed; only the reader changes it, under feed.mu
	wants   atomic.Uint32 // the topics it subscribed to, a bit each
	anew    atomic.Uint32 // of these, what is to be sent whether seen or not
}

func newClient(w wire, served bool) *client {
	return &client{
		wire: w, served: served, answers: make(chan []byte, answersWaiting),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// poke wakes the writer; it never blocks.
func (c *client) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// stop ends the client, once.
func (c *client) stop() { c.once.Do(func() { close(c.done); c.wire.close() }) }

// serve runs a client until either side ends it.
func (s *Server) serve(c *client) {
	if !s.feed.join(c) {
		c.wire.close()
		return
	}
	defer s.feed.leave(c)
	var writer sync.WaitGroup
	writer.Go(func() { defer c.stop(); s.write(c) })
	s.read(c)
	close(c.answers) // those that wait are sent still
	writer.Wait()
}

// read carries out requests, one after another.
func (s *Server) read(c *client) {
	limit := rate.NewLimiter(requestsASecond, requestsAtOnce)
	wrong := 0
	for {
		data, err := c.wire.read()
		if err != nil {
			return
		}
		r, refused := decode(data)
		var result any
		switch {
		case !limit.Allow():
			refused = &Error{CodeTooFast, "more than 100 requests a second: not carried out"}
		case refused == nil:
			result, refused = s.carryOut(c, r.Call)
		}
		if wrong++; refused == nil || refused.Code != CodeParse && refused.Code != CodeRequest {
			wrong = 0 // a key that is not known may come from a remote for ever
		}
		if !c.answer(r, result, refused) || wrong > maxWrongRequests || refused != nil && refused.Code == CodeToken {
			return
		}
	}
}

// answer queues what comes of a request; of a notification nothing. It waits while the
// client does not read, and reports false where it ended.
func (c *client) answer(r request, result any, refused *Error) bool {
	if r.ID == nil && (refused == nil || refused.Code != CodeParse && refused.Code != CodeRequest) {
		return true
	}
	a := struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Result  any             `json:"result,omitempty"`
		Error   *Error          `json:"error,omitempty"`
	}{"2.0", r.ID, result, refused}
	data, err := json.Marshal(a)
	if err != nil {
		return false
	}
	select {
	case c.answers <- data:
		return true
	case <-c.done:
		return false
	}
}

// carryOut does what a call asks for.
func (s *Server) carryOut(c *client, call Call) (any, *Error) {
	if hello, ok := call.(*Hello); ok {
		return s.hello(c, hello)
	}
	if !c.served {
		return nil, &Error{CodeToken, "hello with the token must come first"}
	}
	if sub, ok := call.(*Subscribe); ok {
		var bits uint32
		for _, t := range sub.Events {
			bits |= 1 << topicIndex(t)
		}
		c.wants.Store(bits)
		c.anew.Store(bits)
		return Done{}, nil
	}
	result, err := s.do(call)
	if err != nil {
		return nil, asError(err)
	}
	return result, nil
}

func (s *Server) hello(c *client, h *Hello) (any, *Error) {
	if !c.served && !s.rightToken(h.Token) {
		select {
		case <-time.After(wrongTokenDelay):
		case <-c.done:
		}
		return nil, &Error{CodeToken, "not the token"}
	}
	if !s.feed.prove(c) {
		return nil, &Error{CodeRefused, "as many clients as may be are served"}
	}
	s.log.Info("local client", "name", fmt.Sprintf("%.64q", h.Client))
	return Welcome{API: Version, Agent: s.version}, nil
}

// write sends answers, and before each what is new of the events, so that the result of
// a key is never older than the view before it.
func (s *Server) write(c *client) {
	var seen [len(topics)]uint64
	for {
		var answer []byte
		select {
		case <-c.done:
			return
		case <-c.wake:
		case a, more := <-c.answers:
			if !more {
				return
			}
			answer = a
		}
		if !s.events(c, &seen) {
			return
		}
		if answer != nil && c.wire.write(answer, time.Now().Add(writeTimeout)) != nil {
			return
		}
	}
}

// events sends what a client subscribed to and has not seen.
func (s *Server) events(c *client, seen *[len(topics)]uint64) bool {
	wants, anew := c.wants.Load(), c.anew.Swap(0)
	for i := range topics {
		if wants&(1<<i) == 0 {
			continue
		}
		if anew&(1<<i) != 0 {
			seen[i] = 0
		}
		data, number, err := s.feed.newest(i, seen[i])
		if err != nil {
			s.log.Error("local event not sent", "error", err)
			return false
		}
		seen[i] = number
		if data != nil && c.wire.write(data, time.Now().Add(writeTimeout)) != nil {
			return false
		}
	}
	return true
}
