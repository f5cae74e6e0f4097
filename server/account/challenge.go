package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// challenge stores what a sign-in with the right password lacks, and sends a
// code where that is it.
func (s *Service) challenge(tx *store.Tx, now time.Time, acc store.AccountRow, t try, need Need, v verdict) (*Challenge, error) {
	id, err := s.newAttempt()
	if err != nil {
		return nil, err
	}
	row := store.SignInRow{
		ID: stored(id), Account: acc.ID, Generation: acc.Generation, Password: protocol.DigestOf([]byte(acc.Password)),
		Needs: string(need), Device: t.device, Reasons: v.detail(), Suspicious: v.Suspicious,
		Created: now, Expires: now.Add(challengeLife),
	}
	if err := s.insertWaiting(tx, now, row, t.r.From); err != nil {
		return nil, err
	}
	c, err := s.challengeOf(tx, id, row, acc)
	if err != nil {
		return nil, err
	}
	if need == NeedCode {
		to := Destination{ByMail, acc.Email}
		if c.Code, err = s.sendSignInCode(tx, now, id, row, acc, to, t.r.From); err != nil {
			return nil, err
		}
	}
	if !v.Suspicious {
		return c, s.recordBegun(tx, now, row, t.r.From)
	}
	from := t.r.From.tidy()
	err = timeline.Add(tx, acc.ID, timeline.Entry{
		Kind: timeline.SignInSuspicious, At: now, Agent: from.Agent, IP: from.IP, Place: from.Place, Detail: v.detail(),
	})
	if err != nil {
		return nil, err
	}
	return c, s.notifySuspicious(tx, now, acc, from, suspiciousFrom, need, v)
}

// challengeOf is a stored challenge as the browser may see it.
func (s *Service) challengeOf(tx *store.Tx, id string, row store.SignInRow, acc store.AccountRow) (*Challenge, error) {
	c := &Challenge{ID: id, Need: Need(row.Needs), Expires: row.Expires}
	if c.Need == NeedSecondFactor {
		c.Unusual = !acc.SecondFactor
		var err error
		c.Factors, err = s.signInFactors(tx, acc)
		return c, err
	}
	to, err := s.destinations(tx, acc)
	for _, d := range to {
		c.Channels = append(c.Channels, Destination{d.Channel, d.Masked()})
	}
	if err != nil {
		return nil, err
	}
	last, err := tx.AccessCode(row.ID, string(ForSignIn))
	if err == nil {
		c.Code = codeSentOf(last)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return c, err
}

// signInFactors are the factors that complete a sign-in that needs one: recovery
// codes stand in for a lost passkey too where that is no second factor.
func (s *Service) signInFactors(tx *store.Tx, acc store.AccountRow) ([]Factor, error) {
	f, err := factorsOf(tx, acc)
	if s.authn == nil {
		f.Passkeys = nil // the server is no longer at a name
	}
	return f.usable(), err
}

// destinations are where the account can be reached, its mail first.
func (s *Service) destinations(tx *store.Tx, acc store.AccountRow) ([]Destination, error) {
	out := []Destination{{ByMail, acc.Email}}
	phone, err := tx.Phone(acc.ID)
	if err == nil && phone.Number != "" && !s.c.NoSMS {
		out = append(out, Destination{BySMS, phone.Number})
	}
	return out, err
}

func (s *Service) sendSignInCode(tx *store.Tx, now time.Time, id string, row store.SignInRow, acc store.AccountRow, to Destination, from Client) (CodeSent, error) {
	who := proved
	if row.Device != "" {
		who = known
	}
	return s.sendAccessCode(tx, now, codeRequest{
		Attempt: id, Purpose: ForSignIn, Account: acc.ID, To: to, Language: acc.Language, From: from, Asker: who,
	})
}

// pending reads a challenge and its account in tx: ErrAttempt where it is over,
// also because the password or the generation is another by now.
func (s *Service) pending(tx *store.Tx, now time.Time, id string) (store.SignInRow, store.AccountRow, error) {
	row, err := tx.SignIn(stored(id), now)
	if err != nil {
		return row, store.AccountRow{}, orAttempt(err)
	}
	acc, err := tx.Account(row.Account)
	if err != nil {
		return row, acc, orAttempt(err)
	}
	if protocol.DigestOf([]byte(acc.Password)) != row.Password || acc.Generation != row.Generation {
		return row, acc, ErrAttempt
	}
	return row, acc, nil
}

// PendingSignIn returns a challenge again, for a page that is reloaded. Error:
// ErrAttempt.
func (s *Service) PendingSignIn(ctx context.Context, now time.Time, id string) (*Challenge, error) {
	var c *Challenge
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, acc, err := s.pending(tx, now, id)
		if err != nil {
			return err
		}
		c, err = s.challengeOf(tx, id, row, acc)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pending sign-in: %w", err)
	}
	return c, nil
}

// SendSignInCode sends a challenge another code, by the channel that is asked
// for; the code before is void. Errors: ErrAttempt, ErrChannel, *ThrottledError.
func (s *Service) SendSignInCode(ctx context.Context, now time.Time, id string, by Channel, from Client) (*Challenge, error) {
	var c *Challenge
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, acc, err := s.pending(tx, now, id)
		if err != nil {
			return err
		}
		if Need(row.Needs) != NeedCode {
			return ErrChannel
		}
		all, err := s.destinations(tx, acc)
		if err != nil {
			return err
		}
		for _, to := range all {
			if to.Channel != by {
				continue
			}
			if _, err := s.sendSignInCode(tx, now, id, row, acc, to, from); err != nil {
				return err
			}
			c, err = s.challengeOf(tx, id, row, acc)
			return err
		}
		return ErrChannel
	})
	if err != nil {
		return nil, fmt.Errorf("send a code: %w", err)
	}
	return c, nil
}

// ContinueSignIn answers a challenge. Errors: ErrAttempt (over: sign in again),
// *WrongCodeError, ErrCodeExpired, ErrPasskey, *ThrottledError, ErrAnswer (of
// another kind than is needed).
func (s *Service) ContinueSignIn(ctx context.Context, now time.Time, id string, a Answer, device string, from Client) (SignedIn, error) {
	out, err := s.continueSignIn(ctx, now, id, a, entry{From: from, Secret: device})
	if err != nil {
		return SignedIn{}, fmt.Errorf("continue sign-in: %w", err)
	}
	return out, nil
}

func (s *Service) continueSignIn(ctx context.Context, now time.Time, id string, a Answer, e entry) (SignedIn, error) {
	if a.Code != "" {
		return s.byCode(ctx, now, id, a.Code, e)
	}
	return s.byFactor(ctx, now, id, a, e)
}

func (s *Service) byCode(ctx context.Context, now time.Time, id, code string, e entry) (out SignedIn, err error) {
	c, err := s.PendingSignIn(ctx, now, id)
	if err != nil {
		return out, err
	}
	if c.Need != NeedCode {
		return out, ErrAnswer
	}
	err = s.redeem(ctx, now, id, ForSignIn, code, func(tx *store.Tx, given store.AccessCodeRow) error {
		row, acc, err := s.pending(tx, now, id)
		if err != nil {
			return err
		}
		if row.Device == "" {
			if err := s.returnSend(tx, given); err != nil {
				return err
			}
		}
		e.Factors = withPassword + " " + withCode
		out, err = s.conclude(tx, now, row, acc, e)
		return err
	})
	return out, errors.Join(err, s.noteCodes(ctx, now, err, func(tx *store.Tx) (store.AccountRow, error) {
		_, acc, err := s.pending(tx, now, id)
		return acc, err
	}, e.From))
}

// noteCodes tells the owner that somebody who has the password, or the account
// open, gave five wrong access codes: got is what the last one came to.
func (s *Service) noteCodes(ctx context.Context, now time.Time, got error, whose func(*store.Tx) (store.AccountRow, error), from Client) error {
	var wrong *WrongCodeError
	if !errors.As(got, &wrong) || wrong.Left != 0 {
		return nil
	}
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		acc, err := whose(tx)
		if err != nil {
			return err
		}
		return s.noteWrong(tx, now, acc, "Five wrong access codes were given.", from)
	})
}

// noteWrong writes wrong codes down, and tells the owner of them.
func (s *Service) noteWrong(tx *store.Tx, now time.Time, acc store.AccountRow, what string, from Client) error {
	from = from.tidy()
	return errors.Join(
		timeline.Add(tx, acc.ID, timeline.Entry{Kind: timeline.FactorFailed, At: now, Agent: from.Agent, IP: from.IP, Place: from.Place, Detail: what}),
		s.notifySuspicious(tx, now, acc, from, wrongFactorsFrom, NeedCode, verdict{Against: []string{what}}),
	)
}

// conclude ends a challenge with a session: of many at once, one gets it.
func (s *Service) conclude(tx *store.Tx, now time.Time, row store.SignInRow, acc store.AccountRow, e entry) (SignedIn, error) {
	if err := errors.Join(orAttempt(tx.DeleteSignIn(row.ID)), tx.DeleteAccessCodes(row.ID)); err != nil {
		return SignedIn{}, err
	}
	e.Device = row.Device
	e.Verdict = verdict{Suspicious: row.Suspicious, Stored: row.Reasons}
	return s.finish(tx, now, acc, e)
}
