package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Service answers for accounts. Make one with [New].
type Service struct {
	c    Config
	cost cost
	// nobody is the hash that an unknown address is checked against, so that
	// it costs what a known one does.
	nobody string
	// post writes a message as it is; c.Notify adds what Notify adds.
	post  func(*store.Tx, Notice) error
	authn *webauthn.WebAuthn // nil: no passkeys
	seen  population
}

// New checks c and returns the service.
func New(c Config) (*Service, error) { return newService(c, standardCost) }

func newService(c Config, work cost) (*Service, error) {
	if c.DB == nil || c.Keys == nil || c.Gate == nil || c.Notify == nil || c.Household == nil || c.RestoreProfiles == nil || c.Changed == nil {
		return nil, errors.New("account: DB, Keys, Gate, Notify, Household, RestoreProfiles and Changed must be set")
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.ServiceName == "" {
		c.ServiceName = "Hearthkey"
	}
	if c.MinPassword == 0 {
		c.MinPassword = defaultMinPassword
	}
	if c.MinPassword < defaultMinPassword || c.MinPassword > 64 {
		return nil, fmt.Errorf("account: MinPassword is %d, want %d to 64", c.MinPassword, defaultMinPassword)
	}
	if c.FactorResetWait == 0 {
		c.FactorResetWait = defaultResetWait
	}
	if c.FactorResetWait < 24*time.Hour {
		return nil, fmt.Errorf("account: FactorResetWait is %s, want at least 24h", c.FactorResetWait)
	}
	secret, err := randomText(c.Rand, 32)
	if err != nil {
		return nil, err
	}
	nobody, err := hashPassword(secret, work, c.Rand)
	if err != nil {
		return nil, err
	}
	if err := c.Risk.Check(); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	authn, err := newAuthn(c.Passkeys, c.ServiceName)
	if err != nil {
		return nil, err
	}
	s := &Service{c: c, cost: work, nobody: nobody, post: c.Notify, authn: authn}
	s.c.Notify = s.Notify
	return s, nil
}

// Act makes the account's next version in tx for a change that who asks for,
// and tells changed after the commit. It is one statement with the check that
// who is still live: ErrSignedOut otherwise. Every write of an owner begins
// with it, or with [ActOnPages].
func Act(tx *store.Tx, now time.Time, who Session, changed func(protocol.AccountID, protocol.Version)) (protocol.Version, error) {
	v, err := tx.BumpBy(who.Account, string(who.ID), now)
	if err != nil {
		return 0, orSignedOut(err)
	}
	tx.OnCommit(func() { changed(who.Account, v) })
	return v, nil
}

// ActOnPages is Act for a change of what only pages show. The account keeps its
// version: no TV hears of it, and none writes to its flash.
func ActOnPages(tx *store.Tx, who Session, changed func(protocol.AccountID, protocol.Version)) error {
	v, err := tx.HoldBy(who.Account, string(who.ID))
	if err != nil {
		return orSignedOut(err)
	}
	tx.OnCommit(func() { changed(who.Account, v) })
	return nil
}

// Live fails with ErrSignedOut where who has ended, in tx.
func Live(tx *store.Tx, who Session) error {
	_, err := tx.WebSession(who.Account, string(who.ID))
	return orSignedOut(err)
}

// EndEverything signs out every device and every web session of the account
// but who's own, in tx, and returns who in the new generation. No device but
// who's is known any more: the next sign-in elsewhere needs an access code. Nor
// does a recovery go on that somebody has begun.
func EndEverything(tx *store.Tx, now time.Time, who Session, by protocol.By, changed func(protocol.AccountID, protocol.Version)) (Session, error) {
	g, v, err := tx.EndEverythingBy(who.Account, string(who.ID), by, who.Client.Agent, now)
	if err != nil {
		return Session{}, orSignedOut(err)
	}
	who.Generation = g
	if err := tx.RenewWebSession(who.Account, string(who.ID), g, ""); err != nil {
		return Session{}, orSignedOut(err)
	}
	if err := errors.Join(tx.ForgetOtherDevices(who.Account, string(who.ID)), endSent(tx, who.Account)); err != nil {
		return Session{}, err
	}
	tx.OnCommit(func() { changed(who.Account, v) })
	return who, who.Record(tx, now, timeline.Entry{Kind: timeline.SignedOutEverywhere, Actor: by})
}

// EndLost repeats a sign-out everywhere that a restored database has lost: as
// in the first one, nothing that was begun goes on and no device is known.
func EndLost(tx *store.Tx, now time.Time, id protocol.AccountID) error {
	if _, err := tx.EndEverything(id, protocol.BySafety, "", now); err != nil {
		return err
	}
	return errors.Join(
		endSent(tx, id),
		tx.DeleteChanges(id),
		tx.DeleteSignInsOf(id),
		tx.ForgetKnownDevices(id, ""),
	)
}

// endSent ends what was sent to a mailbox or phone that may not be the owner's
// any more: recoveries, proved ones too, and codes to sign in or be checked with.
func endSent(tx *store.Tx, id protocol.AccountID) error {
	return errors.Join(
		tx.DeleteRecoveries(id),
		tx.DeleteAccessCodesFor(id, string(ForRecovery), string(ForSignIn), string(ForCheck)),
	)
}

// Record writes e into the timeline of who's account, with the time and where
// who is.
func (who Session) Record(tx *store.Tx, now time.Time, e timeline.Entry) error {
	e.At, e.IP, e.Place, e.Agent = now, who.Client.IP, who.Client.Place, who.Client.Agent
	if e.Actor == "" {
		e.Actor = protocol.ByOwner
	}
	return timeline.Add(tx, who.Account, e)
}

// Notice begins a notice to who's own address about something that who did.
func (who Session) Notice(kind NoticeKind, now time.Time) Notice {
	return Notice{
		Kind: kind, Account: who.Account, To: who.Email, Language: who.Language, At: now, Client: who.Client, SignedIn: who.Created,
	}
}

// orSignedOut turns "no such row" into what it means for a live session.
func orSignedOut(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrSignedOut
	}
	return err
}

// Tidy removes what nobody can use any more and does what is due: reminders,
// removals of second factors and other addresses by support, erasures. To be called about hourly.
func (s *Service) Tidy(ctx context.Context, now time.Time) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		return errors.Join(
			tx.DeleteChangesBefore(now.Add(-attemptLife)),
			tx.DeleteChainsBefore(now),
			tx.DeleteLinksBefore(now),
			tx.DeleteRecoveriesBefore(now.Add(-recoveryLife-newPasswordLife)),
			tx.DeleteAttemptsBefore(now.Add(-attemptLife-codeLife)),
			tx.DeleteAccessCodesBefore(now.Add(-24*time.Hour)),
			tx.DeleteSignInsBefore(now),
			tx.DeleteBegunTOTPBefore(now.Add(-totpBegun)),
			tx.DeleteCeremoniesBefore(now),
			tx.DeleteKnownDevicesBefore(now.Add(-DeviceLife)),
			tx.DeleteSignInHistoryBefore(now.Add(-historyLife)),
			tx.DeleteThrottlesBefore(now.Add(-forgetTries-longestWait)),
		)
	})
	err = errors.Join(err, s.CountSeen(ctx), s.remind(ctx, now), s.resetDue(ctx, now), s.contactDue(ctx, now), s.eraseDue(ctx, now))
	if err != nil {
		return fmt.Errorf("tidy accounts: %w", err)
	}
	return nil
}

// newID returns a UUIDv7 as text.
func newID(random io.Reader) (string, error) {
	id, err := uuid.NewV7FromReader(random)
	if err != nil {
		return "", fmt.Errorf("account: make an id: %w", err)
	}
	return id.String(), nil
}
