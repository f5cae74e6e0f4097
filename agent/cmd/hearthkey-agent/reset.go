package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/vault"
)

// reset is "hearthkey-agent reset": the box's factory reset.
func reset(args []string, getenv func(string) string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("hearthkey-agent reset", flag.ContinueOnError)
	flags.SetOutput(errOut)
	dir := flags.String("data", getenv("HEARTHKEY_DATA"), "`folder` for what this TV keeps")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return wrongSettings
	}
	if *dir == "" || flags.NArg() > 0 {
		fmt.Fprintln(errOut, "hearthkey-agent: reset needs -data and nothing else")
		return wrongSettings
	}
	smallMemory(getenv)
	err := agent.Reset(*dir, nil, slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelError})))
	switch {
	case err == nil:
		fmt.Fprintln(out, "This TV is as new. If it was in an account, that hears of it when the agent runs next.")
		return 0
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(out, "Nothing to reset: no TV was set up in", *dir)
		return 0
	case errors.Is(err, agent.ErrStolen):
		err = fmt.Errorf("%w\nOnly its owner ends that, on the account page", err)
	case errors.Is(err, vault.ErrInUse):
		err = fmt.Errorf("%w\nEnd the agent that uses %s first, or choose Deactivate in its menu of the key sequence", err, *dir)
	}
	fmt.Fprintln(errOut, "hearthkey-agent:", err)
	return 1
}
