package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
)

// realTV is a whole agent in this process.
type realTV struct {
	*agent.Agent
	views chan nav.View // the newest
	seen  func(nav.View)
}

// plugIn starts an agent. seen, where given, is called with each view, from the
// agent's core.
func (s *shop) plugIn(ctx context.Context, server, name, screen string, seen func(nav.View)) (*realTV, error) {
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	tv := &realTV{views: make(chan nav.View, 1), seen: seen}
	tv.Agent = &agent.Agent{Server: server, Dir: dir, Name: name, Model: "bench", Screen: screen, OnView: tv.keep}
	return tv, tv.Start(ctx)
}

func (tv *realTV) keep(v nav.View) {
	if tv.seen != nil {
		tv.seen(v)
	}
	select {
	case <-tv.views:
	default:
	}
	select {
	case tv.views <- v:
	default:
	}
}

// wait waits for a view that ok accepts.
func (tv *realTV) wait(ctx context.Context, what string, ok func(nav.View) bool) (nav.View, error) {
	for v := tv.View(); ; {
		if ok(v) {
			return v, nil
		}
		select {
		case v = <-tv.views:
		case <-ctx.Done():
			return v, fmt.Errorf("waited for %s, the screen shows %s: %w", what, drive.Describe(tv.View()), context.Cause(ctx))
		}
	}
}

func (tv *realTV) screen(ctx context.Context, want nav.Screen) error {
	_, err := tv.wait(ctx, string(want), func(v nav.View) bool { return v.Screen == want })
	return err
}

func (tv *realTV) press(keys ...keyseq.Key) error {
	for _, k := range keys {
		if err := tv.Press(k, agent.Local, false); err != nil {
			return err
		}
	}
	return nil
}

// signIn goes from the first screens to the gate.
func (tv *realTV) signIn(ctx context.Context, owner *drive.Account) error {
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	v, err := tv.wait(ctx, "a screen without a session", func(v nav.View) bool {
		return v.Screen == nav.ScreenSignedOut || v.Screen == nav.ScreenWelcome
	})
	if err == nil && v.Screen == nav.ScreenSignedOut {
		if err = tv.press(keyseq.OK); err == nil {
			err = tv.screen(ctx, nav.ScreenWelcome)
		}
	}
	if err == nil {
		err = tv.press(keyseq.OK)
	}
	if err != nil {
		return err
	}
	v, err = tv.wait(ctx, "a user code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" })
	if err != nil {
		return err
	}
	if err := owner.Approve(ctx, v.Code.Text); err != nil {
		return err
	}
	return tv.screen(ctx, nav.ScreenGate)
}

// signInAll signs TVs in at the same time and waits until the server sees them
// all.
func signInAll(ctx context.Context, tvs []*realTV, owner *drive.Account) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, tv := range tvs {
		g.Go(func() error { return tv.signIn(gctx, owner) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	return drive.Poll(ctx, func() error {
		list, err := owner.Devices(ctx)
		if err != nil {
			return err
		}
		online := 0
		for _, d := range list {
			if d.Online && d.Status == protocol.Active {
				online++
			}
		}
		if online != len(tvs) {
			return fmt.Errorf("%d of %d TVs are online", online, len(tvs))
		}
		return nil
	})
}
