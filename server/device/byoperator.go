package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// SignOutByOperator is [Service.SignOut] by an operator, who says why: the
// account's timeline and the owner's notice have the reason. It reports whether
// the device was signed in. Error: ErrUnknown.
func (s *Service) SignOutByOperator(ctx context.Context, now time.Time, acc protocol.AccountID, id protocol.DeviceID, operator, reason string) (was bool, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Device(acc, id)
		if err != nil {
			return orUnknown(err)
		}
		status, _ := effective(now, row)
		if was = status.Strictness() < protocol.SignedOut.Strictness(); !was {
			return nil
		}
		if err := s.bump(tx, now, acc); err != nil {
			return err
		}
		if err := tx.SetDeviceStatus(row, protocol.SignedOut, protocol.ByOperator, "", now); err != nil {
			return err
		}
		n := notice(account.NoticeSupportSignOut, now, row)
		n.Client, n.Detail = account.Client{}, reason
		return errors.Join(
			account.ForgetDevice(tx, acc, s.Known(id)),
			timeline.Add(tx, acc, timeline.Entry{
				Kind: timeline.DeviceSignedOut, At: now, Actor: protocol.ByOperator, Device: id, Subject: row.Name, Detail: operator + ": " + reason,
			}),
			s.c.Notify(tx, n),
		)
	})
	if err != nil {
		return false, fmt.Errorf("sign out device for support: %w", err)
	}
	return was, nil
}
