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

// lock is a PIN that this TV checks, in its present version: a profile's, or the
// household's parental one.
type lock struct {
	id      protocol.ProfileID // or [protocol.ParentalPIN]
	version int64
	unlocks int64 // how often the owner forgave its wrong tries
}

// locks returns every PIN of the snapshot.
func (c *core) locks() []lock {
	if c.snapshot == nil {
		return nil
	}
	var out []lock
	if p := c.snapshot.Parental; p != nil {
		out = append(out, lock{protocol.ParentalPIN, p.PIN, p.Unlocks})
	}
	for _, p := range c.snapshot.Profiles {
		if p.Locked && p.ID != protocol.ParentalPIN {
			out = append(out, lock{p.ID, p.PIN, p.Unlocks})
		}
	}
	return out
}

func (c *core) lock(id protocol.ProfileID) (lock, bool) {
	for _, l := range c.locks() {
		if l.id == id {
			return l, true
		}
	}
	return lock{}, false
}

// storePins turns the server's PIN material into verifiers under this device's
// secret. The material itself is never kept.
func (c *core) storePins(claims protocol.PinsClaims) {
	set := make(map[protocol.ProfileID]cache.Verifier, len(claims.Pins))
	for _, p := range claims.Pins {
		v := cache.Verifier{Version: p.Version, Salt: p.Salt, Cost: pin.Cost{Memory: p.Memory, Passes: p.Passes}}
		copy(v.MAC[:], pin.Verifier(c.rec.Secret, p.Profile, p.Version, p.Key))
		set[p.Profile] = v
	}
	if err := c.onDisk(func() error { return c.cache.PutVerifiers(claims.Version, set) }); err != nil {
		c.cacheLost(fmt.Errorf("store the PIN verifiers: %w", err))
		return
	}
	c.later(session.PinsStored{Epoch: claims.Epoch, Version: claims.Version})
}

// verifier returns what a PIN is checked against. A verifier of another version
// than the snapshot names is no verifier.
func (c *core) verifier(id protocol.ProfileID) (lock, cache.Verifier, error) {
	l, ok := c.lock(id)
	if !ok {
		return l, cache.Verifier{}, cache.ErrMissing
	}
	v, err := c.cache.Verifier(id)
	if err == nil && v.Version != l.version {
		err = cache.ErrMissing
	}
	return l, v, err
}

// checkPIN charges the try on the disk, and only then hashes the digits, in a
// goroutine of its own. One check runs at a time; nav asks for no second one.
func (c *core) checkPIN(e nav.CheckPIN) {
	l, v, err := c.verifier(e.Profile)
	if err != nil || c.checking != "" {
		if err != nil && !errors.Is(err, cache.ErrMissing) {
			c.log.Error("PIN verifier not read", "error", err)
		}
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINUnavailable})
		return
	}
	counter, left, ok := pinlock.Begin(c.counter(l), c.pinNow())
	if err := c.setCounter(l, counter); err != nil {
		c.log.Error("PIN try not counted, so not checked", "error", err)
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINUnavailable})
		return
	}
	if !ok {
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINWaiting, Wait: left})
		return
	}
	c.checking = l.id
	c.at("charged")
	secret := append([]byte(nil), c.rec.Secret...)
	c.work.Go(func() {
		k, err := pin.Derive(string(e.Digits), v.Salt, v.Cost)
		right := err == nil && pin.Equal(v.MAC[:], pin.Verifier(secret, e.Profile, v.Version, k))
		c.post(func() { c.pinHashed(e, v, right) })
		debug.FreeOSMemory() // or the hash's memory stays with the process
	})
}

// at tells a test how far a check is; it may kill the process there.
func (c *core) at(point string) {
	if c.agent.reached != nil {
		c.agent.reached(point)
	}
}

// pinHashed ends a check. A PIN that was changed or erased meanwhile is not
// opened by the old digits.
func (c *core) pinHashed(e nav.CheckPIN, v cache.Verifier, right bool) {
	c.checking = ""
	c.at("hashed")
	l, now, err := c.verifier(e.Profile)
	if err != nil || now.Version != v.Version || now.MAC != v.MAC {
		c.pinAnswer(nav.PINChecked{Check: e.Check, Outcome: nav.PINUnavailable})
		return
	}
	answer := nav.PINChecked{Check: e.Check, Outcome: nav.PINWrong}
	counter := c.counter(l)
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
			c.log.Warn("somebody is guessing a PIN", "profile", e.Profile, "tries", counter.Total())
		}
	}
	c.noteCounter(l, counter)
	c.unsaved = right // a wrong one is on the disk already, charged with its wait
	c.pinAnswer(answer)
	c.saveTakenBack()
	c.at("answered")
	c.tellTries()
}

// saveTakenBack writes that a right PIN's try is taken back, where the profile that it
// opened was not written with it. Until then the try stays charged, which is the careful
// side.
func (c *core) saveTakenBack() {
	if !c.unsaved {
		return
	}
	if err := c.save(); err != nil {
		c.log.Error("PIN result not written", "error", err)
	}
	c.unsaved = false
}

func (c *core) pinAnswer(a nav.PINChecked) {
	a.At = c.now().Running
	c.navStep(a)
	c.updateWorld()
}
