package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// ChangeKind says what waits for an access code. Values are stored.
type ChangeKind string

// The kinds.
const (
	ChangesEmail ChangeKind = "email"
	ChangesPhone ChangeKind = "phone"
)

// Change is a change that an access code will complete, of one web session.
type Change struct {
	Kind ChangeKind
	To   string // the new address or number in full
	Sent CodeSent
}

// Phone is the account's number.
type Phone struct {
	Number  string // E.164; empty: none
	Proved  time.Time
	Notices bool // security notices go there too
}

// Phone returns the account's number.
func (s *Service) Phone(ctx context.Context, who Session) (Phone, error) {
	var row store.PhoneRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.Phone(who.Account)
		return err
	})
	if err != nil {
		return Phone{}, fmt.Errorf("phone: %w", err)
	}
	return Phone{row.Number, row.Proved, row.Notices}, nil
}

// ChangeEmail sends an access code to the new address; [Service.ConfirmChange]
// completes the change. The current password may be left out while a proof is
// fresh; a [Check] is needed. An address with an account is answered alike, and
// its owner told. Errors: ErrAddress, ErrSame, ErrCredentials, ErrCheckNeeded, ErrSignedOut, *ThrottledError,
// *admit.BusyError.
func (s *Service) ChangeEmail(ctx context.Context, now time.Time, who Session, current, email string, everywhere bool) (Change, error) {
	address, key, err := parseAddress(email)
	if err != nil {
		return Change{}, err
	}
	if err := s.proof(ctx, now, who, current); err != nil {
		return Change{}, fmt.Errorf("change address: %w", err)
	}
	row := store.ChangeRow{Kind: string(ChangesEmail), Value: address, Key: key, Everywhere: everywhere}
	c, err := s.wait(ctx, now, who, row, func(tx *store.Tx) (owner store.AccountRow, err error) {
		owner, err = tx.AccountByEmail(key)
		if err == nil && owner.ID == who.Account && owner.Email == address {
			return owner, ErrSame
		}
		return owner, err
	})
	if err != nil {
		return Change{}, fmt.Errorf("change address: %w", err)
	}
	return c, nil
}

// ChangePhone sends an access code to a new number, typed in any way (a
// national one is read as of region); [Service.ConfirmChange] completes the
// change. It takes the current password always (product rule A7), and a
// [Check]. Errors: ErrNoSMS, ErrPhone, ErrSame, ErrCredentials, ErrCheckNeeded,
// ErrSignedOut, *ThrottledError, *admit.BusyError.
func (s *Service) ChangePhone(ctx context.Context, now time.Time, who Session, current, typed, region string, notices, everywhere bool) (Change, error) {
	if s.c.NoSMS {
		return Change{}, fmt.Errorf("change phone: %w", ErrNoSMS)
	}
	number, err := parseMobile(typed, s.region(region, who.Language))
	if err != nil {
		return Change{}, err
	}
	if err := s.passwordProof(ctx, now, who, current); err != nil {
		return Change{}, fmt.Errorf("change phone: %w", err)
	}
	row := store.ChangeRow{Kind: string(ChangesPhone), Value: number, Key: number, Notices: notices, Everywhere: everywhere}
	c, err := s.wait(ctx, now, who, row, func(tx *store.Tx) (owner store.AccountRow, err error) {
		owner, err = tx.AccountByPhone(number)
		if err == nil && owner.ID == who.Account {
			return owner, ErrSame
		}
		return owner, err
	})
	if err != nil {
		return Change{}, fmt.Errorf("change phone: %w", err)
	}
	return c, nil
}

// proof takes the current password, or a fresh proof in its place.
func (s *Service) proof(ctx context.Context, now time.Time, who Session, current string) error {
	if current == "" && who.Fresh(now) {
		return nil
	}
	return s.passwordProof(ctx, now, who, current)
}

func (s *Service) passwordProof(ctx context.Context, now time.Time, who Session, current string) error {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = s.proved(ctx, now, who, current)
	return err
}

// wait stores a change and sends the code that completes it. find returns whose
// the new value is already: store.ErrNotFound for nobody's.
func (s *Service) wait(ctx context.Context, now time.Time, who Session, row store.ChangeRow, find func(*store.Tx) (store.AccountRow, error)) (Change, error) {
	secret, err := s.newAttempt()
	if err != nil {
		return Change{}, err
	}
	row.Account, row.Session, row.Attempt, row.Created = who.Account, string(who.ID), secret, now
	var c Change
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := checked(tx, now, who); err != nil {
			return err
		}
		owner, err := find(tx)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := tooSoon(tx, now, row); err != nil {
			return err
		}
		if c, err = s.sendChange(tx, now, who, row, owner); err != nil {
			return err
		}
		return tx.PutChange(row)
	})
	return c, err
}

// tooSoon fails with *ThrottledError where the session's last code for a change
// of this kind is too young. Each change is an attempt of its own, before which no
// code was sent.
func tooSoon(tx *store.Tx, now time.Time, row store.ChangeRow) error {
	last, err := tx.Change(row.Account, row.Session, row.Kind)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	code, err := tx.AccessCode(stored(last.Attempt), purposeOf(ChangeKind(row.Kind)))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if wait := code.Sent.Add(resendAfter).Sub(now); err == nil && wait > 0 {
		err = &ThrottledError{RetryAfter: wait, Young: true}
	}
	return err
}

// sendChange sends a change's code to what is new, or tells whose it is: the
// zero owner for nobody's. However well who is known to their own account, they
// are a stranger to whoever has it.
func (s *Service) sendChange(tx *store.Tx, now time.Time, who Session, row store.ChangeRow, owner store.AccountRow) (Change, error) {
	taken := owner.ID != "" && owner.ID != who.Account
	c := Change{Kind: ChangeKind(row.Kind), To: row.Value}
	r := codeRequest{
		Attempt: row.Attempt, Purpose: ForEmail, Account: who.Account, To: Destination{ByMail, row.Value},
		Language: who.Language, From: who.Client, Asker: stranger, Decoy: taken, Told: taken,
	}
	kind := NoticeHaveAccount
	if c.Kind == ChangesPhone {
		r.Purpose, r.To, kind = ForPhone, Destination{BySMS, row.Value}, NoticePhoneTaken
	}
	var err error
	c.Sent, err = s.sendNew(tx, now, r, noticeTo(owner, kind, now, who.Client))
	return c, err
}

// ResendChange sends another code for what waits; the one before is void.
// Errors: ErrNoChange, ErrSignedOut, *ThrottledError.
func (s *Service) ResendChange(ctx context.Context, now time.Time, who Session, kind ChangeKind) (Change, error) {
	var c Change
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := waitingChange(tx, now, who, kind)
		if err != nil {
			return err
		}
		if kind == ChangesPhone && s.c.NoSMS {
			return ErrNoSMS
		}
		owner, err := ownerOf(tx, row)
		if err != nil {
			return err
		}
		c, err = s.sendChange(tx, now, who, row, owner)
		return err
	})
	if err != nil {
		return Change{}, fmt.Errorf("resend code: %w", err)
	}
	return c, nil
}

// ownerOf returns who has what a change is to: the zero row for nobody.
func ownerOf(tx *store.Tx, row store.ChangeRow) (store.AccountRow, error) {
	find := tx.AccountByEmail
	if ChangeKind(row.Kind) == ChangesPhone {
		find = tx.AccountByPhone
	}
	owner, err := find(row.Key)
	if errors.Is(err, store.ErrNotFound) {
		return store.AccountRow{}, nil
	}
	return owner, err
}

// waitingChange returns a change that waits for a code, of a live session.
func waitingChange(tx *store.Tx, now time.Time, who Session, kind ChangeKind) (store.ChangeRow, error) {
	if kind != ChangesEmail && kind != ChangesPhone {
		return store.ChangeRow{}, errors.Join(Live(tx, who), ErrNoChange)
	}
	return waiting(tx, now, who, kind)
}

// waiting returns what waits for a code, of a live session.
func waiting(tx *store.Tx, now time.Time, who Session, kind ChangeKind) (store.ChangeRow, error) {
	if err := Live(tx, who); err != nil {
		return store.ChangeRow{}, err
	}
	row, err := tx.Change(who.Account, string(who.ID), string(kind))
	if errors.Is(err, store.ErrNotFound) || err == nil && now.Sub(row.Created) >= attemptLife {
		err = ErrNoChange
	}
	return row, err
}

// Waiting returns a change that waits for its code, for a page that is loaded
// again. Errors: ErrNoChange, ErrSignedOut.
func (s *Service) Waiting(ctx context.Context, now time.Time, who Session, kind ChangeKind) (Change, error) {
	c := Change{Kind: kind}
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := waitingChange(tx, now, who, kind)
		if err != nil {
			return err
		}
		c.To = row.Value
		code, err := tx.AccessCode(stored(row.Attempt), purposeOf(kind))
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoChange
		}
		c.Sent = codeSentOf(code)
		return err
	})
	if err != nil {
		return Change{}, fmt.Errorf("waiting change: %w", err)
	}
	return c, nil
}

func purposeOf(kind ChangeKind) string {
	if kind == ChangesPhone {
		return string(ForPhone)
	}
	return string(ForEmail)
}
