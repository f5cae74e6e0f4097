package device

import (
	"encoding/base64"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Known is what stands in for a browser's device cookie where a TV signs in:
// it holds nobody up who guesses at another TV, and only this server can make
// it of the id that the TV's key has proved.
func (s *Service) Known(id protocol.DeviceID) string {
	return base64.RawURLEncoding.EncodeToString(s.c.Keys.MAC(keyring.UserCodes, "known", string(id)))
}

// BySignIn approves the TV whose request is under way, in the transaction of a
// sign-in by password on that TV: it is signed in as by [Service.Approve], and
// loses to a sign-out in the same way. Errors: ErrCode (the request ran out or
// was decided), ErrStolen, ErrLimit.
func (s *Service) BySignIn(now time.Time, id protocol.DeviceID) account.Begin {
	return func(tx *store.Tx, who account.Session) error {
		e, err := tx.Enrolment(id)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && !now.Before(e.Expires):
			return ErrCode
		case err != nil:
			return err
		case e.State != store.EnrolPending:
			return ErrCode
		}
		return s.approve(tx, now, who, e, time.Time{})
	}
}
