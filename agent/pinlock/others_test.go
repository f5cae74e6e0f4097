package pinlock

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestP9_TriesElsewhereCostAWaitHere is the table of what a count from other
// devices does to the wait on this one.
func TestP9_TriesElsewhereCostAWaitHere(t *testing.T) {
	hour := Now{Boot: 1, Running: time.Hour}
	for _, tt := range []struct {
		name   string
		own    int // wrong tries here, the last one at one hour
		before int // told before that
		told   int
		at     time.Duration // after the last try here
		want   time.Duration
	}{
		{"nothing anywhere", 0, 0, 0, 0, 0},
		{"four elsewhere", 0, 0, 4, 0, 0},
		{"the fifth was elsewhere", 0, 0, 5, 0, time.Minute},
		{"two here and three there", 2, 0, 3, 0, time.Minute},
		{"ten elsewhere", 0, 0, 10, 0, time.Hour},
		{"a wait that is half over begins anew where it grew", 5, 0, 1, 30 * time.Second, 2 * time.Minute},
		{"the same again changes nothing", 0, 6, 6, 0, 0},
		{"fewer than before", 0, 6, 2, 0, 0},
		{"a longer wait stays", 9, 0, 0, time.Minute, 15 * time.Minute},
		{"one more, but a longer wait runs", 10, 0, 1, 0, time.Hour},
		{"garbage below", 5, 0, math.MinInt, 0, time.Minute},
		{"garbage above", 0, 0, math.MaxInt, 0, time.Hour},
	} {
		c := Counter{}
		if tt.before > 0 {
			c = Told(c, tt.before, Now{Boot: 1})
		}
		for range tt.own {
			c.Wait = 0
			c, _, _ = wrongTry(t, c, hour)
		}
		at := Now{Boot: 1, Running: hour.Running + tt.at}
		if got := Left(Told(c, tt.told, at), at); got != tt.want {
			t.Errorf("%s: %v to wait, want %v", tt.name, got, tt.want)
		}
	}
}

func TestP9_TheNextWaitCountsAllDevices(t *testing.T) {
	now := Now{Boot: 1, Running: time.Hour}
	c := Told(Counter{}, 8, now)
	now.Running += time.Hour
	c, left, alarm := wrongTry(t, c, now)
	if left != 16*time.Minute || alarm {
		t.Errorf("the first try here after eight elsewhere: wait %v, alarm %v; want 16 min, false", left, alarm)
	}
	now.Running += left
	if _, left, alarm = wrongTry(t, c, now); left != time.Hour || !alarm {
		t.Errorf("the tenth in all: wait %v, alarm %v; want an hour, true", left, alarm)
	}
}

func TestP9_ARightPINForgivesNothingOfTheOthers(t *testing.T) {
	now := Now{Boot: 1}
	c := Told(Counter{}, 9, now)
	now.Running += time.Hour
	c, _, _ = Begin(c, now)
	c, _ = Right(c, now)
	if c.Others != 9 || Left(c, now) != 0 {
		t.Errorf("after the right PIN: %d elsewhere and %v to wait, want 9 and none", c.Others, Left(c, now))
	}
}

// The server forgives the others' tries by its own clock, and tells it only with
// the next change: so they are forgiven here too.
func TestP9_OthersAreForgivenOneADay(t *testing.T) {
	c := Told(Counter{}, 3, Now{Boot: 1, Running: 100 * time.Hour})
	for day, want := range []int{3, 2, 1, 0, 0} {
		if got := Settle(c, Now{Boot: 1, Running: 100*time.Hour + time.Duration(day)*Forgive}); got.Others != want {
			t.Errorf("day %d: %d elsewhere, want %d", day, got.Others, want)
		}
	}
}

func TestP9_TheOwnerUnlocks(t *testing.T) {
	now := Now{Boot: 1, Running: time.Hour}
	c := Told(Counter{}, 20, now)
	if diff := cmp.Diff(Counter{}, Unlock(c, now)); diff != "" {
		t.Errorf("Unlock left (-want +got):\n%s", diff)
	}
	now.Running += time.Hour
	c, _, _ = Begin(c, now)
	if got := Unlock(c, now); got.Wrong != 1 || !got.Open || Left(got, now) != 0 {
		t.Errorf("a try under way while the owner unlocks: %+v, want it charged and no wait", got)
	}
}

// TestP9_CountsNeverShortenAWait: whatever is told, whenever, on any clock.
func TestP9_CountsNeverShortenAWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := Counter{}, Now{Boot: 1}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				now = Now{Boot: rapid.Int64().Draw(t, "boot"), Wall: rapid.Int64().Draw(t, "wall")}
			case 1:
				now.Running += time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "passes"))
			case 2:
				if next, _, ok := Begin(c, now); ok {
					c, _, _ = Missed(next, now)
				}
			default:
				before := Settle(c, now)
				left := Left(before, now)
				c = Told(c, rapid.Int().Draw(t, "told"), now)
				switch got := Left(c, now); {
				case got < left || got > LongWait:
					t.Fatalf("%v to wait, before the count %v", got, left)
				case c.Wrong != before.Wrong || c.Credit != before.Credit:
					t.Fatalf("a count changed what is held here from %+v to %+v", before, c)
				case c.Others < 0 || c.Others > maxWrong:
					t.Fatalf("Others = %d", c.Others)
				}
			}
			c = stored(t, c)
		}
	})
}

// TestP9_ManyDevicesAreNoFaster guesses on several TVs that hear of each other at
// once, each as fast as it may. NIST SP 800-63B-4 §3.2.10.
func TestP9_ManyDevicesAreNoFaster(t *testing.T) {
	for _, devices := range []int{2, 5, 50} {
		tvs := make([]Counter, devices)
		now := Now{Boot: 1}
		for guess := range 10_000 {
			next, soonest := 0, LongWait+1
			for i, c := range tvs {
				if left := Left(c, now); left < soonest {
					next, soonest = i, left
				}
			}
			now.Running += soonest
			c, _, ok := Begin(tvs[next], now)
			if !ok {
				t.Fatalf("guess %d refused after its wait", guess)
			}
			tvs[next], _, _ = Missed(c, now)
			total := 0
			for _, c := range tvs {
				total += c.Wrong
			}
			for i := range tvs {
				if i != next {
					tvs[i] = Told(tvs[i], total-tvs[i].Wrong, now)
				}
			}
		}
		if year := 365 * 24 * time.Hour; now.Running <= year {
			t.Errorf("10,000 guesses on %d TVs took %v, want over a year", devices, now.Running)
		}
	}
}
