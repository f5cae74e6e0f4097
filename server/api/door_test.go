package api

import (
	"errors"
	"net/netip"
	"testing"
	"time"
)

// The whole is bounded whoever they are, this machine's own too, and who leaves makes
// room exactly once.
func TestDoorCountsEverybody(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	here, there := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("203.0.113.9")
	for name, from := range map[string]netip.Addr{"this machine": here, "another": there, "nobody knows who": {}} {
		d := newDoor(3, 3, func() time.Time { return now })
		var leave []func(bool)
		for n := 1; n <= 3; n++ {
			out, err := d.enter(from)
			if err != nil || d.inside() != n {
				t.Fatalf("%s: number %d: %v, %d are inside", name, n, err, d.inside())
			}
			leave = append(leave, out)
		}
		if _, err := d.enter(from); !errors.Is(err, errFull) {
			t.Errorf("%s: one too many: %v, want errFull", name, err)
		}
		for n, out := range leave {
			if out(true); d.inside() != 2-n {
				t.Errorf("%s: %d are inside after %d left", name, d.inside(), n+1)
			}
		}
		if _, err := d.enter(from); err != nil {
			t.Errorf("%s: when all have left: %v", name, err)
		}
	}
}

// Who proves itself costs its network nothing; who does not, one of a burst that grows
// by one a second. A network about which nothing is left to know is forgotten.
func TestDoorForgets(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	from := netip.MustParseAddr("203.0.113.9")
	d := newDoor(1000, 2, func() time.Time { return now })
	visit := func(proved bool) error {
		out, err := d.enter(from)
		if err == nil {
			out(proved)
		}
		return err
	}
	for n := range unprovedBurst {
		if err := errors.Join(visit(true), visit(false)); err != nil {
			t.Fatalf("visit %d: %v", n, err)
		}
	}
	if err := visit(true); !errors.Is(err, errTooMany) {
		t.Errorf("after %d visits that proved nothing: %v, want errTooMany", unprovedBurst, err)
	}
	now = now.Add(time.Second)
	if err := visit(false); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if d.tidy(); len(d.from) != 1 {
		t.Error("a network is forgotten whose burst is used up")
	}
	now = now.Add(unprovedBurst * time.Second)
	out, err := d.enter(from)
	if err != nil {
		t.Fatal(err)
	}
	if d.tidy(); len(d.from) != 1 {
		t.Error("a network is forgotten that has somebody inside")
	}
	out(true)
	if d.tidy(); len(d.from) != 0 {
		t.Errorf("%d networks are remembered, about which nothing is left to know", len(d.from))
	}
}
