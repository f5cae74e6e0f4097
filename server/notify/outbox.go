package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	// usefulFor is how long a message is tried that does not say otherwise.
	usefulFor = 3 * 24 * time.Hour
	// keptFor is how long a message that is over stays in the table.
	keptFor = 30 * 24 * time.Hour
	// sendLimit bounds one attempt.
	sendLimit = time.Minute
	// claimFor is when an attempt that nobody reported on is tried again: its
	// process has died. It is longer than sendLimit and the store's own.
	claimFor = 2 * time.Minute
	// maxIdle is how long a sender waits at most before it looks again, for
	// messages of other processes.
	maxIdle = 15 * time.Second
)

// Transport hands one message over. It must give up when ctx ends. Errors that
// are no *TransportError count as temporary.
type Transport interface {
	Send(ctx context.Context, m Mail) error
}

// Mail is a message for a Transport.
type Mail struct {
	ID      string // UUIDv7: the same on every attempt, as is Created
	Created time.Time
	To      string
	Subject string
	Text    string
	HTML    string
}

// TransportError is an attempt that failed.
type TransportError struct {
	Code      string        // short, without secrets and addresses, e.g. "rcpt 550 5.1.1"
	Permanent bool          // trying again is of no use
	Setup     bool          // it failed before anything of the message was said: Err may be logged
	Err       error         // otherwise it may name the recipient
	After     time.Duration // not to be tried again sooner
}

func (e *TransportError) Error() string {
	if e.Err == nil {
		return "notify: " + e.Code
	}
	return "notify: " + e.Code + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Config is what an [Outbox] needs.
type Config struct {
	DB  *store.DB
	Log *slog.Logger

	// Mail and SMS hand messages over. nil is for development alone: messages
	// count as sent and keep their bodies, for its outbox. See [Missing].
	Mail, SMS Transport
	// SMSHourly bounds the SMS of all accounts together in an hour. 0: 1000.
	SMSHourly int
	// Keys hash the numbers and accounts by which SMS are counted.
	Keys *keyring.Ring
	// Wording is who the mails come from.
	Wording Wording
	// Senders is how many messages are handed over at once. 0: 4.
	Senders int
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Outbox holds messages until they are out. Make one with [New].
type Outbox struct {
	c    Config
	wake chan struct{} // somebody may have something to do

	sent, failed, gaveUp atomic.Int64 // see Stats
}

// New checks c and returns the outbox. Messages leave while [Outbox.Run] runs.
func New(c Config) (*Outbox, error) {
	if c.DB == nil || c.Log == nil || c.Keys == nil {
		return nil, errors.New("notify: DB, Log and Keys are required")
	}
	if err := c.Wording.check(); err != nil {
		return nil, err
	}
	c.Senders = cmp.Or(c.Senders, 4)
	c.SMSHourly = cmp.Or(c.SMSHourly, defaultHourly)
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Outbox{c: c, wake: make(chan struct{}, c.Senders)}, nil
}

// Enqueue stores m in the caller's transaction. It leaves soon after the
// commit. Errors wrap ErrMessage, are *account.ThrottledError for an SMS beyond
// its budgets, or are the database's.
func (o *Outbox) Enqueue(tx *store.Tx, now time.Time, m Message) error {
	m.Channel = cmp.Or(m.Channel, ChannelMail)
	if err := m.check(); err != nil {
		return err
	}
	if m.Channel == ChannelSMS {
		if err := o.spendSMS(tx, now, m); err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	if m.Useful.IsZero() {
		m.Useful = now.Add(usefulFor)
	}
	err = o.insert(tx, store.OutboxRow{
		ID: id.String(), Account: m.Account, Channel: string(m.Channel), Recipient: m.To, Kind: m.Kind,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, Created: now, Next: now, GiveUp: m.Useful,
	})
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	tx.OnCommit(o.wakeOne)
	return nil
}

func (o *Outbox) insert(tx *store.Tx, row store.OutboxRow) error {
	if err := o.sealBodies(&row); err != nil {
		return err
	}
	return tx.InsertOutbox(row)
}

// Notify words n and stores it in the caller's transaction: as a mail to n.To, as
// an SMS to n.SMS, or both. Over the budgets of SMS, one that goes alone fails
// with *account.ThrottledError; one that goes beside a mail is left out.
func (o *Outbox) Notify(tx *store.Tx, n account.Notice) error {
	if n.To == "" {
		n.To, n.SMS = n.SMS, ""
	}
	m, err := Compose(o.c.Wording, n)
	if err != nil {
		return err
	}
	if n.Decoy {
		return o.decoy(tx, n.At, m)
	}
	if err := o.Enqueue(tx, n.At, m); err != nil || n.SMS == "" {
		return err
	}
	n.To = n.SMS
	if m, err = Compose(o.c.Wording, n); err != nil {
		return err
	}
	err = o.Enqueue(tx, n.At, m)
	if errors.As(err, new(*account.ThrottledError)) {
		o.c.Log.Warn("SMS left out beside a mail: over the hour's budget", "kind", m.Kind)
		return nil
	}
	return err
}

// decoyKind marks messages that are never sent; see [account.Notice].
const decoyKind = "decoy"

// decoy stores what Enqueue would. A sender takes it up as it does a message,
// and drops it: what comes after takes as long too. Its recipient is not kept.
func (o *Outbox) decoy(tx *store.Tx, now time.Time, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	nobody, err := uuid.NewRandom() // a place of its own in the indices, as an account and its number have
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	if m.Channel == ChannelSMS {
		for _, s := range smsBudgets(protocol.AccountID(nobody.String()), nobody.String(), 1<<30) {
			s.budget.Scope, s.budget.Limit = decoyKind, 1<<30 // as much work, and no budget of anybody
			if err := errors.Join(s.budget.Check(tx, o.c.Keys, now, s.subject), s.budget.Take(tx, o.c.Keys, now, s.subject)); err != nil {
				return err
			}
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	err = o.insert(tx, store.OutboxRow{
		ID: id.String(), Account: protocol.AccountID(nobody.String()), Channel: string(m.Channel), Kind: decoyKind,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, Created: now, Next: now, GiveUp: now.Add(usefulFor),
	})
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	tx.OnCommit(o.wakeOne)
	return nil
}

func (o *Outbox) wakeOne() {
	select {
	case o.wake <- struct{}{}:
	default: // all are awake already
	}
}

// Recent returns the newest messages of all accounts, n at most. In
// development their bodies are there to be read.
func (o *Outbox) Recent(ctx context.Context, n int) (rows []store.OutboxRow, err error) {
	err = o.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err = tx.RecentOutbox(n)
		return err
	})
	for i := range rows {
		err = errors.Join(err, o.openBodies(&rows[i]))
	}
	return rows, err
}

// Run hands messages over until ctx ends, and returns when nothing of it runs
// any more. What was under way then is tried again after the next start.
func (o *Outbox) Run(ctx context.Context) {
	var senders sync.WaitGroup
	for range o.c.Senders {
		senders.Go(func() { o.sender(ctx) })
	}
	senders.Go(func() { o.pruner(ctx) })
	senders.Wait()
}

func (o *Outbox) pruner(ctx context.Context) {
	daily := time.NewTicker(24 * time.Hour)
	defer daily.Stop()
	for {
		err := o.c.DB.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.PruneOutbox(o.c.Now().Add(-keptFor))
			return err
		})
		if err != nil && ctx.Err() == nil {
			o.c.Log.WarnContext(ctx, "outbox not pruned", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-daily.C:
		}
	}
}
