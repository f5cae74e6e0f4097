package operator

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Webhooks: addresses that hear of security events (product rule O3). Package
// webhook sends; here they are made, changed and looked at.
const (
	maxHooks        = 10  // addresses
	maxHookURL      = 512 // bytes
	secretPrefix    = "whsec_"
	hookSecretBytes = 32                 // random bytes of a secret; Standard Webhooks 1.0.0: 24 to 64
	maxSecretText   = 256                // bytes that are looked at
	keptSecret      = 24 * time.Hour     // the secret before signs too
	maxKeptSecret   = 7 * 24 * time.Hour // at most, as an operator says
	maxKeptEvents   = 500                // that are listed
)

// Errors about webhooks.
var (
	// ErrHookURL: not an https address (http to this machine), or longer than 512
	// bytes, or with a name and password or a fragment.
	ErrHookURL = errors.New("operator: not an address for a webhook")
	// ErrHookPrivate: the address itself is one of a private network, and was not
	// said to be. What a name resolves to is looked at when something is sent.
	ErrHookPrivate = errors.New("operator: a webhook in a private network")
	// ErrHookKind: there is no such kind of event.
	ErrHookKind = errors.New("operator: no such kind of event")
	// ErrHookSecret: a secret is whsec_ and base64 of 24 to 64 bytes.
	ErrHookSecret = errors.New("operator: not a secret for a webhook")
	// ErrHookKeep: the secret before signs on for 0 to 7 days.
	ErrHookKeep = errors.New("operator: not a time to keep a secret")
	// ErrTooManyHooks: there are ten.
	ErrTooManyHooks = errors.New("operator: too many webhooks")
	// ErrNoHook: there is none of this id.
	ErrNoHook = errors.New("operator: no such webhook")
)

// NewHook is what a webhook is made of.
type NewHook struct {
	URL     string
	Events  []string // kinds of the timeline; none: all
	Private bool     // its host may have a private address
	Secret  string   // whsec_…; empty: one is made
	Reason  string
}

// Hook is a webhook as operators see it, without its secret.
type Hook struct {
	store.WebhookRow
	store.WebhookCount
	Events []string // none: all
}

// AddWebhook makes a webhook and returns its id and its secret, which is shown
// once. Errors: ErrReason, ErrHookURL, ErrHookPrivate, ErrHookKind, ErrHookSecret,
// ErrTooManyHooks, ErrToken.
func (s *Service) AddWebhook(ctx context.Context, now time.Time, by Operator, h NewHook) (id, secret string, err error) {
	reason, err := reasoned(h.Reason)
	if err != nil {
		return "", "", err
	}
	h.URL = strings.TrimSpace(h.URL)
	if err := checkHookURL(h.URL, h.Private); err != nil {
		return "", "", err
	}
	kinds, err := hookKinds(h.Events)
	if err != nil {
		return "", "", err
	}
	made, err := uuid.NewV7()
	if err != nil {
		return "", "", fmt.Errorf("add webhook: %w", err)
	}
	id = made.String()
	secret, sealed, err := s.hookSecret(id, h.Secret)
	if err != nil {
		return "", "", err
	}
	row := store.WebhookRow{ID: id, URL: h.URL, Events: kinds, Private: h.Private, Secret: sealed, Created: now, CreatedBy: by.Name}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := live(tx, by); err != nil {
			return err
		}
		list, err := tx.Webhooks(maxHooks)
		if err == nil && len(list) >= maxHooks {
			err = ErrTooManyHooks
		}
		if err != nil {
			return err
		}
		return errors.Join(
			tx.InsertWebhook(row),
			writeAct(tx, s.c.Audit, now, Entry{Operator: by.Name, Act: ActHookAdd, About: id, Reason: reason, Outcome: hostOf(h.URL)}),
		)
	})
	if err != nil {
		return "", "", fmt.Errorf("add webhook: %w", err)
	}
	return id, secret, nil
}

// RotateWebhook gives a webhook another secret and returns it. The one before
// signs too for keep (negative: 24 h), so that the other side can change over.
// Errors: ErrReason, ErrHookSecret, ErrHookKeep, ErrNoHook, ErrToken.
func (s *Service) RotateWebhook(ctx context.Context, now time.Time, by Operator, id, given string, keep time.Duration, reason string) (secret string, err error) {
	if keep < 0 {
		keep = keptSecret
	}
	if keep > maxKeptSecret {
		return "", ErrHookKeep
	}
	secret, sealed, err := s.hookSecret(id, given)
	if err != nil {
		return "", err
	}
	err = s.changeHook(ctx, now, by, ActHookRotate, id, reason, func(tx *store.Tx) (string, error) {
		return fmt.Sprintf("the secret before signs until %s", now.Add(keep).UTC().Format(time.RFC3339)), tx.RotateWebhook(id, sealed, now.Add(keep))
	})
	return secret, err
}

// RemoveWebhook ends a webhook with all that waits for it. Errors: ErrReason,
// ErrNoHook, ErrToken.
func (s *Service) RemoveWebhook(ctx context.Context, now time.Time, by Operator, id, reason string) error {
	return s.changeHook(ctx, now, by, ActHookRemove, id, reason, func(tx *store.Tx) (string, error) { return done, tx.DeleteWebhook(id) })
}

// RetryWebhook has everything tried at once that waits for a webhook or was set
// aside, and tells how many events that are. One that had answered that it is
// gone gets events again. Errors: ErrReason, ErrNoHook, ErrToken.
func (s *Service) RetryWebhook(ctx context.Context, now time.Time, by Operator, id, reason string) (n int64, err error) {
	err = s.changeHook(ctx, now, by, ActHookRetry, id, reason, func(tx *store.Tx) (string, error) {
		n, err = tx.EnableWebhook(id, now)
		return fmt.Sprintf("%d events", n), err
	})
	return n, err
}

func (s *Service) changeHook(ctx context.Context, now time.Time, by Operator, act Act, id, reason string, do func(*store.Tx) (string, error)) error {
	reason, err := reasoned(reason)
	if err != nil {
		return err
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := live(tx, by); err != nil {
			return err
		}
		outcome, err := do(tx)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoHook
		}
		if err != nil {
			return err
		}
		return writeAct(tx, s.c.Audit, now, Entry{Operator: by.Name, Act: act, About: clip(id, maxLookup), Reason: reason, Outcome: outcome})
	})
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}

// Webhooks lists the webhooks with how they do.
func (s *Service) Webhooks(ctx context.Context) ([]Hook, error) {
	var out []Hook
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Webhooks(maxHooks)
		if err != nil {
			return err
		}
		out = make([]Hook, 0, len(rows))
		for _, r := range rows {
			r.Secret, r.Previous = nil, nil
			count, err := tx.CountWebhook(r.ID)
			if err != nil {
				return err
			}
			out = append(out, Hook{r, count, strings.Fields(r.Events)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return out, nil
}

// FailedWebhookEvents lists up to n events that were set aside, the newest first.
func (s *Service) FailedWebhookEvents(ctx context.Context, n int) (out []store.WebhookEvent, err error) {
	if n <= 0 || n > maxKeptEvents {
		n = maxKeptEvents
	}
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = tx.FailedWebhookEvents(n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list events set aside: %w", err)
	}
	return out, nil
}

// hookSecret returns a secret as text, the given one or a new one, and sealed.
func (s *Service) hookSecret(id, given string) (text string, sealed []byte, err error) {
	raw := make([]byte, hookSecretBytes)
	if given = strings.TrimSpace(given); given != "" {
		rest, ok := strings.CutPrefix(given, secretPrefix)
		if !ok || len(given) > maxSecretText {
			return "", nil, ErrHookSecret
		}
		if raw, err = base64.StdEncoding.DecodeString(rest); err != nil || len(raw) < 24 || len(raw) > 64 {
			return "", nil, ErrHookSecret
		}
	} else if _, err := io.ReadFull(s.c.Rand, raw); err != nil {
		return "", nil, fmt.Errorf("random bytes: %w", err)
	}
	sealed, err = s.c.Keys.Seal(keyring.Webhooks, raw, id)
	return secretPrefix + base64.StdEncoding.EncodeToString(raw), sealed, err
}

func checkHookURL(text string, private bool) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxHookURL || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return ErrHookURL
	}
	addr, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return ErrHookURL
	}
	if addr.Unmap().IsPrivate() && !private {
		return ErrHookPrivate
	}
	return nil
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return clip(u.Scheme+"://"+u.Host, maxOutcome)
}

// hookKinds returns kinds as they are stored.
func hookKinds(kinds []string) (string, error) {
	var known []string
	for _, k := range kinds {
		k = strings.TrimPrefix(strings.TrimSpace(k), timeline.TypePrefix)
		if !slices.Contains(timeline.Kinds, timeline.Kind(k)) {
			return "", fmt.Errorf("%w: %.64q", ErrHookKind, k)
		}
		known = append(known, k)
	}
	if len(known) == 0 {
		return "", nil
	}
	slices.Sort(known)
	return " " + strings.Join(slices.Compact(known), " ") + " ", nil
}
