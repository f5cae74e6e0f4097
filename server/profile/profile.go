// Package profile keeps a household's profiles and their locks.
//
// Every change is checked against the web session that asks for it, makes the
// account's next version and reaches the TVs as a new snapshot. A PIN is stored
// only as key material sealed under the server's data key; it is never shown.
//
// A [Service] is safe for concurrent use. The tests run it on a real database.
package profile

import (
	"errors"
	"io"

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

	MaxProfiles int    // per account; 0: 5
	AccountURL  string // where the owner manages profiles, for the TVs to show; may be empty

	// Notify writes a message into the outbox, in the caller's transaction.
	Notify func(*store.Tx, account.Notice) error
	// Changed hears, after the commit, that an account is at a version.
	Changed func(protocol.AccountID, protocol.Version)
}
