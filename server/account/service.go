package account

import (
	"context"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Service answers for accounts. Make one with [New].
type Service struct{ c Config }

// New checks c and returns the service.
func New(c Config) (*Service, error) { return &Service{c}, nil }

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
	return Attempt{}, errUnbuilt
}

// ResendCode sends another code; the one before is void. Errors: ErrAttempt,
// *ThrottledError.
func (s *Service) ResendCode(ctx context.Context, now time.Time, attempt string, from Client) (Attempt, error) {
	return Attempt{}, errUnbuilt
}

// VerifyEmail ends a sign-up: with the right code the account exists, with its
// first profiles and this web session. A code works once, also in parallel.
// Errors: ErrAttempt, *WrongCodeError, ErrCodeExpired, ErrAddressTaken.
func (s *Service) VerifyEmail(ctx context.Context, now time.Time, attempt, code string, from Client) (Web, error) {
	return Web{}, errUnbuilt
}

// SignIn begins a web session. Errors: ErrCredentials, *ThrottledError,
// *admit.BusyError.
func (s *Service) SignIn(ctx context.Context, now time.Time, email, password string, from Client) (Web, error) {
	return Web{}, errUnbuilt
}

// Authenticate returns the live session of a token, or ErrSignedOut. It is
// asked for on each request; it writes at most once a minute per session.
func (s *Service) Authenticate(ctx context.Context, now time.Time, token string) (Session, error) {
	return Session{}, errUnbuilt
}

// Prove checks the password again for the sensitive pages and returns the
// session with its new proof time. Errors: ErrCredentials, ErrSignedOut,
// *ThrottledError, *admit.BusyError.
func (s *Service) Prove(ctx context.Context, now time.Time, who Session, password string) (Session, error) {
	return Session{}, errUnbuilt
}

// SignOut ends the web session. Ending one that is gone is no error.
func (s *Service) SignOut(ctx context.Context, now time.Time, who Session) error { return errUnbuilt }

// Sessions lists the account's live web sessions, the latest sign-in first.
func (s *Service) Sessions(ctx context.Context, who Session) ([]Listed, error) {
	return nil, errUnbuilt
}

// Revoke ends another web session of the account. Errors: ErrSignedOut,
// ErrNoSession.
func (s *Service) Revoke(ctx context.Context, now time.Time, who Session, id SessionID) error {
	return errUnbuilt
}

// ChangePassword replaces the password. With everywhere, every other web
// session and every device is signed out in the same transaction. The session
// that asked goes on under a new token. Errors: ErrCredentials (the current
// one is wrong), *PasswordError, ErrSignedOut, *ThrottledError,
// *admit.BusyError.
func (s *Service) ChangePassword(ctx context.Context, now time.Time, who Session, current, next string, everywhere bool) (Web, error) {
	return Web{}, errUnbuilt
}

// Act makes the account's next version in tx for a change that who asks for,
// and tells Changed after the commit. It is one statement with the check that
// who is still live: ErrSignedOut otherwise. Every write of an owner begins
// with it.
func Act(tx *store.Tx, now time.Time, who Session, changed func(protocol.AccountID, protocol.Version)) (protocol.Version, error) {
	return 0, errUnbuilt
}
