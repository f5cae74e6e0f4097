package sqlite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/hearthkey/hearthkey/server/store"
)

// errAbandoned: the function did not return (a panic, runtime.Goexit). Nobody
// waits for the answer any more.
var errAbandoned = errors.New("sqlite: function did not return")

// writer is the only one that writes. See the package's picture.
type writer struct {
	s     *session // the goroutine's own
	group int
	done  chan struct{} // closed when the goroutine has ended

	mu     sync.RWMutex // guards closed, and queue against being closed
	closed bool
	queue  chan *job
}

// job is one Update.
//
//	waiting ──▶ started ──▶ (run again after a failed group) ──▶ answered
//	   └──────▶ withdrawn, when its context ends first
type job struct {
	state  atomic.Int32
	turn   chan *querier // the writer: run now
	ran    chan error    // the caller: this is what the function returned
	answer chan error    // the writer: this became of it
	err    error         // the writer's own: what the function returned last
}

const (
	waiting int32 = iota
	started
	withdrawn
)

func startWriter(s *session, queue, group int) *writer {
	w := &writer{s: s, group: group, done: make(chan struct{}), queue: make(chan *job, queue)}
	go w.loop()
	return w
}

// stop lets what is queued finish, and waits for it.
func (w *writer) stop() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

// update queues fn, runs it when its turn comes, and waits for the commit.
func (w *writer) update(ctx context.Context, fn func(store.Querier) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	j := &job{turn: make(chan *querier), ran: make(chan error, 1), answer: make(chan error, 1)}
	if err := w.enqueue(j); err != nil {
		return err
	}
	ended := ctx.Done()
	for {
		select {
		case q := <-j.turn:
			j.run(q, fn)
		case err := <-j.answer:
			return err
		case <-ended:
			if j.state.CompareAndSwap(waiting, withdrawn) {
				return context.Cause(ctx)
			}
			ended = nil // too late: its outcome decides
		}
	}
}

func (w *writer) enqueue(j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return store.ErrClosed
	}
	select {
	case w.queue <- j:
		return nil
	default:
		return store.ErrBusy
	}
}

// run calls fn and tells the writer, whichever way fn ends.
func (j *job) run(q *querier, fn func(store.Querier) error) {
	err := errAbandoned
	defer func() { j.ran <- err }()
	err = fn(q)
}

func (w *writer) loop() {
	defer close(w.done)
	defer w.s.close()
	for j := range w.queue {
		if j.state.CompareAndSwap(waiting, started) {
			w.serve(j)
		}
	}
}

// serve runs a group and answers its members; if it failed as a whole, they
// run again one by one.
func (w *writer) serve(first *job) {
	members, err := w.attempt(first, w.group)
	if err == nil || len(members) == 1 {
		for _, j := range members {
			j.answer <- outcome(j.err, err)
		}
		return
	}
	for _, j := range members {
		if j.err != errAbandoned {
			_, err := w.attempt(j, 1)
			j.answer <- outcome(j.err, err)
		}
	}
}

// outcome prefers the function's own error to what came of it.
func outcome(function, transaction error) error {
	if function != nil {
		return function
	}
	return transaction
}

// attempt runs first and, up to limit in all, those that wait, in one
// transaction. On an error nothing of any of them remains.
func (w *writer) attempt(first *job, limit int) (members []*job, err error) {
	first.err = nil
	members = append(members, first)
	if err := w.s.exec("BEGIN IMMEDIATE"); err != nil {
		w.s.rollback()
		return members, err
	}
	for next := first; next != nil; {
		if err := w.runMember(next); err != nil {
			w.s.rollback()
			return members, err
		}
		if next = w.next(limit - len(members)); next != nil {
			members = append(members, next)
		}
	}
	if err := w.s.exec("COMMIT"); err != nil {
		w.s.rollback()
		return members, err
	}
	return members, nil
}

// next returns one that waits, if any does and there is room.
func (w *writer) next(room int) *job {
	for room > 0 {
		select {
		case j, ok := <-w.queue:
			if !ok {
				return nil
			}
			if j.state.CompareAndSwap(waiting, started) {
				return j
			}
		default:
			return nil
		}
	}
	return nil
}

// runMember runs one function in a savepoint. Its own error is kept in j.err;
// the error returned is that of the transaction, which is then lost.
func (w *writer) runMember(j *job) error {
	if err := w.s.exec("SAVEPOINT member"); err != nil {
		return err
	}
	q := &querier{s: w.s}
	j.turn <- q
	j.err = <-j.ran
	if j.err == nil {
		j.err = q.lost
	}
	if q.lost != nil {
		return q.lost
	}
	if j.err != nil {
		if err := w.s.exec("ROLLBACK TO member"); err != nil {
			return err
		}
	}
	return w.s.exec("RELEASE member")
}
