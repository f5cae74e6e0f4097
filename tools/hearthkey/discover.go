package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hearthkey/hearthkey/lan"
)

type discoverCmd struct {
	Wait      time.Duration `default:"2s" help:"How long to look; 100ms to 1m."`
	JSON      bool          `name:"json" help:"Print JSON: one array, or with --watch one a line."`
	Watch     bool          `help:"Go on looking, and print the list whenever it changes, until Ctrl-C."`
	Servers   bool          `help:"Look for operators' servers on this network instead of TVs."`
	Interface []string      `placeholder:"NAME" help:"Look on this network interface alone, as eth0 or lo; may be repeated."`
}

// Run prints what is on this network. What it prints is what devices say of
// themselves: the fingerprint is for comparing, not a proof.
func (c discoverCmd) Run(ctx context.Context, t terminal) error {
	if c.Wait < 100*time.Millisecond || c.Wait > time.Minute {
		return fmt.Errorf("--wait must be 100ms to 1m, not %v", c.Wait)
	}
	if c.Watch {
		return c.watch(ctx, t)
	}
	list, err := lan.Browse(ctx, c.settings(), c.kind(), c.Wait)
	if errors.Is(err, lan.ErrNoNetwork) {
		return c.noNetwork()
	}
	if err != nil {
		return err
	}
	return c.print(t, list, false)
}

func (c discoverCmd) settings() lan.Settings {
	return lan.Settings{Interfaces: c.Interface, Loopback: true, Log: slog.New(slog.DiscardHandler)}
}

func (c discoverCmd) kind() lan.Type {
	if c.Servers {
		return lan.Server
	}
	return lan.TV
}

func (c discoverCmd) noNetwork() error {
	if len(c.Interface) > 0 {
		return fmt.Errorf("%s cannot be used: no such network interface, or it has no cable or no address", strings.Join(c.Interface, ", "))
	}
	return errors.New("this machine is on no network where others could be found: no network interface has a cable, an address and multicast")
}

// watch prints the list at once, when it was looked for as long as --wait says, and
// at every change after that.
func (c discoverCmd) watch(ctx context.Context, t terminal) error {
	lists := make(chan []lan.Peer, 1)
	w, err := lan.Watch(c.settings(), c.kind(), func(l []lan.Peer) {
		select { // only the newest counts
		case <-lists:
		default:
		}
		lists <- l
	})
	if err != nil {
		return err
	}
	defer w.Close()
	first := time.NewTimer(c.Wait)
	defer first.Stop()
	var last []lan.Peer
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-first.C:
			if len(last) > 0 {
				continue
			}
			if !w.Networked() {
				fmt.Fprintln(t.err, "hearthkey:", c.noNetwork(), "— waiting for one")
			}
			if err := c.print(t, nil, true); err != nil {
				return err
			}
		case last = <-lists:
			if err := c.print(t, last, true); err != nil {
				return err
			}
		}
	}
}

// found is a peer as JSON.
type found struct {
	Name        string   `json:"name"`
	Model       string   `json:"model,omitempty"`
	ID          string   `json:"id"`
	Addresses   []string `json:"addresses"` // best first
	Version     string   `json:"version,omitempty"`
	Fingerprint string   `json:"fingerprint"`
	Remotes     bool     `json:"remotes"`
	Pairing     bool     `json:"pairing"`
}

func (c discoverCmd) print(t terminal, list []lan.Peer, again bool) error {
	if c.JSON {
		return printJSON(t.out, list, again)
	}
	if again {
		fmt.Fprintln(t.out, time.Now().Format("15:04:05"))
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(t.out, c.nothing())
		return err
	}
	return printTable(t.out, list)
}

func (c discoverCmd) nothing() string {
	if c.Servers {
		return "No server was found on this network. One is found where it runs with --advertise."
	}
	return "No TV was found on this network. A TV is found where its agent runs with -lan, is on the same network as this machine, and, with -hotel, while a remote is being paired."
}

func printJSON(out io.Writer, list []lan.Peer, line bool) error {
	all := make([]found, 0, len(list))
	for _, p := range list {
		all = append(all, found{
			Name: shown(p), Model: p.Model, ID: p.ID, Addresses: addresses(p.Addrs), Version: p.Version, Fingerprint: p.Fingerprint,
			Remotes: p.Features&lan.Remotes != 0, Pairing: p.Features&lan.Pairing != 0,
		})
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if !line {
		e.SetIndent("", "  ")
	}
	return e.Encode(all)
}

func printTable(out io.Writer, list []lan.Peer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tMODEL\tADDRESS\tID\tVERSION\tPAIRING")
	for _, p := range list {
		address := addresses(p.Addrs)[0]
		if more := len(p.Addrs) - 1; more > 0 {
			address += fmt.Sprintf(" (+%d)", more)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", shown(p), or(p.Model), address, p.ID, or(p.Version), pairing(p))
	}
	return w.Flush()
}

// shown is a peer's name, with the number that the network gave it where another has
// the same.
func shown(p lan.Peer) string {
	if i := strings.LastIndex(p.Label, " ("); i >= 0 && strings.HasSuffix(p.Label, ")") && !strings.HasSuffix(p.Name, p.Label[i:]) {
		return p.Name + p.Label[i:]
	}
	return p.Name
}

func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func pairing(p lan.Peer) string {
	switch {
	case p.Features&lan.Pairing != 0:
		return "open"
	case p.Features&lan.Remotes != 0:
		return "closed"
	}
	return "-"
}

func addresses(all []netip.AddrPort) []string {
	out := make([]string, len(all))
	for i, a := range all {
		out[i] = a.String()
	}
	return out
}
