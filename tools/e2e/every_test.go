package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestEveryStateOfThePages has axe look at every page of the account in every state
// of server/web's fixtures: empty, full, wrong, busy, with long and right-to-left
// names. WCAG 2.2 AA.
func TestEveryStateOfThePages(t *testing.T) {
	if *screenshots != "" {
		t.Skip("draws nothing")
	}
	pages := t.TempDir()
	render := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./server/web", "-run", "^TestEveryPageRenders$", "-args", "-pages", pages)
	render.Dir = root
	if out, err := render.CombinedOutput(); err != nil {
		t.Fatalf("render: %v\n%s", err, out)
	}
	look := exec.CommandContext(t.Context(), "node", "every.mjs", pages)
	look.Dir = filepath.Join(root, "tools", "browser")
	out, err := look.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
