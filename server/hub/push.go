package hub

import (
	"context"
	"errors"
)

// push brings devices of one account up to date, with one read for all of them. One of
// several whose turn somebody else has is left to a push of its own, so that it holds
// up nobody. Where they come from the queue, it is told when each is done.
func (h *Hub) push(all []*Session, q *queue) {
	ctx, cancel := context.WithTimeout(h.ctx, readTimeout)
	defer cancel()
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
	messages := make([][][]byte, len(due))
	for i, t := range told {
		if t.Err == nil {
			messages[i], told[i].Err = encode(t.Frames)
		}
	}
	for i, s := range due {
		if len(due) == 1 || s.Conn.Prompt() {
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
