package api

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

func TestPace(t *testing.T) {
	start := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	p := newPace(2*time.Second, 10)
	for _, s := range []struct {
		name   string
		device protocol.DeviceID
		n      int
		after  time.Duration
		wait   time.Duration // 0: taken
	}{
		{"all at once", "a", 10, 0, 0},
		{"one too many", "a", 1, 0, 2 * time.Second},
		{"again: a refusal costs nothing", "a", 1, 0, 2 * time.Second},
		{"another device", "b", 10, 0, 0},
		{"a little later", "a", 1, 2 * time.Second, 0},
		{"then none", "a", 1, 2 * time.Second, 2 * time.Second},
		{"more than ever fits", "c", 11, 2 * time.Second, 2 * time.Second},
		{"after a rest", "a", 10, 22 * time.Second, 0},
		{"a rest saves up no more than a burst", "a", 11, 2 * time.Hour, 2 * time.Second},
		{"a clock that was set back", "a", 10, time.Hour, 0},
	} {
		err := p.take(s.device, s.n, start.Add(s.after))
		var throttled *account.ThrottledError
		switch {
		case s.wait == 0 && err != nil:
			t.Errorf("%s: %v", s.name, err)
		case s.wait > 0 && (!errors.As(err, &throttled) || throttled.RetryAfter != s.wait):
			t.Errorf("%s: %v, want a wait of %s", s.name, err, s.wait)
		}
	}
}

func TestPaceForgets(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	p := newPace(time.Second, 10)
	for i := range 100_000 {
		now = now.Add(10 * time.Millisecond)
		if err := p.take(protocol.DeviceID(fmt.Sprint(i)), 1, now); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.full) > 2048 {
		t.Errorf("%d devices remembered, about 100 have used anything", len(p.full))
	}
}

// What is full again is looked for when there are twice as many as the last time, and a
// thousand at least: neither at every word nor never.
func TestPaceLooksNowAndThen(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	p := newPace(time.Hour, 10)
	device := 0
	take := func(n int) {
		t.Helper()
		for range n {
			device++
			if err := p.take(protocol.DeviceID(fmt.Sprint(device)), 1, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	take(1023)
	if p.prune != 1024 || len(p.full) != 1023 {
		t.Errorf("before there are a thousand: %d remembered, looked for at %d", len(p.full), p.prune)
	}
	take(1)
	if p.prune != 2048 || len(p.full) != 1024 {
		t.Errorf("when none of a thousand is full: %d remembered, looked for at %d", len(p.full), p.prune)
	}
	now = now.Add(2 * time.Hour)
	take(1023)
	if len(p.full) != 2047 {
		t.Errorf("%d remembered before they are looked for, want 2047", len(p.full))
	}
	take(1)
	if len(p.full) != 1024 || p.prune != 2048 {
		t.Errorf("%d remembered, looked for at %d: a thousand have been full for an hour", len(p.full), p.prune)
	}
	now = now.Add(2 * time.Hour)
	take(1024)
	now = now.Add(2 * time.Hour)
	if take(1); len(p.full) > 1025 || p.prune < 1024 {
		t.Errorf("%d remembered, looked for at %d", len(p.full), p.prune)
	}
}

// An idle device costs one of these: Go's class of 352 bytes.
func TestConnectionStaysSmall(t *testing.T) {
	if got := reflect.TypeFor[tv]().Size(); got > 352 {
		t.Errorf("a connection has %d bytes, want at most 352", got)
	}
}
