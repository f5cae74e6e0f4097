package agent

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
)

// saves is how often the vault was written so far: the higher sequence number of
// its two slots.
func saves(t *testing.T, dir string) uint64 {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "vault"))
	if err != nil || len(data) < 2*vault.SlotSize {
		t.Fatalf("vault of %d bytes: %v", len(data), err)
	}
	const seqAt = 12 // behind magic and flags
	return max(binary.BigEndian.Uint64(data[seqAt:]), binary.BigEndian.Uint64(data[vault.SlotSize+seqAt:]))
}

// TestFlashWrites holds how often the vault is written for what a family does
// often; docs/performance.md reckons a busy day from it.
func TestFlashWrites(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v, _ := onTestClock(t, s, dir)
	play := func(n int) {
		title := protocol.TitleID(fmt.Sprint("title-", n))
		p := nav.Playback{Profile: kids, Title: title, Length: 5400}
		v.do(func(c *core) {
			c.screenEffect(nav.StartTitle{Playback: p})
			p.Position = 60
			c.screenEffect(nav.ProgressTitle{Playback: p})
			c.screenEffect(nav.StopTitle{Playback: p})
		})
		for range 3 {
			next(t, s.activity)
		}
		s.tell(protocol.Library{Number: int64(n), Profile: kids, List: []protocol.TitleID{title}, Last: true})
		v.until("acknowledged", func(c *core) bool { return c.unsent() == 0 })
	}
	play(1) // reserves numbers for the next 256 items
	for _, tt := range []struct {
		what string
		do   func()
		want uint64
	}{
		{"a wrong PIN", func() { v.check(robin, "9999") }, 1},
		{"a right PIN", func() { v.check(robin, robinPIN) }, 2},
		{"a right PIN that opens another profile than the last", func() {
			v.press(keyseq.OK)
			v.enter(robinPIN)
			v.waitScreen(nav.ScreenHome)
			v.until("checked", func(c *core) bool { return c.checking == "" && c.rec.LastProfile == robin })
		}, 2},
		{"a play, told to the server and answered with a library", func() { play(2) }, 0},
		{"other devices' counts", func() {
			s.tell(counts(1, 1, 1))
			v.until("told", func(c *core) bool { return c.rec.Tries == 1 })
		}, 1},
		{"the same profile again", func() { v.do(func(c *core) { c.selectProfile(kids); c.selectProfile(""); c.selectProfile(kids) }) }, 1},
	} {
		before := saves(t, dir)
		tt.do()
		if got := saves(t, dir) - before; got != tt.want {
			t.Errorf("%s: the vault is written %d times, want %d", tt.what, got, tt.want)
		}
	}
}

// What the server acknowledges at once is never written; what it does not, within
// seconds; and out of contact all is written at once.
func TestActivityIsWrittenWhereItMustBe(t *testing.T) {
	s := newFakeServer(t)
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	next(t, s.receipts)
	start := func(title protocol.TitleID) {
		v.do(func(c *core) {
			c.screenEffect(nav.StartTitle{Playback: nav.Playback{Profile: kids, Title: title, Length: 5400}})
		})
	}
	start("t-hill")
	next(t, s.activity)
	v.until("acknowledged", func(c *core) bool { return c.unsent() == 0 })
	v.do(func(c *core) {
		if c.cache.Unwritten() {
			t.Error("what is acknowledged waits to be written")
		}
	})
	s.change(func() { s.mute = true })
	start("t-night")
	next(t, s.activity)
	v.do(func(c *core) {
		if !c.owing || !c.cache.Unwritten() {
			t.Error("what is on its way is written already, or never will be")
		}
		c.writeOwed()
		if c.owing || c.cache.Unwritten() || c.unsent() != 1 {
			t.Error("what is not acknowledged is not written")
		}
	})
	s.cut()
	v.until("out of contact", func(c *core) bool { return !c.world().Online })
	start("t-hill")
	v.do(func(c *core) {
		if c.cache.Unwritten() || c.unsent() != 2 {
			t.Error("out of contact a title was begun, and that is not on the disk")
		}
	})
}
