package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
)

// ErrStolen is returned by Reset for a TV that was reported stolen: only its owner
// ends that, on the account page.
var ErrStolen = errors.New("agent: this TV was reported stolen")

// Reset makes a TV as new, as its box's factory reset does: everything in dir that
// is of an account is erased, and the next Start begins with another identity. What
// stays is the proof that the TV left its account, if it was in one: it is handed in
// when the agent runs next, and then forgotten. No agent may run on the folder
// ([vault.ErrInUse]). keys is as [Agent.KeyStore], log may be nil. Without a vault in
// dir there is nothing to reset ([fs.ErrNotExist]). Error besides: ErrStolen.
func Reset(dir string, keys vault.KeyStore, log *slog.Logger) error {
	if _, err := os.Stat(filepath.Join(dir, "vault")); err != nil {
		return fmt.Errorf("agent: reset: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &core{agent: &Agent{Dir: dir, KeyStore: keys}, log: log, now: systemClock()}
	if err := c.openVault(); err != nil {
		return err
	}
	if err := c.vault.Stuck(); err != nil {
		return errors.Join(fmt.Errorf("agent: reset: %w", err), c.vault.Close())
	}
	if c.rec.Session.Status == protocol.Stolen {
		return errors.Join(ErrStolen, c.vault.Close())
	}
	if err := c.openCache(); err != nil {
		return errors.Join(err, c.vault.Close())
	}
	err := c.reset()
	return errors.Join(err, c.cache.Close(), c.vault.Close())
}

// reset leaves the account as the person at the TV would by "Deactivate", and then
// forgets all that is about no account as well.
func (c *core) reset() error {
	c.session = session.New(session.Config{Identity: session.IdentityOf(c.rec.key()), Name: "TV", Kind: "tv"})
	c.pending = []session.What{session.Start{Saved: c.rec.Session}}
	if c.rec.Session.Status != "" {
		c.pending = append(c.pending, session.Reset{})
	}
	for len(c.pending) > 0 {
		ev := session.Event{Now: c.now(), Unsent: c.unsent(), What: c.pending[0]}
		c.pending = c.pending[1:]
		rand.Read(ev.Entropy[:])
		var effects []session.Effect
		c.session, effects = session.Step(c.session, ev)
		for _, e := range effects {
			if err := c.resetEffect(e); err != nil {
				return err
			}
		}
	}
	fresh := record{Session: c.rec.Session, BootID: c.rec.BootID, Boots: c.rec.Boots, Cache: c.rec.Cache}
	fresh.complete()
	c.rec = fresh
	if err := c.vault.Replace(c.rec); err != nil {
		return fmt.Errorf("agent: reset: %w", err)
	}
	return c.cache.Erase()
}

// resetEffect carries out what is about this disk. There is no server meanwhile.
func (c *core) resetEffect(e session.Effect) error {
	switch e := e.(type) {
	case session.SaveVault:
		c.rec.Session = e.Saved
		return c.save()
	case session.Erase:
		c.rec.renew(e.Identity)
		if err := c.vault.Replace(c.rec); err != nil {
			return fmt.Errorf("renew the keys: %w", err)
		}
		c.later(session.Erased{})
	case session.Log:
		c.log.Info(e.Message, "error", e.Err)
	}
	return nil
}
