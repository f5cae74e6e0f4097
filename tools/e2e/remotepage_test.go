package e2e

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent"
)

// TestRemoteOnTheAccountPage has an owner control a TV from the account page, through
// tools/browser/remotepage.mjs: real keys in a real browser, a real server, a real TV.
// WCAG 2.2 AA.
func TestRemoteOnTheAccountPage(t *testing.T) {
	if *screenshots != "" {
		t.Skip("TestScreenshots goes the same way")
	}
	remotePage(t, "")
}

func remotePage(t *testing.T, shots string) {
	ctx := patient(t, 2*time.Minute)
	s := here(ctx, t, time.Now)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	tv := &agent.Agent{
		Server: "ws://" + s.Addr().String(), Dir: t.TempDir(), Name: "Bedroom TV", Model: "Test box",
		Screen: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), LAN: agent.LAN{Listen: "127.0.0.1:0"},
		Log: slog.New(slog.NewTextHandler(logFile(t), nil)),
	}
	if err := tv.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tv.Close(); err != nil {
			t.Error(err)
		}
	})
	drives(ctx, t, "remotepage.mjs", map[string]string{"server": s.URL(), "tv": tv.ScreenURL(), "shots": shots},
		func(order string) error { return fmt.Errorf("unknown order %q", order) })
}
