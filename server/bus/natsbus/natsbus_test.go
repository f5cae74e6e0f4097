package natsbus

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/server/bus"
	"github.com/hearthkey/hearthkey/server/bus/bustest"
	"github.com/hearthkey/hearthkey/server/bus/natsbus/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, address string) *Bus {
	t.Helper()
	b, err := Open(address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// apart keeps the tests of one nats-server apart.
func apart(t *testing.T, url string) string {
	return fmt.Sprintf("%s?subject=t%d", url, time.Now().UnixNano())
}

func TestConformance(t *testing.T) {
	t.Run("one server", func(t *testing.T) {
		cluster := natstest.Start(t, 1)
		bustest.Run(t, func(t *testing.T) []bus.Bus {
			address := apart(t, cluster.URL(0))
			return []bus.Bus{open(t, address), open(t, address)}
		})
	})
	t.Run("three servers", func(t *testing.T) {
		cluster := natstest.Start(t, 3)
		bustest.Run(t, func(t *testing.T) []bus.Bus {
			nodes := make([]bus.Bus, 3)
			at := time.Now().UnixNano()
			for i := range nodes {
				nodes[i] = open(t, fmt.Sprintf("%s?subject=t%d", cluster.URL(i), at))
			}
			return nodes
		})
	})
	t.Run("no server", func(t *testing.T) { // a node alone works
		bustest.Run(t, func(t *testing.T) []bus.Bus { return []bus.Bus{open(t, "nats://127.0.0.1:9")} })
	})
}

// A NATS server may die at any moment: nodes go over to another one, and those that
// have one only come back when it does.
func TestServersDie(t *testing.T) {
	cluster := natstest.Start(t, 3)
	all := cluster.URL(0) + "," + cluster.URL(1) + "," + cluster.URL(2)
	a, b := open(t, all), open(t, cluster.URL(1))
	defer a.Close()
	defer b.Close()
	heard := make(chan bus.Nudge, 1000)
	defer b.Subscribe(func(n bus.Nudge) { heard <- n })()
	version := int64(0)
	arrives := func(when string) {
		t.Helper()
		version++
		want := bus.Nudge{Account: "a", Library: version}
		again, late := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
		defer again.Stop()
		for a.Publish(want); ; {
			select {
			case got := <-heard:
				if got == want {
					return
				}
			case <-again.C:
				a.Publish(want)
			case <-late:
				t.Fatalf("%s: nothing arrives", when)
			}
		}
	}
	arrives("at first")
	for round := range 2 {
		for i := range 3 {
			cluster.Kill(i)
			a.Publish(bus.Nudge{Account: "lost", Version: 1}) // does not wait
			if i != 1 {
				arrives(fmt.Sprintf("round %d, without server %d", round, i))
			}
			cluster.Restart(t, i)
			arrives(fmt.Sprintf("round %d, with server %d again", round, i))
		}
	}
}

// Nudges that are doubled, late, out of order or nonsense, and messages that are too
// long, harm nobody: the highest numbers are heard, and what comes after them.
func TestFaultyNetwork(t *testing.T) {
	cluster := natstest.Start(t, 1)
	b := open(t, cluster.URL(0))
	defer b.Close()
	stranger, err := nats.Connect(cluster.URL(0))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	heard, told := make(chan bus.Nudge, 1000), make(chan string, 1000)
	defer b.Subscribe(func(n bus.Nudge) { heard <- n })()
	defer b.Receive("n", func(data []byte) { told <- string(data) })()
	if err := b.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	send := func(subject, data string) {
		if err := stranger.Publish("hearthkey."+subject, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []int{3, 1, 3, 9, 2, 9, 4} {
		send(fmt.Sprint("nudge.", v), fmt.Sprintf(`{"a":"x","v":%d}`, v))
		send("nudge.7", strings.Repeat("nonsense", v*100))
	}
	send("nudge.0", `{"a":"x","v":-9}`)
	send("nudge.0", `{"a":"last"}`)
	send("node.n", strings.Repeat("x", bus.MaxMessage+1))
	send("node.n", "last")
	highest, late := bus.Nudge{Account: "x"}, time.After(20*time.Second)
	for done := 0; done < 2; {
		select {
		case n := <-heard:
			switch n.Account {
			case "x":
				highest = highest.Join(n)
			case "last":
				done++
			default:
				t.Errorf("heard %+v", n)
			}
		case text := <-told:
			if text != "last" {
				t.Errorf("a message of %d bytes", len(text))
			}
			done++
		case <-late:
			t.Fatal("what comes after the nonsense is not heard")
		}
	}
	if highest.Version != 9 {
		t.Errorf("heard up to %+v, want version 9", highest)
	}
}

// What others write into NATS is read within bounds.
func TestDecode(t *testing.T) {
	for text, want := range map[string]bus.Nudge{
		`{"a":"x","v":3,"l":4}`:                             {Account: "x", Version: 3, Library: 4},
		`{"a":"x","new":[1]}`:                               {Account: "x"},
		`{"a":"","v":3}`:                                    {},
		`{"a":"x","v":-1}`:                                  {},
		`{"a":"x","l":-1}`:                                  {},
		`{"a":"x","v":1e30}`:                                {},
		`{"a":"` + strings.Repeat("x", 129) + `"}`:          {},
		`{"a":"x","y":"` + strings.Repeat("x", 1100) + `"}`: {},
		`[]`: {}, ``: {}, `{`: {}, `null`: {},
	} {
		got, err := decode([]byte(text))
		if got != want || (err == nil) != (want.Account != "") {
			t.Errorf("decode(%.40q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, n := range []bus.Nudge{{Account: "x", Version: 1 << 60, Library: 1 << 60}, {Account: "y"}} {
		data, err := encode(n)
		if got, decodeErr := decode(data); err != nil || decodeErr != nil || got != n {
			t.Errorf("%+v came back as %+v, %v, %v", n, got, err, decodeErr)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":"x","v":3,"l":4}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := decode(data)
		if err != nil {
			return
		}
		again, err := encode(n)
		if err != nil || len(again) > maxNudge {
			t.Fatalf("encode(%+v) = %d bytes, %v", n, len(again), err)
		}
		if back, err := decode(again); err != nil || back != n {
			t.Errorf("%+v came back as %+v, %v", n, back, err)
		}
	})
}

func TestAddresses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2hunter2"
	for text, want := range map[string]error{
		"nats://127.0.0.1:4222":                                              nil,
		"nats://localhost,nats://[::1]:4222":                                 nil,
		"tls://anna:" + secret + "@nats.example:4222":                        nil,
		"nats://nats.example:4222?tls=none":                                  nil,
		"tls://nats.example?creds=" + file + "&ca=" + file + "&subject=tv-1": nil,
		"tls://nats.example?cert=" + file + "&key=" + file:                   nil,
		"nats://anna:" + secret + "@nats.example":                            ErrPlain,
		"nats://127.0.0.1,nats://nats.example":                               ErrPlain,
		"":                                                                   ErrAddress,
		"127.0.0.1:4222":                                                     ErrAddress,
		"http://127.0.0.1:4222":                                              ErrAddress,
		"nats://127.0.0.1/path":                                              ErrAddress,
		"nats://anna:" + secret + "%zz@127.0.0.1":                            ErrAddress,
		"nats://127.0.0.1?tls=perhaps":                                       ErrAddress,
		"nats://127.0.0.1?subject=a.b":                                       ErrAddress,
		"nats://127.0.0.1?subject=":                                          ErrAddress,
		"nats://127.0.0.1?ca=/nowhere":                                       ErrAddress,
		"nats://127.0.0.1?cert=" + file:                                      ErrAddress,
		"nats://127.0.0.1?colour=red":                                        ErrAddress,
		"nats://127.0.0.1?%zz":                                               ErrAddress,
		"nats://127.0.0.1" + strings.Repeat(",nats://127.0.0.1", 40):         ErrAddress,
	} {
		_, err := parse(text)
		if !errors.Is(err, want) || want == nil && err != nil || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("parse(%.60q) = %v, want %v", text, err, want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("tls://a:4222,tls://b?subject=x&tls=none")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := parse(text); err == nil && (!named(a.prefix) || a.servers == "") {
			t.Errorf("parse(%q) = %+v", text, a)
		}
	})
}
