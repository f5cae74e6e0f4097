package agent

import (
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/ecp"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// plugInECP starts an agent that offers ECP on a loopback port.
func plugInECP(t *testing.T, server, dir string) *tv {
	t.Helper()
	return plugInAs(t, &Agent{Server: server, Dir: dir, Name: "Test TV", LAN: LAN{Listen: "127.0.0.1:0", ECP: "127.0.0.1:0"}})
}

// switchECP does what the person chose in the settings, and waits until it is so.
func (v *tv) switchECP(on bool) {
	v.t.Helper()
	v.inCore(func(c *core) { c.screenEffect(nav.SetECP{On: on}) })
	v.waitECP(on)
}

// waitECP waits until ECP is served, or is not.
func (v *tv) waitECP(on bool) {
	v.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for is := !on; is != on; { // each look is a turn of the core
		v.inCore(func(c *core) { is = c.ecp.server != nil && !c.ecp.starting })
		if time.Now().After(end) {
			v.t.Fatalf("ECP is not %v", on)
		}
	}
}

// ecpAddr is where it is served; empty where it is not.
func (v *tv) ecpAddr() (addr string) {
	v.inCore(func(c *core) {
		if s, ok := c.ecp.server.(*ecp.Server); ok {
			addr = s.Addr().String()
		}
	})
	return addr
}

// post sends a command of ECP and returns the status; 0 where nobody answers.
func (v *tv) post(command string) int {
	v.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequest("POST", "http://"+v.ecpAddr()+"/"+command, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("User-Agent", "HomeHub/2")
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func (v *tv) posts(want int, commands ...string) {
	v.t.Helper()
	for _, command := range commands {
		if got := v.post(command); got != want {
			v.t.Fatalf("POST %s = %d, want %d", command, got, want)
		}
	}
}

// TestD11_ECP: off until a person switches it on; then its keys are told of, one key
// of the remote in the hand blocks who sends them, and that stays over a restart
// until it is switched off.
func TestD11_ECP(t *testing.T) {
	server, dir := newFakeServer(t), t.TempDir()
	v := plugInECP(t, server.url(), dir)
	v.waitScreen(nav.ScreenWelcome)
	if addr := v.ecpAddr(); addr != "" {
		t.Fatalf("served at %s before anybody switched it on", addr)
	}
	v.switchECP(true)
	if b := v.View().Banner; b != nil && b.Kind == "control" {
		t.Errorf("before a key the banner says %q", b.Text)
	}
	v.posts(200, "keypress/Select")
	v.waitScreen(nav.ScreenGate)
	v.posts(200, "keypress/Right")
	if b := v.View().Banner; b == nil || b.Kind != "control" || !strings.Contains(b.Text, "HomeHub (127.0.0.1)") {
		t.Errorf("after a key the banner says %+v", b)
	}
	v.press(keyseq.Back)
	for _, command := range []string{"keypress/Left", "keypress/Lit_a"} {
		if got := v.post(command); got == 200 {
			t.Errorf("a blocked source is heard: %s = %d", command, got)
		}
	}
	v.unplug()

	v = plugInECP(t, server.url(), dir)
	v.waitECP(true)
	if got := v.post("keypress/Left"); got == 200 {
		t.Errorf("after a restart a blocked source is heard: %d", got)
	}
	v.switchECP(false)
	v.switchECP(true)
	v.posts(200, "keypress/Left")
}

// TestD11_ECPReachesNoSignOut: neither by the key sequence nor by the question that
// the remote in the hand has asked for, and no PIN.
func TestD11_ECPReachesNoSignOut(t *testing.T) {
	server := newFakeServer(t)
	v := plugInECP(t, server.url(), t.TempDir())
	v.signIn()
	v.switchECP(true)
	sequence := []string{"Up", "Up", "Down", "Down", "Left", "Right", "Left", "Right", "Up", "Up", "Up", "Up"}
	for _, k := range sequence {
		v.posts(200, "keypress/"+k)
	}
	if d := v.View().Dialog; d != nil {
		t.Fatalf("the sequence by ECP opens %q", d.Title)
	}
	// The last keys of one that was begun in the hand are none of it either.
	up, down, left, right := keyseq.Up, keyseq.Down, keyseq.Left, keyseq.Right
	v.press(up, up, down, down, left, right, left, right, up, up, up)
	v.posts(200, "keypress/Up")
	if d := v.View().Dialog; d != nil {
		t.Fatalf("the sequence's last key by ECP opens %q", d.Title)
	}
	v.press(keyseq.Menu, up, up, down, down, left, right, left, right, up, up, up, up, keyseq.OK)
	asked := v.wait("question", func(view nav.View) bool { return view.Dialog != nil })
	for _, k := range []string{"Left", "Select", "Right", "Select", "Up", "Select", "Down", "Select", "Play"} {
		v.posts(200, "keypress/"+k)
	}
	v.posts(200, "keypress/Lit_y", "keydown/Select", "keyup/Select")
	v.inCore(func(c *core) {
		if saved := c.session.Saved(); saved.Device == "" || len(c.rec.LAN.ID) == 0 {
			t.Errorf("signed out by ECP from %+v", asked.Dialog)
		}
	})
}

// TestECPEndsWithTheSession: who signs out leaves it switched off, and another id.
func TestECPEndsWithTheSession(t *testing.T) {
	v := plugInECP(t, newFakeServer(t).url(), t.TempDir())
	v.signIn()
	v.switchECP(true)
	v.posts(200, "keypress/Right")
	var before []byte
	v.inCore(func(c *core) { before = c.rec.LAN.ID; c.screenEffect(nav.SignOutHere{}) })
	v.waitScreen(nav.ScreenWelcome)
	v.waitECP(false)
	v.inCore(func(c *core) {
		if c.rec.LAN.ECP || len(c.rec.LAN.Blocked) > 0 || string(c.rec.LAN.ID) == string(before) {
			t.Errorf("after the sign-out: %+v, before %x", c.rec.LAN, before)
		}
	})
	v.switchECP(true)
	v.posts(200, "keypress/Right")
}

// TestECPSourcesAreBounded: whoever takes one address after the other is at an end.
func TestECPSourcesAreBounded(t *testing.T) {
	v := plugInECP(t, newFakeServer(t).url(), t.TempDir())
	v.switchECP(true)
	heard := 0
	for i := range 250 {
		v.inCore(func(c *core) {
			addr := netip.AddrFrom4([4]byte{192, 168, 7, byte(i)})
			if c.hearsECP(ecp.Source{Addr: addr}) {
				heard++
				c.screenEffect(nav.BlockECP{ID: addr.String()})
			}
		})
	}
	if heard != maxECPSources {
		t.Errorf("%d of 250 addresses were heard, want %d", heard, maxECPSources)
	}
	v.inCore(func(c *core) {
		if n := len(c.rec.LAN.Blocked); n != maxECPSources {
			t.Errorf("%d are blocked", n)
		}
	})
}

// TestD11_ECPSourcesAreToldOfOneByOne: a second program does not hide the banner by
// which the first can be blocked.
func TestD11_ECPSourcesAreToldOfOneByOne(t *testing.T) {
	clock := newTestClock()
	v := plugInAs(t, &Agent{
		Server: newFakeServer(t).url(), Dir: t.TempDir(), Name: "Test TV", clock: clock.read,
		LAN: LAN{Listen: "127.0.0.1:0", ECP: "127.0.0.1:0"},
	})
	v.switchECP(true)
	one, two := netip.MustParseAddr("192.168.7.1"), netip.MustParseAddr("192.168.7.2")
	hears := func(a netip.Addr) (heard bool) {
		v.inCore(func(c *core) { heard = c.hearsECP(ecp.Source{Addr: a}) })
		return heard
	}
	if !hears(one) || hears(two) || !hears(one) {
		t.Error("the second is heard while the first is told of, or the first is not")
	}
	if b := v.View().Banner; b == nil || !strings.Contains(b.Text, one.String()) {
		t.Errorf("the banner says %+v", b)
	}
	v.press(keyseq.Back)
	v.until("the block", func(c *core) bool { return c.ecp.newest == nil })
	if hears(one) || !hears(two) {
		t.Error("the first is heard after its block, or the second is not")
	}
	clock.pass(v, nav.BlockFor)
	if !hears(netip.MustParseAddr("192.168.7.3")) {
		t.Error("the third is not heard after the banner about the second")
	}
}

// TestECPSwitchedFast: however fast the switch moves, it is what it says at last.
func TestECPSwitchedFast(t *testing.T) {
	v := plugInECP(t, newFakeServer(t).url(), t.TempDir())
	v.Agent.LAN.ECP = freePort(t) // the same one each time
	for range 20 {
		v.inCore(func(c *core) {
			for _, on := range []bool{true, false, true} {
				c.screenEffect(nav.SetECP{On: on})
			}
		})
		v.waitECP(true)
		v.switchECP(false)
	}
	v.switchECP(true)
	v.posts(200, "keypress/Up")
}

// freePort is a loopback address that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestECPPortInUse: the switch then shows that it is off.
func TestECPPortInUse(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v := plugInAs(t, &Agent{
		Server: newFakeServer(t).url(), Dir: t.TempDir(), Name: "Test TV",
		LAN: LAN{Listen: "127.0.0.1:0", ECP: l.Addr().String()},
	})
	v.inCore(func(c *core) { c.screenEffect(nav.SetECP{On: true}) })
	v.waitECP(false)
	v.inCore(func(c *core) {
		for c.ecp.starting { // what it posts comes next
			(<-c.queue)()
		}
		if r := c.navRemotes(); r.ECP || !r.ECPOffered {
			t.Errorf("the switch shows %+v", r)
		}
	})
	if addr := v.ecpAddr(); addr != "" {
		t.Errorf("served at %s", addr)
	}
}

func TestECPSettings(t *testing.T) {
	for _, lan := range []LAN{{ECP: ":8060"}, {Listen: ":8713", ECP: "8060"}} {
		a := &Agent{Server: "ws://127.0.0.1:1", Dir: filepath.Join(t.TempDir(), "x"), Name: "TV", LAN: lan}
		if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "LAN.ECP must be host:port") {
			t.Errorf("Start with %+v = %v", lan, err)
		}
	}
	v := plugInAs(t, &Agent{
		Server: newFakeServer(t).url(), Dir: t.TempDir(), Name: "Test TV",
		LAN: LAN{Listen: "127.0.0.1:0", ECP: "127.0.0.1:0", HotelMode: true},
	})
	v.inCore(func(c *core) {
		c.screenEffect(nav.SetECP{On: true})
		if r := c.navRemotes(); r.ECPOffered || r.ECP || c.ecp.starting {
			t.Errorf("in a hotel: %+v", r)
		}
	})
}
