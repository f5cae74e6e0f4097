package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Restored is a backup that became the database, while a device may still hold a
// lease that was granted before.
type Restored struct {
	At     time.Time
	Backup time.Time // what happened between the two is lost
	Until  time.Time // whatever was signed in between has locked itself by then, to the minute
}

// LastRestored returns the newest restore, or the zero Restored where none matters at
// now: devices that were signed in after the backup are in no list until they connect.
func (s *Service) LastRestored(ctx context.Context, now time.Time) (Restored, error) {
	var out Restored
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		r, err := tx.LastRestore()
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if until := upToMinute(r.At.Add(protocol.MaxLease * time.Second)); err == nil && now.Before(until) {
			out = Restored{r.At, r.Backup, until}
		}
		return err
	})
	if err != nil {
		return Restored{}, fmt.Errorf("look for a restore: %w", err)
	}
	return out, nil
}
