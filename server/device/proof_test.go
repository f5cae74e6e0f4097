package device

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestReceiptConfirms(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.state(nil)
	if w := tv.row(who).Wish; w.Status != protocol.SignedOut || w.By != protocol.ByOwner || w.Where != fox.Agent || !w.Confirmed.IsZero() || w.Bound == (Bound{}) {
		t.Errorf("before the receipt: %+v", w)
	}
	jws := tv.receipt(nil)
	hints := f.hints[who.Account]
	arrived := f.clock.Advance(2 * time.Second)
	digest, err := f.Receipt(f.ctx, arrived, jws)
	if err != nil || digest != protocol.DigestOf([]byte(jws)) {
		t.Fatalf("Receipt = %s, %v", digest, err)
	}
	if f.hints[who.Account] != hints+1 {
		t.Errorf("%d hints for the pages, want one", f.hints[who.Account]-hints)
	}
	f.clock.Advance(time.Hour)
	if d, err := f.Receipt(f.ctx, f.now(), jws); err != nil || d != digest { // the acknowledgement was lost
		t.Errorf("again: %s, %v", d, err)
	}
	if w := tv.row(who).Wish; !w.Confirmed.Equal(arrived) || w.Bound != (Bound{}) {
		t.Errorf("after the receipt: %+v", w)
	}
	list, err := f.Receipts(f.ctx, who.Account, tv.id)
	if err != nil || len(list) != 2 { // the one of the sign-in, too
		t.Fatalf("Receipts = %+v, %v", list, err)
	}
	want := Receipt{
		Digest: digest, Kind: protocol.TypReceipt, Epoch: 1, Status: protocol.SignedOut, Version: tv.have.Version,
		Applied: arrived.Add(-2 * time.Second), Received: arrived, Erased: protocol.SignedOut.Erases(), Dropped: 2,
		JWS: jws, PublicKey: tv.pub, Answers: protocol.DigestOf([]byte(tv.last)), State: tv.last,
	}
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Error(diff)
	}
	var claims protocol.ReceiptClaims
	if _, err := sign.Verify(list[0].JWS, protocol.TypReceipt, sign.OneKey(string(tv.id), list[0].PublicKey), &claims); err != nil {
		t.Errorf("a stranger cannot verify it: %v", err)
	}
}

func TestBadReceipts(t *testing.T) {
	f := newFixture(t)
	who, stranger := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tv, other, unknown := f.signedIn(t, who), f.signedIn(t, who), f.tv(t)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.state(nil)
	unknown.sess, unknown.have = tv.sess, tv.have
	forged := tv.receipt(nil)
	forged = forged[:len(forged)-20] + strings.Repeat("A", 18) + forged[len(forged)-2:]
	byOther, err := sign.Sign(protocol.TypReceipt, string(tv.id), other.key, protocol.ReceiptClaims{Device: tv.id})
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change func(*protocol.ReceiptClaims)) string { return tv.receipt(change) }
	for name, tt := range map[string]struct {
		jws  string
		want error
	}{
		"empty":              {"", ErrProof},
		"garbage":            {"a.b.c", ErrProof},
		"huge":               {strings.Repeat("x", protocol.MaxJWS+1), ErrProof},
		"forged":             {forged, ErrSignature},
		"another's key":      {byOther, ErrSignature},
		"unknown device":     {unknown.receipt(nil), ErrUnknown},
		"another typ":        {tv.jws(protocol.TypState, protocol.ReceiptClaims{Device: tv.id}), ErrProof},
		"for another device": {claims(func(c *protocol.ReceiptClaims) { c.Device = other.id }), ErrProof},
		"another account":    {claims(func(c *protocol.ReceiptClaims) { c.Account = stranger.Account }), ErrUnknown},
		"no account":         {claims(func(c *protocol.ReceiptClaims) { c.Account = "" }), ErrUnknown},
		"epoch to come":      {claims(func(c *protocol.ReceiptClaims) { c.Epoch = 2 }), ErrUnknown},
		"epoch 0":            {claims(func(c *protocol.ReceiptClaims) { c.Epoch = 0 }), ErrUnknown},
		"no status":          {claims(func(c *protocol.ReceiptClaims) { c.Status = "gone" }), ErrProof},
		"negative version":   {claims(func(c *protocol.ReceiptClaims) { c.Version = -1 }), ErrProof},
		"answers nothing":    {claims(func(c *protocol.ReceiptClaims) { c.Answers = "" }), ErrProof},
	} {
		if _, err := f.Receipt(f.ctx, f.now(), tt.jws); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if w := tv.row(who).Wish; !w.Confirmed.IsZero() {
		t.Errorf("a bad receipt confirmed: %+v", w)
	}
}

func TestStaleReceiptsConfirmNothing(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	active := tv.receipt(nil)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.state(nil)
	signedOut := tv.receipt(nil)

	// A receipt for the state before the sign-out is no confirmation of it.
	if _, err := f.Receipt(f.ctx, f.now(), active); err != nil || !tv.row(who).Wish.Confirmed.IsZero() {
		t.Errorf("active: %v, %+v", err, tv.row(who).Wish)
	}
	// Deactivated since: signed out is not enough.
	if err := f.Deactivate(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Receipt(f.ctx, f.now(), signedOut); err != nil || !tv.row(who).Wish.Confirmed.IsZero() {
		t.Errorf("signed out: %v, %+v", err, tv.row(who).Wish)
	}
	tv.state(nil)
	if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(nil)); err != nil || tv.row(who).Wish.Confirmed.IsZero() {
		t.Errorf("deactivated: %v, %+v", err, tv.row(who).Wish)
	}
	// Signed in anew: what the old epoch proves is kept, and changes nothing.
	old := tv.receipt(func(c *protocol.ReceiptClaims) { c.Dropped = 7 })
	tv.join(who)
	if _, err := f.Receipt(f.ctx, f.now(), old); err != nil {
		t.Errorf("an earlier epoch's: %v", err)
	}
	if w := tv.row(who).Wish; w.Status != protocol.Active || !w.Confirmed.IsZero() {
		t.Errorf("wish = %+v", w)
	}
	list, err := f.Receipts(f.ctx, who.Account, tv.id)
	kept := false
	for _, r := range list {
		kept = kept || r.JWS == old
	}
	if err != nil || !kept {
		t.Errorf("the earlier epoch's proof is not kept (%v)", err)
	}
}

// TestReceiptsThatProveNothing: a device is not confirmed by a receipt that
// leaves something out, or that answers anything else than what it was told.
func TestReceiptsThatProveNothing(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.state(nil)
	told := tv.last
	if tv.state(nil); tv.last != told {
		t.Error("a device was told the same thing in two states: a receipt could answer either")
	}
	for name, change := range map[string]func(*protocol.ReceiptClaims){
		"nothing erased":   func(c *protocol.ReceiptClaims) { c.Erased = nil },
		"one thing kept":   func(c *protocol.ReceiptClaims) { c.Erased = c.Erased[1:] },
		"no state":         func(c *protocol.ReceiptClaims) { c.Answers = "" },
		"another state":    func(c *protocol.ReceiptClaims) { c.Answers = protocol.DigestOf([]byte("another")) },
		"a stricter claim": func(c *protocol.ReceiptClaims) { c.Status = protocol.Deactivated },
	} {
		if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(change)); !errors.Is(err, ErrProof) {
			t.Errorf("%s: Receipt = %v, want ErrProof", name, err)
		}
	}
	if w := tv.row(who).Wish; !w.Confirmed.IsZero() {
		t.Errorf("confirmed without a proof: %+v", w)
	}
	if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(nil)); err != nil {
		t.Errorf("the true one: %v", err)
	}
	if w := tv.row(who).Wish; w.Confirmed.IsZero() {
		t.Error("the true one confirms nothing")
	}
}

func TestReceiptsAreBounded(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	for v := range protocol.Version(30) {
		if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(func(c *protocol.ReceiptClaims) { c.Version += v + 1 })); err != nil {
			t.Fatal(err)
		}
	}
	for n := range int64(keptReceipts + 10) {
		jws := tv.receipt(func(c *protocol.ReceiptClaims) {
			c.Status, c.Erased, c.Dropped = protocol.SignedOut, protocol.SignedOut.Erases(), n
		})
		if _, err := f.Receipt(f.ctx, f.clock.Advance(time.Second), jws); err != nil {
			t.Fatal(err)
		}
	}
	list, err := f.Receipts(f.ctx, who.Account, tv.id)
	if err != nil || len(list) != keptReceipts+1 || list[0].Dropped != keptReceipts+9 {
		t.Errorf("%d receipts, want %d (%v)", len(list), keptReceipts+1, err)
	}
}

func TestSignedOutHere(t *testing.T) { // D8, D9
	for status, kind := range map[protocol.Status]account.NoticeKind{
		protocol.SignedOut: account.NoticeDeviceSignedOut, protocol.Deactivated: account.NoticeDeviceRemoved,
	} {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.signedIn(t, who)
		claims := protocol.SignedOutHereClaims{
			Device: tv.id, Account: who.Account, Epoch: 1, Status: status, Applied: protocol.MillisOf(f.now()),
		}
		jws := tv.jws(protocol.TypSignedOutHere, claims)
		arrived := f.clock.Advance(time.Hour)
		for range 2 {
			if d, err := f.SignedOutHere(f.ctx, arrived, jws); err != nil || d != protocol.DigestOf([]byte(jws)) {
				t.Fatalf("SignedOutHere = %s, %v", d, err)
			}
		}
		r := tv.row(who)
		if w := r.Wish; w.Status != status || w.By != protocol.ByThisTV || !w.Confirmed.Equal(arrived) {
			t.Errorf("wish = %+v", w)
		}
		if (r.IP == "") != (status == protocol.Deactivated) { // D4
			t.Errorf("%s: address %q", status, r.IP)
		}
		if n := f.notice(t); n.Kind != kind {
			t.Errorf("notice = %+v", n)
		}
		entries, err := timeline.List(f.ctx, f.c.DB, who.Account, "", 2)
		if err != nil || entries[1].Kind != timeline.DeviceLeft || entries[0].Kind != timeline.DeviceConfirmed {
			t.Errorf("timeline = %+v, %v", entries, err)
		}
		for _, bad := range []protocol.Status{protocol.Active, protocol.Stolen, ""} {
			claims.Status = bad
			if _, err := f.SignedOutHere(f.ctx, f.now(), tv.jws(protocol.TypSignedOutHere, claims)); !errors.Is(err, ErrProof) {
				t.Errorf("status %q: %v", bad, err)
			}
		}
	}
}

// TestSignedOutHereSaysWho: a reset is told from what a person chose at the TV.
func TestSignedOutHereSaysWho(t *testing.T) { // D8
	for said, want := range map[protocol.By]protocol.By{
		"": protocol.ByThisTV, protocol.ByReset: protocol.ByReset, protocol.ByOwner: protocol.ByThisTV, "later": protocol.ByThisTV,
	} {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.signedIn(t, who)
		jws := tv.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: tv.id, Account: who.Account, Epoch: 1, Status: protocol.Deactivated, By: said,
		})
		if _, err := f.SignedOutHere(f.ctx, f.clock.Advance(time.Second), jws); err != nil {
			t.Fatal(err)
		}
		if got := tv.row(who).Wish.By; got != want {
			t.Errorf("said by %q: %q, want %q", said, got, want)
		}
		list, err := f.Receipts(f.ctx, who.Account, tv.id)
		if err != nil || list[0].By != said {
			t.Errorf("said by %q: the receipt says %q, %v", said, list[0].By, err)
		}
	}
}

func TestSignedOutHereDoesNotLowerStolen(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	setStatus(t, tv, protocol.Stolen)
	jws := tv.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
		Device: tv.id, Account: who.Account, Epoch: 1, Status: protocol.SignedOut,
	})
	if _, err := f.SignedOutHere(f.ctx, f.now(), jws); err != nil {
		t.Fatal(err)
	}
	if w := tv.row(who).Wish; w.Status != protocol.Stolen || !w.Confirmed.IsZero() {
		t.Errorf("wish = %+v", w)
	}
}

func TestDeactivateDeletesThePlace(t *testing.T) { // D4
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := f.Deactivate(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.connect() // to hear of it
	if r := tv.row(who); r.IP != "" || r.Place != "" || r.Wish.Status != protocol.Deactivated {
		t.Errorf("row = %+v", r)
	}
}

// TestUnprovedComeFirst: a long list never hides a TV that may still be in use.
func TestUnprovedComeFirst(t *testing.T) { // D2
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	asleep, gone := f.signedIn(t, who), f.signedIn(t, who)
	for _, tv := range []*television{asleep, gone} {
		if err := f.SignOut(f.ctx, f.clock.Advance(time.Minute), who, tv.id); err != nil {
			t.Fatal(err)
		}
	}
	gone.state(nil)
	if _, err := f.Receipt(f.ctx, f.clock.Advance(time.Hour), gone.receipt(nil)); err != nil {
		t.Fatal(err)
	}
	list, err := f.List(f.ctx, f.now(), who.Account)
	if err != nil || len(list) != 2 || list[0].ID != asleep.id {
		t.Errorf("List = %+v, %v; want the unproved TV first", list, err)
	}
}

// TestRenameStays: the owner's name for a TV outlives a sign-out.
func TestRenameStays(t *testing.T) { // D3
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := errors.Join(f.Rename(f.ctx, f.now(), who, tv.id, "Küche"), f.SignOut(f.ctx, f.now(), who, tv.id)); err != nil {
		t.Fatal(err)
	}
	tv.join(who)
	if name := tv.row(who).Name; name != "Küche" {
		t.Errorf("after signing in again the TV is called %q", name)
	}
}

func TestRename(t *testing.T) { // D3
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if err := f.Rename(f.ctx, f.now(), who, tv.id, "  Küche "); err != nil || tv.row(who).Name != "Küche" {
		t.Errorf("Rename: %v, %q", err, tv.row(who).Name)
	}
	for _, bad := range []string{"", "  ", strings.Repeat("x", 65), "a\nb", "a\xff"} {
		if err := f.Rename(f.ctx, f.now(), who, tv.id, bad); !errors.Is(err, ErrName) {
			t.Errorf("Rename(%q) = %v", bad, err)
		}
	}
	stranger := f.owner(t, "bert@example.org")
	_, receiptsErr := f.Receipts(f.ctx, stranger.Account, tv.id)
	for name, err := range map[string]error{
		"Rename": f.Rename(f.ctx, f.now(), stranger, tv.id, "x"), "SignOut": f.SignOut(f.ctx, f.now(), stranger, tv.id),
		"Deactivate": f.Deactivate(f.ctx, f.now(), stranger, tv.id), "Receipts": receiptsErr,
	} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("a stranger's %s = %v, want ErrUnknown", name, err)
		}
	}
}

// Who has a TV's key cannot have the server write without end: proofs that end a
// sign-in, or are about an earlier one, are bounded per TV.
func TestD4_ProofsOfOneTVAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		before, after int           // proofs, and more of them after wait
		wait          time.Duration // between the two
		again         bool          // the same proof each time
		want          time.Duration // what the last is told to wait; 0: it is taken
	}{
		"as many as allowed":           {before: proofsPerTV},
		"one more":                     {before: proofsPerTV, after: 1, want: proofBudget.Per},
		"one more, later":              {before: proofsPerTV, after: 1, wait: proofBudget.Per / 2, want: proofBudget.Per / 2},
		"one more, when the time came": {before: proofsPerTV, after: 1, wait: proofBudget.Per},
		"what is stored already":       {before: proofsPerTV, after: 1, again: true},
	} {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv, other := f.signedIn(t, who), f.signedIn(t, who)
		left := func(v *television, n int) error {
			_, err := f.SignedOutHere(f.ctx, f.now(), v.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
				Device: v.id, Account: who.Account, Epoch: 1, Status: protocol.SignedOut, Dropped: int64(n),
			}))
			return err
		}
		for n := range c.before {
			if err := left(tv, n); err != nil {
				t.Fatalf("%s: proof %d: %v", name, n+1, err)
			}
		}
		f.clock.Advance(c.wait)
		for n := range c.after {
			if !c.again {
				n += c.before
			}
			err := left(tv, n)
			var throttled *account.ThrottledError
			if errors.As(err, &throttled) != (c.want > 0) || c.want > 0 && throttled.RetryAfter != c.want || c.want == 0 && err != nil {
				t.Errorf("%s: %v, want a wait of %s", name, err, c.want)
			}
		}
		if err := left(other, 0); err != nil {
			t.Errorf("%s: another TV: %v", name, err)
		}
	}
}

// Who has a TV's key cannot push out the proofs that confirmed a sign-out or answer
// an order, whatever it says about any sign-in, also at an account that it left.
func TestD4_JunkEvictsNoEvidence(t *testing.T) {
	f := newFixture(t)
	who, next := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tv := f.signedIn(t, who)
	tv.join(who)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	answers := func() string { // the order that stands
		tv.state(nil)
		jws := tv.receipt(nil)
		if _, err := f.Receipt(f.ctx, f.clock.Advance(proofBudget.Per), jws); err != nil {
			t.Fatal(err)
		}
		return jws
	}
	junk := func(epoch protocol.Epoch, from int) {
		for n := range keptReceipts + 5 {
			f.clock.Advance(proofBudget.Per / 50)
			jws := tv.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
				Device: tv.id, Account: who.Account, Epoch: epoch, Status: protocol.SignedOut, Dropped: int64(from + n),
			})
			if _, err := f.SignedOutHere(f.ctx, f.now(), jws); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept := func(when string, want ...string) {
		t.Helper()
		list, err := f.Receipts(f.ctx, who.Account, tv.id)
		if err != nil || len(list) > keptReceipts+1 {
			t.Errorf("%s: %d proofs, %v", when, len(list), err)
		}
		for i, jws := range want {
			if !slices.ContainsFunc(list, func(r Receipt) bool { return r.JWS == jws }) {
				t.Errorf("%s: evidence %d is gone", when, i)
			}
		}
	}
	confirmed := answers()
	junk(2, 0)
	kept("junk of the same sign-in", confirmed)
	junk(1, 0)
	kept("junk of an earlier one", confirmed)

	tv.join(who) // and a junk proof comes before the true one
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	junk(3, 0)
	answer := answers()
	junk(3, 100)
	kept("junk before and after", confirmed, answer)

	sess, have, last := tv.sess, tv.have, tv.last
	tv.join(next)
	tv.sess, tv.have, tv.last = sess, have, last
	junk(3, 200)
	kept("junk at the account that it left", confirmed, answer)
}
