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
	pages := renderPages(t, "en-XA")
	look := exec.CommandContext(t.Context(), "node", "long.mjs", pages)
	look.Dir = filepath.Join(root, "tools", "browser")
	if out, err := look.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// drawLanguages draws some pages in the languages that the tours do not read.
func drawLanguages(t *testing.T, dir string) {
	for _, language := range []string{"ar", "de", "es"} {
		draw := exec.CommandContext(t.Context(), "node", "languages.mjs", renderPages(t, language), language, dir)
		draw.Dir = filepath.Join(root, "tools", "browser")
		if out, err := draw.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", language, err, out)
		}
	}
}

// renderPages writes every page in every state into a folder.
func renderPages(t *testing.T, language string) string {
	t.Helper()
	pages := t.TempDir()
	render := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./server/web", "-run", "TestEveryPageRenders",
		"-args", "-pages", pages, "-language", language)
	render.Dir = root
	if out, err := render.CombinedOutput(); err != nil {
		t.Fatalf("render: %v\n%s", err, out)
	}
	return pages
}
