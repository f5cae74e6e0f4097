package lan_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/lan"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// They wait for each other's packets, not for a processor.
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	lanlab.Main(m, map[string]func([]string) int{"zeroconf": zeroconfPeer, "advertise": advertiseRole})
}

// about is what a TV of the tests tells.
func about(name, id string) lan.About {
	return lan.About{
		ID: strings.Repeat("0", 16-len(id)) + id, Name: name, Model: "Box 3", Version: "1.2.3",
		Features: lan.Remotes, Fingerprint: "00112233445566aa",
	}
}

// text is the same as a foreign program tells it.
func text(name, id string) []string {
	a := about(name, id)
	return []string{"txtvers=1", "id=" + a.ID, "fn=" + a.Name, "md=" + a.Model, "ve=" + a.Version, "ca=1", "fp=" + a.Fingerprint}
}

// advertiseRole is our TV as a process of its own, for kills.
func advertiseRole(args []string) int {
	a, err := lan.Advertise(lan.Settings{}, lan.Announcement{Type: lan.TV, Port: 8712, About: about(args[0], args[1])})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, _ = os.Stdin.Read(make([]byte, 1)) // until it is closed
	_ = a.Close()
	return 0
}

// advertise makes a TV known on a host, until the test ends.
func advertise(t *testing.T, h *lanlab.Host, a lan.About) *lan.Advertiser {
	t.Helper()
	var out *lan.Advertiser
	h.Do(func() {
		var err error
		if out, err = lan.Advertise(lan.Settings{}, lan.Announcement{Type: lan.TV, Port: 8712, About: a}); err != nil {
			t.Error(err)
		}
	})
	if out == nil {
		t.FailNow()
	}
	t.Cleanup(func() { _ = out.Close() })
	return out
}

// watcher is somebody who looks for TVs.
type watcher struct {
	*lan.Watcher
	t     *testing.T
	lists chan []lan.Peer
	last  []lan.Peer
}

func watch(t *testing.T, h *lanlab.Host) *watcher {
	t.Helper()
	w := &watcher{t: t, lists: make(chan []lan.Peer, 10_000)}
	h.Do(func() {
		var err error
		if w.Watcher, err = lan.Watch(lan.Settings{}, lan.TV, func(l []lan.Peer) { w.lists <- l }); err != nil {
			t.Error(err)
		}
	})
	if w.Watcher == nil {
		t.FailNow()
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// until waits for a list.
func (w *watcher) until(within time.Duration, what string, holds func([]lan.Peer) bool) {
	w.t.Helper()
	deadline := time.After(within)
	for !holds(w.last) {
		select {
		case w.last = <-w.lists:
		case <-deadline:
			w.t.Fatalf("not within %v: %s; the list is %+v", within, what, w.last)
		}
	}
}

// labels waits until exactly these are there.
func (w *watcher) labels(within time.Duration, want ...string) {
	w.t.Helper()
	w.until(within, fmt.Sprintf("exactly %q", want), func(l []lan.Peer) bool {
		var got []string
		for _, p := range l {
			got = append(got, p.Label)
		}
		return slices.Equal(got, want)
	})
}

// gone waits until the one peer is gone that cannot be reached. What it said at last
// may come after the first doubt, so there may be a second.
func (w *watcher) gone() {
	w.t.Helper()
	if len(w.last) == 0 {
		return // it said goodbye
	}
	for range 5 {
		w.Reconfirm(w.last[0])
		select {
		case w.last = <-w.lists:
			if len(w.last) == 0 {
				return
			}
		case <-time.After(4 * time.Second):
		}
	}
	w.t.Fatalf("it is not forgotten: %+v", w.last)
}

// home is a network with a TV's host and somebody else's.
func home(t *testing.T) (ours, theirs *lanlab.Host) {
	lab := lanlab.New(t)
	net := lab.Network("home")
	ours, theirs = lab.Host("ours"), lab.Host("theirs")
	for i, h := range []*lanlab.Host{ours, theirs} {
		port := h.Join(net, fmt.Sprintf("192.168.77.%d/24", 2+i))
		h.IP("route add default dev " + port.Name) // bonjour-service wants one
	}
	return ours, theirs
}

const theirAddr = "192.168.77.3"

// TestD11_Peers: others' programs find our TVs and ours find theirs, by name, address,
// port and text, and learn at once when they go.
func TestD11_Peers(t *testing.T) {
	for _, f := range foreigners {
		t.Run(f.name, func(t *testing.T) {
			if err := f.installed(); err != nil {
				t.Fatal("make needs installs it: ", err)
			}
			t.Parallel()
			if f.browse != nil {
				t.Run("sees ours", func(t *testing.T) { t.Parallel(); f.seesOurs(t) })
			}
			t.Run("is seen", func(t *testing.T) { t.Parallel(); f.isSeen(t) })
			if !f.neverProbes { // it takes names without asking
				t.Run("wants our name", func(t *testing.T) { t.Parallel(); f.wantsOurName(t) })
			}
			t.Run("has our name", func(t *testing.T) { t.Parallel(); f.hasOurName(t) })
		})
	}
}

func (f foreign) seesOurs(t *testing.T) {
	ours, theirs := home(t)
	a := advertise(t, ours, about("Wohnzimmer ☺", "1"))
	p := f.runs(t, f.browse(t, theirs))
	e := p.until(patience, "our TV", func(e event) bool { return e.Up != "" && slices.Contains(e.Addrs, "192.168.77.2") })
	want := text("Wohnzimmer ☺", "1")
	slices.Sort(e.Txt)
	slices.Sort(want)
	if f.name == "avahi" { // which prints what is not ASCII as numbers
		for i := range e.Txt {
			e.Txt[i] = unescape(e.Txt[i])
		}
	}
	if !strings.HasPrefix(e.Up, "Wohnzimmer") || e.Port != 8712 || !slices.Equal(e.Txt, want) {
		t.Errorf("it sees %+v", e)
	}
	if f.hidesGoodbyes {
		return
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	p.until(5*time.Second, "our TV's goodbye", func(e event) bool { return e.Down != "" })
}

func (f foreign) isSeen(t *testing.T) {
	ours, theirs := home(t)
	w := watch(t, ours)
	p := f.runs(t, f.advertise(t, theirs, "Living room", 9999, theirAddr, text("Living room", "2")...))
	w.until(patience, "their TV by IPv4", func(l []lan.Peer) bool {
		return len(l) == 1 && l[0].Addrs[0].String() == theirAddr+":9999"
	})
	got := w.last[0]
	if got.About != about("Living room", "2") || got.Label != "Living room" {
		t.Errorf("we see %+v", got)
	}
	p.end()
	w.until(5*time.Second, "their goodbye", func(l []lan.Peer) bool { return len(l) == 0 })

	if f.name != "python3-zeroconf" {
		return // one will do
	}
	// Killed, it says none: it goes when somebody tried to reach it in vain.
	q := f.runs(t, f.advertise(t, theirs, "Living room", 9998, theirAddr, text("Living room", "3")...))
	w.until(patience, "their other TV", func(l []lan.Peer) bool { return len(l) == 1 })
	killTree(t, q.cmd)
	w.gone()
}

// killTree kills a program; "ip netns exec" became it.
func killTree(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func (f foreign) wantsOurName(t *testing.T) {
	ours, theirs := home(t)
	w := watch(t, ours)
	advertise(t, ours, about("TV", "1"))
	w.labels(5*time.Second, "TV")
	p := f.runs(t, f.advertise(t, theirs, "TV", 9999, theirAddr, text("TV", "2")...))
	answer := p.until(patience, "it has a name, or none", func(e event) bool { return e.Name != "" || e.Refused != "" })
	if f.givesUp && answer.Refused != "" {
		w.labels(time.Second, "TV")
		return
	}
	// One that looked away while it was told that the name is taken has it too: then
	// ours takes another.
	w.until(patience, "ours and theirs, by two names", func(l []lan.Peer) bool { return len(l) == 2 })
	for _, peer := range w.last {
		if peer.ID == about("", "1").ID && peer.Label != "TV" && !f.givesUp {
			t.Errorf("our TV lost its name: %+v", w.last)
		}
	}
	p.end()
	w.until(patience, "ours alone", func(l []lan.Peer) bool { return len(l) == 1 && l[0].ID == about("", "1").ID })
}

func (f foreign) hasOurName(t *testing.T) {
	ours, theirs := home(t)
	w := watch(t, ours)
	f.runs(t, f.advertise(t, theirs, "TV", 9999, theirAddr, text("TV", "2")...))
	w.labels(patience, "TV")
	advertise(t, ours, about("TV", "1"))
	w.labels(patience, "TV", "TV (2)")
	if w.last[1].ID != about("", "1").ID {
		t.Errorf("our TV took its name: %+v", w.last)
	}
}
