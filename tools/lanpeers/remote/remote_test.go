package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

func TestMain(m *testing.M) { lanlab.Main(m, nil) }

const (
	tvAddress    = "192.168.77.2"
	phoneAddress = "192.168.77.3"
)

// answer is a line of the program.
type answer struct {
	Error     string   `json:"error"`
	TriesLeft int      `json:"tries_left"`
	Retry     int      `json:"retry_after"`
	Key       string   `json:"key"`
	Pin       string   `json:"pin"`
	Ignored   []string `json:"ignored"`
	Share     string   `json:"share"`
	ISK       string   `json:"isk"`
	Welcome   struct {
		T    string `json:"t"`
		Name string `json:"name"`
		Role string `json:"role"`
		Open bool   `json:"open"`
	} `json:"welcome"`
	State struct {
		Screen   string `json:"screen"`
		Keyboard string `json:"keyboard"`
	} `json:"state"`
}

// node is the program, running.
type node struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
}

func startNode(t *testing.T, on *lanlab.Host) *node {
	t.Helper()
	cmd := on.Command("node", "remote.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return &node{t: t, in: in, out: lines}
}

// ask sends a request and takes the answer.
func (n *node) ask(request any) (a answer) {
	n.t.Helper()
	line, err := json.Marshal(request)
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.in.Write(append(line, '\n')); err != nil {
		n.t.Fatal(err)
	}
	if !n.out.Scan() {
		n.t.Fatalf("node ended: %v", n.out.Err())
	}
	if err := json.Unmarshal(n.out.Bytes(), &a); err != nil {
		n.t.Fatalf("%q: %v", n.out.Text(), err)
	}
	return a
}

type request = map[string]any

// startTV starts a real agent on a host of the network. It is not signed in, and has
// no server.
func startTV(t *testing.T, on *lanlab.Host) *agent.Agent {
	t.Helper()
	a := &agent.Agent{
		Server: "ws://127.0.0.1:1", Dir: t.TempDir(), Name: "Living room", Model: "HK-1",
		LAN: agent.LAN{Listen: tvAddress + ":0"},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	on.Do(func() {
		if err := a.Start(context.Background()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// wait waits for a view.
func wait(t *testing.T, a *agent.Agent, what string, ok func(nav.View) bool) nav.View {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if v := a.View(); ok(v) {
			return v
		}
	}
	t.Fatalf("no %s; the screen is %s, %q", what, a.View().Screen, a.View().Title)
	return nav.View{}
}

// press presses keys in the hand.
func press(t *testing.T, a *agent.Agent, keys ...keyseq.Key) {
	t.Helper()
	for _, k := range keys {
		if err := a.Press(k, agent.Local, false); err != nil {
			t.Fatal(err)
		}
	}
}

// code opens the pairing window as a person does, on the welcome screen, and reads it.
func code(t *testing.T, a *agent.Agent) string {
	t.Helper()
	wait(t, a, "welcome screen", func(v nav.View) bool { return v.Screen == nav.ScreenWelcome })
	for a.View().Focus != "pair" {
		before := a.View().Focus
		press(t, a, keyseq.Down)
		if a.View().Focus == before {
			t.Fatalf("there is nothing to pair with; focus is on %s", before)
		}
	}
	press(t, a, keyseq.OK, keyseq.OK) // for the household
	v := wait(t, a, "code", func(v nav.View) bool { return v.Code != nil && v.Code.Text != "" })
	return strings.ReplaceAll(v.Code.Text, " ", "")
}

// TestVectors: the program's CPace is the draft's, as ours is.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../../../protocol/cpace/testdata/ristretto255.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Run json.RawMessage `json:"run"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	if err := json.Unmarshal(v.Run, &want); err != nil {
		t.Fatal(err)
	}
	n := startNode(t, lanlab.New(t).Host("phone"))
	got := n.ask(request{"vectors": v.Run})
	if got.Error != "" || got.Share != want["Ya"] || got.ISK != want["ISK"] {
		t.Errorf("the program comes to %+v", got)
	}
}

// TestForeignRemote: it pairs, after a wrong code, and controls the TV; the TV's own
// screens say who it is.
func TestForeignRemote(t *testing.T) {
	lab := lanlab.New(t)
	home := lab.Network("home")
	tv, phone := lab.Host("tv"), lab.Host("phone")
	tv.Join(home, tvAddress+"/24")
	phone.Join(home, phoneAddress+"/24")
	a := startTV(t, tv)
	if host, _, err := net.SplitHostPort(a.LANAddr()); err != nil || host != tvAddress {
		t.Fatalf("remotes are served at %q", a.LANAddr())
	}
	n := startNode(t, phone)
	if got := n.ask(request{"address": a.LANAddr(), "code": "123456", "name": "Node"}); got.Error != "not_pairing" {
		t.Errorf("without a window: %+v", got)
	}
	digits := code(t, a)
	bad := "000000"
	if digits == bad {
		bad = "000001"
	}
	if got := n.ask(request{"address": a.LANAddr(), "code": bad, "name": "Node"}); got.Error != "wrong_code" || got.TriesLeft != 2 {
		t.Errorf("a wrong code: %+v", got)
	}
	paired := n.ask(request{"address": a.LANAddr(), "code": digits, "name": "Node ☕"})
	if paired.Error != "" || paired.Welcome.Name != "Living room" || paired.Welcome.Role != "household" {
		t.Fatalf("pair: %+v", paired)
	}
	wait(t, a, "word of it", func(v nav.View) bool { return v.Screen == nav.ScreenPairing && strings.Contains(v.Title, "Node ☕") })

	known := request{"address": a.LANAddr(), "key": paired.Key, "pin": paired.Pin}
	with := func(more request) request {
		for k, v := range known {
			more[k] = v
		}
		return more
	}
	got := n.ask(with(request{"keys": []string{"OK", "volumeUp", "Up", "up"}, "screen": "welcome"}))
	if d := cmp.Diff([]string{"", "unknown_key", "", ""}, got.Ignored); d != "" || got.Error != "" {
		t.Errorf("keys: %+v (-want +got):\n%s", got, d)
	}
	if v := a.View(); v.Screen != nav.ScreenWelcome || v.Focus != "signIn" {
		t.Errorf("the TV shows %s with the focus on %s", v.Screen, v.Focus)
	}
	if got := n.ask(with(request{"text": "x"})); len(got.Ignored) != 1 || got.Ignored[0] != "no_field" {
		t.Errorf("a text without a field: %+v", got)
	}
	if got := n.ask(with(request{"keys": []string{"Down", "OK"}, "screen": "email"})); got.State.Keyboard != "email" {
		t.Errorf("at the email: %+v", got)
	}
	if got := n.ask(with(request{"text": "ænna@x.example"})); got.Error != "" || got.Ignored[0] != "" {
		t.Errorf("a text: %+v", got)
	}
	if v := a.View(); v.Keyboard == nil || v.Keyboard.Text != "ænna@x.example" {
		t.Errorf("the field has %+v", v.Keyboard)
	}
	if got := n.ask(request{"address": a.LANAddr(), "key": paired.Key, "pin": strings.Repeat("0", 64)}); got.Error != "this is another TV" {
		t.Errorf("with another pin: %+v", got)
	}
}
