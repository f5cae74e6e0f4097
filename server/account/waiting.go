package account

import (
	"errors"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// Bounds of what the right password alone can make: it may be known to somebody
// who lacks the rest.
var (
	// challengeBudget is of a known device by itself, and of an account and
	// network for everybody else.
	challengeBudget = Budget{Scope: "challenge", Limit: challengesAnHour, Per: time.Hour}
	// suspiciousFrom is of an account and network, suspiciousNotices of an account.
	// wrongFactorsFrom is as suspiciousFrom, of five wrong codes: the mail of the
	// sign-in itself does not stand in for theirs.
	suspiciousFrom    = Budget{Scope: "suspicious-from", Limit: suspiciousFromOne, Per: time.Hour}
	wrongFactorsFrom  = Budget{Scope: "wrong-factors-from", Limit: suspiciousFromOne, Per: time.Hour}
	suspiciousNotices = Budget{Scope: "suspicious", Limit: suspiciousAnHour, Per: time.Hour}
)

const (
	challengesAnHour  = 30
	suspiciousAnHour  = 5
	suspiciousFromOne = 1  // of these, about one network
	maxWaiting        = 20 // of a known device, and of all unknown ones together; the oldest end
)

// insertWaiting stores a sign-in under way, within its bounds: *ThrottledError
// where there were too many within an hour.
func (s *Service) insertWaiting(tx *store.Tx, now time.Time, row store.SignInRow, from Client) error {
	by := []string{"device", string(row.Account), row.Device}
	if row.Device == "" {
		by = []string{"network", string(row.Account), Network(from.IP)}
	}
	if err := challengeBudget.Take(tx, s.c.Keys, now, by...); err != nil {
		return err
	}
	return errors.Join(tx.InsertSignIn(row), tx.EndOldSignIns(row.Account, row.Device, maxWaiting))
}

// notifySuspicious tells the owner of a suspicious attempt, unless the last
// hour's notices have told enough: b of its kind and network, and all together. The timeline has them all.
func (s *Service) notifySuspicious(tx *store.Tx, now time.Time, acc store.AccountRow, from Client, b Budget, need Need, v verdict) error {
	err := b.Take(tx, s.c.Keys, now, string(acc.ID), Network(from.IP))
	if err == nil {
		err = suspiciousNotices.Take(tx, s.c.Keys, now, string(acc.ID))
	}
	var enough *ThrottledError
	switch {
	case errors.As(err, &enough):
		return nil
	case err != nil:
		return err
	}
	n := noticeTo(acc, NoticeSuspicious, now, from)
	n.Detail = strings.Join(v.Against, "\n")
	if need == NeedCode {
		n.Purpose = ForSignIn
	}
	return s.Notify(tx, n)
}
