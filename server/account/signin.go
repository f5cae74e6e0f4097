package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Scopes of the counters of tries.
const (
	signInScope = "sign-in" // by account (or unknown login) and network, or by known device
	proofScope  = "proof"   // by session
	factorScope = "factor"  // by account and network, or by known device
	nobodyScope = "nobody"  // read by nobody; see tried
)

// SignInRequest is what somebody gives to sign in.
type SignInRequest struct {
	Login    string // email address or verified phone number
	Password string
	Device   string // what the browser's device cookie holds; empty: none
	From     Client

	// Where a national number is from, as at [Service.Recover]; may be empty.
	Region   string // ISO 3166-1
	Language string // BCP 47

	begin Begin // nil: a web session; see SignInElsewhere
}

// SignedIn is a sign-in that is complete.
type SignedIn struct {
	Web
	// Device belongs in a cookie of its own for [DeviceLife], whoever signs out:
	// it makes this a known device of the account.
	Device string
}

// Outcome is how far a sign-in came: Challenge is nil where it is complete.
type Outcome struct {
	Done      SignedIn
	Challenge *Challenge
}

// Need is what a sign-in with the right password needs on top.
type Need string

// The needs. Values are stored.
const (
	NeedCode         Need = "code"          // an access code: a check of the device, no second factor
	NeedSecondFactor Need = "second-factor" // stands in for an access code too
)

// Challenge is a sign-in that gave the right password and needs something more.
// Its ID is a secret and belongs in a cookie of the browser that asked: nothing
// works without it.
type Challenge struct {
	ID       string
	Need     Need
	Code     CodeSent      // NeedCode: the newest code
	Channels []Destination // NeedCode: where a code can go; the addresses are masked
	Factors  []Factor      // NeedSecondFactor: those that do
	Unusual  bool          // NeedSecondFactor: asked for because of how unusual the sign-in is; otherwise the password would do
	Expires  time.Time
}

// Answer is what somebody gives for a [Challenge]: exactly one of the fields.
type Answer struct {
	Code         string // access code
	TOTP         string // authenticator app
	RecoveryCode string
	Passkey      *PasskeyAnswer
}

// challengeLife is how long somebody may take to answer a challenge.
const challengeLife = 30 * time.Minute

// SignIn takes the password. Known and unknown logins are answered alike, after
// the same work. Errors: ErrCredentials, *ThrottledError (too many failures, or
// too many codes were sent), *admit.BusyError.
func (s *Service) SignIn(ctx context.Context, now time.Time, r SignInRequest) (Outcome, error) {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return Outcome{}, fmt.Errorf("sign in: %w", err)
	}
	defer leave()
	t, err := s.tried(ctx, now, r)
	if err != nil {
		return Outcome{}, fmt.Errorf("sign in: %w", err)
	}
	ok, old, err := s.verify(r.Password, t.acc.Password)
	if err != nil {
		return Outcome{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || t.acc.ID == "" || t.refused {
		return Outcome{}, ErrCredentials
	}
	renewed := ""
	if old {
		if renewed, err = hashPassword(r.Password, s.cost, s.c.Rand); err != nil {
			return Outcome{}, fmt.Errorf("sign in: %w", err)
		}
	}
	var step Outcome
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		step, err = s.passed(tx, now, t, renewed)
		return err
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("sign in: %w", err)
	}
	return step, nil
}

// try is one try of a password, counted.
type try struct {
	r       SignInRequest
	acc     store.AccountRow // without an id where the login is unknown
	device  string           // of known_devices; empty: unknown
	subject []byte           // of the back-off
	before  int              // failures in a row before this
	refused bool             // whatever the password

	failing [len(failureScopes)][]byte // subjects of the day's failures
	failed  [len(failureScopes)]int    // and how many there were before this
}

// tried counts a try before the password is checked.
func (s *Service) tried(ctx context.Context, now time.Time, r SignInRequest) (t try, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		t = try{r: r}
		login, err := s.find(tx, now, &t)
		if err != nil {
			return err
		}
		t.subject = s.trySubject(t, login)
		streak, err := s.countTry(tx, now, signInScope, t.subject)
		if err != nil {
			return err
		}
		if err := s.countFailures(tx, now, &t, login); err != nil {
			return err
		}
		if t.acc.ID == "" { // counted for nobody, so that it takes as long
			_, err := tx.CountThrottle(nobodyScope, t.subject, forgetTries, now)
			return err
		}
		n, err := tx.AddStreak(t.acc.ID, streakOf(t.device), refuseStreak+1, now)
		if err != nil {
			return err
		}
		t.before = n - 1
		t.refused = t.before >= refuseStreak
		return s.noteFailures(tx, now, t, streak)
	})
	return t, err
}

// find looks the login's account up and whether the device is known to it. It
// returns the login as it is counted where there is no account.
func (s *Service) find(tx *store.Tx, now time.Time, t *try) (login string, err error) {
	login, t.acc, err = s.byLogin(tx, t.r.Login, s.region(t.r.Region, t.r.Language))
	if errors.Is(err, store.ErrNotFound) {
		t.acc = store.AccountRow{Password: s.nobody}
		return login, nil
	}
	if err != nil {
		return "", err
	}
	t.device, err = s.knownDevice(tx, t.acc.ID, t.r.Device, now)
	return login, err
}

// byLogin finds the account of an email address or a phone number of region:
// store.ErrNotFound, also for what is neither.
func (s *Service) byLogin(tx *store.Tx, typed, region string) (login string, acc store.AccountRow, err error) {
	if strings.Contains(typed, "@") {
		_, key, err := parseAddress(typed)
		if err != nil {
			return "", acc, store.ErrNotFound
		}
		acc, err = tx.AccountByEmail(key)
		return key, acc, err
	}
	number, err := ParsePhone(typed, region)
	if err != nil {
		return "", acc, store.ErrNotFound
	}
	acc, err = tx.AccountByPhone(number)
	return number, acc, err
}

// trySubject is who waits after failures (product rule V5): a known device for
// itself, everybody else by what was typed and network. By the account itself, an
// address and a number that wait together would be known to belong together (V6);
// the failures in a row count for the account, whatever was typed.
func (s *Service) trySubject(t try, login string) []byte {
	if t.device != "" {
		return s.c.Keys.MAC(keyring.Throttles, "device", string(t.acc.ID), t.device)
	}
	return s.c.Keys.MAC(keyring.Throttles, "login", login, Network(t.r.From.IP))
}

// streakOf names the counter of failures in a row.
func streakOf(device string) string {
	if device == "" {
		return "unknown"
	}
	return "device " + device
}

// noteFailures tells the owner of failures, at the marks and not at each.
func (s *Service) noteFailures(tx *store.Tx, now time.Time, t try, streak int) error {
	from := t.r.From.tidy()
	e := timeline.Entry{At: now, Agent: from.Agent, IP: from.IP, Place: from.Place}
	if streak == freeTries {
		e.Kind = timeline.SignInFailed
		if err := timeline.AddOrCount(tx, t.acc.ID, e); err != nil {
			return err
		}
	}
	var kind NoticeKind
	switch t.before {
	case codeStreak:
		e.Kind, kind = timeline.SignInGuessed, NoticeGuessing
	case refuseStreak:
		e.Kind, kind = timeline.PasswordRefused, NoticePasswordRefused
	default:
		return nil
	}
	if t.before == refuseStreak {
		seen, err := tx.HasTimeline(t.acc.ID, string(e.Kind), now.Add(-24*time.Hour))
		if err != nil || seen {
			return err
		}
	}
	if err := timeline.Add(tx, t.acc.ID, e); err != nil {
		return err
	}
	return s.Notify(tx, noticeTo(t.acc, kind, now, from))
}

// verify checks a password whatever its size; no password of ours is too big.
func (s *Service) verify(password, phc string) (ok, old bool, err error) {
	big := tooBig(password)
	if big {
		password = ""
	}
	ok, old, err = verifyPassword(password, phc, s.cost)
	return ok && !big, old, err
}

// passed goes on after the right password: with a session, or with what is
// needed on top. A sign-out or a new password since then wins: ErrCredentials.
func (s *Service) passed(tx *store.Tx, now time.Time, t try, renewed string) (Outcome, error) {
	acc := t.acc
	if renewed != "" {
		if err := tx.SetPassword(acc.ID, acc.Password, renewed); err != nil {
			return Outcome{}, orCredentials(err)
		}
		acc.Password = renewed
	}
	if err := s.forgive(tx, now, t); err != nil {
		return Outcome{}, err
	}
	v, err := s.assess(tx, now, acc, t)
	if err != nil {
		return Outcome{}, err
	}
	need, err := s.needs(tx, acc, t, v)
	if err != nil {
		return Outcome{}, err
	}
	if need == "" {
		done, err := s.finish(tx, now, acc, entry{From: t.r.From, Secret: t.r.Device, Device: t.device, Factors: withPassword, Verdict: v, Begin: t.r.begin})
		return Outcome{Done: done}, err
	}
	c, err := s.challenge(tx, now, acc, t, need, v)
	return Outcome{Challenge: c}, err
}

// forgive takes back what the right password was counted as.
func (s *Service) forgive(tx *store.Tx, now time.Time, t try) error {
	return errors.Join(
		tx.ClearThrottle(signInScope, t.subject),
		tx.ReturnStreak(t.acc.ID, streakOf(t.device), now),
		returnFailures(tx, t),
	)
}

// needs says what the right password needs on top (product rules V2, V3, V5).
func (s *Service) needs(tx *store.Tx, acc store.AccountRow, t try, v verdict) (Need, error) {
	if acc.SecondFactor {
		return NeedSecondFactor, nil
	}
	if v.Strong {
		stronger, err := s.checkFactors(tx, acc)
		if err != nil || len(stronger) > 0 {
			return NeedSecondFactor, err
		}
	}
	if v.Suspicious || t.before >= codeStreak {
		return NeedCode, nil
	}
	if t.device != "" {
		return "", nil
	}
	p, err := tx.Preferences(acc.ID)
	if err != nil || !p.NewCode {
		return "", err
	}
	return NeedCode, nil
}

func orCredentials(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrCredentials
	}
	return err
}

// What a sign-in was made with; stored with the session.
const (
	withPassword = "password"
	withCode     = "code"
	withTOTP     = "totp"
	withRecovery = "recovery-code"
	withPasskey  = "passkey"
)

// entry is a sign-in that lacks nothing any more.
type entry struct {
	From    Client
	Secret  string // of the browser's device cookie; may be unknown or empty
	Device  string // of known_devices; empty: unknown
	Factors string
	Verdict verdict
	Quiet   bool  // the timeline and the owner are told in another way
	Begin   Begin // nil: a web session
}

// finish begins the session of a complete sign-in and makes the device known.
func (s *Service) finish(tx *store.Tx, now time.Time, acc store.AccountRow, e entry) (SignedIn, error) {
	secret, err := s.remember(tx, now, acc.ID, e)
	if err != nil {
		return SignedIn{}, err
	}
	web, err := s.begin(tx, now, acc, e, deviceHash(acc.ID, secret))
	if err != nil {
		return SignedIn{}, orCredentials(err)
	}
	out := SignedIn{Web: web, Device: secret}
	err = errors.Join(
		tx.EndStreak(acc.ID, streakOf(e.Device)),
		tx.DeleteDeadWebSessions(acc.ID, now.Add(-IdleLimit), maxSessions),
		s.addHistory(tx, now, acc.ID, e.From),
	)
	if err != nil || e.Quiet {
		return out, err
	}
	done := timeline.Entry{Kind: timeline.SignedIn, Detail: e.Verdict.detail()}
	if e.Begin != nil {
		done.Kind = timeline.SignedInElsewhere
	}
	if err := web.Session.Record(tx, now, done); err != nil {
		return out, err
	}
	if e.Begin != nil {
		return SignedIn{}, s.elsewhere(tx, web.Session, e.Begin)
	}
	if e.Device != "" && !e.Verdict.Suspicious && !e.Verdict.Unusual {
		return out, nil // nothing new to tell
	}
	n := web.Session.Notice(NoticeNewSignIn, now)
	n.Detail = e.Factors
	return out, s.Notify(tx, n)
}

// begin adds a web session of acc as it was read: store.ErrNotFound where its
// generation or password has changed since, ErrLocked where support has locked it.
func (s *Service) begin(tx *store.Tx, now time.Time, acc store.AccountRow, e entry, device string) (Web, error) {
	from := e.From.tidy()
	id, err := newID(s.c.Rand)
	if err != nil {
		return Web{}, err
	}
	token, err := s.newToken(acc.ID, SessionID(id))
	if err != nil {
		return Web{}, err
	}
	row := store.WebSessionRow{
		Account: acc.ID, ID: id, TokenHash: protocol.DigestOf([]byte(token)), Generation: acc.Generation,
		Created: now, LastSeen: now, Proved: now, Agent: from.Agent, IP: from.IP, Place: from.Place, Factors: e.Factors, Device: device,
		Email: acc.Email, Language: acc.Language,
	}
	if err := tx.BeginWebSession(row, acc.Password); err != nil {
		return Web{}, orLocked(tx, acc.ID, err)
	}
	return Web{Token: token, Session: sessionOf(row)}, nil
}
