// Package webhook tells an operator's addresses of security events, as the
// Standard Webhooks specification 1.0.0 says (product rule O3).
//
// # Promises
//
//   - At least once: an event is stored in the transaction that it is about
//     (package timeline), and is removed when its address has answered 2xx.
//     webhook-id is the same on every attempt.
//   - In order: of one account no event is sent to an address before the ones
//     before it have arrived or were set aside.
//   - What cannot be delivered is tried again for three days, and then set aside
//     for an operator to see. One address out of order holds up no other.
//   - Signed: HMAC-SHA-256 over id, time and body, with two secrets while one
//     replaces the other.
//   - Only https leaves this machine, redirects are not followed, and addresses
//     inside the operator's network are refused unless the webhook allows them:
//     checked on the address that is connected to, after the name was resolved.
//
// A [Sender] is safe for concurrent use. Several nodes may run one each. The tests
// use real HTTP servers that fail, are slow, and lie.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	lookEvery   = time.Second         // for events that have come
	attemptTime = 15 * time.Second    // one attempt takes at most; the specification advises 15 to 30 s
	claimFor    = time.Minute         // an attempt that nobody reported on is made again after
	together    = 8                   // attempts at once at one address
	maxHooks    = 10                  // addresses, as package operator allows
	maxHold     = 5 * time.Minute     // an address that fails is left alone at most
	outage      = 3                   // failures in a row after which the end of them is news
	maxWait     = time.Hour           // that a Retry-After is heeded for
	keptFailed  = 30 * 24 * time.Hour // what was set aside is listed for
)

// retries are the waits after each failed attempt: those that the specification
// advises, over three days.
var retries = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Config is what a [Sender] works with.
type Config struct {
	DB   *store.DB
	Keys *keyring.Ring
	Log  *slog.Logger
	Now  func() time.Time
	// AttemptTime bounds one attempt. 0: 15 s.
	AttemptTime time.Duration
}

// Sender delivers events. Make one with [New].
type Sender struct {
	c       Config
	clients clients

	mu   sync.Mutex
	busy map[string]bool // addresses that are worked on
}

// New checks c.
func New(c Config) (*Sender, error) {
	if c.DB == nil || c.Keys == nil || c.Log == nil || c.Now == nil {
		return nil, errors.New("webhook: DB, Keys, Log and Now must be set")
	}
	if c.AttemptTime == 0 {
		c.AttemptTime = attemptTime
	}
	return &Sender{c: c, clients: newClients(c.AttemptTime), busy: map[string]bool{}}, nil
}

// Run delivers until ctx ends, and returns when nothing of it runs any more. What
// was under way then is sent again after the next start.
func (s *Sender) Run(ctx context.Context) {
	defer s.clients.close()
	var working sync.WaitGroup
	defer working.Wait()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if err := s.look(ctx, &working); err != nil && ctx.Err() == nil {
			s.c.Log.WarnContext(ctx, "webhooks wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// look begins work for every address that nobody works on.
func (s *Sender) look(ctx context.Context, working *sync.WaitGroup) error {
	hooks, err := s.hooks(ctx)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if !h.Disabled.IsZero() || h.Hold.After(s.c.Now()) || !s.begin(h.ID) {
			continue
		}
		working.Go(func() {
			defer s.end(h.ID)
			if err := s.drain(ctx, h); err != nil && ctx.Err() == nil {
				s.c.Log.WarnContext(ctx, "webhook waits", "webhook", h.ID, "error", err)
			}
		})
	}
	return nil
}

func (s *Sender) hooks(ctx context.Context) (out []store.WebhookRow, err error) {
	err = s.c.DB.View(ctx, func(tx *store.Tx) error {
		out, err = tx.Webhooks(maxHooks)
		return err
	})
	return out, err
}

func (s *Sender) begin(hook string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[hook] {
		return false
	}
	s.busy[hook] = true
	return true
}

func (s *Sender) end(hook string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, hook)
}

// drain delivers what is due at one address, several accounts at once, until
// nothing is or an attempt fails.
func (s *Sender) drain(ctx context.Context, h store.WebhookRow) error {
	for {
		var due []store.WebhookEvent
		err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
			if h, err = tx.Webhook(h.ID); err != nil { // with the newest secrets
				return err
			}
			due, err = tx.DueWebhookEvents(h.ID, s.c.Now(), together)
			return err
		})
		if errors.Is(err, store.ErrNotFound) || err == nil && (len(due) == 0 || !h.Disabled.IsZero() || h.Hold.After(s.c.Now())) {
			return nil
		}
		if err != nil {
			return err
		}
		keys, err := s.secrets(h)
		if err != nil {
			return err
		}
		errs := make([]error, len(due))
		var sending sync.WaitGroup
		for i, e := range due {
			sending.Go(func() { errs[i] = s.attempt(ctx, h, keys, e) })
		}
		sending.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

// secrets returns the keys that sign for an address now, the current one first.
func (s *Sender) secrets(h store.WebhookRow) (keys [][]byte, err error) {
	sealed := [][]byte{h.Secret}
	if len(h.Previous) > 0 && s.c.Now().Before(h.PreviousUntil) {
		sealed = append(sealed, h.Previous)
	}
	for _, text := range sealed {
		key, err := s.c.Keys.Unseal(keyring.Webhooks, text, h.ID)
		if err != nil {
			return nil, fmt.Errorf("webhook secret: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// attempt sends one event, and notes what became of it.
func (s *Sender) attempt(ctx context.Context, h store.WebhookRow, keys [][]byte, e store.WebhookEvent) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.ClaimWebhookEvent(e, s.c.Now().Add(claimFor)) })
	if errors.Is(err, store.ErrNotFound) {
		return nil // another node has it
	}
	if err != nil {
		return err
	}
	got := s.post(ctx, h, keys, e)
	if ctx.Err() != nil {
		return ctx.Err() // the claim runs out, and it is sent again
	}
	now := s.c.Now()
	err = s.c.DB.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if got.code == "" {
			return tx.DeliveredWebhook(e, now, outage)
		}
		return s.failed(tx, now, h, e, got)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // the account or the webhook is gone
	}
	return err
}

// failed puts an event off, or sets it aside, and leaves the address alone for a
// while where the failure was its own.
func (s *Sender) failed(tx *store.Tx, now time.Time, h store.WebhookRow, e store.WebhookEvent, got outcome) error {
	next := time.Time{}
	if e.Attempts < len(retries) {
		wait := max(retries[e.Attempts], got.after)
		next = now.Add(wait + rand.N(wait/10+1)) // not all at once (spec: jitter)
	}
	if err := tx.PutOffWebhookEvent(e, now, next, got.code); err != nil {
		return err
	}
	if next.IsZero() {
		tx.OnCommit(func() {
			s.c.Log.Error("webhook event set aside", "webhook", h.ID, "event", e.ID, "kind", e.Kind, "code", got.code)
		})
	}
	switch {
	case got.gone:
		tx.OnCommit(func() {
			s.c.Log.Error("webhook disabled: it answered 410 Gone; webhook retry enables it", "webhook", h.ID)
		})
		return tx.DisableWebhook(h.ID, now, got.code)
	case got.address:
		return tx.HoldWebhook(h.ID, h.Failures, now.Add(max(hold(h.Failures), got.after)), got.code)
	}
	return nil
}

// hold is for how long an address is left alone after so many failures before.
func hold(failures int) time.Duration { return min(time.Second<<min(failures, 20), maxHold) }

// Tidy removes what was set aside long ago.
func (s *Sender) Tidy(ctx context.Context, now time.Time) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.PruneWebhookEvents(now.Add(-keptFailed)) })
	if err != nil {
		return fmt.Errorf("tidy webhooks: %w", err)
	}
	return nil
}

// Stats says how webhooks do: what waits and what was set aside.
func (s *Sender) Stats(ctx context.Context) (c store.WebhookCount, err error) {
	err = s.c.DB.View(ctx, func(tx *store.Tx) error {
		c, err = tx.CountWebhook("")
		return err
	})
	return c, err
}
