package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

// TestLaunch asks a real screen for titles.
func TestLaunch(t *testing.T) {
	var s *screen.Server
	var got []string
	s, err := screen.Start(screen.Config{Addr: "127.0.0.1:0", Press: func(k screen.Key) {
		got = append(got, string(k.Launch))
		s.Show(nav.View{Screen: nav.ScreenPlayer, Player: &nav.Player{Title: "The Hill"}})
	}})
	if err != nil {
		t.Fatal(err)
	}
	at := s.Addr().String()
	for _, c := range []struct {
		name, at, title string
		code            int
		out             string
	}{
		{"a title", at, "t-hill", 0, "player: The Hill\n"},
		{"none", at, "", 1, "hearthkey: a title's id has 1 to 64 bytes, not 0\n"},
		{"too long", at, strings.Repeat("x", 65), 1, "hearthkey: a title's id has 1 to 64 bytes, not 65\n"},
		{"no address", "tv", "t-hill", 1, "hearthkey: address of a TV's screen: \"ws://tv/screen\" is not like http://127.0.0.1:8711\n"},
	} {
		var out bytes.Buffer
		if code := run(context.Background(), []string{"launch", "--screen", c.at, c.title}, nil, &out, &out); code != c.code || out.String() != c.out {
			t.Errorf("%s: exit %d, %q, want %d, %q", c.name, code, out.String(), c.code, c.out)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0] != "t-hill" {
		t.Errorf("the TV was asked for %q", got)
	}
	var out bytes.Buffer
	if code := run(context.Background(), []string{"launch", "--screen", at, "t-hill"}, nil, &out, &out); code != 1 || !strings.Contains(out.String(), "connect to") {
		t.Errorf("no TV there: exit %d, %q", code, out.String())
	}
}
