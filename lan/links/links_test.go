package links_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/lan/links"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

func TestMain(m *testing.M) { lanlab.Main(m, nil) }

// named returns the link of a name, or one without a name.
func named(t *testing.T, w *links.Watch, name string) links.Link {
	t.Helper()
	list, err := w.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		if l.Name == name {
			return l
		}
	}
	return links.Link{}
}

// until waits for hints until the link of a name is as wanted.
func until(t *testing.T, w *links.Watch, name, want string, holds func(links.Link) bool) links.Link {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		if l := named(t, w, name); holds(l) {
			return l
		}
		select {
		case <-w.Changed():
		case <-deadline:
			t.Fatalf("%s: is %+v, want %s", name, named(t, w, name), want)
		}
	}
}

func has(addr string) func(links.Link) bool {
	return func(l links.Link) bool { return slices.Contains(l.Addrs, netip.MustParsePrefix(addr)) }
}

func TestWatch(t *testing.T) {
	defer goleak.VerifyNone(t)
	lab := lanlab.New(t)
	home, tv := lab.Network("home"), lab.Host("tv")
	var w *links.Watch
	tv.Do(func() {
		var err error
		if w, err = links.Open(); err != nil {
			t.Error(err)
		}
	})
	defer w.Close()
	if l := named(t, w, "lo"); !l.Loopback || l.Multicast {
		t.Errorf("the loopback = %+v", l)
	}

	port := tv.Join(home, "192.168.77.2/24", "fd00::2/64")
	first := until(t, w, port.Name, "up with an address", func(l links.Link) bool {
		return l.Up && l.Multicast && has("192.168.77.2/24")(l) && has("fd00::2/64")(l)
	})
	port.Unplug()
	until(t, w, port.Name, "without a carrier", func(l links.Link) bool { return !l.Up })
	port.Plug()
	again := until(t, w, port.Name, "up again", func(l links.Link) bool { return l.Up })
	if again.Carrier == first.Carrier {
		t.Error("a cable that was out is not told")
	}
	port.Renumber("10.9.8.7/16")
	until(t, w, port.Name, "another address", func(l links.Link) bool {
		return has("10.9.8.7/16")(l) && !has("192.168.77.2/24")(l)
	})
	port.Remove()
	until(t, w, port.Name, "gone", func(l links.Link) bool { return l.Name == "" })
}

// An IPv6 address may not be told to others before it is known to be ours alone.
func TestTriedAddressIsNone(t *testing.T) {
	lab := lanlab.New(t)
	home, tv := lab.Network("home"), lab.Host("tv")
	tv.SlowIPv6()
	var w *links.Watch
	tv.Do(func() {
		var err error
		if w, err = links.Open(); err != nil {
			t.Error(err)
		}
	})
	defer w.Close()
	port := tv.Join(home, "fd00::2/64")
	if l := named(t, w, port.Name); len(l.Addrs) != 0 {
		t.Errorf("addresses at once = %v, want none", l.Addrs)
	}
	until(t, w, port.Name, "the address", has("fd00::2/64"))
}
