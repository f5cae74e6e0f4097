package main

import (
	"testing"

	"github.com/hearthkey/hearthkey/agent/pinlock"
	"github.com/hearthkey/hearthkey/server/profile"
)

// TestP9_TVsAndServerWaitAlike: the server checks a PIN that a TV asks it to by the
// same schedule as the TVs.
func TestP9_TVsAndServerWaitAlike(t *testing.T) {
	if pinlock.AlarmAt != profile.AlarmAt {
		t.Errorf("a TV raises the alarm at %d, the server at %d", pinlock.AlarmAt, profile.AlarmAt)
	}
	var c pinlock.Counter
	now := pinlock.Now{Boot: 1}
	for n := 1; n <= 20; n++ {
		var ok bool
		if c, _, ok = pinlock.Begin(c, now); !ok {
			t.Fatalf("try %d was not let through", n)
		}
		missed, left, _ := pinlock.Missed(c, now)
		if want := profile.WaitAfter(n); left != want {
			t.Errorf("after try %d a TV waits %s, the server %s", n, left, want)
		}
		c, now.Running = missed, now.Running+left
	}
}
