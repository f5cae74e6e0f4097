package device

import (
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// Service answers for devices. Make one with [New].
type Service struct{ c Config }

var errUnbuilt = errors.New("device: not built yet")

// New checks c and returns the service.
func New(c Config) (*Service, error) { return &Service{c: c}, nil }

// Enrol answers an enrol frame whose signature over nonce and the server's name
// it checks. It is idempotent by public key until the code's expiry. Errors:
// ErrSignature, ErrStolen, ErrClone, *account.ThrottledError.
func (s *Service) Enrol(ctx context.Context, now time.Time, f protocol.Enrol, nonce []byte, m Meta) (Enrolment, error) {
	return Enrolment{}, errUnbuilt
}

// Enrolled tells what became of a request on the connection that made it:
// ErrPending, ErrRefused, ErrCode (ran out), or the enrolment.
func (s *Service) Enrolled(ctx context.Context, now time.Time, f protocol.Enrol, m Meta) (Enrolment, error) {
	return Enrolment{}, errUnbuilt
}

// Pending returns the TV that shows code, for the page that asks for the
// owner's approval. The code may be typed in any case, with spaces and dashes.
// Errors: ErrCode, *account.ThrottledError (after 10 wrong codes an hour).
func (s *Service) Pending(ctx context.Context, now time.Time, who account.Session, code string) (Request, error) {
	return Request{}, errUnbuilt
}

// Approve signs the TV that shows code in to the owner's account. A code works
// once. Errors: ErrCode, ErrStolen, ErrLimit, account.ErrSignedOut,
// *account.ThrottledError.
func (s *Service) Approve(ctx context.Context, now time.Time, who account.Session, code string) (protocol.DeviceID, error) {
	return "", errUnbuilt
}

// Refuse turns the TV that shows code away. Errors as for Approve.
func (s *Service) Refuse(ctx context.Context, now time.Time, who account.Session, code string) error {
	return errUnbuilt
}

// Authenticate checks an auth frame over nonce and the server's name, and
// notes the connection. ErrClone comes with a usable session, locked by now:
// send its State, then close. Other errors: ErrSignature, ErrUnknown,
// ErrStaleEpoch.
func (s *Service) Authenticate(ctx context.Context, now time.Time, f protocol.Auth, nonce []byte, m Meta) (Session, error) {
	return Session{}, errUnbuilt
}

// State returns what the device lacks of the truth, given what it has. With an
// ask (32 bytes) the answer holds a grant; without one it is a push. A have
// with a State newer than the database (a restored backup) is taken over.
// Errors: ErrUnknown, ErrStaleEpoch, ErrProof.
func (s *Service) State(ctx context.Context, now time.Time, sess Session, ask []byte, have protocol.Have) (Answer, error) {
	return Answer{}, errUnbuilt
}

// Still signs a grant without a database read. The caller allows it only while
// its node's last successful look at the database began less than 10 s ago,
// and a is the device's newest answer, active, with nothing newer known.
func (s *Service) Still(now time.Time, a Answer, ask []byte) (protocol.Still, error) {
	return protocol.Still{}, errUnbuilt
}

// Disconnected notes the end of a session's connection: when the last grant
// was signed and when the device was last heard. A connection that was replaced
// changes nothing.
func (s *Service) Disconnected(ctx context.Context, sess Session, lastGrant, lastContact time.Time) error {
	return errUnbuilt
}

// Heartbeat notes that the node is alive, to be called every 5 s, and with a
// new node id per process: after a crash it bounds the grants that were given.
func (s *Service) Heartbeat(ctx context.Context, now time.Time, node string) error { return errUnbuilt }

// ChangedSince returns the accounts changed at or after since, with their
// versions, at most limit: what a node polls every 5 s to heal lost hints.
func (s *Service) ChangedSince(ctx context.Context, since time.Time, limit int) (map[protocol.AccountID]protocol.Version, error) {
	return nil, errUnbuilt
}

// Receipt takes a device's word that it applied a state. It proves itself and
// needs no connection of the device's own. Taking one again changes nothing.
// The digest is the one to acknowledge. Errors: ErrSignature, ErrUnknown,
// ErrStaleEpoch, ErrProof.
func (s *Service) Receipt(ctx context.Context, now time.Time, jws string) (protocol.Digest, error) {
	return "", errUnbuilt
}

// SignedOutHere takes a device's word that the person at the TV ended its
// session, as Receipt.
func (s *Service) SignedOutHere(ctx context.Context, now time.Time, jws string) (protocol.Digest, error) {
	return "", errUnbuilt
}

// ProfileSelected notes who is watching; an unknown profile is the gate.
func (s *Service) ProfileSelected(ctx context.Context, now time.Time, sess Session, id protocol.ProfileID) error {
	return errUnbuilt
}

// Activity stores what was watched and returns the number up to which all is
// dealt with. Items of unknown profiles, of a session that is no longer active
// and repeated ones are dropped. Errors: ErrStaleEpoch, ErrUnknown.
func (s *Service) Activity(ctx context.Context, now time.Time, sess Session, f protocol.Activity) (through int64, err error) {
	return 0, errUnbuilt
}

// List returns the account's devices, the last seen first.
func (s *Service) List(ctx context.Context, now time.Time, acc protocol.AccountID) ([]Row, error) {
	return nil, errUnbuilt
}

// SignOut ends a device's session. It never makes a status milder, and doing
// it again changes nothing. Errors: ErrUnknown, account.ErrSignedOut.
func (s *Service) SignOut(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	return errUnbuilt
}

// Deactivate removes a device: it erases its identity too, and the server its
// location data at once. Errors as for SignOut.
func (s *Service) Deactivate(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	return errUnbuilt
}

// Rename changes the name that the owner reads. Errors: ErrName, and as for
// SignOut.
func (s *Service) Rename(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, name string) error {
	return errUnbuilt
}

// SignOutEverywhere ends every device's session and every web session but the
// one that asks: one statement, whatever their number. It returns the asking
// session, renewed.
func (s *Service) SignOutEverywhere(ctx context.Context, now time.Time, who account.Session) (account.Session, error) {
	return account.Session{}, errUnbuilt
}

// Receipts returns a device's proofs, the newest first.
func (s *Service) Receipts(ctx context.Context, acc protocol.AccountID, id protocol.DeviceID) ([]Receipt, error) {
	return nil, errUnbuilt
}
