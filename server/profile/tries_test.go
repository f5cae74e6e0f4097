package profile

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// tv signs a device in to the account.
func (f *fixture) tv(t *testing.T, name string, epoch protocol.Epoch) TV {
	t.Helper()
	tv := TV{f.who.Account, protocol.DeviceID(name), epoch}
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := tx.PutEnrolment(store.EnrolmentRow{Device: tv.Device, PublicKey: []byte(name), CodeHash: []byte(name), Salt: []byte{1}, Created: f.now, Expires: f.now.Add(time.Hour)})
		if err != nil {
			return err
		}
		return tx.SignInDevice(store.DeviceRow{
			Account: tv.Account, ID: tv.Device, PublicKey: []byte(name), Name: name, Epoch: epoch,
			Generation: f.who.Generation, Status: protocol.Active, SignedIn: f.now, FirstSeen: f.now, IP: "192.0.2.7", Place: "Lyon",
		}, string(f.who.ID))
	})
	if err != nil {
		t.Fatal(err)
	}
	return tv
}

func (f *fixture) lockMain(t *testing.T, digits string) protocol.Profile {
	t.Helper()
	main := f.list(t)[0]
	if _, err := f.SetPIN(f.ctx, f.now, f.who, main.ID, digits); err != nil {
		t.Fatal(err)
	}
	return f.list(t)[0]
}

func (f *fixture) report(t *testing.T, tv TV, tries ...protocol.PINTry) bool {
	t.Helper()
	changed, err := f.ReportTries(f.ctx, f.now, tv, tries)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// counts returns what tv is told of the PIN of the profile.
func (f *fixture) counts(t *testing.T, tv TV, id protocol.ProfileID) (number int64, wrong int) {
	t.Helper()
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		n, counts, err := f.CountsIn(tx, f.now, tv)
		number = n
		for _, c := range counts {
			if c.Profile == id {
				wrong = c.Wrong
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return number, wrong
}

// TestP9_TriesAreCountedOverAllDevices is a conversation of two TVs with the
// server about one PIN.
func TestP9_TriesAreCountedOverAllDevices(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	living, bedroom := f.tv(t, "living", 1), f.tv(t, "bedroom", 1)
	try := func(wrong int) protocol.PINTry { return protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: wrong} }
	start := f.now
	for i, step := range []struct {
		at      time.Duration // since the start
		tv      TV
		says    protocol.PINTry
		changed bool
		living  int // what it is told then
		bedroom int
	}{
		{0, living, try(1), true, 0, 1},
		{0, living, try(1), false, 0, 1}, // repeated: nothing new
		{time.Hour, bedroom, try(3), true, 3, 1},
		{time.Hour, bedroom, protocol.PINTry{Profile: p.ID, PIN: p.PIN + 1, Wrong: 9}, false, 3, 1}, // no such PIN
		{time.Hour, bedroom, protocol.PINTry{Profile: p.ID, PIN: p.PIN - 1, Wrong: 9}, false, 3, 1}, // an old one
		{time.Hour, bedroom, protocol.PINTry{Profile: "nobody", PIN: p.PIN, Wrong: 9}, false, 3, 1},
		{time.Hour, bedroom, protocol.PINTry{Profile: protocol.ParentalPIN, PIN: p.PIN, Wrong: 9}, false, 3, 1},
		{25 * time.Hour, living, try(1), false, 2, 0},  // a day forgives one of each
		{25 * time.Hour, bedroom, try(2), false, 2, 0}, // what the device forgave is not forgiven twice
		{49 * time.Hour, bedroom, try(2), false, 1, 0},
		{49 * time.Hour, bedroom, try(3), true, 3, 0}, // its own word again
		{50 * time.Hour, bedroom, try(0), false, 0, 0},
		{50 * time.Hour, living, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 1 << 20}, true, 0, maxTold},
	} {
		f.now = start.Add(step.at)
		before := f.version
		if changed := f.report(t, step.tv, step.says); changed != step.changed || changed != (f.version > before) {
			t.Errorf("step %d: changed %t, version %d to %d, want %t", i, changed, before, f.version, step.changed)
		}
		if _, got := f.counts(t, living, p.ID); got != step.living {
			t.Errorf("step %d: the living room is told of %d, want %d", i, got, step.living)
		}
		if _, got := f.counts(t, bedroom, p.ID); got != step.bedroom {
			t.Errorf("step %d: the bedroom is told of %d, want %d", i, got, step.bedroom)
		}
	}
}

// TestP9_EachDevicesCountIsForgivenOneADay: so a sum goes down by one a day for each
// device, and what is not told to the owner by nine at most.
func TestP9_EachDevicesCountIsForgivenOneADay(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	try := func(wrong int) protocol.PINTry { return protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: wrong} }
	for _, tv := range []struct {
		name  string
		wrong int
	}{{"living", 4}, {"bedroom", 4}, {"kitchen", 1}} {
		f.report(t, f.tv(t, tv.name, 1), try(tv.wrong))
	}
	for days, want := range []int{9, 6, 4, 2, 0} {
		tries, err := f.Tries(f.ctx, f.now.Add(time.Duration(days)*forgive), f.who.Account)
		if err != nil || tries[p.ID].Wrong != want {
			t.Errorf("after %d days: %d, %v, want %d", days, tries[p.ID].Wrong, err, want)
		}
	}
}

// TestP9_ANewSignInStartsFromTheServersCount: signing out and in again gives no
// tries back, and what the old sign-in says later is not heard.
func TestP9_ANewSignInStartsFromTheServersCount(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	old := f.tv(t, "living", 1)
	f.report(t, old, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 4})
	again := f.tv(t, "living", 2)
	if number, wrong := f.counts(t, again, p.ID); wrong != 4 || number == 0 {
		t.Errorf("the new sign-in is told of %d at number %d, want 4", wrong, number)
	}
	if f.report(t, old, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 0}) {
		t.Error("an ended sign-in was heard")
	}
	if _, wrong := f.counts(t, again, p.ID); wrong != 4 {
		t.Errorf("after the old one's word: %d, want 4", wrong)
	}
	f.report(t, again, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 1})
	for days, rows := range []int{2, 2, 2, 2, 1, 1} { // of the sign-in that goes on it stays
		if err := f.Tidy(f.ctx, f.now.Add(time.Duration(days)*forgive)); err != nil {
			t.Fatal(err)
		}
		if got := f.triesRows(t); got != rows {
			t.Errorf("after %d days: %d rows, want %d", days, got, rows)
		}
	}
	f.now = f.now.Add(4 * forgive)
	if _, wrong := f.counts(t, again, p.ID); wrong != 0 {
		t.Errorf("after four days: %d, want 0", wrong)
	}
}

func (f *fixture) triesRows(t *testing.T) (n int) {
	t.Helper()
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		rows, err := tx.PinTries(f.who.Account)
		n = len(rows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestP9_TheTenthTryIsTold: once a day for a PIN, and again for a new one.
func TestP9_TheTenthTryIsTold(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	living, bedroom := f.tv(t, "living", 1), f.tv(t, "bedroom", 1)
	guessing := func() (n int) {
		for _, x := range f.notices {
			if x.Kind == account.NoticePINGuessing {
				n++
			}
		}
		return n
	}
	try := func(wrong int) protocol.PINTry { return protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: wrong} }
	for i, step := range []struct {
		after time.Duration
		tv    TV
		wrong int
		want  int // notices since the beginning
	}{
		{0, living, 5, 0}, {0, bedroom, 4, 0}, {0, bedroom, 5, 1}, {time.Hour, bedroom, 6, 1},
		{22 * time.Hour, bedroom, 7, 1}, {2 * time.Hour, bedroom, 8, 2},
	} {
		f.now = f.now.Add(step.after)
		f.report(t, step.tv, try(step.wrong))
		if got := guessing(); got != step.want {
			t.Errorf("step %d: %d notices, want %d", i, got, step.want)
		}
	}
	n := f.notices[len(f.notices)-1]
	if n.Profile != "Main" || n.Device != "bedroom" || n.Client.Place != "Lyon" || n.To != "anna@example.org" || !f.happened(t, timeline.PINGuessed) {
		t.Errorf("notice = %+v", n)
	}
	p = f.lockMain(t, "9305")
	f.report(t, living, try(10))
	if got := guessing(); got != 3 {
		t.Errorf("another PIN: %d notices, want 3", got)
	}
}

// TestP9_TheOwnerUnlocks: the rows are gone and Unlocks has grown, also where the
// lock was removed and set again.
func TestP9_TheOwnerUnlocks(t *testing.T) {
	f := newFixture(t)
	living, bedroom := f.tv(t, "living", 1), f.tv(t, "bedroom", 1)
	var last int64
	for range 3 {
		p := f.lockMain(t, "2846")
		f.report(t, living, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 12})
		tries, err := f.Tries(f.ctx, f.now, f.who.Account)
		if diff := cmp.Diff(map[protocol.ProfileID]Tries{p.ID: {Wrong: 12, Last: f.now}}, tries); diff != "" || err != nil {
			t.Errorf("Tries: %v (-want +got):\n%s", err, diff)
		}
		number, _ := f.counts(t, bedroom, p.ID)
		if err := f.Unlock(f.ctx, f.now, f.who, p.ID); err != nil {
			t.Fatal(err)
		}
		after, wrong := f.counts(t, bedroom, p.ID)
		got := f.snapshot(t).Profiles[0]
		if wrong != 0 || after <= number || got.Unlocks <= last || got.PIN != p.PIN {
			t.Errorf("told of %d at %d (before %d), %d unlocks (before %d)", wrong, after, number, got.Unlocks, last)
		}
		last = got.Unlocks
		if err := f.RemovePIN(f.ctx, f.now, f.who, p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if !f.happened(t, timeline.PINUnlocked) {
		t.Error("nothing in the timeline")
	}
}

// TestP9_UnlockingIsToldAndBounded: somebody at the owner's open browser who guesses
// at a TV is heard of with the first Unlock, and gets ten an hour.
func TestP9_UnlockingIsToldAndBounded(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	tv := f.tv(t, "living", 1)
	told := func() (n []account.Notice) {
		for _, x := range f.notices {
			if x.Kind == account.NoticePINUnlocked {
				n = append(n, x)
			}
		}
		return n
	}
	if err := f.Unlock(f.ctx, f.now, f.who, p.ID); err != nil || len(told()) != 0 {
		t.Fatalf("with nothing to forgive: %v, told %v", err, told())
	}
	for i := 1; i < unlocksAnHour; i++ {
		f.report(t, tv, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 4})
		if err := f.Unlock(f.ctx, f.now, f.who, p.ID); err != nil || len(told()) != i {
			t.Fatalf("unlock %d: %v, %d notices", i, err, len(told()))
		}
	}
	if n := told()[0]; n.Profile != "Main" || n.Detail != "4 wrong tries" || n.To != "anna@example.org" {
		t.Errorf("notice = %+v", n)
	}
	f.report(t, tv, protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: 4})
	var throttled *account.ThrottledError
	if err := f.Unlock(f.ctx, f.now, f.who, p.ID); !errors.As(err, &throttled) || throttled.RetryAfter != time.Hour {
		t.Errorf("the eleventh: %v, want to wait an hour", err)
	}
	if tries, err := f.Tries(f.ctx, f.now, f.who.Account); err != nil || tries[p.ID].Wrong != 4 {
		t.Errorf("after a refusal: %+v, %v", tries, err)
	}
	f.now = f.now.Add(time.Hour)
	if err := f.Unlock(f.ctx, f.now, f.who, p.ID); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	for _, none := range []protocol.ProfileID{protocol.ParentalPIN, "nobody"} {
		if err := f.Unlock(f.ctx, f.now, f.who, none); !errors.Is(err, ErrUnknown) {
			t.Errorf("Unlock(%q) = %v, want ErrUnknown", none, err)
		}
	}
}

// TestP9_UnlockingKeepsTheAlarm: who was told of ten wrong tries is told of the
// next ten a day later, whoever unlocks in between.
func TestP9_UnlockingKeepsTheAlarm(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	f.report(t, f.tv(t, "living", 1), protocol.PINTry{Profile: p.ID, PIN: p.PIN, Wrong: AlarmAt})
	if err := f.Unlock(f.ctx, f.now.Add(time.Minute), f.who, p.ID); err != nil {
		t.Fatal(err)
	}
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		row, err := pinRow(tx, f.who.Account, p.ID)
		if !row.Alarmed.Equal(f.now) {
			t.Errorf("alarmed at %s, want %s", row.Alarmed, f.now)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWaits(t *testing.T) { // P9
	minutes := []int{0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 60, 60, 60}
	for n, want := range minutes {
		if got := WaitAfter(n); got != time.Duration(want)*time.Minute {
			t.Errorf("WaitAfter(%d) = %s, want %d min", n, got, want)
		}
	}
	if got := WaitAfter(maxTold * 50); got != time.Hour {
		t.Errorf("WaitAfter of many = %s", got)
	}
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	if got := (Tries{Wrong: 5, Last: now.Add(time.Hour)}).wait(now); got != time.Minute {
		t.Errorf("with a clock that was turned back: %s, want a minute at most", got)
	}
}
