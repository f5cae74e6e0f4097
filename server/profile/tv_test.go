package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/store"
)

// watching notes whose profile is in use at tv; "" is the gate.
func (f *fixture) watching(t *testing.T, tv TV, id protocol.ProfileID) {
	t.Helper()
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return tx.SetDeviceProfile(tv.Account, tv.Device, tv.Epoch, id) })
	if err != nil {
		t.Fatal(err)
	}
}

func wish(level parental.Level) protocol.AddProfile {
	return protocol.AddProfile{N: 1, Name: "Neu", Avatar: "owl", Level: level}
}

// TestP3_ATeenagerAddsNoAdult is who asks, from where, for what, with what.
func TestP3_ATeenagerAddsNoAdult(t *testing.T) {
	for name, tt := range map[string]struct {
		locked bool // the main profile
		always bool // PIN needed to add a profile
		in     int  // the profile in use; -1: the gate
		ask    protocol.AddProfile
		want   error
	}{
		"kids adds little kids":            {true, false, 1, wish(parental.LittleKids), nil},
		"kids adds teens":                  {true, false, 1, wish(parental.Teens), ErrNeedsPIN},
		"kids adds teens, no lock":         {false, false, 1, wish(parental.Teens), ErrNeedsPassword},
		"main, unlocked, adds all":         {false, false, 0, wish(parental.All), nil},
		"main, locked, adds all":           {true, false, 0, wish(parental.All), ErrNeedsPIN},
		"main, locked, adds teens":         {true, false, 0, wish(parental.Teens), nil}, // a teenager's profile has no lock
		"gate, adds all":                   {true, false, -1, wish(parental.All), ErrNeedsPIN},
		"gate, nobody locked":              {false, false, -1, wish(parental.All), nil},
		"always, kids adds little kids":    {true, true, 1, wish(parental.LittleKids), ErrNeedsPIN},
		"always, main unlocked":            {false, true, 0, wish(parental.LittleKids), ErrNeedsPassword},
		"right PIN":                        {true, true, 1, with(wish(parental.All), "2846", ""), nil},
		"wrong PIN":                        {true, true, 1, with(wish(parental.All), "2847", ""), ErrWrong},
		"no PIN at all":                    {true, true, 1, with(wish(parental.All), "28467", ""), ErrWrong},
		"password where the PIN is asked":  {true, true, 1, with(wish(parental.All), "", "correct horse"), ErrNeedsPIN},
		"right password":                   {false, true, 1, with(wish(parental.All), "", "correct horse"), nil},
		"wrong password":                   {false, true, 1, with(wish(parental.All), "", "incorrect horse"), ErrWrong},
		"PIN where the password is asked":  {false, true, 1, with(wish(parental.All), "2846", ""), ErrNeedsPassword},
		"no name":                          {false, false, 0, protocol.AddProfile{Avatar: "owl", Level: parental.All}, ErrName},
		"level 6":                          {false, false, 0, protocol.AddProfile{Name: "x", Avatar: "owl", Level: 6}, ErrLevel},
		"teenagers' kids get the kids' at": {false, false, 1, protocol.AddProfile{Name: "Neu", Avatar: "owl", Level: parental.LittleKids, Kids: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if _, err := f.Create(f.ctx, f.now, f.who, teen); err != nil {
				t.Fatal(err)
			}
			if tt.locked {
				f.lockMain(t, "2846")
			}
			if err := f.SetParental(f.ctx, f.now, f.who, Decision{AddNeedsPIN: &tt.always}); err != nil {
				t.Fatal(err)
			}
			tv := f.tv(t, "living", 1)
			if tt.in >= 0 {
				f.watching(t, tv, f.list(t)[tt.in].ID)
			}
			was, notices := f.list(t), len(f.notices)
			p, err := f.AddFromTV(f.ctx, f.now, tv, tt.ask)
			if !errors.Is(err, tt.want) {
				t.Fatalf("AddFromTV = %+v, %v, want %v", p, err, tt.want)
			}
			if tt.want != nil {
				if diff := cmp.Diff(was, f.list(t)); diff != "" || len(f.notices) != notices {
					t.Errorf("a refusal changed something:\n%s", diff)
				}
				return
			}
			want := protocol.Profile{ID: p.ID, Name: "Neu", Avatar: "owl", Level: tt.ask.Level, Language: "de"}
			want.Kids = tt.ask.Kids || tt.in == 1 && !tt.always // a kid adds kids profiles
			if diff := cmp.Diff(append(was, want), f.list(t)); diff != "" {
				t.Errorf("profiles (-want +got):\n%s", diff)
			}
			n := f.notices[len(f.notices)-1]
			if n.Kind != account.NoticeProfileChanged || n.Device != "living" || n.Profile != "Neu" || len(n.Before) == 0 {
				t.Errorf("notice = %+v", n)
			}
			if changed, err := f.restore(t, n.Before); err != nil || !changed || len(f.list(t)) != len(was) {
				t.Errorf("It wasn't me: %t, %v", changed, err)
			}
		})
	}
}

func with(f protocol.AddProfile, pin, password string) protocol.AddProfile {
	f.PIN, f.Password = protocol.Secret(pin), protocol.Secret(password)
	return f
}

// TestP3_P6_P11_AddingIsNoWayRound: what is added without a proof is bound as those
// without a lock are, whether the TV names who is watching or says nothing; with
// one it is as asked for.
func TestP3_P6_P11_AddingIsNoWayRound(t *testing.T) {
	blocked := []protocol.TitleID{"orbit", "otter"}
	for name, tt := range map[string]struct {
		in   int // the profile in use; -1: the gate
		ask  protocol.AddProfile
		want protocol.Profile
		err  error
	}{
		"from the gate":   {-1, wish(parental.OlderKids), protocol.Profile{Level: parental.OlderKids, Kids: true, Blocked: blocked}, nil},
		"from the kids'":  {1, wish(parental.OlderKids), protocol.Profile{Level: parental.OlderKids, Kids: true, Blocked: blocked}, nil},
		"from the main's": {0, wish(parental.LittleKids), protocol.Profile{Level: parental.LittleKids, Kids: true, Blocked: blocked}, nil},
		"a PIN that nobody asked for": {-1, with(wish(parental.OlderKids), "2846", ""),
			protocol.Profile{Level: parental.OlderKids, Kids: true, Blocked: blocked}, nil},
		"above, with the PIN": {-1, with(wish(parental.Teens), "2846", ""), protocol.Profile{Level: parental.Teens}, nil},
		"above, without it":   {-1, wish(parental.Teens), protocol.Profile{}, ErrNeedsPIN},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			kids := f.list(t)[1]
			e := Edit{Name: kids.Name, Avatar: kids.Avatar, Level: parental.OlderKids, Kids: true}
			if _, err := f.Edit(f.ctx, f.now, f.who, kids.ID, e); err != nil {
				t.Fatal(err)
			}
			if err := f.SetBlocked(f.ctx, f.now, f.who, kids.ID, blocked); err != nil {
				t.Fatal(err)
			}
			f.lockMain(t, "2846")
			tv := f.tv(t, "living", 1)
			if tt.in >= 0 {
				f.watching(t, tv, f.list(t)[tt.in].ID)
			}
			p, err := f.AddFromTV(f.ctx, f.now, tv, tt.ask)
			if !errors.Is(err, tt.err) {
				t.Fatalf("AddFromTV = %+v, %v, want %v", p, err, tt.err)
			}
			if err != nil {
				return
			}
			want := tt.want
			want.ID, want.Name, want.Avatar, want.Language = p.ID, "Neu", "owl", "de"
			if diff := cmp.Diff(want, f.list(t)[2]); diff != "" {
				t.Errorf("profile (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// TestP6_ASeriesBlockHoldsAgainstAnEpisodes: where one has the series blocked and
// the other an episode of it, neither can play that episode, and what is added
// cannot either.
func TestP6_ASeriesBlockHoldsAgainstAnEpisodes(t *testing.T) {
	f := newFixture(t)
	f.c.Title = nil
	f.c.Series = func(id protocol.TitleID) protocol.TitleID {
		if strings.HasPrefix(string(id), "orbit-") {
			return "orbit"
		}
		return ""
	}
	for i, blocked := range [][]protocol.TitleID{{"orbit"}, {"orbit-1", "otter"}} {
		if err := f.SetBlocked(f.ctx, f.now, f.who, f.list(t)[i].ID, blocked); err != nil {
			t.Fatal(err)
		}
	}
	p, err := f.AddFromTV(f.ctx, f.now, f.tv(t, "living", 1), wish(parental.LittleKids))
	if want := []protocol.TitleID{"orbit-1"}; err != nil || !slices.Equal(p.Blocked, want) {
		t.Errorf("AddFromTV: %v blocked, %v, want %v", p.Blocked, err, want)
	}
}

// TestP6_NoRoomForWhatBindsNeedsAProof: where an account has as many blocked
// titles as it may, what cannot be bound is not added without a proof.
func TestP6_NoRoomForWhatBindsNeedsAProof(t *testing.T) {
	f := newFixture(t)
	f.c.Title = nil
	kids := f.list(t)[1]
	blocked := make([]protocol.TitleID, MaxBlocked/2+1)
	for i := range blocked {
		blocked[i] = protocol.TitleID(fmt.Sprint("t-", i))
	}
	if err := f.SetBlocked(f.ctx, f.now, f.who, kids.ID, blocked); err != nil {
		t.Fatal(err)
	}
	f.lockMain(t, "2846")
	tv := f.tv(t, "living", 1)
	if _, err := f.AddFromTV(f.ctx, f.now, tv, wish(parental.LittleKids)); !errors.Is(err, ErrNeedsPIN) {
		t.Errorf("AddFromTV = %v, want %v", err, ErrNeedsPIN)
	}
	p, err := f.AddFromTV(f.ctx, f.now, tv, with(wish(parental.LittleKids), "2846", ""))
	if err != nil || len(p.Blocked) != 0 {
		t.Errorf("with the PIN: %d blocked, %v, want none", len(p.Blocked), err)
	}
}

func TestAddFromTVIsTidied(t *testing.T) {
	f := newFixture(t)
	tv := f.tv(t, "living", 1)
	p, err := f.AddFromTV(f.ctx, f.now, tv, protocol.AddProfile{Name: " Mia ", Avatar: "dragon", Level: parental.Teens, Kids: true})
	want := protocol.Profile{ID: p.ID, Name: "Mia", Avatar: Avatars()[0], Level: parental.OlderKids, Kids: true, Language: "de"}
	if diff := cmp.Diff(want, p); diff != "" || err != nil {
		t.Errorf("AddFromTV: %v (-want +got):\n%s", err, diff)
	}
}

// TestP9_TenThousandPINsFromATV: a modified TV that asks as often as it may, over
// two sign-ins and telling lies in between, tries no more PINs than P9 allows.
func TestP9_TenThousandPINsFromATV(t *testing.T) {
	f := newFixture(t)
	f.lockMain(t, "2846")
	if err := f.SetParental(f.ctx, f.now, f.who, Decision{AddNeedsPIN: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	main := f.list(t)[0]
	tvs := []TV{f.tv(t, "living", 1), f.tv(t, "bedroom", 1)}
	start, tried, waits := f.now, 0, 0
	for n := 0; f.now.Sub(start) < 24*time.Hour; n++ {
		tv := tvs[n%2]
		f.report(t, tv, protocol.PINTry{Profile: main.ID, PIN: main.PIN, Wrong: 0}) // "I have counted nothing"
		_, err := f.AddFromTV(f.ctx, f.now, tv, with(wish(parental.All), fmt.Sprintf("%04d", 9000+tried), ""))
		var wait *WaitError
		switch {
		case errors.Is(err, ErrWrong):
			tried++
		case errors.As(err, &wait):
			waits++
			if wait.RetryAfter <= 0 || wait.RetryAfter > time.Hour {
				t.Fatalf("wait = %s", wait.RetryAfter)
			}
			f.now = f.now.Add(wait.RetryAfter)
		default:
			t.Fatalf("AddFromTV = %v", err)
		}
	}
	// ten in the first half hour, then one an hour: 10,000 take more than a year
	if tried < 30 || tried > 10+24 {
		t.Errorf("%d PINs tried in a day, want about 33", tried)
	}
	for range 2 { // the wait may just be over
		f.AddFromTV(f.ctx, f.now, tvs[0], with(wish(parental.All), "0000", ""))
	}
	_, err := f.AddFromTV(f.ctx, f.now, tvs[0], with(wish(parental.All), "2846", ""))
	if !errors.As(err, new(*WaitError)) {
		t.Errorf("the right PIN within the wait = %v, want a wait", err)
	}
	if err := f.Unlock(f.ctx, f.now, f.who, main.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AddFromTV(f.ctx, f.now, tvs[0], with(wish(parental.All), "2846", "")); err != nil {
		t.Errorf("after the owner's Unlock: %v", err)
	}
}

// TestP9_ARightPINEndsTheWait: but wrong tries stay until they are forgiven.
func TestP9_ARightPINEndsTheWait(t *testing.T) {
	f := newFixture(t)
	p := f.lockMain(t, "2846")
	if err := f.SetParental(f.ctx, f.now, f.who, Decision{AddNeedsPIN: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	tv, other := f.tv(t, "living", 1), f.tv(t, "bedroom", 1)
	ask := func(pin string) error {
		_, err := f.AddFromTV(f.ctx, f.now, tv, with(wish(parental.All), pin, ""))
		return err
	}
	for range 5 {
		if err := ask("1111"); !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
	}
	f.now = f.now.Add(time.Minute)
	if err := ask("2846"); err != nil {
		t.Fatal(err)
	}
	if err := ask("1111"); !errors.Is(err, ErrWrong) {
		t.Errorf("after the right PIN: %v", err)
	}
	var wait *WaitError
	if err := ask("1111"); !errors.As(err, &wait) || wait.RetryAfter != 2*time.Minute {
		t.Errorf("the sixth wrong one is followed by %v, want 2 min", err)
	}
	if _, wrong := f.counts(t, other, p.ID); wrong != 6 {
		t.Errorf("the other TV is told of %d, want 6", wrong)
	}
	if _, wrong := f.counts(t, tv, p.ID); wrong != 6 {
		t.Errorf("this TV, which counted none of them, is told of %d, want 6", wrong)
	}
}

// TestP3_OneLastPlace: 50 at once with the right PIN, and one place: one profile.
func TestP3_OneLastPlace(t *testing.T) {
	f := newFixture(t)
	f.c.Gate = admit.New(admit.Config{Queue: 100})
	for range 2 {
		if _, err := f.Create(f.ctx, f.now, f.who, teen); err != nil {
			t.Fatal(err)
		}
	}
	p := f.lockMain(t, "2846")
	tv := f.tv(t, "living", 1)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		added int
	)
	for range 50 {
		wg.Go(func() {
			_, err := f.AddFromTV(f.ctx, f.now, tv, with(wish(parental.All), "2846", ""))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				added++
			case !errors.Is(err, ErrTooMany) && !errors.As(err, new(*WaitError)):
				t.Errorf("AddFromTV = %v", err)
			}
		})
	}
	wg.Wait()
	if added != 1 || len(f.list(t)) != 5 {
		t.Errorf("%d were added, %d profiles", added, len(f.list(t)))
	}
	if _, wrong := f.counts(t, tv, p.ID); wrong != 0 {
		t.Errorf("%d wrong tries, want none: every PIN was right", wrong)
	}
}

// TestP9_ParallelTriesAreCounted: 50 wrong PINs at once are five tries.
func TestP9_ParallelTriesAreCounted(t *testing.T) {
	f := newFixture(t)
	f.c.Gate = admit.New(admit.Config{Queue: 100})
	f.lockMain(t, "2846")
	tv := f.tv(t, "living", 1)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		wrong int
	)
	for n := range 50 {
		wg.Go(func() {
			_, err := f.AddFromTV(f.ctx, f.now, tv, with(wish(parental.All), fmt.Sprintf("%04d", n), ""))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, ErrWrong):
				wrong++
			case !errors.As(err, new(*WaitError)):
				t.Errorf("AddFromTV = %v", err)
			}
		})
	}
	wg.Wait()
	if wrong != freeTries+1 {
		t.Errorf("%d PINs were checked at once, want %d", wrong, freeTries+1)
	}
}

func TestEditFromTV(t *testing.T) {
	f := newFixture(t)
	all := f.list(t)
	kids := all[1]
	tv := f.tv(t, "living", 1)
	f.watching(t, tv, kids.ID)
	edit := func(id protocol.ProfileID, name, avatar string) error {
		return f.EditFromTV(f.ctx, f.now, tv, protocol.EditProfile{N: 1, Profile: id, Name: name, Avatar: avatar})
	}
	for name, tt := range map[string]struct {
		id   protocol.ProfileID
		name string
		want error
	}{
		"another one's":  {all[0].ID, "Mine", ErrNotInUse},
		"nobody's":       {"nobody", "Mine", ErrNotInUse},
		"no name":        {kids.ID, "  ", ErrName},
		"a long name":    {kids.ID, strings.Repeat("x", 33), ErrName},
		"a name of bell": {kids.ID, "a\ab", ErrName},
	} {
		if err := edit(tt.id, tt.name, "owl"); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if diff := cmp.Diff(all, f.list(t)); diff != "" || len(f.notices) != 0 {
		t.Errorf("refusals changed something:\n%s", diff)
	}
	if err := edit(kids.ID, kids.Name, kids.Avatar); err != nil || len(f.notices) != 0 {
		t.Errorf("as it is: %v, %d notices", err, len(f.notices))
	}
	if err := edit(kids.ID, " Mia ", "dragon"); err != nil {
		t.Fatal(err)
	}
	want := kids
	want.Name = "Mia"
	if diff := cmp.Diff(want, f.list(t)[1]); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
	if n := f.notices[0]; n.Profile != "Mia" || !strings.Contains(n.Detail, "“Kids”") {
		t.Errorf("notice = %+v", n)
	}
	var err error
	for i := 0; err == nil && i < 100; i++ {
		err = edit(kids.ID, fmt.Sprint("Mia ", i), "owl")
	}
	if r, wait, expected := Refusal(err); r != protocol.ProfileWait || wait <= 0 || wait > time.Hour || !expected || len(f.notices) > 20 {
		t.Errorf("%d edits, then %s %s", len(f.notices), r, wait)
	}
}

// TestD5_AnEndedSignInChangesNothing: whatever it sends.
func TestD5_AnEndedSignInChangesNothing(t *testing.T) {
	f := newFixture(t)
	tv := f.tv(t, "living", 1)
	kids := f.list(t)[1]
	f.watching(t, tv, kids.ID)
	was := f.list(t)
	strangers := map[string]TV{
		"another account": {"nobody", tv.Device, 1}, "another device": {tv.Account, "toaster", 1}, "an older epoch": {tv.Account, tv.Device, 0},
	}
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := tx.EndEverything(f.who.Account, protocol.ByAll, "", f.now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	strangers["signed out"] = tv
	for name, tv := range strangers {
		_, addErr := f.AddFromTV(f.ctx, f.now, tv, wish(parental.LittleKids))
		editErr := f.EditFromTV(f.ctx, f.now, tv, protocol.EditProfile{Profile: kids.ID, Name: "x", Avatar: "owl"})
		for what, err := range map[string]error{"AddFromTV": addErr, "EditFromTV": editErr} {
			if r, _, expected := Refusal(err); !errors.Is(err, account.ErrSignedOut) || r != protocol.ProfileGone || !expected {
				t.Errorf("%s of %s = %v", what, name, err)
			}
		}
	}
	if diff := cmp.Diff(was, f.list(t)); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// TestD5_AtItsEndDateASignInChangesNothing: from that moment on, whether it was swept
// yet or not.
func TestD5_AtItsEndDateASignInChangesNothing(t *testing.T) {
	f := newFixture(t)
	tv := f.tv(t, "living", 1)
	ends := f.now.Add(time.Hour)
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		return tx.SetDeviceEnds(store.DeviceRow{Account: tv.Account, ID: tv.Device, Epoch: 1}, ends, true)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.AddFromTV(f.ctx, ends.Add(-time.Second), tv, wish(parental.LittleKids)); err != nil {
		t.Errorf("a second before: %v", err)
	}
	if _, err := f.AddFromTV(f.ctx, ends, tv, wish(parental.LittleKids)); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("AddFromTV = %v, want ErrSignedOut", err)
	}
	kids := f.list(t)[1]
	if err := f.EditFromTV(f.ctx, ends, tv, protocol.EditProfile{Profile: kids.ID, Name: "x", Avatar: "owl"}); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("EditFromTV = %v, want ErrSignedOut", err)
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		err      error
		want     protocol.ProfileRefusal
		wait     time.Duration
		expected bool
	}{
		{ErrNeedsPIN, protocol.ProfileNeedsPIN, 0, true},
		{ErrNeedsPassword, protocol.ProfileNeedsPassword, 0, true},
		{ErrWrong, protocol.ProfileWrong, 0, true},
		{&WaitError{time.Minute}, protocol.ProfileWait, time.Minute, true},
		{&account.ThrottledError{RetryAfter: time.Hour}, protocol.ProfileWait, time.Hour, true},
		{ErrTooMany, protocol.ProfileTooMany, 0, true},
		{ErrName, protocol.ProfileBadName, 0, true},
		{ErrNotInUse, protocol.ProfileGone, 0, true},
		{&admit.BusyError{RetryAfter: time.Second}, protocol.ProfileBusy, time.Second, true},
		{errors.New("disk on fire"), protocol.ProfileBusy, busyRetry, false},
	} {
		r, wait, expected := Refusal(fmt.Errorf("wrapped: %w", c.err))
		if r != c.want || wait != c.wait || expected != c.expected {
			t.Errorf("Refusal(%v) = %s, %s, %t, want %s, %s, %t", c.err, r, wait, expected, c.want, c.wait, c.expected)
		}
	}
}
