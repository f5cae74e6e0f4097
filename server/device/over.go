package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Over returns what ends, on a device, a sign-in that this server has not any more:
// its account was erased while it was off, or a backup from before the sign-in was
// restored. The device shows the state that the server signed for it, and is told
// so by another, since no unsigned word ends anything there. None where the state
// is not ours, or the server may not be the one that knows: an unknown device is
// only told where a backup was restored.
func (s *Service) Over(ctx context.Context, now time.Time, f protocol.Auth) ([]protocol.Frame, error) {
	c, ok := s.shown(f)
	if !ok {
		return nil, nil
	}
	var over bool
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		over, err = isOver(tx, c)
		return err
	})
	if err != nil || !over {
		return nil, err
	}
	lists, number, _ := s.c.Keys.Since(f.Have.Keys)
	jws, err := s.c.Keys.Sign(protocol.TypState, protocol.StateClaims{
		Device: c.Device, Account: c.Account, Epoch: c.Epoch, Status: protocol.SignedOut, Version: c.Version + 1,
		Issued: protocol.MillisOf(now), Keys: number, Cause: &protocol.Cause{By: protocol.BySafety, At: protocol.MillisOf(now)},
	})
	if err != nil {
		return nil, fmt.Errorf("end a lost sign-in: %w", err)
	}
	var out []protocol.Frame
	for _, list := range lists {
		out = append(out, protocol.Keys{JWS: list})
	}
	return append(out, protocol.State{JWS: jws}), nil
}

// topVersion bounds the version of a state that a device shows: none is near it.
const topVersion = 1 << 60

// shown returns the active state by this server that a device shows with its auth.
func (s *Service) shown(f protocol.Auth) (c protocol.StateClaims, ok bool) {
	if f.Have.State == "" || s.c.Keys.Recognise(f.Have.State, protocol.TypState, &c) != nil {
		return c, false
	}
	return c, c.Device == f.Device && c.Epoch == f.Have.Epoch && c.Epoch > 0 && c.Status == protocol.Active &&
		c.Version >= 0 && c.Version < topVersion
}

// isOver reports whether the sign-in of a state is none of this server's any more.
func isOver(tx *store.Tx, c protocol.StateClaims) (bool, error) {
	idx, err := tx.DeviceIndex(c.Device)
	if err == nil {
		return replaced(tx, c, idx)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	_, err = tx.LastRestore()
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// replaced reports whether a device that is known has another sign-in than that of
// a state: a later one there, or one at another account, where its own was lost.
func replaced(tx *store.Tx, c protocol.StateClaims, idx store.DeviceIndexRow) (bool, error) {
	row, err := tx.Device(c.Account, c.Device)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	}
	return row.Epoch > c.Epoch || row.Epoch < c.Epoch && idx.Account != c.Account, nil
}

// elsewhere reports whether a device shows that it was signed in to another account
// than the index says, later: a backup from before that was restored.
func (s *Service) elsewhere(idx store.DeviceIndexRow, f protocol.Auth) bool {
	c, ok := s.shown(f)
	return ok && c.Account != idx.Account && c.Epoch > idx.Epoch
}
