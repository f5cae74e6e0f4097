package device

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// Bounds of one removal of what was kept long enough: each transaction is short,
// and what is left at the end goes with the next removal.
const (
	tidyRows    = 2000 // in one transaction
	tidyBatches = 200  // of each kind
)

// retain removes activity that was kept long enough, and addresses and places,
// which are kept for less long (product rule D6; OWASP ASVS 5 14.2.7): those of
// activity, of the security timeline, of web sessions, of sign-ins of the past and
// of stolen devices. Doing it on several nodes at once
// changes nothing.
func (s *Service) retain(ctx context.Context, now time.Time) error {
	old, located := now.Add(-s.c.KeepActivity), now.Add(-s.c.KeepAddresses)
	for _, kind := range []struct {
		what   string
		before time.Time
		remove func(*store.Tx, time.Time, int) (int64, error)
	}{
		{"reports of stolen devices", located, (*store.Tx).DeleteStolenReportsBefore},
		{"addresses of activity", located, (*store.Tx).ForgetActivityPlacesBefore},
		{"addresses of timelines", located, (*store.Tx).ForgetTimelinePlacesBefore},
		{"addresses of sessions", located, (*store.Tx).ForgetSessionPlacesBefore},
		{"addresses of sign-ins", located, (*store.Tx).ForgetSignInPlacesBefore},
		{"activity", old, (*store.Tx).DeleteActivityBefore},
		{"libraries", old, (*store.Tx).DeleteLibraryBefore},
	} {
		for range tidyBatches {
			var n int64
			err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
				n, err = kind.remove(tx, kind.before, tidyRows)
				return err
			})
			if err != nil {
				return fmt.Errorf("remove old %s: %w", kind.what, err)
			}
			if n < tidyRows {
				break
			}
		}
	}
	return nil
}
