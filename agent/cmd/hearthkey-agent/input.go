package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/input"
)

// inputFlags are the settings of the box's own remote controls.
type inputFlags struct{ devices, keymap string }

func (i *inputFlags) add(flags *flag.FlagSet, a *agent.Agent) {
	flags.StringVar(&i.devices, "input", "", "`devices` of /dev/input to take keys from, by commas: auto, a name with * for any text, @cec, @usb, @bluetooth, @host; none if empty")
	flags.StringVar(&i.keymap, "keymap", "", "`file` that says what keys of -input mean")
	flags.BoolVar(&a.Input.Grab, "input-grab", false, "let no other program have the keys of -input, volume and power included")
}

// use reads the key map.
func (i *inputFlags) use(a *agent.Agent) error {
	for p := range strings.SplitSeq(i.devices, ",") {
		if p = strings.TrimSpace(p); p != "" {
			a.Input.Devices = append(a.Input.Devices, p)
		}
	}
	if i.keymap == "" {
		return nil
	}
	f, err := os.Open(i.keymap)
	if err != nil {
		return fmt.Errorf("read -keymap: %w", err)
	}
	defer f.Close()
	a.Input.Keymap, err = input.ParseKeymap(i.keymap, f)
	return err
}
