package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPagesHoldLongerTexts renders every page in the pseudo-locale, where all texts
// are 1.4 times as long, and looks for what does not fit on a phone or a computer.
// (The screens of the TV are held by agent/screen.)
func TestPagesHoldLongerTexts(t *testing.T) {
	if *screenshots != "" {
		t.Skip("draws nothing")
	}
	pages := t.TempDir()
	render := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./server/web", "-run", "TestEveryPageRenders",
		"-args", "-pages", pages, "-language", "en-XA")
	render.Dir = root
	if out, err := render.CombinedOutput(); err != nil {
		t.Fatalf("render: %v\n%s", err, out)
	}
	look := exec.CommandContext(t.Context(), "node", "long.mjs", pages)
	look.Dir = filepath.Join(root, "tools", "browser")
	if out, err := look.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
