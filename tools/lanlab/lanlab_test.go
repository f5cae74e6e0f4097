package lanlab_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/lanlab"
)

func TestMain(m *testing.M) {
	lanlab.Main(m, map[string]func([]string) int{
		"interfaces": func([]string) int {
			all, err := net.Interfaces()
			if err != nil {
				return 1
			}
			for _, i := range all {
				fmt.Fprintln(os.Stdout, i.Name)
			}
			return 0
		},
	})
}

// group is a multicast address that nobody else uses.
var group = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 199), Port: 9199}

// hears reports whether a multicast datagram of one host is heard on the other.
func hears(t *testing.T, from, to *lanlab.Host, fromPort, toPort *lanlab.Port) bool {
	t.Helper()
	var in *net.UDPConn
	to.Do(func() {
		i, err := net.InterfaceByName(toPort.Name)
		if err != nil {
			t.Fatal(err)
		}
		if in, err = net.ListenMulticastUDP("udp4", i, group); err != nil {
			t.Fatal(err)
		}
	})
	defer in.Close()
	from.Do(func() {
		i, err := net.InterfaceByName(fromPort.Name)
		if err != nil {
			t.Fatal(err)
		}
		addrs, err := i.Addrs()
		if err != nil {
			t.Fatal(err)
		}
		out, err := net.DialUDP("udp4", &net.UDPAddr{IP: addrs[0].(*net.IPNet).IP}, group)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		_, _ = out.Write([]byte("hello")) // without a cable it fails
	})
	if err := in.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 16)
	n, _, err := in.ReadFrom(b)
	return err == nil && string(b[:n]) == "hello"
}

func TestLab(t *testing.T) {
	lab := lanlab.New(t)
	home, guests := lab.Network("home"), lab.Network("guests")
	tv, phone := lab.Host("tv"), lab.Host("phone")
	tvPort := tv.Join(home, "192.168.77.2/24")
	phonePort := phone.Join(home, "192.168.77.3/24")

	if !hears(t, tv, phone, tvPort, phonePort) {
		t.Error("the phone does not hear the TV")
	}
	tvPort.Unplug()
	if hears(t, tv, phone, tvPort, phonePort) {
		t.Error("the phone hears the TV without a cable")
	}
	tvPort.Plug()
	tvPort.Renumber("192.168.77.9/24")
	if !hears(t, tv, phone, tvPort, phonePort) {
		t.Error("the phone does not hear the TV after it was renumbered")
	}
	phonePort.Move(guests)
	if hears(t, tv, phone, tvPort, phonePort) {
		t.Error("the phone hears the TV from another network")
	}

	out, err := tv.Role("interfaces").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(out)); len(got) != 2 || got[0] != "lo" || got[1] != tvPort.Name {
		t.Errorf("the TV's interfaces = %q, want lo and %s", got, tvPort.Name)
	}
	tvPort.Remove()
	if out, err := tv.Command("ip", "-br", "link").Output(); err != nil || strings.Contains(string(out), tvPort.Name) {
		t.Errorf("a removed port is there: %s %v", out, err)
	}
}
