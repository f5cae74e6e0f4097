package pinlock

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// wrongTry makes one wrong try, or fails the test where it has to wait.
func wrongTry(t *testing.T, c Counter, now Now) (Counter, time.Duration, bool) {
	t.Helper()
	c, left, ok := Begin(c, now)
	if !ok {
		t.Fatalf("Begin at %v: has to wait %v", now.Running, left)
	}
	return Missed(c, now)
}

// NIST SP 800-63B-4 §3.2.10.
func TestWaitsAndAlarm(t *testing.T) {
	want := []time.Duration{
		0, 0, 0, 0, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute,
		time.Hour, time.Hour, time.Hour,
	}
	c, now := Counter{}, Now{Boot: 1, Running: time.Minute, Wall: 5}
	for i, w := range want {
		var left time.Duration
		var alarm bool
		c, left, alarm = wrongTry(t, c, now)
		if left != w || alarm != (i+1 >= 10) {
			t.Errorf("wrong try %d: wait %v, alarm %v; want %v, %v", i+1, left, alarm, w, i+1 >= 10)
		}
		now.Running += left
	}
}

func TestBeginRefusesWhileWaiting(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1}
	for range 5 {
		c, _, _ = wrongTry(t, c, now)
	}
	for _, tt := range []struct {
		name string
		now  Now
		want time.Duration
	}{
		{"at once", now, time.Minute},
		{"half-way", Now{Boot: 1, Running: 30 * time.Second}, 30 * time.Second},
		{"one tick before", Now{Boot: 1, Running: time.Minute - 1}, 1},
		{"over", Now{Boot: 1, Running: time.Minute}, 0},
		{"wall clock turned forward a year", Now{Boot: 1, Wall: 365 * 86400e3}, time.Minute},
		{"just rebooted", Now{Boot: 2}, time.Minute},
		{"10 s after a reboot", Now{Boot: 2, Running: 10 * time.Second}, 50 * time.Second},
		{"a minute after a reboot", Now{Boot: 2, Running: time.Minute}, 0},
		{"boot counter gone back", Now{Boot: 0, Running: time.Second}, 59 * time.Second},
	} {
		got, left, ok := Begin(c, tt.now)
		if left != tt.want || ok != (tt.want == 0) {
			t.Errorf("%s: Begin = %v, %v; want %v", tt.name, left, ok, tt.want)
		}
		if !ok && got.Wrong != c.Wrong {
			t.Errorf("%s: a refused try was charged", tt.name)
		}
	}
}

func TestRunningTimeThatGoesBackStartsTheWaitAgain(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1, Running: time.Hour}
	for range 5 {
		c, _, _ = wrongTry(t, c, now)
	}
	now.Running = 0
	c, left, ok := Begin(c, now)
	if ok || left != time.Minute {
		t.Fatalf("Begin = %v, %v; want the whole minute", left, ok)
	}
	now.Running = time.Minute
	if _, left, ok = Begin(c, now); !ok {
		t.Fatalf("a minute later: still %v to wait", left)
	}
}

func TestRightEndsTheWaitButForgivesNothing(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1, Wall: 1000}
	for range 8 {
		var left time.Duration
		c, left, _ = wrongTry(t, c, now)
		now.Running += left
		now.Wall++
	}
	c, _, ok := Begin(c, now)
	if !ok {
		t.Fatal("has to wait")
	}
	c, n := Right(c, now)
	if want := (Notice{Wrong: 8, First: 1000, Last: 1008}); n != want {
		t.Errorf("Right = %+v, want %+v", n, want)
	}
	if left := Left(c, now); left != 0 || c.Wrong != 8 {
		t.Errorf("after the right PIN: wait %v and %d wrong tries, want none and 8", left, c.Wrong)
	}
	c, left, _ := wrongTry(t, c, now)
	if left != 16*time.Minute {
		t.Errorf("the 9th wrong try waits %v, want 16 min", left)
	}
	now.Running += left
	c, _, _ = Begin(c, now)
	if _, n = Right(c, now); n.Wrong != 1 {
		t.Errorf("second notice names %d wrong tries, want only the new one", n.Wrong)
	}
}

func TestRightWithoutAnOpenTryChangesNothing(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1}
	for range 5 {
		c, _, _ = wrongTry(t, c, now)
	}
	got, n := Right(c, now)
	if n != (Notice{}) {
		t.Errorf("Right = %+v, want no notice", n)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("Right changed the counter (-want +got):\n%s", diff)
	}
}

func TestPowerLostDuringTheCheckCostsTheTry(t *testing.T) {
	c := Counter{}
	for boot := int64(1); boot <= 4; boot++ {
		var ok bool
		if c, _, ok = Begin(c, Now{Boot: boot}); !ok {
			t.Fatalf("boot %d has to wait", boot)
		}
	}
	c, _, ok := Begin(c, Now{Boot: 5}) // the fifth
	if !ok {
		t.Fatal("the fifth try has to wait")
	}
	if _, left, ok := Begin(c, Now{Boot: 6}); ok || left != time.Minute {
		t.Errorf("after five pulled plugs: Begin = %v, %v; want a minute", left, ok)
	}
}

func TestOneTryADayIsForgiven(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1}
	for range 3 {
		c, _, _ = wrongTry(t, c, now)
	}
	for day, want := range []int{3, 2, 1, 0, 0} {
		if got := Settle(c, Now{Boot: 1, Running: time.Duration(day) * Forgive}); got.Wrong != want {
			t.Errorf("day %d: %d wrong tries, want %d", day, got.Wrong, want)
		}
	}
	// Six evenings of four hours each, stored hourly, are a day.
	for boot := int64(2); boot <= 7; boot++ {
		for h := range 5 {
			c = Settle(c, Now{Boot: boot, Running: time.Duration(h) * time.Hour, Wall: -1})
		}
	}
	if c.Wrong != 2 {
		t.Errorf("after six evenings: %d wrong tries, want 2", c.Wrong)
	}
}

// TestGuessingTakesOverAYear guesses as fast as it may, under three schedules.
// NIST SP 800-63B-4 §3.2.10.
func TestGuessingTakesOverAYear(t *testing.T) {
	for _, tt := range []struct {
		name   string
		reboot func(guess int) bool // pulls the plug after this guess
		right  func(guess int) bool // the household enters the PIN after this guess
	}{
		{"plain", func(int) bool { return false }, func(int) bool { return false }},
		{"a reboot at every guess", func(int) bool { return true }, func(int) bool { return false }},
		{"the right PIN now and then", func(g int) bool { return g%3 == 0 }, func(g int) bool { return g%2 == 0 }},
	} {
		c, now := Counter{}, Now{Boot: 1}
		var total time.Duration
		for guess := range 10_000 {
			left := Left(c, now)
			total += left
			now.Running += left
			var ok bool
			if c, _, ok = Begin(c, now); !ok {
				t.Fatalf("%s: guess %d refused after its wait", tt.name, guess)
			}
			if tt.reboot(guess) {
				now = Now{Boot: now.Boot + 1}
				continue
			}
			c, left, _ = Missed(c, now)
			if tt.right(guess) {
				total, now.Running = total+left, now.Running+left
				c, _, _ = Begin(c, now)
				c, _ = Right(c, now)
			}
		}
		if year := 365 * 24 * time.Hour; total <= year {
			t.Errorf("%s: 10,000 guesses took %v, want over a year", tt.name, total)
		}
	}
}

// TestNoScheduleIsFaster lets rapid choose what happens between guesses. However
// it chooses, the running time spent is at least what the waits of an honest
// count come to.
func TestNoScheduleIsFaster(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := Counter{}, Now{Boot: 1}
		var spent time.Duration // running time in all boots
		var guesses int
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 6: // the server tells a count, right or wrong
				c = Told(c, rapid.Int().Draw(t, "told"), now)
			case 0: // reboot, with any wall clock
				now = Now{Boot: rapid.Int64().Draw(t, "boot"), Wall: rapid.Int64().Draw(t, "wall")}
			case 1, 2: // time passes
				d := time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "passes"))
				now.Running, spent = now.Running+d, spent+d
			case 3: // the household enters the right PIN, if it may
				if next, _, ok := Begin(c, now); ok {
					c, _ = Right(next, now)
				}
			default: // a guess; perhaps the plug is pulled before its result
				next, _, ok := Begin(c, now)
				c = next
				if ok {
					guesses++
				}
				if ok && rapid.Bool().Draw(t, "result") {
					c, _, _ = Missed(c, now)
				}
			}
			c = stored(t, c)
		}
		if least := leastTime(guesses); spent < least {
			t.Fatalf("%d guesses in %v of running time, want at least %v", guesses, spent, least)
		}
	})
}

// leastTime is the running time that n guesses need at least: the waits before
// the last one, each try forgiven by a day counted as if it had cost nothing.
func leastTime(n int) time.Duration {
	var total time.Duration
	for i := 1; i < n; i++ {
		total += waitAfter(i)
	}
	// A day forgives one try, which saves at most an hour: it never pays.
	return total
}

// stored returns c as it comes back from the vault.
func stored(t *rapid.T, c Counter) Counter {
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back Counter
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if back != c {
		t.Fatalf("stored %+v, read %+v", c, back)
	}
	return back
}

// FuzzCounter feeds counters that this package did not write.
func FuzzCounter(f *testing.F) {
	f.Add([]byte(`{"wrong":7,"open":true,"wait":60000000000,"boot":3,"from":5,"seen":9}`), int64(3), int64(10))
	f.Add([]byte(`{"others":-7,"othersCredit":9223372036854775807,"wait":1}`), int64(3), int64(10))
	f.Add([]byte(`{"wrong":-1,"wait":-5,"credit":9223372036854775807}`), int64(0), int64(-1))
	f.Fuzz(func(t *testing.T, data []byte, boot, running int64) {
		var c Counter
		if json.Unmarshal(data, &c) != nil {
			return
		}
		now := Now{Boot: boot, Running: time.Duration(max(running, 0) % int64(100*365*24*time.Hour))}
		next, left, ok := Begin(c, now)
		if left < 0 || left > LongWait || ok == (left > 0) {
			t.Fatalf("Begin = %v, %v", left, ok)
		}
		if ok && (!next.Open || next.Wrong < 1 || next.Wait != waitAfter(next.Total())) {
			t.Fatalf("a charged try left %+v", next)
		}
		if again := Left(next, Now{Boot: boot + 1}); again != next.Wait {
			t.Fatalf("after a reboot %v of %v are left", again, next.Wait)
		}
	})
}

func TestLeftAfterAReboot(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1, Running: 100 * time.Hour}
	for range 5 {
		c, _, _ = wrongTry(t, c, now)
	}
	for running, want := range map[time.Duration]time.Duration{
		0: time.Minute, 40 * time.Second: 20 * time.Second, time.Hour: 0,
	} {
		if got := Left(c, Now{Boot: 2, Running: running}); got != want {
			t.Errorf("%v after the reboot: %v left, want %v", running, got, want)
		}
	}
}

func TestAServedWaitStaysServed(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1, Running: time.Hour}
	for range 5 {
		c, _, _ = wrongTry(t, c, now)
	}
	c = Settle(c, Now{Boot: 1, Running: 2 * time.Hour})
	if got := Left(c, Now{Boot: 2}); got != 0 {
		t.Errorf("after a reboot %v of a served wait are left", got)
	}
}

func TestForgivingBeginsAtTheFirstWrongTry(t *testing.T) {
	c, now := Counter{}, Now{Boot: 1, Running: 1000 * time.Hour}
	c, _, _ = wrongTry(t, c, now)
	now.Running += 23 * time.Hour
	if got := Settle(c, now); got.Wrong != 1 {
		t.Errorf("23 hours after the first wrong try: %d wrong tries, want 1", got.Wrong)
	}
	now.Running += time.Hour
	if got := Settle(c, now); got.Wrong != 0 {
		t.Errorf("24 hours after the first wrong try: %d wrong tries, want 0", got.Wrong)
	}
}

func TestAnOpenTryIsNotForgiven(t *testing.T) {
	c, _, _ := Begin(Counter{}, Now{Boot: 1})
	c, _, _ = Missed(c, Now{Boot: 1, Running: 30 * time.Hour})
	if c.Wrong != 1 {
		t.Errorf("a check of 30 hours left %d wrong tries, want 1", c.Wrong)
	}
}

func TestAlarmNeedsAnOpenTry(t *testing.T) {
	c := Counter{Wrong: 50, Boot: 1}
	if _, _, alarm := Missed(c, Now{Boot: 1}); alarm {
		t.Error("alarm without a try")
	}
}

func TestUnsoundCountersAreTakenStrictly(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    Counter
		want Counter
	}{
		{"negative count", Counter{Wrong: -1, Boot: 1}, Counter{Wrong: maxWrong, Boot: 1}},
		{"negative wait", Counter{Wrong: 1, Wait: -1, Boot: 1}, Counter{Wrong: 1, Wait: LongWait, Boot: 1}},
		{"endless wait", Counter{Wrong: 1, Wait: 1 << 62, Boot: 1}, Counter{Wrong: 1, Wait: LongWait, Boot: 1}},
		{"open without a charge", Counter{Open: true, Boot: 1}, Counter{}},
		{"years of credit", Counter{Wrong: 9, Credit: 1 << 62, Boot: 1}, Counter{Wrong: 8, Boot: 1}},
		{"negative times", Counter{Wrong: 1, Credit: -5, From: -5, Seen: -5, Boot: 1}, Counter{Wrong: 1, Boot: 1}},
		{"negative news", Counter{Wrong: 1, Fresh: -5, Boot: 1}, Counter{Wrong: 1, Fresh: maxWrong, Boot: 1}},
	} {
		if diff := cmp.Diff(tt.want, Settle(tt.c, Now{Boot: 1})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
