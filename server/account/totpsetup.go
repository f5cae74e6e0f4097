package account

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// BegunTOTP returns the app that [Service.BeginTOTP] began for who, for a page
// that is loaded again. Once it is on, its secret is never shown. Errors:
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
		app, err = begunTOTP(tx, now, who)
		return err
	})
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begun totp: %w", err)
	}
	secret, err := s.c.Keys.Unseal(keyring.TOTPSecrets, app.Sealed, string(app.Account))
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begun totp: %w", err)
	}
	return s.setupOf(secret, who.Email), nil
}

// begunTOTP returns the app that who began and can still confirm: ErrNoFactor
// where there is none, ErrFactorExists where an app is on.
func begunTOTP(tx *store.Tx, now time.Time, who Session) (store.TOTPRow, error) {
	app, err := tx.TOTP(who.Account)
	switch {
	case err != nil:
		return app, orNoFactor(err)
	case !app.Confirmed.IsZero():
		return app, ErrFactorExists
	case app.Session != string(who.ID), now.Sub(app.Created) >= totpBegun:
		return app, ErrNoFactor
	}
	return app, nil
}
