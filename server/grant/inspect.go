package grant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// Introspect reports whether a grant stands at now, and its claims where it does:
// it is this server's, its time is not over, the sign-in is active, the profile
// exists and may watch the title, and the TV has not said that it ended. PINs
// were looked at when it was issued. What is no grant at all does not stand
// either; an error means that the database could not be asked.
func (s *Service) Introspect(ctx context.Context, now time.Time, jws string) (claims protocol.GrantClaims, stands bool, err error) {
	if len(jws) > protocol.MaxJWS || s.c.Keys.Verify(jws, protocol.TypGrant, &claims) != nil || claims.Check() != nil {
		return protocol.GrantClaims{}, false, nil
	}
	if claims.Issuer != s.c.Issuer || claims.Audience != s.c.Audience || now.Unix() >= claims.Expires {
		return protocol.GrantClaims{}, false, nil
	}
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		stands, err = s.stands(tx, now, claims)
		return err
	})
	switch {
	case err != nil:
		return protocol.GrantClaims{}, false, fmt.Errorf("introspect grant: %w", err)
	case !stands:
		return protocol.GrantClaims{}, false, nil
	}
	return claims, true, nil
}

func (s *Service) stands(tx *store.Tx, now time.Time, c protocol.GrantClaims) (bool, error) {
	_, err := s.c.Devices.ActiveIn(tx, now, c.Account, c.Device, c.Epoch)
	if errors.Is(err, device.ErrEnded) || errors.Is(err, device.ErrUnknown) || errors.Is(err, device.ErrStaleEpoch) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	rules, err := s.c.Profiles.RulesIn(tx, c.Account, c.Profile)
	if errors.Is(err, profile.ErrUnknown) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	q := parental.Question{Path: parental.Open, Access: true, Profile: &rules.Rules, Unlocked: true, Parental: true}
	if s.decide(q, c.Title) != nil {
		return false, nil
	}
	row, err := tx.Stream(c.Account, c.Device)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && row.Epoch == c.Epoch && row.Title == c.Title && row.Profile == c.Profile, err
}

// jwk is an Ed25519 public key (RFC 8037, section 2).
type jwk struct {
	Type      string         `json:"kty"`
	Curve     string         `json:"crv"`
	X         protocol.Bytes `json:"x"`
	ID        string         `json:"kid"`
	Use       string         `json:"use"`
	Algorithm string         `json:"alg"`
}

// JWKS returns the public keys that check grants, as a JWK set (RFC 7517, section
// 5): every signing key that the server trusts, so that a grant stays readable
// while keys change.
func (s *Service) JWKS() ([]byte, error) {
	keys := []jwk{}
	for _, k := range s.c.Keys.Public() {
		keys = append(keys, jwk{"OKP", "Ed25519", k.Key, k.ID, "sig", "EdDSA"})
	}
	data, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		return nil, fmt.Errorf("encode keys: %w", err)
	}
	return data, nil
}
