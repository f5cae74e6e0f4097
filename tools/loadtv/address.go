package loadtv

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
)

// ErrNotHere means a server that is not on this machine's IPv4 loopback: load is
// put on no other.
var ErrNotHere = errors.New("loadtv: the server is not on this machine")

// networks is how many /24 networks 127.1.0.0 to 127.254.255.0 are.
const networks = 254 * 256

// target is a server on this machine.
type target struct {
	host string // host:port
}

// parseTarget reads a ws or http URL. Only the scheme, host and port count.
func parseTarget(raw string) (target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, fmt.Errorf("loadtv: server address: %w", err)
	}
	if u.Scheme != "ws" && u.Scheme != "http" {
		return target{}, fmt.Errorf("%w: %q is not a ws:// address", ErrNotHere, raw)
	}
	host, port := u.Hostname(), u.Port()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.Is4() || !addr.IsLoopback() || port == "" {
		return target{}, fmt.Errorf("%w: %q is not ws://127.0.0.1:PORT", ErrNotHere, raw)
	}
	return target{net.JoinHostPort(host, port)}, nil
}

// firstNetwork draws where a fleet's networks begin, so that fleets that follow
// one another do not share the limits of one.
func firstNetwork() int { return rand.IntN(networks) }

// source is the address of the n-th network's household.
func source(n int) net.IP {
	n %= networks
	return net.IPv4(127, byte(1+n/256), byte(n%256), 1)
}

// dialer connects from one address of loopback to another, and to nothing else.
func dialer(from net.IP) func(ctx context.Context, network, address string) (net.Conn, error) {
	return dialFrom(&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}})
}

func dialFrom(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if a, ok := c.RemoteAddr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
			_ = c.Close()
			return nil, fmt.Errorf("%w: %s", ErrNotHere, c.RemoteAddr())
		}
		return c, nil
	}
}
