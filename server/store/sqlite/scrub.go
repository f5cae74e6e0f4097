package sqlite

import (
	"context"

	"github.com/hearthkey/hearthkey/server/store"
)

// scrubWait is for how long Scrub waits for readers, in milliseconds: writers wait
// meanwhile.
const scrubWait = "250"

// Scrub implements store.Driver. Every write overwrites what it deletes with zeros
// (secure_delete), in the pages of the write-ahead log; what remains is the log's
// older copies of these pages and the file's. A checkpoint brings the new ones into
// the file, and empties the log (sqlite.org/pragma.html#pragma_wal_checkpoint).
func (d *Driver) Scrub(ctx context.Context) error {
	select {
	case <-d.closing:
		return store.ErrClosed
	default:
	}
	var busy, frames, moved int
	err := d.scrubDB.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		err = store.ErrBusy
	}
	return err
}
