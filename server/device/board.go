package device

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// List returns the account's devices, those that have not proved their end first.
func (s *Service) List(ctx context.Context, now time.Time, acc protocol.AccountID) ([]Row, error) {
	var out []Row
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Devices(acc, maxListed)
		if err != nil {
			return err
		}
		beats := map[string]time.Time{}
		out = make([]Row, 0, len(rows))
		for _, r := range rows {
			if err := beat(tx, beats, r); err != nil {
				return err
			}
			out = append(out, rowOf(now, r, contactOf(r, beats[r.Node])))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return out, nil
}

// beat adds the heartbeat of the node that holds a device's connection.
func beat(tx *store.Tx, beats map[string]time.Time, r store.DeviceRow) error {
	if _, ok := beats[r.Node]; ok || !r.Connected {
		return nil
	}
	at, err := tx.NodeHeartbeat(r.Node)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	beats[r.Node] = at
	return nil
}

func rowOf(now time.Time, r store.DeviceRow, c contact) Row {
	row := Row{
		ID: r.ID, Name: r.Name, Model: r.Model, Kind: r.Kind, Epoch: r.Epoch, Online: c.online(now),
		FirstSeen: r.FirstSeen, SignedIn: r.SignedIn, Ends: r.Ends, LastSeen: r.LastContact, IP: r.IP, Place: r.Place,
		Profile: r.Profile, Wish: wish(now, r, c), PublicKey: r.PublicKey,
	}
	if row.Online {
		row.LastSeen = now
	}
	if row.Wish.Status != protocol.Active {
		row.Profile = ""
	}
	return row
}

// SignOut ends a device's session: its next sign-in is one of a new device. It
// never makes a status milder, and doing it again changes nothing. Errors: ErrUnknown, account.ErrSignedOut.
func (s *Service) SignOut(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	err := s.end(ctx, now, who, id, ending{
		to: protocol.SignedOut, kind: timeline.DeviceSignedOut, notice: account.NoticeDeviceSignedOut,
	})
	if err != nil {
		return fmt.Errorf("sign out device: %w", err)
	}
	return nil
}

// Deactivate removes a device: it erases its identity too, and the server its
// location data at once. Errors as for SignOut.
func (s *Service) Deactivate(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	err := s.end(ctx, now, who, id, ending{
		to: protocol.Deactivated, kind: timeline.DeviceDeactivated, notice: account.NoticeDeviceRemoved,
	})
	if err != nil {
		return fmt.Errorf("deactivate device: %w", err)
	}
	return nil
}

// ending is a way to end a device's session.
type ending struct {
	to     protocol.Status
	only   protocol.Status // the status that it takes; empty: any that is milder
	kind   timeline.Kind
	notice account.NoticeKind
}

// end makes a device's status at least as strict as e.to.
func (s *Service) end(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, e ending) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := account.Live(tx, who); err != nil {
			return err
		}
		row, err := tx.Device(who.Account, id)
		if err != nil {
			return orUnknown(err)
		}
		switch status, _ := effective(now, row); {
		case status.Strictness() >= e.to.Strictness():
			return nil
		case e.only != "" && status != e.only:
			return ErrNotStolen
		}
		if _, err := account.Act(tx, now, who, s.c.Changed); err != nil {
			return err
		}
		if err := tx.SetDeviceStatus(row, e.to, protocol.ByOwner, who.Client.Agent, now); err != nil {
			return err
		}
		if err := account.ForgetDevice(tx, row.Account, s.Known(row.ID)); err != nil {
			return err
		}
		switch e.to {
		case protocol.Stolen:
			err = firstReports(tx, now, row)
		case protocol.Deactivated:
			err = tx.ForgetDevicePlace(row.Account, row.ID, now) // D4
		}
		if err != nil {
			return err
		}
		n := who.Notice(e.notice, now)
		n.Device = row.Name
		return errors.Join(
			who.Record(tx, now, timeline.Entry{Kind: e.kind, Device: id, Subject: row.Name}),
			s.c.Notify(tx, n),
		)
	})
}

// Rename changes the name that the owner reads. Errors: ErrName, and as for
// SignOut.
func (s *Service) Rename(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, name string) error {
	name = strings.TrimSpace(name)
	n := utf8.RuneCountInString(name)
	if n < 1 || n > protocol.MaxName || !protocol.Legible(name) {
		return ErrName
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := account.ActOnPages(tx, who, s.c.Changed); err != nil {
			return err
		}
		if err := tx.RenameDevice(who.Account, id, name); err != nil {
			return orUnknown(err)
		}
		return who.Record(tx, now, timeline.Entry{Kind: timeline.DeviceRenamed, Device: id, Subject: name})
	})
	if err != nil {
		return fmt.Errorf("rename device: %w", err)
	}
	return nil
}

// SignOutEverywhere ends every device's session and every web session but the
// one that asks: one statement, whatever their number. It returns the asking
// session, renewed.
func (s *Service) SignOutEverywhere(ctx context.Context, now time.Time, who account.Session) (account.Session, error) {
	var out account.Session
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if out, err = account.EndEverything(tx, now, who, protocol.ByAll, s.c.Changed); err != nil {
			return err
		}
		return s.c.Notify(tx, who.Notice(account.NoticeEverywhere, now))
	})
	if err != nil {
		return account.Session{}, fmt.Errorf("sign out everywhere: %w", err)
	}
	return out, nil
}

// Receipts returns a device's proofs, the newest first.
func (s *Service) Receipts(ctx context.Context, acc protocol.AccountID, id protocol.DeviceID) ([]Receipt, error) {
	var out []Receipt
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Device(acc, id)
		if err != nil {
			return orUnknown(err)
		}
		rows, err := tx.Receipts(acc, id, maxListed)
		if err != nil {
			return err
		}
		out = make([]Receipt, 0, len(rows))
		for _, r := range rows {
			receipt := receiptOf(r, row.PublicKey)
			if receipt.State, err = answered(tx, acc, id, receipt); err != nil {
				return err
			}
			out = append(out, receipt)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list receipts: %w", err)
	}
	return out, nil
}

// receiptOf reads the rest of a proof from its JWS, whose signature was checked
// when it was stored.
func receiptOf(r store.ReceiptRow, key []byte) Receipt {
	out := Receipt{
		Digest: r.Digest, Kind: r.Typ, Epoch: r.Epoch, Status: r.Status, Version: r.Version, Applied: r.Applied,
		Received: r.Received, JWS: r.JWS, PublicKey: key,
	}
	var claims struct {
		Erased  []protocol.Erased `json:"erased"`
		Dropped int64             `json:"dropped"`
		Answers protocol.Digest   `json:"answers"`
		By      protocol.By       `json:"by"`
	}
	_, rest, _ := strings.Cut(r.JWS, ".")
	body, _, _ := strings.Cut(rest, ".")
	var raw protocol.Bytes
	if raw.UnmarshalText([]byte(body)) == nil && json.Unmarshal(raw, &claims) == nil {
		out.Erased, out.Dropped, out.Answers, out.By = claims.Erased, claims.Dropped, claims.Answers, claims.By
	}
	return out
}
