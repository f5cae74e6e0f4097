package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	hearthkey "github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// PasskeyConfig names this server to authenticators (Web Authentication
// Level 3). The zero value means that there are no passkeys.
type PasskeyConfig struct {
	ID      string   // the relying party's id: the pages' host, e.g. "tv.example"
	Name    string   // what authenticators show; empty: ServiceName
	Origins []string // of the pages, e.g. "https://tv.example"
}

// Ceremony is what a browser is asked to do with a passkey, once and within
// five minutes. Its ID is a secret of the browser that asked.
type Ceremony struct {
	ID      string
	Options json.RawMessage // for navigator.credentials.create or .get: {"publicKey": …}
}

// PasskeyAnswer is what the browser gave back.
type PasskeyAnswer struct {
	Ceremony string // the Ceremony's ID
	Response []byte // PublicKeyCredential.toJSON(), up to [MaxPasskeyAnswer] bytes
}

// MaxPasskeyAnswer bounds an answer, in bytes.
const MaxPasskeyAnswer = 32 << 10

// What a ceremony is for. Values are stored.
const (
	forRegistration = "register"
	forPasskeyLogin = "sign-in"
	forSecondFactor = "second-factor"
	forProof        = "proof"
	forUndo         = "undo" // of a chain of changes
)

// ceremonyLife is how long a browser may take to answer with a passkey: WebAuthn
// Level 3 §15.1 recommends 5 to 10 minutes.
const ceremonyLife = 5 * time.Minute

// newAuthn checks the configuration: nil where there are no passkeys.
func newAuthn(c PasskeyConfig, service string) (*webauthn.WebAuthn, error) {
	if c.ID == "" {
		return nil, nil
	}
	if c.Name == "" {
		c.Name = service
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: c.ID, RPDisplayName: c.Name, RPOrigins: c.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("account: passkeys: %w", err)
	}
	return w, nil
}

// passkeyUser is an account as the library wants it.
type passkeyUser struct {
	acc  store.AccountRow
	keys []webauthn.Credential
}

func (u passkeyUser) WebAuthnID() []byte                         { return userHandle(u.acc.ID) }
func (u passkeyUser) WebAuthnName() string                       { return u.acc.Email }
func (u passkeyUser) WebAuthnDisplayName() string                { return u.acc.Email }
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.keys }

// has reports whether a credential is one of the account's.
func (u passkeyUser) has(id []byte) bool {
	return slices.ContainsFunc(u.keys, func(c webauthn.Credential) bool { return bytes.Equal(c.ID, id) })
}

// userHandle is the account's id as 16 bytes: random, and nothing personal
// (Web Authentication §14.6.1).
func userHandle(acc hearthkey.AccountID) []byte {
	id, err := uuid.Parse(string(acc))
	if err != nil {
		return []byte(acc)
	}
	return id[:]
}

func userOf(tx *store.Tx, acc store.AccountRow) (passkeyUser, error) {
	u := passkeyUser{acc: acc}
	rows, err := tx.Passkeys(acc.ID, maxPasskeys)
	if err != nil {
		return u, err
	}
	for _, r := range rows {
		c, err := credentialOf(r)
		if err != nil {
			return u, err
		}
		u.keys = append(u.keys, c)
	}
	return u, nil
}

func credentialOf(r store.PasskeyRow) (webauthn.Credential, error) {
	var c webauthn.Credential
	if err := json.Unmarshal(r.Data, &c); err != nil {
		return c, fmt.Errorf("account: damaged passkey: %w", err)
	}
	c.Authenticator.SignCount, c.Authenticator.CloneWarning = uint32(r.SignCount), false
	return c, nil
}

// begun stores a ceremony and returns it for the browser.
func (s *Service) begun(tx *store.Tx, now time.Time, acc hearthkey.AccountID, purpose, about string, options any, session *webauthn.SessionData) (Ceremony, error) {
	session.Expires = time.Time{} // the row's expiry counts, by the clock of the caller
	data, err1 := json.Marshal(session)
	shown, err2 := json.Marshal(options)
	id, err3 := s.newAttempt()
	if err := errors.Join(err1, err2, err3); err != nil {
		return Ceremony{}, err
	}
	err := tx.InsertCeremony(store.CeremonyRow{
		ID: stored(id), Account: acc, Purpose: purpose, About: about, Data: data, Expires: now.Add(ceremonyLife),
	})
	return Ceremony{ID: id, Options: shown}, err
}

// taken ends a ceremony and returns its terms: ErrPasskey where it is over, or
// was for something else.
func taken(tx *store.Tx, now time.Time, id, purpose, about string, acc hearthkey.AccountID) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	row, err := tx.TakeCeremony(stored(id), purpose, now)
	if errors.Is(err, store.ErrNotFound) || err == nil && (row.About != about || row.Account != acc) {
		return session, ErrPasskey
	}
	if err != nil {
		return session, err
	}
	if err := json.Unmarshal(row.Data, &session); err != nil {
		return session, fmt.Errorf("account: damaged ceremony: %w", err)
	}
	return session, nil
}

// parseAssertion reads a browser's answer.
func parseAssertion(response []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(response) > MaxPasskeyAnswer {
		return nil, ErrPasskey
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil || parsed == nil {
		return nil, ErrPasskey
	}
	return parsed, nil
}

// parseAttestation reads a browser's new passkey.
func parseAttestation(response []byte) (*protocol.ParsedCredentialCreationData, error) {
	if len(response) > MaxPasskeyAnswer {
		return nil, ErrPasskey
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil || parsed == nil {
		return nil, ErrPasskey
	}
	return parsed, nil
}
