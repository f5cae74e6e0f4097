// Package operator is who runs the service: people with a role and a token,
// what they may do about accounts, and the log of what they did (product rule
// O3).
//
// # Promises
//
//   - Every act is in the audit log (package audit) before it is done, with its
//     reason, and its outcome after: nothing happens that is not there. Where it
//     concerns an account, the account's timeline has it too.
//   - An operator who was disabled does nothing any more: that is checked in
//     the transaction that writes the log.
//   - Of a token only the SHA-256 of its 256 random bits is stored.
//   - The log outlives accounts, so it names them by id, never by address.
//
// Whether a role is enough for an act is for the border to say, in its table of
// routes (package admin); [Role.Covers] compares. A [Service] is safe for
// concurrent use. The tests run it on a real database.
package operator

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Errors of this package; test with errors.Is.
var (
	// ErrToken: no operator has this token any more.
	ErrToken = errors.New("operator: token is not valid")
	// ErrName: a name has 1 to 32 of a-z, 0-9, hyphen and dot, and begins with a letter.
	ErrName = errors.New("operator: not a name")
	// ErrRole: there is no such role.
	ErrRole = errors.New("operator: no such role")
	// ErrTaken: the name belongs, or belonged, to an operator.
	ErrTaken = errors.New("operator: the name was given before")
	// ErrTooMany: there are as many operators as allowed.
	ErrTooMany = errors.New("operator: too many operators")
	// ErrUnknown: no operator of this name has rights.
	ErrUnknown = errors.New("operator: no such operator")
	// ErrLastAdmin: nobody could make operators any more.
	ErrLastAdmin = errors.New("operator: the last admin")
	// ErrReason: an act about accounts needs a reason.
	ErrReason = errors.New("operator: a reason is needed")
	// ErrLookup: neither an address, a number in international form, a device
	// nor an account.
	ErrLookup = errors.New("operator: not something to look for")
	// ErrDevice: not a device's id.
	ErrDevice = errors.New("operator: not a device's id")
	// ErrNobody: nothing was found.
	ErrNobody = errors.New("operator: nothing found")
	// ErrSweepOpen: a sign-out of everyone waits for its approval, or runs.
	ErrSweepOpen = errors.New("operator: a sign-out of everyone is open")
	// ErrNoSweep: no sign-out of everyone of this id waits or runs, or its hour to
	// be approved is over.
	ErrNoSweep = errors.New("operator: no such sign-out of everyone")
	// ErrSecond: whoever asked for it cannot approve it.
	ErrSecond = errors.New("operator: a second operator is needed")
	// ErrTooNew: an operator who was made by another less than a day ago approves
	// nothing.
	ErrTooNew = errors.New("operator: made too recently")
	// ErrPace: accounts per second have bounds.
	ErrPace = errors.New("operator: not a pace")
)

// Role is what an operator may do. Each includes those before it.
type Role string

// The roles.
const (
	Viewer  Role = "viewer"  // find accounts and devices
	Support Role = "support" // and have second factors removed, sign out and lock
	Admin   Role = "admin"   // and import accounts, sign everyone out, make operators, read the log
)

// Roles lists them, the least first.
var Roles = []Role{Viewer, Support, Admin}

func (r Role) rank() int {
	for i, known := range Roles {
		if r == known {
			return i + 1
		}
	}
	return 0
}

// Covers reports whether r may do what needs least. No unknown role does.
func (r Role) Covers(least Role) bool {
	return r.rank() > 0 && least.rank() > 0 && r.rank() >= least.rank()
}

// Token proves who an operator is.
type Token string

// LogValue keeps it out of logs.
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Operator is somebody who runs the service.
type Operator struct {
	Name      string
	Role      Role
	CreatedBy string // empty: with the data folder
	Created   time.Time
	Disabled  time.Time // zero: not disabled
	LastUsed  time.Time // to the minute; zero: never
}

// Accounts is what this package asks of [account.Service].
type Accounts interface {
	Find(ctx context.Context, email string) (protocol.AccountID, error)
	Import(ctx context.Context, now time.Time, why string, rows []account.ImportRow) (int, []account.ImportError, error)
	AskFactorReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) (time.Time, error)
	AskContactReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason, email string) (time.Time, error)
	GiveUpContactReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error
	GiveUpFactorReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error
	SignOutByOperator(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error
	Lock(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error
	Unlock(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error
	SignOutInSweep(tx *store.Tx, now time.Time, id protocol.AccountID, operator, reason string, tell bool) error
}

// Config is what a [Service] works with.
type Config struct {
	DB       *store.DB
	Keys     *keyring.Ring
	Audit    *audit.Log
	Accounts Accounts
	// Devices lists an account's devices: that of [device.Service].
	Devices func(context.Context, time.Time, protocol.AccountID) ([]device.Row, error)
	// EndDevice signs one device out and reports whether it was signed in: that of
	// [device.Service].
	EndDevice func(ctx context.Context, now time.Time, acc protocol.AccountID, id protocol.DeviceID, operator, reason string) (bool, error)
	// Log gets what a sign-out of everyone cannot do. Default: nowhere.
	Log *slog.Logger
	// Rand makes tokens. Default crypto/rand.
	Rand io.Reader
}

// Service answers for operators. Make one with [New].
type Service struct {
	c    Config
	wake chan struct{} // a sign-out of everyone was approved
}

// New checks c and returns the service.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Keys == nil || c.Audit == nil || c.Accounts == nil || c.Devices == nil || c.EndDevice == nil {
		return nil, errors.New("operator: DB, Keys, Audit, Accounts, Devices and EndDevice must be set")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &Service{c, make(chan struct{}, 1)}, nil
}
