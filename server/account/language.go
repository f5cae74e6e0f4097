package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// SetLanguage chooses what mails, text messages and pages are written in, and
// the screens of TVs while no profile is in use, and returns who with it.
// Choosing what is chosen already does nothing. The owner is told in the language
// before: whoever holds a session must not make notices unreadable unheard.
// Errors: ErrSignedOut, ErrLanguage (not one of [words.Languages]),
// ErrProofNeeded.
func (s *Service) SetLanguage(ctx context.Context, now time.Time, who Session, tag string) (Session, error) {
	next := words.Language(tag)
	if !slices.Contains(words.Languages(), next) {
		return Session{}, fmt.Errorf("set language: %w", ErrLanguage)
	}
	if !who.Fresh(now) {
		return Session{}, fmt.Errorf("set language: %w", ErrProofNeeded)
	}
	after := who
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := Act(tx, now, who, s.c.Changed); err != nil {
			return err
		}
		acc, err := tx.Account(who.Account)
		if err != nil || words.Match(acc.Language) == next {
			return err
		}
		after.Language = string(next)
		n := who.Notice(NoticeLanguageChanged, now)
		n.Language, n.Detail, n.Before = acc.Language, next.Own(), []byte(acc.Language)
		return errors.Join(
			tx.SetLanguage(who.Account, string(next)),
			who.Record(tx, now, timeline.Entry{Kind: timeline.LanguageChanged, Subject: next.Own()}),
			s.c.Notify(tx, n),
			s.tellFirst(tx, n),
		)
	})
	if err != nil {
		return Session{}, fmt.Errorf("set language: %w", err)
	}
	return after, nil
}

// restoreLanguage puts back the language of before a change, and reports whether
// it was another.
func restoreLanguage(tx *store.Tx, id protocol.AccountID, before string) (bool, error) {
	acc, err := tx.Account(id)
	if err != nil || acc.Language == before {
		return false, err
	}
	return true, tx.SetLanguage(id, before)
}
