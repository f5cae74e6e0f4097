// Package profile keeps a household's profiles and their locks.
//
// Every change is checked against the web session that asks for it, makes the
// account's next version and reaches the TVs as a new snapshot. A PIN is stored
// only as key material sealed under the server's data key; it is never shown.
//
// A [Service] is safe for concurrent use. The tests run it on a real database.
package profile

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Errors of this package; test with errors.Is. A change by a session that was
// signed out fails with account.ErrSignedOut.
var (
	ErrUnknown  = errors.New("profile: no such profile")
	ErrTooMany  = errors.New("profile: as many profiles as allowed")
	ErrMain     = errors.New("profile: the main profile stays")
	ErrName     = errors.New("profile: a name has 1 to 32 characters and no control characters")
	ErrAvatar   = errors.New("profile: unknown avatar")
	ErrLevel    = errors.New("profile: unknown maturity level")
	ErrLanguage = errors.New("profile: not a language tag")
	ErrPIN      = errors.New("profile: a PIN is four digits")
)

// Avatars names the built-in drawings, in the order they are offered.
func Avatars() []string {
	return []string{"fox", "owl", "robot", "comet", "cactus", "whale", "tent", "moon", "kite", "lantern"}
}

// MaxName is the longest name of a profile, in characters.
const MaxName = 32

// Edit is what the owner decides about a profile.
type Edit struct {
	Name     string
	Avatar   string // one of Avatars
	Level    parental.Level
	Language string // BCP 47; empty: the account's
	Kids     bool   // ignored for the main profile
}

// Config is what a [Service] needs.
type Config struct {
	DB   *store.DB
	Keys *keyring.Ring
	Gate *admit.Gate // shared by everything that hashes
	Rand io.Reader   // nil: crypto/rand

	MaxProfiles int // per account; 0: 5

	// Notify writes a message into the outbox, in the caller's transaction.
	Notify func(*store.Tx, account.Notice) error
	// Changed hears, after the commit, that an account is at a version.
	Changed func(protocol.AccountID, protocol.Version)
}

// Service answers for profiles. Make one with [New].
type Service struct{ c Config }

// New checks c and returns the service.
func New(c Config) (*Service, error) { return &Service{c: c}, nil }

var errUnbuilt = errors.New("profile: not built yet")

// Household gives a new account its main and kids profiles (product rule P1),
// in the caller's transaction: account.Config.Household.
func Household(tx *store.Tx, now time.Time, acc protocol.AccountID, language string) error {
	return errUnbuilt
}

// List returns the account's profiles, the main one first, then by age.
func (s *Service) List(ctx context.Context, acc protocol.AccountID) ([]protocol.Profile, error) {
	return nil, errUnbuilt
}

// Create adds a profile.
func (s *Service) Create(ctx context.Context, now time.Time, who account.Session, e Edit) (protocol.Profile, error) {
	return protocol.Profile{}, errUnbuilt
}

// Edit replaces what the owner decides about a profile.
func (s *Service) Edit(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, e Edit) (protocol.Profile, error) {
	return protocol.Profile{}, errUnbuilt
}

// Delete removes a profile with its lock; the main one stays (ErrMain).
func (s *Service) Delete(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID) error {
	return errUnbuilt
}

// SetPIN locks a profile, or replaces its PIN, and reports whether the PIN is
// easily guessed. The caller has seen to a fresh proof (account.Session.Fresh).
func (s *Service) SetPIN(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, pin string) (weak bool, err error) {
	return false, errUnbuilt
}

// RemovePIN unlocks a profile. Without a lock nothing changes. The caller has
// seen to a fresh proof.
func (s *Service) RemovePIN(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID) error {
	return errUnbuilt
}

// Weak reports whether a PIN is easily guessed: all digits alike, a run, a
// birth year or one of the common ones.
func Weak(pin string) bool { return false }

// Snapshot returns what the account's TVs keep, as the exact bytes that travel,
// with their digest. The same profiles always give the same bytes.
func (s *Service) Snapshot(ctx context.Context, acc protocol.AccountID) ([]byte, protocol.Digest, error) {
	return nil, "", errUnbuilt
}

// Pins returns the account's PIN material and its version, opened for the one
// moment of sending it.
func (s *Service) Pins(ctx context.Context, acc protocol.AccountID) ([]protocol.PinMaterial, int64, error) {
	return nil, 0, errUnbuilt
}
