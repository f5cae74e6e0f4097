package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/lan"
)

// discover runs the command on the computer.
func (h *home) discover(args ...string) string {
	h.t.Helper()
	out, err := h.laptop.Role("hearthkey", append([]string{"discover"}, args...)...).CombinedOutput()
	if err != nil {
		h.t.Errorf("hearthkey discover %v: %v", args, err)
	}
	return string(out)
}

// settled waits until the TV is known, which takes a second.
func (h *home) settled() []found {
	h.t.Helper()
	for range 10 {
		var all []found
		if err := json.Unmarshal([]byte(h.discover("--json")), &all); err != nil {
			h.t.Fatal(err)
		}
		if len(all) > 0 {
			return all
		}
	}
	h.t.Fatal("the TV is not found")
	return nil
}

// TestD11_Discover: a TV is listed with what is told of it, and leaves the list when it
// ends.
func TestD11_Discover(t *testing.T) {
	t.Parallel()
	h := newHome(t, agent.LAN{Listen: ":8713"})
	all := h.settled()
	got := all[0]
	if len(all) != 1 || got.Name != "Living room" || got.Addresses[0] != "192.168.77.2:8713" || len(got.ID) != 16 || len(got.Fingerprint) != 16 || !got.Remotes || got.Pairing {
		t.Errorf("discover --json = %+v", all)
	}
	if table := h.discover(); !strings.Contains(table, "NAME") || !strings.Contains(table, "Living room  -      192.168.77.2:8713 (+1)  "+got.ID) {
		t.Errorf("discover =\n%s", table)
	}

	watch := h.laptop.Role("hearthkey", "discover", "--watch", "--json")
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = watch.Process.Kill(); _ = watch.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), got.ID) {
		t.Errorf("discover --watch begins with %q", lines.Text())
	}
	if err := h.tv.Close(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() && lines.Text() != "[]" {
	}
	if lines.Text() != "[]" {
		t.Errorf("discover --watch ends with %q", lines.Text())
	}
	if none := h.discover(); !strings.Contains(none, "No TV was found") {
		t.Errorf("without a TV: %s", none)
	}
	if out, err := h.laptop.Role("hearthkey", "discover", "--wait", "100ms", "--interface", "eth9").CombinedOutput(); err == nil || !strings.Contains(string(out), "no such network interface") {
		t.Errorf("on no interface: %v %s", err, out)
	}
}

// TestD11_DiscoverOnThisMachine: a TV that serves this machine alone, as the demo's, is
// found from here, and nobody else hears of it.
func TestD11_DiscoverOnThisMachine(t *testing.T) {
	t.Parallel()
	h := newHome(t, agent.LAN{Listen: "127.0.0.1:8713"})
	other := h.laptop
	h.laptop = h.host
	if all := h.settled(); all[0].Addresses[0] != "127.0.0.1:8713" {
		t.Errorf("on the TV's own machine: %+v", all)
	}
	h.laptop = other
	if out := h.discover(); !strings.Contains(out, "No TV was found") {
		t.Errorf("on another: %s", out)
	}
	h.port.Remove()
	h.laptop = h.host
	if err := h.tv.Close(); err != nil {
		t.Error(err)
	}
	if out, err := h.host.Role("hearthkey", "discover", "--wait", "100ms").CombinedOutput(); err == nil || !strings.Contains(string(out), "on no network") {
		t.Errorf("without a network: %v %s", err, out)
	}
}

// In a hotel a TV is listed only while a remote is being paired.
func TestD11_DiscoverInAHotel(t *testing.T) {
	t.Parallel()
	h := newHome(t, agent.LAN{Listen: ":8713", HotelMode: true})
	if out := h.discover("--wait", "2s"); !strings.Contains(out, "No TV was found") {
		t.Errorf("in a hotel: %s", out)
	}
	h.code()
	if got := h.settled()[0]; !got.Pairing {
		t.Errorf("while pairing: %+v", got)
	}
}

func TestPrintPeers(t *testing.T) {
	list := []lan.Peer{
		{About: lan.About{Name: "Dr. Who", Model: "Box 3", ID: "0000000000000001", Version: "1.2", Features: lan.Remotes | lan.Pairing, Fingerprint: "f"}, Label: "Dr Who (2)", Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.168.1.2:8713"), netip.MustParseAddrPort("[fe80::1%eth0]:8713")}},
		{About: lan.About{Name: "TV (2)", ID: "0000000000000002"}, Label: "TV (2)", Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.168.1.3:8713")}},
	}
	var out bytes.Buffer
	if err := (discoverCmd{}).print(terminal{out: &out}, list, false); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"NAME         MODEL  ADDRESS                ID                VERSION  PAIRING\n" +
		"Dr. Who (2)  Box 3  192.168.1.2:8713 (+1)  0000000000000001  1.2      open\n" +
		"TV (2)       -      192.168.1.3:8713       0000000000000002  -        -\n"
	if out.String() != want {
		t.Errorf("table =\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	if err := (discoverCmd{JSON: true}).print(terminal{out: &out}, nil, true); err != nil || out.String() != "[]\n" {
		t.Errorf("nothing as JSON = %q, %v", out.String(), err)
	}
	out.Reset()
	if err := (discoverCmd{Servers: true}).print(terminal{out: &out}, nil, false); err != nil || !strings.Contains(out.String(), "--advertise") {
		t.Errorf("no server = %q, %v", out.String(), err)
	}
}
