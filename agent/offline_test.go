package agent

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
)

// TestD13_OfflineSinceSurvivesARestart: the banner says when contact was lost, or
// last proved where the plug was pulled in contact, and not when the agent started.
func TestD13_OfflineSinceSurvivesARestart(t *testing.T) {
	for name, lost := range map[string]bool{"in contact": false, "out of contact": true} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			dir := t.TempDir()
			v, clock := onTestClock(t, s, dir)
			want := clock.read().Wall // of the grant
			if lost {
				clock.pass(v, 5*time.Minute)
				want = clock.read().Wall
				s.cut()
				v.until("out of contact", func(c *core) bool { return !c.world().Online && c.offline == want })
				clock.pass(v, time.Minute)
			} else {
				v.until("a grant", func(c *core) bool { return c.rec.Session.Lease.Length > 0 })
				v.do(func(c *core) { want = max(want, c.rec.Session.Lease.Base) })
			}
			v.unplug()
			s.cut()
			for boot := range 2 { // and another one
				clock.set(func(n *session.Now) {
					n.Boot, n.Running, n.Wall = "boot "+string(rune('2'+boot)), time.Second, n.Wall+time.Hour.Milliseconds()
				})
				v = plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", clock: clock.read})
				v.waitScreen(nav.ScreenGate)
				v.do(func(c *core) {
					if got := c.offline; got != want {
						t.Errorf("boot %d: offline since %v, want %v", boot, time.UnixMilli(got), time.UnixMilli(want))
					}
				})
				v.unplug()
			}
		})
	}
}

// TestD13_OfflineSinceEndsWithContact: what was noted is forgotten then.
func TestD13_OfflineSinceEndsWithContact(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v, clock := onTestClock(t, s, dir)
	s.cut()
	v.until("out of contact", func(c *core) bool { return !c.world().Online && c.rec.Offline > 0 })
	v.unplug()
	s = resumed(t, s)
	v = plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", clock: clock.read})
	drain(s)
	v.granted(clock)
	v.until("nothing is noted", func(c *core) bool { return c.offline == 0 && c.rec.Offline == 0 })
}
