package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/hearthkey/tvterm"
)

// launchWait is how long a TV may take to answer.
const launchWait = 5 * time.Second

type launchCmd struct {
	whichTV
	Title string `arg:"" help:"The title's id in the catalogue, 1 to 64 bytes."`
}

// Run sends the title and prints what the TV shows then. What the TV makes of it is
// the TV's to decide: a refusal there is no error here.
func (c launchCmd) Run(ctx context.Context, t terminal) error {
	if c.Title == "" || len(c.Title) > 64 {
		return fmt.Errorf("a title's id has 1 to 64 bytes, not %d", len(c.Title))
	}
	url, err := c.url()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, launchWait)
	defer cancel()
	conn, err := tvterm.Dial(ctx, url)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	n, err := conn.Launch(protocol.TitleID(c.Title))
	if err != nil {
		return err
	}
	v, err := viewAfter(conn, n)
	if err != nil {
		return fmt.Errorf("launch %s: %w", c.Title, err)
	}
	return printView(t.out, v)
}

// viewAfter reads until message n was handled, and returns the view of then.
func viewAfter(conn *tvterm.Conn, n uint64) (nav.View, error) {
	var v nav.View
	for {
		m, err := conn.Read()
		if err != nil {
			return v, err
		}
		if m.View != nil {
			v = *m.View
		}
		if m.Ack >= n {
			return v, nil
		}
	}
}

// printView says in a line what a screen shows.
func printView(out io.Writer, v nav.View) error {
	text := string(v.Screen)
	for _, more := range []string{v.Title, playing(v), v.Toast} {
		if more != "" {
			text += ": " + more
		}
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

func playing(v nav.View) string {
	if v.Player == nil {
		return ""
	}
	return v.Player.Title
}
