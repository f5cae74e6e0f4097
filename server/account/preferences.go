package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Preferences are what an owner chose about security. The zero value is not
// the default: see [Service.Preferences].
type Preferences struct {
	CodeOnNewDevice bool // ask for an access code on a new device; default on. Suspicious sign-ins always do
	SignInMails     bool // a mail at each new sign-in; default on
	RemindDevices   bool // a mail each month, to look at the devices; default off
	RemindPassword  bool // a mail half a year after the last new password; default off
	SMSNotices      bool // notices to the phone too; needs a number
}

// Times between reminders (product rule A9).
const (
	remindDevicesEvery  = 30 * 24 * time.Hour
	remindPasswordAfter = 180 * 24 * time.Hour
)

// Preferences returns what the owner chose, or the defaults.
func (s *Service) Preferences(ctx context.Context, who Session) (Preferences, error) {
	var p Preferences
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err1 := tx.Preferences(who.Account)
		phone, err2 := tx.Phone(who.Account)
		p = preferencesOf(row, phone)
		p.SMSNotices = p.SMSNotices && !s.c.NoSMS
		return errors.Join(err1, err2)
	})
	if err != nil {
		return Preferences{}, fmt.Errorf("preferences: %w", err)
	}
	return p, nil
}

func preferencesOf(row store.PreferenceRow, phone store.PhoneRow) Preferences {
	return Preferences{
		CodeOnNewDevice: row.NewCode, SignInMails: row.SignInMails,
		RemindDevices: !row.DevicesDue.IsZero(), RemindPassword: !row.PasswordDue.IsZero(), SMSNotices: phone.Notices,
	}
}

// weakened tells what next asks or tells the owner less than p.
func (p Preferences) weakened(next Preferences) (less []string) {
	if p.CodeOnNewDevice && !next.CodeOnNewDevice {
		less = append(less, "codes on new devices")
	}
	if p.SignInMails && !next.SignInMails {
		less = append(less, "mails at new sign-ins")
	}
	if p.SMSNotices && !next.SMSNotices {
		less = append(less, "notices by SMS")
	}
	return less
}

// SetPreferences stores what the owner chose. Errors: ErrSignedOut; ErrNoPhone
// where notices are to go to a phone and there is none, ErrNoSMS where none can
// be sent; ErrProofNeeded and ErrCheckNeeded where less would be asked or told
// than before, and the last proof or check is old. Of that the owner is told, by
// SMS too where that is switched off.
func (s *Service) SetPreferences(ctx context.Context, now time.Time, who Session, p Preferences) error {
	asked := p
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		p := asked // it may run again
		if err := ActOnPages(tx, who, s.c.Changed); err != nil {
			return err
		}
		row, err := tx.Preferences(who.Account)
		if err != nil {
			return err
		}
		phone, err := tx.Phone(who.Account)
		if err != nil {
			return err
		}
		if s.c.NoSMS {
			if p.SMSNotices {
				return ErrNoSMS
			}
			p.SMSNotices = phone.Notices // as it was, for when there is a gateway again
		}
		if less := preferencesOf(row, phone).weakened(p); len(less) > 0 {
			if !who.Fresh(now) {
				return ErrProofNeeded
			}
			if err := checked(tx, now, who); err != nil {
				return err
			}
			n := who.Notice(NoticeLessAsked, now)
			n.Detail = strings.Join(less, ", ")
			if err := s.c.Notify(tx, n); err != nil {
				return err
			}
		}
		if phone.Notices != p.SMSNotices {
			if phone.Number == "" {
				return ErrNoPhone
			}
			if err := tx.SetPhoneNotices(who.Account, p.SMSNotices); err != nil {
				return err
			}
		}
		row.NewCode, row.SignInMails = p.CodeOnNewDevice, p.SignInMails
		row.DevicesDue = firstReminder(row.DevicesDue, p.RemindDevices, now.Add(remindDevicesEvery))
		row.PasswordDue = firstReminder(row.PasswordDue, p.RemindPassword, now.Add(remindPasswordAfter))
		return errors.Join(
			tx.SetPreferences(row),
			who.Record(tx, now, timeline.Entry{Kind: timeline.PreferencesChanged}),
		)
	})
	if err != nil {
		return fmt.Errorf("set preferences: %w", err)
	}
	return nil
}

// tightened switches on again what keeps others out, for an account that was in
// other hands: codes on new devices and mails at new sign-ins. sms: notices by SMS
// too, where there is a number. It reports whether anything was off.
func tightened(tx *store.Tx, acc protocol.AccountID, sms bool) (bool, error) {
	row, err1 := tx.Preferences(acc)
	phone, err2 := tx.Phone(acc)
	if err := errors.Join(err1, err2); err != nil {
		return false, err
	}
	sms = sms && phone.Number != "" && !phone.Notices
	if row.NewCode && row.SignInMails && !sms {
		return false, nil
	}
	row.NewCode, row.SignInMails = true, true
	if sms {
		if err := tx.SetPhoneNotices(acc, true); err != nil {
			return false, err
		}
	}
	return true, tx.SetPreferences(row)
}

// firstReminder is when the next reminder is due after the owner's choice:
// switching on what is on does not put it off.
func firstReminder(due time.Time, on bool, first time.Time) time.Time {
	switch {
	case !on:
		return time.Time{}
	case due.IsZero():
		return first
	}
	return due
}

// reminder is a mail that an owner asked for.
type reminder struct {
	kind NoticeKind
	next time.Time // the one after it
}

// reminders returns what is due at now, with when the next of its kind is. A
// server that was off for months sends each kind once.
func reminders(row store.PreferenceRow, now time.Time) []reminder {
	var out []reminder
	if d := row.DevicesDue; !d.IsZero() && !d.After(now) {
		out = append(out, reminder{NoticeReviewDevices, nextAfter(d, remindDevicesEvery, now)})
	}
	if d := row.PasswordDue; !d.IsZero() && !d.After(now) {
		out = append(out, reminder{NoticeRenewPassword, nextAfter(d, remindPasswordAfter, now)})
	}
	return out
}

// nextAfter is the first of the times d + n × every that is after now.
func nextAfter(d time.Time, every time.Duration, now time.Time) time.Time {
	n := now.Sub(d)/every + 1
	return d.Add(n * every)
}

// remind sends the reminders that are due.
func (s *Service) remind(ctx context.Context, now time.Time) error {
	err := s.each(ctx, func(tx *store.Tx, most int) ([]protocol.AccountID, error) {
		rows, err := tx.DueReminders(now, most)
		ids := make([]protocol.AccountID, 0, len(rows))
		for _, row := range rows {
			ids = append(ids, row.Account)
		}
		return ids, err
	}, func(tx *store.Tx, id protocol.AccountID) error { return s.remindOne(tx, now, id) })
	if err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	return nil
}

func (s *Service) remindOne(tx *store.Tx, now time.Time, id protocol.AccountID) error {
	row, err := tx.Preferences(id)
	if err != nil {
		return err
	}
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	for _, r := range reminders(row, now) {
		if r.kind == NoticeReviewDevices {
			row.DevicesDue = r.next
		} else {
			row.PasswordDue = r.next
		}
		if err := s.c.Notify(tx, noticeTo(acc, r.kind, now, Client{})); err != nil {
			return err
		}
	}
	return tx.SetPreferences(row)
}

// putOffPassword has the reminder of the password begin anew: it was changed.
func putOffPassword(tx *store.Tx, now time.Time, acc protocol.AccountID) error {
	row, err := tx.Preferences(acc)
	if err != nil || row.PasswordDue.IsZero() {
		return err
	}
	row.PasswordDue = now.Add(remindPasswordAfter)
	return tx.SetPreferences(row)
}

// noticeTo begins a notice to an account's own address.
func noticeTo(acc store.AccountRow, kind NoticeKind, now time.Time, from Client) Notice {
	return Notice{Kind: kind, Account: acc.ID, To: acc.Email, Language: acc.Language, At: now, Client: from.tidy()}
}
