// Package profile keeps a household's profiles, their locks and its parental
// control.
//
// Every change is checked against the web session or the TV's sign-in that asks
// for it, makes the account's next version and reaches the TVs as a new snapshot.
// A PIN is stored only as key material sealed under the server's data key; it is
// never shown. Wrong tries at a PIN are counted over all devices.
//
// A [Service] is safe for concurrent use. The tests run it on a real database.
package profile

import (
	"context"
	"errors"
	"io"
	"slices"
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
	ErrName     = errors.New("profile: a name has 1 to 32 characters, of which some show and none hide")
	ErrAvatar   = errors.New("profile: unknown avatar")
	ErrLevel    = errors.New("profile: unknown maturity level")
	ErrAbove    = errors.New("profile: not a level that has others above it")
	ErrLanguage = errors.New("profile: not a language tag")
	ErrPIN      = errors.New("profile: a PIN is four digits")

	// ErrKidsLevel: a kids profile may watch what older kids may, at most.
	ErrKidsLevel = errors.New("profile: a kids profile has the level of little or older kids")
	// ErrTitle: a title that is to be added is not on offer.
	ErrTitle = errors.New("profile: no such title")
	// ErrTooManyTitles: as many titles as allowed; see MaxBlocked and MaxParentalTitles.
	ErrTooManyTitles = errors.New("profile: as many titles as allowed")
)

// maxKids is the highest level of a kids profile: its home on the TV is made for
// children, and what it watched is shown to parents first.
const maxKids = parental.OlderKids

// Avatars names the built-in drawings, in the order they are offered.
func Avatars() []string {
	return protocol.Avatars()
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

	// Title names a title that is or was on offer; "" for one that nobody knows. Nil:
	// every title is known, without a name.
	Title func(protocol.TitleID) string
	// Series names the series that an episode on offer belongs to: "" for anything
	// else. Nil: there are no episodes.
	Series func(protocol.TitleID) protocol.TitleID
	// Password checks the account's password that was typed at a TV, as one that
	// is typed there to sign in: account.ErrCredentials where it is wrong. Nil: none
	// is right.
	Password func(ctx context.Context, now time.Time, acc protocol.AccountID, tv protocol.DeviceID, password string, from account.Client) error

	// Notify writes a message into the outbox, in the caller's transaction.
	Notify func(*store.Tx, account.Notice) error
	// Changed hears, after the commit, that an account is at a version.
	Changed func(protocol.AccountID, protocol.Version)
}

// Child reports whether a profile is a child's: what a household watched is not for
// it to look through.
func Child(p protocol.Profile) bool { return p.Kids || p.Level < parental.Teens }

func knownAvatar(name string) bool { return slices.Contains(Avatars(), name) }
