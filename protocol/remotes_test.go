package protocol_test

import (
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestRemoteWishesBounds(t *testing.T) {
	wish := func(change func(*protocol.RemoteWishesClaims)) protocol.RemoteWishesClaims {
		c := protocol.RemoteWishesClaims{
			Device: device, Epoch: 1, Number: 4, Forget: []protocol.RemoteID{"r-1"},
			Roles: []protocol.RoleWish{{ID: "r-2", Role: protocol.RemoteGuest}},
			Open:  &protocol.OpenWish{Number: 4, Seconds: protocol.MaxPairing, Role: protocol.RemoteHousehold},
		}
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		change func(*protocol.RemoteWishesClaims)
		ok     bool
	}{
		{"all there is", func(*protocol.RemoteWishesClaims) {}, true},
		{"nothing is wished any more", func(c *protocol.RemoteWishesClaims) { c.Forget, c.Roles, c.Open = nil, nil, nil }, true},
		{"no device", func(c *protocol.RemoteWishesClaims) { c.Device = "" }, false},
		{"no epoch", func(c *protocol.RemoteWishesClaims) { c.Epoch = 0 }, false},
		{"no number", func(c *protocol.RemoteWishesClaims) { c.Number, c.Open = 0, nil }, false},
		{"nine to forget", func(c *protocol.RemoteWishesClaims) { c.Forget = make([]protocol.RemoteID, 9) }, false},
		{"no id", func(c *protocol.RemoteWishesClaims) { c.Forget[0] = "" }, false},
		{"a role that is none", func(c *protocol.RemoteWishesClaims) { c.Roles[0].Role = "owner" }, false},
		{"a window too long", func(c *protocol.RemoteWishesClaims) { c.Open.Seconds = protocol.MaxPairing + 1 }, false},
		{"a window that is over", func(c *protocol.RemoteWishesClaims) { c.Open.Seconds = 0 }, false},
		{"a window of a wish to come", func(c *protocol.RemoteWishesClaims) { c.Open.Number = 5 }, false},
	} {
		if err := wish(c.change).Check(); (err == nil) != c.ok {
			t.Errorf("%s: Check = %v, want it taken: %v", c.name, err, c.ok)
		}
	}
}
