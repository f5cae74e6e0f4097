package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Errors about what controls a TV; test with errors.Is.
var (
	ErrOffline  = errors.New("device: not connected")
	ErrNoRemote = errors.New("device: no such remote")
	ErrRole     = errors.New("device: no such role")
	ErrTooOld   = errors.New("device: its agent cannot do that")
)

// Control is what controls a TV, as the TV told last, and what its owner wants of
// that.
type Control struct {
	Device  protocol.DeviceID
	Name    string
	Online  bool
	Node    string // that holds its connection, where Online
	Told    bool   // it tells of remotes; else its agent is too old, or it has just signed in
	Allowed bool   // the account page may control it
	Remotes []Remote
	Open    time.Time // another remote can be paired until then; zero: not now
	Opening bool      // the owner wants that, and the TV has not answered yet
}

// Remote is a paired remote.
type Remote struct {
	ID       protocol.RemoteID
	Name     string // as it calls itself
	Role     protocol.RemoteRole
	Paired   time.Time
	Used     time.Time // to the day; zero: never
	Leaving  bool      // the owner wants it forgotten, and the TV has not said yet that it is
	Changing bool      // likewise with another role, which Role is already
}

// Control returns what controls a device of an account. Errors: ErrUnknown,
// ErrNotActive.
func (s *Service) Control(ctx context.Context, now time.Time, acc protocol.AccountID, id protocol.DeviceID) (Control, error) {
	var out Control
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := activeRow(tx, now, acc, id)
		if err != nil {
			return err
		}
		out = Control{Device: id, Name: row.Name}
		beats := map[string]time.Time{}
		if err := beat(tx, beats, row); err != nil {
			return err
		}
		if out.Online = contactOf(row, beats[row.Node]).online(now); out.Online {
			out.Node = row.Node
		}
		c, err := controlOf(tx, row)
		if err != nil || c.Told == 0 {
			return err
		}
		remotes, err := tx.Remotes(acc, id)
		out.fill(now, c, remotes)
		return err
	})
	if err != nil {
		return Control{}, fmt.Errorf("read remotes: %w", err)
	}
	return out, nil
}

func (out *Control) fill(now time.Time, c store.ControlRow, remotes []store.RemoteRow) {
	out.Told, out.Allowed = true, c.Allowed
	if now.Before(c.Open) && out.Online {
		out.Open = c.Open
	}
	out.Opening = out.Online && out.Open.IsZero() && c.OpenWish > c.Done && now.Before(c.OpenBy)
	for _, r := range remotes {
		remote := Remote{ID: r.ID, Name: r.Name, Role: r.Role, Paired: r.Paired, Used: r.Used, Leaving: r.Forget}
		if r.ToRole != "" && r.ToRole != r.Role {
			remote.Role, remote.Changing = r.ToRole, true
		}
		out.Remotes = append(out.Remotes, remote)
	}
}

// activeRow returns the row of a device that is signed in.
func activeRow(tx *store.Tx, now time.Time, acc protocol.AccountID, id protocol.DeviceID) (store.DeviceRow, error) {
	row, err := tx.Device(acc, id)
	if err != nil {
		return row, orUnknown(err)
	}
	if status, _ := effective(now, row); status != protocol.Active {
		return row, ErrNotActive
	}
	return row, nil
}

// controlOf returns what controls a device in its present sign-in; a row without
// Told where it has not told.
func controlOf(tx *store.Tx, row store.DeviceRow) (store.ControlRow, error) {
	c, err := tx.Control(row.Account, row.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.Epoch != row.Epoch {
		return store.ControlRow{Account: row.Account, Device: row.ID, Epoch: row.Epoch}, nil
	}
	return c, err
}

// RemotesTold stores what a device tells of its remotes. A report that is late
// changes nothing, and one that says what is known is not written: every device sends
// one with every connection. Errors: ErrUnknown, ErrStaleEpoch.
func (s *Service) RemotesTold(ctx context.Context, now time.Time, sess Session, f protocol.Remotes) error {
	if f.Epoch != sess.Epoch {
		return ErrStaleEpoch
	}
	known := false
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		known, err = toldAlready(tx, sess, f)
		return err
	})
	if err != nil || known {
		return err
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := current(tx, sess)
		if err != nil {
			return err
		}
		if status, _ := effective(now, row); status != protocol.Active || sess.Conn < row.Conn {
			return nil // it is about to forget them all, or tells it over a newer connection
		}
		before, err := tx.Control(row.Account, row.ID)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && before.Epoch != row.Epoch:
			before = store.ControlRow{Account: row.Account, Device: row.ID, Epoch: row.Epoch}
			if err := tx.DeleteControl(row.Account, row.ID); err != nil {
				return err
			}
		case err != nil:
			return err
		case f.Number <= before.Told:
			return nil
		}
		s.hint(tx, row.Account, row.Owner.Version)
		c := before
		c.Told, c.ToldAt, c.Allowed, c.Done = f.Number, now, f.Control, max(c.Done, min(f.Wishes, c.Wish))
		c.Open = time.Time{}
		if f.Window > 0 {
			c.Open = now.Add(time.Duration(f.Window) * time.Second)
		}
		return errors.Join(tx.PutControl(c), putRemotes(tx, now, row, before.Told > 0, c.Done, f.Remotes))
	})
	if err != nil {
		return fmt.Errorf("note remotes: %w", err)
	}
	return nil
}

// toldAlready reports whether a report says what the database has, or comes over a
// connection that is not the device's newest.
func toldAlready(tx *store.Tx, sess Session, f protocol.Remotes) (bool, error) {
	row, err := current(tx, sess)
	if err != nil || sess.Conn < row.Conn {
		return err == nil, err
	}
	c, err := controlOf(tx, row)
	if err != nil || c.Told == 0 || c.Allowed != f.Control || f.Window > 0 || !c.Open.IsZero() || c.Done < min(f.Wishes, c.Wish) {
		return false, err
	}
	rows, err := tx.Remotes(row.Account, row.ID)
	if err != nil || len(rows) != len(f.Remotes) {
		return false, err
	}
	for _, r := range f.Remotes {
		same := func(o store.RemoteRow) bool {
			return o.ID == r.ID && o.Name == r.Name && o.Role == r.Role && protocol.MillisOf(o.Paired) == r.Paired &&
				(r.Used == 0 && o.Used.IsZero() || r.Used > 0 && protocol.MillisOf(o.Used) == r.Used)
		}
		if !slices.ContainsFunc(rows, same) {
			return false, nil
		}
	}
	return true, nil
}

// putRemotes replaces a device's remotes by those that it tells of. Wishes that it has
// not dealt with stay. One that is new goes into the timeline, but where the device
// tells for the first time: it may tell again what a backup has lost.
func putRemotes(tx *store.Tx, now time.Time, row store.DeviceRow, told bool, done int64, list []protocol.Remote) error {
	rows, err := tx.Remotes(row.Account, row.ID)
	if err != nil {
		return err
	}
	before := make(map[protocol.RemoteID]store.RemoteRow, len(rows))
	for _, r := range rows {
		before[r.ID] = r
	}
	for _, r := range list {
		old, known := before[r.ID]
		delete(before, r.ID)
		next := store.RemoteRow{ID: r.ID, Name: r.Name, Role: r.Role, Paired: r.Paired.Time(), Wish: old.Wish, Forget: old.Forget, ToRole: old.ToRole}
		if r.Used > 0 {
			next.Used = r.Used.Time()
		}
		if !r.Role.Valid() {
			next.Role = protocol.RemoteGuest
		}
		if next.Wish <= done {
			next.Wish, next.Forget, next.ToRole = 0, false, ""
		}
		if err := tx.PutRemote(row.Account, row.ID, next); err != nil {
			return err
		}
		if known || !told {
			continue
		}
		err := timeline.Add(tx, row.Account, timeline.Entry{
			At: now, Kind: timeline.RemotePaired, Actor: protocol.ByThisTV, Device: row.ID, Subject: r.Name, Detail: row.Name,
		})
		if err != nil {
			return err
		}
	}
	for id := range before {
		if err := tx.DeleteRemote(row.Account, row.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// forgetControls removes what is known of remotes whose TVs' sign-ins ended with
// their account's generation, or by an end date.
func (s *Service) forgetControls(ctx context.Context, now time.Time) error {
	for range tidyBatches {
		n := 0
		err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
			rows, err := tx.EndedControls(now, tidyRows)
			n = len(rows)
			for _, r := range rows {
				if err == nil {
					err = tx.DeleteControl(r.Account, r.Device)
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("forget remotes: %w", err)
		}
		if n < tidyRows {
			return nil
		}
	}
	return nil
}
