package session

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
)

const year = 365 * 24 * 3600 * 1000 // milliseconds

// noon2026 is a wall clock that is right.
const noon2026 = 56 * year

func at(boot string, running time.Duration, wall int64) Now {
	return Now{Running: running, Boot: boot, Wall: wall}
}

func TestLedgerClocks(t *testing.T) {
	minutes := func(n int64) int64 { return n * 60_000 }
	grant := func(wall, signed int64) Ledger {
		return Ledger{}.Grant(at("b1", time.Hour, wall), protocol.Millis(signed), 8*time.Hour)
	}
	for _, tt := range []struct {
		name string
		l    Ledger
		now  Now
		want time.Duration // left
	}{
		{"at the ask", grant(noon2026, noon2026), at("b1", time.Hour, noon2026), 8 * time.Hour},
		{"by running time", grant(noon2026, noon2026), at("b1", 4*time.Hour, noon2026), 5 * time.Hour},
		{"by the wall clock", grant(noon2026, noon2026), at("b1", 2*time.Hour, noon2026+minutes(240)), 4 * time.Hour},
		{"turned back", grant(noon2026, noon2026), at("b1", 4*time.Hour, 0), 5 * time.Hour},
		{"1970, then put right", grant(0, noon2026), at("b1", 2*time.Hour, noon2026+minutes(60)), 7 * time.Hour},
		{"2038, then put right", grant(68*year, noon2026), at("b1", 2*time.Hour, noon2026), 7 * time.Hour},
		{"at its end", grant(noon2026, noon2026), at("b1", 9*time.Hour, noon2026), 0},
		{"a millisecond before", grant(noon2026, noon2026), at("b1", 9*time.Hour-time.Millisecond, noon2026), time.Millisecond},
		{"a boot", grant(noon2026, noon2026), at("b2", time.Minute, noon2026), 8*time.Hour - 6*time.Minute},
		{"running time went back", grant(noon2026, noon2026), at("b1", time.Minute, noon2026), 8*time.Hour - 6*time.Minute},
		{"ten years", grant(noon2026, noon2026), at("b1", time.Hour, noon2026+10*year), 0},
		{"absurd clock", grant(noon2026, noon2026), at("b1", time.Hour, latest), 0},
		{"never granted", Ledger{}, at("b1", time.Hour, noon2026), 0},
		{"longer than allowed", Ledger{}.Grant(at("b", 0, 0), 0, 100*time.Hour), at("b", 0, 0), 8 * time.Hour},
		{"negative", Ledger{}.Grant(at("b", 0, 0), 0, -time.Hour), at("b", 0, 0), 0},
	} {
		if got := tt.l.Left(tt.now); got != tt.want {
			t.Errorf("%s: Left() = %s, want %s", tt.name, got, tt.want)
		}
		observed, _ := tt.l.Observe(tt.now)
		if got := observed.Left(tt.now); got != tt.want {
			t.Errorf("%s, observed: Left() = %s, want %s", tt.name, got, tt.want)
		}
	}
}

// The highest wall clock stays: turning it back after it was seen brings
// nothing, but the next grant starts anew.
func TestLedgerRemembersWallClock(t *testing.T) {
	l := Ledger{}.Grant(at("b", 0, noon2026), noon2026, time.Hour)
	l, _ = l.Observe(at("b", time.Second, noon2026+10*year))
	if got := l.Left(at("b", 2*time.Second, noon2026)); got != 0 {
		t.Errorf("turned back: Left() = %s, want 0", got)
	}
	l = l.Grant(at("b", 3*time.Second, noon2026), noon2026, time.Hour)
	if got := l.Left(at("b", 3*time.Second, noon2026)); got != time.Hour {
		t.Errorf("granted anew: Left() = %s, want 1h", got)
	}
}

func TestRenewEvery(t *testing.T) {
	for _, tt := range []struct{ length, want time.Duration }{
		{8 * time.Hour, 30 * time.Minute}, {time.Hour, 225 * time.Second}, {10 * time.Second, 2 * time.Second}, {100 * time.Hour, 30 * time.Minute},
	} {
		if got := RenewEvery(tt.length); got != tt.want {
			t.Errorf("RenewEvery(%s) = %s, want %s", tt.length, got, tt.want)
		}
	}
}

func TestServerTime(t *testing.T) {
	s := ServerTime{Signed: noon2026, Boot: "b", Running: time.Minute}
	for _, tt := range []struct {
		name string
		s    ServerTime
		now  Now
		want protocol.Millis
	}{
		{"same boot", s, at("b", 3*time.Minute, 5), noon2026 + 120_000},
		{"another boot, no clock", s, at("c", 3*time.Minute, 5), noon2026},
		{"another boot, a clock", s, at("c", 0, noon2026+7), noon2026 + 7},
		{"never told", ServerTime{}, at("c", 0, 9), 9},
		{"never told in this boot", ServerTime{Boot: "b"}, at("b", time.Minute, 9), 9},
		{"the moment of the grant, a wrong clock", s, at("b", time.Minute, noon2026+7), noon2026},
		{"running time went back", s, at("b", time.Second, noon2026+7), noon2026 + 7},
		{"the first millisecond", ServerTime{Signed: 1, Boot: "b"}, at("b", time.Millisecond, 9), 2},
	} {
		if got := tt.s.At(tt.now); got != tt.want {
			t.Errorf("%s: At() = %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestServerTimeAtLeast(t *testing.T) {
	s := ServerTime{Signed: noon2026, Boot: "b", Running: time.Minute}
	for _, tt := range []struct {
		name string
		s    ServerTime
		now  Now
		want protocol.Millis
	}{
		{"same boot", s, at("b", 3*time.Minute, 5), noon2026 + 120_000},
		{"the moment of the grant", s, at("b", time.Minute, noon2026+10*year), noon2026},
		{"running time went back", s, at("b", time.Second, noon2026+10*year), noon2026},
		{"another boot", s, at("c", 3*time.Minute, noon2026+10*year), noon2026 + 180_000},
		{"never told", ServerTime{}, at("c", time.Minute, noon2026), 0},
		{"the first millisecond", ServerTime{Signed: 1}, at("c", 0, noon2026), 1},
	} {
		if got := tt.s.AtLeast(tt.now); got != tt.want {
			t.Errorf("%s: AtLeast() = %d, want %d", tt.name, got, tt.want)
		}
	}
}

// What is charged for boots, and what a clock says, is held to bounds: a number that
// no count of boots and no clock takes beyond its type.
func TestUseIsBounded(t *testing.T) {
	l := Ledger{}.Grant(at("b0", 0, 0), 0, maxLease)
	for i := range 400 {
		l, _ = l.Wrote(at(l.Boot, time.Hour, 0), 0).Observe(at("b"+string(rune('A'+i)), 0, 0))
	}
	if got := l.Ran(at(l.Boot, time.Minute, 0)); got != 2*maxLease+time.Minute {
		t.Errorf("ran %s after 400 boots, want %s", got, 2*maxLease+time.Minute)
	}
	if got := l.Moved(at(l.Boot, 0, 100*year)); got != 2*maxLease {
		t.Errorf("moved %s in a hundred years, want %s", got, 2*maxLease)
	}
	if got := l.LeftRunning(at(l.Boot, 0, 0)); got != 0 {
		t.Errorf("%s is left", got)
	}
}

// The charge of a boot is for what went unwritten, and never less than the least one.
func TestABootIsCharged(t *testing.T) {
	for _, tt := range []struct{ written, slack, want time.Duration }{
		{0, 0, BootCharge}, {0, time.Minute, BootCharge}, {0, 20 * time.Minute, 20 * time.Minute}, {time.Hour, 20 * time.Minute, 80 * time.Minute},
	} {
		l := Ledger{}.Grant(at("b", time.Hour, 0), 0, maxLease).Wrote(at("b", time.Hour+tt.written, 0), tt.slack)
		after, charged := l.Observe(at("c", 0, 0))
		if got := after.Ran(at("c", 0, 0)); got != tt.want || !charged {
			t.Errorf("written after %s with slack %s: charged %s (%t), want %s", tt.written, tt.slack, got, charged, tt.want)
		}
		if got := maxLease - after.LeftRunning(at("c", 0, 0)); got != tt.want {
			t.Errorf("written after %s with slack %s: %s is gone, want %s", tt.written, tt.slack, got, tt.want)
		}
		if _, again := after.Observe(at("c", 0, 0)); again {
			t.Error("a boot is charged twice")
		}
	}
}

// TestLedgerNeverGivesMore: whatever the wall clock does, and however often the
// box is cut off and booted, the time that it ran between two grants is never
// more than the lease, as long as the ledger is written as often as it says.
func TestLedgerNeverGivesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBox(t)
		for range rapid.IntRange(1, 60).Draw(t, "actions") {
			switch rapid.IntRange(0, 5).Draw(t, "action") {
			case 0, 1:
				b.use(time.Duration(rapid.Int64Range(0, int64(90*time.Minute)).Draw(t, "use")))
			case 2:
				b.wall += rapid.Int64Range(-10*year, 10*year).Draw(t, "jump")
			case 3:
				b.cut()
			case 4:
				b.running += time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "standby"))
			case 5:
				if rapid.IntRange(0, 5).Draw(t, "contact") == 0 {
					b.grant(time.Duration(rapid.Int64Range(int64(time.Minute), int64(9*time.Hour)).Draw(t, "lease")))
				}
			}
		}
	})
}

// box is a TV of which only the lease matters.
type box struct {
	t             *rapid.T
	disk, mem     Ledger
	boot          byte
	running, used time.Duration
	wall          int64
	length        time.Duration
	slack         time.Duration
}

func newBox(t *rapid.T) *box {
	b := &box{t: t, boot: 'a', wall: noon2026}
	b.grant(8 * time.Hour)
	return b
}

func (b *box) now() Now { return at(string(b.boot), b.running, b.wall) }

func (b *box) grant(length time.Duration) {
	b.mem = b.mem.Grant(b.now(), protocol.Millis(noon2026), length)
	b.used, b.length = 0, min(length, maxLease)
	b.slack = time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(b.t, "slack"))
	b.write()
}

func (b *box) write() {
	b.mem = b.mem.Wrote(b.now(), b.slack)
	b.slack = BootCharge
	b.disk = b.mem
}

// use runs the box with a look at the clocks every minute, writing when due.
func (b *box) use(d time.Duration) {
	for ; d > 0; d -= time.Minute {
		left := b.mem.Left(b.now())
		if left == 0 {
			return
		}
		step := min(d, time.Minute, left, b.disk.Written+b.disk.Slack-b.running)
		if step > 0 {
			b.running, b.used, b.wall = b.running+step, b.used+step, b.wall+int64(step/time.Millisecond)
		}
		b.mem, _ = b.mem.Observe(b.now())
		if b.used > b.length {
			b.t.Fatalf("used %s of a lease of %s", b.used, b.length)
		}
		if b.running >= b.disk.Written+b.disk.Slack {
			b.write()
		}
	}
}

func (b *box) cut() {
	b.boot++
	b.running, b.slack = 0, BootCharge
	var charged bool
	if b.mem, charged = b.disk.Observe(b.now()); !charged {
		b.t.Fatalf("a boot was not charged")
	}
	b.write()
}
