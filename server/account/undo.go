package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// undoes reports whether a link's "It wasn't me" undoes the chain: it was sent
// to the chain's first address, whatever it is about. As links live 7 days it is
// from within the chain or from the 7 days before, as the mail about the sign-in
// that began it is.
func undoes(link store.LinkRow, chain store.ChainRow) bool {
	return chain.ID != "" && link.EmailKey == chain.EmailKey && chain.Opened.Sub(link.Created) <= linkLife
}

// Undo is what an "It wasn't me" page shows before the one confirmation.
type Undo struct {
	About       NoticeKind // of the notice that held the link
	At          time.Time  // of the notice
	Expires     time.Time  // of the link
	Stolen      bool       // devices that were reported stolen since At are deactivated
	Less        bool       // what keeps others out was switched off, and is switched on again
	Profiles    bool       // profiles and their locks go back to what they were before At
	Language    bool       // the account gets back the language of before At
	Reverts     bool       // address, number and second factor go back to what they were
	Since       time.Time  // before which change they are restored; only with Reverts
	NeedsCode   bool       // the new password asks for a code by mail: the link is older than a day
	NeedsFactor bool       // the second factor of that time is asked for
	Factors     []Factor   // those that will do; only with NeedsFactor
}

// Look tells what a link in a notice would do, and changes nothing, however
// often it is asked. Error: ErrLink.
func (s *Service) Look(ctx context.Context, now time.Time, token string) (Undo, error) {
	var out Undo
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		link, err := readLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		chain, reverts, err := judge(tx, now, link)
		if err != nil {
			return err
		}
		out = Undo{About: NoticeKind(link.Subject), At: link.Created, Expires: link.Expires, Stolen: link.Subject == string(NoticeDeviceStolen), Reverts: reverts, NeedsCode: !proves(link, now)}
		out.Language = link.Subject == string(NoticeLanguageChanged)
		out.Profiles = len(link.Restores) > 0 && !out.Language
		p, err := tx.Preferences(link.Account)
		if out.Less = link.Subject == string(NoticeLessAsked) || !p.NewCode || !p.SignInMails; err != nil || !reverts {
			return err
		}
		out.Since, out.NeedsFactor = chain.Opened, needsFactor(chain)
		if out.NeedsFactor {
			snap, err := s.openSnapshot(chain)
			out.Factors = snap.usable()
			return err
		}
		return nil
	})
	if err != nil {
		return Undo{}, fmt.Errorf("look at link: %w", err)
	}
	return out, nil
}

// judge tells what using a link would do. A link to an address that the
// account has left does nothing but revert a chain: ErrLink otherwise.
func judge(tx *store.Tx, now time.Time, link store.LinkRow) (store.ChainRow, bool, error) {
	acc, err := tx.Account(link.Account)
	if err != nil {
		return store.ChainRow{}, false, orLink(err)
	}
	_, nowAt, err := parseAddress(acc.Email)
	if err != nil {
		return store.ChainRow{}, false, err
	}
	chain, err := openChain(tx, now, link.Account)
	if err != nil {
		return chain, false, err
	}
	reverts := undoes(link, chain)
	if !reverts && link.EmailKey != nowAt {
		return chain, false, ErrLink
	}
	return chain, reverts, nil
}

// Undone is what "It wasn't me" did.
type Undone struct {
	Reverted bool // address, number and second factor are what they were
	Less     bool // codes on new devices, mails at new sign-ins or notices by SMS are on again
	Profiles bool // profiles or locks were different, and are what they were
	Language bool // the account has the language of before again
	// Recovery goes on with [Service.FinishRecovery]: the old password is void.
	// Where the link is older than a day it is not Proved, and goes on with
	// [Service.ProveRecovery] and the code that was Sent.
	Recovery string
	Proved   bool
	Sent     CodeSent // zero where Proved, or where too many codes were sent lately
}

// proves reports whether a link shows its mailbox well enough for a new password.
func proves(link store.LinkRow, now time.Time) bool { return now.Sub(link.Created) < linkProves }

// NotMe is the one confirmation of "It wasn't me" (product rule V7): it signs
// out everywhere, undoes the open chain of changes where the link was sent to its
// first address, switches codes on new devices and mails at new sign-ins on
// again, and undoes all changes to profiles and locks from the one that it is
// about on, whoever made them, or gives back the language; forgets the sign-in that made it, voids the password and begins a
// recovery. factor is a code of the second factor where
// [Undo.NeedsFactor] says so. A link works once, also in parallel. Errors:
// ErrLink, ErrFactorNeeded, ErrFactor (nothing was done), ErrAddressTaken (the
// old address has an account of its own by now).
func (s *Service) NotMe(ctx context.Context, now time.Time, token, factor string, from Client) (Undone, error) {
	a := Answer{TOTP: factor}
	if tidyRecoveryCode(factor) != "" {
		a = Answer{RecoveryCode: factor}
	}
	return s.notMe(ctx, now, token, a, from)
}

// BeginNotMePasskey asks for one of the passkeys that the account had before
// the chain that a link undoes. Errors: ErrLink, ErrNoFactor (none is needed, or
// there was none), ErrNoPasskeys.
func (s *Service) BeginNotMePasskey(ctx context.Context, now time.Time, token string) (Ceremony, error) {
	if s.authn == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	var c Ceremony
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		link, err := readLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		chain, reverts, err := judge(tx, now, link)
		if err != nil {
			return err
		}
		if !reverts || !needsFactor(chain) {
			return ErrNoFactor
		}
		if err := ceremonyBudget.Take(tx, s.c.Keys, now, string(link.Account)); err != nil {
			return err
		}
		snap, err := s.openSnapshot(chain)
		if err != nil {
			return err
		}
		u := passkeyUser{acc: store.AccountRow{ID: link.Account, Email: snap.Email}}
		for _, row := range snap.Factors.Passkeys {
			key, err := credentialOf(row)
			if err != nil {
				return err
			}
			u.keys = append(u.keys, key)
		}
		c, err = s.beginAssertion(tx, now, u, forUndo, string(link.Hash))
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return c, nil
}

// NotMeByPasskey is [Service.NotMe] with a passkey as the second factor.
func (s *Service) NotMeByPasskey(ctx context.Context, now time.Time, token string, a PasskeyAnswer, from Client) (Undone, error) {
	return s.notMe(ctx, now, token, Answer{Passkey: &a}, from)
}

func (s *Service) notMe(ctx context.Context, now time.Time, token string, a Answer, from Client) (Undone, error) {
	secret, err := s.newAttempt()
	if err != nil {
		return Undone{}, fmt.Errorf("undo: %w", err)
	}
	if err := s.countUndo(ctx, now, token, a); err != nil {
		return Undone{}, fmt.Errorf("undo: %w", err)
	}
	var out Undone
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		link, err := useLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		chain, reverts, err := judge(tx, now, link)
		if err != nil {
			return err
		}
		if reverts {
			err = s.revert(tx, now, chain, link, a, from)
		}
		if err != nil {
			return err
		}
		profiles, language, err := s.restore(tx, link)
		if err != nil {
			return err
		}
		if s.c.TakeBackStolen != nil && link.Subject == string(NoticeDeviceStolen) {
			if err := s.c.TakeBackStolen(tx, now, link.Account, link.Created); err != nil {
				return err
			}
		}
		less, err := tightened(tx, link.Account, link.Subject == string(NoticeLessAsked))
		if err != nil {
			return err
		}
		out = Undone{Reverted: reverts, Less: less, Profiles: profiles, Language: language, Recovery: secret, Proved: proves(link, now)}
		out.Sent, err = s.makeSafe(tx, now, link, out, from)
		return err
	})
	if err != nil {
		return Undone{}, fmt.Errorf("undo: %w", err)
	}
	return out, nil
}

// countUndo counts a try of a second factor before it is checked, which rolls
// back where it is wrong.
func (s *Service) countUndo(ctx context.Context, now time.Time, token string, a Answer) error {
	if a.TOTP == "" && a.RecoveryCode == "" {
		return nil // nothing that can be guessed
	}
	tries := 0
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		link, err := readLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		tries, err = tx.AddStreak(link.Account, undoCounter, undoTries+1, now)
		return err
	})
	if err == nil && tries > undoTries {
		return ErrLink
	}
	return err
}

// makeSafe ends everything that somebody else could go on with, an erasure, a
// removal of the second factor and another address that wait among them, and begins a
// recovery that is proved by the mailbox, or by the code that it returns. Using the first address's link voids
// all others; another one voids those to the same address, which undo no open
// chain. Only a link that puts profiles back further stays.
func (s *Service) makeSafe(tx *store.Tx, now time.Time, link store.LinkRow, did Undone, from Client) (CodeSent, error) {
	acc, err := tx.Account(link.Account)
	if err != nil {
		return CodeSent{}, err
	}
	kind, voided := timeline.NotMe, link.EmailKey
	if did.Reverted || did.Profiles || did.Less || did.Language {
		kind = timeline.ChangesUndone
	}
	if did.Reverted {
		voided = ""
	}
	from = from.tidy()
	if err := s.endAll(tx, now, acc, from); err != nil {
		return CodeSent{}, err
	}
	n := noticeTo(acc, NoticeUndone, now, from)
	n.Detail = did.restored()
	err = errors.Join(
		s.cancelErasure(tx, now, acc.ID, from),
		s.cancelReset(tx, now, acc.ID, from),
		s.cancelMove(tx, now, acc.ID, from),
		tx.VoidDisputed(link, voided, now),
		tx.ForgetSignIns(acc.ID, link.SignedIn, link.Created),
		tx.SetPassword(acc.ID, acc.Password, s.nobody),
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: kind, At: now, Actor: protocol.ByOwner, Subject: link.Subject, Agent: from.Agent, IP: from.IP, Place: from.Place,
		}),
		s.c.Notify(tx, n),
	)
	if err != nil {
		return CodeSent{}, err
	}
	return s.recoverAfter(tx, now, acc, did, from)
}

// recoverAfter begins the recovery that "It wasn't me" ends with. Where the link
// proves too little a code goes to the address that the account has now; where
// too many were sent lately another can be asked for later.
func (s *Service) recoverAfter(tx *store.Tx, now time.Time, acc store.AccountRow, did Undone, from Client) (CodeSent, error) {
	phone, err := tx.Phone(acc.ID)
	if err != nil {
		return CodeSent{}, err
	}
	row := store.RecoveryRow{
		ID: stored(did.Recovery), Account: acc.ID, Password: s.nobody, Typed: acc.Email, Language: acc.Language,
		Email: acc.Email, Phone: phone.Number, Created: now,
	}
	if did.Proved {
		row.Proved = now
		return CodeSent{}, tx.InsertRecovery(row)
	}
	sent, err := s.sendAccessCode(tx, now, codeRequest{
		Attempt: did.Recovery, Purpose: ForRecovery, Account: acc.ID, To: Destination{ByMail, acc.Email}, Language: acc.Language, From: from, Asker: known,
	})
	if errors.As(err, new(*ThrottledError)) {
		sent, err = CodeSent{}, nil
	}
	return sent, errors.Join(err, tx.InsertRecovery(row))
}

// restored says what is back, for people; empty: nothing.
func (u Undone) restored() string {
	var parts []string
	if u.Reverted {
		parts = append(parts, "email address, phone number and second factor")
	}
	if u.Less {
		parts = append(parts, "codes on new devices and mails at new sign-ins")
	}
	if u.Profiles {
		parts = append(parts, "profiles, their locks and parental control")
	}
	if u.Language {
		parts = append(parts, "the account’s language")
	}
	return strings.Join(parts, "; ")
}

// cancelErasure keeps an account that waits for its erasure, and tells the owner.
func (s *Service) cancelErasure(tx *store.Tx, now time.Time, id protocol.AccountID, from Client) error {
	if err := s.keepAccount(tx, now, id, from); !errors.Is(err, ErrNotLeaving) {
		return err
	}
	return nil
}

// cancelReset stops the removal of a second factor by support where it waits,
// and tells the owner.
func (s *Service) cancelReset(tx *store.Tx, now time.Time, id protocol.AccountID, from Client) error {
	if err := s.liftReset(tx, now, id, from); !errors.Is(err, ErrNoReset) {
		return err
	}
	return nil
}

// endAll signs out every device and web session of an account, and ends what
// was begun with a code or a password: sign-ins, changes, recoveries.
func (s *Service) endAll(tx *store.Tx, now time.Time, acc store.AccountRow, from Client) error {
	if _, err := tx.EndEverything(acc.ID, protocol.ByAll, from.Agent, now); err != nil {
		return err
	}
	after, err := tx.Account(acc.ID)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.c.Changed(acc.ID, after.Version) })
	return errors.Join(
		tx.DeleteChanges(acc.ID),
		tx.DeleteRecoveries(acc.ID),
		tx.DeleteAccessCodesOf(acc.ID),
		tx.DeleteSignInsOf(acc.ID),
		tx.ForgetKnownDevices(acc.ID, ""),
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.SignedOutEverywhere, At: now, Actor: protocol.ByAll, Agent: from.Agent, IP: from.IP, Place: from.Place,
		}),
	)
}
