package screen_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/screen/screentest"
)

var (
	screenshots = flag.String("screenshots", "", "folder to draw every screen into, with chromium")
	shotsSize   = flag.String("size", "1920x1080", "size of these pictures")
	shotsOnly   = flag.String("only", "", "part of the names of the views to draw")
)

// TestScreenshots draws every view in Chromium, for people to look at.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("draws only with -screenshots")
	}
	var width, height int
	if _, err := fmt.Sscanf(*shotsSize, "%dx%d", &width, &height); err != nil {
		t.Fatalf("-size %s: %v", *shotsSize, err)
	}
	s := start(t, nil)
	b := open(t, s.URL(), width, height)
	for _, named := range screentest.Views() {
		if strings.Contains(named.Name, *shotsOnly) {
			s.Show(named.View)
			b.until(drawn(named))
			b.eval(`new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 200))`) // the large picture follows
			b.shot(filepath.Join(*screenshots, named.Name+".png"))
		}
	}
}

// drawn is the JavaScript that tells whether a view is on the screen.
func drawn(named screentest.Named) string {
	v := named.View
	is := `document.querySelector("section.` + string(v.Screen) + `") && Array.from(document.images).every((i) => i.complete)`
	if v.Focus != "" {
		id, _ := json.Marshal("i-" + v.Focus)
		is += ` && document.activeElement.id === ` + string(id)
	}
	return is
}
