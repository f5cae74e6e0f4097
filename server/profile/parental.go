package profile

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Bounds of what a household decides.
const (
	MaxBlocked        = protocol.MaxBlocked     // over all profiles of an account
	MaxParentalTitles = protocol.MaxParentTitle // that ask for the parental PIN
	maxTitleID        = 64                      // bytes
)

// Settings is a household's parental control.
type Settings struct {
	HasPIN      bool
	Above       parental.Level     // the parental PIN is asked for above this level; 0: by no level
	Titles      []protocol.TitleID // and for these titles and series, by id
	AddNeedsPIN bool               // adding a profile at a TV always needs the main profile's PIN, or the password
}

// Decision replaces parts of a household's parental control; what is nil stays.
type Decision struct {
	Above       *parental.Level
	AddNeedsPIN *bool
	Titles      *[]protocol.TitleID // replaces all
	Add, Remove protocol.TitleID    // one title; empty: none
}

// Parental returns the account's parental control.
func (s *Service) Parental(ctx context.Context, acc protocol.AccountID) (Settings, error) {
	var out Settings
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Parental(acc)
		if err != nil {
			return err
		}
		lock, err := pinRow(tx, acc, protocol.ParentalPIN)
		out = Settings{HasPIN: lock.Version > 0, Above: row.Above, Titles: row.Titles, AddNeedsPIN: row.AddNeedsPIN}
		return err
	})
	if err != nil {
		return Settings{}, fmt.Errorf("parental control: %w", err)
	}
	return out, nil
}

// SetParental changes a household's parental control. The caller has seen to a
// fresh proof (account.Session.Fresh). Where nothing is different only the
// account's version grows. Errors: ErrAbove, ErrTitle, ErrTooManyTitles,
// account.ErrSignedOut.
func (s *Service) SetParental(ctx context.Context, now time.Time, who account.Session, d Decision) error {
	if d.Above != nil && *d.Above != 0 && (!d.Above.Valid() || *d.Above == parental.All) {
		return ErrAbove // nothing is above the highest
	}
	err := s.change(ctx, now, who, func(tx *store.Tx, _ []protocol.Profile, before []byte) error {
		was, err := tx.Parental(who.Account)
		if err != nil {
			return err
		}
		row := was
		if d.Above != nil {
			row.Above = *d.Above
		}
		if d.AddNeedsPIN != nil {
			row.AddNeedsPIN = *d.AddNeedsPIN
		}
		if row.Titles, err = s.titles(was.Titles, d.Titles, d.Add, d.Remove, MaxParentalTitles); err != nil {
			return err
		}
		what := s.parentalDiff(was, row)
		if what == "" {
			return nil
		}
		if err := tx.SetParental(who.Account, row); err != nil {
			return err
		}
		n := who.Notice(account.NoticeParentalChanged, now)
		n.Detail, n.Before = what, before
		was.Titles, row.Titles = nil, titlesAway(was.Titles, row.Titles)
		stricter := reflect.DeepEqual(was, row)
		return s.recordParental(tx, now, who, timeline.Entry{Kind: timeline.ParentalChanged, Detail: what}, n, stricter)
	})
	if err != nil {
		return fmt.Errorf("set parental control: %w", err)
	}
	return nil
}

// titles returns old as a change makes it: sorted, each once. A title that nobody
// knows can stay and be removed, but not be added (ErrTitle): what was blocked
// stays blocked while the catalogue changes.
func (s *Service) titles(old []protocol.TitleID, replace *[]protocol.TitleID, add, remove protocol.TitleID, most int) ([]protocol.TitleID, error) {
	next := slices.Clone(old)
	if replace != nil {
		next = slices.Clone(*replace)
	}
	if add != "" {
		next = append(next, add)
	}
	slices.Sort(next)
	next = slices.Compact(next)
	next = slices.DeleteFunc(next, func(id protocol.TitleID) bool { return remove != "" && id == remove })
	for _, id := range next {
		if !slices.Contains(old, id) && !s.knows(id) {
			return nil, ErrTitle
		}
	}
	if len(next) > most {
		return nil, ErrTooManyTitles
	}
	return next, nil
}

func (s *Service) knows(id protocol.TitleID) bool {
	if id == "" || len(id) > maxTitleID {
		return false
	}
	return s.c.Title == nil || s.c.Title(id) != ""
}

// parentalDiff says what is different, for people; empty: nothing.
func (s *Service) parentalDiff(was, is store.ParentalRow) string {
	var out []string
	if was.Above != is.Above {
		text := "The parental PIN is asked for by no level."
		if is.Above != 0 {
			text = "The parental PIN is asked for above the level " + is.Above.String() + "."
		}
		out = append(out, text)
	}
	if was.AddNeedsPIN != is.AddNeedsPIN {
		text := "Adding a profile always needs the PIN."
		if !is.AddNeedsPIN {
			text = "Adding a profile does not always need the PIN any more."
		}
		out = append(out, text)
	}
	if text := s.titlesDiff("Titles that ask for the parental PIN now", "No longer", was.Titles, is.Titles); text != "" {
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// titlesAway returns which of was are not in is; nil: none.
func titlesAway(was, is []protocol.TitleID) []protocol.TitleID {
	var out []protocol.TitleID
	for _, id := range was {
		if !slices.Contains(is, id) {
			out = append(out, id)
		}
	}
	return out
}

// titleNotices bounds the mails to whoever adds one title after the other. The
// first mail's "It wasn't me" undoes what follows too. What makes anything less
// strict is always told.
var titleNotices = account.Budget{Scope: "title-notice", Limit: titleNoticesAnHour, Per: time.Hour}

// titleNoticesAnHour is how many notices of added titles an account gets.
const titleNoticesAnHour = 1

// recordParental writes the timeline entry and the notice of a change to parental
// control. Where titles were added and nothing else, the notice is one an hour.
func (s *Service) recordParental(tx *store.Tx, now time.Time, who account.Session, e timeline.Entry, n account.Notice, stricter bool) error {
	if err := who.Record(tx, now, e); err != nil {
		return err
	}
	if stricter {
		err := titleNotices.Take(tx, s.c.Keys, now, string(who.Account))
		if errors.As(err, new(*account.ThrottledError)) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return s.c.Notify(tx, n)
}

// SetBlocked replaces the titles that a profile may never play. Errors:
// ErrUnknown, ErrTitle, ErrTooManyTitles, account.ErrSignedOut.
func (s *Service) SetBlocked(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, titles []protocol.TitleID) error {
	return s.block(ctx, now, who, id, &titles, "", "")
}

// Block adds one title, or removes one, of those that a profile may never play;
// the empty title is none. Errors as SetBlocked.
func (s *Service) Block(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, add, remove protocol.TitleID) error {
	return s.block(ctx, now, who, id, nil, add, remove)
}

func (s *Service) block(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, replace *[]protocol.TitleID, add, remove protocol.TitleID) error {
	err := s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		p, err := find(all, id)
		if err != nil {
			return err
		}
		room := MaxBlocked
		for _, other := range all {
			if other.ID != id {
				room -= len(other.Blocked)
			}
		}
		next, err := s.titles(p.Blocked, replace, add, remove, room)
		if err != nil {
			return err
		}
		what := s.titlesDiff("Blocked", "No longer blocked", p.Blocked, next)
		if what == "" {
			return nil
		}
		if err := tx.SetBlocked(who.Account, id, next); err != nil {
			return err
		}
		n := who.Notice(account.NoticeParentalChanged, now)
		n.Profile, n.ProfileID, n.Detail, n.Before = p.Name, id, what, before
		e := timeline.Entry{Kind: timeline.BlockedChanged, Profile: id, Subject: p.Name, Detail: what}
		return s.recordParental(tx, now, who, e, n, len(titlesAway(p.Blocked, next)) == 0)
	})
	if err != nil {
		return fmt.Errorf("set blocked titles: %w", err)
	}
	return nil
}
