package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hearthkey/hearthkey/tools/hearthkey/tvterm"
	"github.com/hearthkey/hearthkey/tools/household"
)

// whichTV says which TV a command is about.
type whichTV struct {
	Screen string `help:"Loopback host:port of the TV's screen, for a TV that hearthkey run did not start."`
	TV     int    `help:"Which TV of the running household: 1 is the living room's, 2 the bedroom's." default:"1"`
	Data   string `help:"The household's folder." default:"data" type:"path"`
}

// url is the address of the screen's socket.
func (w whichTV) url() (string, error) {
	addr := w.Screen
	if addr == "" {
		list, err := readScreens(w.Data)
		if err != nil {
			return "", err
		}
		if w.TV < 1 || w.TV > len(list) {
			return "", fmt.Errorf("there is no TV %d: the household has %d", w.TV, len(list))
		}
		addr = list[w.TV-1]
	}
	return "ws://" + addr + "/screen", nil
}

type tvCmd struct{ whichTV }

// Run draws the TV until q or Ctrl-C.
func (c tvCmd) Run(ctx context.Context, t terminal) error {
	url, err := c.url()
	if err != nil {
		return err
	}
	return tvterm.Run(ctx, url, t.in, t.out)
}

// screensFile tells where the screens of the running household are, whatever
// ports were free. It is there only while hearthkey run is.
func screensFile(data string) string { return filepath.Join(data, "screens.json") }

// writeScreens leaves word of where the screens are. The caller removes it.
func writeScreens(data string, p household.Plan) (remove func(), err error) {
	list := make([]string, len(p.TVPorts))
	for i := range list {
		list[i] = p.ScreenAddr(i)
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	path := screensFile(data)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, fmt.Errorf("note the screens' addresses: %w", err)
	}
	return func() { _ = os.Remove(path) }, nil // stale, it only names a port where nothing answers
}

func readScreens(data string) (list []string, err error) {
	text, err := os.ReadFile(screensFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no household runs in %s: start it with make run, or name a TV with --screen", data)
	}
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read the screens' addresses: %w", err)
	}
	return list, nil
}
