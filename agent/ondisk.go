package agent

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// keyPress is a key or text of the remote at this TV that waits for the core.
type keyPress struct {
	event func(at time.Duration) nav.Event
	done  chan struct{} // closed when the view includes it
}

// press hands a key to the core and waits until the view includes it.
func (c *core) press(event func(at time.Duration) nav.Event) error {
	if c == nil {
		return ErrClosed
	}
	k := keyPress{event, make(chan struct{})}
	select {
	case c.keys <- k:
	case <-c.ctx.Done():
		return ErrClosed
	}
	select {
	case <-k.done:
		return nil
	case <-c.ctx.Done():
		return ErrClosed
	}
}

// take carries out a key.
func (c *core) take(k keyPress) {
	c.navStep(k.event(c.now().Running))
	close(k.done)
}

// takeHeld carries out the key that waited for the disk, if one did.
func (c *core) takeHeld() {
	for c.heldKey != nil {
		k := *c.heldKey
		c.heldKey = nil
		c.take(k)
	}
}

// onDisk has fn, which waits for the disk and changes nothing of the core's, run beside
// the core, and waits for it. Worn flash takes seconds for a write: meanwhile keys are
// answered that change the screen and nothing else. The first one that wants something
// done waits, and all behind it.
func (c *core) onDisk(fn func() error) error {
	if !c.looping || c.writing {
		return fn()
	}
	c.writing = true
	defer func() { c.writing = false }()
	done := make(chan error, 1)
	c.work.Go(func() { done <- fn() })
	for {
		keys := c.keys
		if c.heldKey != nil {
			keys = nil
		}
		select {
		case err := <-done:
			return err
		case k := <-keys:
			if !c.answered(k) {
				c.heldKey = &k
			}
		}
	}
}

// answered takes a key that changes nothing but the screen. Any other, and one that
// ends a standby, is left as if it had not come.
func (c *core) answered(k keyPress) bool {
	now := c.now()
	if rested := c.standby; c.awake != nil && rested.slept(now.Running, c.awake()) {
		return false
	}
	next, effects := nav.Step(c.nav, k.event(now.Running))
	for _, e := range effects {
		if _, ok := e.(nav.WakeAt); !ok {
			return false
		}
	}
	c.nav = next
	c.showView()
	for _, e := range effects {
		c.screenEffect(e)
	}
	close(k.done)
	return true
}
