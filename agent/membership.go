package agent

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
)

// sessionStep steps the session machine with what, and with everything that its
// effects give rise to, then brings the screen up to date. What an effect steps it
// with comes after the effects that are left of its step.
func (c *core) sessionStep(what session.What) {
	c.pending = append(c.pending, what)
	if c.stepping {
		return
	}
	c.stepping = true
	for len(c.pending) > 0 {
		ev := session.Event{Now: c.now(), Unsent: c.unsent(), What: c.pending[0]}
		c.pending = c.pending[1:]
		rand.Read(ev.Entropy[:])
		var effects []session.Effect
		c.session, effects = session.Step(c.session, ev)
		for _, e := range effects {
			if err := c.membershipEffect(e); err != nil {
				c.log.Error("vault not written", "error", err)
				// The very next event, or the machine would go on as if it were written.
				c.pending = append([]session.What{session.VaultFailed{Err: err}}, c.pending...)
				break
			}
		}
	}
	c.stepping = false
	c.relaysGone()
	c.renewCache()
	c.proven.Store(int64(c.session.Proven(c.now())))
	c.setWake()
	c.updateWorld()
	c.tellGrant()
	c.followReported()
	c.tellStatus()
}

// later queues an event for the current round of sessionStep.
func (c *core) later(what session.What) { c.pending = append(c.pending, what) }

// membershipEffect carries out one effect. Only a vault that cannot be written
// is an error: the rest of the step must not happen then.
func (c *core) membershipEffect(e session.Effect) error {
	switch e := e.(type) {
	case session.SaveVault:
		c.rec.Session = e.Saved
		c.noteContact()
		return c.save()
	case session.ApplyCache:
		c.applyCache(e)
	case session.StorePins:
		c.storePins(e.Claims)
	case session.KeepCounts:
		return c.keepCounts(e.Counts)
	case session.KeepLibrary:
		c.keepLibrary(e)
	case session.Erase:
		return c.erase(e.Identity)
	case session.Dial:
		c.link.Dial(e.Conn)
	case session.Send:
		c.link.Send(e.Conn, e.Frame)
	case session.Hangup:
		c.link.Hangup(e.Conn)
	case session.WantActivity:
		c.offerActivity()
	case session.ActivityAcked:
		c.activityAcked(e.Through)
	case session.DoWishes:
		return c.doWishes(e.Claims)
	case session.Relayed:
		c.relay(e.Frame)
	case session.Log:
		c.log.Warn(e.Message, "error", e.Err)
	}
	return nil
}

// erase makes unreadable what an ended session must not leave behind: the screen
// first, for flash takes its time and the receipt comes after it; new keys then, which
// turn everything on the disk into noise, and the files.
func (c *core) erase(identity bool) error {
	c.snapshot, c.profile, c.told = nil, "", nil
	c.shelves, c.unstored = nil, false
	c.setCatalog(nil)
	c.openShelf()
	c.updateWorld()
	c.tellGrant()
	c.rec.renew(identity)
	c.renewRemotes()
	if err := c.onDisk(func() error { return c.vault.Replace(c.rec) }); err != nil {
		return fmt.Errorf("renew the keys: %w", err)
	}
	c.eraseCache()
	var fresh *session.Identity
	if identity {
		id := session.IdentityOf(c.rec.key())
		fresh = &id
	}
	c.later(session.Erased{New: fresh})
	return nil
}

// heard passes on what the link saw, and waits until it is dealt with: a server
// cannot make frames pile up here. It is called from the link's goroutines.
func (c *core) heard(ctx context.Context, what session.What) {
	done := make(chan struct{})
	step := func() {
		defer close(done)
		if ended, ok := what.(session.Closed); ok {
			c.log.Info("connection ended", "error", ended.Err)
		}
		if _, begun := what.(session.Connected); begun {
			c.free.Reset(freeAfter)
		}
		c.sessionStep(what)
	}
	select {
	case c.queue <- step:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// setWake sets the timer for the session's next tick.
func (c *core) setWake() {
	at := c.session.Wake()
	if at <= 0 {
		c.wake.Stop()
		return
	}
	c.wake.Reset(max(at-c.now().Running, time.Millisecond))
}
