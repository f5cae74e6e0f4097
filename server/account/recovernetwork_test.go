package account

import (
	"errors"
	"testing"
	"time"
)

// A stranger who asks for recoveries from one network, by address and by number,
// does not use up what the owner's new phone needs, and is answered as about
// nobody.
func TestV1_OneNetworkLeavesRecoveriesToOthers(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.clock.Advance(time.Hour)
	ask := func(typed string, by Channel, from Client) error {
		_, err := h.Recover(h.ctx, h.clock.Now(), typed, "", "en", by, "", from)
		return err
	}
	for i := range 10 {
		for _, pair := range [][2]string{{"anna@example.org", "nobody@example.org"}, {ownersPhone, "+4915199999999"}} {
			for _, by := range []Channel{ByMail, BySMS} {
				known, unknown := ask(pair[0], by, thief), ask(pair[1], by, thief)
				if errors.As(known, new(*ThrottledError)) != errors.As(unknown, new(*ThrottledError)) {
					t.Errorf("round %d, %s by %s: %v, and of nobody %v", i, pair[0], by, known, unknown)
				}
			}
		}
	}
	before := len(h.mails)
	if err := ask("anna@example.org", ByMail, fox); err != nil || len(h.mails) != before+1 || h.mail(t).To != "anna@example.org" {
		t.Errorf("the owner's own = %v and %d mails, want the code", err, len(h.mails)-before)
	}
}
