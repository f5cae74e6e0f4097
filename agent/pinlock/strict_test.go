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

// What is over from a day that forgave the last wrong try counts for no other one.
func TestP9_CreditEndsWithTheLast(t *testing.T) {
	for wrong, credit := range map[int]time.Duration{1: 0, 2: Forgive / 2} {
		now := Now{Boot: 1, Running: time.Hour}
		c := tried(t, wrong, &now)
		now.Running += Forgive + Forgive/2
		if c = Settle(c, now); c.Wrong != wrong-1 || c.Credit != credit {
			t.Errorf("a day and a half after %d wrong tries: %+v, want credit %v", wrong, c, credit)
		}
	}
	now := Now{Boot: 1, Running: time.Hour}
	c := tried(t, 1, &now)
	now.Running += Forgive / 2
	if c = Settle(c, now); c.Wrong != 1 || c.Credit != Forgive/2 {
		t.Errorf("half a day after a wrong try: %+v, want half a day of credit", c)
	}
}

// Numbers of other devices that cannot be are taken for the strictest.
func TestStrangeOthersAreStrict(t *testing.T) {
	now := Now{Boot: 1, Running: time.Hour}
	for _, others := range []int{-1, maxWrong + 1} {
		if c := Settle(Counter{Wrong: 1, Others: others, Boot: 1, Seen: time.Hour}, now); c.Others != maxWrong {
			t.Errorf("of %d wrong tries elsewhere %d count", others, c.Others)
		}
	}
	for credit, want := range map[time.Duration]int{-time.Hour: 5, 3 * Forgive: 4} {
		if c := Settle(Counter{Others: 5, OthersCredit: credit, Boot: 1, Seen: time.Hour}, now); c.Others != want || c.OthersCredit != 0 {
			t.Errorf("with a credit of %v: %+v, want %d wrong tries elsewhere", credit, c, want)
		}
	}
}
