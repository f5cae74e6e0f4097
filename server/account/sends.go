package account

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/hearthkey/hearthkey/server/store"
)

// Budgets of access codes in an hour, per destination and per account (product
// rule V1). Of the five in all, strangers can use up three and recoveries from
// unknown devices one more: the last is there for whoever knows the password or
// holds a known device, whatever strangers do.
const (
	sendsPerHour    = 5
	strangerSends   = 3
	recoverySends   = 1
	sendsUnreserved = sendsPerHour - 1 // after these only the kept one is left
	provedKept      = 1
)

var (
	sendBudget     = Budget{Scope: "send", Limit: sendsPerHour, Per: time.Hour}
	openBudget     = Budget{Scope: "send", Limit: sendsUnreserved, Per: time.Hour} // the same count, the kept one left alone
	strangerBudget = Budget{Scope: "send-stranger", Limit: strangerSends, Per: time.Hour}
	recoveryBudget = Budget{Scope: "send-recovery", Limit: recoverySends, Per: time.Hour}
	provedBudget   = Budget{Scope: "send-proved", Limit: provedKept, Per: time.Hour}
	signUpBudget   = Budget{Scope: "sign-up", Limit: signUpsPerIP, Per: time.Hour}
)

// takeSend counts a message against the budgets of what was asked for, of its
// destination and of its account. Where only those of the latter two are used
// up, a stranger is shown nothing and sent nothing: an answer would tell which
// address belongs to which number.
func (s *Service) takeSend(tx *store.Tx, now time.Time, r codeRequest) (silent bool, err error) {
	asked := r.To.Address
	var hidden [][]string
	if r.Typed != "" && !strings.EqualFold(r.Typed, r.To.Address) {
		asked = r.Typed
		to := sendSubject(r.To.Channel, r.To.Address)
		if r.Decoy { // a count of its own: one for all would soon be used up, and answer slower
			to = append(sendSubject(r.To.Channel, asked), "to nobody")
		}
		hidden = append(hidden, to)
	}
	switch {
	case r.Account != "":
		hidden = append(hidden, []string{"of", string(r.Account)})
	case r.Decoy && !r.Told: // counted for nobody, so that it takes as long
		hidden = append(hidden, []string{"of nobody", asked})
	}
	if err := s.takeSendOf(tx, now, r.Asker, sendSubject(r.To.Channel, asked)...); err != nil {
		return false, err
	}
	for _, subject := range hidden {
		err := s.takeSendOf(tx, now, r.Asker, subject...)
		var throttled *ThrottledError
		switch {
		case errors.As(err, &throttled) && r.Asker.untold():
			silent = true
		case err != nil:
			return false, err
		}
	}
	return silent, nil
}

func sendSubject(by Channel, address string) []string {
	return []string{"to", string(by), strings.ToLower(address)}
}

func (s *Service) takeSendOf(tx *store.Tx, now time.Time, who asker, subject ...string) error {
	take := func(b Budget) error { return b.Take(tx, s.c.Keys, now, subject...) }
	switch who {
	case stranger:
		if err := openBudget.Check(tx, s.c.Keys, now, subject...); err != nil {
			return err
		}
		if err := take(strangerBudget); err != nil {
			return err
		}
	case recovering:
		if recoveryBudget.Check(tx, s.c.Keys, now, subject...) != nil {
			return s.takeSendOf(tx, now, stranger, subject...)
		}
		if err := take(recoveryBudget); err != nil {
			return err
		}
	case proved:
		if openBudget.Check(tx, s.c.Keys, now, subject...) != nil {
			if err := take(provedBudget); err != nil {
				return err
			}
		}
	case known:
	default:
		return fmt.Errorf("account: no such asker %d", who)
	}
	return take(sendBudget)
}

// countryPrefix returns the country's code of an E.164 number, e.g. "+34".
func countryPrefix(number string) string {
	n, err := phonenumbers.Parse(number, "ZZ")
	if err != nil {
		return "+"
	}
	return fmt.Sprintf("+%d", n.GetCountryCode())
}
