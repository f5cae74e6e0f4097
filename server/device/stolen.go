package device

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// sameStay is how soon after its last word from an address a stolen device still
// counts as staying there: reconnecting over and over must not push earlier
// places out of the list (product rule D4).
const sameStay = time.Hour

// Theft is what is known of a device that was reported stolen.
type Theft struct {
	Row
	Reports []StolenReport // the newest first, at most [protocol.MaxReports]
}

// StolenReport is a stay of a stolen device at one address.
type StolenReport struct {
	How   protocol.ReportKind
	Since time.Time
	Until time.Time // zero: not known to have ended
	Now   bool      // the device is connected from there
	Times int       // how often it came there
	IP    string
	Place string // approximate
}

// ReportStolen makes a device lock itself and erase what is the household's, and
// go on to report where it is until [Service.Finish]. It cannot be signed in
// meanwhile. Doing it again changes nothing. Errors as for SignOut.
func (s *Service) ReportStolen(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	err := s.end(ctx, now, who, id, ending{
		to: protocol.Stolen, kind: timeline.DeviceStolen, notice: account.NoticeDeviceStolen,
	})
	if err != nil {
		return fmt.Errorf("report device stolen: %w", err)
	}
	return nil
}

// Finish deactivates a device that was reported stolen, and deletes its reports.
// Doing it again changes nothing. Errors: ErrNotStolen, and as for SignOut.
func (s *Service) Finish(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	err := s.end(ctx, now, who, id, ending{
		to: protocol.Deactivated, only: protocol.Stolen, kind: timeline.DeviceFinished, notice: account.NoticeDeviceRemoved,
	})
	if err != nil {
		return fmt.Errorf("finish stolen device: %w", err)
	}
	return nil
}

// TakeBackStolen undoes what reports of stolen devices made at since or later can
// be undone of: within a sign-in no status gets milder, so they are deactivated,
// which lets them be signed in anew, and their reports deleted. It is
// account.Config.TakeBackStolen, in a transaction that makes the account's next
// version.
func (s *Service) TakeBackStolen(tx *store.Tx, now time.Time, acc protocol.AccountID, since time.Time) error {
	rows, err := tx.Devices(acc, maxListed)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Status != protocol.Stolen || r.CauseAt.Before(since) {
			continue
		}
		err := errors.Join(
			tx.SetDeviceStatus(r, protocol.Deactivated, protocol.ByOwner, "", now),
			tx.ForgetDevicePlace(acc, r.ID, now),
			timeline.Add(tx, acc, timeline.Entry{
				At: now, Kind: timeline.DeviceFinished, Actor: protocol.ByOwner, Device: r.ID, Subject: r.Name,
			}),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// firstReports notes where a device was last heard when it is reported stolen,
// and where it is connected from.
func firstReports(tx *store.Tx, now time.Time, row store.DeviceRow) error {
	if row.IP != "" {
		err := stays(tx, row, store.StolenReportRow{
			How: protocol.ReportLastContact, Since: row.LastContact, Until: row.LastContact, IP: row.IP, Place: row.Place,
		})
		if err != nil {
			return err
		}
	}
	if !row.Connected {
		return nil
	}
	return connects(tx, now, row, row.Conn)
}

// connects notes a connection of a stolen device.
func connects(tx *store.Tx, now time.Time, row store.DeviceRow, conn int64) error {
	return stays(tx, row, store.StolenReportRow{
		How: protocol.ReportConnection, Conn: conn, Since: now, IP: row.IP, Place: row.Place,
	})
}

// refused notes that somebody tried to sign a stolen device in.
func (s *Service) refused(ctx context.Context, now time.Time, id protocol.DeviceID, m Meta) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		idx, err := tx.DeviceIndex(id)
		if err != nil {
			return orUnknown(err)
		}
		row, err := tx.Device(idx.Account, idx.ID)
		if err != nil || row.Status != protocol.Stolen {
			return orUnknown(err)
		}
		s.hint(tx, row.Account, row.Owner.Version)
		return stays(tx, row, store.StolenReportRow{
			How: protocol.ReportSignInRefused, Since: now, Until: now, IP: m.IP, Place: m.Place,
		})
	})
}

// stays adds next to a device's reports, or to the newest of them that is the same
// stay.
func stays(tx *store.Tx, row store.DeviceRow, next store.StolenReportRow) error {
	next.Account, next.Device, next.Seq, next.Times = row.Account, row.ID, 1, 1
	known, err := tx.StolenReports(row.Account, row.ID, protocol.MaxReports)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		next.Seq = known[0].Seq + 1
	}
	for _, r := range known {
		if goesOn(r, next) {
			next.Seq, next.Since, next.Times, next.IP = r.Seq, r.Since, r.Times+1, r.IP
			break
		}
	}
	return tx.PutStolenReport(next, protocol.FirstReports, protocol.MaxReports)
}

// goesOn reports whether next is at the place of r, and soon after it.
func goesOn(r, next store.StolenReportRow) bool {
	return r.How == next.How && sameAddress(r.IP, next.IP) && next.Since.Sub(later(r.Since, r.Until)) < sameStay
}

// sameAddress reports whether two addresses are one line's: of IPv6 a line has a /64
// and changes addresses within it as it likes (RFC 8981).
func sameAddress(a, b string) bool {
	if a == b {
		return true
	}
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	return err1 == nil && err2 == nil && x.Is6() && y.Is6() && netip.PrefixFrom(x, 64).Masked().Contains(y)
}

// Theft returns what is known of a device that was reported stolen. Errors:
// ErrUnknown, ErrNotStolen.
func (s *Service) Theft(ctx context.Context, now time.Time, acc protocol.AccountID, id protocol.DeviceID) (Theft, error) {
	var out Theft
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		r, err := tx.Device(acc, id)
		if err != nil {
			return orUnknown(err)
		}
		if r.Status != protocol.Stolen {
			return ErrNotStolen
		}
		beats := map[string]time.Time{}
		if err := beat(tx, beats, r); err != nil {
			return err
		}
		out.Row = rowOf(now, r, contactOf(r, beats[r.Node]))
		rows, err := tx.StolenReports(acc, id, protocol.MaxReports)
		for _, p := range rows {
			out.Reports = append(out.Reports, StolenReport{
				How: p.How, Since: p.Since, Until: p.Until, Times: p.Times, IP: p.IP, Place: p.Place,
				Now: out.Online && p.Conn == r.Conn && p.Until.IsZero() && p.Conn > 0,
			})
		}
		return err
	})
	if err != nil {
		return Theft{}, fmt.Errorf("read reports: %w", err)
	}
	return out, nil
}

// SignedReports returns a stolen device's reports, signed by this server, with
// all that is needed to check them without it. Errors as for Theft.
func (s *Service) SignedReports(ctx context.Context, now time.Time, acc protocol.AccountID, id protocol.DeviceID) (protocol.ReportsFile, error) {
	t, err := s.Theft(ctx, now, acc, id)
	if err != nil {
		return protocol.ReportsFile{}, err
	}
	c := protocol.ReportsClaims{
		Server: s.c.Server, Device: t.ID, PublicKey: t.PublicKey, Account: acc, Epoch: t.Epoch, Name: t.Name, Model: t.Model,
		Stolen: protocol.MillisOf(t.Wish.Since), Issued: protocol.MillisOf(now), Reports: []protocol.Report{},
	}
	if !t.Wish.Confirmed.IsZero() {
		c.Confirmed = protocol.MillisOf(t.Wish.Confirmed)
	}
	for _, r := range t.Reports {
		out := protocol.Report{How: r.How, From: protocol.MillisOf(r.Since), Times: r.Times, IP: r.IP, Place: r.Place}
		if !r.Until.IsZero() {
			out.Until = protocol.MillisOf(r.Until)
		}
		c.Reports = append(c.Reports, out)
	}
	jws, err := s.c.Keys.Sign(protocol.TypReports, c)
	if err != nil {
		return protocol.ReportsFile{}, fmt.Errorf("sign reports: %w", err)
	}
	root, keys, _ := s.c.Keys.Pinned()
	return protocol.ReportsFile{JWS: jws, Keys: keys, Root: protocol.Bytes(root)}, nil
}
