package ecp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

// patience is for what must happen, on a machine that is busy.
const patience = 20 * time.Second

func TestMain(m *testing.M) { lanlab.Main(m, map[string]func([]string) int{"tv": tvRole}) }

// shown is what a test looks at of a view.
type shown struct {
	Screen nav.Screen
	Focus  string
	Text   string // of the field
	Items  []string
	Asks   string // of the dialog
	Banner string
	Toast  string
}

// tvRole is a TV in a process of its own: keys of the remote in the hand come by its
// input, a view for each goes to its output.
func tvRole(args []string) int {
	a := &agent.Agent{
		Server: "ws://127.0.0.1:1", Dir: args[0], Name: "Living room", Model: "Box 3", Build: "1.2.3", Kind: "box",
		LAN: agent.LAN{Listen: ":8713", ECP: ":8060"},
	}
	if err := a.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer a.Close()
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if key, err := keyseq.Parse(in.Text()); err == nil {
			_ = a.Press(key, agent.Local, false)
		}
		if err := out.Encode(look(a.View())); err != nil {
			return 1
		}
	}
	return 0
}

func look(v nav.View) shown {
	s := shown{Screen: v.Screen, Focus: v.Focus, Toast: v.Toast}
	for _, it := range v.Items {
		s.Items = append(s.Items, it.ID)
		if it.Switch && it.Chosen {
			s.Items[len(s.Items)-1] += "+"
		}
	}
	if v.Keyboard != nil {
		s.Text = v.Keyboard.Text
	}
	if v.Dialog != nil {
		s.Asks = v.Dialog.Title
	}
	if v.Banner != nil {
		s.Banner = v.Banner.Text
	}
	return s
}

// process is a program that answers each line with a line.
type process struct {
	t    *testing.T
	name string
	in   io.Writer
	out  chan string
}

func run(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = t.Output()
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, name: name, in: in, out: make(chan string, 16)}
	go func() {
		defer close(p.out)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			p.out <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return p
}

// ask writes a line and returns the answer.
func (p *process) ask(line string) string {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	select {
	case answer, ok := <-p.out:
		if !ok {
			p.t.Fatalf("%s ended", p.name)
		}
		return answer
	case <-time.After(patience):
		p.t.Fatalf("%s does not answer %q", p.name, line)
	}
	return ""
}

// tv is a TV of ours.
type tv struct{ *process }

func startTV(t *testing.T, h *lanlab.Host, dir string) tv {
	t.Helper()
	return tv{run(t, "TV", h.Role("tv", dir))}
}

// press presses keys of the remote in the hand and returns what is shown.
func (v tv) press(keys ...string) (s shown) {
	v.t.Helper()
	for _, k := range append(keys, "look") {
		s = shown{}
		if err := json.Unmarshal([]byte(v.ask(k)), &s); err != nil {
			v.t.Fatal(err)
		}
	}
	return s
}

// wait waits until ok accepts what is shown.
func (v tv) wait(what string, ok func(shown) bool) (s shown) {
	v.t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if s = v.press(); ok(s) {
			return s
		}
	}
	v.t.Fatalf("no %s: %+v", what, s)
	return s
}

// choose goes down the list to an item and presses OK.
func (v tv) choose(id string) shown {
	v.t.Helper()
	s := v.press()
	for range 20 {
		if s.Focus == id {
			return v.press("OK")
		}
		s = v.press("Down")
	}
	v.t.Fatalf("no %s in %+v", id, s)
	return s
}

// allowECP switches ECP on as a person does: settings, remotes, the switch, yes; and
// goes back to the first item of the welcome.
func (v tv) allowECP() {
	v.t.Helper()
	v.wait("welcome", func(s shown) bool { return s.Screen == nav.ScreenWelcome })
	v.choose("settings")
	v.choose("remotes")
	if s := v.choose("ecp"); s.Asks == "" {
		v.t.Fatalf("nothing is asked: %+v", s)
	}
	v.press("Left", "OK")
	v.wait("switch that is on", func(s shown) bool { return strings.Contains(strings.Join(s.Items, " "), "ecp+") })
	for range 3 {
		if s := v.press("Back"); s.Screen == nav.ScreenWelcome {
			v.press("Up", "Up", "Up", "Up", "Up")
			return
		}
	}
	v.t.Fatalf("not back at the beginning: %+v", v.press())
}

// client is roku-client.
type client struct{ *process }

func startClient(t *testing.T, h *lanlab.Host) client {
	t.Helper()
	if _, err := os.Stat("node_modules/roku-client"); err != nil {
		t.Fatal("this test needs roku-client: run make needs")
	}
	return client{run(t, "roku-client", h.Command("node", "peer.mjs"))}
}

// call calls roku-client; into may be nil. The error is the client's.
func (c client) call(into any, name string, args ...any) error {
	c.t.Helper()
	line, err := json.Marshal(append([]any{name}, args...))
	if err != nil {
		c.t.Fatal(err)
	}
	var answer struct {
		OK    json.RawMessage
		Error string
	}
	if err := json.Unmarshal([]byte(c.ask(string(line))), &answer); err != nil {
		c.t.Fatal(err)
	}
	if answer.Error != "" {
		return fmt.Errorf("%s: %s", name, answer.Error)
	}
	if into != nil {
		err = json.Unmarshal(answer.OK, into)
	}
	return err
}

// must is call where it has to work.
func (c client) must(into any, name string, args ...any) {
	c.t.Helper()
	if err := c.call(into, name, args...); err != nil {
		c.t.Fatal(err)
	}
}
