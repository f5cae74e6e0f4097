package notify

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

func (b *bench) send(t *testing.T, about protocol.AccountID, number string) error {
	t.Helper()
	m := sampleSMS()
	m.Account, m.To = about, number
	return b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Enqueue(tx, b.clock(), m) })
}

// How many SMS an hour takes, however they are spread (V11).
// ASVS 2.4.1.
func TestSMSBudgets(t *testing.T) {
	tests := []struct {
		name    string
		account func(i int) string
		number  func(i int) string
		want    int
	}{
		{"one account", func(int) string { return "a" }, func(i int) string { return fmt.Sprintf("+1555%03d0000", i) }, SMSPerAccount},
		{"one range", func(i int) string { return fmt.Sprint("b", i) }, func(i int) string { return fmt.Sprintf("+1666010%04d", i) }, SMSPerRange},
		{"one range, nobody", func(int) string { return "" }, func(i int) string { return fmt.Sprintf("+1777010%04d", i) }, SMSPerRange},
		{"all", func(i int) string { return fmt.Sprint("c", i) }, func(i int) string { return fmt.Sprintf("+1888%03d0000", i) }, 60},
	}
	for _, test := range tests {
		b := newBench(t, nil)
		b.c.SMSHourly = 60
		try := func() (sent int, last error) {
			for i := range 100 {
				if last = b.send(t, protocol.AccountID(test.account(i)), test.number(i)); last == nil {
					sent++
				}
			}
			return sent, last
		}
		sent, err := try()
		var throttled *account.ThrottledError
		if sent != test.want || !errors.As(err, &throttled) || throttled.RetryAfter != time.Hour {
			t.Errorf("%s: %d were sent, then %v, want %d", test.name, sent, err, test.want)
		}
		b.pass(time.Hour)
		if sent, _ := try(); sent != test.want {
			t.Errorf("%s: %d were sent in the next hour, want %d", test.name, sent, test.want)
		}
	}
}

// What is refused by one budget takes nothing from the others, and mails are
// not counted.
func TestSMSBudgetsApart(t *testing.T) {
	b := newBench(t, nil)
	for i := range 50 {
		_ = b.send(t, "a", fmt.Sprintf("+1555010%04d", i)) // all but 10 are refused
		b.enqueue(t, sample())
	}
	for i := range SMSPerRange - SMSPerAccount {
		if err := b.send(t, protocol.AccountID(fmt.Sprint(i)), fmt.Sprintf("+1555010%04d", i)); err != nil {
			t.Fatalf("SMS %d: %v", i, err)
		}
	}
	if err := b.send(t, "z", "+15550109999"); err == nil {
		t.Error("the range takes more than its budget")
	}
}

// A security notice is never lost, or its reason undone, because no SMS may
// leave any more; an access code is refused.
func TestOverBudget(t *testing.T) {
	b := newBench(t, nil)
	for range SMSPerAccount {
		if err := b.send(t, "a", "+15550100042"); err != nil {
			t.Fatal(err)
		}
	}
	n := full(account.NoticePasswordChanged)
	n.SMS = "+15550100042"
	code := full(account.NoticeAccessCode)
	code.To = n.SMS
	notify := func(n account.Notice) error {
		return b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Notify(tx, n) })
	}
	if err := notify(n); err != nil {
		t.Errorf("notice: %v", err)
	}
	if rows, err := b.Recent(t.Context(), 1); err != nil || len(rows) != 1 || rows[0].Channel != "mail" {
		t.Errorf("the newest message: %+v, %v, want the mail", rows, err)
	}
	if err := notify(code); !errors.As(err, new(*account.ThrottledError)) {
		t.Errorf("code: %v, want it throttled", err)
	}
}
