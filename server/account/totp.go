package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Time-based one-time passwords (RFC 6238) as authenticator apps make them.
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSlack  = 1  // steps before and after now that are taken: RFC 6238 §5.2
	totpSecret = 20 // bytes: the length of the hash, RFC 4226 §4

	totpBegun = 15 * time.Minute // how long a new secret waits for its first code
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPSetup is an authenticator app about to be added.
type TOTPSetup struct {
	Secret string // base32 in groups of four, to be typed
	URI    string // otpauth://totp/…, to be shown as a QR code
}

// totpAt is the code of a time step: RFC 4226 §5.3 with the step as counter.
func totpAt(secret []byte, step int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// matchTOTP returns the step around now that code belongs to, the latest if
// several. It takes the same time for every code.
func matchTOTP(secret []byte, code string, now time.Time) (step int64, ok bool) {
	code = tidyCode(code)
	middle := now.Unix() / int64(totpStep/time.Second)
	for s := middle - totpSlack; s <= middle+totpSlack; s++ {
		if subtle.ConstantTimeCompare([]byte(totpAt(secret, s, totpDigits)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// BeginTOTP makes a secret for an authenticator app. It is who's alone, for 15
// minutes: nobody can leave a secret that he knows for the owner to find.
// Nothing changes before [Service.ConfirmTOTP]. Errors: ErrProofNeeded,
// ErrCheckNeeded, ErrSignedOut, ErrFactorExists.
func (s *Service) BeginTOTP(ctx context.Context, now time.Time, who Session) (TOTPSetup, error) {
	if !who.Fresh(now) {
		return TOTPSetup{}, ErrProofNeeded
	}
	secret := make([]byte, totpSecret)
	if _, err := io.ReadFull(s.c.Rand, secret); err != nil {
		return TOTPSetup{}, fmt.Errorf("begin totp: %w", err)
	}
	sealed, err := s.c.Keys.Seal(keyring.TOTPSecrets, secret, string(who.Account))
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begin totp: %w", err)
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := checked(tx, now, who); err != nil {
			return err
		}
		err := tx.PutTOTP(store.TOTPRow{Account: who.Account, Sealed: sealed, Created: now, Session: string(who.ID)})
		if errors.Is(err, store.ErrExists) {
			return ErrFactorExists
		}
		return err
	})
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("begin totp: %w", err)
	}
	return s.setupOf(secret, who.Email), nil
}

func (s *Service) setupOf(secret []byte, email string) TOTPSetup {
	text := base32Text.EncodeToString(secret)
	issuer := s.c.ServiceName
	q := url.Values{"secret": {text}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{
		Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + email,
		RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20"), // apps read %20, not all of them +
	}
	groups := make([]string, 0, len(text)/4)
	for ; len(text) > 4; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return TOTPSetup{Secret: strings.Join(append(groups, text), " "), URI: u.String()}
}

// ConfirmTOTP turns the app on with one right code of it: from now on the
// password needs a second factor. Where the account has no recovery codes it
// gets ten, which are returned to be shown once. Errors: ErrProofNeeded,
// ErrSignedOut, ErrNoFactor (none was begun), ErrFactorExists, *WrongCodeError,
// *ThrottledError.
func (s *Service) ConfirmTOTP(ctx context.Context, now time.Time, who Session, code string, everywhere bool) (Web, []string, error) {
	if err := s.countConfirm(ctx, now, who); err != nil {
		return Web{}, nil, fmt.Errorf("confirm totp: %w", err)
	}
	var codes []string
	web, err := s.changeFactor(ctx, now, who, everywhere, func(tx *store.Tx, acc store.AccountRow) (factorChange, error) {
		codes = nil
		app, err := begunTOTP(tx, now, who)
		if err != nil {
			return factorChange{}, err
		}
		step, ok, err := s.matchSealed(app, code, now)
		if err != nil {
			return factorChange{}, err
		}
		if !ok {
			return factorChange{}, &WrongCodeError{Left: codeTries}
		}
		if err := tx.ConfirmTOTP(acc.ID, app.Created, step, now); err != nil {
			return factorChange{}, orNoFactor(err)
		}
		if !acc.SecondFactor {
			if err := s.setSecond(tx, now, who, true); err != nil {
				return factorChange{}, err
			}
		}
		if codes, err = s.firstCodes(tx, now, acc.ID); err != nil {
			return factorChange{}, err
		}
		return factorChange{"An authenticator app was added.", timeline.Entry{Kind: timeline.TOTPAdded}}, nil
	})
	return web, codes, err
}

// countConfirm slows guessing at a new app's code, which proves nothing but
// that the app works.
func (s *Service) countConfirm(ctx context.Context, now time.Time, who Session) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		return confirmBudget.Take(tx, s.c.Keys, now, string(who.Account))
	})
}

var confirmBudget = Budget{Scope: "totp-confirm", Limit: confirmsAnHour, Per: time.Hour}

// confirmsAnHour is how many first codes of a new app an account may try.
const confirmsAnHour = 30

// RemoveTOTP turns the app off and forgets its secret. Where no passkey is
// left the password alone is enough again. Errors: ErrProofNeeded,
// ErrSignedOut, ErrNoFactor.
func (s *Service) RemoveTOTP(ctx context.Context, now time.Time, who Session, everywhere bool) (Web, error) {
	return s.changeFactor(ctx, now, who, everywhere, func(tx *store.Tx, acc store.AccountRow) (factorChange, error) {
		app, err := tx.TOTP(acc.ID)
		if err == nil && app.Confirmed.IsZero() {
			err = ErrNoFactor // one that was only begun protects nothing yet
		}
		if err == nil {
			err = tx.DeleteTOTP(acc.ID)
		}
		if err != nil {
			return factorChange{}, orNoFactor(err)
		}
		if err := s.withoutFactors(tx, now, who, acc); err != nil {
			return factorChange{}, err
		}
		return factorChange{"The authenticator app was removed.", timeline.Entry{Kind: timeline.TOTPRemoved}}, nil
	})
}

// withoutFactors turns the second factor off where the last one went.
func (s *Service) withoutFactors(tx *store.Tx, now time.Time, who Session, acc store.AccountRow) error {
	f, err := factorsOf(tx, acc)
	if err != nil || f.TOTP || len(f.Passkeys) > 0 || !acc.SecondFactor {
		return err
	}
	return errors.Join(s.setSecond(tx, now, who, false), tx.ReplaceRecoveryCodes(acc.ID, nil, now))
}

// useTOTP checks a code and uses its step up: errWrongFactor where it is wrong,
// or it or a later one was used.
func (s *Service) useTOTP(tx *store.Tx, now time.Time, acc protocol.AccountID, code string) error {
	app, err := tx.TOTP(acc)
	if errors.Is(err, store.ErrNotFound) || err == nil && app.Confirmed.IsZero() {
		return errWrongFactor
	}
	if err != nil {
		return err
	}
	step, ok, err := s.matchSealed(app, code, now)
	if err != nil {
		return err
	}
	if !ok {
		return errWrongFactor
	}
	err = tx.UseTOTPStep(acc, step)
	if errors.Is(err, store.ErrNotFound) {
		return errWrongFactor
	}
	return err
}

func (s *Service) matchSealed(app store.TOTPRow, code string, now time.Time) (int64, bool, error) {
	secret, err := s.c.Keys.Unseal(keyring.TOTPSecrets, app.Sealed, string(app.Account))
	if err != nil {
		return 0, false, fmt.Errorf("totp secret: %w", err)
	}
	step, ok := matchTOTP(secret, code, now)
	return step, ok, nil
}

func orNoFactor(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoFactor
	}
	return err
}
