package main

import (
	"context"

	"github.com/hearthkey/hearthkey/tools/hearthkey/tvterm"
)

// screenAddr is where the TV of these commands is.
type screenAddr struct {
	Screen string `help:"Loopback host:port of the TV's screen." default:"127.0.0.1:8711"`
}

type tvCmd struct{ screenAddr }

// Run draws the TV until q or Ctrl-C.
func (c tvCmd) Run(ctx context.Context, t terminal) error {
	return tvterm.Run(ctx, "ws://"+c.Screen+"/screen", t.in, t.out)
}

type remoteCmd struct{ screenAddr }

// Run passes keys on until q or Ctrl-C.
func (c remoteCmd) Run(ctx context.Context, t terminal) error {
	return tvterm.Remote(ctx, "ws://"+c.Screen+"/screen", t.in, t.out)
}
