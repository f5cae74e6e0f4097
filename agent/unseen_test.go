package agent

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
)

// Promise 1: when the server has the receipt, the screen shows nothing of the household
// any more, and the box's player has no grant.
func TestNothingIsSeenAfterTheReceipt(t *testing.T) {
	for _, status := range []protocol.Status{protocol.SignedOut, protocol.Stolen, protocol.Deactivated} {
		t.Run(string(status), func(t *testing.T) {
			s := newFakeServer(t)
			v := plugIn(t, s.url(), t.TempDir())
			v.signIn()
			next(t, s.receipts)
			kidsPlay(t, v)
			v.until("granted", func(c *core) bool { return v.Grant().Token != "" })
			seen := make(chan nav.View, 1)
			token := make(chan protocol.Secret, 1)
			s.change(func() {
				s.status = status
				s.onReceipt = func() { seen <- v.View(); token <- v.Grant().Token; s.onReceipt = func() {} }
			})
			view := next(t, seen)
			if want := map[protocol.Status]nav.Screen{
				protocol.SignedOut: nav.ScreenSignedOut, protocol.Stolen: nav.ScreenStolen, protocol.Deactivated: nav.ScreenDeactivated,
			}[status]; view.Screen != want {
				t.Errorf("with the receipt at the server the screen is %s, want %s", view.Screen, want)
			}
			if got := next(t, token); got != "" {
				t.Error("with the receipt at the server the player has a grant")
			}
		})
	}
}

// D4: what a household did at the TV leaves no trace in any of its files: names, titles,
// what waited to be told, counters of PINs, who watched last, grants; nor in the log.
func TestD4_NoTraceInAnyFile(t *testing.T) {
	for _, how := range []string{"from elsewhere", "here, out of contact"} {
		t.Run(how, func(t *testing.T) {
			s := newFakeServer(t)
			dir := t.TempDir()
			var log bytes.Buffer
			v := plugInLogged(t, s.url(), dir, &log)
			v.signIn()
			next(t, s.receipts)
			v.check(robin, "9999")
			kidsPlay(t, v)
			v.until("granted", func(*core) bool { return v.Grant().Token != "" })
			token := v.Grant().Token
			s.tell(protocol.Library{Number: 1, Profile: kids, List: []protocol.TitleID{"t-night"}, Last: true})
			v.until("a list", func(c *core) bool { return c.library != nil && len(c.library.List) > 0 })
			if how == "from elsewhere" {
				s.change(func() { s.mute = true })
			} else {
				s.cut()
				v.until("out of contact", func(c *core) bool { return !c.world().Online })
			}
			v.do(func(c *core) {
				c.listed(nav.ListTitle{Profile: kids, Title: "t-hill", On: true})
				c.writeOwed()
				if c.unsent() == 0 || len(c.rec.PINs) == 0 || c.rec.LastProfile != kids {
					t.Errorf("there is nothing to leave a trace: %d items, %v, %s", c.unsent(), c.rec.PINs, c.rec.LastProfile)
				}
			})
			if !holds(t, dir, []byte(robin)) || !holds(t, dir, []byte(kids)) {
				t.Error("the search does not find what is there")
			}
			if how == "from elsewhere" {
				s.change(func() { s.status = protocol.SignedOut })
			} else {
				v.do(func(c *core) { c.screenEffect(nav.SignOutHere{}) })
			}
			v.until("signed out", func(c *core) bool { return c.rec.Session.Status == protocol.SignedOut })
			for _, running := range []bool{true, false} {
				if !running {
					v.unplug()
				}
				for _, word := range []string{
					"Robin", "robin@example.com", "tv.example/account", "t-hill", "t-night", "The Hill", "Night Bus", string(robin), string(kids),
					`"pins"`, `"lastProfile"`, string(token),
				} {
					if holds(t, dir, []byte(word)) {
						t.Errorf("%q is still on the disk (running: %v)", word, running)
					}
				}
			}
			for _, word := range []string{"robin@example.com", "The Hill", string(token)} {
				if strings.Contains(log.String(), word) {
					t.Errorf("%q is in the log", word)
				}
			}
		})
	}
}

// holds reports whether any file below dir has these bytes.
func holds(t *testing.T, dir string, word []byte) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the cache is busy with its files
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, word)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return found
}
