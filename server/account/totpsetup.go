package account

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// BegunTOTP returns the app that [Service.BeginTOTP] began, for a page that is
// loaded again. Once it is on, its secret is never shown. Errors:
// ErrProofNeeded, ErrSignedOut, ErrNoFactor (none was begun), ErrFactorExists.
func (s *Service) BegunTOTP(ctx context.Context, now time.Time, who Session) (TOTPSetup, error) {
	if !who.Fresh(now) {
		return TOTPSetup{}, ErrProofNeeded
	}
	var app store.TOTPRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := Live(tx, who); err != nil {
			return err
		}
		app, err = tx.TOTP(who.Account)
		return orNoFactor(err)
	})
	if err == nil && !app.Confirmed.IsZero() {
		err = ErrFactorExists
	}
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begun totp: %w", err)
	}
	secret, err := s.c.Keys.Unseal(keyring.TOTPSecrets, app.Sealed, string(app.Account))
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begun totp: %w", err)
	}
	return s.setupOf(secret, who.Email), nil
}
