package notify

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// V6, ASVS 6.3.8: a decoy takes the work of a message, the sender's too, and
// nobody ever gets or sees it.
func TestV6_DecoysAreNeverSent(t *testing.T) {
	mails, sms := &fakeTransport{}, &fakeTransport{}
	b := newBench(t, mails)
	b.c.SMS = sms
	for _, to := range []string{"somebody@decoy.invalid", "+99900000000"} {
		n := account.Notice{
			Kind: account.NoticeAccessCode, To: to, At: monday, Code: "123456", Expires: monday.Add(10 * time.Minute), Decoy: true,
		}
		if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Notify(tx, n) }); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	for range 2 {
		b.step(t)
	}
	err := b.db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.NextOutbox(); return err })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after a step for each one is still due: %v", err)
	}
	if n := len(mails.got) + len(sms.got); n != 0 {
		t.Errorf("%d decoys were sent", n)
	}
	if rows, err := b.Recent(t.Context(), 10); err != nil || len(rows) != 0 {
		t.Errorf("Recent = %+v, %v, want none", rows, err)
	}
	err = b.db.Update(t.Context(), func(tx *store.Tx) error {
		n, err := tx.PruneOutbox(b.clock())
		if n != 2 {
			t.Errorf("%d decoys pruned, want 2", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
