package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Whoever changes how an account is reached or protected is checked (product
// rule V2): beside the proof of A8, which shows the password, an access code
// shows the mailbox or phone, or a second factor stands in for it.
//
//	sign-in with a code, factor or passkey ──┐
//	a passkey as the proof of A8 ────────────┼──▶ checked, for [CheckAge]
//	SendCheck ── AnswerCheck with the code ──┤
//	AnswerCheck with a second factor ────────┘
//
// Changes of second factors ask for it too: otherwise somebody at an unlocked
// browser could add one first, and answer with it.

// CheckAge is how long a check counts in its session.
const CheckAge = ProofAge

// Kinds of rows beside the changes: what a check waits for, and that there was
// one. Values are stored.
const (
	checkWaits = "check"
	checkDone  = "checked"
)

// Check is what a session that changes the account's protection has to show.
type Check struct {
	Done     bool          // within [CheckAge]; nothing is asked for
	Factors  []Factor      // that do
	Channels []Destination // where a code can go; the addresses are masked. Empty where a second factor is needed
	Code     CodeSent      // the newest code, where one waits
}

// checkedBy reports whether a sign-in was made with more than the password.
func checkedBy(factors string) bool {
	for _, f := range strings.Fields(factors) {
		if f != withPassword {
			return true
		}
	}
	return false
}

// checked fails with ErrCheckNeeded where who was not checked lately, in tx.
func checked(tx *store.Tx, now time.Time, who Session) error {
	row, err := tx.WebSession(who.Account, string(who.ID))
	if err != nil {
		return orSignedOut(err)
	}
	if checkedBy(row.Factors) && now.Sub(row.Created) < CheckAge {
		return nil
	}
	done, err := tx.Change(who.Account, string(who.ID), checkDone)
	if errors.Is(err, store.ErrNotFound) || err == nil && now.Sub(done.Created) >= CheckAge {
		return ErrCheckNeeded
	}
	return err
}

// noteCheck notes that who was checked.
func noteCheck(tx *store.Tx, now time.Time, who Session) error {
	err := tx.DeleteChange(who.Account, string(who.ID), checkWaits)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return tx.PutChange(store.ChangeRow{Account: who.Account, Session: string(who.ID), Kind: checkDone, Created: now})
}

// Check tells whether who was checked lately, and what is asked for where not.
// Error: ErrSignedOut.
func (s *Service) Check(ctx context.Context, now time.Time, who Session) (Check, error) {
	var c Check
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		c, err = s.checkOf(tx, now, who)
		return err
	})
	if err != nil {
		return Check{}, fmt.Errorf("check: %w", err)
	}
	return c, nil
}

func (s *Service) checkOf(tx *store.Tx, now time.Time, who Session) (Check, error) {
	err := checked(tx, now, who)
	if !errors.Is(err, ErrCheckNeeded) {
		return Check{Done: err == nil}, err
	}
	acc, err := tx.Account(who.Account)
	if err != nil {
		return Check{}, orSignedOut(err)
	}
	var c Check
	if c.Factors, err = s.checkFactors(tx, acc); err != nil {
		return Check{}, err
	}
	if acc.SecondFactor && len(c.Factors) > 0 {
		return c, nil
	}
	to, err := s.destinations(tx, acc)
	if err != nil {
		return Check{}, err
	}
	for _, d := range to {
		c.Channels = append(c.Channels, Destination{d.Channel, d.Masked()})
	}
	row, err := waiting(tx, now, who, checkWaits)
	if errors.Is(err, ErrNoChange) {
		return c, nil
	}
	if err != nil {
		return Check{}, err
	}
	last, err := tx.AccessCode(stored(row.Attempt), string(ForCheck))
	if errors.Is(err, store.ErrNotFound) {
		return c, nil
	}
	c.Code = codeSentOf(last)
	return c, err
}

// checkFactors are the factors that stand in for a code: without a second
// factor a passkey does, and recovery codes have nothing to stand in for.
func (s *Service) checkFactors(tx *store.Tx, acc store.AccountRow) ([]Factor, error) {
	f, err := factorsOf(tx, acc)
	if s.authn == nil {
		f.Passkeys = nil // the server is no longer at a name
	}
	if !acc.SecondFactor {
		f.Codes = 0
	}
	return f.usable(), err
}

// codeSentOf is what may be shown of a stored code.
func codeSentOf(row store.AccessCodeRow) CodeSent {
	d := Destination{Channel(row.Channel), row.Destination}
	return CodeSent{
		Channel: d.Channel, To: d.Masked(), Expires: row.Expires, ResendAt: row.Sent.Add(resendAfter), Over: row.Tries >= codeTries,
	}
}

// SendCheck sends an access code to the account's own address, or number; the
// code before is void. Errors: ErrChannel (no code goes that way, or a second
// factor is needed), ErrSignedOut, *ThrottledError.
func (s *Service) SendCheck(ctx context.Context, now time.Time, who Session, by Channel) (Check, error) {
	secret, err := s.newAttempt()
	if err != nil {
		return Check{}, fmt.Errorf("send a check: %w", err)
	}
	var c Check
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if c, err = s.checkOf(tx, now, who); err != nil || c.Done {
			return err
		}
		to, err := s.checkChannel(tx, who, c, by)
		if err != nil {
			return err
		}
		row, err := waiting(tx, now, who, checkWaits)
		if errors.Is(err, ErrNoChange) {
			row = store.ChangeRow{Account: who.Account, Session: string(who.ID), Kind: checkWaits, Attempt: secret}
			err = nil
		}
		if err != nil {
			return err
		}
		row.Created = now
		c.Code, err = s.sendAccessCode(tx, now, codeRequest{
			Attempt: row.Attempt, Purpose: ForCheck, Account: who.Account, To: to, Language: who.Language, From: who.Client, Asker: inside,
		})
		return errors.Join(err, tx.PutChange(row))
	})
	if err != nil {
		return Check{}, fmt.Errorf("send a check: %w", err)
	}
	return c, nil
}

// checkChannel returns where a code of c goes by a channel.
func (s *Service) checkChannel(tx *store.Tx, who Session, c Check, by Channel) (Destination, error) {
	if len(c.Channels) == 0 {
		return Destination{}, ErrChannel
	}
	acc, err := tx.Account(who.Account)
	if err != nil {
		return Destination{}, orSignedOut(err)
	}
	all, err := s.destinations(tx, acc)
	for _, to := range all {
		if err == nil && to.Channel == by {
			return to, nil
		}
	}
	return Destination{}, errors.Join(err, ErrChannel)
}

// AnswerCheck takes the code that [Service.SendCheck] sent, or a code of the
// second factor; passkeys answer at [Service.ProveByPasskey]. The session goes
// on under a new token. A hundred wrong ones in a row end it. Errors:
// ErrNoChange (no code was sent, or it was used), *WrongCodeError,
// ErrCodeExpired, ErrFactor, ErrAnswer (of another kind than is needed),
// ErrSignedOut, *ThrottledError.
func (s *Service) AnswerCheck(ctx context.Context, now time.Time, who Session, a Answer) (Web, error) {
	var (
		web Web
		err error
	)
	if a.Code != "" {
		web, err = s.checkByCode(ctx, now, who, a.Code)
	} else {
		web, err = s.checkByFactor(ctx, now, who, a)
	}
	if err != nil {
		return Web{}, fmt.Errorf("answer a check: %w", err)
	}
	return web, nil
}

func (s *Service) checkByCode(ctx context.Context, now time.Time, who Session, code string) (Web, error) {
	var row store.ChangeRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = waiting(tx, now, who, checkWaits)
		return err
	})
	if err != nil {
		return Web{}, err
	}
	var web Web
	err = s.redeem(ctx, now, row.Attempt, ForCheck, code, func(tx *store.Tx, _ store.AccessCodeRow) (err error) {
		web, err = s.passCheck(tx, now, who)
		return err
	})
	if errors.Is(err, ErrAttempt) {
		err = ErrNoChange
	}
	return web, errors.Join(err, s.noteCodes(ctx, now, err, func(tx *store.Tx) (store.AccountRow, error) {
		return tx.Account(who.Account)
	}, who.Client))
}

func (s *Service) checkByFactor(ctx context.Context, now time.Time, who Session, a Answer) (Web, error) {
	if a.TOTP == "" && a.RecoveryCode == "" {
		return Web{}, ErrAnswer
	}
	if err := s.countCheck(ctx, now, who); err != nil {
		return Web{}, err
	}
	var web Web
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		acc, err := s.liveAccount(tx, who)
		if err != nil {
			return err
		}
		if !acc.SecondFactor {
			return ErrAnswer
		}
		if a.TOTP != "" {
			err = s.useTOTP(tx, now, acc.ID, a.TOTP)
		} else {
			err = s.useRecoveryCode(tx, now, acc, a.RecoveryCode, who.Client)
		}
		if err != nil {
			return err
		}
		web, err = s.passCheck(tx, now, who)
		return errors.Join(err, tx.ClearThrottle(proofScope, s.checkSubject(who)), tx.EndStreak(who.Account, checkStreak(who)))
	})
	if errors.Is(err, errWrongFactor) {
		err = ErrFactor
	}
	return web, err
}

func (s *Service) passCheck(tx *store.Tx, now time.Time, who Session) (Web, error) {
	if err := noteCheck(tx, now, who); err != nil {
		return Web{}, err
	}
	return s.rotate(tx, now, who)
}

// countCheck counts a try of a second factor before it is looked at: whoever
// holds the session and guesses waits, and loses it in the end.
func (s *Service) countCheck(ctx context.Context, now time.Time, who Session) error {
	ended := false
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		ended = false
		if err := Live(tx, who); err != nil {
			return err
		}
		if _, err := s.countTry(tx, now, proofScope, s.checkSubject(who)); err != nil {
			return err
		}
		n, err := tx.AddStreak(who.Account, checkStreak(who), refuseStreak+1, now)
		if err != nil {
			return err
		}
		ended, err = s.guessedInside(tx, now, who, n, timeline.FactorFailed)
		return err
	})
	if err == nil && ended {
		err = ErrSignedOut
	}
	return err
}

// guessedInside notes that somebody in a session that is signed in guesses: at
// the fifth try in a row without success in the timeline, and the owner is told;
// after the hundredth the session ends, and the owner is told of that.
func (s *Service) guessedInside(tx *store.Tx, now time.Time, who Session, n int, kind timeline.Kind) (ended bool, err error) {
	over := n > refuseStreak
	if n != freeTries && !over {
		return false, nil
	}
	what := "Wrong passwords are tried in a browser that is signed in to your account."
	if kind == timeline.FactorFailed {
		what = "Wrong codes are tried in a browser that is signed in to your account."
	}
	if over {
		what += " That browser was signed out."
		if _, err := tx.DeleteWebSession(who.Account, string(who.ID)); err != nil {
			return false, err
		}
	}
	acc, err := tx.Account(who.Account)
	if err != nil {
		return false, err
	}
	from := who.Client.tidy()
	told := noticeTo(acc, NoticeSuspicious, now, from)
	told.Purpose, told.Detail = ForCheck, what
	return over, errors.Join(
		timeline.Add(tx, acc.ID, timeline.Entry{Kind: kind, At: now, Agent: from.Agent, IP: from.IP, Place: from.Place, Detail: what}),
		s.Notify(tx, told),
	)
}

func checkStreak(who Session) string { return "check " + string(who.ID) }

func (s *Service) checkSubject(who Session) []byte {
	return s.c.Keys.MAC(keyring.Throttles, "check", string(who.Account), string(who.ID))
}
