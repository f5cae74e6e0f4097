package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
)

// D1: a TV that is out of reach when its end date comes is locked at once and ends by
// itself soon, and hands in the proof when it is back.
func TestD1_TheEndDateEndsATVOutOfReach(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v, clock := onTestClock(t, s, dir)
	s.change(func() { s.ends = protocol.MillisOf(time.UnixMilli(clock.read().Wall).Add(30 * time.Minute)) })
	v.until("the end date", func(c *core) bool { w := c.world(); return w.Ends != "" && w.EndsIn > 29*time.Minute })
	s.cut()
	v.until("out of contact", func(c *core) bool { return !c.world().Online })
	clock.pass(v, 22*time.Minute)
	v.wait("warning", func(view nav.View) bool {
		return view.Banner != nil && strings.HasPrefix(view.Banner.Text, "The time that was set for this TV ends within")
	})
	clock.pass(v, 8*time.Minute+time.Second)
	v.wait("the end", func(view nav.View) bool {
		return view.Screen == nav.ScreenLeaseEnded && view.Title == "The time for this TV is over"
	})
	v.do(func(c *core) {
		if c.rec.Session.Status != protocol.Active || c.snapshot == nil {
			t.Error("it did not wait for a later end date")
		}
	})
	clock.pass(v, 2*time.Minute+time.Second)
	v.wait("the sign-out", func(view nav.View) bool {
		return view.Screen == nav.ScreenSignedOut && strings.Contains(strings.Join(view.Text, " "), "The time that was set for it is over.")
	})
	v.unplug()
	s = resumed(t, s)
	plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", clock: clock.read})
	if c := next(t, s.here); c.Status != protocol.SignedOut || c.By != protocol.ByEndDate || len(c.Erased) != 4 {
		t.Errorf("the proof says %+v", c)
	}
}
