// Package natstest runs nats-server within a process, for tests and demonstrations:
// one, or several that form a cluster, on loopback. Each can be killed and started
// again at its address.
package natstest

import (
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTime is how long a server may take until it answers.
const startTime = 20 * time.Second

// Cluster is one server or more. Its methods belong to one goroutine, but for URL.
type Cluster struct {
	options []server.Options
	servers []*server.Server
}

// Start runs n servers until the test ends.
func Start(tb testing.TB, n int) *Cluster {
	tb.Helper()
	c, err := New(n)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// New runs n servers until Close.
func New(n int) (*Cluster, error) {
	ports, err := free(2 * n)
	if err != nil {
		return nil, err
	}
	var routes []*url.URL
	for i := range n {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprint("127.0.0.1:", ports[n+i])})
	}
	c := &Cluster{servers: make([]*server.Server, n)}
	for i := range n {
		o := server.Options{
			ServerName: fmt.Sprint("nats-", i), Host: "127.0.0.1", Port: ports[i], NoLog: true, NoSigs: true,
			DisableShortFirstPing: true,
		}
		if n > 1 {
			o.Cluster = server.ClusterOpts{Name: "throw-away", Host: "127.0.0.1", Port: ports[n+i], PoolSize: -1}
			o.Routes = routes
		}
		c.options = append(c.options, o)
	}
	for i := range n {
		if err := c.run(i); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// free returns ports that nobody listens on now.
func free(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func (c *Cluster) run(i int) error {
	options := c.options[i] // it is changed by the server
	s, err := server.NewServer(&options)
	if err != nil {
		return fmt.Errorf("natstest: %w", err)
	}
	s.Start()
	c.servers[i] = s
	if !s.ReadyForConnections(startTime) {
		return fmt.Errorf("natstest: server %d does not answer within %v", i, startTime)
	}
	return nil
}

// URL is the address of one of the servers.
func (c *Cluster) URL(i int) string { return fmt.Sprint("nats://127.0.0.1:", c.options[i].Port) }

// Kill ends one of the servers: its clients lose their connections.
func (c *Cluster) Kill(i int) {
	if s := c.servers[i]; s != nil {
		s.Shutdown()
		s.WaitForShutdown()
		c.servers[i] = nil
	}
}

// Running reports whether one of the servers runs.
func (c *Cluster) Running(i int) bool { return c.servers[i] != nil }

// Run starts one that was killed, at its address.
func (c *Cluster) Run(i int) error { return c.run(i) }

// Restart is Run for tests.
func (c *Cluster) Restart(tb testing.TB, i int) {
	tb.Helper()
	if err := c.run(i); err != nil {
		tb.Fatal(err)
	}
}

// Close ends all of them.
func (c *Cluster) Close() {
	for i := range c.servers {
		c.Kill(i)
	}
}
