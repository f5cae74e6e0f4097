package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Links in mails (product rule V9). A token is base64url of the account's UUID
// and 32 random bytes; only its hash is stored, bound to one purpose. Reading
// what a link is for changes nothing, so that mail scanners may open it as
// often as they like; using it is one statement, once.
const (
	linkSecret = 32                 // bytes
	linkLife   = 7 * 24 * time.Hour // V8

	// linkProves is how long a link stands in for a code by mail to choose a new
	// password with (NIST SP 800-63B-4 §4.2.1.2: recovery codes by mail live 24 h
	// at most). Later it still makes the account safe.
	linkProves = 24 * time.Hour
)

// Purposes of links. Values are stored.
const (
	notMeLink      = "not_me"      // "It wasn't me"
	keepLink       = "keep"        // the account is not to be erased after all
	keepFactorLink = "keep_factor" // support is not to remove the second factor
	keepHereLink   = "keep_here"   // support is not to give the account another address
)

// security are the notices that carry "It wasn't me", and go to the phone too
// where the owner wants that (product rule V7).
var security = map[NoticeKind]bool{
	NoticeNewSignIn: true, NoticePasswordChanged: true, NoticeNewDevice: true, NoticeDeviceSignedOut: true,
	NoticeDeviceRemoved: true, NoticeDeviceCloned: true, NoticeDeviceStolen: true, NoticeEverywhere: true, NoticeLockChanged: true,
	NoticeProfileChanged: true, NoticeEmailChanged: true, NoticePhoneChanged: true, NoticeRecovered: true,
	NoticeFactorChanged: true, NoticeFactorResetEnded: true, NoticeRecoveryCode: true, NoticeSuspicious: true, NoticeGuessing: true,
	NoticePasswordRefused: true, NoticeEmailSet: true, NoticeLessAsked: true, NoticeLanguageChanged: true, NoticeParentalChanged: true, NoticePINGuessing: true,
	NoticePINUnlocked:  true,
	NoticeErasureAsked: true, NoticeErasureCancelled: true, NoticeFactorReset: true, NoticeFactorResetLifted: true,
	NoticeContactReset: true, NoticeContactResetEnded: true, NoticeContactResetLifted: true,
	NoticeSupportSignOut: true, NoticeUnlocked: true,
}

// Notify writes n into the outbox, in the caller's transaction. A security
// notice gets its "It wasn't me" link, beside one that keeps something, and goes
// to the phone too where the owner wants that. Mails at each new sign-in can be switched off, others
// cannot.
func (s *Service) Notify(tx *store.Tx, n Notice) error {
	if n.Account == "" || !security[n.Kind] {
		return s.post(tx, n)
	}
	if n.Kind == NoticeNewSignIn {
		p, err := tx.Preferences(n.Account)
		if err != nil || !p.SignInMails {
			return err
		}
	}
	token, err := s.addNotMe(tx, n)
	if err != nil {
		return err
	}
	if n.Link == "" {
		n.Link = token
	} else {
		n.NotMe = token
	}
	phone, err := tx.Phone(n.Account)
	if err != nil {
		return err
	}
	if phone.Notices && n.SMS == "" {
		n.SMS = phone.Number
	}
	if s.c.NoSMS {
		n.SMS = ""
	}
	return s.post(tx, n)
}

// tellFirst sends n to the first address of an open chain too, where the account
// has left it: whoever moved it must not be the only one to hear. That one's
// link is "It wasn't me".
func (s *Service) tellFirst(tx *store.Tx, n Notice) error {
	chain, err := openChain(tx, n.At, n.Account)
	if err != nil || chain.ID == "" {
		return err
	}
	snap, err := s.openSnapshot(chain)
	if err != nil {
		return err
	}
	if _, key, err := parseAddress(n.To); err != nil || key == snap.EmailKey {
		return err
	}
	n.To, n.SMS, n.First = snap.Email, "", true
	if n.Link, err = s.addNotMe(tx, n); err != nil {
		return err
	}
	return s.post(tx, n)
}

// addNotMe makes the "It wasn't me" link of n. A notice to an address that the
// account has left, and that is not the first of its chain, gets none: it
// could do nothing.
func (s *Service) addNotMe(tx *store.Tx, n Notice) (string, error) {
	row := store.LinkRow{Account: n.Account, Purpose: notMeLink, Subject: string(n.Kind), Restores: n.Before, SignedIn: n.SignedIn}
	chain, err := openChain(tx, n.At, n.Account)
	if err != nil {
		return "", err
	}
	acc, err := tx.Account(n.Account)
	if err != nil {
		return "", err
	}
	_, to, err := parseAddress(n.To)
	if err != nil {
		return "", err
	}
	if n.To != acc.Email && (chain.ID == "" || to != chain.EmailKey) {
		return "", nil
	}
	return s.addLink(tx, n.At, row, n.To, n.At.Add(linkLife))
}

// addLink makes a link that is sent to address, and returns its token. What row
// restores is sealed here.
func (s *Service) addLink(tx *store.Tx, now time.Time, row store.LinkRow, address string, expires time.Time) (string, error) {
	_, key, err := parseAddress(address)
	if err != nil {
		return "", err
	}
	id, err := uuid.Parse(string(row.Account))
	if err != nil {
		return "", fmt.Errorf("account: make a link: %w", err)
	}
	raw := make([]byte, 16+linkSecret)
	copy(raw, id[:])
	if _, err := io.ReadFull(s.c.Rand, raw[16:]); err != nil {
		return "", fmt.Errorf("account: make a link: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	row.Hash, row.EmailKey, row.Created, row.Expires = protocol.DigestOf([]byte(token)), key, now, expires
	if len(row.Restores) > 0 {
		if row.Restores, err = s.c.Keys.Seal(keyring.Snapshots, row.Restores, string(row.Account), string(row.Hash)); err != nil {
			return "", err
		}
	}
	return token, tx.InsertLink(row)
}

// restore puts back what a link restores, and reports whether profiles or the
// language were different.
func (s *Service) restore(tx *store.Tx, link store.LinkRow) (profiles, language bool, err error) {
	if len(link.Restores) == 0 {
		return false, false, nil
	}
	before, err := s.c.Keys.Unseal(keyring.Snapshots, link.Restores, string(link.Account), string(link.Hash))
	if err != nil {
		return false, false, err
	}
	if link.Subject == string(NoticeLanguageChanged) {
		language, err = restoreLanguage(tx, link.Account, string(before))
		return false, language, err
	}
	profiles, err = s.c.RestoreProfiles(tx, link.Account, before)
	return profiles, false, err
}

// parseLink returns the account that a token leads to, and its hash.
func parseLink(token string) (protocol.AccountID, protocol.Digest, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(16+linkSecret) {
		return "", "", ErrLink
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return "", "", ErrLink
	}
	return protocol.AccountID(uuid.UUID(raw[:16]).String()), protocol.DigestOf([]byte(token)), nil
}

// readLink finds a link that can be used, and changes nothing.
func readLink(tx *store.Tx, now time.Time, token, purpose string) (store.LinkRow, error) {
	acc, hash, err := parseLink(token)
	if err != nil {
		return store.LinkRow{}, err
	}
	row, err := tx.Link(acc, hash, purpose, now)
	return row, orLink(err)
}

// useLink uses a link up.
func useLink(tx *store.Tx, now time.Time, token, purpose string) (store.LinkRow, error) {
	acc, hash, err := parseLink(token)
	if err != nil {
		return store.LinkRow{}, err
	}
	row, err := tx.UseLink(acc, hash, purpose, now)
	return row, orLink(err)
}

func orLink(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrLink
	}
	return err
}
