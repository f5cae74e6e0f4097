package agent

import (
	"fmt"
	"net/url"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// Service is a service that a TV can be signed in to.
type Service struct {
	ID     string // 1 to 64 bytes of printable ASCII; kept when the name or the address change
	Name   string // what a person chooses by: 1 to 64 characters
	Server string // as Agent.Server
}

// maxServices is how many can be offered.
const maxServices = 20

// checkServices checks those on offer, and makes the first the default.
func (a *Agent) checkServices() error {
	if len(a.Services) > maxServices {
		return fmt.Errorf("%w: Services has more than %d", ErrSettings, maxServices)
	}
	known := map[string]bool{}
	for _, s := range a.Services {
		switch {
		case !plainID(s.ID) || known[s.ID]:
			return fmt.Errorf("%w: the ID %q of a service is not 1 to 64 bytes of ASCII, or there twice", ErrSettings, s.ID)
		case !named(s.Name):
			return fmt.Errorf("%w: service %s needs a name of 1 to %d characters", ErrSettings, s.ID, protocol.MaxName)
		}
		if _, err := serverURL(s.Server); err != nil {
			return err
		}
		known[s.ID] = true
	}
	if a.Server == "" && len(a.Services) > 0 {
		a.Server = a.Services[0].Server
	}
	return nil
}

func plainID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= 64
}

func serverURL(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, fmt.Errorf("%w: Server %q is not a ws or wss URL", ErrSettings, server)
	}
	return u, nil
}

// useService has the link go to the service that was chosen; to Agent.Server
// where none was, or that one is not on offer any more.
func (c *core) useService() error {
	for _, s := range c.agent.Services {
		if s.ID != c.rec.Service {
			continue
		}
		u, err := serverURL(s.Server)
		if err != nil {
			return err
		}
		c.server = u.JoinPath(protocol.Path)
		return c.link.Redirect(s.Server, c.tlsConfig(c.server))
	}
	return nil
}

// chooseService remembers which service a person wants to sign in to. A TV that
// is signed in stays with its own.
func (c *core) chooseService(id string) {
	switch c.session.Status(c.now()).Phase {
	case session.PhaseSignedOut, session.PhaseDeactivated:
	default:
		return
	}
	c.rec.Service = id
	if err := c.save(); err != nil {
		c.log.Error("chosen service not kept", "error", err)
	}
	if err := c.useService(); err != nil {
		c.log.Error("chosen service not used", "error", err)
	}
	c.updateWorld()
}

// services are those on offer, as the screens show them, and which one is used.
func (c *core) services() (list []nav.Service, used string) {
	for _, s := range c.agent.Services {
		list = append(list, nav.Service{ID: s.ID, Name: s.Name})
		if s.ID == c.rec.Service || used == "" && s.Server == c.agent.Server {
			used = s.ID
		}
	}
	return list, used
}

// setLook remembers how this TV draws. It is the TV's own: no sign-out changes it.
func (c *core) setLook(l nav.Look) {
	c.rec.Look = l
	if err := c.save(); err != nil {
		c.log.Error("look not kept", "error", err)
	}
}
