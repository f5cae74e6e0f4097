// Package household sets up a family of one account and two TVs on this
// machine: the server and two agents as processes of their own, furnished
// through the same public ways that a person takes (sign-up with the code from
// the mail, the code on the TV's screen approved on the account).
//
// The demo of "make run" and the smoke tour share it. A [Home] is used from one
// goroutine.
package household

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// Names of the TVs, in order.
var Names = [2]string{"Living room TV", "Bedroom TV"}

// Plan says where everything goes.
type Plan struct {
	Bin        string   // folder of the programs
	Agent      []string // command that runs the agent; empty: the program in Bin
	Data       string   // folder for what they keep
	Log        io.Writer
	ServerPort int
	TVPorts    [2]int
	Remotes    [2]string // host:port at which each TV serves remote controls; empty: it serves none
	Elsewhere  bool      // the server runs already
	ServerArgs []string  // more arguments for the server
	AgentArgs  []string  // more arguments for the agents
}

// terminal is the command that draws a TV of this plan in a terminal.
func (p Plan) terminal() string {
	if usual, err := filepath.Abs("data"); err == nil && p.Data == usual {
		return "make tv"
	}
	return fmt.Sprintf("%s tv --data %q", filepath.Join(p.Bin, "hearthkey"), p.Data)
}

// remote is the command that pairs a remote control with the first TV.
func (p Plan) remote() string {
	command := filepath.Join(p.Bin, "hearthkey") + " remote"
	if host, _, err := net.SplitHostPort(p.Remotes[0]); err == nil && host != "" {
		command += " --address " + p.Remotes[0]
	}
	return command
}

// After returns the lowest port that is not planned yet.
func (p Plan) After() int {
	highest := 0
	for _, used := range append(p.TVPorts[:], p.ServerPort) {
		highest = max(highest, used)
	}
	return highest + 1
}

// URL is the server's address for people and for the API. It is a name because
// browsers offer passkeys to names alone.
func (p Plan) URL() string { return "http://localhost:" + strconv.Itoa(p.ServerPort) }

// ScreenAddr is the address of a TV's screen.
func (p Plan) ScreenAddr(tv int) string { return "127.0.0.1:" + strconv.Itoa(p.TVPorts[tv]) }

// Home is the running household.
type Home struct {
	Plan   Plan
	Server *drive.Process
	TVs    [2]*drive.Process // nil while unplugged
	ended  chan *drive.Process
}

// Start starts the server and the TVs, and waits until each answers.
func Start(ctx context.Context, p Plan) (*Home, error) {
	h := &Home{Plan: p, ended: make(chan *drive.Process, 8)}
	if !p.Elsewhere {
		if err := h.StartServer(ctx); err != nil {
			return nil, errors.Join(err, h.Stop())
		}
	}
	for tv := range h.TVs {
		if err := h.PlugIn(ctx, tv); err != nil {
			return nil, errors.Join(err, h.Stop())
		}
	}
	return h, nil
}

// StartServer starts the server and waits until it answers.
func (h *Home) StartServer(ctx context.Context) error {
	args := []string{"serve",
		"--listen", "127.0.0.1:" + strconv.Itoa(h.Plan.ServerPort),
		"--data", filepath.Join(h.Plan.Data, "server"),
		"--public-url", h.Plan.URL(),
		"--name", "hearthkey.demo", // stays the same when the port does not
		"--dev",
	}
	p, err := drive.Start("server", filepath.Join(h.Plan.Bin, "hearthkey-server"), append(args, h.Plan.ServerArgs...), nil, h.Plan.Log)
	if err != nil {
		return err
	}
	h.Server = p
	return h.ready(ctx, p, "hearthkey-server: "+h.Plan.URL(), h.Plan.URL()+"/healthz")
}

// PlugIn starts a TV and waits for its screen.
func (h *Home) PlugIn(ctx context.Context, tv int) error {
	command := h.Plan.Agent
	if len(command) == 0 {
		command = []string{filepath.Join(h.Plan.Bin, "hearthkey-agent")}
	}
	args := append(slices.Clone(command[1:]),
		"-server", "ws://127.0.0.1:"+strconv.Itoa(h.Plan.ServerPort),
		"-data", filepath.Join(h.Plan.Data, "tv"+strconv.Itoa(tv+1)),
		"-name", Names[tv], "-model", "Demo box",
		"-screen", h.Plan.ScreenAddr(tv),
	)
	if at := h.Plan.Remotes[tv]; at != "" {
		args = append(args, "-lan", at)
	}
	p, err := drive.Start("tv "+Names[tv], command[0], append(args, h.Plan.AgentArgs...), nil, h.Plan.Log)
	if err != nil {
		return err
	}
	h.TVs[tv] = p
	screen := "http://" + h.Plan.ScreenAddr(tv) + "/"
	return h.ready(ctx, p, "screen: "+screen, screen)
}

// Unplug pulls a TV's plug.
func (h *Home) Unplug(tv int) {
	p := h.TVs[tv]
	h.TVs[tv] = nil
	p.Kill()
}

// ready waits until the program says that it listens, and url answers, or until
// it has ended. An answer alone could come from another program that took the
// port first.
func (h *Home) ready(ctx context.Context, p *drive.Process, says, url string) error {
	ctx, cancel := drive.Timeout(ctx, 30*time.Second)
	defer cancel()
	go func() {
		<-p.Done()
		cancel()
		select {
		case h.ended <- p:
		default: // nobody looks
		}
	}()
	err := drive.Poll(ctx, func() error {
		if !strings.Contains(p.Said(), says) {
			return fmt.Errorf("it did not say %q", says)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, resp.Status)
		}
		return nil
	})
	if err == nil {
		return nil
	}
	select {
	case <-p.Done():
		return p.Ended()
	default:
		return fmt.Errorf("%s: %w", p.Name, err)
	}
}

// Ended gives each program that has ended, whether asked to or not.
func (h *Home) Ended() <-chan *drive.Process { return h.ended }

// Unplugged takes note that p has ended, and returns the number of the TV that
// it was. For a TV that was unplugged before, and for anything else, ok is false.
func (h *Home) Unplugged(p *drive.Process) (tv int, ok bool) {
	for i := range h.TVs {
		if h.TVs[i] == p {
			h.TVs[i] = nil
			return i, true
		}
	}
	return 0, false
}

// Stop ends the TVs, then the server.
func (h *Home) Stop() error {
	var errs []error
	for _, p := range append(h.TVs[:], h.Server) {
		if p != nil {
			errs = append(errs, p.Stop(10*time.Second))
		}
	}
	return errors.Join(errs...)
}
