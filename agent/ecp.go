package agent

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/ecp"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// maxECPSources bounds the programs on the home network that are heard or blocked.
// Others are not heard: whoever takes one address after the other is at an end soon.
const maxECPSources = 16

// ecpControl is the core's side of the external control protocol. Its fields but
// blocked belong to the core's goroutine.
type ecpControl struct {
	on       bool                                // wanted: keys count
	starting bool                                // a server is about to be there
	server   io.Closer                           // a [ecp.Server]; nil: none
	ended    chan struct{}                       // closed when the server before has ended; nil: there was none
	heard    []netip.Addr                        // in this run, without those that are blocked
	newest   *nav.ECPSource                      // of them
	until    time.Duration                       // running time to which the banner tells of newest
	blocked  atomic.Pointer[map[netip.Addr]bool] // read by connections; the map is never changed, only replaced
}

// checkECP checks the setting.
func (l LAN) checkECP() error {
	if l.ECP == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(l.ECP); err != nil || l.Listen == "" {
		return fmt.Errorf("%w: LAN.ECP must be host:port, and needs LAN.Listen", ErrSettings)
	}
	return nil
}

// offersECP says whether the person may switch it on. Nobody in a hotel is at home.
func (c *core) offersECP() bool { return c.agent.LAN.ECP != "" && !c.agent.LAN.HotelMode }

// beginECP takes up what was switched on before.
func (c *core) beginECP() {
	c.blockECPAddrs()
	if c.rec.LAN.ECP && c.offersECP() {
		c.startECP()
	}
}

// setECP switches it on or off, as the person at the TV said.
func (c *core) setECP(on bool) {
	on = on && c.offersECP()
	if on == c.ecp.on {
		return
	}
	c.rec.LAN.ECP = on
	if !on {
		c.rec.LAN.Blocked = nil
	}
	if _, err := c.rec.LAN.complete(); err != nil {
		c.log.Error("no id for the home network", "error", err)
	}
	if err := c.save(); err != nil {
		c.log.Error("ECP setting not kept", "error", err)
	}
	c.blockECPAddrs()
	if on {
		c.startECP()
	} else {
		c.stopECP()
	}
	c.updateWorld()
}

// startECP serves it, once the server before has ended. Neither may wait in the
// core, which the last keys of that server wait for.
func (c *core) startECP() {
	c.ecp.on = true
	if !withRemotes || c.ecp.starting {
		return
	}
	c.ecp.starting = true
	before, id := c.ecp.ended, hex.EncodeToString(c.rec.LAN.ID)
	cfg := ecp.Config{
		Listen: c.agent.LAN.ECP, Interfaces: c.agent.LAN.Interfaces, Log: c.log,
		TV:      ecp.TV{ID: id, Name: c.agent.Name, Model: c.agent.Model, Version: c.agent.Build, Kind: c.agent.Kind},
		Press:   c.ecpPress,
		Type:    c.ecpType,
		Blocked: func(a netip.Addr) bool { return (*c.ecp.blocked.Load())[a] },
	}
	c.work.Go(func() {
		if before != nil {
			<-before
		}
		var server io.Closer
		s, err := ecp.Start(cfg)
		if err == nil {
			server = s
		}
		if !c.post(func() { c.ecpStarted(server, id, err) }) && server != nil {
			_ = server.Close() // the agent ends
		}
	})
}

// ecpStarted has the server, or none: then the switch shows that it is off.
func (c *core) ecpStarted(s io.Closer, id string, err error) {
	wanted := c.ecp.on
	c.ecp.starting, c.ecp.server = false, s
	switch {
	case err != nil:
		c.log.Error("ECP cannot be served", "error", err)
		c.ecp.on = false
	case !wanted:
		c.stopECP() // was switched off meanwhile
	case id != hex.EncodeToString(c.rec.LAN.ID):
		c.stopECP() // this TV goes by another one since
		c.startECP()
	}
	c.updateWorld()
}

// stopECP ends it: no key of it counts from here on.
func (c *core) stopECP() {
	c.ecp.on, c.ecp.heard, c.ecp.newest = false, nil, nil
	s := c.ecp.server
	if s == nil {
		return
	}
	ended := make(chan struct{})
	c.ecp.server, c.ecp.ended = nil, ended
	c.work.Go(func() {
		defer close(ended)
		if err := s.Close(); err != nil {
			c.log.Warn("ECP did not end well", "error", err)
		}
	})
}

// closeECP ends it with the agent, whose core has ended.
func (c *core) closeECP() error {
	if c.ecp.server == nil {
		return nil
	}
	return c.ecp.server.Close()
}

// blockECPAddrs makes the record's list the one in force.
func (c *core) blockECPAddrs() {
	set := map[netip.Addr]bool{}
	for _, s := range c.rec.LAN.Blocked {
		if a, err := netip.ParseAddr(s); err == nil {
			set[a] = true
		}
	}
	c.ecp.blocked.Store(&set)
}

// blockECP hears a source no more, for as long as the protocol is switched on.
func (c *core) blockECP(id string) {
	at := slices.IndexFunc(c.ecp.heard, func(a netip.Addr) bool { return a.String() == id })
	if at < 0 {
		return // is not heard
	}
	c.ecp.heard = slices.Delete(c.ecp.heard, at, at+1)
	c.ecp.newest = nil
	c.rec.LAN.Blocked = append(slices.Clone(c.rec.LAN.Blocked), id)
	if err := c.save(); err != nil {
		c.log.Error("blocked source not kept", "error", err)
	}
	c.blockECPAddrs()
	c.updateWorld()
}

// hearsECP says whether a source may press keys, and has the screen tell of one
// that is new: one at a time.
func (c *core) hearsECP(from ecp.Source) bool {
	blocked := *c.ecp.blocked.Load()
	switch {
	case !c.ecp.on || blocked[from.Addr]:
		return false
	case slices.Contains(c.ecp.heard, from.Addr):
		return true
	case len(c.ecp.heard)+len(blocked) >= maxECPSources:
		return false
	case c.ecp.newest != nil && c.now().Running < c.ecp.until:
		return false // or its banner would hide that of the other, whom nobody could block then
	}
	c.ecp.heard = append(c.ecp.heard, from.Addr)
	name := from.Addr.String()
	if from.Name != "" {
		name = from.Name + " (" + name + ")"
	}
	c.ecp.newest, c.ecp.until = &nav.ECPSource{ID: from.Addr.String(), Name: name}, c.now().Running+nav.BlockFor
	c.updateWorld()
	return true
}

// ofECP runs fn in the core, where the source is heard.
func (c *core) ofECP(from ecp.Source, fn func(nav.Source)) error {
	heard := false
	closed := c.call(func() {
		if heard = c.hearsECP(from); heard {
			fn(nav.Source{Kind: nav.ECP, ID: from.Addr.String()})
		}
	})
	if closed == nil && !heard {
		return ecp.ErrBlocked
	}
	return closed
}

func (c *core) ecpPress(from ecp.Source, k keyseq.Key, repeat bool) error {
	return c.ofECP(from, func(source nav.Source) {
		c.navStep(nav.Press{Key: k, Source: source, Repeat: repeat, At: c.now().Running})
	})
}

func (c *core) ecpType(from ecp.Source, text string) error {
	return c.ofECP(from, func(source nav.Source) { c.typed(text, source) })
}

// ecpWorld is what the screens show of it.
func (c *core) ecpWorld(out *nav.Remotes) {
	out.ECPOffered, out.ECP, out.ECPSource = c.offersECP(), c.ecp.on, c.ecp.newest
}
