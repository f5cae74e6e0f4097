package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/pinlock"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// do runs fn in the core.
func (v *tv) do(fn func(c *core)) {
	v.t.Helper()
	if err := v.core.call(func() { fn(v.core) }); err != nil {
		v.t.Fatal(err)
	}
}

// until runs fn in the core after each view, until it is true.
func (v *tv) until(what string, fn func(c *core) bool) {
	v.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var ok bool
		v.do(func(c *core) { ok = fn(c) })
		if ok {
			return
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("never %s; the screen shows %+v", what, v.View())
		}
		select {
		case <-v.views:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// household signs a TV in.
func household(t *testing.T) (*fakeServer, string, *tv) {
	t.Helper()
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, s.url(), dir)
	v.signIn()
	next(t, s.receipts)
	return s, dir, v
}

// wrong enters a wrong PIN and waits for the answer.
func (v *tv) wrong() {
	v.t.Helper()
	v.enter("9999")
	v.wait("refusal of a wrong PIN", func(view nav.View) bool {
		return view.PIN != nil && !view.PIN.Checking && view.PIN.Entered == 0 && view.PIN.Message != ""
	})
}

func counts(number int64, version int64, wrong int) protocol.PINCounts {
	return protocol.PINCounts{Number: number, Counts: []protocol.PINTry{{Profile: robin, PIN: version, Wrong: wrong}}}
}

// waitOf is how long Robin's PIN has to wait.
func waitOf(c *core) time.Duration {
	l, _ := c.lock(robin)
	return pinlock.Left(c.counter(l), c.pinNow())
}

func TestP9_TriesAtOtherTVsCountHereAndSurvive(t *testing.T) {
	s, dir, v := household(t)
	s.tell(counts(1, 1, 4))
	v.until("told of four", func(c *core) bool { return c.rec.Tries == 1 })
	v.do(func(c *core) {
		if left := waitOf(c); left != 0 {
			t.Errorf("four tries elsewhere: %v to wait, want none", left)
		}
	})
	s.mu.Lock()
	s.others = counts(2, 1, 5)
	s.mu.Unlock()
	s.tell(counts(2, 1, 5))
	v.until("told of five", func(c *core) bool { return c.rec.Tries == 2 })
	v.press(keyseq.OK)
	v.wait("a wait", func(view nav.View) bool { return view.PIN != nil && view.PIN.Wait > 50 && view.PIN.Wait <= 60 })
	v.unplug()
	s.cut()

	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	v.press(keyseq.OK)
	v.wait("the wait after a restart without a network", func(view nav.View) bool { return view.PIN != nil && view.PIN.Wait > 0 })
	v.do(func(c *core) {
		l, _ := c.lock(robin)
		if n := c.counter(l); n.Others != 5 || n.Wrong != 0 || c.held().Tries != 2 {
			t.Errorf("after the restart: %+v, number %d", n, c.held().Tries)
		}
	})
}

func TestP9_TheOwnersUnlockIsInForceAtOnce(t *testing.T) {
	s, dir, v := household(t)
	v.press(keyseq.OK)
	for range 5 {
		v.wrong()
	}
	v.wait("a wait", func(view nav.View) bool { return view.PIN != nil && view.PIN.Wait > 0 })
	s.change(func() { s.unlocks = 1 })
	v.wait("no wait", func(view nav.View) bool { return view.PIN != nil && view.PIN.Wait == 0 })
	v.unplug()
	s.cut()
	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	v.press(keyseq.OK)
	v.wrong()
	v.do(func(c *core) {
		if n := c.rec.PINs[robin]; n.Counter.Wrong != 1 || n.Unlocks != 1 {
			t.Errorf("a try after the unlock counts %+v", n)
		}
	})
	v.unplug()
	v = plugIn(t, s.url(), dir)
	v.do(func(c *core) {
		l, _ := c.lock(robin)
		if got := c.counter(l).Wrong; got != 1 {
			t.Errorf("after a restart %d tries, want 1: one unlock forgives once", got)
		}
	})
}

func TestP9_ThisTVTellsItsTries(t *testing.T) {
	s, dir, v := household(t)
	v.press(keyseq.OK)
	for n := range 2 {
		v.wrong()
		got := next(t, s.tries)
		if len(got) != 1 || got[0].Profile != robin || got[0].PIN != 1 || got[0].Wrong != n+1 || got[0].At == 0 {
			t.Errorf("told %+v, want %d", got, n+1)
		}
	}
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
	v.unplug()
	plugIn(t, s.url(), dir)
	if got := next(t, s.tries); len(got) != 1 || got[0].Wrong != 2 {
		t.Errorf("told %+v at the next connection, want 2: a right PIN forgives none", got)
	}
}

// The counts may be here before the snapshot with the PIN that they are about.
func TestP9_CountsOfAPINThatIsNotHereYet(t *testing.T) {
	s, _, v := household(t)
	s.tell(counts(7, 2, 10))
	v.until("kept aside", func(c *core) bool { return c.told != nil })
	v.do(func(c *core) {
		if c.rec.Tries != 0 || waitOf(c) != 0 {
			t.Errorf("counts of another PIN: number %d, %v to wait", c.rec.Tries, waitOf(c))
		}
	})
	s.change(func() { s.pin, s.pinVer = "7777", 2 })
	v.until("placed", func(c *core) bool { return c.rec.Tries == 7 && c.told == nil })
	v.do(func(c *core) {
		if left := waitOf(c); left < 59*time.Minute {
			t.Errorf("ten tries elsewhere: %v to wait, want an hour", left)
		}
	})
}

func TestP9_GarbageInCountsIsHarmless(t *testing.T) {
	s, _, v := household(t)
	f := protocol.PINCounts{Number: math.MaxInt64}
	for i := range protocol.MaxPINCounts {
		f.Counts = append(f.Counts, protocol.PINTry{Profile: protocol.ProfileID(fmt.Sprint("nobody", i)), PIN: math.MaxInt64, Wrong: protocol.MaxWrong})
	}
	s.tell(f)
	v.until("kept aside", func(c *core) bool { return c.told != nil })
	v.do(func(c *core) {
		if len(c.rec.PINs) > 1 || waitOf(c) != 0 || c.rec.Tries != 0 {
			t.Errorf("the vault took %+v, number %d", c.rec.PINs, c.rec.Tries)
		}
	})
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
}

// check asks the core for a check, and returns when it is done.
func (v *tv) check(id protocol.ProfileID, digits string) (right bool) {
	v.t.Helper()
	v.do(func(c *core) { c.screenEffect(nav.CheckPIN{Check: -1, Profile: id, Digits: nav.Digits(digits)}) })
	v.until("an answer", func(c *core) bool { return c.checking == "" })
	v.do(func(c *core) {
		l, _ := c.lock(id)
		right = c.counter(l).Fresh == 0
	})
	return right
}

func TestP7_TheParentalPINIsCheckedAndCountedLikeAnother(t *testing.T) {
	s, dir, v := household(t)
	s.change(func() { s.parental, s.pinVer = "1379", 2 })
	next(t, s.receipts)
	v.until("here", func(c *core) bool { _, _, err := c.verifier(protocol.ParentalPIN); return err == nil })
	if v.check(protocol.ParentalPIN, "9999") {
		t.Error("a wrong parental PIN is right")
	}
	if got := next(t, s.tries); len(got) != 1 || got[0].Profile != protocol.ParentalPIN || got[0].Wrong != 1 {
		t.Errorf("told %+v", got)
	}
	if !v.check(protocol.ParentalPIN, "1379") {
		t.Error("the right parental PIN is wrong")
	}
	if v.check(robin, "1379") {
		t.Error("the parental PIN opens a profile")
	}
	for range 4 {
		v.check(protocol.ParentalPIN, "9999")
	}
	v.unplug()
	s.cut()
	v = plugIn(t, s.url(), dir)
	v.until("a wait for the parental PIN after a restart", func(c *core) bool {
		return slices.ContainsFunc(c.world().Waits, func(w nav.Wait) bool { return w.Profile == protocol.ParentalPIN && w.Left > 0 })
	})
}

// TestP4_ANewPINIsInForceAtOnceAndTheOldVerifierIsGone, also for a check that is
// under way, and after a restart.
func TestP4_ANewPINIsInForceAtOnceAndTheOldVerifierIsGone(t *testing.T) {
	s, dir, v := household(t)
	var old cache.Verifier
	v.do(func(c *core) {
		_, old, _ = c.verifier(robin)
		if w := c.world(); w.ForgotPIN == nil || w.ForgotPIN.URI != "https://tv.example/account/pin" || len(w.ForgotPIN.QR) < 20 {
			t.Errorf("where a new PIN is set: %+v", w.ForgotPIN)
		}
	})
	s.change(func() { s.pin, s.pinVer = "7777", 2 })
	next(t, s.receipts)
	gone := func(c *core) {
		_, now, err := c.verifier(robin)
		if err != nil || now.Version != 2 || now.MAC == old.MAC {
			t.Errorf("the verifier after the change: version %d, %v", now.Version, err)
		}
	}
	v.do(gone)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.wait("refusal of the old PIN", func(view nav.View) bool { return view.PIN != nil && !view.PIN.Checking && view.PIN.Entered == 0 })
	v.unplug()
	s.cut()
	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	v.do(gone)
	v.press(keyseq.OK)
	v.enter("7777")
	v.waitScreen(nav.ScreenHome)
}

func TestP3_AProfileIsAskedForAtTheTV(t *testing.T) {
	s, _, v := household(t)
	add := nav.AddProfile{Name: "Ada", Avatar: "owl", Level: parental.Teens, PIN: nav.Secret(robinPIN)}
	v.do(func(c *core) { c.screenEffect(add) })
	f, ok := next(t, s.profiles).(protocol.AddProfile)
	if !ok || f.Name != "Ada" || f.Level != parental.Teens || string(f.PIN) != robinPIN {
		t.Errorf("asked for %#v", f)
	}
	v.until("answered", func(c *core) bool {
		a := c.world().Answer
		return a != nil && a.Answers == 1 && a.Refusal == "" && !a.Asking
	})
	s.mu.Lock()
	s.refusal = protocol.ProfileTooMany
	s.mu.Unlock()
	v.do(func(c *core) { c.screenEffect(nav.EditProfile{Profile: kids, Name: "Cy", Avatar: "owl"}) })
	next(t, s.profiles)
	v.until("refused", func(c *core) bool {
		a := c.world().Answer
		return a.Answers == 2 && a.Refusal == protocol.ProfileTooMany
	})
	s.cut()
	v.until("offline", func(c *core) bool { return !c.world().Online })
	v.do(func(c *core) {
		c.screenEffect(add)
		if a := c.world().Answer; a.Answers != 3 || !a.Offline || a.Asking {
			t.Errorf("without a network the answer is %+v", a)
		}
	})
}

// listOf is the own list of the profile in use; nil where nothing is known.
func listOf(c *core) []protocol.TitleID {
	if l := c.world().Library; l != nil {
		return l.List
	}
	return nil
}

// TestD13_TheOwnListWorksOffline: at once, after a restart, and it reaches the
// server once when the network is back.
func TestD13_TheOwnListWorksOffline(t *testing.T) {
	s, dir, v := household(t)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
	s.tell(protocol.Library{Number: 3, Profile: robin, List: []protocol.TitleID{"t-night"}},
		protocol.Library{Number: 3, Profile: kids, List: []protocol.TitleID{"t-of-kids"}, Last: true})
	v.until("told of the library", func(c *core) bool { return slices.Equal(listOf(c), []protocol.TitleID{"t-night"}) })
	v.unplug()
	url := s.url()
	s.cut()

	v = plugIn(t, url, dir)
	open := func() {
		v.waitScreen(nav.ScreenGate)
		v.do(func(c *core) {
			if l := c.world().Library; l != nil {
				t.Errorf("a library at the gate: %+v", l)
			}
		})
		v.press(keyseq.OK)
		v.enter(robinPIN)
		v.waitScreen(nav.ScreenHome)
	}
	open()
	v.do(func(c *core) {
		c.screenEffect(nav.ListTitle{Profile: robin, Title: "t-hill", On: true})
		c.screenEffect(nav.StartTitle{Playback: nav.Playback{Profile: robin, Title: "t-hill", Length: 5400}})
		c.screenEffect(nav.StopTitle{Playback: nav.Playback{Profile: robin, Title: "t-hill", Position: 600, Length: 5400}})
	})
	mine := func(c *core) bool {
		l := c.world().Library
		return l != nil && l.Profile == robin && slices.Equal(l.List, []protocol.TitleID{"t-hill", "t-night"}) &&
			len(l.Watched) == 1 && l.Watched[0].Position == 600 && l.Watched[0].Length == 5400
	}
	v.until("shown at once", mine)
	v.unplug()
	v = plugIn(t, url, dir)
	open()
	v.until("shown after a restart", mine)
	v.unplug()

	s2 := resumed(t, s)
	v = plugIn(t, s2.url(), dir)
	open()
	for _, want := range []protocol.ActivityItem{{What: protocol.Listed}, {What: protocol.Started, Length: 5400}, {What: protocol.Stopped, Position: 600, Length: 5400}} {
		got := next(t, s2.activity)
		if got.What != want.What || got.Position != want.Position || got.Length != want.Length || got.Title != "t-hill" {
			t.Errorf("told %+v, want %+v", got, want)
		}
	}
	s2.tell(protocol.Library{ // what it was told changed it
		Number: 4, Profile: robin, List: []protocol.TitleID{"t-hill", "t-night"},
		Watched: []protocol.Watched{{Title: "t-hill", Position: 600, Length: 5400, At: 1}}, Last: true,
	})
	v.until("still shown once it was told", mine)
	s2.tell(protocol.Library{Number: 5, Profile: robin, List: []protocol.TitleID{"t-else"}, Last: true})
	v.until("replaced by the server's word", func(c *core) bool { return slices.Equal(listOf(c), []protocol.TitleID{"t-else"}) })
	v.unplug()
	v = plugIn(t, s2.url(), dir)
	open()
	select {
	case again := <-s2.activity:
		t.Errorf("told again: %+v", again)
	default:
	}
}

// resumed is the same service at another address, as after its restart.
func resumed(t *testing.T, old *fakeServer) *fakeServer {
	t.Helper()
	s := newFakeServer(t)
	old.mu.Lock()
	defer old.mu.Unlock()
	s.root, s.key, s.device, s.epoch, s.version = old.root, old.key, old.device, old.epoch, old.version
	return s
}

// TestP10_ALibraryIsOfTheProfileInUseOnly.
func TestP10_ALibraryIsOfTheProfileInUseOnly(t *testing.T) {
	s, _, v := household(t)
	s.tell(protocol.Library{Number: 3, Profile: robin, List: []protocol.TitleID{"t-night"}},
		protocol.Library{Number: 3, Profile: kids, List: []protocol.TitleID{"t-of-kids"}, Last: true})
	v.until("kept", func(c *core) bool { _, err := c.cache.Shelf(kids); return err == nil })
	v.press(keyseq.Right, keyseq.OK)
	v.waitScreen(nav.ScreenHome)
	v.until("the kids' list", func(c *core) bool {
		l := c.world().Library
		return l != nil && l.Profile == kids && slices.Equal(l.List, []protocol.TitleID{"t-of-kids"})
	})
	if err := v.Resume(); err != nil {
		t.Fatal(err)
	}
	v.do(func(c *core) {
		if l := c.world().Library; l != nil {
			t.Errorf("a library at the gate: %+v", l)
		}
	})
	// Signed out, nothing of it is left.
	s.change(func() { s.status = protocol.SignedOut })
	if r := next(t, s.receipts); !slices.Contains(r.Erased, protocol.ErasedActivity) {
		r = next(t, s.receipts)
		if !slices.Contains(r.Erased, protocol.ErasedActivity) {
			t.Errorf("the receipt says %v", r.Erased)
		}
	}
	v.do(func(c *core) {
		for _, p := range []protocol.ProfileID{robin, kids} {
			if _, err := c.cache.Shelf(p); !errors.Is(err, cache.ErrMissing) {
				t.Errorf("library of %s after the sign-out: %v", p, err)
			}
		}
		if c.rec.Tries != 0 || len(c.rec.PINs) != 0 {
			t.Errorf("counters after the sign-out: %d, %v", c.rec.Tries, c.rec.PINs)
		}
	})
}

func TestP8_LaunchTakesNoOtherPath(t *testing.T) {
	_, _, v := household(t)
	for _, path := range parental.Paths() {
		err := v.Launch("t-hill", path)
		if outside := path == parental.DeepLink || path == parental.Remote; outside != (err == nil) || !outside && !errors.Is(err, ErrPath) {
			t.Errorf("Launch by %s = %v", path, err)
		}
		if d, err := v.Decide("t-hill", path); err != nil || d.Reason != parental.NoProfile {
			t.Errorf("Decide at the gate by %s = %+v, %v", path, d, err)
		}
	}
	if d, err := v.Decide("t-hill", "magic"); err != nil || d.Reason != parental.UnknownPath {
		t.Errorf("Decide by magic = %+v, %v", d, err)
	}
}

// TestVaultHoldsAFullHousehold: the largest record fits, with room for a key
// store's wrapping and for what package session promises of its own part.
func TestVaultHoldsAFullHousehold(t *testing.T) {
	r := record{
		Identity: randomKey(), Secret: randomKey(), DataKey: randomKey(), Boots: math.MaxInt64, Tries: math.MaxInt64,
		LastProfile: protocol.ProfileID(strings.Repeat("p", 64)), BootID: strings.Repeat("b", 36), PINs: map[protocol.ProfileID]pinCount{},
	}
	for i := range protocol.MaxProfiles + 1 {
		r.PINs[protocol.ProfileID(fmt.Sprintf("%064d", i))] = pinCount{
			Version: math.MaxInt64, Unlocks: math.MaxInt64, At: math.MaxInt64,
			Counter: pinlock.Counter{
				Wrong: 1e6, Open: true, Fresh: 1e6, First: math.MaxInt64, Last: math.MaxInt64, Wait: pinlock.LongWait,
				Credit: pinlock.Forgive, Boot: math.MaxInt64, From: math.MaxInt64, Seen: math.MaxInt64, Others: 1e6, OthersCredit: pinlock.Forgive,
			},
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const session, wrapping = 8 << 10, 1 << 10
	if most := vault.MaxPayload - session - wrapping; len(data) > most {
		t.Errorf("the largest record takes %d bytes, want at most %d", len(data), most)
	}
	var back record
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, back); d != "" {
		t.Errorf("the record after JSON (-want +got):\n%s", d)
	}
}

// TestP7_DecideKnowsWhatTheParentalPINWasEnteredFor: for that title, until it is
// left.
func TestP7_DecideKnowsWhatTheParentalPINWasEnteredFor(t *testing.T) {
	s, _, v := household(t)
	s.change(func() { s.parental, s.pinVer = "1379", 2 })
	next(t, s.receipts)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
	decides := func(when string, title protocol.TitleID, want parental.Verdict) {
		t.Helper()
		if d, err := v.Decide(title, parental.DeepLink); err != nil || d.Verdict != want {
			t.Errorf("%s: Decide(%s) = %+v, %v; want %s", when, title, d, err, want)
		}
	}
	decides("before", "t-hill", parental.Allow)
	decides("before", "t-night", parental.NeedsPIN)
	if err := v.Launch("t-night", parental.DeepLink); err != nil {
		t.Fatal(err)
	}
	v.enter("9999")
	v.wait("a refusal", func(view nav.View) bool {
		return view.PIN != nil && !view.PIN.Checking && view.PIN.Entered == 0 && view.PIN.Message != ""
	})
	decides("after a wrong PIN", "t-night", parental.NeedsPIN)
	v.enter("1379")
	v.waitScreen(nav.ScreenPlayer)
	decides("while it plays", "t-night", parental.Allow)
	v.press(keyseq.Back)
	v.wait("its end", func(view nav.View) bool { return view.Screen != nav.ScreenPlayer })
	v.press(keyseq.Back)
	decides("after it was left", "t-night", parental.NeedsPIN)
}

// TestD4_ATitleThatPlaysLeavesNothingAfterASignOut: it is stopped by it, and that it
// was is not kept under the new keys.
func TestD4_ATitleThatPlaysLeavesNothingAfterASignOut(t *testing.T) {
	s, _, v := household(t)
	v.press(keyseq.Right, keyseq.OK)
	v.waitScreen(nav.ScreenHome)
	if err := v.Launch("t-hill", parental.DeepLink); err != nil {
		t.Fatal(err)
	}
	v.waitScreen(nav.ScreenPlayer)
	next(t, s.activity)
	s.change(func() { s.status = protocol.SignedOut })
	v.waitScreen(nav.ScreenSignedOut)
	v.do(func(c *core) {
		if n := c.unsent(); n != 0 {
			t.Errorf("%d items wait after the sign-out", n)
		}
	})
}
