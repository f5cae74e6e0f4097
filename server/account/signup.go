package account

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
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
	id, err := randomText(s.c.Rand, 16)
	if err != nil {
		return Attempt{}, fmt.Errorf("sign up: %w", err)
	}
	row := store.AttemptRow{
		ID: stored(id), Email: address, EmailKey: key, Password: phc, Language: parseLanguage(language),
		Sent: now, Expires: now.Add(codeLife), Created: now,
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := signUpBudget.Take(tx, s.c.Keys, now, Network(from.IP)); err != nil {
			return err
		}
		row := row
		if err := s.sendCode(tx, now, &row, from); err != nil {
			return err
		}
		return tx.InsertAttempt(row)
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("sign up: %w", err)
	}
	return attemptOf(id, row, now), nil
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

// sendCode gives row a new code and puts its mail into the outbox. Where the
// address has an account the mail says so, and no code will match.
func (s *Service) sendCode(tx *store.Tx, now time.Time, row *store.AttemptRow, from Client) error {
	if err := sendBudget.Take(tx, s.c.Keys, now, row.EmailKey); err != nil {
		return err
	}
	notice := Notice{
		Kind: NoticeAccessCode, To: row.Email, Language: row.Language, At: now, Client: from.tidy(), Expires: now.Add(codeLife),
	}
	code, err := accessCode(s.c.Rand)
	if err != nil {
		return err
	}
	row.CodeHash = s.codeHash(row.ID, code)
	switch known, err := tx.AccountByEmail(row.EmailKey); {
	case err == nil:
		row.CodeHash = make([]byte, 32)
		if _, err := io.ReadFull(s.c.Rand, row.CodeHash); err != nil {
			return err
		}
		notice.Kind, notice.Account, notice.To, notice.Expires = NoticeHaveAccount, known.ID, known.Email, time.Time{}
	case errors.Is(err, store.ErrNotFound):
		notice.Code = code
	default:
		return err
	}
	return s.c.Notify(tx, notice)
}

// ResendCode sends another code; the one before is void. Errors: ErrAttempt,
// *ThrottledError.
func (s *Service) ResendCode(ctx context.Context, now time.Time, attempt string, from Client) (Attempt, error) {
	var row store.AttemptRow
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Attempt(stored(attempt)); err != nil {
			return orAttempt(err)
		}
		if now.Sub(row.Created) >= attemptLife {
			return ErrAttempt
		}
		if ready := row.Sent.Add(resendAfter); now.Before(ready) {
			return &ThrottledError{RetryAfter: ready.Sub(now)}
		}
		if err := s.sendCode(tx, now, &row, from); err != nil {
			return err
		}
		row.Expires = now.Add(codeLife)
		return orAttempt(tx.RenewAttempt(row.ID, row.CodeHash, now.Add(-resendAfter), now, row.Expires))
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("resend code: %w", err)
	}
	return attemptOf(attempt, row, now), nil
}

// VerifyEmail ends a sign-up: with the right code the account exists, with its
// first profiles and this web session. A code works once, also in parallel.
// Errors: ErrAttempt, *WrongCodeError, ErrCodeExpired, ErrAddressTaken.
func (s *Service) VerifyEmail(ctx context.Context, now time.Time, attempt, code string, from Client) (Web, error) {
	var (
		web   Web
		wrong *WrongCodeError
	)
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		web, wrong = Web{}, nil
		row, err := tx.Attempt(stored(attempt))
		if err != nil {
			return orAttempt(err)
		}
		tries, err := tx.TryAttempt(row.ID, codeTries, now)
		if errors.Is(err, store.ErrNotFound) {
			return ErrCodeExpired
		}
		if err != nil {
			return err
		}
		if !hmac.Equal(row.CodeHash, s.codeHash(row.ID, strings.ReplaceAll(code, " ", ""))) {
			wrong = &WrongCodeError{Left: codeTries - tries}
			return nil // the try is counted
		}
		web, err = s.create(tx, now, row, from)
		return err
	})
	if err == nil && wrong != nil {
		err = wrong
	}
	if err != nil {
		return Web{}, fmt.Errorf("verify address: %w", err)
	}
	return web, nil
}

// create makes the account of a proved address.
func (s *Service) create(tx *store.Tx, now time.Time, row store.AttemptRow, from Client) (Web, error) {
	if err := tx.DeleteAttempt(row.ID); err != nil {
		return Web{}, orAttempt(err)
	}
	id, err := newID(s.c.Rand)
	if err != nil {
		return Web{}, err
	}
	acc := store.AccountRow{
		ID: protocol.AccountID(id), Email: row.Email, Password: row.Password, Language: row.Language,
		Generation: 1, Version: 1, Created: now,
	}
	err = tx.InsertAccount(acc, row.EmailKey)
	if errors.Is(err, store.ErrExists) {
		return Web{}, ErrAddressTaken
	}
	if err != nil {
		return Web{}, err
	}
	if err := s.c.Household(tx, now, acc.ID, acc.Language); err != nil {
		return Web{}, err
	}
	web, err := s.begin(tx, now, acc, from)
	if err != nil {
		return Web{}, err
	}
	tx.OnCommit(func() { s.c.Changed(acc.ID, acc.Version) })
	return web, web.Session.Record(tx, now, timeline.Entry{Kind: timeline.AccountCreated})
}

func attemptOf(id string, row store.AttemptRow, now time.Time) Attempt {
	return Attempt{ID: id, Email: row.Email, Expires: row.Expires, ResendAt: now.Add(resendAfter)}
}

func orAttempt(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrAttempt
	}
	return err
}

// stored is how the database knows an attempt: a reader of the database cannot
// go on with it.
func stored(attempt string) string { return string(protocol.DigestOf([]byte(attempt))) }

func (s *Service) codeHash(attempt, code string) []byte {
	return s.c.Keys.MAC(keyring.AccessCodes, attempt, code)
}

// accessCode returns six random digits, each value alike.
func accessCode(random io.Reader) (string, error) {
	n, err := randomBelow(random, big.NewInt(1_000_000))
	return fmt.Sprintf("%06d", n), err
}
