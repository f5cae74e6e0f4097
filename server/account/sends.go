package account

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Budgets of access codes in an hour, per destination and per account (product
// rule V1). Of the five in all, one is kept for known devices and one for
// recoveries: strangers and whoever only knows the password share the other
// three, and strangers leave one of those to the password. Who is signed in has
// three too: a thief in a session leaves the owner's recoveries theirs. One network gets two
// of the three that recoveries from unknown devices have, so that a stranger needs
// more than one network to leave the owner's new phone none.
//
// What somebody signs up with, or wants as the new address or number of another
// account, has four while it is nobody's: nothing is to be kept for anybody. One
// network gets three of them. Where somebody has it already, whoever asks is a
// stranger to that account, however well known to their own: the owner is told
// once, and it takes nothing else from them.
const (
	sendsPerHour  = 5
	sendsUnknown  = sendsPerHour - 1             // a known device keeps one
	recoverySends = 1                            // beside the strangers'
	networkSends  = 2                            // recoveries that one network may ask for: the last is another's
	openSends     = sendsUnknown - recoverySends // strangers and the right password
	strangerSends = openSends - 1                // the password keeps one
	newSends      = sendsPerHour - 1             // of what a sign-up or a change names: one stays for a recovery that was mistyped
	newFrom       = newSends - 1                 // of those, from one network: the last is another's
	takenSends    = 1                            // where it is somebody's
	insideSends   = sendsPerHour - 2             // checks and changes in a session: recoveries keep one from a known device and one from others
)

var (
	sendBudget     = Budget{Scope: "send", Limit: sendsPerHour, Per: time.Hour}
	unknownBudget  = Budget{Scope: "send", Limit: sendsUnknown, Per: time.Hour} // the same count
	openBudget     = Budget{Scope: "send-open", Limit: openSends, Per: time.Hour}
	strangerBudget = Budget{Scope: "send-stranger", Limit: strangerSends, Per: time.Hour}
	insideBudget   = Budget{Scope: "send-inside", Limit: insideSends, Per: time.Hour}
	recoveryBudget = Budget{Scope: "send-recovery", Limit: recoverySends, Per: time.Hour}
	networkBudget  = Budget{Scope: "send-network", Limit: networkSends, Per: time.Hour}
	newBudget      = Budget{Scope: "send-new", Limit: newSends, Per: time.Hour}
	newFromBudget  = Budget{Scope: "send-new-network", Limit: newFrom, Per: time.Hour}
	signUpBudget   = Budget{Scope: "sign-up", Limit: signUpsPerIP, Per: time.Hour}
)

// takeSend counts a message against the budgets of what was asked for, of its
// destination and of its account. A stranger is refused where strangers asked
// too often for what was typed: that is counted alike for everybody. Where what
// is used up depends on an account, its owner or who else an address belongs
// to, a stranger is shown nothing and sent nothing (product rule V6).
func (s *Service) takeSend(tx *store.Tx, now time.Time, r codeRequest) (silent bool, err error) {
	if r.Purpose == ForEmail || r.Purpose == ForPhone { // a session's own account: its count is told
		for _, b := range []Budget{insideBudget, unknownBudget} {
			if err := b.Take(tx, s.c.Keys, now, "of", string(r.Account)); err != nil {
				return false, err
			}
		}
		r.Account = ""
	}
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
	typed := sendSubject(r.To.Channel, asked)
	if silent, err = s.takeNetwork(tx, now, r, typed, hidden); err != nil {
		return false, err
	}
	if silent { // this network takes nothing that others need, after as much work
		r.Muted = true
	}
	full, err := s.takeSendOf(tx, now, r, false, typed...)
	if err != nil {
		return false, err
	}
	silent = silent || full
	for _, subject := range hidden {
		full, err := s.takeSendOf(tx, now, r, true, subject...)
		silent = silent || full
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

// takeNetwork counts a stranger's request against what one network may ask for,
// of what was typed and of what that leads to.
func (s *Service) takeNetwork(tx *store.Tx, now time.Time, r codeRequest, typed []string, hidden [][]string) (silent bool, err error) {
	b := networkBudget
	switch {
	case r.Purpose.new():
		b = newFromBudget
	case r.Asker != recovering:
		return false, nil
	}
	from := Network(r.From.IP)
	if err := b.Take(tx, s.c.Keys, now, append([]string{from}, typed...)...); err != nil {
		return false, err
	}
	for _, subject := range hidden {
		full, err := usedUp(b.Take(tx, s.c.Keys, now, append([]string{"hidden", from}, subject...)...))
		if err != nil {
			return false, err
		}
		silent = silent || full
	}
	return silent, nil
}

func sendSubject(by Channel, address string) []string {
	return []string{"to", string(by), strings.ToLower(address)}
}

// takeSendOf counts a message against the budgets of one subject. full: the
// asker's own are not used up, but those that it shares are, and it may not know.
// hidden: what was typed leads to the subject. Then its own counts are apart
// from those of typing it: a refusal of the one must not show the other.
func (s *Service) takeSendOf(tx *store.Tx, now time.Time, r codeRequest, hidden bool, subject ...string) (full bool, err error) {
	take := func(b Budget) error {
		if r.Muted {
			return b.Take(tx, s.c.Keys, now, append([]string{"muted"}, subject...)...)
		}
		return b.Take(tx, s.c.Keys, now, subject...)
	}
	own := func(b Budget) error {
		if !hidden {
			return b.Take(tx, s.c.Keys, now, subject...)
		}
		b.Scope += "-hidden"
		return take(b)
	}
	switch r.Asker {
	case known:
		return false, take(sendBudget)
	case inside:
		if err := take(insideBudget); err != nil {
			return false, err
		}
		return false, take(unknownBudget)
	case proved:
		if err := take(openBudget); err != nil {
			return false, err
		}
		return false, take(unknownBudget)
	case recovering:
		err := own(recoveryBudget)
		if err == nil {
			return usedUp(take(unknownBudget))
		}
		if !errors.As(err, new(*ThrottledError)) {
			return false, err
		}
	case stranger:
	default:
		return false, fmt.Errorf("account: no such asker %d", r.Asker)
	}
	strangers, open, all := strangerBudget, openBudget, unknownBudget
	open.Limit = strangerSends
	if r.Purpose.new() {
		strangers, open.Limit = newBudget, takenSends
		if !r.Decoy {
			open.Limit, all = newSends, sendBudget
		}
	}
	if err := own(strangers); err != nil {
		return false, err
	}
	if full, err := usedUp(take(open)); full || err != nil {
		return full, err
	}
	return usedUp(take(all))
}

// sendNew sends a code to what somebody signs up with or changes to. Where it is
// somebody's already (r.Decoy) that one is told instead, and no code will match.
func (s *Service) sendNew(tx *store.Tx, now time.Time, r codeRequest, told Notice) (CodeSent, error) {
	silent, err := s.takeSend(tx, now, r)
	if err != nil {
		return CodeSent{}, aboutCodes(err)
	}
	sent, err := s.sendCode(tx, now, r, silent)
	if err != nil || !r.Decoy {
		return sent, err
	}
	told.Purpose, told.Decoy = r.Purpose, silent
	return sent, s.Notify(tx, told)
}

// returnSend takes the count of an access code back that was given by who got it:
// neither a stranger nor who only knows the password made it be sent. The counts
// of all codes stay.
func (s *Service) returnSend(tx *store.Tx, row store.AccessCodeRow) error {
	subjects := [][]string{sendSubject(Channel(row.Channel), row.Destination)}
	if row.Account != "" {
		subjects = append(subjects, []string{"of", string(row.Account)})
	}
	for _, subject := range subjects {
		if err := tx.ReturnThrottle(openBudget.Scope, s.c.Keys.MAC(keyring.Throttles, subject...)); err != nil {
			return err
		}
	}
	return nil
}

// aboutCodes says of a budget that is used up that it is one of access codes.
func aboutCodes(err error) error {
	var throttled *ThrottledError
	if errors.As(err, &throttled) {
		throttled.Codes = true
	}
	return err
}

// usedUp tells a budget that is used up from errors.
func usedUp(err error) (bool, error) {
	if errors.As(err, new(*ThrottledError)) {
		return true, nil
	}
	return false, err
}

// countryPrefix returns the country's code of an E.164 number, e.g. "+34".
func countryPrefix(number string) string {
	n, err := phonenumbers.Parse(number, "ZZ")
	if err != nil {
		return "+"
	}
	return fmt.Sprintf("+%d", n.GetCountryCode())
}
