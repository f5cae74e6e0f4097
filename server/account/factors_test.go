package account

import (
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// chain returns the id of the account's row of changes; empty: none is open.
func (f *fixture) chain(t *testing.T, who Session) string {
	t.Helper()
	id := ""
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		chain, err := openChain(tx, f.clock.Now(), who.Account)
		id = chain.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestV6_AChangeThatChangesNothingOpensNoChain(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	mails := len(f.mails)
	web, err := f.SetSecondFactor(f.ctx, f.clock.Now(), who.Session, false, false)
	if err != nil {
		t.Fatal(err)
	}
	if id := f.chain(t, web.Session); id != "" {
		t.Errorf("a chain was opened")
	}
	if len(f.mails) != mails || f.live(t, who.Token) || !f.live(t, web.Token) {
		t.Errorf("%d mails, the old token lives: %v, the new: %v", len(f.mails)-mails, f.live(t, who.Token), f.live(t, web.Token))
	}
	f.withTOTP(t, SignedIn{Web: web})
	if f.chain(t, web.Session) == "" {
		t.Error("a change opened none")
	}
}
