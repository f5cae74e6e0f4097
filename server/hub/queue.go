package hub

import "sync"

// phase is where a session stands in the queue: see the package comment.
type phase uint8

const (
	idle phase = iota
	waiting
	running
	again
)

// queue holds the sessions that must be brought up to date, each at most once,
// so its length is bounded by the number of connections. Workers exist only
// while there is work, and at most limit of them.
type queue struct {
	push  func(*Session, Numbers)
	limit int
	done  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	workers int
	list    []*Session
	head    int // list[head:] waits
}

// add asks for s to be brought up to n at least.
func (q *queue) add(s *Session, n Numbers) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.wanted = s.wanted.join(n)
	switch s.phase {
	case idle:
		q.enqueue(s)
	case running:
		s.phase = again
	}
}

// wanted are the highest numbers that s was asked to be brought to.
func (q *queue) wanted(s *Session) Numbers {
	q.mu.Lock()
	defer q.mu.Unlock()
	return s.wanted
}

func (q *queue) enqueue(s *Session) {
	if q.closed {
		s.phase = idle
		return
	}
	s.phase = waiting
	q.list = append(q.list, s)
	if q.workers < q.limit {
		q.workers++
		q.done.Go(q.work)
	}
}

func (q *queue) work() {
	for {
		s, n, ok := q.next()
		if !ok {
			return
		}
		q.push(s, n)
		q.finished(s)
	}
}

func (q *queue) next() (*Session, Numbers, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
		q.workers--
		return nil, Numbers{}, false
	}
	s := q.list[q.head]
	q.list[q.head] = nil
	q.head++
	s.phase = running
	return s, s.wanted, true
}

func (q *queue) finished(s *Session) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.phase == again {
		q.enqueue(s)
		return
	}
	s.phase = idle
}

// close drops what waits and waits for the workers.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.done.Wait()
}
