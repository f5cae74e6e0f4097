package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

// TestMain lets a test run this command on another host of a home network.
func TestMain(m *testing.M) {
	lanlab.Main(m, map[string]func([]string) int{"hearthkey": func(args []string) int {
		return run(context.Background(), args, os.Stdin, os.Stdout, os.Stderr)
	}})
}

// home is a TV and a computer on one network.
type home struct {
	t      *testing.T
	tv     *agent.Agent
	port   *lanlab.Port
	host   *lanlab.Host // of the TV
	laptop *lanlab.Host
	config string
}

func newHome(t *testing.T, settings agent.LAN) *home {
	t.Helper()
	lab := lanlab.New(t)
	network := lab.Network("home")
	host, laptop := lab.Host("tv"), lab.Host("laptop")
	h := &home{t: t, host: host, laptop: laptop, config: filepath.Join(t.TempDir(), "remotes.json")}
	h.port = host.Join(network, "192.168.77.2/24")
	laptop.Join(network, "192.168.77.3/24")
	h.tv = &agent.Agent{
		Server: "ws://127.0.0.1:1", Dir: t.TempDir(), Name: "Living room", LAN: settings,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	host.Do(func() {
		if err := h.tv.Start(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := h.tv.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// hearthkey runs the command on the computer, with what is typed.
func (h *home) hearthkey(typed string, args ...string) (output string, err error) {
	h.t.Helper()
	cmd := h.laptop.Role("hearthkey", append(args, "--config", h.config)...)
	cmd.Stdin = strings.NewReader(typed)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// works holds that the command does, and that it says this.
func (h *home) works(say string, args ...string) {
	h.t.Helper()
	if out, err := h.hearthkey("", args...); err != nil || !strings.Contains(out, say) {
		h.t.Errorf("hearthkey %s = %v, want %q in:\n%s", strings.Join(args, " "), err, say, out)
	}
}

// fails holds that it does not, and why.
func (h *home) fails(say string, args ...string) {
	h.t.Helper()
	if out, err := h.hearthkey("", args...); err == nil || !strings.Contains(out, say) {
		h.t.Errorf("hearthkey %s = %v, want %q in:\n%s", strings.Join(args, " "), err, say, out)
	}
}

// code opens the pairing window on the welcome screen, as a person does.
func (h *home) code() string {
	h.t.Helper()
	h.wait("welcome screen", func(v nav.View) bool { return v.Screen == nav.ScreenWelcome })
	for range 5 {
		if h.tv.View().Focus != "pair" {
			h.press(keyseq.Down)
		}
	}
	h.press(keyseq.OK, keyseq.OK)
	v := h.wait("code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" })
	return strings.ReplaceAll(v.Code.Text, " ", "")
}

func (h *home) press(keys ...keyseq.Key) {
	h.t.Helper()
	for _, k := range keys {
		if err := h.tv.Press(k, agent.Local, false); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *home) wait(what string, ok func(nav.View) bool) nav.View {
	h.t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if v := h.tv.View(); ok(v) {
			return v
		}
	}
	h.t.Fatalf("no %s; the screen is %s, %q", what, h.tv.View().Screen, h.tv.View().Title)
	return nav.View{}
}

// TestRemote pairs over the network by what the screen shows, presses keys, and finds
// the TV again at another address.
func TestRemote(t *testing.T) {
	t.Parallel()
	h := newHome(t, agent.LAN{Listen: ":0"})
	h.fails("paired with no TV yet", "remote", "--key", "ok")
	h.fails("Settings, Remotes", "remote", "pair", "123456")
	digits := h.code()
	h.works("Paired with Living room", "remote", "pair", digits, "--name", "Laptop")
	h.wait("word of it", func(v nav.View) bool { return strings.Contains(v.Title, "Laptop") })
	h.works("Living room", "remote", "list")
	h.works("welcome", "remote", "--key", "ok")
	if v := h.tv.View(); v.Screen != nav.ScreenWelcome {
		t.Errorf("the TV shows %s", v.Screen)
	}
	h.fails("is no key", "remote", "--key", "volumeUp")
	h.fails("no paired TV is called", "remote", "--tv", "kitchen", "--key", "ok")

	h.port.Renumber("192.168.77.9/24")
	h.works("welcome", "remote", "--key", "up", "--key", "up")
	h.works("192.168.77.9", "remote", "list")
	h.works("is forgotten here", "remote", "forget", "living room")
	h.fails("paired with no TV yet", "remote", "--key", "ok")
}

// TestRemoteInAHotel: a TV in a hotel is found while it is being paired, and then by
// nobody; who was paired knows where it is.
func TestRemoteInAHotel(t *testing.T) {
	t.Parallel()
	h := newHome(t, agent.LAN{Listen: ":0", HotelMode: true})
	h.fails("no TV answers on this network", "remote", "pair", "123456")
	digits := h.code()
	if out, err := h.hearthkey("12\n"+digits[:3]+" "+digits[3:]+"\n", "remote", "pair"); err != nil || !strings.Contains(out, "Paired with Living room") {
		t.Errorf("hearthkey remote pair = %v:\n%s", err, out)
	}
	h.wait("word of it", func(v nav.View) bool { return strings.Contains(v.Title, "is paired") })
	if out, err := h.laptop.Role("hearthkey", "discover", "--wait", "1s").CombinedOutput(); err == nil && strings.Contains(string(out), "Living room") {
		t.Errorf("after pairing the TV is found: %s", out)
	}
	h.works("welcome", "remote", "--key", "ok")
}
