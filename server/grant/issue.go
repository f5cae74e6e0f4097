package grant

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// Issue returns a grant for what a TV plays or wants to play, and counts it among
// the account's streams until the grant ends. The same again renews it. Errors:
// *RefusedError, device.ErrUnknown, device.ErrStaleEpoch.
func (s *Service) Issue(ctx context.Context, now time.Time, tv TV, f protocol.Play) (protocol.Grant, error) {
	claims, err := s.claims(now, tv, f)
	if err != nil {
		return protocol.Grant{}, fmt.Errorf("issue grant: %w", err)
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		ends, err := s.allowed(tx, now, tv, f)
		if err != nil {
			return err
		}
		if claims.Expires, err = expiry(now, ends); err != nil {
			return err
		}
		row := store.StreamRow{
			Account: tv.Account, Device: tv.Device, Epoch: tv.Epoch, Play: f.N, Profile: f.Profile, Title: f.Title,
			Began: now, Until: time.Unix(claims.Expires, 0),
		}
		if err := s.spare(tx, now, row); err != nil {
			return err
		}
		return tx.PutStream(row)
	})
	if err != nil {
		return protocol.Grant{}, fmt.Errorf("issue grant: %w", err)
	}
	jws, err := s.c.Keys.Sign(protocol.TypGrant, claims)
	if err != nil {
		return protocol.Grant{}, fmt.Errorf("issue grant: %w", err)
	}
	return protocol.Grant{N: f.N, JWS: jws}, nil
}

// End ends play n of a TV: its grants are void for whoever asks the server, and
// another TV may play. One that is over or unknown is no error.
func (s *Service) End(ctx context.Context, tv TV, n int64) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.EndStream(tv.Account, tv.Device, tv.Epoch, n) })
	if err != nil {
		return fmt.Errorf("end play: %w", err)
	}
	return nil
}

// Tidy removes what has ended; to be called about hourly.
func (s *Service) Tidy(ctx context.Context, now time.Time) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.DeleteStreamsBefore(now) })
	if err != nil {
		return fmt.Errorf("tidy streams: %w", err)
	}
	return nil
}

func (s *Service) claims(now time.Time, tv TV, f protocol.Play) (protocol.GrantClaims, error) {
	var id [16]byte
	if _, err := io.ReadFull(s.c.Rand, id[:]); err != nil {
		return protocol.GrantClaims{}, err
	}
	return protocol.GrantClaims{
		Issuer: s.c.Issuer, Audience: s.c.Audience, Account: tv.Account, Profile: f.Profile, Device: tv.Device, Epoch: tv.Epoch,
		Title: f.Title, Issued: now.Unix(), ID: base64.RawURLEncoding.EncodeToString(id[:]),
	}, nil
}

// expiry is when a grant ends that is issued now: never later than the device's
// end date (zero: there is none), and in the last second before that there is none.
func expiry(now, ends time.Time) (int64, error) {
	at := now.Unix() + protocol.MaxGrant
	switch {
	case ends.IsZero():
		return at, nil
	case ends.Sub(now) < time.Second:
		return 0, refused(protocol.PlayAccess)
	}
	return min(at, ends.Unix()), nil
}

// allowed reports why the TV may not play this: the sign-in first, whose end date
// it returns, then the one play decision by the household's rules.
func (s *Service) allowed(tx *store.Tx, now time.Time, tv TV, f protocol.Play) (ends time.Time, err error) {
	ends, err = s.c.Devices.ActiveIn(tx, now, tv.Account, tv.Device, tv.Epoch)
	switch {
	case errors.Is(err, device.ErrEnded):
		return ends, refused(protocol.PlayAccess)
	case err != nil:
		return ends, err
	}
	rules, err := s.c.Profiles.RulesIn(tx, tv.Account, f.Profile)
	if errors.Is(err, profile.ErrUnknown) {
		return ends, refused(protocol.PlayProfile)
	}
	if err != nil {
		return ends, err
	}
	return ends, s.decide(parental.Question{
		Path: f.Path, Access: true, Profile: &rules.Rules,
		Unlocked: rules.PIN == 0 || f.ProfilePIN == rules.PIN,
		Parental: rules.ParentalPIN > 0 && f.ParentalPIN == rules.ParentalPIN,
	}, f.Title)
}

// decide is the play decision for a title, as a refusal; nil: it may play.
func (s *Service) decide(q parental.Question, id protocol.TitleID) error {
	if t, ok := s.c.Title(id); ok {
		if t.Kind == parental.Series {
			return refused(protocol.PlayTitle) // its episodes play
		}
		q.Title = &t
	}
	d := parental.Decide(q)
	switch {
	case d.Verdict == parental.Allow:
		return nil
	case d.Verdict == parental.NeedsPIN && d.PIN == parental.ProfilePIN:
		return refused(protocol.PlayProfilePIN)
	case d.Verdict == parental.NeedsPIN:
		return refused(protocol.PlayParentalPIN)
	case d.Reason == parental.Blocked:
		return refused(protocol.PlayBlocked)
	case d.Reason == parental.AboveLevel:
		return refused(protocol.PlayLevel)
	}
	return refused(protocol.PlayTitle)
}

// spare reports, as a refusal, that the account's streams are taken by others. A
// TV that plays already keeps its own, whoever asks after it.
func (s *Service) spare(tx *store.Tx, now time.Time, own store.StreamRow) error {
	if s.c.MaxStreams == 0 {
		return nil
	}
	all, names, err := tx.Streams(own.Account, now)
	if err != nil {
		return err
	}
	var before []string // of the TVs that come first
	for _, r := range all {
		if r.Device == own.Device {
			break // it has been counted with those that began before it
		}
		before = append(before, names[r.Device])
	}
	if len(before) < s.c.MaxStreams {
		return nil
	}
	return &RefusedError{protocol.PlayStreams, before[:min(len(before), protocol.MaxWatching)]}
}
