package notify

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// How many SMS may leave in an hour (product rule V11). Whoever lets others pay
// for SMS to numbers of his own takes many accounts and numbers of one range:
// hence the second.
const (
	SMSPerAccount = 10 // about one account
	SMSPerRange   = 30 // to numbers that differ in their last four digits alone
)

// spend is one budget that an SMS is taken from.
type spend struct {
	budget  account.Budget
	subject string
}

// smsBudgets are what an SMS to a number takes from. Pure.
func smsBudgets(about protocol.AccountID, number string, hourly int) []spend {
	budget := func(scope string, limit int) account.Budget {
		return account.Budget{Scope: scope, Limit: limit, Per: time.Hour}
	}
	all := []spend{
		{budget("sms-range", SMSPerRange), numberRange(number)},
		{budget("sms-all", hourly), ""},
	}
	if about != "" {
		all = append(all, spend{budget("sms-account", SMSPerAccount), string(about)})
	}
	return all
}

// numberRange is a number less its last four digits.
func numberRange(number string) string { return number[:max(0, len(number)-4)] }

// spendSMS takes an SMS from all its budgets, or from none: then it fails with
// *account.ThrottledError, that of the longest wait.
func (o *Outbox) spendSMS(tx *store.Tx, now time.Time, m Message) error {
	all := smsBudgets(m.Account, m.To, o.c.SMSHourly)
	var worst *account.ThrottledError
	for _, s := range all {
		var throttled *account.ThrottledError
		err := s.budget.Check(tx, o.c.Keys, now, s.subject)
		switch {
		case errors.As(err, &throttled):
			if worst == nil || throttled.RetryAfter > worst.RetryAfter {
				worst = throttled
			}
		case err != nil:
			return err
		}
	}
	if worst != nil {
		return worst
	}
	for _, s := range all {
		if err := s.budget.Take(tx, o.c.Keys, now, s.subject); err != nil {
			return err
		}
	}
	return nil
}
