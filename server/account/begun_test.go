package account

import (
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// begun returns the timeline's entries about sign-ins that were begun.
func (f *fixture) begun(t *testing.T, id protocol.AccountID) (out []timeline.Entry) {
	t.Helper()
	all, err := timeline.List(f.ctx, f.c.DB, id, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == timeline.CodeAsked {
			out = append(out, e)
		}
	}
	return out
}

// TestV4_ASignInThatWasBegunIsInTheTimeline: whoever had the right password and
// did not go on leaves a trace, once an hour for a device or network.
func TestV4_ASignInThatWasBegunIsInTheTimeline(t *testing.T) {
	f, who := settled(t, 20)
	phone := fox // another browser of the same kind
	for range 3 {
		f.clock.Advance(time.Minute)
		if c := f.step(t, anna, goodPassword, "", phone).Challenge; c == nil || c.Need != NeedCode {
			t.Fatalf("challenge = %+v", c)
		}
	}
	got := f.begun(t, who.Session.Account)
	if len(got) != 1 || got[0].Agent != phone.Agent || got[0].IP != phone.IP || got[0].Place != phone.Place || got[0].Detail == "" {
		t.Errorf("timeline = %+v, want one entry that says from where", got)
	}
	f.clock.Advance(time.Hour)
	f.step(t, anna, goodPassword, "", phone)
	if got := f.begun(t, who.Session.Account); len(got) != 2 {
		t.Errorf("an hour later: %d entries, want 2", len(got))
	}
}

// TestV4_BegunSignInsDoNotFloodTheTimeline: who has the password and many
// networks writes ten entries an hour.
func TestV4_BegunSignInsDoNotFloodTheTimeline(t *testing.T) {
	f := newFixture(t)
	who := f.signedUp(t, anna)
	f.update(t, func(tx *store.Tx) error {
		from := Client{Agent: "curl", IP: "203.0.113.1"}
		for i := range 5 * begunAnHour {
			from.IP = fmt.Sprintf("203.0.%d.1", i)
			if err := f.recordBegun(tx, f.clock.Now(), store.SignInRow{Account: who.Session.Account, Needs: string(NeedCode)}, from); err != nil {
				return err
			}
		}
		return nil
	})
	if got := f.begun(t, who.Session.Account); len(got) != begunAnHour {
		t.Errorf("%d entries, want %d", len(got), begunAnHour)
	}
}
