package account

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// CodeTries is how many tries an access code, and a challenge of a second
// factor, has.
const CodeTries = codeTries

// Begin begins what a complete sign-in is for, where that is no browser: a TV's
// session. It runs in the transaction of the sign-in, which it can still make
// fail. who is live in that transaction and ends with it.
type Begin func(tx *store.Tx, who Session) error

// SignInElsewhere is SignIn for a device that is no browser: where nothing more
// is needed begin runs, and Done stays empty. Further errors: those of
// begin.
func (s *Service) SignInElsewhere(ctx context.Context, now time.Time, r SignInRequest, begin Begin) (Outcome, error) {
	r.begin = begin
	return s.SignIn(ctx, now, r)
}

// ContinueElsewhere is ContinueSignIn for a device that is no browser.
func (s *Service) ContinueElsewhere(ctx context.Context, now time.Time, id string, a Answer, device string, from Client, begin Begin) error {
	if _, err := s.continueSignIn(ctx, now, id, a, entry{From: from, Secret: device, Begin: begin}); err != nil {
		return fmt.Errorf("continue sign-in: %w", err)
	}
	return nil
}

// elsewhere runs begin in place of who, which served it as the check that
// neither password nor generation has changed.
func (s *Service) elsewhere(tx *store.Tx, who Session, begin Begin) error {
	if err := begin(tx, who); err != nil {
		return err
	}
	_, err := tx.DeleteWebSession(who.Account, string(who.ID))
	return err
}
