package web

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

func TestA5_ActivityIsShownAfterAProof(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	has(t, p.page("/account/activity"), "Nothing was watched yet")
	_, s := p.approve("Bedroom TV")
	main := protocol.ProfileID(profileButton.FindStringSubmatch(p.page("/profiles"))[1])
	now := protocol.MillisOf(w.clock.Now())
	w.clock.Advance(9 * time.Minute)
	item := func(seq int64, title protocol.TitleID, at protocol.Millis) protocol.ActivityItem {
		return protocol.ActivityItem{Seq: seq, Profile: main, Title: title, What: protocol.Progress, At: at}
	}
	_, err := w.devices.Activity(t.Context(), w.clock.Now(), s, protocol.Activity{Epoch: s.Epoch, Items: []protocol.ActivityItem{
		item(1, "gone", now), item(2, "moon", now+60_000), item(3, "moon", now+540_000),
	}})
	w.must(err)
	has(t, p.page("/account/activity"), "<bdi>Moon &amp; Sea</bdi>", "A title that is not on offer any more", "Bedroom TV", "Main", "8 min")
	w.clock.Advance(account.ProofAge)
	p.moved(p.get("/account/activity"), "/proof?next=%2Faccount%2Factivity")
}
