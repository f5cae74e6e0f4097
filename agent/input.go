package agent

import (
	"fmt"

	"github.com/hearthkey/hearthkey/agent/input"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// Input is which of the box's own remote controls the agent reads itself, as Linux
// shows them: infrared, Bluetooth, keyboards, HDMI-CEC. The zero Input is none: then
// whoever has the keys gives them to [Agent.Press].
type Input struct {
	Devices []string      // patterns, as [input.Config] takes them: "auto" for all that have keys of a remote
	Grab    bool          // no other program of the box gets their keys, volume and power included
	Keymap  *input.Keymap // optional: what keys mean where that is not what is built in
	folder  string        // tests: in place of /dev/input
}

// check checks the settings.
func (i Input) check() error {
	if len(i.Devices) == 0 {
		return nil
	}
	if err := input.CheckDevices(i.Devices); err != nil {
		return fmt.Errorf("%w: Input: %w", ErrSettings, err)
	}
	return nil
}

// startInput reads remote controls, if it is wanted.
func (a *Agent) startInput() error {
	if !withRemotes || len(a.Input.Devices) == 0 {
		return nil
	}
	reader, err := input.Start(input.Config{
		Folder: a.Input.folder, Devices: a.Input.Devices, Grab: a.Input.Grab, Keymap: a.Input.Keymap, Log: a.Log,
		Press: a.inputKey,
	})
	if err != nil {
		return err
	}
	a.input = reader
	return nil
}

// inputKey takes a key of a remote in the hand. Each remote has a key sequence of
// its own; the screens act when a key goes down.
func (a *Agent) inputKey(k input.Key) {
	if k.Action == input.Up {
		return
	}
	from := nav.Source{Kind: nav.Local, ID: "input " + k.Source}
	_ = a.Press(k.Key, from, k.Action == input.Repeat) // an error means that the agent ends
}
