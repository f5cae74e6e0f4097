package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Channel is a way in which an access code reaches a person.
type Channel string

// The channels.
const (
	ByMail Channel = "mail"
	BySMS  Channel = "sms"
)

// Purpose says what an access code is asked for: one for another purpose does
// not match.
type Purpose string

// The purposes.
const (
	ForSignUp   Purpose = "sign-up"
	ForSignIn   Purpose = "sign-in"
	ForEmail    Purpose = "email" // a new address
	ForPhone    Purpose = "phone" // a new number
	ForCheck    Purpose = "check" // who changes how the account is reached or protected
	ForRecovery Purpose = "recovery"
)

// new reports whether the code goes to what the account will have, and what may
// be anybody's.
func (p Purpose) new() bool { return p == ForSignUp || p == ForEmail || p == ForPhone }

// Destination is where an access code goes.
type Destination struct {
	Channel Channel
	Address string // email address or E.164 number
}

// Masked shows as much of d as its owner needs to recognise it.
func (d Destination) Masked() string {
	if d.Channel == BySMS {
		return maskPhone(d.Address)
	}
	return maskEmail(d.Address)
}

// CodeSent is what a page may show of an access code on its way. It is the same
// where none was sent because nobody is there.
type CodeSent struct {
	Channel  Channel
	To       string    // masked
	Expires  time.Time // of the code
	ResendAt time.Time // when another may be asked for
	Over     bool      // it works no longer: all tries were used. Only where the code is looked up again
}

// asker is who an access code is for, as far as it counts against budgets.
type asker int

const (
	stranger   asker = iota // anybody: only an address was given
	recovering              // a recovery from an unknown device
	proved                  // the right password, on an unknown device
	known                   // a known device, about its own account
	inside                  // a web session, about its own account
)

// untold reports whether nothing may be told that depends on an account.
func (a asker) untold() bool { return a == stranger || a == recovering }

// codeRequest asks for an access code.
type codeRequest struct {
	Attempt  string // the attempt's secret, of newAttempt; the browser keeps it
	Purpose  Purpose
	Account  protocol.AccountID // empty before there is one
	To       Destination
	Language string // of the message, BCP 47
	From     Client
	Asker    asker
	// Typed is what was typed where the code goes to something else of the same
	// account: then nothing is told that depends on the destination.
	Typed string
	// Decoy counts, answers and takes as long alike, but sends nothing, and no
	// code matches.
	Decoy bool
	// Muted counts apart: nothing will be sent, and nobody else's codes are used up.
	Muted bool
	// Told: the caller sends another message in a decoy's place.
	Told bool
}

// newAttempt returns a secret that binds a code to whoever asked for it: 128
// random bits. Only a hash of it is stored.
func (s *Service) newAttempt() (string, error) { return randomText(s.c.Rand, 16) }

// sendAccessCode gives an attempt a new code in tx and puts its message into
// the outbox; the code before is void. Errors: *ThrottledError (the last was
// sent less than 30 s ago, or a budget is used up: nothing was done).
func (s *Service) sendAccessCode(tx *store.Tx, now time.Time, r codeRequest) (CodeSent, error) {
	silent, err := s.takeSend(tx, now, r)
	if err != nil {
		return CodeSent{}, aboutCodes(err)
	}
	return s.sendCode(tx, now, r, silent)
}

// sendCode is sendAccessCode past the budgets; silent: nothing is sent.
func (s *Service) sendCode(tx *store.Tx, now time.Time, r codeRequest, silent bool) (CodeSent, error) {
	code, err := accessCode(s.c.Rand)
	if err != nil {
		return CodeSent{}, err
	}
	row := store.AccessCodeRow{
		Attempt: stored(r.Attempt), Purpose: string(r.Purpose), Account: r.Account,
		Channel: string(r.To.Channel), Destination: r.To.Address, Sent: now, Expires: now.Add(codeLife), Created: now,
	}
	row.Hash = s.codeHash(row, code)
	if r.Decoy || silent {
		row.Hash = make([]byte, len(row.Hash))
		if _, err := io.ReadFull(s.c.Rand, row.Hash); err != nil {
			return CodeSent{}, err
		}
	}
	if err := s.putCode(tx, now, row); err != nil {
		return CodeSent{}, err
	}
	sent := CodeSent{Channel: r.To.Channel, To: r.To.Masked(), Expires: row.Expires, ResendAt: now.Add(resendAfter)}
	if r.Decoy && r.Told {
		return sent, nil
	}
	n := Notice{
		Kind: NoticeAccessCode, Account: r.Account, Channel: r.To.Channel, To: r.To.Address, Language: r.Language,
		At: now, Client: r.From.tidy(), Code: code, Purpose: r.Purpose, Expires: row.Expires, Decoy: r.Decoy || silent,
		Stop: s.stopToken(row),
	}
	err = s.Notify(tx, n)
	var throttled *ThrottledError
	if errors.As(err, &throttled) && r.Asker.untold() {
		n.Decoy = true // the gateway's budget: an answer would tell that somebody is there, and so would its time
		err = s.Notify(tx, n)
	}
	return sent, err
}

// putCode stores a code unless the one before it is too young.
func (s *Service) putCode(tx *store.Tx, now time.Time, row store.AccessCodeRow) error {
	err := tx.PutAccessCode(row, now.Add(-resendAfter))
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	last, err := tx.AccessCode(row.Attempt, row.Purpose)
	if err != nil {
		return err
	}
	return &ThrottledError{RetryAfter: last.Sent.Add(resendAfter).Sub(now), Young: true}
}

// redeem takes a try of an attempt's access code. Where code is right it uses
// it up and runs then, all in one transaction: a code works once, also in
// parallel, and not at all where then fails. Errors: ErrAttempt (no such
// attempt, or used), *WrongCodeError, ErrCodeExpired, and then's.
func (s *Service) redeem(ctx context.Context, now time.Time, attempt string, p Purpose, code string, then func(*store.Tx, store.AccessCodeRow) error) error {
	var wrong *WrongCodeError
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		wrong = nil
		row, err := tx.AccessCode(stored(attempt), string(p))
		if err != nil {
			return orAttempt(err)
		}
		used, tries, err := tx.UseAccessCode(row.Attempt, row.Purpose, s.codeHash(row, tidyCode(code)), codeTries, now)
		switch {
		case errors.Is(err, store.ErrNotFound) && !row.Used.IsZero():
			return ErrAttempt
		case errors.Is(err, store.ErrNotFound):
			return ErrCodeExpired
		case err != nil:
			return err
		case !used:
			wrong = &WrongCodeError{Left: codeTries - tries}
			return nil // the try is counted
		}
		return then(tx, row)
	})
	if err == nil && wrong != nil {
		return wrong
	}
	return err
}

// codeHash binds a code to its attempt, purpose and destination.
func (s *Service) codeHash(r store.AccessCodeRow, code string) []byte {
	return s.c.Keys.MAC(keyring.AccessCodes, r.Attempt, r.Purpose, string(r.Account), r.Channel, r.Destination, code)
}

// accessCode returns six random digits, each value alike.
func accessCode(random io.Reader) (string, error) {
	n, err := randomBelow(random, big.NewInt(1_000_000))
	return fmt.Sprintf("%06d", n), err
}

// tidyCode drops what people put between digits.
func tidyCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, code)
}

// stored is how the database knows a secret that a browser keeps: a reader of
// the database cannot go on with it.
func stored(secret string) string { return string(protocol.DigestOf([]byte(secret))) }

func orAttempt(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrAttempt
	}
	return err
}

// maskEmail shows the first and last letter of the local part and the domain.
func maskEmail(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	runes := []rune(local)
	if !ok || len(runes) == 0 {
		return "…"
	}
	if len(runes) < 3 {
		return string(runes[:1]) + "…@" + domain
	}
	return string(runes[:1]) + "…" + string(runes[len(runes)-1:]) + "@" + domain
}

// maskPhone shows the country's code and the last two digits.
func maskPhone(number string) string {
	if len(number) < 7 {
		return "•••"
	}
	return countryPrefix(number) + " ••• •• " + number[len(number)-2:]
}
