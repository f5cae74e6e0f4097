package account

import (
	"errors"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
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
	// begunFrom is of a known device, or of an account and network for everybody
	// else; begunEntries is of an account.
	begunFrom    = Budget{Scope: "begun-from", Limit: begunFromOne, Per: time.Hour}
	begunEntries = Budget{Scope: "begun", Limit: begunAnHour, Per: time.Hour}
)

const (
	challengesAnHour  = 30
	suspiciousAnHour  = 5
	begunAnHour       = 10 // entries of the timeline about sign-ins that were begun
	begunFromOne      = 1  // of these, about one known device or network
	suspiciousFromOne = 1  // of these, about one network
	maxWaiting        = 20 // of a known device, and of all unknown ones together; the oldest end
)

// insertWaiting stores a sign-in under way, within its bounds: *ThrottledError
// where there were too many within an hour.
func (s *Service) insertWaiting(tx *store.Tx, now time.Time, row store.SignInRow, from Client) error {
	if err := challengeBudget.Take(tx, s.c.Keys, now, begunBy(row, from)...); err != nil {
		return err
	}
	return errors.Join(tx.InsertSignIn(row), tx.EndOldSignIns(row.Account, row.Device, maxWaiting))
}

// begunBy is what sign-ins under way are counted by: the known device, or the
// account and network.
func begunBy(row store.SignInRow, from Client) []string {
	if row.Device != "" {
		return []string{"device", string(row.Account), row.Device}
	}
	return []string{"network", string(row.Account), Network(from.IP)}
}

// recordBegun writes a sign-in that was begun into the timeline, unless the last
// hour has told enough: who has the password must not fill it.
func (s *Service) recordBegun(tx *store.Tx, now time.Time, row store.SignInRow, from Client) error {
	err := begunFrom.Take(tx, s.c.Keys, now, begunBy(row, from)...)
	if err == nil {
		err = begunEntries.Take(tx, s.c.Keys, now, string(row.Account))
	}
	if full, err := usedUp(err); full || err != nil {
		return err
	}
	what := "An access code was asked for."
	if Need(row.Needs) == NeedSecondFactor {
		what = "The second factor was asked for."
	}
	from = from.tidy()
	return timeline.Add(tx, row.Account, timeline.Entry{
		Kind: timeline.CodeAsked, At: now, Agent: from.Agent, IP: from.IP, Place: from.Place, Detail: what,
	})
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
