package hub

import (
	"context"
	"errors"
	"time"
)

// push brings devices of one account up to date, with one read for all of them. One of
// several whose turn somebody else has is left to a push of its own, so that it holds
// up nobody. Where they come from the queue, it is told when each is done.
func (h *Hub) push(ctx context.Context, all []*Session, q *queue) {
	due := make([]*Session, 0, len(all))
	for _, s := range all {
		switch {
		case len(all) == 1:
			s.turn.Lock()
		case !s.turn.TryLock():
			q.alone(s)
			continue
		}
		if !s.Sent.cover(q.wanted(s)) || s.Edition < h.edition.Load() {
			due = append(due, s)
			continue
		}
		s.turn.Unlock()
		q.finished(s)
	}
	if len(due) == 0 {
		return
	}
	h.counts.pushes.Add(int64(len(due)))
	told, after := due[0].Truth.Desired(ctx, due)
	h.send(due, told, q)
	if after != nil {
		after()
	}
}

// send gives each device what it is told, and its turn back. Everything is encoded
// before the first is written, and who may keep a writer waiting has one of its own.
func (h *Hub) send(due []*Session, told []Told, q *queue) {
	if len(due) == 1 {
		messages, err := [][]byte(nil), told[0].Err
		if err == nil {
			messages, err = encode(told[0].Frames)
		}
		h.sendOne(due[0], messages, err, q)
		return
	}
	messages := make([][][]byte, len(due))
	for i, t := range told {
		if t.Err == nil {
			messages[i], told[i].Err = encode(t.Frames)
		}
	}
	for i, s := range due {
		if s.Conn.Prompt() {
			h.sendOne(s, messages[i], told[i].Err, q)
			continue
		}
		h.queue.done.Go(func() { h.sendOne(s, messages[i], told[i].Err, q) })
	}
}

func (h *Hub) sendOne(s *Session, messages [][]byte, err error, q *queue) {
	if err == nil {
		err = write(s.Conn, messages)
	}
	s.turn.Unlock()
	if err != nil && !errors.Is(err, ErrGone) {
		h.counts.failures.Add(1)
		h.cfg.Log.Warn("push failed", "account", s.Account, "device", s.Device, "error", err)
		h.mu.Lock()
		h.failed = append(h.failed, s)
		h.mu.Unlock()
	}
	q.finished(s)
}

// has reports whether the device was sent n. Where somebody has its turn nobody knows.
func (s *Session) has(n Numbers) bool {
	if !s.turn.TryLock() {
		return false
	}
	defer s.turn.Unlock()
	return s.Sent.cover(n)
}

// renewed is for how long NudgeAll reads with one context: to make one for each device is
// a tenth of what it costs to tell it.
const renewed = time.Second

// pushEach pushes what next gives, until it gives nil.
func (h *Hub) pushEach(next func() []*Session) {
	ctx, cancel := context.WithTimeout(h.ctx, readTimeout+renewed)
	begun := time.Now()
	for one := next(); one != nil; one = next() {
		if time.Since(begun) > renewed {
			cancel()
			ctx, cancel = context.WithTimeout(h.ctx, readTimeout+renewed)
			begun = time.Now()
		}
		h.push(ctx, one, nil)
	}
	cancel()
}
