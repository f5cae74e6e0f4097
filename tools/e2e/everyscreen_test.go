package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
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
	ctx := patient(t, 3*time.Minute)
	views := screentest.Views()
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
	settings, err := json.Marshal(map[string]any{"url": s.URL(), "screens": len(views)})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(ctx, "node", "everyscreen.mjs", string(settings))
	node.Dir = filepath.Join(root, "tools", "browser")
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}
