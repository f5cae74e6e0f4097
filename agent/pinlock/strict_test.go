package pinlock

import (
	"testing"
	"time"
)

// tried is a Counter after so many wrong tries, each as soon as it may be.
func tried(t *testing.T, wrong int, now *Now) (c Counter) {
	t.Helper()
	for range wrong {
		now.Running += Left(c, *now)
		var ok bool
		if c, _, ok = Begin(c, *now); !ok {
			t.Fatal("a try that waited is refused")
		}
		c, _, _ = Missed(c, *now)
	}
	return c
}

// P9: one right PIN takes back one charge, however often it is said, and only a try that
// was wrong before it is told of.
func TestP9_RightOnce(t *testing.T) {
	now := Now{Boot: 1, Running: time.Hour, Wall: 5}
	c, _, _ := Begin(Counter{}, now)
	if _, n := Right(c, now); n != (Notice{}) {
		t.Errorf("the first try was right: %+v is told", n)
	}
	c = tried(t, 2, &now)
	c, _, _ = Begin(c, now)
	c, n := Right(c, now)
	if c.Wrong != 2 || c.Open || n.Wrong != 2 {
		t.Errorf("after 2 wrong and a right one: %+v, %+v is told", c, n)
	}
	if again, n := Right(c, now); again != c || n != (Notice{}) {
		t.Errorf("right without a try: %+v, %+v is told, want %+v", again, n, c)
	}
}

// What Right and Missed return is settled: a day has forgiven, and a reboot is known.
func TestResultsAreSettled(t *testing.T) {
	now := Now{Boot: 1, Running: time.Hour}
	c := tried(t, 3, &now)
	c, _, _ = Begin(c, now)
	now.Running += Forgive
	if right, _ := Right(c, now); right.Wrong != 2 {
		t.Errorf("a day after 3 wrong tries, a right one leaves %d, want 2", right.Wrong)
	}
	if missed, _, _ := Missed(c, now); missed.Wrong != 3 {
		t.Errorf("a day after 3 wrong tries, another leaves %d, want 3", missed.Wrong)
	}
	if missed, _, _ := Missed(c, Now{Boot: 2, Running: 7}); missed.Boot != 2 || missed.Seen != 7 {
		t.Errorf("missed in another boot: %+v", missed)
	}
}

// A day within the next boot forgives as one within this, whatever was counted before.
func TestP9_ADayOfTheNextBoot(t *testing.T) {
	now := Now{Boot: 1, Running: 100 * time.Hour}
	c := tried(t, 2, &now)
	if c = Settle(c, Now{Boot: 2, Running: Forgive}); c.Wrong != 1 || c.Boot != 2 {
		t.Errorf("a day into the next boot: %+v, want 1 wrong try", c)
	}
}

// Looking does not prolong a wait, and running time that goes back begins it again.
func TestP9_LookingIsFree(t *testing.T) {
	now := Now{Boot: 1, Running: time.Hour}
	c := tried(t, 5, &now)
	now.Running += 20 * time.Second
	for range 3 {
		if c = Settle(c, now); Left(c, now) != FirstWait-20*time.Second {
			t.Fatalf("20 s into a wait %v are left", Left(c, now))
		}
	}
	now.Running -= 10 * time.Second // impossible, and still after the wait began
	if c = Settle(c, now); Left(c, now) != FirstWait {
		t.Errorf("after running time went back %v of the wait are left", Left(c, now))
	}
}
