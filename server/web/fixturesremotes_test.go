package web

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/device"
)

// fixtureRemotes are the remote on the account page in its states, and a TV's paired
// remotes.
func fixtureRemotes(add func(string, any)) {
	remote := RemotePage{Frame: fixtureFrame("Remote for Bedroom TV", "devices"), Device: "d-1", Name: "Bedroom TV", State: RemoteIdle, Keyboard: tvremote.KeyboardNone}
	for _, state := range remote.States() {
		page := remote
		page.State = state
		if state == RemoteOn {
			page.Showing = "Who is watching?"
		}
		add("remote-"+string(state), page)
	}
	for _, told := range []RemoteTold{RemoteLost, RemoteNoField, RemoteTooFast, RemoteBadText} {
		page := remote
		page.State, page.Told, page.Keyboard = RemoteOn, told, tvremote.KeyboardPassword
		add("remote-told-"+string(told), page)
	}
	c := device.Control{Device: "d-1", Name: "Bedroom TV", Online: true, Node: "n", Told: true, Allowed: true}
	list := func(name string, change func(*device.Control)) {
		c := c
		change(&c)
		add("remotes"+name, RemotesPage{fixtureFrame("Remotes of Bedroom TV", "devices"), Controls{fixtureNow, c}})
	}
	some := []device.Remote{
		{ID: "r-1", Name: "Mara’s phone", Role: protocol.RemoteHousehold, Paired: minutesAgo(90_000), Used: minutesAgo(200)},
		{ID: "r-2", Name: "A visitor’s tablet with a long name for it", Role: protocol.RemoteGuest, Paired: minutesAgo(90), Changing: true},
		{ID: "r-3", Name: "Old phone", Role: protocol.RemoteGuest, Paired: minutesAgo(400_000), Leaving: true},
	}
	list("", func(c *device.Control) { c.Remotes = some })
	list("-empty", func(*device.Control) {})
	list("-old", func(c *device.Control) { c.Told, c.Allowed = false, false })
	list("-offline", func(c *device.Control) { c.Online, c.Allowed, c.Remotes = false, false, some[2:] })
	list("-opening", func(c *device.Control) { c.Opening = true })
	list("-open", func(c *device.Control) { c.Open = fixtureNow.Add(100 * time.Second) })
	list("-full", func(c *device.Control) {
		for i := range protocol.MaxRemotes {
			one := some[0]
			one.ID += protocol.RemoteID(rune('a' + i))
			c.Remotes = append(c.Remotes, one)
		}
	})
}
