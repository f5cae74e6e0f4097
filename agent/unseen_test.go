package agent

import (
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
)

// Promise 1: when the server has the receipt, the screen shows nothing of the household
// any more, and the box's player has no grant.
func TestNothingIsSeenAfterTheReceipt(t *testing.T) {
	for _, status := range []protocol.Status{protocol.SignedOut, protocol.Stolen, protocol.Deactivated} {
		t.Run(string(status), func(t *testing.T) {
			s := newFakeServer(t)
			v := plugIn(t, s.url(), t.TempDir())
			v.signIn()
			next(t, s.receipts)
			kidsPlay(t, v)
			v.until("granted", func(c *core) bool { return v.Grant().Token != "" })
			seen := make(chan nav.View, 1)
			token := make(chan protocol.Secret, 1)
			s.change(func() {
				s.status = status
				s.onReceipt = func() { seen <- v.View(); token <- v.Grant().Token; s.onReceipt = func() {} }
			})
			view := next(t, seen)
			if want := map[protocol.Status]nav.Screen{
				protocol.SignedOut: nav.ScreenSignedOut, protocol.Stolen: nav.ScreenStolen, protocol.Deactivated: nav.ScreenDeactivated,
			}[status]; view.Screen != want {
				t.Errorf("with the receipt at the server the screen is %s, want %s", view.Screen, want)
			}
			if got := next(t, token); got != "" {
				t.Error("with the receipt at the server the player has a grant")
			}
		})
	}
}
