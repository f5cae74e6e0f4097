package remote

import (
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// stateEvery is the least time between two states: a screen that runs through many
// views is told of in few.
const stateEvery = 40 * time.Millisecond

// writer is what the writing goroutine keeps.
type writer struct {
	greeted bool           // the welcome was sent
	holding bool           // a key is held, and the remote is pinged more often
	sent    tvremote.State // the last one
	sentAt  time.Time
	timer   *time.Timer // the next state or repeat
	pinging *time.Timer
}

// write sends what there is until the connection ends, then why it does.
func (c *connection) write() {
	w := writer{timer: time.NewTimer(time.Hour), pinging: time.NewTimer(pingEvery)}
	defer w.timer.Stop()
	defer w.pinging.Stop()
	for {
		var err error
		select {
		case <-c.done:
			c.farewell()
			return
		case f := <-c.answers:
			err = c.send(f)
			if _, welcome := f.(tvremote.Welcome); welcome && err == nil {
				w.greeted = true
				err = c.tell(&w)
			}
		case <-w.pinging.C:
			err = c.ping(&w)
		case <-c.wake:
			err = c.tell(&w)
		case <-w.timer.C:
			err = c.tell(&w)
		}
		if err != nil {
			c.server.cfg.Log.Debug("remote lost", "error", err)
			c.end("")
			return
		}
	}
}

// ping asks for a sign of life, more often while a key is held.
func (c *connection) ping(w *writer) error {
	w.pinging.Reset(pingEvery)
	if w.holding {
		w.pinging.Reset(holdSilence / 3)
	}
	return ignoreTimeout(c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)))
}

// tell repeats a held key and sends the state where it changed, and sets the timer
// for what is too early.
func (c *connection) tell(w *writer) error {
	wait := c.repeat()
	if wait > 0 && !w.holding {
		w.pinging.Reset(holdSilence / 3)
	}
	w.holding = wait > 0
	if st := c.state(); w.greeted && st != w.sent {
		early := stateEvery - time.Since(w.sentAt)
		if early <= 0 {
			w.sent, w.sentAt = st, time.Now()
			if err := c.send(st); err != nil {
				return err
			}
		} else if wait == 0 || early < wait {
			wait = early
		}
	}
	if wait > 0 {
		w.timer.Reset(wait)
	}
	return nil
}

// repeat presses what is held once more where it is time, and returns how long it is
// until the next; 0: nothing is held.
func (c *connection) repeat() time.Duration {
	c.handsMu.Lock()
	defer c.handsMu.Unlock()
	heard := time.Unix(0, c.heard.Load())
	k, wait := c.hands.repeat(time.Now(), heard)
	if k == 0 {
		return wait
	}
	c.press(k, true)
	_, wait = c.hands.repeat(time.Now(), heard)
	return wait
}

// farewell tells the remote why the connection ends, after what was answered.
func (c *connection) farewell() {
	for range len(c.answers) {
		if c.send(<-c.answers) != nil {
			return
		}
	}
	code, text := websocket.CloseNormalClosure, ""
	if why := c.why.Load(); why != nil {
		if c.send(*why) != nil {
			return
		}
		code, text = websocket.ClosePolicyViolation, string(why.Code)
		if why.Code == tvremote.CodeStopping {
			code = websocket.CloseGoingAway
		}
	}
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(endTime))
}
