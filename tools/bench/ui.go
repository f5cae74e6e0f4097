package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// barePage is the reference of the TV's page: a heading, and a key that changes
// it.
const barePage = `<!doctype html><html lang="en"><title>Bare</title><h1>Bare</h1><script>
let n = 0;
addEventListener("keydown", () => {
  performance.mark("key");
  document.querySelector("h1").textContent = "Bare " + ++n;
  requestAnimationFrame(() => setTimeout(() => performance.measure("key to paint", "key")));
});
</script></html>`

// walkLength is how many keys the program's walk has: it ends where it began.
const walkLength = 16

// measureUI times the TV's page in Chromium, drawn without a graphics card:
// opening it at a running agent, and keys.
func measureUI(ctx context.Context, s *shop) (_ []Figure, err error) {
	tv, _, done, err := s.watchedTV(ctx, "ui")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := tv.screen(ctx, nav.ScreenGate); err != nil {
		return nil, err
	}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, barePage)
	}))
	defer bare.Close()
	var got uiTimes
	err = browse(ctx, "benchui.mjs", map[string]any{
		"url": tv.ScreenURL(), "floor": bare.URL, "loads": s.rounds(20), "keys": 5 * walkLength * s.rounds(10),
	}, &got)
	if err != nil {
		return nil, err
	}
	if len(got.Paint) == 0 || len(got.FloorPaint) == 0 || len(got.Screen) == 0 || len(got.Keys) == 0 || len(got.FloorKeys) == 0 {
		return nil, fmt.Errorf("no times in %+v", got)
	}
	return []Figure{
		{"ui.first_paint_p50", median(got.Paint), "ms", median(got.FloorPaint), Target{}},
		{"ui.first_paint_worst", slices.Max(got.Paint), "ms", slices.Max(got.FloorPaint), Target{below, 300}},
		{"ui.first_screen_p50", median(got.Screen), "ms", median(got.FloorPaint), Target{}},
		{"ui.first_screen_worst", slices.Max(got.Screen), "ms", slices.Max(got.FloorPaint), Target{below, 300}},
		{"ui.key_to_paint_p50", median(got.Keys), "ms", median(got.FloorKeys), Target{}},
		{"ui.key_to_paint_p99", quantile(0.99, got.Keys), "ms", quantile(0.99, got.FloorKeys), Target{below, 50}},
	}, nil
}

// uiTimes is what tools/browser/benchui.mjs prints, in ms.
type uiTimes struct{ Paint, Screen, FloorPaint, Keys, FloorKeys []float64 }

// browse runs a program of tools/browser that drives Chromium, and reads the JSON
// that it prints.
func browse(ctx context.Context, program string, settings, into any) error {
	told, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	node := exec.CommandContext(ctx, "node", program, string(told))
	node.Dir = filepath.Join(string(root[:max(len(root)-1, 0)]), "tools", "browser")
	node.Stderr = os.Stderr
	out, err := node.Output()
	if err != nil {
		return fmt.Errorf("%w; it needs node and a browser: make needs", err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("read what %s found: %w", program, err)
	}
	return nil
}
