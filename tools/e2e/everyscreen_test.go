package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/screen/screentest"
)

// TestEveryScreenForEverybody has axe look at every screen and state that there
// is, in all languages and in high contrast, also those that no tour comes to.
// WCAG 2.2 AA.
func TestEveryScreenForEverybody(t *testing.T) {
	if *screenshots != "" {
		t.Skip("draws nothing")
	}
	everyScreen(t, screentest.Views(), "")
}

// states are screens that no tour comes to, or comes to in one language only, for
// the pictures.
var states = []string{
	"password-accents", "pin-wait", "home-offline", "leaseEnded", "update", "starting-rebuild",
	"welcome-services", "services", "contrast-home", "contrast-pin", "de-welcome", "de-settings", "ar-gate", "ar-home", "ar-menu", "ar-settings",
	"remotes", "remote", "remotes-ecp", "pairRole", "pairing", "pairing-wrong", "pairing-done", "welcome-remotes", "email-phone", "controlled", "controlled-app",
	"es-welcome", "es-home", "es-settings", "es-sign-out", "ar-remotes", "ar-pairing", "ar-search", "ar-profile-name",
}

// drawStates draws them into a folder.
func drawStates(t *testing.T, dir string) {
	var views []screentest.Named
	for _, v := range screentest.Views() {
		if slices.Contains(states, v.Name) {
			views = append(views, v)
		}
	}
	if len(views) != len(states) {
		t.Errorf("%d of %d states are there", len(views), len(states))
	}
	everyScreen(t, views, dir)
}

// everyScreen shows views in a browser, which looks at them or draws them.
func everyScreen(t *testing.T, views []screentest.Named, shots string) {
	ctx := patient(t, 3*time.Minute)
	for i := range views {
		views[i].View.Tell = fmt.Sprintf("%d %s", i, views[i].Name)
	}
	var s *screen.Server
	var at atomic.Int64
	s, err := screen.Start(screen.Config{Addr: "127.0.0.1:0", Press: func(screen.Key) {
		if n := at.Add(1); n < int64(len(views)) {
			s.Show(views[n].View)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Show(views[0].View)
	settings, err := json.Marshal(map[string]any{"url": s.URL(), "screens": len(views), "shots": shots})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(ctx, "node", "everyscreen.mjs", string(settings))
	node.Dir = filepath.Join(root, "tools", "browser")
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}
