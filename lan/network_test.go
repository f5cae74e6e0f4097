package lan_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/lan"
	"github.com/hearthkey/hearthkey/tools/lanlab"
)

// flat waits until there are as many goroutines and descriptors as at first.
func flat(t *testing.T, goroutines, descriptors int) {
	t.Helper()
	var g, d int
	for range 100 {
		if g, d = runtime.NumGoroutine(), openFiles(t); g <= goroutines && d <= descriptors {
			return
		}
		runtime.Gosched()
		time.Sleep(20 * time.Millisecond) // what ends ends soon, or the test fails
	}
	t.Errorf("%d goroutines and %d descriptors, at first %d and %d", g, d, goroutines, descriptors)
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// reached waits until a peer has exactly these addresses.
func (w *watcher) reached(within time.Duration, want ...string) {
	w.t.Helper()
	w.until(within, fmt.Sprintf("one TV at %q", want), func(l []lan.Peer) bool {
		var got []string
		for _, p := range l {
			for _, a := range p.Addrs {
				if !a.Addr().Is6() {
					got = append(got, a.Addr().String())
				}
			}
		}
		return slices.Equal(got, want)
	})
}

// TestD11_Network: a TV is found wherever its cables and addresses go.
func TestD11_Network(t *testing.T) {
	t.Parallel()
	lab := lanlab.New(t)
	living, guests := lab.Network("living"), lab.Network("guests")
	tv, phone, guest := lab.Host("tv"), lab.Host("phone"), lab.Host("guest")
	port := tv.Join(living, "192.168.77.2/24")
	phone.Join(living, "192.168.77.3/24")
	guest.Join(guests, "10.0.0.3/24")
	inside, outside := watch(t, phone), watch(t, guest)
	advertise(t, tv, about("TV", "1"))
	inside.reached(patience, "192.168.77.2")

	port.Renumber("192.168.77.22/24")
	inside.reached(patience, "192.168.77.22")

	second := tv.Join(guests, "10.0.0.2/24") // two networks, each with its own address
	outside.reached(patience, "10.0.0.2")
	inside.reached(time.Second, "192.168.77.22")

	port.Unplug() // without a goodbye: who cannot reach it asks again
	inside.gone()
	port.Plug()
	inside.reached(patience, "192.168.77.22")
	outside.reached(time.Second, "10.0.0.2")

	second.Remove()
	outside.gone()

	port.Move(guests) // the cable in another network
	port.Renumber("10.0.0.22/24")
	outside.reached(patience, "10.0.0.22")
}

// Two networks may each have a TV of the same name and even the same id: who is on
// both sees both, and which is the right one its key tells.
func TestD11_TwoNetworksAndAnImpostor(t *testing.T) {
	t.Parallel()
	lab := lanlab.New(t)
	one, two := lab.Network("one"), lab.Network("two")
	a, b, phone := lab.Host("a"), lab.Host("b"), lab.Host("phone")
	a.Join(one, "192.168.77.2/24")
	b.Join(two, "192.168.78.2/24")
	phone.Join(one, "192.168.77.3/24")
	phone.Join(two, "192.168.78.3/24")
	advertise(t, a, about("TV", "1"))
	impostor := about("TV", "1")
	impostor.Fingerprint = "ffffffffffffffff"
	advertise(t, b, impostor)
	w := watch(t, phone)
	w.labels(patience, "TV", "TV")
	if w.last[0].Fingerprint != "00112233445566aa" || w.last[1].Fingerprint != "ffffffffffffffff" {
		t.Errorf("seen %+v", w.last)
	}

	both := lab.Host("both") // one TV on both is one, with two addresses
	both.Join(one, "192.168.77.9/24")
	both.Join(two, "192.168.78.9/24")
	advertise(t, both, about("Kitchen", "2"))
	w.until(patience, "one kitchen with two addresses", func(l []lan.Peer) bool {
		return len(l) == 3 && l[0].Label == "Kitchen" && len(l[0].Addrs) == 4 &&
			l[0].Addrs[0] == netip.MustParseAddrPort("192.168.77.9:8712") && l[0].Addrs[1] == netip.MustParseAddrPort("192.168.78.9:8712")
	})
}

// A killed TV says no goodbye, and comes back under its name.
func TestD11_Kill(t *testing.T) {
	t.Parallel()
	ours, theirs := home(t)
	w := watch(t, theirs)
	for range 2 {
		cmd := ours.Role("advertise", "TV", "1")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.labels(patience, "TV")
		killTree(t, cmd)
		_ = cmd.Wait() // it says that it was killed
		w.gone()
	}
}

// In hotel mode a TV is known only while somebody may pair.
func TestD11_Hidden(t *testing.T) {
	t.Parallel()
	ours, theirs := home(t)
	w := watch(t, theirs)
	var a *lan.Advertiser
	ours.Do(func() {
		var err error
		if a, err = lan.Hidden(lan.Settings{}, lan.TV); err != nil {
			t.Error(err)
		}
	})
	defer a.Close()
	pairing := about("TV", "1")
	pairing.Features |= lan.Pairing
	for range 2 {
		if err := a.Update(lan.Announcement{Port: 8712, About: pairing}); err != nil {
			t.Fatal(err)
		}
		w.labels(patience, "TV")
		if w.last[0].Features&lan.Pairing == 0 {
			t.Errorf("seen %+v", w.last)
		}
		a.Hide()
		w.labels(patience)
	}
}

// TestR11_Flaps: a thousand times without a cable, and forty interfaces that come and
// go, which is more than the groups that a socket can be in, leave nothing behind.
func TestR11_Flaps(t *testing.T) {
	lab := lanlab.New(t)
	net := lab.Network("home")
	tv, phone := lab.Host("tv"), lab.Host("phone")
	port := tv.Join(net, "192.168.77.2/24")
	phone.Join(net, "192.168.77.3/24")
	before := goleak.IgnoreCurrent()
	w, a := watch(t, phone), advertise(t, tv, about("TV", "1"))
	w.reached(patience, "192.168.77.2")
	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)

	var flaps []string
	for range 1000 {
		flaps = append(flaps, "link set "+port.Name+" down", "link set "+port.Name+" up")
	}
	tv.IP(flaps...)
	for range 40 {
		tv.Join(net, "192.168.77.40/24").Remove()
	}
	w.Reconfirm(w.last[0])
	w.reached(patience, "192.168.77.2")
	flat(t, goroutines, descriptors)

	other := lab.Host("other") // and the last of many interfaces works
	other.Join(net, "192.168.77.4/24")
	late := watch(t, other)
	port.Remove()
	tv.Join(net, "192.168.77.5/24")
	late.reached(patience, "192.168.77.5")
	for _, close := range []func() error{a.Close, w.Close, late.Close} {
		if err := close(); err != nil {
			t.Error(err)
		}
	}
	goleak.VerifyNone(t, before)
}

func TestBrowse(t *testing.T) {
	t.Parallel()
	ours, theirs := home(t)
	advertise(t, ours, about("TV", "1"))
	w := watch(t, ours)
	w.labels(patience, "TV")
	for range 2 { // asked again and again, nobody is missed
		theirs.Do(func() {
			list, err := lan.Browse(context.Background(), lan.Settings{}, lan.TV, 1300*time.Millisecond)
			if err != nil || len(list) != 1 {
				t.Errorf("Browse = %+v, %v", list, err)
			}
		})
	}
	theirs.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := lan.Browse(ctx, lan.Settings{}, lan.TV, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("Browse without time: %v", err)
		}
		if _, err := lan.Browse(context.Background(), lan.Settings{Interfaces: []string{"none"}}, lan.TV, 0); !errors.Is(err, lan.ErrNoNetwork) {
			t.Errorf("Browse without a network: %v", err)
		}
	})
}
