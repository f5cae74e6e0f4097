package profile

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

// Wrong tries at a PIN are counted over all devices (product rule P9). Each
// sign-in of a device has a row per version of a PIN, with two counts:
//
//	told     what the device counted itself; only its own word changes it
//	checked  what the server checked for it: a device cannot talk that down
//
// Each is forgiven one a day, so of a sum at most as many as there are counts: of
// nine, which nobody is told of, nine a day. A device is told what it does not hold itself: the
// rows of all others, signed out or not, and its own checked.
const (
	freeTries  = 4              // wrong tries without a wait
	firstWait  = time.Minute    // with the next; then doubling
	longWait   = time.Hour      // at most
	forgive    = 24 * time.Hour // after which one wrong try of each count is forgiven
	alarmAgain = 24 * time.Hour // before the owner is told again of the same PIN
	maxTold    = 1000           // of a device that tells more; at one try an hour that takes weeks
)

// AlarmAt is the number of wrong tries from which the owner is told, and every
// further one waits an hour.
const AlarmAt = 10

// WaitAfter is the wait after the n-th wrong try, as on the TVs (package
// agent/pinlock; a test of the tools compares them): none for the first four, then
// 1, 2, 4, 8 and 16 minutes, and an hour from the tenth.
func WaitAfter(n int) time.Duration {
	switch {
	case n <= freeTries:
		return 0
	case n >= AlarmAt:
		return longWait
	}
	return firstWait << (n - freeTries - 1)
}

// left is how much of a count is not forgiven, counted since at.
func left(count int, at, now time.Time) int {
	return max(count-int(max(now.Sub(at), 0)/forgive), 0)
}

// Tries is what the owner sees of the wrong tries at a PIN.
type Tries struct {
	Wrong int       // over all devices, less what was forgiven
	Last  time.Time // the newest; zero: the PIN was right since
}

// add counts a row, without what its own device holds where that is own.
func (t *Tries) add(r store.PinTriesRow, now time.Time, own bool) {
	n := left(r.Checked, r.CheckedAt, now)
	if !own {
		n += left(r.Told, r.ToldAt, now)
	}
	t.Wrong += n
	if n > 0 && r.Last.After(t.Last) {
		t.Last = r.Last
	}
}

// wait is how long the next try that the server checks has to wait.
func (t Tries) wait(now time.Time) time.Duration {
	if t.Last.IsZero() {
		return 0
	}
	wait := WaitAfter(t.Wrong)
	return min(max(t.Last.Add(wait).Sub(now), 0), wait)
}

// Tries returns the wrong tries at the account's PINs, where there are any: by
// profile, or protocol.ParentalPIN.
func (s *Service) Tries(ctx context.Context, now time.Time, acc protocol.AccountID) (map[protocol.ProfileID]Tries, error) {
	out := map[protocol.ProfileID]Tries{}
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		b, err := readTries(tx, acc)
		for _, p := range b.pins {
			if t := b.total(p, now, nil); t.Wrong > 0 {
				out[p.Profile] = t
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("wrong tries: %w", err)
	}
	return out, nil
}

// book is an account's PINs and the wrong tries at them.
type book struct {
	pins []store.PinRow
	rows []store.PinTriesRow
}

func readTries(tx *store.Tx, acc protocol.AccountID) (b book, err error) {
	if b.pins, err = tx.Pins(acc); err != nil {
		return b, err
	}
	b.rows, err = tx.PinTries(acc)
	return b, err
}

// pin returns the PIN that tries of this version are about, and false where it
// is no longer in force.
func (b book) pin(id protocol.ProfileID, version int64) (store.PinRow, bool) {
	for _, p := range b.pins {
		if p.Profile == id && p.Version == version {
			return p, true
		}
	}
	return store.PinRow{}, false
}

// total adds up the wrong tries at p, without what the device without holds.
func (b book) total(p store.PinRow, now time.Time, without *TV) Tries {
	var t Tries
	for _, r := range b.rows {
		if r.Profile == p.Profile && r.PIN == p.Version {
			t.add(r, now, without != nil && r.Device == without.Device && r.Epoch == without.Epoch)
		}
	}
	return t
}

// own returns the row of tv for p; one that is not there yet is empty.
func (b book) own(p store.PinRow, tv TV) *store.PinTriesRow {
	for i := range b.rows {
		r := &b.rows[i]
		if r.Profile == p.Profile && r.PIN == p.Version && r.Device == tv.Device && r.Epoch == tv.Epoch {
			return r
		}
	}
	return &store.PinTriesRow{Account: tv.Account, Profile: p.Profile, PIN: p.Version, Device: tv.Device, Epoch: tv.Epoch}
}

// CountsIn returns the wrong tries that a device is told of, within a
// transaction of the caller's, and their number: none where the number is 0.
func (s *Service) CountsIn(tx *store.Tx, now time.Time, tv TV) (number int64, counts []protocol.PINTry, err error) {
	acc, err := tx.Account(tv.Account)
	if errors.Is(err, store.ErrNotFound) {
		err = account.ErrUnknownAccount
	}
	if err != nil || acc.Tries == 0 {
		return 0, nil, err
	}
	b, err := readTries(tx, tv.Account)
	for _, p := range b.pins {
		if t := b.total(p, now, &tv); t.Wrong > 0 {
			counts = append(counts, protocol.PINTry{Profile: p.Profile, PIN: p.Version, Wrong: t.Wrong, At: protocol.MillisOf(t.Last)})
		}
	}
	return acc.Tries, counts, err
}

// ReportTries takes what a device holds against PINs, and reports whether other
// devices must hear of it: Changed was told. What is about a PIN that is no longer
// in force is dropped, and so is everything of a sign-in that has ended. Repeating
// it changes nothing.
func (s *Service) ReportTries(ctx context.Context, now time.Time, tv TV, tries []protocol.PINTry) (changed bool, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		changed = false
		row, err := live(tx, now, tv)
		if errors.Is(err, account.ErrSignedOut) {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := readTries(tx, tv.Account)
		if err != nil {
			return err
		}
		var grown []store.PinRow
		for _, t := range tries {
			p, ok := b.pin(t.Profile, t.PIN)
			if !ok {
				continue
			}
			more, err := tell(tx, now, b.own(p, tv), min(max(t.Wrong, 0), maxTold))
			if err != nil {
				return err
			}
			if more {
				grown = append(grown, p)
			}
		}
		if changed = len(grown) > 0; !changed {
			return nil
		}
		return s.raised(tx, now, row, grown)
	})
	if err != nil {
		return false, fmt.Errorf("store PIN tries: %w", err)
	}
	return changed, nil
}

// tell sets what a device holds, and reports whether that has grown. Where it has
// forgiven some itself, these are not forgiven here again.
func tell(tx *store.Tx, now time.Time, r *store.PinTriesRow, wrong int) (more bool, err error) {
	switch {
	case wrong == r.Told:
		return false, nil
	case wrong > r.Told:
		r.Told, r.ToldAt, r.Last = wrong, now, now
		more = true
	default:
		at := r.ToldAt.Add(time.Duration(r.Told-wrong) * forgive)
		if at.After(now) {
			at = now
		}
		r.Told, r.ToldAt = wrong, at
	}
	return more, tx.PutPinTries(*r)
}

// raised makes devices hear of wrong tries at pins, and the owner where there are
// many.
func (s *Service) raised(tx *store.Tx, now time.Time, tv store.DeviceRow, pins []store.PinRow) error {
	if err := s.bumpTries(tx, now, tv.Account); err != nil {
		return err
	}
	b, err := readTries(tx, tv.Account)
	if err != nil {
		return err
	}
	for _, p := range pins {
		t := b.total(p, now, nil)
		if t.Wrong < AlarmAt || !p.Alarmed.IsZero() && now.Sub(p.Alarmed) < alarmAgain {
			continue
		}
		if err := s.alarm(tx, now, tv, p, t.Wrong); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) bumpTries(tx *store.Tx, now time.Time, acc protocol.AccountID) error {
	_, v, err := tx.BumpTries(acc, now)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.c.Changed(acc, v) })
	return nil
}

// alarm tells the owner that a PIN is being guessed.
func (s *Service) alarm(tx *store.Tx, now time.Time, tv store.DeviceRow, p store.PinRow, wrong int) error {
	all, err := list(tx, tv.Account)
	if err != nil {
		return err
	}
	of, _ := find(all, p.Profile) // the parental PIN is nobody's
	detail := fmt.Sprintf("%d wrong tries. Every further one waits an hour.", wrong)
	n := noticeAt(account.NoticePINGuessing, now, tv)
	n.Profile, n.Detail = of.Name, detail
	e := entryAt(timeline.PINGuessed, now, tv)
	e.Profile, e.Subject, e.Detail = p.Profile, pinName(all, p.Profile), detail
	return errors.Join(
		tx.AlarmPin(tv.Account, p.Profile, now),
		timeline.Add(tx, tv.Account, e),
		s.c.Notify(tx, n),
	)
}

// unlocks bounds how often a PIN's wrong tries are forgiven at once: whoever guesses
// at a TV, with the owner's browser open beside it, gets no further than these.
var unlocks = account.Budget{Scope: "unlock-pin", Limit: unlocksAnHour, Per: time.Hour}

// unlocksAnHour is how often the wrong tries at one PIN are forgiven at once.
const unlocksAnHour = 10

// Unlock forgives all wrong tries at a profile's PIN, or at the parental one
// (protocol.ParentalPIN): the next try waits for nothing, on every TV. The owner
// hears of it where there were any. The caller has seen to a fresh proof. Errors:
// ErrUnknown (also where there is no PIN), account.ErrSignedOut,
// *account.ThrottledError (after ten within an hour).
func (s *Service) Unlock(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID) error {
	err := s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, _ []byte) error {
		return s.unlock(tx, now, who, id, all)
	})
	if err != nil {
		return fmt.Errorf("unlock PIN: %w", err)
	}
	return nil
}

func (s *Service) unlock(tx *store.Tx, now time.Time, who account.Session, id protocol.ProfileID, all []protocol.Profile) error {
	lock, err := pinRow(tx, who.Account, id)
	if err != nil {
		return err
	}
	if lock.Version == 0 {
		return ErrUnknown
	}
	b, err := readTries(tx, who.Account)
	if err != nil {
		return err
	}
	wrong := b.total(lock, now, nil).Wrong
	if err := unlocks.Take(tx, s.c.Keys, now, string(who.Account), string(id)); err != nil {
		return err
	}
	if err := s.bumpTries(tx, now, who.Account); err != nil {
		return err
	}
	if err := tx.UnlockPin(who.Account, id); err != nil {
		return err
	}
	e := timeline.Entry{Kind: timeline.PINUnlocked, Profile: id, Subject: pinName(all, id)}
	if wrong == 0 {
		return who.Record(tx, now, e)
	}
	of, _ := find(all, id) // the parental PIN is nobody's
	n := who.Notice(account.NoticePINUnlocked, now)
	n.Profile, n.Detail = of.Name, tryCount(wrong)
	e.Detail = n.Detail + "."
	return errors.Join(who.Record(tx, now, e), s.c.Notify(tx, n))
}

func tryCount(n int) string {
	if n == 1 {
		return "1 wrong try"
	}
	return fmt.Sprintf("%d wrong tries", n)
}

// Tidy removes what is left of wrong tries once they are forgiven. To be called
// about hourly.
func (s *Service) Tidy(ctx context.Context, now time.Time) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.DeleteForgivenPinTries(forgive, now) })
	if err != nil {
		return fmt.Errorf("tidy PIN tries: %w", err)
	}
	return nil
}

// pinName names a PIN for people.
func pinName(all []protocol.Profile, id protocol.ProfileID) string {
	if id == protocol.ParentalPIN {
		return "Parental PIN"
	}
	p, _ := find(all, id)
	return p.Name
}
