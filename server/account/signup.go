package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Attempt is a sign-up under way. Its id belongs in a cookie of the browser
// that asked: a code is of no use without it.
type Attempt struct {
	ID       string
	Email    string    // as it was typed, tidied
	Expires  time.Time // of the code
	ResendAt time.Time // when another code may be asked for
}

// SignUp begins an account: it sends an access code to the address. A known
// address is answered alike, and gets a mail that says so instead of a code.
// Errors: ErrAddress, *PasswordError, *ThrottledError, *admit.BusyError.
func (s *Service) SignUp(ctx context.Context, now time.Time, email, password, language string, from Client) (Attempt, error) {
	address, key, err := parseAddress(email)
	if err != nil {
		return Attempt{}, err
	}
	phc, err := s.newPassword(ctx, password, key)
	if err != nil {
		return Attempt{}, fmt.Errorf("sign up: %w", err)
	}
	id, err := s.newAttempt()
	if err != nil {
		return Attempt{}, fmt.Errorf("sign up: %w", err)
	}
	row := store.AttemptRow{
		ID: stored(id), Email: address, EmailKey: key, Password: phc, Language: parseLanguage(language), Created: now,
	}
	var sent CodeSent
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if err := signUpBudget.Take(tx, s.c.Keys, now, Network(from.IP)); err != nil {
			return err
		}
		if sent, err = s.sendSignUpCode(tx, now, id, row, from); err != nil {
			return err
		}
		return tx.InsertAttempt(row)
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("sign up: %w", err)
	}
	return attemptOf(id, row, sent), nil
}

// newPassword checks and hashes a new password, at the gate.
func (s *Service) newPassword(ctx context.Context, password, emailKey string) (string, error) {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if err := s.checkPassword(password, emailKey); err != nil {
		return "", err
	}
	return hashPassword(password, s.cost, s.c.Rand)
}

// sendSignUpCode sends an attempt its code. Where the address has an account
// the mail says so, and no code will match.
func (s *Service) sendSignUpCode(tx *store.Tx, now time.Time, attempt string, row store.AttemptRow, from Client) (CodeSent, error) {
	owner, err := tx.AccountByEmail(row.EmailKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return CodeSent{}, err
	}
	taken := err == nil
	r := codeRequest{
		Attempt: attempt, Purpose: ForSignUp, To: Destination{ByMail, row.Email},
		Language: row.Language, From: from, Asker: stranger, Decoy: taken, Told: taken,
	}
	return s.sendNew(tx, now, r, Notice{
		Kind: NoticeHaveAccount, Account: owner.ID, To: owner.Email, Language: row.Language, At: now, Client: from.tidy(),
	})
}

// ResendCode sends another code; the one before is void. Errors: ErrAttempt,
// *ThrottledError.
func (s *Service) ResendCode(ctx context.Context, now time.Time, attempt string, from Client) (Attempt, error) {
	var (
		row  store.AttemptRow
		sent CodeSent
	)
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Attempt(stored(attempt)); err != nil {
			return orAttempt(err)
		}
		if now.Sub(row.Created) >= attemptLife {
			return ErrAttempt
		}
		sent, err = s.sendSignUpCode(tx, now, attempt, row, from)
		return err
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("resend code: %w", err)
	}
	return attemptOf(attempt, row, sent), nil
}

// SignUpAddress returns where a sign-up under way sends its codes, and what that
// address is known by. Error: ErrAttempt.
func (s *Service) SignUpAddress(ctx context.Context, now time.Time, attempt string) (address, key string, err error) {
	var row store.AttemptRow
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.Attempt(stored(attempt))
		return orAttempt(err)
	})
	if err == nil && now.Sub(row.Created) >= attemptLife {
		err = ErrAttempt
	}
	if err != nil {
		return "", "", fmt.Errorf("address of a sign-up: %w", err)
	}
	return row.Email, row.EmailKey, nil
}

// VerifyEmail ends a sign-up: with the right code the account exists, with its
// first profiles and this web session. A code works once, also in parallel. The
// device is what the browser's device cookie holds, or empty.
// Errors: ErrAttempt, *WrongCodeError, ErrCodeExpired, ErrAddressTaken.
func (s *Service) VerifyEmail(ctx context.Context, now time.Time, attempt, code, device string, from Client) (SignedIn, error) {
	var signedIn SignedIn
	err := s.redeem(ctx, now, attempt, ForSignUp, code, func(tx *store.Tx, given store.AccessCodeRow) error {
		if err := s.returnSend(tx, given); err != nil {
			return err
		}
		row, err := tx.Attempt(stored(attempt))
		if err != nil {
			return orAttempt(err)
		}
		signedIn, err = s.create(tx, now, row, device, from)
		return err
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("verify address: %w", err)
	}
	return signedIn, nil
}

// create makes the account of a proved address.
func (s *Service) create(tx *store.Tx, now time.Time, row store.AttemptRow, device string, from Client) (SignedIn, error) {
	if err := tx.DeleteAttempt(row.ID); err != nil {
		return SignedIn{}, orAttempt(err)
	}
	id, err := newID(s.c.Rand)
	if err != nil {
		return SignedIn{}, err
	}
	acc := store.AccountRow{
		ID: protocol.AccountID(id), Email: row.Email, Password: row.Password, Language: row.Language,
		Generation: 1, Version: 1, Created: now,
	}
	err = tx.InsertAccount(acc, row.EmailKey)
	if errors.Is(err, store.ErrExists) {
		return SignedIn{}, ErrAddressTaken
	}
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.c.Household(tx, now, acc.ID, acc.Language); err != nil {
		return SignedIn{}, err
	}
	signedIn, err := s.finish(tx, now, acc, entry{From: from, Secret: device, Factors: withPassword + " " + withCode, Quiet: true})
	if err != nil {
		return SignedIn{}, err
	}
	tx.OnCommit(func() { s.c.Changed(acc.ID, acc.Version) })
	return signedIn, signedIn.Session.Record(tx, now, timeline.Entry{Kind: timeline.AccountCreated})
}

func attemptOf(id string, row store.AttemptRow, sent CodeSent) Attempt {
	return Attempt{ID: id, Email: row.Email, Expires: sent.Expires, ResendAt: sent.ResendAt}
}
