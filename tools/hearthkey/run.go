package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

type runCmd struct {
	Data   string `help:"Folder for everything that is kept." default:"data" type:"path"`
	Port   int    `help:"The server's port; the next free one is taken where another program has it." default:"8700"`
	TVPort int    `help:"The first TV screen's port, likewise." default:"8711"`
	LAN    bool   `name:"lan" help:"Let remote controls of this machine's network pair with the TVs, and find them; without it those of this machine alone."`
}

// Run starts everything and stays until Ctrl-C.
func (c runCmd) Run(ctx context.Context, t terminal) (err error) {
	bin, err := programs()
	if err != nil {
		return err
	}
	logs := filepath.Join(c.Data, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(logs, "run.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer log.Close()

	plan := household.Plan{Bin: bin, Data: c.Data, Log: log}
	if places := filepath.Join(bin, "geo", "country.mmdb"); exists(places) {
		plan.ServerArgs = append(plan.ServerArgs, "--places", places)
	}
	for _, p := range []struct {
		what string
		want int
		got  *int
	}{{"the server", c.Port, &plan.ServerPort}, {"the living-room TV", c.TVPort, &plan.TVPorts[0]}, {"the bedroom TV", c.TVPort + 1, &plan.TVPorts[1]}} {
		port, err := drive.FreePort(max(p.want, plan.After()))
		if err != nil {
			return err
		}
		if port != p.want {
			fmt.Fprintf(t.out, "Port %d for %s is taken by another program; using %d.\n", p.want, p.what, port)
		}
		*p.got = port
	}

	if plan.Remotes, err = c.remotes(plan.After()); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "Starting the server and two TVs …")
	home, err := household.Start(ctx, plan)
	if err != nil {
		return fmt.Errorf("%w\nThe log is %s", err, log.Name())
	}
	defer func() {
		fmt.Fprintln(t.out, "\nStopping …")
		if stopErr := home.Stop(); err == nil {
			err = stopErr
		}
	}()
	forget, err := writeScreens(c.Data, plan)
	if err != nil {
		return err
	}
	defer forget()
	settle, cancel := drive.Timeout(ctx, time.Minute)
	defer cancel()
	made, err := home.Furnish(settle)
	if err != nil {
		return fmt.Errorf("make the demo household: %w\nThe log is %s", err, log.Name())
	}
	fmt.Fprint(t.out, home.Greeting(made, log.Name()))
	return mind(ctx, t, home)
}

// remotes are the addresses at which the TVs serve remote controls.
func (c runCmd) remotes(port int) (at [2]string, err error) {
	host := "127.0.0.1"
	if c.LAN {
		host = ""
	}
	for i := range at {
		if port, err = drive.FreePort(port); err != nil {
			return at, err
		}
		at[i] = net.JoinHostPort(host, strconv.Itoa(port))
		port++
	}
	return at, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mind pulls plugs and puts them back until Ctrl-C, or until the server ends by
// itself.
func mind(ctx context.Context, t terminal, home *household.Home) error {
	lines := make(chan string)
	go func() { // ends with the program: a read from a terminal cannot be broken off
		for in := bufio.NewScanner(t.in); in.Scan(); {
			lines <- strings.TrimSpace(in.Text())
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-home.Ended():
			if p == home.Server {
				return p.Ended()
			}
			if tv, ok := home.Unplugged(p); ok {
				fmt.Fprintf(t.out, "%s is unplugged. Type %d and Enter to plug it in again.\n", household.Names[tv], tv+1)
			}
		case line := <-lines:
			if err := plug(ctx, t, home, line); err != nil {
				fmt.Fprintln(t.out, err)
			}
		}
	}
}

// plug pulls the plug of the TV that a line names, or puts it back.
func plug(ctx context.Context, t terminal, home *household.Home, line string) error {
	tv := map[string]int{"1": 1, "2": 2}[line] - 1
	switch {
	case tv < 0:
		fmt.Fprintln(t.out, "Type 1 or 2 and Enter to pull a TV's plug or to put it back; Ctrl-C stops all of it.")
		return nil
	case home.TVs[tv] != nil:
		home.TVs[tv].Kill() // mind hears of it
		return nil
	}
	if err := home.PlugIn(ctx, tv); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s is plugged in.\n", household.Names[tv])
	return nil
}

// programs returns the folder that this program lies in, where the other two
// must lie as well.
func programs() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the programs: %w", err)
	}
	bin := filepath.Dir(self)
	for _, name := range []string{"hearthkey-server", "hearthkey-agent"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return "", fmt.Errorf("%s is not beside this program: run make build (%w)", name, err)
		}
	}
	return bin, nil
}
