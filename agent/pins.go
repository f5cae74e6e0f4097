package agent

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/pinlock"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// storePins turns the server's PIN material into verifiers under this device's
// secret. The material itself is never kept.
func (c *core) storePins(claims protocol.PinsClaims) {
	set := make(map[protocol.ProfileID]cache.Verifier, len(claims.Pins))
	for _, p := range claims.Pins {
		v := cache.Verifier{Version: p.Version, Salt: p.Salt, Cost: pin.Cost{Memory: p.Memory, Passes: p.Passes}}
		copy(v.MAC[:], pin.Verifier(c.rec.Secret, p.Profile, p.Version, p.Key))
		set[p.Profile] = v
	}
	if err := c.cache.PutVerifiers(claims.Version, set); err != nil {
		c.cacheLost(fmt.Errorf("store the PIN verifiers: %w", err))
		return
	}
	c.later(session.PinsStored{Epoch: claims.Epoch, Version: claims.Version})
}

func (c *core) pinNow() pinlock.Now {
	now := c.now()
	return pinlock.Now{Boot: c.rec.Boots, Running: now.Running, Wall: now.Wall}
}

// counter returns the try counter of this version of a profile's PIN. A new PIN
// begins with a new counter: only the owner can set one.
func (c *core) counter(id protocol.ProfileID, version int64) pinlock.Counter {
	if n, ok := c.rec.PINs[id]; ok && n.Version == version {
		return n.Counter
	}
	return pinlock.Counter{}
}

// setCounter makes a counter durable.
func (c *core) setCounter(id protocol.ProfileID, version int64, counter pinlock.Counter) error {
	if c.rec.PINs == nil {
		c.rec.PINs = map[protocol.ProfileID]pinCount{}
	}
	c.rec.PINs[id] = pinCount{version, counter}
	return c.save()
}

// settleCounters writes the counters that time has changed, so that days without
// a wrong try add up across power cuts.
func (c *core) settleCounters() error {
	changed := false
	for id, n := range c.rec.PINs {
		if n.Counter.Wrong == 0 {
			continue
		}
		n.Counter = pinlock.Settle(n.Counter, c.pinNow())
		c.rec.PINs[id], changed = n, true
	}
	if !changed {
		return nil
	}
	return c.save()
}

// verifier returns what a profile's PIN is checked against. A verifier of
// another version than the snapshot names is no verifier.
func (c *core) verifier(id protocol.ProfileID) (cache.Verifier, error) {
	v, err := c.cache.Verifier(id)
	if err != nil {
		return v, err
	}
	if p := c.profileByID(id); p == nil || !p.Locked || p.PIN != v.Version {
		return v, cache.ErrMissing
	}
	return v, nil
}

// checkPIN charges the try on the disk, and only then hashes the digits, in a
// goroutine of its own. One check runs at a time; nav asks for no second one.
func (c *core) checkPIN(e nav.CheckPIN) {
	v, err := c.verifier(e.Profile)
	if err != nil || c.checking {
		if err != nil && !errors.Is(err, cache.ErrMissing) {
			c.log.Error("PIN verifier not read", "error", err)
		}
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINUnavailable})
		return
	}
	counter, left, ok := pinlock.Begin(c.counter(e.Profile, v.Version), c.pinNow())
	if err := c.setCounter(e.Profile, v.Version, counter); err != nil {
		c.log.Error("PIN try not counted, so not checked", "error", err)
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINUnavailable})
		return
	}
	if !ok {
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINWaiting, Wait: left})
		return
	}
	c.checking = true
	secret := append([]byte(nil), c.rec.Secret...)
	c.work.Go(func() {
		k, err := pin.Derive(string(e.Digits), v.Salt, v.Cost)
		right := err == nil && pin.Equal(v.MAC[:], pin.Verifier(secret, e.Profile, v.Version, k))
		c.post(func() { c.pinHashed(e, v, right) })
		debug.FreeOSMemory() // or the hash's memory stays with the process
	})
}

// pinHashed ends a check. A PIN that was changed or erased meanwhile is not
// opened by the old digits.
func (c *core) pinHashed(e nav.CheckPIN, v cache.Verifier, right bool) {
	c.checking = false
	if now, err := c.verifier(e.Profile); err != nil || now.Version != v.Version || now.MAC != v.MAC {
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINUnavailable})
		return
	}
	answer := nav.PINChecked{Check: e.Check, Outcome: nav.PINWrong}
	counter := c.counter(e.Profile, v.Version)
	if right {
		var notice pinlock.Notice
		counter, notice = pinlock.Right(counter, c.pinNow())
		answer.Outcome = nav.PINRight
		if notice.Wrong > 0 {
			answer.Wrong, answer.Since = notice.Wrong, c.moment(notice.First)
		}
	} else {
		var alarm bool
		if counter, answer.Wait, alarm = pinlock.Missed(counter, c.pinNow()); alarm {
			c.log.Warn("somebody is guessing a PIN", "profile", e.Profile, "tries", counter.Wrong)
		}
	}
	if err := c.setCounter(e.Profile, v.Version, counter); err != nil {
		// The try stays charged, which is the careful side.
		c.log.Error("PIN result not written", "error", err)
	}
	c.pinAnswer(answer)
}

func (c *core) pinAnswer(a nav.PINChecked) {
	a.At = c.now().Running
	c.navStep(a)
	c.updateWorld()
}
