package server

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/servertest"
)

// Of two nodes one does a job; when it stops saying so the other goes on, and never
// both at once while their clocks differ by no more than they may.
func TestOneNodeDoesAJob(t *testing.T) {
	db, clock := servertest.DB(t), servertest.NewClock()
	cfg := settings{Config: Config{Database: "shared", Log: slog.New(slog.DiscardHandler)}}
	one := &job{p: &parts{cfg: cfg, db: db, node: "one"}, name: "tidy"}
	two := &job{p: &parts{cfg: cfg, db: db, node: "two"}, name: "tidy"}
	const ahead = maxSkew // of the second clock
	worked := map[string]int{}
	for second := range 300 {
		now := clock.Advance(time.Second)
		alive := second < 100 || second > 200 // the first node hangs in between
		first := alive && one.mine(t.Context(), now)
		second := two.mine(t.Context(), now.Add(ahead))
		if first && second || !alive && now.Before(one.until) && second {
			t.Fatalf("both work at %v", now)
		}
		if first {
			worked["one"]++
		}
		if second {
			worked["two"]++
		}
	}
	if worked["one"] < 95 || worked["two"] < 150 {
		t.Errorf("worked %v of 300 s", worked)
	}
	two.leave(t.Context())
	if !one.mine(t.Context(), clock.Now()) {
		t.Error("the other does not go on where one has left")
	}
}

func TestANodeAloneAsksNobody(t *testing.T) {
	j := &job{p: &parts{}, name: "tidy"} // without a database
	if !j.mine(t.Context(), time.Now()) {
		t.Error("it does nothing")
	}
	j.leave(t.Context())
}
