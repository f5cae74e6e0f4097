package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// Stats says how the outbox does: what is in the database, whoever put it there,
// and what this process did since its start.
type Stats struct {
	Waiting  int64
	Oldest   time.Duration // age of the oldest of these
	SetAside int64         // given up, of the last 30 days

	Sent   int64 // messages handed over here
	Failed int64 // attempts here that failed
	GaveUp int64 // messages set aside here
}

// Stats reads them. The error is the database's.
func (o *Outbox) Stats(ctx context.Context) (Stats, error) {
	var c store.OutboxCount
	err := o.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.CountOutbox()
		return err
	})
	if err != nil {
		return Stats{}, fmt.Errorf("count the outbox: %w", err)
	}
	s := Stats{Waiting: c.Waiting, SetAside: c.SetAside, Sent: o.sent.Load(), Failed: o.failed.Load(), GaveUp: o.gaveUp.Load()}
	if !c.Oldest.IsZero() {
		s.Oldest = max(0, o.c.Now().Sub(c.Oldest))
	}
	return s, nil
}
