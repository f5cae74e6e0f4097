// Command cluster runs a service of several nodes on this machine: a throw-away
// PostgreSQL, three NATS servers, three hearthkey-servers behind a small proxy, and the
// demo household, whose TVs the proxy spreads over them. Type what to break and Enter;
// Ctrl-C stops all of it. Nothing is kept.
//
// The tests run the same, break each part in the middle of changes and sign-outs, and
// hold everybody to what was acknowledged.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	bin := flags.String("bin", "bin", "`folder` with the programs")
	port := flags.Int("port", 8700, "the proxy's `port`; the next free one is taken where another program has it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "hearthkey-cluster-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	log, err := os.Create(filepath.Join(data, "cluster.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	folder, err := filepath.Abs(*bin)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Starting PostgreSQL, NATS, three servers and two TVs …")
	c, err := Start(ctx, Plan{Bin: folder, Data: data, Log: log, Port: *port})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	home, err := furnish(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, home.Stop()) }()
	fmt.Fprintf(out, greeting, c.URL(), household.Email, household.Password, c.URL(), log.Name())
	for i, name := range household.Names {
		fmt.Fprintf(out, "%s: http://%s/\n", name, home.Plan.ScreenAddr(i))
	}
	fmt.Fprint(out, help)
	return c.mind(ctx, in, out)
}

// furnish starts the demo household behind the proxy.
func furnish(ctx context.Context, c *Cluster) (*household.Home, error) {
	plan := household.Plan{Bin: c.plan.Bin, Data: c.plan.Data, Log: c.plan.Log, ServerPort: c.Port(), Elsewhere: true}
	for i := range plan.TVPorts {
		port, err := drive.FreePort(max(8711, plan.After()))
		if err != nil {
			return nil, err
		}
		plan.TVPorts[i] = port
	}
	home, err := household.Start(ctx, plan)
	if err != nil {
		return nil, err
	}
	settle, cancel := drive.Timeout(ctx, time.Minute)
	defer cancel()
	if _, err := home.Furnish(settle); err != nil {
		return nil, errors.Join(err, home.Stop())
	}
	return home, nil
}

const greeting = `
Account page: %s/account/devices
Sign in as %s with the password %q; codes are among the mails: %s/dev/outbox
Log: %s
`

const help = `
Type and Enter: node N, nats N to kill it or to start it again (N is 1 to 3);
postgres to restart the database; status.
`

// mind breaks what it is told to until Ctrl-C.
func (c *Cluster) mind(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := make(chan string)
	go func() { // ends with the program: a read from a terminal cannot be broken off
		for in := bufio.NewScanner(in); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-lines:
			if err := c.command(ctx, strings.Fields(line), out); err != nil {
				fmt.Fprintln(out, err)
			}
		}
	}
}

func (c *Cluster) command(ctx context.Context, words []string, out io.Writer) error {
	i := -1
	if len(words) == 2 {
		i = strings.Index("123", words[1])
	}
	switch {
	case len(words) == 1 && words[0] == "postgres":
		err := c.Postgres.Restart(ctx)
		fmt.Fprintln(out, "PostgreSQL was restarted.")
		return err
	case len(words) == 2 && words[0] == "node" && i >= 0:
		if c.nodes[i].process == nil {
			return c.StartNode(ctx, i)
		}
		c.KillNode(i)
	case len(words) == 2 && words[0] == "nats" && i >= 0:
		if !c.NATS.Running(i) {
			return c.NATS.Run(i)
		}
		c.NATS.Kill(i)
	case len(words) != 1 || words[0] != "status":
		fmt.Fprint(out, help)
		return nil
	}
	for i, n := range c.nodes {
		fmt.Fprintf(out, "node %d %s: runs %t    nats %d: runs %t\n", i+1, c.NodeURL(i), n.process != nil, i+1, c.NATS.Running(i))
	}
	return nil
}
