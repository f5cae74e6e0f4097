package agent

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// networkStepTimeout bounds each step of a network check.
const networkStepTimeout = 5 * time.Second

// networkCheck finds out how far the way to the server is good, for the screen
// that a person reads. It changes nothing.
type networkCheck struct {
	server *url.URL // ws or wss
	tls    *tls.Config
	finder *finder // nil: the server is where its URL says
	report func(nav.NetworkReport)
	steps  []nav.NetworkStep
}

// run goes from step to step while they hold, and reports after each.
func (c *networkCheck) run(ctx context.Context) {
	for _, s := range []struct {
		what  nav.NetworkCheck
		check func(context.Context) (detail string, ok bool)
	}{
		{nav.CheckAddress, c.address},
		{nav.CheckName, c.name},
		{nav.CheckReach, c.reach},
		{nav.CheckSecure, c.secure},
		{nav.CheckAnswer, c.answer},
	} {
		if s.what == nav.CheckSecure && c.server.Scheme != "wss" {
			continue // to a server on this machine, nothing crosses a network
		}
		detail, ok := c.step(ctx, s.check)
		c.steps = append(c.steps, nav.NetworkStep{What: s.what, OK: ok, Detail: detail})
		done := !ok || s.what == nav.CheckAnswer
		c.report(nav.NetworkReport{Steps: append([]nav.NetworkStep(nil), c.steps...), Done: done})
		if done {
			return
		}
	}
}

func (c *networkCheck) step(ctx context.Context, check func(context.Context) (string, bool)) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, networkStepTimeout)
	defer cancel()
	return check(ctx)
}

// hostPort returns the server's address for a dialer.
func (c *networkCheck) hostPort() string {
	port := c.server.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[c.server.Scheme]
	}
	return net.JoinHostPort(c.server.Hostname(), port)
}

// dial connects to the server, or to where it is found.
func (c *networkCheck) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if c.finder != nil {
		return c.finder.dial(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// address looks for an address of this TV; a server on this machine needs none.
func (c *networkCheck) address(context.Context) (string, bool) {
	if ip := net.ParseIP(c.server.Hostname()); c.server.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return "on this TV itself", true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", false
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return n.IP.String(), true
		}
	}
	return "", false
}

func (c *networkCheck) name(ctx context.Context) (string, bool) {
	if c.finder != nil {
		return c.finder.where()
	}
	addrs, err := net.DefaultResolver.LookupHost(ctx, c.server.Hostname())
	if err != nil || len(addrs) == 0 {
		return c.server.Hostname(), false
	}
	return addrs[0], true
}

func (c *networkCheck) reach(ctx context.Context) (string, bool) {
	conn, err := c.dial(ctx, "tcp", c.hostPort())
	if err != nil {
		return c.hostPort(), false
	}
	if c.finder != nil {
		return conn.RemoteAddr().String(), conn.Close() == nil
	}
	return c.hostPort(), conn.Close() == nil
}

func (c *networkCheck) secure(ctx context.Context) (string, bool) {
	conn, err := c.open(ctx)
	if err != nil {
		return c.server.Hostname(), false
	}
	return c.server.Hostname(), conn.Close() == nil
}

// open connects to the server, with TLS where its URL says so.
func (c *networkCheck) open(ctx context.Context) (net.Conn, error) {
	raw, err := c.dial(ctx, "tcp", c.hostPort())
	if err != nil || c.server.Scheme != "wss" {
		return raw, err
	}
	conn := tls.Client(raw, c.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return conn, nil
}

// maxAnswer bounds what is read of an answer, in bytes: its head counts.
const maxAnswer = 64 << 10

// answer asks the service itself. Any HTTP answer below 500 will do: it is a
// service that is up, whatever it thinks of a request without a WebSocket. The request
// is written by hand: a client of package http is 70 KB of a box's program.
func (c *networkCheck) answer(ctx context.Context) (string, bool) {
	u := *c.server
	u.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", false
	}
	req.Close = true
	conn, err := c.open(ctx)
	if err != nil {
		return "", false
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // what waits on it ends
	defer conn.Close()
	began := time.Now()
	if err := req.Write(conn); err != nil {
		return "", false
	}
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxAnswer)), req)
	if err != nil {
		return "", false
	}
	took := time.Since(began)
	return fmt.Sprintf("%d ms", max(1, took.Milliseconds())), resp.Body.Close() == nil && resp.StatusCode < 500
}
