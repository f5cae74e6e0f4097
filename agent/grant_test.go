package agent

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// grants collects what OnGrant was told.
type grants struct {
	mu  sync.Mutex
	all []Grant
}

func (g *grants) add(one Grant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, one)
}

// tokens are the different ones so far.
func (g *grants) tokens() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]bool{}
	for _, one := range g.all {
		if one.Token != "" {
			out[string(one.Token)] = true
		}
	}
	return out
}

// kidsPlay has the kids profile play a title.
func kidsPlay(t *testing.T, v *tv) {
	t.Helper()
	v.press(keyseq.Right, keyseq.OK)
	v.waitScreen(nav.ScreenHome)
	if err := v.Launch("t-hill", parental.DeepLink); err != nil {
		t.Fatal(err)
	}
	v.waitScreen(nav.ScreenPlayer)
}

// The box's player gets a grant when a title starts, another before it ends, and
// none after the title; no log has one, and nothing in the folder.
func TestD14_ThePlayerGetsGrants(t *testing.T) {
	s := newFakeServer(t)
	heard, log := &grants{}, &bytes.Buffer{}
	v := plugInAs(t, &Agent{Server: s.url(), Dir: t.TempDir(), Name: "Test TV", OnGrant: heard.add})
	v.signIn()
	next(t, s.receipts)
	if g := v.Grant(); g.Play != 0 || g.Token != "" {
		t.Errorf("before anything plays: %+v", g)
	}
	kidsPlay(t, v)
	asked, _ := next(t, s.plays).(protocol.Play)
	if asked.Title != "t-hill" || asked.Profile != kids || asked.Path != parental.DeepLink || asked.ProfilePIN != 0 || asked.ParentalPIN != 0 {
		t.Errorf("asked %+v", asked)
	}
	v.until("granted", func(*core) bool { return len(heard.tokens()) > 0 })
	g := v.Grant()
	if g.Play != asked.N || g.Title != "t-hill" || g.Profile != kids || g.Token == "" || g.Left <= 0 || g.Left > 2*time.Second {
		t.Errorf("granted %+v", g)
	}
	if shown := fmt.Sprintf("%v %+v %#v", g, g, g); strings.Contains(shown, string(g.Token)) || log.Len() > 0 {
		t.Error("the token shows where a Grant is printed")
	}
	if again, _ := next(t, s.plays).(protocol.Play); again != asked {
		t.Errorf("the renewal asks %+v, want %+v", again, asked)
	}
	v.until("renewed", func(*core) bool { return len(heard.tokens()) > 1 })
	v.press(keyseq.Back)
	for {
		f := next(t, s.plays)
		if end, ok := f.(protocol.PlayEnd); ok && end.N == asked.N {
			break
		}
	}
	if g := v.Grant(); g.Play != 0 || g.Token != "" {
		t.Errorf("after the title: %+v", g)
	}
}

// A locked profile tells which PIN was proved for it, and the parental PIN where it
// was entered for the title; never the digits.
func TestD14_TheGrantNamesWhatWasProved(t *testing.T) {
	s := newFakeServer(t)
	s.parental = "7301"
	v := plugIn(t, s.url(), t.TempDir())
	v.signIn()
	next(t, s.receipts)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
	if err := v.Launch("t-hill", parental.DeepLink); err != nil {
		t.Fatal(err)
	}
	if f, _ := next(t, s.plays).(protocol.Play); f.ProfilePIN != 1 || f.ParentalPIN != 0 || f.Profile != robin {
		t.Errorf("asked %+v", f)
	}
}

// A refusal stops the title within a second and says why; the grant is gone.
func TestD14_ARefusalStopsTheTitle(t *testing.T) {
	for why, says := range map[protocol.PlayRefusal]string{
		protocol.PlayStreams: "Bedroom, Kitchen, Attic and more",
		protocol.PlayAccess:  "does not allow it now",
		"of_later":           "does not allow it now",
	} {
		s, _, v := household(t)
		kidsPlay(t, v)
		next(t, s.plays)
		v.until("granted", func(*core) bool { return v.Grant().Token != "" })
		s.mu.Lock()
		s.refused = why
		s.mu.Unlock()
		f, _ := next(t, s.plays).(protocol.Play)
		began := time.Now()
		view := v.wait("the title's page", func(view nav.View) bool { return view.Screen == nav.ScreenTitle })
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: stopped after %s", why, took)
		}
		if !strings.Contains(view.Toast, "The Hill stopped") || !strings.Contains(view.Toast, says) {
			t.Errorf("%s: the TV says %q", why, view.Toast)
		}
		if end, ok := next(t, s.plays).(protocol.PlayEnd); !ok || end.N != f.N {
			t.Errorf("%s: the server is not told of the end", why)
		}
	}
}

// Without a server a title plays by the TV's own decision, without a grant.
func TestD14_OfflineTitlesPlayWithoutAGrant(t *testing.T) {
	s, _, v := household(t)
	s.cut()
	v.until("offline", func(c *core) bool { return !c.session.Status(c.now()).Online })
	kidsPlay(t, v)
	if g := v.Grant(); g.Play == 0 || g.Token != "" || g.Refusal != "" {
		t.Errorf("offline: %+v", g)
	}
}
