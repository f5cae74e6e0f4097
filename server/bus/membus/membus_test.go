package membus

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
	"github.com/hearthkey/hearthkey/server/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	bustest.Run(t, func(*testing.T) []bus.Bus { return []bus.Bus{new(Bus)} })
}

func nudge(account protocol.AccountID, version protocol.Version) bus.Nudge {
	return bus.Nudge{Account: account, Version: version}
}

func library(account protocol.AccountID, number int64) bus.Nudge {
	return bus.Nudge{Account: account, Library: number}
}

// While its function is busy, a subscription keeps one nudge for each account,
// with the highest of each number, in the order of the accounts' first.
func TestNewestStandsForAll(t *testing.T) {
	var b Bus
	busy, finish, last := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var heard []bus.Nudge
	b.Subscribe(func(n bus.Nudge) {
		switch n.Account {
		case "first":
			close(busy)
			<-finish
		case "last":
			close(last)
		default:
			heard = append(heard, n)
		}
	})
	b.Publish(bus.Nudge{Account: "first"})
	<-busy
	for _, n := range []bus.Nudge{nudge("b", 1), nudge("a", 7), nudge("b", 3), nudge("a", 2), library("b", 8), library("b", 5), nudge("b", 3), nudge("last", 1)} {
		b.Publish(n)
	}
	close(finish)
	<-last
	b.Close()
	if diff := cmp.Diff([]bus.Nudge{{Account: "b", Version: 3, Library: 8}, nudge("a", 7)}, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestBound(t *testing.T) {
	dropped := 0
	b := Bus{OnDrop: func(bus.Nudge) { dropped++ }}
	busy, finish := make(chan struct{}), make(chan struct{})
	b.Subscribe(func(n bus.Nudge) {
		if n.Account == "first" {
			close(busy)
			<-finish
		}
	})
	b.Publish(bus.Nudge{Account: "first"})
	<-busy
	for i := range maxWaiting + 5 {
		b.Publish(bus.Nudge{Account: protocol.AccountID(fmt.Sprint(i)), Version: 1})
	}
	b.Publish(bus.Nudge{Account: "0", Version: 2}) // it waits already: not lost
	close(finish)
	b.Close()
	if dropped != 5 {
		t.Errorf("dropped %d nudges, want 5", dropped)
	}
}

func BenchmarkPublish(b *testing.B) {
	var m Bus
	defer m.Close()
	m.Subscribe(func(bus.Nudge) {})
	for i := 0; b.Loop(); i++ {
		m.Publish(bus.Nudge{Account: "account", Version: protocol.Version(i)})
	}
}
