// Package account is who may act for a household: sign-up, password sign-in,
// web sessions and the password itself.
//
// # Promises
//
//   - A [Session] is checked in the transaction of every write that it asks for
//     ([Act]): once a sign-out has committed, nothing of that session is written
//     any more, whatever was in flight.
//   - Known and unknown addresses are answered alike, after the same work.
//   - Secrets are stored only as hashes: passwords as argon2id, session tokens
//     as SHA-256 of 256 random bits, access codes keyed with the server's key.
//
// A [Service] is safe for concurrent use. The tests run it on a real database,
// races included.
package account

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/risk"
	"github.com/hearthkey/hearthkey/server/store"
)

// Errors of this package; test with errors.Is and errors.As.
var (
	// ErrCredentials: the address or the password is wrong; never which.
	ErrCredentials = errors.New("account: wrong address or password")
	// ErrNoPassword is the ErrCredentials of an owner who typed none: that is no
	// try and is not counted.
	ErrNoPassword = fmt.Errorf("%w: none was given", ErrCredentials)
	// ErrSignedOut: no such web session, or it was ended.
	ErrSignedOut = errors.New("account: not signed in")
	// ErrOldToken is ErrSignedOut for a token that another has replaced since,
	// while its session goes on: it still ends the session, and nothing else. A
	// browser must not be told to forget its cookie, which may be the new one.
	ErrOldToken = fmt.Errorf("%w: by this token any more", ErrSignedOut)
	// ErrAddress: not an email address that mail can be sent to.
	ErrAddress = errors.New("account: not an email address")
	// ErrAddressTaken: the address was proved, but has an account already.
	ErrAddressTaken = errors.New("account: the address has an account")
	// ErrAttempt: no such attempt, or it ended: start again.
	ErrAttempt = errors.New("account: no such attempt")
	// ErrCodeExpired: the code's time or its tries ran out: ask for a new one.
	ErrCodeExpired = errors.New("account: access code expired")
	// ErrProofNeeded: the last proof is older than [ProofAge]; see Prove.
	ErrProofNeeded = errors.New("account: the password or a passkey is needed again")
	// ErrCheckNeeded: an access code or a second factor is needed first; see Check.
	ErrCheckNeeded = errors.New("account: an access code or a second factor is needed")
	// ErrNoSMS: this service sends no text messages.
	ErrNoSMS = errors.New("account: no text messages are sent here")
	// ErrChannel: an access code cannot go that way.
	ErrChannel = errors.New("account: no access code goes that way")
	// ErrAnswer: the sign-in needs something else than what was given.
	ErrAnswer = errors.New("account: the sign-in needs another answer")
	// ErrPasskey: the passkey's answer is wrong, of another account or late.
	ErrPasskey = errors.New("account: the passkey does not match")
	// ErrNoPasskeys: the server's address allows no passkeys.
	ErrNoPasskeys = errors.New("account: passkeys are not available here")
	// ErrPasskeyKnown: this passkey is registered already.
	ErrPasskeyKnown = errors.New("account: the passkey is known already")
	// ErrTooManyPasskeys: the account has as many as allowed.
	ErrTooManyPasskeys = errors.New("account: too many passkeys")
	// ErrNoFactor: the account has no such factor.
	ErrNoFactor = errors.New("account: no such factor")
	// ErrFactorExists: an authenticator app is on already; remove it first.
	ErrFactorExists = errors.New("account: an authenticator app is on already")
	// ErrFactorName: a passkey's name has 1 to 64 characters.
	ErrFactorName = errors.New("account: not a name for a passkey")
	// ErrNoSession: the account has no web session of that id.
	ErrNoSession = errors.New("account: no such web session")
	// ErrLink: the link was used, its time is over, or it never was one.
	ErrLink = errors.New("account: link of no use")
	// ErrFactorNeeded: this asks for the second factor too.
	ErrFactorNeeded = errors.New("account: second factor needed")
	// ErrFactor: not the second factor, or one that was used before.
	ErrFactor = errors.New("account: wrong second factor")
	// ErrFactorRefused: after a hundred wrong codes in a row none is taken on this
	// device, or on any unknown one.
	ErrFactorRefused = errors.New("account: no second factor by code is taken here")
	// ErrPhoneTaken: the number was proved, but belongs to another account.
	ErrPhoneTaken = errors.New("account: the number has an account")
	// ErrNoPhone: the account has no phone number.
	ErrNoPhone = errors.New("account: no phone number")
	// ErrSame: the account has this address or number already.
	ErrSame = errors.New("account: nothing would change")
	// ErrNoChange: nothing waits for a code, or it ended: start again.
	ErrNoChange = errors.New("account: no change waits for a code")
	// ErrNoRecovery: no such recovery, or it ended: start again.
	ErrNoRecovery = errors.New("account: no such recovery")
	// ErrStep: another step of the walk comes first, or there is no such step.
	ErrStep = errors.New("account: another step comes first")
	// ErrNotLeaving: the account is not to be erased.
	ErrNotLeaving = errors.New("account: not to be erased")
	// ErrNoReset: no removal of the second factor is under way.
	ErrNoReset = errors.New("account: no second factor is being removed")
	// ErrResetting: a removal of the second factor is under way already.
	ErrResetting = errors.New("account: second factor is being removed already")
	// ErrMoving: support gives the account another address already.
	ErrMoving = errors.New("account: another address is being given already")
	// ErrNoMove: support gives the account no other address.
	ErrNoMove = errors.New("account: no other address is being given")
	// ErrLanguage: not one of the languages that pages and messages are written in.
	ErrLanguage = errors.New("account: not a language that is spoken here")
	// ErrUnknownAccount: no such account.
	ErrUnknownAccount = errors.New("account: no such account")
)

// WrongCodeError says that an access code does not match.
type WrongCodeError struct {
	Left int // tries left for this code
}

// Error says how many tries are left.
func (e *WrongCodeError) Error() string {
	return fmt.Sprintf("account: wrong access code, %d tries left", e.Left)
}

// ThrottledError says that something was asked for too often, or tried too often
// without success. Nothing was done.
type ThrottledError struct {
	RetryAfter time.Duration
	Codes      bool // too many access codes were asked for: another comes then
	Young      bool // the last access code was sent a moment ago: another comes then
	Tries      bool // wrong passwords or codes: the right one is not looked at either
}

// Error tells when to come back.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("account: too many requests: try again in %s", e.RetryAfter)
}

// SessionID names a web session within its account: a UUIDv7 as text.
type SessionID string

// Client is where a request came from.
type Client struct {
	Agent string // what a person reads, e.g. "Firefox on Linux"; kept up to 128 characters
	IP    string // textual address; throttles count by its network
	Place string // approximate, e.g. "near Lyon, France"; may be empty
	Kind  string // desktop, mobile, tablet or tv; empty: unknown
}

// Session is a web session that was live when it was read.
type Session struct {
	Account    protocol.AccountID
	ID         SessionID
	Generation int64
	Email      string
	Language   string // BCP 47
	Created    time.Time
	Proved     time.Time // when the password or a passkey was last given
	Factors    string    // what the sign-in was made with, e.g. "password totp"
	// Client is where the sign-in came from. The border may put in its place
	// where the request comes from: it is what the timeline and notices say.
	Client Client
}

// ProofAge is how old a proof may be for a sensitive page (product rule A8).
const ProofAge = 10 * time.Minute

// Fresh reports whether the password or a passkey was given recently enough for a sensitive
// page.
func (s Session) Fresh(now time.Time) bool { return now.Sub(s.Proved) < ProofAge }

// Web is a web session just begun or renewed, with its token for the cookie.
type Web struct {
	Token   string // shown once; only its hash is stored
	Session Session
}

// Listed is a web session as the owner sees it.
type Listed struct {
	ID       SessionID
	Created  time.Time
	LastSeen time.Time // to the minute
	Client   Client    // of the sign-in
	Current  bool      // the one that asked
}

// NoticeKind tells notices apart.
type NoticeKind string

// The notices and messages that leave through the outbox.
const (
	NoticeAccessCode      NoticeKind = "access-code"           // Code: the six digits
	NoticeHaveAccount     NoticeKind = "have-account"          // somebody signed up with a known address
	NoticeNewSignIn       NoticeKind = "new-sign-in"           // on the web, by an unknown device or a suspicious one; Detail: what was given, as [Session].Factors
	NoticeSuspicious      NoticeKind = "suspicious-attempt"    // the right password, and a code was asked for; Detail: reasons
	NoticeGuessing        NoticeKind = "password-guessing"     // ten wrong passwords in a row: unknown devices need a code too
	NoticePasswordRefused NoticeKind = "password-refused"      // a hundred: no password is taken on unknown devices
	NoticeFactorChanged   NoticeKind = "second-factor-changed" // Detail: what, e.g. "An authenticator app was added."
	NoticeRecoveryCode    NoticeKind = "recovery-code-used"    // Detail: how many are left
	NoticePasswordChanged NoticeKind = "password-changed"      //
	NoticeNewDevice       NoticeKind = "new-device"            // Device: its name
	NoticeDeviceSignedOut NoticeKind = "device-signed-out"
	NoticeDeviceRemoved   NoticeKind = "device-removed" // deactivated
	NoticeDeviceStolen    NoticeKind = "device-stolen"  // reported stolen
	NoticeDeviceCloned    NoticeKind = "device-cloned"
	NoticeEverywhere      NoticeKind = "signed-out-everywhere"
	NoticeLockChanged     NoticeKind = "lock-changed" // Profile: its name
	NoticeProfileChanged  NoticeKind = "profile-changed"
	NoticeParentalChanged NoticeKind = "parental-changed" // Detail: what; Profile: where it is about one
	NoticePINGuessing     NoticeKind = "pin-guessing"     // Profile: whose; empty: the parental PIN. Detail: how many tries
	NoticePINUnlocked     NoticeKind = "pin-unlocked"     // wrong tries were forgiven at once; as above

	NoticeEmailChanged      NoticeKind = "email-changed"       // to the old address; Detail: the new one, shortened
	NoticeEmailSet          NoticeKind = "email-set"           // to the new address
	NoticePhoneChanged      NoticeKind = "phone-changed"       // Detail: the end of the number; empty: removed
	NoticePhoneTaken        NoticeKind = "phone-taken"         // to the owner of a number that somebody else tried to add
	NoticeRecovered         NoticeKind = "password-recovered"  // a new password by recovery; everything was signed out
	NoticeUndone            NoticeKind = "changes-undone"      // by "It wasn't me"; everything was signed out; Detail: what was restored
	NoticeLessAsked         NoticeKind = "less-asked-or-told"  // codes, mails or SMS were switched off; Detail: which
	NoticeLanguageChanged   NoticeKind = "language-changed"    // in the language before; Detail: the new one, by its own name
	NoticeReviewDevices     NoticeKind = "review-devices"      // a reminder the owner asked for
	NoticeRenewPassword     NoticeKind = "renew-password"      // a reminder the owner asked for
	NoticeErasureAsked      NoticeKind = "erasure-asked"       // Expires: when; Link: keeps the account
	NoticeErasureCancelled  NoticeKind = "erasure-cancelled"   // the account stays
	NoticeErased            NoticeKind = "account-erased"      // the last mail; Account is empty
	NoticeFactorReset       NoticeKind = "factor-reset-asked"  // by support; Expires: when; Link: stops it
	NoticeFactorResetEnded  NoticeKind = "factor-reset-done"   // the second factor is removed
	NoticeFactorResetLifted NoticeKind = "factor-reset-lifted" // the owner stopped it

	NoticeContactReset       NoticeKind = "contact-reset-asked"  // by support; Expires: when; Detail: the address to be, shortened; Link: stops it
	NoticeContactResetEnded  NoticeKind = "contact-reset-done"   // to where the account was; Detail: the address it has now, shortened
	NoticeContactResetLifted NoticeKind = "contact-reset-lifted" // the owner stopped it

	NoticeSupportSignOut NoticeKind = "signed-out-by-support" // Device: its name; empty: everywhere. Detail: why
	NoticeLocked         NoticeKind = "account-locked"        // by support; Detail: why
	NoticeUnlocked       NoticeKind = "account-unlocked"      // by support; Detail: why
)

// AtEndDate is the Detail of a [NoticeDeviceSignedOut] at an end date.
const AtEndDate = "end-date"

// Done is what was done to a profile. Empty: it was changed.
type Done string

// What can be done to a profile, beside a change.
const (
	DoneAdded   Done = "added"
	DoneRemoved Done = "removed"
)

// Notice is what a message is about; package notify words it.
type Notice struct {
	Kind     NoticeKind
	Account  protocol.AccountID // empty before there is one
	Channel  Channel            // empty: by mail
	To       string             // email address, or a number in E.164 by SMS
	Language string             // BCP 47
	At       time.Time
	Client   Client // who did it, as far as known
	Code     string // NoticeAccessCode only: a secret
	Device   string // name of the device concerned
	Profile  string // name of the profile concerned
	// ProfileID is of Profile where its own page is linked, and Done what was done
	// to it. Empty: not said.
	ProfileID protocol.ProfileID
	Done      Done
	Detail    string // what changed, e.g. the end of a phone number
	Expires   time.Time
	Purpose   Purpose // NoticeAccessCode: what the code is for

	// Link is the token of the button: "It wasn't me" (page /not-me), or what
	// the kind says (page /keep). A secret. Empty: no button.
	Link string
	// NotMe is the token of "It wasn't me" beside a Link that is for something else.
	// A secret. Empty: Link is all there is.
	NotMe string
	// Stop is the token of "It wasn't me" in the mail of a NoticeAccessCode (page
	// /stop): it ends the attempt that asked for the code. A secret. Empty: no button.
	Stop string
	// First: To is where the account was before a chain of changes, and Link is
	// "It wasn't me" whatever the kind.
	First bool
	// Decoy: worded and stored like any other, so that it takes as long, and
	// never sent: there is nobody.
	Decoy bool
	// SMS is a number in E.164 where this goes too, beside the mail.
	SMS string

	// Before is what the profiles were before the change that this tells of, for
	// Config.RestoreProfiles, or the language before another. It is kept sealed with the link, and sent nowhere.
	Before []byte
	// SignedIn is when whoever did it signed in; zero: unknown.
	SignedIn time.Time
}

// Config is what a [Service] needs.
type Config struct {
	DB   *store.DB
	Keys *keyring.Ring
	Gate *admit.Gate // shared by everything that hashes
	Rand io.Reader   // nil: crypto/rand

	// ServiceName is refused inside passwords. Empty: "Hearthkey".
	ServiceName string
	// MinPassword is the operator's least length in characters; 0: 8.
	MinPassword int

	// FactorResetWait is how long support waits before it removes a second
	// factor; 0: 72 h.
	FactorResetWait time.Duration
	// Region is where national phone numbers are from (ISO 3166-1, e.g. "DE").
	// Empty: where the account's language is mostly spoken.
	Region string

	// NoSMS: there is no SMS gateway. Nothing is offered, sent or promised by SMS.
	NoSMS bool
	// Passkeys names this server to authenticators. The zero value: none.
	Passkeys PasskeyConfig
	// Risk says from when a sign-in is unusual or suspicious. The zero value:
	// the defaults.
	Risk risk.Settings
	// Locate returns the approximate place of a textual address. Nil: unknown.
	Locate func(ip string) Location

	// Notify writes a message into the outbox, in the caller's transaction.
	Notify func(*store.Tx, Notice) error
	// Household gives a new account its first profiles, in the caller's
	// transaction.
	Household func(tx *store.Tx, now time.Time, account protocol.AccountID, language string) error
	// RestoreProfiles makes the profiles and their locks what they were at
	// Notice.Before, in the caller's transaction, which makes the account's next
	// version. It reports whether anything was different.
	RestoreProfiles func(tx *store.Tx, account protocol.AccountID, before []byte) (bool, error)
	// TakeBackStolen undoes reports of stolen devices that were made at since or
	// later, in a transaction that makes the account's next version. Nil: there
	// are none.
	TakeBackStolen func(tx *store.Tx, now time.Time, account protocol.AccountID, since time.Time) error
	// Changed hears, after the commit, that an account is at a version. It
	// must not block. It is a hint: it can get lost.
	Changed func(protocol.AccountID, protocol.Version)
}
