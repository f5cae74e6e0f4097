package profile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// TV is a device's sign-in, as its connection has proved it.
type TV struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
}

// Errors of what a TV asks for, beside those of an edit; see [Refusal].
var (
	ErrNeedsPIN      = errors.New("profile: the main profile's PIN is needed")
	ErrNeedsPassword = errors.New("profile: the account's password is needed")
	ErrWrong         = errors.New("profile: wrong PIN or password")
	ErrNotInUse      = errors.New("profile: not the profile in use there")
)

// WaitError says that there were too many wrong tries. Nothing was done.
type WaitError struct {
	RetryAfter time.Duration
}

// Error tells when to come back.
func (e *WaitError) Error() string {
	return fmt.Sprintf("profile: too many wrong tries: try again in %s", e.RetryAfter)
}

// busyRetry is when a TV asks again that was told that the server cannot now.
const busyRetry = 5 * time.Second

// Refusal says in the words of the wire why a TV's request was not done, and
// whether err is a case that was thought of: one that was not belongs in the
// operator's log.
func Refusal(err error) (r protocol.ProfileRefusal, retryAfter time.Duration, expected bool) {
	var (
		wait      *WaitError
		throttled *account.ThrottledError
		busy      *admit.BusyError
	)
	switch {
	case errors.As(err, &wait):
		return protocol.ProfileWait, wait.RetryAfter, true
	case errors.As(err, &throttled):
		return protocol.ProfileWait, throttled.RetryAfter, true
	case errors.As(err, &busy):
		return protocol.ProfileBusy, busy.RetryAfter, true
	}
	for _, k := range []struct {
		is error
		r  protocol.ProfileRefusal
	}{
		{ErrNeedsPIN, protocol.ProfileNeedsPIN},
		{ErrNeedsPassword, protocol.ProfileNeedsPassword},
		{ErrWrong, protocol.ProfileWrong},
		{ErrTooMany, protocol.ProfileTooMany},
		{ErrName, protocol.ProfileBadName},
		{ErrNotInUse, protocol.ProfileGone},
		{account.ErrSignedOut, protocol.ProfileGone},
	} {
		if errors.Is(err, k.is) {
			return k.r, 0, true
		}
	}
	return protocol.ProfileBusy, busyRetry, false
}

// live returns the device's row where its sign-in goes on at now, in tx: otherwise
// account.ErrSignedOut. The end date counts from its moment on, as in package device.
func live(tx *store.Tx, now time.Time, tv TV) (store.DeviceRow, error) {
	row, err := tx.Device(tv.Account, tv.Device)
	if errors.Is(err, store.ErrNotFound) {
		return row, account.ErrSignedOut
	}
	over := !row.Ends.IsZero() && !now.Before(row.Ends)
	if err == nil && (row.Epoch != tv.Epoch || row.Status != protocol.Active || row.Generation != row.Owner.Generation || over) {
		err = account.ErrSignedOut
	}
	return row, err
}

// AddFromTV adds a profile that somebody at a TV asks for (product rule P3). Where
// the level asked for is above what the profile in use there may give, or the
// household wants it so, it takes the main profile's PIN, or the account's
// password where that has none. A try of the PIN is counted before it is checked,
// with those of all devices. Where neither was needed the profile is bound as
// [parental.AddBinds] says. A kids profile gets at most the level of older kids;
// an avatar that is not known becomes the first one. Errors: see [Refusal].
func (s *Service) AddFromTV(ctx context.Context, now time.Time, tv TV, f protocol.AddProfile) (protocol.Profile, error) {
	e, err := editFromTV(f.Name, f.Avatar, f.Level, f.Kids)
	if err != nil {
		return protocol.Profile{}, err
	}
	p, err := s.addFromTV(ctx, now, tv, e, f)
	if err != nil {
		return protocol.Profile{}, fmt.Errorf("add profile from a TV: %w", err)
	}
	return p, nil
}

func (s *Service) addFromTV(ctx context.Context, now time.Time, tv TV, e Edit, f protocol.AddProfile) (protocol.Profile, error) {
	var needs error
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		needs, _, err = s.needs(tx, now, tv, e.Level)
		return err
	})
	if err != nil {
		return protocol.Profile{}, err
	}
	proved := false
	switch {
	case needs == nil:
	case errors.Is(needs, ErrNeedsPIN) && f.PIN != "":
		err, proved = s.provePIN(ctx, now, tv, string(f.PIN)), true
	case errors.Is(needs, ErrNeedsPassword) && f.Password != "":
		err, proved = s.provePassword(ctx, now, tv, string(f.Password)), true
	default:
		err = needs
	}
	if err != nil {
		return protocol.Profile{}, err
	}
	return s.insertFromTV(ctx, now, tv, e, proved)
}

// needs returns ErrNeedsPIN or ErrNeedsPassword where one is needed to add a
// profile of level l from tv, and otherwise what binds it. It fails where none can
// be added.
func (s *Service) needs(tx *store.Tx, now time.Time, tv TV, l parental.Level) (needs error, binds parental.Binds, err error) {
	row, err := live(tx, now, tv)
	if err != nil {
		return nil, binds, err
	}
	all, err := list(tx, tv.Account)
	if err != nil {
		return nil, binds, err
	}
	if len(all) >= s.c.MaxProfiles {
		return nil, binds, ErrTooMany
	}
	rules, err := tx.Parental(tv.Account)
	if err != nil {
		return nil, binds, err
	}
	selected, household := members(all, row.Profile)
	binds = parental.AddBinds(l, selected, household, s.series)
	room := MaxBlocked - len(binds.Blocked)
	for _, m := range household {
		room -= len(m.Blocked)
	}
	if room >= 0 && parental.MayAdd(l, parental.AddBound(selected, household), rules.AddNeedsPIN) {
		return nil, binds, nil
	}
	return proofOf(all), parental.Binds{}, nil
}

// series is [Config.Series] for what holds titles as text.
func (s *Service) series(id string) string {
	if s.c.Series == nil {
		return ""
	}
	return string(s.c.Series(protocol.TitleID(id)))
}

// members is the household as the rule about adding reads it; selected is nil
// where nobody of it is.
func members(all []protocol.Profile, in protocol.ProfileID) (selected *parental.Member, household []parental.Member) {
	household = make([]parental.Member, len(all))
	for i, p := range all {
		household[i] = p.Member()
		if p.ID == in {
			selected = &household[i]
		}
	}
	return selected, household
}

// proofOf says what proves that the household's owner wants it.
func proofOf(all []protocol.Profile) error {
	for _, p := range all {
		if p.Main && p.Locked {
			return ErrNeedsPIN
		}
	}
	return ErrNeedsPassword
}

// insertFromTV adds a profile. What was proved a moment ago still holds; what was
// not needed then is looked at again.
func (s *Service) insertFromTV(ctx context.Context, now time.Time, tv TV, e Edit, proved bool) (protocol.Profile, error) {
	var p protocol.Profile
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		needs, binds, err := s.needs(tx, now, tv, e.Level)
		if err != nil {
			return err
		}
		if needs != nil && !proved {
			return needs
		}
		if proved {
			binds = parental.Binds{}
		}
		row, err := live(tx, now, tv)
		if err != nil {
			return err
		}
		before, err := keep(tx, tv.Account)
		if err != nil {
			return err
		}
		e.Language, e.Kids = row.Owner.Language, e.Kids || binds.Kids
		if p, err = e.applied(protocol.Profile{}); err != nil {
			return err
		}
		if err := insertBound(tx, now, tv.Account, &p, binds); err != nil {
			return err
		}
		return s.recordTV(tx, now, row, timeline.ProfileAdded, p, addedText(p), before)
	})
	return p, err
}

// insertBound adds p with the titles that it takes over.
func insertBound(tx *store.Tx, now time.Time, acc protocol.AccountID, p *protocol.Profile, binds parental.Binds) error {
	if err := insert(tx, now, acc, p); err != nil || len(binds.Blocked) == 0 {
		return err
	}
	for _, id := range binds.Blocked {
		p.Blocked = append(p.Blocked, protocol.TitleID(id))
	}
	return tx.SetBlocked(acc, p.ID, p.Blocked)
}

// addedText says for the owner what was added.
func addedText(p protocol.Profile) string {
	text := "Added at a TV, with the level " + p.Level.String() + "."
	if len(p.Blocked) > 0 {
		text += " What is blocked for the profiles without a lock is blocked for it too."
	}
	return text
}

// edits is how often profiles are changed from TVs: each sends a mail.
var edits = account.Budget{Scope: "profile-tv", Limit: editsAnHour, Per: time.Hour}

// editsAnHour is how often the profiles of an account are changed from TVs.
const editsAnHour = 20

// EditFromTV changes name and avatar of the profile in use at a TV, 20 times an
// hour. An avatar that is not known leaves the one it has. Errors: see [Refusal].
func (s *Service) EditFromTV(ctx context.Context, now time.Time, tv TV, f protocol.EditProfile) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := live(tx, now, tv)
		if err != nil {
			return err
		}
		all, err := list(tx, tv.Account)
		if err != nil {
			return err
		}
		p, err := find(all, f.Profile)
		if err != nil || row.Profile != f.Profile {
			return ErrNotInUse
		}
		e, err := editFromTV(f.Name, f.Avatar, p.Level, p.Kids)
		if err != nil {
			return err
		}
		if !knownAvatar(f.Avatar) {
			e.Avatar = p.Avatar
		}
		if e.Name == p.Name && e.Avatar == p.Avatar {
			return nil
		}
		if err := edits.Take(tx, s.c.Keys, now, string(tv.Account)); err != nil {
			return err
		}
		before, err := keep(tx, tv.Account)
		if err != nil {
			return err
		}
		was := p
		p.Name, p.Avatar = e.Name, e.Avatar
		if err := tx.UpdateProfile(store.ProfileRow{Profile: p, Account: tv.Account}); err != nil {
			return err
		}
		return s.recordTV(tx, now, row, timeline.ProfileChanged, p, "Changed at a TV. "+profileDiff(was, p), before)
	})
	if err != nil {
		return fmt.Errorf("change profile from a TV: %w", err)
	}
	return nil
}

// editFromTV is what a TV asks for, tidied.
func editFromTV(name, avatar string, level parental.Level, kids bool) (Edit, error) {
	if kids {
		level = min(level, maxKids)
	}
	if !knownAvatar(avatar) {
		avatar = Avatars()[0]
	}
	return Edit{Name: name, Avatar: avatar, Level: level, Kids: kids}.checked("en")
}

// recordTV makes the account's next version for what a TV changed, with the
// timeline entry and the notice.
func (s *Service) recordTV(tx *store.Tx, now time.Time, tv store.DeviceRow, kind timeline.Kind, p protocol.Profile, detail string, before []byte) error {
	v, err := tx.Bump(tv.Account, now)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.c.Changed(tv.Account, v) })
	e := entryAt(kind, now, tv)
	e.Profile, e.Subject, e.Detail = p.ID, p.Name, detail
	n := noticeAt(account.NoticeProfileChanged, now, tv)
	n.Profile, n.Done, n.Detail, n.Before = p.Name, done[kind], detail, before
	return errors.Join(timeline.Add(tx, tv.Account, e), s.c.Notify(tx, n))
}

// entryAt begins the timeline entry of something that happened at a TV.
func entryAt(kind timeline.Kind, now time.Time, tv store.DeviceRow) timeline.Entry {
	return timeline.Entry{At: now, Kind: kind, Actor: protocol.ByThisTV, Device: tv.ID, Subject: tv.Name, IP: tv.IP, Place: tv.Place}
}

// noticeAt begins a notice to the owner of a TV.
func noticeAt(kind account.NoticeKind, now time.Time, tv store.DeviceRow) account.Notice {
	return account.Notice{
		Kind: kind, Account: tv.Account, To: tv.Owner.Email, Language: tv.Owner.Language, At: now, Device: tv.Name,
		Client: clientAt(tv),
	}
}

func clientAt(tv store.DeviceRow) account.Client {
	return account.Client{Agent: tv.Name, IP: tv.IP, Place: tv.Place, Kind: "tv"}
}
