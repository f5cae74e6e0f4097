package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Recovery (product rule V10): a code to the address or number of the account,
// then a new password. The second factor stays, everything is signed out, and
// the owner always hears of it. Known and unknown accounts are answered alike.
const (
	recoveryLife    = time.Hour        // how long another code can be asked for
	newPasswordLife = 30 * time.Minute // from the right code to the new password
	recoveriesPerIP = 30               // an hour, from one network
)

// Where decoys go to, which are not sent: no country has that code, and no mail
// that domain (RFC 2606).
const (
	nobodysAddress = "somebody@decoy.invalid"
	nobodysNumber  = "+99900000000"
)

var recoverBudget = Budget{Scope: "recover", Limit: recoveriesPerIP, Per: time.Hour}

// Recovering is a recovery under way.
type Recovering struct {
	// ID belongs in a cookie of the browser that asked: the code is of no use
	// without it.
	ID   string
	Sent CodeSent // To is empty where the code goes to what was not typed
}

// Recover begins a recovery: it sends an access code by the channel to the
// account with this email address or phone number (a national one is read as of
// region). An unknown one is answered alike. device is what the browser's device
// cookie holds: strangers cannot use up the codes of a known device. Errors:
// ErrAddress (neither an address nor a number), ErrNoSMS, *ThrottledError.
func (s *Service) Recover(ctx context.Context, now time.Time, typed, region, language string, by Channel, device string, from Client) (Recovering, error) {
	row, find, err := s.readTyped(typed, region, language)
	if err == nil {
		err = s.way(by)
	}
	if err != nil {
		return Recovering{}, err
	}
	secret, err := s.newAttempt()
	if err != nil {
		return Recovering{}, fmt.Errorf("recover: %w", err)
	}
	row.ID, row.Created, row.Password = stored(secret), now, s.nobody // until an account is found
	var sent CodeSent
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := recoverBudget.Take(tx, s.c.Keys, now, Network(from.IP)); err != nil {
			return err
		}
		row := row
		acc, err := open(tx, find)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		known := err == nil
		phone, err := tx.Phone(acc.ID) // of nobody too: it takes as long
		if err != nil {
			return err
		}
		if known {
			row.Account, row.Password, row.Email, row.Phone, row.Language = acc.ID, acc.Password, acc.Email, phone.Number, acc.Language
		}
		if sent, err = s.sendRecovery(tx, now, secret, row, by, device, from); err != nil {
			return err
		}
		return tx.InsertRecovery(row)
	})
	if err != nil {
		return Recovering{}, fmt.Errorf("recover: %w", err)
	}
	return Recovering{ID: secret, Sent: sent}, nil
}

// way fails where a channel is none, or none here.
func (s *Service) way(by Channel) error {
	switch {
	case by == BySMS && s.c.NoSMS:
		return ErrNoSMS
	case by != ByMail && by != BySMS:
		return ErrChannel
	}
	return nil
}

// open finds an account that is not closed for good.
func open(tx *store.Tx, find func(*store.Tx) (store.AccountRow, error)) (store.AccountRow, error) {
	acc, none := find(tx)
	if none != nil && !errors.Is(none, store.ErrNotFound) {
		return acc, none
	}
	leaving, err := tx.Erasure(acc.ID) // of nobody too: it takes as long
	switch {
	case err == nil && !leaving.Closed.IsZero():
		return store.AccountRow{}, store.ErrNotFound
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return acc, err
	}
	return acc, none
}

// readTyped reads an address or a number, and tells how to find its account.
func (s *Service) readTyped(typed, region, language string) (store.RecoveryRow, func(*store.Tx) (store.AccountRow, error), error) {
	row := store.RecoveryRow{Language: parseLanguage(language)}
	if strings.Contains(typed, "@") {
		address, key, err := parseAddress(typed)
		row.Typed = address
		return row, func(tx *store.Tx) (store.AccountRow, error) { return tx.AccountByEmail(key) }, err
	}
	number, err := ParsePhone(typed, s.region(region, language))
	if err != nil {
		err = ErrAddress
	}
	row.Typed = number
	return row, func(tx *store.Tx) (store.AccountRow, error) { return tx.AccountByPhone(number) }, err
}

// region is where a national number is read as from: what the caller knows,
// what the operator set, or where the language is mostly spoken.
func (s *Service) region(region, language string) string {
	for _, r := range []string{region, s.c.Region} {
		if r != "" {
			return r
		}
	}
	return phoneRegion(language)
}

// sendRecovery sends the code, or seems to.
func (s *Service) sendRecovery(tx *store.Tx, now time.Time, secret string, row store.RecoveryRow, by Channel, device string, from Client) (CodeSent, error) {
	who := recovering
	switch name, err := s.knownDevice(tx, row.Account, device, now); { // of nobody too: it takes as long
	case err != nil:
		return CodeSent{}, err
	case name != "":
		who = known
	}
	to := row.Email
	typedHere := strings.Contains(row.Typed, "@")
	if by == BySMS {
		to, typedHere = row.Phone, !typedHere
	}
	decoy := to == ""
	if decoy && by == BySMS {
		to = nobodysNumber
	} else if decoy {
		to = nobodysAddress
	}
	if decoy && typedHere {
		to = row.Typed // counted alike
	}
	sent, err := s.sendAccessCode(tx, now, codeRequest{
		Attempt: secret, Purpose: ForRecovery, Account: row.Account, To: Destination{Channel: by, Address: to},
		Language: row.Language, From: from, Asker: who, Typed: row.Typed, Decoy: decoy,
	})
	sent.To = ""
	if typedHere {
		sent.To = Destination{Channel: by, Address: row.Typed}.Masked()
	}
	return sent, err
}

// ResendRecovery sends another code, by whichever channel; the one before is
// void. device is as in [Service.Recover]. Errors: ErrNoRecovery, ErrNoSMS,
// *ThrottledError.
func (s *Service) ResendRecovery(ctx context.Context, now time.Time, id string, by Channel, device string, from Client) (Recovering, error) {
	if err := s.way(by); err != nil {
		return Recovering{}, err
	}
	var sent CodeSent
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Recovery(stored(id))
		if err != nil {
			return orNoRecovery(err)
		}
		if !row.Proved.IsZero() || now.Sub(row.Created) >= recoveryLife {
			return ErrNoRecovery
		}
		if err := unmoved(tx, row); err != nil {
			return err
		}
		sent, err = s.sendRecovery(tx, now, id, row, by, device, from)
		return err
	})
	if err != nil {
		return Recovering{}, fmt.Errorf("resend recovery code: %w", err)
	}
	return Recovering{ID: id, Sent: sent}, nil
}

// unmoved fails with ErrNoRecovery where the account's address or number is
// another than when the recovery began: its code went to where the owner may no
// longer be. It reads as much of nobody.
func unmoved(tx *store.Tx, row store.RecoveryRow) error {
	acc, err := tx.Account(row.Account)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	phone, err := tx.Phone(row.Account)
	if err != nil {
		return err
	}
	if acc.Email != row.Email || phone.Number != row.Phone {
		return ErrNoRecovery
	}
	return nil
}

// ProveRecovery takes the code. It works once, also in parallel. Errors:
// ErrNoRecovery, *WrongCodeError, ErrCodeExpired.
func (s *Service) ProveRecovery(ctx context.Context, now time.Time, id, code string) error {
	err := s.redeem(ctx, now, id, ForRecovery, code, func(tx *store.Tx, _ store.AccessCodeRow) error {
		row, err := tx.Recovery(stored(id))
		if err != nil {
			return err
		}
		if err := unmoved(tx, row); err != nil {
			return err
		}
		return tx.ProveRecovery(row.ID, now)
	})
	if errors.Is(err, ErrAttempt) || errors.Is(err, store.ErrNotFound) {
		err = ErrNoRecovery
	}
	if err != nil {
		return fmt.Errorf("prove recovery: %w", err)
	}
	return nil
}

// FinishRecovery sets the new password, signs out everywhere and tells the
// owner. An erasure that waits is cancelled; a removal of the second factor by
// support goes on: it is for who has lost both. Where no second factor is set
// it begins a web session; otherwise SignedIn is empty and the person signs in
// with both. A recovery that was proved works once, within 30 min, and not at
// all once the password was changed in another way. device is what the
// browser's device cookie holds. Errors: ErrNoRecovery, *PasswordError,
// *admit.BusyError.
func (s *Service) FinishRecovery(ctx context.Context, now time.Time, id, next, device string, from Client) (SignedIn, error) {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return SignedIn{}, fmt.Errorf("finish recovery: %w", err)
	}
	defer leave()
	row, acc, err := s.provedRecovery(ctx, now, id)
	if err != nil {
		return SignedIn{}, fmt.Errorf("finish recovery: %w", err)
	}
	phc, err := s.recoveredPassword(acc, next)
	if err != nil {
		return SignedIn{}, fmt.Errorf("finish recovery: %w", err)
	}
	var in SignedIn
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		in, err = s.finishRecovery(tx, now, row, phc, device, from.tidy())
		return err
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("finish recovery: %w", err)
	}
	return in, nil
}

// provedRecovery returns a recovery whose next step is the new password.
func (s *Service) provedRecovery(ctx context.Context, now time.Time, id string) (row store.RecoveryRow, acc store.AccountRow, err error) {
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Recovery(stored(id)); err != nil {
			return orNoRecovery(err)
		}
		if row.Account == "" || row.Proved.IsZero() || now.Sub(row.Proved) >= newPasswordLife {
			return ErrNoRecovery
		}
		acc, err = tx.Account(row.Account)
		return orNoRecovery(err)
	})
	return row, acc, err
}

// recoveredPassword checks and hashes a password in place of a forgotten one.
func (s *Service) recoveredPassword(acc store.AccountRow, next string) (string, error) {
	_, key, err := parseAddress(acc.Email)
	if err != nil {
		return "", err
	}
	if err := s.checkPassword(next, key); err != nil {
		return "", err
	}
	same, _, err := s.verify(next, acc.Password)
	if err != nil {
		return "", err
	}
	if same {
		return "", &PasswordError{PasswordSameAsOld, "Choose a password that you have not used here before."}
	}
	return hashPassword(next, s.cost, s.c.Rand)
}

func (s *Service) finishRecovery(tx *store.Tx, now time.Time, row store.RecoveryRow, phc, device string, from Client) (SignedIn, error) {
	if err := tx.DeleteRecovery(row.ID); err != nil {
		return SignedIn{}, orNoRecovery(err)
	}
	if err := unmoved(tx, row); err != nil {
		return SignedIn{}, err
	}
	if err := tx.SetPassword(row.Account, row.Password, phc); err != nil {
		return SignedIn{}, orNoRecovery(err)
	}
	acc, err := tx.Account(row.Account)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.endAll(tx, now, acc, from); err != nil {
		return SignedIn{}, err
	}
	err = errors.Join(
		s.cancelErasure(tx, now, acc.ID, from),
		tx.EndStreaks(acc.ID),
		putOffPassword(tx, now, acc.ID),
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.PasswordRecovered, At: now, Actor: protocol.ByOwner, Agent: from.Agent, IP: from.IP, Place: from.Place,
		}),
		s.c.Notify(tx, noticeTo(acc, NoticeRecovered, now, from)),
		s.tellFirst(tx, noticeTo(acc, NoticeRecovered, now, from)),
	)
	if err != nil || acc.SecondFactor {
		return SignedIn{}, err
	}
	if acc, err = tx.Account(acc.ID); err != nil { // its new generation
		return SignedIn{}, err
	}
	return s.finish(tx, now, acc, entry{From: from, Secret: device, Factors: withPassword + " " + withCode, Quiet: true})
}

func orNoRecovery(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoRecovery
	}
	return err
}
