package benchlan

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/lan"
	"github.com/hearthkey/hearthkey/lan/mdns"
	"github.com/hearthkey/hearthkey/tools/lanlab"
	"github.com/hearthkey/hearthkey/tools/lanlab/avahi"
)

var finds = flag.Int("finds", 0, "measure discovery with so many cables and renumberings, and print figures; 0: not at all")

// places are a network with our TV and one that avahi makes known, and a phone.
type places struct {
	t     *testing.T
	phone *lanlab.Host
	ports [2]*lanlab.Port // ours, avahi's
	watch *lan.Watcher
	seen  chan []lan.Peer
	last  []lan.Peer
}

var names = [2]string{"Ours", "Theirs"}

func told(i int) lan.About {
	return lan.About{ID: fmt.Sprintf("%016x", i), Name: names[i], Features: lan.Remotes, Fingerprint: "00112233445566aa"}
}

func newPlaces(t *testing.T) *places {
	lab := lanlab.New(t)
	home := lab.Network("home")
	ours, theirs := lab.Host("ours"), lab.Host("theirs")
	p := &places{t: t, phone: lab.Host("phone"), seen: make(chan []lan.Peer, 10_000)}
	p.ports = [2]*lanlab.Port{ours.Join(home, "192.168.78.2/24"), theirs.Join(home, "192.168.78.3/24")}
	p.phone.Join(home, "192.168.78.9/24")
	p.phone.Do(func() {
		var err error
		if p.watch, err = lan.Watch(lan.Settings{}, lan.TV, func(l []lan.Peer) { p.seen <- l }); err != nil {
			t.Error(err)
		}
	})
	ours.Do(func() {
		a, err := lan.Advertise(lan.Settings{}, lan.Announcement{Type: lan.TV, Port: 8712, About: told(0)})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = a.Close() })
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() { _ = p.watch.Close() })
	a := told(1)
	publish := avahi.Start(t, theirs).Publish(a.Name, string(lan.TV), 8712, "txtvers=1", "id="+a.ID, "fn="+a.Name, "ca=1", "fp="+a.Fingerprint)
	if err := publish.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = publish.Process.Kill(); _ = publish.Wait() })
	p.timed("both are there", time.Now(), at("192.168.78.2", "192.168.78.3"))
	return p
}

// at is where our TV and avahi's are to be seen; empty: not at all.
func at(ours, theirs string) [2]string { return [2]string{ours, theirs} }

// timed waits until both are seen where they are wanted, and returns how long each
// took, in ms.
func (p *places) timed(what string, since time.Time, want [2]string) (took [2]float64) {
	p.t.Helper()
	deadline := time.After(2 * time.Minute)
	var done [2]bool
	for {
		var is [2]string
		for _, peer := range p.last {
			for _, a := range peer.Addrs {
				if a.Addr().Is4() {
					i := 0
					if peer.ID == told(1).ID {
						i = 1
					}
					is[i] += a.Addr().String()
				}
			}
		}
		for i := range is {
			if is[i] == want[i] && !done[i] {
				done[i], took[i] = true, ms(time.Since(since))
			}
		}
		if done[0] && done[1] {
			return took
		}
		select {
		case p.last = <-p.seen:
		case <-deadline:
			p.t.Fatalf("%s: seen %+v", what, p.last)
		}
	}
}

// gone has the phone forget both, which say no goodbye without a cable.
func (p *places) gone() {
	for len(p.last) > 0 {
		for _, peer := range p.last {
			p.watch.Reconfirm(peer)
		}
		select {
		case p.last = <-p.seen:
		case <-time.After(4 * time.Second):
		}
	}
}

// resolved is how long a question for a service that is known by name takes until its
// answer, in ms: as a program asks that is no mDNS responder itself.
func (p *places) resolved(conn *net.UDPConn, name string) float64 {
	p.t.Helper()
	m := mdns.Message{ID: 1, Questions: []mdns.Question{{Name: name + "." + string(lan.TV) + ".local.", Type: mdns.TypeSRV}}}
	b, err := m.Encode()
	if err != nil {
		p.t.Fatal(err)
	}
	begun := time.Now()
	if _, err := conn.WriteToUDPAddrPort(b, netip.AddrPortFrom(mdns.GroupV4, mdns.Port)); err != nil {
		p.t.Fatal(err)
	}
	if err := conn.SetReadDeadline(begun.Add(5 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	answer := make([]byte, mdns.MaxPacket)
	for {
		n, _, err := conn.ReadFromUDPAddrPort(answer)
		if err != nil {
			p.t.Fatalf("%s is not resolved: %v", name, err)
		}
		if got, err := mdns.Decode(answer[:n]); err == nil && len(got.Answers) > 0 && strings.HasPrefix(got.Answers[0].Name, name) {
			return ms(time.Since(begun))
		}
	}
}

// quiet is how long nothing has happened before somebody looks: after it no answer is
// put off for having been given just now.
const quiet = 4500 * time.Millisecond

// browsed is how long somebody who just began to look takes to find our TV, in ms.
func (p *places) browsed() float64 {
	p.t.Helper()
	found := make(chan struct{}, 100)
	begun := time.Now()
	p.phone.Do(func() {
		w, err := lan.Watch(lan.Settings{}, lan.TV, func(l []lan.Peer) {
			for _, peer := range l {
				if peer.ID == told(0).ID {
					found <- struct{}{}
				}
			}
		})
		if err != nil {
			p.t.Error(err)
			return
		}
		p.t.Cleanup(func() { _ = w.Close() })
	})
	<-found
	return ms(time.Since(begun))
}

// TestDiscovery prints how soon a TV is found, with avahi's in the same run beside it.
func TestDiscovery(t *testing.T) {
	if *finds == 0 {
		t.Skip("not measured: -finds says how often; package lan tests that it works")
	}
	p := newPlaces(t)
	var up, moved, resolve [2][]float64
	var browse []float64
	both := func(to *[2][]float64, took [2]float64) {
		for i := range took {
			to[i] = append(to[i], took[i])
		}
	}
	for i := range *finds {
		<-time.After(quiet)
		browse = append(browse, p.browsed())
		for _, port := range p.ports {
			port.Unplug()
		}
		p.gone()
		begun := time.Now()
		for _, port := range p.ports {
			port.Plug()
		}
		was := at(fmt.Sprintf("192.168.78.%d", 2+10*i%200), fmt.Sprintf("192.168.78.%d", 3+10*i%200))
		both(&up, p.timed("the cables are in", begun, was))
		to := at(fmt.Sprintf("192.168.78.%d", 2+10*(i+1)%200), fmt.Sprintf("192.168.78.%d", 3+10*(i+1)%200))
		begun = time.Now()
		for j, port := range p.ports {
			port.Renumber(to[j] + "/24")
		}
		both(&moved, p.timed("other addresses", begun, to))
	}
	var conn *net.UDPConn
	p.phone.Do(func() {
		var err error
		if conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(192, 168, 78, 9)}); err != nil {
			t.Fatal(err)
		}
	})
	defer conn.Close()
	for range 20 * *finds {
		<-time.After(20 * time.Millisecond) // more than a neighbour asks, less than a flood
		both(&resolve, [2]float64{p.resolved(conn, names[0]), p.resolved(conn, names[1])})
	}
	const p95 = 0.95
	figure("lan.visible_p95", quantile(p95, up[0]), "ms", quantile(p95, up[1]), 1500)
	figure("lan.resolve_p95", quantile(p95, resolve[0]), "ms", quantile(p95, resolve[1]), 100)
	figure("lan.renumbered_p95", quantile(p95, moved[0]), "ms", quantile(p95, moved[1]), 3000)
	figure("lan.browse_p95", quantile(p95, browse), "ms", 0, 0)
}
