package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/hearthkey/hearthkey/server/admin"
)

// signOuts are the commands that end sessions.
type signOuts struct {
	Device   signOutDevice   `cmd:"" help:"Sign one device out. Its owner is told."`
	Account  signOutAccount  `cmd:"" help:"Sign everything out of one account. Its owner is told."`
	Everyone signOutEveryone `cmd:"" help:"Sign every device of everyone out: ask for it, approve it as a second operator, watch it, stop it."`
}

type signOutDevice struct {
	Device string `arg:"" help:"The device's id: find shows it."`
	Reason string `placeholder:"TEXT" help:"Why: the owner gets to read it."`
	asking
}

func (c signOutDevice) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		was, err := a.SignOutDevice(ctx, c.Device, c.Reason)
		if err != nil {
			return err
		}
		if !was {
			fmt.Fprintln(s.out, "The device was signed out already.")
			return nil
		}
		fmt.Fprintln(s.out, "The device is signed out. It erases its profiles as soon as it hears of it, or when its lease ends.")
		return nil
	})
}

type signOutAccount struct {
	Who    string `arg:"" help:"The account, as for find."`
	Reason string `placeholder:"TEXT" help:"Why: the owner gets to read it."`
	asking
}

func (c signOutAccount) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if err := a.SignOut(ctx, c.Who, c.Reason); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "Everything is signed out of this account.")
		return nil
	})
}

// locking keeps everybody out of an account.
type locking struct {
	Who    string `arg:"" help:"The account, as for find."`
	Reason string `placeholder:"TEXT" help:"Why: the owner gets to read it."`
	asking
}

func (c locking) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if err := a.Lock(ctx, c.Who, c.Reason); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "The account is locked: everything is signed out, and nobody can sign in.")
		return nil
	})
}

// unlocking lets the owner in again.
type unlocking struct {
	Who    string `arg:"" help:"The account, as for find."`
	Reason string `placeholder:"TEXT" help:"Why, and how the owner was identified: the owner gets to read it."`
	asking
}

func (c unlocking) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if err := a.Unlock(ctx, c.Who, c.Reason); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "The account is unlocked: its owner can sign in.")
		return nil
	})
}

// signOutEveryone is the sign-out of everyone.
type signOutEveryone struct {
	Ask     askEveryone     `cmd:"" help:"Ask for it. Nothing happens before a second operator approves it, within an hour."`
	Approve approveEveryone `cmd:"" help:"Approve what another operator asked for: it begins."`
	Status  statusEveryone  `cmd:"" help:"Show how far it is."`
	Cancel  cancelEveryone  `cmd:"" help:"Stop it: accounts that it has not reached stay signed in."`
}

type askEveryone struct {
	Reason    string `placeholder:"TEXT" help:"Why: every owner gets to read it."`
	PerSecond int    `name:"per-second" default:"50" help:"Accounts a second, 1 to 1000: all of their devices come back, and owners sign in again."`
	Quiet     bool   `help:"Send owners no notice. Their timeline says it nevertheless."`
	asking
}

func (c askEveryone) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		w, err := a.AskSweep(ctx, c.Reason, c.PerSecond, c.Quiet)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Asked for. By %s another admin has to say:\n\n\thearthkey-server sign-out everyone approve %s --reason …\n", at(w.Expires), w.ID)
		return nil
	})
}

type approveEveryone struct {
	Sweep  string `arg:"" help:"Its id."`
	Reason string `placeholder:"TEXT" help:"What you checked: the log keeps it."`
	asking
}

func (c approveEveryone) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		w, err := a.ApproveSweep(ctx, c.Sweep, c.Reason)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "It has begun: %d accounts, %d a second, about %s.\n", w.Total, w.PerSecond, time.Duration(w.LeftSeconds)*time.Second)
		return nil
	})
}

type statusEveryone struct{ asking }

func (c statusEveryone) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		list, err := a.Sweeps(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATE\tASKED\tBY\tAPPROVED BY\tDONE\tLEFT OUT\tOF\tTIME LEFT\tENDED\tWHY")
		for _, e := range list {
			ended := e.Finished
			if ended.IsZero() {
				ended = e.Cancelled
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", e.ID, e.State, at(e.Asked), e.Operator, orNone(e.ApprovedBy),
				e.Done, e.Failed, e.Total, time.Duration(e.LeftSeconds)*time.Second, at(ended), e.Reason)
		}
		return w.Flush()
	})
}

type cancelEveryone struct {
	Sweep  string `arg:"" help:"Its id."`
	Reason string `placeholder:"TEXT" help:"Why: the log keeps it."`
	asking
}

func (c cancelEveryone) run(ctx context.Context, s streams) error {
	return c.with(s, func(a *admin.Client) error {
		if err := a.CancelSweep(ctx, c.Sweep, c.Reason); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "It is stopped. Who was signed out stays so.")
		return nil
	})
}
