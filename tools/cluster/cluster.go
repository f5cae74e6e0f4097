package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/bus/natsbus/natstest"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// nodes is how many servers there are, of ours and of NATS.
const nodes = 3

// Plan says where everything goes.
type Plan struct {
	Bin  string // folder of the programs
	Data string // folder for what they keep
	Log  io.Writer
	Port int // of the proxy, or the next free one
}

// Cluster is a service that runs. Its methods belong to one goroutine.
type Cluster struct {
	Postgres *pgcluster.Cluster
	NATS     *natstest.Cluster
	plan     Plan
	nodes    [nodes]node
	proxy    *proxy
}

type node struct {
	port    int
	process *drive.Process // nil while it is killed
}

// Start starts all of it, and waits until each node is ready.
func Start(ctx context.Context, p Plan) (*Cluster, error) {
	c := &Cluster{plan: p}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) (err error) {
	if c.Postgres, err = pgcluster.Start(ctx, pgcluster.Settings{"max_connections": "200"}); err != nil {
		return err
	}
	if err := c.Postgres.Do(ctx, "postgres", "CREATE DATABASE hearthkey TEMPLATE template0"); err != nil {
		return err
	}
	if c.NATS, err = natstest.New(nodes); err != nil {
		return err
	}
	port, err := drive.FreePort(c.plan.Port)
	if err != nil {
		return err
	}
	var addresses []string
	for i := range c.nodes {
		if c.nodes[i].port, err = drive.FreePort(max(port+1, 1+c.nodes[max(i-1, 0)].port)); err != nil {
			return err
		}
		addresses = append(addresses, "127.0.0.1:"+strconv.Itoa(c.nodes[i].port))
	}
	if c.proxy, err = listen("127.0.0.1:"+strconv.Itoa(port), addresses); err != nil {
		return err
	}
	for i := range c.nodes { // one by one: the first makes the keys that all share
		if err := c.StartNode(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// Port is the proxy's.
func (c *Cluster) Port() int { return c.proxy.port() }

// URL is the service's address.
func (c *Cluster) URL() string { return "http://localhost:" + strconv.Itoa(c.Port()) }

// NodeURL is that of one node.
func (c *Cluster) NodeURL(i int) string { return "http://127.0.0.1:" + strconv.Itoa(c.nodes[i].port) }

// StartNode starts a node that was killed, and waits until it is ready.
func (c *Cluster) StartNode(ctx context.Context, i int) error {
	server := filepath.Join(c.plan.Data, "server")
	args := []string{
		"serve", "--dev", "--listen", "127.0.0.1:" + strconv.Itoa(c.nodes[i].port), "--public-url", c.URL(), "--name", "hearthkey.demo",
		"--data", server, "--deletions", filepath.Join(c.plan.Data, fmt.Sprintf("deletions-%d.log", i+1)),
	}
	var nats []string
	for n := range nodes { // each begins with another one
		nats = append(nats, c.NATS.URL((i+n)%nodes))
	}
	env := []string{"HEARTHKEY_DATABASE=" + c.Postgres.URL("hearthkey"), "HEARTHKEY_BUS=" + strings.Join(nats, ",")}
	p, err := drive.Start(fmt.Sprint("node ", i+1), filepath.Join(c.plan.Bin, "hearthkey-server"), args, env, c.plan.Log)
	if err != nil {
		return err
	}
	c.nodes[i].process = p
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	err = drive.Poll(ctx, func() error { return ready(ctx, c.NodeURL(i)) })
	if err != nil {
		return fmt.Errorf("node %d: %w: %s", i+1, err, p.Said())
	}
	return nil
}

// ready asks a server whether it can serve.
func ready(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready: %s", url, resp.Status)
	}
	return nil
}

// KillNode ends a node as a power cut does.
func (c *Cluster) KillNode(i int) {
	if p := c.nodes[i].process; p != nil {
		p.Kill()
		c.nodes[i].process = nil
	}
}

// Stop ends all of it.
func (c *Cluster) Stop() error {
	var errs []error
	for _, n := range c.nodes {
		if n.process != nil {
			errs = append(errs, n.process.Stop(10*time.Second))
		}
	}
	if c.proxy != nil {
		errs = append(errs, c.proxy.close())
	}
	if c.NATS != nil {
		c.NATS.Close()
	}
	if c.Postgres != nil {
		errs = append(errs, c.Postgres.Stop())
	}
	return errors.Join(errs...)
}
