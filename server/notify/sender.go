package notify

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// sender hands over one message after the other, and waits when none is due.
func (o *Outbox) sender(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := o.step(ctx)
		if err != nil && ctx.Err() == nil {
			o.c.Log.WarnContext(ctx, "outbox not read", "err", err)
			wait = maxIdle
		}
		if wait > 0 {
			o.idle(ctx, wait)
		}
	}
}

func (o *Outbox) idle(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-o.wake:
	case <-timer.C:
	}
}

// step hands over the message that is due, if any is, and tells how long to
// wait before the next step.
func (o *Outbox) step(ctx context.Context) (time.Duration, error) {
	now := o.c.Now()
	var next time.Time
	err := o.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		next, err = tx.NextOutbox()
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return maxIdle, nil
	case err != nil:
		return 0, err
	case next.After(now):
		return min(next.Sub(now), maxIdle), nil
	}
	var row store.OutboxRow
	err = o.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.ClaimOutbox(now, now.Add(claimFor))
		return err
	})
	if errors.Is(err, store.ErrNotFound) { // another took it
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	o.wakeOne() // there may be more
	if err := o.openBodies(&row); err != nil {
		o.c.Log.ErrorContext(ctx, "message set aside: it is sealed by another data key", "message", row.ID, "error", err)
		return 0, o.report(ctx, func(tx *store.Tx) error { return tx.SetAsideOutbox(row.ID, now, "sealed", false) })
	}
	return 0, o.handOver(ctx, row)
}

// handOver makes one attempt and writes down what came of it.
func (o *Outbox) handOver(ctx context.Context, row store.OutboxRow) error {
	err := o.attempt(ctx, row)
	now, stopped := o.c.Now(), ctx.Err() != nil
	// What happened must be written down even while the server stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), store.TxLimit)
	defer cancel()
	if row.Kind == decoyKind {
		return o.report(ctx, func(tx *store.Tx) error { return tx.SentOutbox(row.ID, now, false) })
	}
	log := o.c.Log.With("message", row.ID, "kind", row.Kind, "attempt", row.Attempts)
	if err == nil {
		o.sent.Add(1)
		log.InfoContext(ctx, "message sent")
		return o.report(ctx, func(tx *store.Tx) error { return tx.SentOutbox(row.ID, now, o.transport(row) == nil) })
	}
	code, permanent := codeOf(err)
	if stopped && !permanent { // first thing after the next start
		return o.report(ctx, func(tx *store.Tx) error { return tx.PutOffOutbox(row.ID, now, "server stopped") })
	}
	o.failed.Add(1)
	next := now.Add(max(backOff(row.Attempts), after(err)))
	if permanent || next.After(row.GiveUp) {
		o.gaveUp.Add(1)
		log.WarnContext(ctx, "message set aside", "code", code, "permanent", permanent)
		return o.report(ctx, func(tx *store.Tx) error { return tx.SetAsideOutbox(row.ID, now, code, !secret(row)) })
	}
	log.WarnContext(ctx, "message not sent yet", "code", code, "next", next, "err", loggable(err))
	return o.report(ctx, func(tx *store.Tx) error { return tx.PutOffOutbox(row.ID, next, code) })
}

// secret reports whether a message holds a code or a link with a token, which
// nobody should find in the database later.
func secret(row store.OutboxRow) bool {
	return row.GiveUp.Sub(row.Created) < usefulFor || strings.Contains(row.Text, "?"+LinkParam+"=")
}

// report writes an outcome. A message that is gone or has ended meanwhile (its
// account was erased, another attempt got through) is no error.
func (o *Outbox) report(ctx context.Context, write func(*store.Tx) error) error {
	err := o.c.DB.Update(ctx, write)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (o *Outbox) attempt(ctx context.Context, row store.OutboxRow) error {
	if row.Kind == decoyKind {
		return nil
	}
	if !o.c.Now().Before(row.GiveUp) {
		return &TransportError{Code: "expired", Permanent: true}
	}
	transport := o.transport(row)
	if transport == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	return transport.Send(ctx, Mail{
		ID: row.ID, Created: row.Created, To: row.Recipient, Subject: row.Subject, Text: row.Text, HTML: row.HTML,
	})
}

// transport returns what a message leaves by, or nil in development.
func (o *Outbox) transport(row store.OutboxRow) Transport {
	if row.Channel == string(ChannelSMS) {
		return o.c.SMS
	}
	return o.c.Mail
}

// after is how long the other side asks to be left alone.
func after(err error) time.Duration {
	var e *TransportError
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

// codeOf returns what may be stored and logged of an attempt's error.
func codeOf(err error) (code string, permanent bool) {
	var e *TransportError
	switch {
	case errors.As(err, &e):
		return e.Code, e.Permanent
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", false
	}
	return "failed", false
}

// loggable returns the cause of an attempt's error if it cannot name anybody.
func loggable(err error) error {
	var e *TransportError
	if errors.As(err, &e) && e.Setup {
		return e.Err
	}
	return nil
}

// backOff is the wait after the n-th attempt: 30 s, doubling to 6 h.
func backOff(n int) time.Duration {
	const first, most = 30 * time.Second, 6 * time.Hour
	if n > 10 {
		return most
	}
	return min(first<<max(0, n-1), most)
}
