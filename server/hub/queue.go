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
// so its length is bounded by the number of connections. Those that a nudge found
// together wait and run together. Workers exist only while there is work, and at
// most limit of them.
//
// A nil queue wants nothing and is told nothing.
type queue struct {
	push  func([]*Session) // calls finished or alone for each
	limit int
	done  sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	workers int
	list    [][]*Session
	head    int // list[head:] waits
}

// add asks for sessions of one account to be brought up to n at least.
func (q *queue) add(n Numbers, sessions ...*Session) {
	if len(sessions) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	group := make([]*Session, 0, len(sessions))
	for _, s := range sessions {
		s.wanted = s.wanted.join(n.of(s))
		switch s.phase {
		case idle:
			group = append(group, s)
		case running:
			s.phase = again
		}
	}
	q.enqueue(group)
}

// wanted are the highest numbers that s was asked to be brought to.
func (q *queue) wanted(s *Session) Numbers {
	if q == nil {
		return Numbers{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return s.wanted
}

func (q *queue) enqueue(group []*Session) {
	if len(group) == 0 {
		return
	}
	if q.closed {
		for _, s := range group {
			s.phase = idle
		}
		return
	}
	for _, s := range group {
		s.phase = waiting
	}
	q.list = append(q.list, group)
	if q.workers < q.limit {
		q.workers++
		q.done.Go(q.work)
	}
}

func (q *queue) work() {
	for group := q.next(); group != nil; group = q.next() {
		q.push(group)
	}
}

// next returns who waits longest, or nil.
func (q *queue) next() []*Session {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
		q.workers--
		return nil
	}
	group := q.list[q.head]
	q.list[q.head] = nil
	q.head++
	for _, s := range group {
		s.phase = running
	}
	return group
}

// finished says that s is dealt with.
func (q *queue) finished(s *Session) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.phase == again {
		q.enqueue([]*Session{s})
		return
	}
	s.phase = idle
}

// alone has s wait again, for a worker of its own.
func (q *queue) alone(s *Session) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.enqueue([]*Session{s})
}

// close drops what waits and waits for the workers.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.done.Wait()
}
