package device

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

func (tv *television) theft(who account.Session) Theft {
	tv.t.Helper()
	t, err := tv.Theft(tv.ctx, tv.now(), who.Account, tv.id)
	if err != nil {
		tv.t.Fatal(err)
	}
	return t
}

// connectFrom authenticates on a new connection from an address.
func (tv *television) connectFrom(ip string) {
	tv.t.Helper()
	f := tv.authFrame()
	sess, err := tv.Authenticate(tv.ctx, tv.now(), f, nonce, Meta{IP: ip, Place: "near " + ip, Node: home.Node})
	if err != nil {
		tv.t.Fatal(err)
	}
	tv.sess = sess
	tv.state(f.Ask)
}

func (tv *television) leave() {
	tv.t.Helper()
	if err := tv.Disconnected(tv.ctx, tv.sess, time.Time{}, tv.now()); err != nil {
		tv.t.Fatal(err)
	}
}

func stolenTV(t *testing.T) (*fixture, account.Session, *television) {
	t.Helper()
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := f.signedIn(t, who)
	if err := f.ReportStolen(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	return f, who, tv
}

// D4: a stolen TV is told so, proves that it erased what is the household's, and
// goes on to report; nothing but finishing it ends that.
func TestD4_StolenUntilFinished(t *testing.T) {
	f, who, tv := stolenTV(t)
	if n := f.notice(t); n.Kind != account.NoticeDeviceStolen || n.Device != "Living room" {
		t.Errorf("notice %+v", n)
	}
	tv.connect()
	if tv.have.Status != protocol.Stolen {
		t.Fatalf("the TV has %+v", tv.have)
	}
	if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(nil)); err != nil {
		t.Fatal(err)
	}
	if w := tv.row(who).Wish; w.Status != protocol.Stolen || w.Confirmed.IsZero() || w.Bound != (Bound{}) {
		t.Errorf("on the board: %+v", w)
	}
	if _, err := f.SignOutEverywhere(f.ctx, f.now(), who); err != nil {
		t.Fatal(err)
	}
	who = f.browser(t, who.Account, "mara@example.org")
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.connect()
	if got := tv.row(who).Wish.Status; got != protocol.Stolen {
		t.Errorf("after signing out, everywhere too: %s", got)
	}
	if _, err := f.Enrol(f.ctx, f.now(), tv.enrolFrame(), nonce, home); !errors.Is(err, ErrStolen) {
		t.Errorf("signing it in: %v, want ErrStolen", err)
	}
	if err := f.Finish(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	if n := f.notice(t); n.Kind != account.NoticeDeviceRemoved {
		t.Errorf("notice %+v", n)
	}
	if _, err := f.Theft(f.ctx, f.now(), who.Account, tv.id); !errors.Is(err, ErrNotStolen) {
		t.Errorf("the reports of a finished TV: %v", err)
	}
	var left []store.StolenReportRow
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) (err error) {
		left, err = tx.StolenReports(who.Account, tv.id, 10)
		return err
	})
	if row := tv.row(who); err != nil || len(left) > 0 || row.IP != "" || row.Place != "" || row.Wish.Status != protocol.Deactivated {
		t.Errorf("after finishing: %+v, %+v, %v", left, row, err)
	}
	if err := f.Finish(f.ctx, f.now(), who, tv.id); err != nil {
		t.Errorf("finishing again: %v", err)
	}
	tv.join(who)
	if got := tv.row(who).Wish.Status; got != protocol.Active {
		t.Errorf("signed in anew: %s", got)
	}
	if err := f.Finish(f.ctx, f.now(), who, tv.id); !errors.Is(err, ErrNotStolen) {
		t.Errorf("finishing a TV that is not stolen: %v", err)
	}
}

// D4: who has the TV has its key, and cannot end what its owner reported with it.
func TestD4_TheTVCannotFinishItself(t *testing.T) {
	f, who, tv := stolenTV(t)
	here := func(status protocol.Status) error {
		_, err := f.SignedOutHere(f.ctx, f.now(), tv.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: tv.id, Account: who.Account, Epoch: 1, Status: status, Applied: protocol.MillisOf(f.now()), Erased: status.Erases(),
		}))
		return err
	}
	if err := here(protocol.SignedOut); err != nil {
		t.Fatal(err)
	}
	if w := tv.row(who).Wish; w.Status != protocol.Stolen || w.Left.IsZero() || !w.Confirmed.IsZero() || w.Bound != (Bound{}) {
		t.Errorf("signed out at the TV before it heard: %+v", w)
	}
	if err := here(protocol.Deactivated); err != nil {
		t.Fatal(err)
	}
	tv.have.Status, tv.last = protocol.Deactivated, "lost"
	if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(nil)); err != nil {
		t.Fatal(err)
	}
	if w := tv.row(who).Wish; w.Status != protocol.Stolen || len(tv.theft(who).Reports) == 0 {
		t.Errorf("deactivated by its own word: %+v", w)
	}
}

// D4: each stay at an address is a report, with its times; the list is bounded,
// and keeps the first.
func TestD4_ReportsOfAStolenTV(t *testing.T) {
	f, who, tv := stolenTV(t)
	start := f.now()
	f.clock.Advance(time.Minute)
	tv.leave()
	f.clock.Advance(10 * time.Minute)
	for range 3 { // a network that comes and goes
		tv.connectFrom("203.0.113.5")
		f.clock.Advance(time.Minute)
		tv.leave()
		f.clock.Advance(time.Minute)
	}
	f.clock.Advance(2 * time.Hour)
	if _, err := f.Enrol(f.ctx, f.now(), tv.enrolFrame(), nonce, Meta{IP: "198.51.100.1", Place: "near Basel"}); !errors.Is(err, ErrStolen) {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
	tv.connectFrom("2001:db8::1")
	if err := f.Heartbeat(f.ctx, f.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) time.Time { return start.Add(d).UTC() }
	refused := 2*time.Hour + 17*time.Minute
	want := []StolenReport{
		{protocol.ReportConnection, at(refused + time.Minute), time.Time{}, true, 1, "2001:db8::1", "near 2001:db8::1"},
		{protocol.ReportSignInRefused, at(refused), at(refused), false, 1, "198.51.100.1", "near Basel"},
		{protocol.ReportConnection, at(11 * time.Minute), at(16 * time.Minute), false, 3, "203.0.113.5", "near 203.0.113.5"},
		{protocol.ReportConnection, at(0), at(time.Minute), false, 1, home.IP, home.Place},
		{protocol.ReportLastContact, at(0), at(0), false, 1, home.IP, home.Place},
	}
	if diff := cmp.Diff(want, tv.theft(who).Reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	for n := range protocol.MaxReports + 20 {
		tv.connectFrom(fmt.Sprintf("10.0.0.%d", n))
	}
	reports := tv.theft(who).Reports
	last := reports[len(reports)-1]
	if len(reports) != protocol.MaxReports || last.How != protocol.ReportLastContact || reports[0].IP != fmt.Sprintf("10.0.0.%d", protocol.MaxReports+19) {
		t.Errorf("%d reports, the newest %+v, the oldest %+v", len(reports), reports[0], last)
	}
	f.clock.Advance(KeptAddresses + time.Hour)
	if err := f.Tidy(f.ctx, f.now()); err != nil {
		t.Fatal(err)
	}
	if reports := tv.theft(who).Reports; len(reports) != 1 || reports[0].IP != fmt.Sprintf("10.0.0.%d", protocol.MaxReports+19) {
		t.Errorf("after 90 days: %+v, want where it is connected from", reports)
	}
}

// D4: who has the TV cannot push earlier places out of the list by reconnecting over
// and over, from two networks in turns, from one address after the other of one
// network, or from as many networks as they like.
func TestD4_EarlierPlacesOfAStolenTVStay(t *testing.T) {
	f, who, tv := stolenTV(t)
	f.clock.Advance(time.Minute)
	tv.leave()
	come := func(ip string) {
		f.clock.Advance(10 * time.Second)
		tv.connectFrom(ip)
		f.clock.Advance(10 * time.Second)
		tv.leave()
	}
	for n := range 5 {
		come(fmt.Sprintf("198.51.100.%d", n))
	}
	for n := range 2 * protocol.MaxReports {
		come("203.0.113.1")
		come("203.0.113.2")
		come(fmt.Sprintf("2001:db8:1:2::%x", n+1))
	}
	reports := tv.theft(who).Reports
	if len(reports) > 20 {
		t.Errorf("%d reports of three networks that come and go", len(reports))
	}
	for n := range 2 * protocol.MaxReports {
		come(fmt.Sprintf("2001:db8:%x::1", n+100))
	}
	reports = tv.theft(who).Reports
	var seen int
	for _, r := range reports {
		for n := range 5 {
			if r.IP == fmt.Sprintf("198.51.100.%d", n) {
				seen++
			}
		}
	}
	if seen != 5 || len(reports) != protocol.MaxReports || reports[0].IP != fmt.Sprintf("2001:db8:%x::1", 2*protocol.MaxReports+99) {
		t.Errorf("%d of the first five places are left among %d, the newest %+v", seen, len(reports), reports[0])
	}
}

// The longest export is one that can be verified.
func TestD4_SignedReports(t *testing.T) {
	f, who, tv := stolenTV(t)
	for n := range protocol.MaxReports + 5 {
		f.clock.Advance(time.Minute)
		f1 := tv.authFrame()
		sess, err := f.Authenticate(f.ctx, f.now(), f1, nonce, Meta{
			IP: fmt.Sprintf("2001:0db8:ffff:%04x:ffff:ffff:ffff:ffff", 0x1000+n), Place: "near Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, Wales", Node: home.Node,
		})
		if err != nil {
			t.Fatal(err)
		}
		tv.sess = sess
		tv.leave()
	}
	file, err := f.SignedReports(f.ctx, f.now(), who.Account, tv.id)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sign.VerifyReports(file)
	if err != nil || len(c.Reports) != protocol.MaxReports || c.Device != tv.id || c.Server != "tv.example" || c.Reports[0].Until == 0 {
		t.Errorf("%d reports of %q by %q, %v", len(c.Reports), c.Device, c.Server, err)
	}
}

// V7: "It wasn't me" takes back what was reported since, and nothing earlier.
func TestV7_StolenIsTakenBack(t *testing.T) {
	f, who, earlier := stolenTV(t)
	f.clock.Advance(time.Hour)
	since := f.now()
	tv := f.signedIn(t, who)
	if err := f.ReportStolen(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return f.TakeBackStolen(tx, f.now(), who.Account, since) })
	if err != nil {
		t.Fatal(err)
	}
	if a, b := earlier.row(who).Wish.Status, tv.row(who); a != protocol.Stolen || b.Wish.Status != protocol.Deactivated || b.IP != "" {
		t.Errorf("earlier %s, since %+v", a, b)
	}
	tv.join(who)
}

// TestD4_StolenByTheHouseholdItLeft: a TV that has moved to another household can be
// reported by the one that it left. That one signs it in again only once it has
// finished with it; the other household's sign-in is no business of its.
func TestD4_StolenByTheHouseholdItLeft(t *testing.T) {
	f := newFixture(t)
	anna, bert := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tv := f.signedIn(t, anna)
	tv.join(bert)
	if err := f.ReportStolen(f.ctx, f.now(), anna, tv.id); err != nil {
		t.Fatal(err)
	}
	code, _ := tv.shows()
	if _, err := f.Approve(f.ctx, f.now(), anna, code); !errors.Is(err, ErrStolen) {
		t.Errorf("Approve = %v, want ErrStolen", err)
	}
	if w := tv.row(bert).Wish; w.Status != protocol.Active {
		t.Errorf("the other household's TV: %+v", w)
	}
	if err := f.Finish(f.ctx, f.now(), anna, tv.id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Approve(f.ctx, f.now(), anna, code); err != nil {
		t.Errorf("after it was finished: %v", err)
	}
}
