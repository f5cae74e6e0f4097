package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	endsPerDay = 100 // sign-outs, locks and unlocks of one operator
	// MaxNamed is how many devices of one name are listed.
	MaxNamed = 50
)

var endBudget = account.Budget{Scope: "operator-end", Limit: endsPerDay, Per: 24 * time.Hour}

// FindDevices returns the devices of a name, in whichever account, at most
// [MaxNamed]. It counts as a look for an account. Errors: ErrLookup, ErrNobody,
// ErrToken, *account.ThrottledError.
func (s *Service) FindDevices(ctx context.Context, now time.Time, by Operator, name string) ([]store.NamedDevice, error) {
	name = strings.TrimSpace(name)
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > protocol.MaxName {
		return nil, ErrLookup
	}
	var out []store.NamedDevice
	err := s.noted(ctx, now, by, findBudget, Entry{Act: ActFindDevices}, func() (string, error) {
		err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
			out, err = tx.DevicesNamed(name, MaxNamed)
			return err
		})
		return fmt.Sprintf("%d found", len(out)), err
	})
	if err == nil && len(out) == 0 {
		err = ErrNobody
	}
	if err != nil {
		return nil, fmt.Errorf("find devices: %w", err)
	}
	return out, nil
}

// SignOutDevice ends the session of one device and reports whether it was signed
// in. Errors: ErrDevice, ErrNobody, ErrReason, ErrToken,
// *account.ThrottledError.
func (s *Service) SignOutDevice(ctx context.Context, now time.Time, by Operator, id protocol.DeviceID, reason string) (was bool, err error) {
	if !id.Valid() {
		return false, ErrDevice
	}
	err = s.end(ctx, now, by, ActSignOutDevice, string(id), reason, func(acc protocol.AccountID, reason string) (string, error) {
		was, err = s.c.EndDevice(ctx, now, acc, id, by.Name, reason)
		if errors.Is(err, device.ErrUnknown) {
			err = ErrNobody
		}
		outcome := done
		if !was {
			outcome = "was signed out already"
		}
		return outcome + ": " + string(id), err
	})
	return was, err
}

// SignOut ends everything that is signed in to an account, which what names as
// for [Service.Find]. Errors: those of Find, ErrReason.
func (s *Service) SignOut(ctx context.Context, now time.Time, by Operator, what, reason string) error {
	return s.end(ctx, now, by, ActSignOut, what, reason, func(id protocol.AccountID, reason string) (string, error) {
		return done, s.c.Accounts.SignOutByOperator(ctx, now, id, by.Name, reason)
	})
}

// Lock signs everything out and keeps everybody out of an account. Errors: those
// of [Service.SignOut], account.ErrLocked.
func (s *Service) Lock(ctx context.Context, now time.Time, by Operator, what, reason string) error {
	return s.end(ctx, now, by, ActLock, what, reason, func(id protocol.AccountID, reason string) (string, error) {
		return done, s.c.Accounts.Lock(ctx, now, id, by.Name, reason)
	})
}

// Unlock lets the owner in again. Errors: those of [Service.SignOut],
// account.ErrNotLocked.
func (s *Service) Unlock(ctx context.Context, now time.Time, by Operator, what, reason string) error {
	return s.end(ctx, now, by, ActUnlock, what, reason, func(id protocol.AccountID, reason string) (string, error) {
		return done, s.c.Accounts.Unlock(ctx, now, id, by.Name, reason)
	})
}

// end does an act about an account, with its reason.
func (s *Service) end(ctx context.Context, now time.Time, by Operator, act Act, what, reason string, do func(id protocol.AccountID, reason string) (string, error)) error {
	reason, err := reasoned(reason)
	if err != nil {
		return err
	}
	id, err := s.resolve(ctx, what)
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	err = s.noted(ctx, now, by, endBudget, Entry{Act: act, About: string(id), Reason: reason}, func() (string, error) { return do(id, reason) })
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}
