package agent

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/vault"
)

// openVault opens the vault, or starts a new identity where both of its slots
// are damaged: the TV is then signed out and says so by asking to sign in. A disk that
// cannot be written stops no start: it opens no profile, and the screen says why.
func (c *core) openVault() error {
	path := filepath.Join(c.agent.Dir, "vault")
	v, err := vault.Open[record](path, c.agent.KeyStore)
	for range 2 { // the disk may fail once
		if !errors.Is(err, vault.ErrDamaged) {
			break
		}
		aside, asideErr := vault.SetAside(path)
		if asideErr != nil {
			c.log.Error("damaged vault not set aside", "error", asideErr)
		} else {
			c.log.Error("vault damaged: set aside; this TV starts as a new device", "kept", aside, "error", err)
		}
		v, err = vault.Open[record](path, c.agent.KeyStore)
	}
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	c.vault, c.rec = v, v.Load()
	filled := c.rec.complete()
	booted := c.rec.boot(c.now().Boot)
	if filled || booted {
		return c.saveAtStart()
	}
	return nil
}

// save makes the record durable.
func (c *core) save() error {
	if err := c.onDisk(func() error { return c.vault.Save(c.rec) }); err != nil {
		return fmt.Errorf("save the vault: %w", err)
	}
	c.unsaved = false
	return nil
}

// saveAtStart is save where a disk that cannot be written is no error: all that needs
// a written vault is refused later, one by one.
func (c *core) saveAtStart() error {
	err := c.save()
	if err != nil && c.vault.Stuck() != nil {
		c.log.Error("nothing can be kept on this disk: no profile opens until it can", "dir", c.agent.Dir, "error", err)
		return nil
	}
	if err != nil {
		return errors.Join(fmt.Errorf("agent: %w", err), c.vault.Close())
	}
	return nil
}

// stored is the state of the disk, as the screen says it.
func (c *core) stored() nav.Storage {
	if c.vault.Stuck() != nil {
		return nav.StorageStuck
	}
	return c.storage
}
