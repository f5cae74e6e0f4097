package agent

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// TestServices chooses the second of two services, signs in there, and finds it
// again after a restart.
func TestServices(t *testing.T) {
	first, second := newFakeServer(t), newFakeServer(t)
	settings := func(dir string) *Agent {
		return &Agent{Dir: dir, Name: "TV", Services: []Service{{ID: "one", Name: "One", Server: first.url()}, {ID: "two", Name: "Two", Server: second.url()}}}
	}
	dir := t.TempDir()
	v := plugInAs(t, settings(dir))
	welcome := v.waitScreen(nav.ScreenWelcome)
	if it := welcome.Items[2]; it.ID != "service" || it.Detail != "One" {
		t.Fatalf("the choice is %+v", it)
	}
	v.press(keyseq.Down, keyseq.Down, keyseq.OK, keyseq.Down, keyseq.OK)
	if it := v.waitScreen(nav.ScreenWelcome).Items[2]; it.Detail != "Two" {
		t.Fatalf("after choosing it is %+v", it)
	}
	v.signIn()
	v.unplug()
	v = plugInAs(t, settings(dir))
	v.wait("the gate, online", func(v nav.View) bool { return v.Screen == nav.ScreenGate && v.Banner == nil })
	first.mu.Lock()
	defer first.mu.Unlock()
	if first.device != nil {
		t.Error("the TV enrolled at the service that was not chosen")
	}
}

// TestServiceStaysWhileSignedIn: nothing leads a TV that is signed in elsewhere.
func TestServiceStaysWhileSignedIn(t *testing.T) {
	server := newFakeServer(t)
	v := plugInAs(t, &Agent{Dir: t.TempDir(), Name: "TV", Services: []Service{{ID: "one", Name: "One", Server: server.url()}, {ID: "two", Name: "Two", Server: "ws://127.0.0.1:1"}}})
	v.signIn()
	if err := v.core.call(func() { v.core.chooseService("two") }); err != nil {
		t.Fatal(err)
	}
	if err := v.core.call(func() {
		if v.core.rec.Service != "" || v.core.server.Host != strings.TrimPrefix(server.url(), "ws://") {
			t.Errorf("the TV goes to %s, service %q", v.core.server, v.core.rec.Service)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func TestServicesRefused(t *testing.T) {
	good := Service{ID: "one", Name: "One", Server: "wss://one.example"}
	for name, list := range map[string][]Service{
		"no id": {{Name: "One", Server: good.Server}}, "an id with a space": {{ID: "o e", Name: "One", Server: good.Server}},
		"a long id": {{ID: strings.Repeat("a", 65), Name: "One", Server: good.Server}}, "twice": {good, good}, "no name": {{ID: "one", Server: good.Server}},
		"a long name": {{ID: "one", Name: strings.Repeat("é", 65), Server: good.Server}}, "no address": {{ID: "one", Name: "One"}},
		"not a WebSocket": {{ID: "one", Name: "One", Server: "https://one.example"}}, "too many": make([]Service, 21),
	} {
		a := &Agent{Dir: t.TempDir(), Name: "TV", Server: "wss://tv.example", Services: list}
		if err := a.Start(context.Background()); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: Start = %v, want ErrSettings", name, err)
		}
	}
}

// TestLookOutlivesSignOut changes how the TV draws before anybody signs in.
func TestLookOutlivesSignOut(t *testing.T) {
	server := newFakeServer(t)
	dir := t.TempDir()
	v := plugIn(t, server.url(), dir)
	v.waitScreen(nav.ScreenWelcome)
	v.press(keyseq.Down, keyseq.Down, keyseq.Down, keyseq.OK, keyseq.Down, keyseq.OK, keyseq.OK, keyseq.Back, keyseq.Back, keyseq.Up, keyseq.Up, keyseq.Up)
	v.wait("high contrast", func(v nav.View) bool { return v.Screen == nav.ScreenWelcome && v.Contrast })
	v.signIn()
	v.unplug()
	v = plugIn(t, server.url(), dir)
	v.wait("high contrast at the gate", func(v nav.View) bool { return v.Screen == nav.ScreenGate && v.Contrast && !v.Calm })
}

// TestLicencesOnTheTV reads what the program is made of.
func TestLicencesOnTheTV(t *testing.T) {
	v := plugIn(t, "ws://127.0.0.1:1", t.TempDir())
	v.waitScreen(nav.ScreenWelcome)
	v.press(keyseq.Down, keyseq.Down, keyseq.Down, keyseq.OK, keyseq.Down, keyseq.Down, keyseq.Down, keyseq.Down, keyseq.OK, keyseq.OK)
	list := v.wait("the licences", func(v nav.View) bool { return v.Screen == nav.ScreenLicences && len(v.Items) > 10 })
	if first := list.Items[0]; first.Label != "The Go standard library" || first.Detail != "BSD-3-Clause" {
		t.Errorf("the first is %+v", first)
	}
}
