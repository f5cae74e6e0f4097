package profile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// defaultMax is how many profiles an account has at most (product rule P1).
const defaultMax = 5

// Bounds of the operator's own limit: an account begins with two.
const (
	LeastProfiles = 2
	MostProfiles  = 20
)

// Service answers for profiles. Make one with [New].
type Service struct {
	c     Config
	cache cache
}

// New checks c and returns the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Keys == nil || c.Gate == nil || c.Notify == nil || c.Changed == nil {
		return nil, errors.New("profile: DB, Keys, Gate, Notify and Changed must be set")
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.MaxProfiles == 0 {
		c.MaxProfiles = defaultMax
	}
	if c.MaxProfiles < LeastProfiles || c.MaxProfiles > MostProfiles {
		return nil, fmt.Errorf("profile: MaxProfiles is %d, want %d to %d", c.MaxProfiles, LeastProfiles, MostProfiles)
	}
	return &Service{c: c}, nil
}

// Household gives a new account its main and kids profiles (product rule P1),
// in the caller's transaction: account.Config.Household.
func Household(tx *store.Tx, now time.Time, acc protocol.AccountID, language string) error {
	main := protocol.Profile{Name: "Main", Avatar: "lantern", Level: parental.All, Language: language, Main: true}
	kids := protocol.Profile{Name: "Kids", Avatar: "kite", Level: parental.LittleKids, Language: language, Kids: true}
	return errors.Join(insert(tx, now, acc, &main), insert(tx, now, acc, &kids))
}

func insert(tx *store.Tx, now time.Time, acc protocol.AccountID, p *protocol.Profile) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("profile: make an id: %w", err)
	}
	p.ID = protocol.ProfileID(id.String())
	return tx.InsertProfile(store.ProfileRow{Profile: *p, Account: acc, Created: now})
}

// List returns the account's profiles, the main one first, then by age.
func (s *Service) List(ctx context.Context, acc protocol.AccountID) ([]protocol.Profile, error) {
	var out []protocol.Profile
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = list(tx, acc)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	return out, nil
}

func list(tx *store.Tx, acc protocol.AccountID) ([]protocol.Profile, error) {
	rows, err := tx.Profiles(acc)
	out := make([]protocol.Profile, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Profile)
	}
	return out, err
}

// Create adds a profile.
func (s *Service) Create(ctx context.Context, now time.Time, who account.Session, e Edit) (protocol.Profile, error) {
	e, err := e.checked(who.Language)
	if err != nil {
		return protocol.Profile{}, err
	}
	var p protocol.Profile
	err = s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		if len(all) >= s.c.MaxProfiles {
			return ErrTooMany
		}
		if p, err = e.applied(protocol.Profile{}); err != nil {
			return err
		}
		if err := insert(tx, now, who.Account, &p); err != nil {
			return err
		}
		return s.record(tx, now, who, timeline.ProfileAdded, account.NoticeProfileChanged, p, "Added, with the level "+p.Level.String()+".", before)
	})
	if err != nil {
		return protocol.Profile{}, fmt.Errorf("add profile: %w", err)
	}
	return p, nil
}

// Edit replaces what the owner decides about a profile. Where nothing is different
// only the account's version grows.
func (s *Service) Edit(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, e Edit) (protocol.Profile, error) {
	e, err := e.checked(who.Language)
	if err != nil {
		return protocol.Profile{}, err
	}
	var p protocol.Profile
	err = s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		old, err := find(all, id)
		if err != nil {
			return err
		}
		if p, err = e.applied(old); err != nil || reflect.DeepEqual(p, old) {
			return err
		}
		if err := tx.UpdateProfile(store.ProfileRow{Profile: p, Account: who.Account}); err != nil {
			return err
		}
		return s.record(tx, now, who, timeline.ProfileChanged, account.NoticeProfileChanged, p, profileDiff(old, p), before)
	})
	if err != nil {
		return protocol.Profile{}, fmt.Errorf("change profile: %w", err)
	}
	return p, nil
}

// Delete removes a profile with its lock; the main one stays (ErrMain).
func (s *Service) Delete(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID) error {
	err := s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		p, err := find(all, id)
		if err != nil {
			return err
		}
		if p.Main {
			return ErrMain
		}
		if p.Locked {
			if _, err := tx.BumpPins(who.Account); err != nil {
				return err
			}
		}
		if err := tx.DeleteProfile(who.Account, id); err != nil {
			return err
		}
		if _, err := tx.BumpLibrary(who.Account, now); err != nil { // TVs drop its own list and history
			return err
		}
		return s.record(tx, now, who, timeline.ProfileRemoved, account.NoticeProfileChanged, p, "Removed.", before)
	})
	if err != nil {
		return fmt.Errorf("remove profile: %w", err)
	}
	return nil
}

// change runs do in a transaction that is who's next version of the account,
// with what is now and what [Restore] needs to come back to it.
func (s *Service) change(ctx context.Context, now time.Time, who account.Session, do func(tx *store.Tx, all []protocol.Profile, before []byte) error) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := account.Act(tx, now, who, s.c.Changed); err != nil {
			return err
		}
		all, err := list(tx, who.Account)
		if err != nil {
			return err
		}
		before, err := keep(tx, who.Account)
		if err != nil {
			return err
		}
		return do(tx, all, before)
	})
}

// record writes the timeline entry and the notice of a change to p; detail says
// what it was.
func (s *Service) record(tx *store.Tx, now time.Time, who account.Session, kind timeline.Kind, notice account.NoticeKind, p protocol.Profile, detail string, before []byte) error {
	n := who.Notice(notice, now)
	n.Profile, n.Done, n.Detail, n.Before = p.Name, done[kind], detail, before
	return errors.Join(
		who.Record(tx, now, timeline.Entry{Kind: kind, Profile: p.ID, Subject: p.Name, Detail: detail}),
		s.c.Notify(tx, n),
	)
}

func find(all []protocol.Profile, id protocol.ProfileID) (protocol.Profile, error) {
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	return protocol.Profile{}, ErrUnknown
}

// checked returns e tidied, or what is wrong with it.
func (e Edit) checked(fallback string) (Edit, error) {
	e.Name = strings.TrimSpace(norm.NFC.String(e.Name))
	n := utf8.RuneCountInString(e.Name)
	if n < 1 || n > MaxName || !protocol.Legible(e.Name) {
		return e, ErrName
	}
	if !knownAvatar(e.Avatar) {
		return e, ErrAvatar
	}
	if !e.Level.Valid() {
		return e, ErrLevel
	}
	if e.Language == "" {
		e.Language = fallback
	}
	tag, err := language.Parse(e.Language)
	if err != nil || len(e.Language) > 35 {
		return e, ErrLanguage
	}
	e.Language = tag.String()
	return e, nil
}

// applied returns p as e decides. The main profile is never a kids profile.
func (e Edit) applied(p protocol.Profile) (protocol.Profile, error) {
	p.Name, p.Avatar, p.Level, p.Language = e.Name, e.Avatar, e.Level, e.Language
	p.Kids = e.Kids && !p.Main
	if p.Kids && p.Level > maxKids {
		return p, ErrKidsLevel
	}
	return p, nil
}
