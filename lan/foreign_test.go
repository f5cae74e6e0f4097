package lan_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/grandcat/zeroconf"

	"github.com/hearthkey/hearthkey/tools/lanlab"
	"github.com/hearthkey/hearthkey/tools/lanlab/avahi"
)

// event is a line of a peer.
type event struct {
	Up      string   `json:"up"`   // a service was found
	Down    string   `json:"down"` // it is gone
	Name    string   `json:"name"` // its own service is known by this name
	Refused string   `json:"refused"`
	Addrs   []string `json:"addrs"`
	Port    int      `json:"port"`
	Txt     []string `json:"txt"`
}

// foreign is somebody else's mDNS: a program that browses or advertises until SIGTERM.
type foreign struct {
	name      string
	browse    func(*testing.T, *lanlab.Host) *exec.Cmd
	advertise func(t *testing.T, h *lanlab.Host, name string, port int, addr string, txt ...string) *exec.Cmd
	parse     func(string) (event, bool)

	hidesGoodbyes bool // its browser does not tell
	neverProbes   bool // and so takes names that are taken
	givesUp       bool // where its name is taken, instead of taking another
}

// foreigners are all peers. What they lack is theirs; what ours does is tested against
// each.
var foreigners = []foreign{
	{name: "avahi", browse: avahiBrowse, advertise: avahiPublish, parse: parseAvahi},
	{name: "python3-zeroconf", browse: program("/usr/bin/python3", "testdata/peer.py"), advertise: advertises("/usr/bin/python3", "testdata/peer.py"), parse: parseJSON},
	{name: "bonjour-service", browse: program("node", "../tools/lanpeers/bonjour.mjs"), advertise: advertises("node", "../tools/lanpeers/bonjour.mjs"), parse: parseJSON, givesUp: true},
	{name: "ciao", advertise: advertises("node", "../tools/lanpeers/ciao.mjs"), parse: parseJSON},
	{name: "grandcat/zeroconf", browse: role, advertise: roleAdvertises, parse: parseJSON, hidesGoodbyes: true, neverProbes: true},
}

func program(name, script string) func(*testing.T, *lanlab.Host) *exec.Cmd {
	return func(_ *testing.T, h *lanlab.Host) *exec.Cmd { return h.Command(name, script, "browse") }
}

func advertises(name, script string) func(*testing.T, *lanlab.Host, string, int, string, ...string) *exec.Cmd {
	return func(_ *testing.T, h *lanlab.Host, as string, port int, addr string, txt ...string) *exec.Cmd {
		return h.Command(name, append([]string{script, "advertise", as, strconv.Itoa(port), addr}, txt...)...)
	}
}

func parseJSON(line string) (e event, ok bool) {
	if strings.Contains(line, "already in use on the network") { // what bonjour-service prints
		return event{Refused: line}, true
	}
	return e, json.Unmarshal([]byte(line), &e) == nil
}

// patience is how long a program may take to start on a machine that is busy.
const patience = 30 * time.Second

// process is a peer that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	events chan event
	said   chan string // all that it said, when it has ended
}

// runs starts a peer's program; it ends with the test.
func (f foreign) runs(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd, events: make(chan event, 1000), said: make(chan string, 1)}
	go func() {
		var all strings.Builder
		for s := bufio.NewScanner(out); s.Scan(); {
			all.WriteString(s.Text() + "\n")
			if e, ok := f.parse(s.Text()); ok {
				p.events <- e
			}
		}
		p.said <- all.String()
	}()
	t.Cleanup(func() {
		p.kill()
		_ = cmd.Wait() // it says that it was killed
	})
	return p
}

// until waits for a line.
func (p *process) until(within time.Duration, what string, holds func(event) bool) event {
	p.t.Helper()
	deadline := time.After(within)
	var seen []event
	for {
		select {
		case e := <-p.events:
			if holds(e) {
				return e
			}
			seen = append(seen, e)
		case <-deadline:
			p.kill()
			p.t.Fatalf("not within %v: %s; it told %+v and said\n%s", within, what, seen, <-p.said)
		}
	}
}

// end has it say goodbye.
func (p *process) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
}

func (p *process) kill() { _ = p.cmd.Process.Kill() } // it may have ended

// daemons are the hosts' avahi: a host has one.
var daemons sync.Map

func avahiOn(t *testing.T, h *lanlab.Host) *avahi.Daemon {
	t.Helper()
	if d, ok := daemons.Load(h); ok {
		return d.(*avahi.Daemon)
	}
	d := avahi.Start(t, h)
	daemons.Store(h, d)
	return d
}

func avahiBrowse(t *testing.T, h *lanlab.Host) *exec.Cmd {
	return avahiOn(t, h).Command("stdbuf", "-oL", "avahi-browse", "-rp", "_hearthkey-tv._tcp")
}

func avahiPublish(t *testing.T, h *lanlab.Host, name string, port int, _ string, txt ...string) *exec.Cmd {
	return avahiOn(t, h).Publish(name, "_hearthkey-tv._tcp", port, txt...)
}

// parseAvahi reads lines of avahi-browse -rp and avahi-publish.
func parseAvahi(line string) (event, bool) {
	if _, name, ok := strings.Cut(line, "Established under name '"); ok {
		return event{Name: strings.TrimSuffix(name, "'")}, true
	}
	part := strings.Split(line, ";")
	switch {
	case len(part) >= 10 && part[0] == "=":
		port, err := strconv.Atoi(part[8])
		var txt []string
		for s := range strings.SplitSeq(part[9], `" "`) {
			txt = append(txt, strings.Trim(s, `"`))
		}
		return event{Up: unescape(part[3]), Addrs: []string{part[7]}, Port: port, Txt: txt}, err == nil
	case len(part) >= 6 && part[0] == "-":
		return event{Down: unescape(part[3])}, true
	}
	return event{}, false
}

// unescape undoes avahi's \DDD and \c.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if n, err := strconv.Atoi(s[i+1 : min(len(s), i+4)]); err == nil {
			b.WriteByte(byte(n))
			i += 3
			continue
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}

func role(_ *testing.T, h *lanlab.Host) *exec.Cmd { return h.Role("zeroconf", "browse") }

func roleAdvertises(_ *testing.T, h *lanlab.Host, name string, port int, addr string, txt ...string) *exec.Cmd {
	return h.Role("zeroconf", append([]string{"advertise", name, strconv.Itoa(port), addr}, txt...)...)
}

// zeroconfPeer is what the role does: Go's grandcat/zeroconf.
func zeroconfPeer(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	out := json.NewEncoder(os.Stdout)
	if args[0] == "advertise" {
		port, _ := strconv.Atoi(args[2])
		// It does not escape, so neither do names with spaces work without this.
		s, err := zeroconf.RegisterProxy(strings.ReplaceAll(args[1], " ", `\ `), "_hearthkey-tv._tcp", "local.", port, "go-"+args[2], []string{args[3]}, args[4:], nil)
		if err != nil {
			return 1
		}
		_ = out.Encode(event{Name: args[1]})
		<-ctx.Done()
		s.Shutdown()
		return 0
	}
	r, err := zeroconf.NewResolver(zeroconf.SelectIPTraffic(zeroconf.IPv4))
	if err != nil {
		return 1
	}
	entries := make(chan *zeroconf.ServiceEntry)
	if err := r.Browse(ctx, "_hearthkey-tv._tcp", "local.", entries); err != nil {
		return 1
	}
	for e := range entries {
		var addrs []string
		for _, a := range append(append([]net.IP(nil), e.AddrIPv4...), e.AddrIPv6...) {
			addrs = append(addrs, a.String())
		}
		_ = out.Encode(event{Up: unescape(e.Instance), Addrs: addrs, Port: e.Port, Txt: unescaped(e.Text)})
	}
	return 0
}

func unescaped(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = unescape(s)
	}
	return out
}

// installed reports whether a peer can be had; tools/needs.sh installs them.
func (f foreign) installed() error {
	var missing error
	need := func(ok bool, what string) {
		if !ok {
			missing = errors.Join(missing, errors.New(what))
		}
	}
	has := func(name string) bool { _, err := exec.LookPath(name); return err == nil }
	switch f.name {
	case "avahi":
		for _, p := range avahi.Programs {
			need(has(p), p)
		}
	case "python3-zeroconf":
		need(exec.Command("/usr/bin/python3", "-c", "import zeroconf").Run() == nil, "python3-zeroconf")
	case "bonjour-service", "ciao":
		_, err := os.Stat("../tools/lanpeers/node_modules")
		need(err == nil && has("node"), "npm ci in tools/lanpeers")
	}
	return missing
}
