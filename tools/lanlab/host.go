package lanlab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// A Host is a machine of its own, as far as the network is concerned.
type Host struct {
	lab       *Lab
	name      string
	namespace string
	slow      bool
}

// Host makes one. Its name is up to 16 letters, for messages alone.
func (l *Lab) Host(name string) *Host {
	l.t.Helper()
	return &Host{lab: l, name: name, namespace: l.namespace(name)}
}

// SlowIPv6 lets the host look for duplicates of its IPv6 addresses before it uses
// them, as hosts do: they come one to two seconds after a port is joined.
func (h *Host) SlowIPv6() { h.slow = true }

// Do runs f on this host: sockets that f makes, on its own goroutine, belong to the
// host for as long as they live, whoever uses them. Goroutines that f starts are not
// on the host.
func (h *Host) Do(f func()) {
	h.lab.t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(done) // also where f ends the goroutine, as Fatal does
		done <- h.onHost(f)
	}()
	err, ended := <-done
	switch {
	case err != nil:
		h.lab.t.Fatalf("run on host %s: %v", h.name, err)
	case !ended:
		h.lab.t.FailNow()
	}
}

// onHost moves this thread, which is locked, to the host's namespace for as long as f
// runs. The thread is given back to Go only where it is back; else it ends with its
// goroutine, and programs that were started with Pdeathsig on it are killed.
func (h *Host) onHost(f func()) error {
	ours, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("open this namespace: %w", err)
	}
	defer ours.Close()
	ns, err := os.Open("/run/netns/" + h.namespace)
	if err != nil {
		return fmt.Errorf("open namespace: %w", err)
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter namespace: %w", err)
	}
	defer func() {
		if unix.Setns(int(ours.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
	}()
	f()
	return nil
}

// Command is a program on this host, not started yet.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.namespace, name}, args...)...)
}

// Role is this test program again, on this host, as what [Main] knows by that name;
// not started yet.
func (h *Host) Role(role string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		h.lab.t.Fatalf("find this program: %v", err)
	}
	cmd := h.Command(self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// IP runs commands of ip(8) on this host, as "link set eth1 mtu 1280".
func (h *Host) IP(commands ...string) {
	h.lab.t.Helper()
	h.lab.ip(h.namespace, commands...)
}

// A Port is one interface of a host, and the cable to a network.
type Port struct {
	host  *Host
	to    *Network
	Name  string // of the interface, on the host
	far   string // of the cable's other end
	addrs []string
}

// Join puts a cable between the host and a network, and gives the new interface
// addresses, as "192.168.77.2/24" or "fd00::2/64".
func (h *Host) Join(n *Network, addrs ...string) *Port {
	h.lab.t.Helper()
	id := h.lab.made.Add(1)
	p := &Port{host: h, to: n, Name: fmt.Sprintf("eth%d", id), far: fmt.Sprintf("far%d", id), addrs: addrs}
	h.quickIPv6()
	h.lab.ip(h.namespace, fmt.Sprintf("link add %s type veth peer name %s netns %s", p.Name, p.far, n.namespace))
	h.lab.ip(n.namespace, fmt.Sprintf("link set %s master br0 up", p.far))
	h.lab.ip(h.namespace, append(p.give(addrs), "link set "+p.Name+" up")...)
	return p
}

// quickIPv6 makes addresses of later interfaces usable at once.
func (h *Host) quickIPv6() {
	if h.slow {
		return
	}
	h.Do(func() {
		for _, name := range []string{"accept_dad", "dad_transmits"} {
			// Without IPv6 there is no such file, and nothing to hurry.
			_ = os.WriteFile("/proc/sys/net/ipv6/conf/default/"+name, []byte("0"), 0)
		}
	})
}

func (p *Port) give(addrs []string) []string {
	var out []string
	for _, a := range addrs {
		out = append(out, "address add "+a+" dev "+p.Name)
	}
	return out
}

// Unplug takes the cable out: the interface stays, with its addresses, without a
// carrier.
func (p *Port) Unplug() {
	p.host.lab.t.Helper()
	p.host.lab.ip(p.to.namespace, "link set "+p.far+" down")
}

// Plug puts the cable in again.
func (p *Port) Plug() {
	p.host.lab.t.Helper()
	p.host.lab.ip(p.to.namespace, "link set "+p.far+" up")
}

// Move puts the cable into another network.
func (p *Port) Move(n *Network) {
	p.host.lab.t.Helper()
	p.host.lab.ip(p.to.namespace, "link set "+p.far+" nomaster", "link set "+p.far+" netns "+n.namespace)
	p.host.lab.ip(n.namespace, "link set "+p.far+" master br0 up")
	p.to = n
}

// Renumber replaces the addresses that Join or Renumber gave.
func (p *Port) Renumber(addrs ...string) {
	p.host.lab.t.Helper()
	var commands []string
	for _, a := range p.addrs {
		commands = append(commands, "address delete "+a+" dev "+p.Name)
	}
	p.host.lab.ip(p.host.namespace, append(commands, p.give(addrs)...)...)
	p.addrs = addrs
}

// Remove takes the whole interface away, as pulling a USB adapter does.
func (p *Port) Remove() {
	p.host.lab.t.Helper()
	p.host.lab.ip(p.host.namespace, "link delete "+p.Name)
}
